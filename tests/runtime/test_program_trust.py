"""Public certificates in the whole program: the signed list, the health rules, and a newer list
while the lane runs."""

import asyncio
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from lanekit import lane_config, open_broker, play, records_in, running
from msgspec import structs
from paho.mqtt import publish
from trustkit import vaccinated, write_bundle, write_roots

from drivers.reporter.wire import Topics
from drivers.trust import keeper
from firmware.config import BrokerConfig, Config
from firmware.issuers import Issuers
from gate.commands import Screen
from gate.credential.standing import AGE_DOUBT_S, AGE_REFUSE_S, AGE_WARN_S, Standing
from gate.events import TrustListRead
from gate.policy import Stage
from gate.reasons import Reason
from gate.records import RecordKind
from gate.walltime import WallTime
from tests.domain.hcertkit import signer

RULES = Path(keeper.__file__).parents[2] / "firmware" / "rules"


def site(folder: Path) -> Config:
    """A lane that asks for a code and believes the list in its folder."""
    return lane_config(
        folder,
        Stage.CREDENTIAL,
        trust_bundle=folder / "gate-trust.bundle",
        trust_roots=write_roots(folder / "roots.toml"),
        health_rules=(RULES / "bekasi.toml",),
    )


def news(folder: Path) -> list[str | None]:
    """What was recorded of the list of issuers."""
    return [r.detail for r in records_in(folder) if r.kind is RecordKind.POLICY_TRUST]


def test_a_vaccinated_visitor_goes_in_and_one_without_a_dose_is_referred(tmp_path: Path) -> None:
    """By the shipped rules of Bekasi, on a list that a pinned key signed; nothing of the person is
    written anywhere."""
    write_bundle(tmp_path / "gate-trust.bundle", signer())

    async def story() -> None:
        async with running(site(tmp_path)) as lane:
            await lane.admitted(vaccinated())
            lane.arrive()
            await lane.screen(Screen.SHOW_CODE)
            lane.hold_up(vaccinated(doses=0))
            (referred,) = await lane.recorded(RecordKind.ACCESS_REFERRED)
            assert referred.reason is Reason.HEALTH_RULES
            assert lane.statuses[-1].trust_version == 1
            assert lane.statuses[-1].trust == "fresh"

    play(story())
    assert news(tmp_path) == ["1 fresh"]
    for file in tmp_path.glob("journal.db*"):
        written = file.read_bytes()
        assert b"BUDI" not in written.upper()
        assert b"URN:UVCI" not in written


def test_a_newer_list_counts_while_the_lane_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody copies it over the old one: who is no longer on it is refused, and the lane tells
    which list that was. An older one, and a stranger's, change nothing."""
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.02)
    bundle = write_bundle(tmp_path / "gate-trust.bundle", signer(), version=7)

    async def story() -> None:
        async with running(site(tmp_path)) as lane:
            await lane.admitted(vaccinated())
            write_bundle(bundle, version=9)
            await lane.recorded(RecordKind.POLICY_TRUST, 2)
            lane.arrive()
            await lane.screen(Screen.SHOW_CODE)
            lane.hold_up(vaccinated())
            (refused,) = await lane.recorded(RecordKind.CREDENTIAL_REFUSED)
            assert refused.reason is Reason.CREDENTIAL_ISSUER_UNKNOWN
            write_bundle(bundle, signer(), version=8)
            write_bundle(bundle, signer(), version=99, key=Ed25519PrivateKey.generate())
            write_bundle(bundle, version=10)
            await lane.recorded(RecordKind.POLICY_TRUST, 3)

    play(story())
    assert news(tmp_path) == ["7 fresh", "9 fresh", "10 fresh"]


def test_the_list_outlives_its_file_and_the_process(tmp_path: Path) -> None:
    """A lane keeps what it took: without the file it serves on, and never takes an older one."""
    bundle = write_bundle(tmp_path / "gate-trust.bundle", signer(), version=5)

    async def story() -> None:
        async with running(site(tmp_path)) as lane:
            await lane.admitted(vaccinated())

    play(story())
    write_bundle(bundle, version=4)
    play(story())
    bundle.unlink()
    play(story())
    assert news(tmp_path) == ["5 fresh"] * 3


