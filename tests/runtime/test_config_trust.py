"""What is said before a lane starts of the list that it will believe and its health rules."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs
from trustkit import ROOT_KEY, write_bundle, write_roots

from firmware.config import ConfigError, cautions, parse_config
from gate.credential.bundle import encode, sign
from gate.credential.signature import Algorithm
from tests.domain import hcertkit
from tests.domain.hcertkit import signer

LANE = """site = "hall"
lane = "north"
board = "raspberry-pi"
camera.kind = "picamera"
thermometer.kind = "iio"
policy.refer_to = "Health centre Example"
"""
LIST = LANE + 'trust_bundle = "list.bundle"\ntrust_roots = "roots.toml"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lane's folder with a list and its root key."""
    write_roots(tmp_path / "roots.toml")
    write_bundle(tmp_path / "list.bundle", signer())
    return tmp_path


def said(folder: Path, text: str) -> Sequence[str]:
    return cautions(parse_config(text, folder / "gate.toml"))


def test_a_list_is_enough(folder: Path) -> None:
    """A site that issues no passes of its own needs no trust file."""
    assert said(folder, LIST) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'trust_bundle = "list.bundle"',
            (
                "trust_roots is missing, and nobody can vouch for trust_bundle without it; write "
                'trust_roots = "trust-roots.toml"'
            ),
        ),
        (
            'trust = "trust.toml"\ntrust_roots = "roots.toml"',
            "trust_roots is of no use without trust_bundle; add that, or take trust_roots away",
        ),
        (
            'trust = "trust.toml"\ntrust_media = ["/media"]',
            "trust_media is of no use without trust_bundle; add that, or take trust_media away",
        ),
    ],
)
def test_half_of_it_is_none(folder: Path, text: str, problem: str) -> None:
    """A list without its keys would be a list of anybody's."""
    with pytest.raises(ConfigError) as caught:
        parse_config(LANE + text, folder / "gate.toml")
    assert caught.value.problems == (problem,)


def test_a_list_that_is_not_there(folder: Path) -> None:
    """No reason not to start: the lane has kept the one that it took last."""
    (folder / "list.bundle").unlink()
    assert said(folder, LIST) == [
        (
            f"trust_bundle: {folder}/list.bundle is not there; the lane goes on with the list that "
            "it has kept."
        )
    ]


def test_a_list_that_is_somebody_else_s(folder: Path) -> None:
    """It would be refused at the start, and is named before it."""
    (folder / "list.bundle").write_bytes(b"\x84no bundle")
    (told,) = said(folder, LIST)
    assert told.startswith(f"trust_bundle: {folder}/list.bundle: ")


def test_an_issuer_of_the_list_may_be_named(folder: Path) -> None:
    """By its name there, and a name that it does not have is seen."""
    assert said(folder, LIST + 'policy.credential.issuers = ["XX"]') == []
    (told,) = said(folder, LIST + 'policy.credential.issuers = ["XY"]')
    assert told == (
        f'policy.credential.issuers names "XY", whom {folder}/list.bundle does not; it has "XX".'
    )


def test_rules_that_can_t_be_read(folder: Path) -> None:
    """By file and key, before anybody is judged by them."""
    (told,) = said(folder, LIST + 'health_rules = ["rules.toml"]')
    assert told == f"health_rules: {folder}/rules.toml is not there."


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    """A file that is missing hides no other one that can't be read; and who is named is not looked
    for in a list that nobody has."""
    text = LIST + 'trust = "trust.toml"\nhealth_rules = ["rules.toml"]\n'
    text += 'policy.credential.issuers = ["XY"]\n'
    (folder / "list.bundle").write_bytes(b"\x84no bundle")
    told = said(folder, text)
    assert [line.split(":")[0] for line in told] == ["trust", "trust_bundle", "health_rules"]
    (folder / "list.bundle").unlink()
    assert [line.split(":")[0] for line in said(folder, text)] == [
        "trust",
        "trust_bundle",
        "health_rules",
    ]


def test_a_lane_without_the_credential_stage(folder: Path) -> None:
    """Believes nobody and asks for nothing: its files are not looked at."""
    (folder / "list.bundle").unlink()
    assert said(folder, LIST + 'policy.stages = ["temperature"]') == []


def test_w3c_issuers_without_their_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list has them, and nobody could read their certificates."""
    trust = hcertkit.trusting(signer())
    public = structs.replace(
        trust.public, vc={"did:example#1": (signer(algorithm=Algorithm.ES256),)}
    )
    payload = encode(structs.replace(trust, public=public))
    (folder / "list.bundle").write_bytes(sign(payload, [ROOT_KEY]))
    monkeypatch.setattr("firmware.config.trusting.has_w3c", lambda: False)
    (told,) = said(folder, LIST)
    assert told.endswith('install the extra "vc".')
