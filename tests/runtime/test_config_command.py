"""`gate check-config` as a technician and a script use it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.cli.config import _DEFAULT
from firmware.config import CONFIG_PATH

FULL = """
site = "hall"
lane = "north"
board = "raspberry-pi"
trust = "trust.toml"
camera.kind = "picamera"
thermometer = { kind = "iio", model = "mlx90614" }
[policy]
dated = 2026-07-01
capacity = 40
refer_to = "Health centre Example\\n1 Example Street"
credential = { doses_min = 1, issuers = ["Town hall"] }
[policy.schedule]
holidays = [2026-12-25]
[[policy.schedule.hours]]
days = ["mon", "tue"]
open = "08:00"
close = "16:00"
[[policy.schedule.hours]]
kinds = ["staff"]
[broker]
host = "broker.example"
username = "north"
[broker.tls]
"""


def gate(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, wide enough that no line is folded."""
    return subprocess.run(
        [sys.executable, "-c", "from firmware.cli import main; main()", "check-config", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "400"} | environment,
        timeout=60,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(FULL)
    return path


def test_a_technician_reads_what_the_lane_would_be(file: Path) -> None:
    """Rules, devices and wires, in words; warnings apart."""
    answer = gate(file)
    assert answer.returncode == 0
    shown = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert shown[:16] == [
        "lane hall/north",
        "rules of 2026-07-01",
        "stages chamber → temperature → credential",
        "chamber hands, 4 s",
        "temperature > 37.3 °C is elevated; 3 readings within 0.3 °C; again after 300 s",
        (
            "credential visitor, appointment, staff, health; Town hall in "
            f"{file.parent}/trust.toml; 1 doses or more"
        ),
        "open mon tue 08:00-16:00; every day 00:00-24:00 (Asia/Jakarta)",
        "holidays 1 day, for staff",
        "inside 40 people at most, counted by beams",
        "barrier 5 s a grant, 30 s assisted",
        "refer to Health centre Example, 1 Example Street",
        "board raspberry-pi",
        "camera picamera, 1456x1088 at 30 a second",
        "thermometer iio mlx90614",
        "broker broker.example:8883, TLS, as north",
        "records 1,000,000 at most, in /var/lib/gate",
    ]
    assert "chamber 22 (level)" in answer.stdout
    assert "fire 20 (closed)" in answer.stdout
    assert answer.stderr == f"warning: trust: {file.parent}/trust.toml is not there.\n"


def test_the_least_lane_is_shown_too(tmp_path: Path) -> None:
    """Without stages, broker, hours or wires there is a word for each."""
    path = tmp_path / "gate.toml"
    path.write_text(
        'site = "a"\nlane = "b"\npolicy.stages = []\n'
        "policy.schedule.holidays = [2026-12-25, 2026-12-26]\npolicy.schedule.holiday_kinds = []\n"
        "wiring.outputs.barrier_entry.line = 17\n"
    )
    shown = [" ".join(line.split()) for line in gate(path).stdout.splitlines()]
    for row in (
        "stages none",
        "open always (Asia/Jakarta)",
        "holidays 2 days, for nobody",
        "inside no limit, counted by beams",
        "refer to nowhere",
        "broker none: nothing is reported",
    ):
        assert row in shown


def test_a_script_reads_json(file: Path) -> None:
    """All that holds, in the file's own words, and nothing else on standard output."""
    answer = gate("--json", file)
    assert answer.returncode == 0
    holds = json.loads(answer.stdout)
    assert holds["policy"]["schedule"]["hours"][0] == {
        "days": ["mon", "tue"],
        "open": "08:00",
        "close": "16:00",
        "kinds": ["visitor", "appointment", "staff", "health"],
    }
    assert holds["policy"]["schedule"]["holidays"] == ["2026-12-25"]
    assert holds["wiring"]["inputs"]["fire"]["contact"] == "normally_closed"
    assert holds["broker"]["password_path"] is None


def test_mistakes_end_with_2(tmp_path: Path) -> None:
    """One sentence a mistake on standard error, and nothing on standard output."""
    path = tmp_path / "gate.toml"
    path.write_text('site = "hall"\nlane = "North"\nlog_levl = "info"\n')
    answer = gate(path)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr == (
        f"gate: {path}: log_levl is no key; did you mean log_level?\n"
        f'{path}: lane is "North"; write an id of 1 to 64 characters out of a-z, 0-9, _ and -.\n'
    )


def test_the_file_may_be_named_by_the_environment(file: Path) -> None:
    """As the lane's unit does it."""
    assert gate(GATE_CONFIG=str(file)).returncode == 0


def test_help_names_the_file_and_the_codes() -> None:
    """What to type is seen without the manual, and without importing the lane."""
    script = (
        "import sys, json\n"
        "from firmware.cli import main\n"
        "try:\n"
        "    main(['check-config', '--help'])\n"
        "finally:\n"
        "    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    for words in ("/etc/gate/gate.toml", "GATE_CONFIG", "Exit codes:", "--json"):
        assert words in answer.stdout
    assert not set(json.loads(answer.stderr)) & {"rich", "gate", "drivers", "firmware.config"}


def test_the_file_that_is_read_by_default() -> None:
    """Written twice, because help must not import the configuration."""
    assert Path(_DEFAULT) == CONFIG_PATH


def test_a_technician_reads_who_vouches_for_public_certificates(tmp_path: Path) -> None:
    """The list, its keys, the sticks that may bring a newer one, and the rules: by their files."""
    path = tmp_path / "gate.toml"
    path.write_text(
        'site = "hall"\nlane = "north"\ntrust_bundle = "list.bundle"\ntrust_roots = "roots.toml"\n'
        'trust_media = ["/media"]\nhealth_rules = ["bekasi.toml"]\n'
    )
    shown = [" ".join(line.split()) for line in gate(path).stdout.splitlines()]
    assert f"certificates {tmp_path}/list.bundle, signed by {tmp_path}/roots.toml" in shown
    assert "or a newer list under /media" in shown
    assert f"health rules {tmp_path}/bekasi.toml" in shown
