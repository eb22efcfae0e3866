"""What the service manager is told of the lane, read by its own tools where there are any."""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from drivers.gpio import LEASE_NS
from firmware.pulse import Limits
from gate.walltime import NS_PER_S

UNITS = Path(__file__).resolve().parents[2] / "systemd"
GROUPS = {"gpio", "i2c", "dialout", "video", "render"}
EXPOSURE_MAX = 2.5
"""As `systemd-analyze security` counts; lower is better. A stock service has 9.6."""

Section = dict[str, list[str]]


def tool(name: str) -> str:
    """Where that part of systemd is."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on this machine: systemd itself has not read the files")
    return found


def sections() -> dict[str, Section]:
    """The unit. A key may be given more than once, and an empty value is one."""
    read: dict[str, Section] = {}
    section: Section = {}
    for line in (UNITS / "gate.service").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = read.setdefault(line.strip("[]"), defaultdict(list))
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section[key].append(value)
    return read


@pytest.fixture
def service() -> Section:
    return sections()["Service"]


def only(service: Section, key: str) -> str:
    """The value of a key that may be given once."""
    assert len(service[key]) == 1, key
    return service[key][0]


def seconds(value: str) -> float:
    """`5`, `500ms`."""
    return float(value[:-2]) / 1000 if value.endswith("ms") else float(value)


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """The unit with a program that this machine has: ours stands in /opt only at a door."""
    program = tmp_path / "gate"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "gate.service"
    text = (UNITS / "gate.service").read_text(encoding="utf-8")
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={program}", text, flags=re.MULTILINE))
    return unit


def test_systemd_understands_the_unit(stand_in: Path) -> None:
    """No unknown key, no value that it would ignore."""
    verified = subprocess.run(
        [tool("systemd-analyze"), "verify", "--recursive-errors=no", stand_in],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert "gate.service" not in verified.stderr


def test_the_unit_is_shut_tight(stand_in: Path) -> None:
    """What a later change opens shows in systemd's own count."""
    counted = subprocess.run(
        [
            *(tool("systemd-analyze"), "security", "--offline=true", "--no-pager"),
            *(f"--threshold={round(EXPOSURE_MAX * 10)}", stand_in),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert counted.returncode == 0, counted.stdout + counted.stderr


def test_a_crash_is_never_the_last_word(service: Section) -> None:
    """However often it fails, it is started again at once, and a hang is a failure."""
    unit = sections()["Unit"]
    assert only(unit, "StartLimitIntervalSec") == "0"
    assert only(service, "Restart") == "always"
    assert seconds(only(service, "RestartSec")) <= 1
    assert only(service, "Type") == "notify"


def test_the_watchdog_bites_after_the_leases_and_not_before_the_loop_is_known_late(
    service: Section,
) -> None:
    """Outputs are safe long before the restart; one late beat is no reason for it."""
    limits = Limits()
    watchdog_ns = seconds(only(service, "WatchdogSec")) * NS_PER_S
    assert watchdog_ns > LEASE_NS
    assert watchdog_ns > 2 * (limits.beat_ns + limits.lag_ns_max)


def test_a_hang_is_told_in_the_log(service: Section) -> None:
    """Python itself writes down where each thread stood, and nothing of a visitor goes to disk."""
    assert "PYTHONFAULTHANDLER=1" in service["Environment"]
    assert only(service, "LimitCORE") == "0"


def test_lgpio_has_where_to_put_its_pipe(service: Section) -> None:
    """It is made at import, in the working directory, or nothing is imported."""
    assert only(service, "RuntimeDirectory") == "gate"
    assert only(service, "WorkingDirectory") == "/run/gate"
    assert "LG_WD=/run/gate" in service["Environment"]


def test_the_clock_may_be_asked_and_not_set(service: Section) -> None:
    """`ProtectClock=` forbids both; a service without capabilities can't set it anyway."""
    allowed = " ".join(v for v in service["SystemCallFilter"] if not v.startswith("~")).split()
    assert "ProtectClock" not in service
    assert {"adjtimex", "clock_adjtime", "clock_adjtime64"} <= set(allowed)
    assert only(service, "CapabilityBoundingSet") == ""
    assert only(service, "NoNewPrivileges") == "yes"


def test_the_vision_process_may_give_up_its_rights(service: Section) -> None:
    """What it needs to leave the network and the files must itself be permitted."""
    allowed = " ".join(v for v in service["SystemCallFilter"] if not v.startswith("~")).split()
    landlock = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
    assert landlock <= set(allowed)
    assert set(only(service, "RestrictNamespaces").split()) == {"user", "net"}
    # What is refused is refused in words: a step that this kernel lacks is left out.
    assert only(service, "SystemCallErrorNumber") == "EPERM"


def test_only_known_devices_are_open(service: Section) -> None:
    """And the modules that bring their classes are loaded before it starts."""
    assert only(service, "DevicePolicy") == "closed"
    assert all(re.fullmatch(r"char-[\w]+ rw", device) for device in service["DeviceAllow"])
    unit = sections()["Unit"]
    modules = set(only(unit, "Wants").split())
    assert modules == {f"modprobe@{name}.service" for name in ("i2c_dev", "videodev", "mc")}
    assert modules <= set(" ".join(unit["After"]).split())


def test_the_user_gets_its_groups(tmp_path: Path) -> None:
    """systemd makes them on a machine that has none of them."""
    (tmp_path / "etc").mkdir()
    subprocess.run(
        [tool("systemd-sysusers"), f"--root={tmp_path}", UNITS / "gate.sysusers"],
        check=True,
        capture_output=True,
    )
    users = (tmp_path / "etc" / "passwd").read_text().splitlines()
    (user,) = [line.split(":") for line in users if line.startswith("gate:")]
    assert user[5] == "/var/lib/gate"
    assert user[6].endswith("nologin")
    groups = [
        line.split(":") for line in (tmp_path / "etc" / "group").read_text().splitlines() if line
    ]
    assert {name for name, _, _, members in groups if "gate" in members.split(",")} == GROUPS


def test_the_configuration_is_readable_by_the_lane_alone(tmp_path: Path) -> None:
    """It names a password and keys."""
    etc = tmp_path / "etc"
    (etc / "gate").mkdir(parents=True)
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\ngate:x:997:\n")
    config = etc / "gate" / "gate.toml"
    config.write_text("")
    config.chmod(0o644)
    made = subprocess.run(
        [tool("systemd-tmpfiles"), "--create", f"--root={tmp_path}", UNITS / "gate.tmpfiles"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in made.stderr:
        pytest.skip("only root gives files away")
    assert made.returncode == 0, made.stderr
    assert (config.stat().st_mode & 0o777, config.stat().st_gid) == (0o640, 997)
    assert config.parent.stat().st_mode & 0o777 == 0o750