def test_a_stolen_root_key_is_taken_away_while_the_lane_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody brings another file of root keys: what the old one signed counts no more, and the
    next list is the new one's."""
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.02)
    bundle = write_bundle(tmp_path / "gate-trust.bundle", signer(), version=4_000_000_000)
    other = Ed25519PrivateKey.generate()
    config = site(tmp_path)

    async def story() -> None:
        async with running(config) as lane:
            await lane.admitted(vaccinated())
            write_roots(tmp_path / "roots.new", other).replace(tmp_path / "roots.toml")
            await lane.recorded(RecordKind.POLICY_TRUST, 2)
            write_bundle(bundle, signer(), version=2, key=other)
            await lane.recorded(RecordKind.POLICY_TRUST, 3)

    play(story())
    assert news(tmp_path) == ["4000000000 fresh", "0 fresh", "2 fresh"]


@pytest.mark.parametrize(
    ("age_s", "standing"),
    [
        (60, Standing.FRESH),
        (AGE_WARN_S + 60, Standing.AGEING),
        (AGE_DOUBT_S + 60, Standing.OLD),
        (AGE_REFUSE_S + 60, Standing.OUTDATED),
    ],
)
def test_its_age_is_told(tmp_path: Path, age_s: int, standing: Standing) -> None:
    """Whatever it is, the list is in use: what its age means, every code is judged by."""
    write_bundle(tmp_path / "gate-trust.bundle", signer(), age_s=age_s)
    issuers = Issuers(
        site(tmp_path), lambda: WallTime(int(time.time() * 1000)), lambda _trust: None
    )
    assert issuers.reading() == TrustListRead(1, standing)
    issuers.close()


def test_on_an_old_list_an_officer_looks(tmp_path: Path) -> None:
    """Nobody is refused for it, and nobody is let in by it alone."""
    write_bundle(tmp_path / "gate-trust.bundle", signer(), age_s=AGE_DOUBT_S + 60)

    async def story() -> None:
        async with running(site(tmp_path)) as lane:
            lane.arrive()
            await lane.screen(Screen.SHOW_CODE)
            lane.hold_up(vaccinated())
            (referred,) = await lane.recorded(RecordKind.ACCESS_REFERRED)
            assert referred.reason is Reason.TRUST_LIST_OLD

    play(story())


def test_a_lane_without_a_list_has_none_to_tell_of(tmp_path: Path) -> None:
    """And looks for none."""
    issuers = Issuers(
        lane_config(tmp_path, Stage.CREDENTIAL), lambda: WallTime(0), lambda _trust: None
    )
    issuers.start()
    issuers.offer(b"", "MQTT")
    assert issuers.reading() == TrustListRead(0, Standing.FRESH)
    issuers.close()


def test_a_list_comes_over_the_wire(tmp_path: Path) -> None:
    """Retained for the whole site: a lane that starts later finds it there, too. A stranger's list
    changes nothing."""
    broker = open_broker("mosquitto", "nats-server")
    try:
        config = structs.replace(
            site(tmp_path), broker=BrokerConfig(host="127.0.0.1", port=broker.port)
        )
        good = write_bundle(tmp_path / "sent.bundle", signer(), version=3).read_bytes()
        strange = write_bundle(
            tmp_path / "sent.bundle", signer(), version=4, key=Ed25519PrivateKey.generate()
        ).read_bytes()
        topic = Topics(config.site, config.lane).trust

        def send(data: bytes) -> None:
            publish.single(topic, data, qos=1, retain=True, hostname="127.0.0.1", port=broker.port)

        send(good)

        async def story() -> None:
            async with running(config) as lane:
                await lane.recorded(RecordKind.POLICY_TRUST)
                await asyncio.to_thread(send, strange)
                await lane.admitted(vaccinated())

        play(story())
        assert news(tmp_path) == ["3 fresh"]
    finally:
        broker.stop()
