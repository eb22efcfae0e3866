"""`gate pass issue`: only what a gate takes, into files that harm nobody; and names of files."""

import stat
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from officekit import VARIABLES, bad, good, issued, run

from firmware import moments


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office whose key may issue visitors alone."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    words = ("keygen", "--name", "Kiosk", "--kind", "visitor", "--no-passphrase")
    good(*words, "--trust", "trust.toml")
    return tmp_path


def spent(desk: Path) -> int:
    """How many numbers were."""
    return int((desk / "office.counter").read_text().split()[0])


def test_what_no_gate_takes_is_not_issued(desk: Path) -> None:
    """A kind that the key may not issue, or a time that is over; no number is spent on it."""
    said = bad(1, "issue", "staff")
    assert "Kiosk may not issue staff" in said
    assert "trust.toml" in said
    assert "over already" in bad(2, "issue", "visitor", "--until", "2020-01-01")
    window = "2020-01-01T09:00/2020-01-01T10:00"
    assert "over already" in bad(2, "issue", "appointment", "--window", window)
    assert "over already" in bad(2, "issue", "appointment", "--at", "2020-01-01T09:00")
    assert spent(desk) == 0
    issued("visitor")


def test_a_key_whose_time_is_over(desk: Path) -> None:
    """The gates trust no pass of it, however long it says that it holds."""
    trust = (desk / "trust.toml").read_text()
    (desk / "trust.toml").write_text(f"{trust}not_after = 2020-01-01T00:00:00Z\n")
    assert "at no time" in bad(1, "issue", "visitor")
    (desk / "trust.toml").write_text(f"{trust}not_before = 2040-01-01T00:00:00Z\n")
    assert "at no time" in bad(1, "issue", "visitor", "--until", "2039-01-01")
    assert spent(desk) == 0
    issued("visitor", "--not-before", "2040-01-01", "--until", "2040-02-01")


def test_a_trust_file_elsewhere_or_nowhere(desk: Path) -> None:
    """One that was given must name the key; one that is merely there warns; none is said."""
    (desk / "trust.toml").rename(desk / "gates.toml")
    result = run("issue", "visitor", "-q")
    assert result.exit_code == 0
    assert "nobody checked" in result.stderr
    assert result.stdout.count("\n") == 1
    assert "may not issue staff" in bad(1, "issue", "staff", "--trust", "gates.toml")
    good("keygen", "--key", "b.key", "--name", "B", "--no-passphrase", "--trust", "trust.toml")
    result = run("issue", "visitor", "-q")
    assert result.exit_code == 0
    assert "does not trust this key" in result.stderr
    assert "does not trust this key" in bad(1, "issue", "visitor", "--trust", "trust.toml")
    assert "is not there" in bad(1, "issue", "visitor", "--trust", "none.toml")
    assert spent(desk) == 2


@pytest.mark.parametrize("option", ["--png", "--svg"])
@pytest.mark.parametrize(
    "name", ["office.key", "office.counter", "office.status", "trust.toml", "gates", "other.key"]
)
def test_no_picture_overwrites_a_file_of_the_office(desk: Path, option: str, name: str) -> None:
    """Neither the key nor its books nor the gates' file, whatever that one's name is."""
    (desk / "gates").write_bytes((desk / "trust.toml").read_bytes())
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    words = ("visitor", option, name, "--trust", "gates")
    assert "would overwrite" in bad(1, "issue", *words)
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_pictures_are_two_files_for_their_owner_alone(desk: Path) -> None:
    """Checked before a number is spent."""
    assert "would overwrite" in bad(1, "issue", "visitor", "--png", "a", "--svg", "./a")
    assert "no folder" in bad(1, "issue", "visitor", "--png", "none/a.png")
    assert spent(desk) == 0
    text = issued("visitor", "--png", "a.png", "--svg", "a.svg")
    for name in ("a.png", "a.svg"):
        assert stat.S_IMODE((desk / name).stat().st_mode) == 0o600
    (desk / "pass.txt").write_text(text)
    assert "would overwrite" in bad(1, "print", "pass.txt", "--png", "pass.txt")
    assert "would overwrite" in bad(1, "print", "pass.txt", "--png", "office.key")
    good("print", "pass.txt", "--png", "b.png")
    assert (desk / "b.png").read_bytes() == (desk / "a.png").read_bytes()


def test_an_interruption_tells_the_number(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is spent, and nobody may have the pass."""
    issued("visitor")

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("firmware.cli.passissue.issue", interrupted)
    result = run("issue", "visitor")
    assert result.exit_code == 1
    assert "Pass 1 of this key may be incomplete" in result.stderr


def test_a_date_without_a_time(desk: Path) -> None:
    """As an end the whole day, in the zone; as a start its beginning."""
    text = issued("visitor", "--not-before", "2030-06-01", "--until", "2030-06-30")
    facts = good("verify", text, "--at", "2030-06-30T23:59:59")
    assert "2030-06-01T00:00:00+07:00" in facts
    assert "2030-07-01T00:00:00+07:00" in facts
    assert "credential_expired" in bad(3, "verify", text, "--at", "2030-07-01")
    text = issued("visitor", "--until", "2030-06-30", "--tz", "Asia/Jayapura")
    assert "2030-06-30T22:00:00+07:00" in good("verify", text)
    assert "an earlier one" in bad(2, "issue", "visitor", "--until", "9999-12-31")


def test_the_end_of_a_day(desk: Path) -> None:
    """Even of one that has 23 hours; a time is what it says."""
    zone = ZoneInfo("Europe/Berlin")
    start_s = moments.unix_s(moments.moment("2030-03-31"), zone)
    assert moments.unix_s(moments.ending("2030-03-31"), zone) - start_s == 23 * 3_600
    assert moments.ending("2030-03-31T00:00") == datetime(2030, 3, 31)  # noqa: DTZ001
    assert moments.ending("20300331") - moments.moment("2030-03-31") == timedelta(days=1)
    with pytest.raises(ValueError, match="08:30"):
        moments.ending("soon")


@pytest.mark.parametrize("command", ["verify", "print"])
@pytest.mark.parametrize("name", ["nosuch.txt", "folder/pass", "./pass", "a.GP1"])
def test_a_file_that_is_not_there(desk: Path, command: str, name: str) -> None:
    """Is no code of an unknown format."""
    assert f"{name} is not there" in bad(1, command, name)


def test_codes_that_look_like_files(desk: Path) -> None:
    """Dots and slashes are letters of many codes."""
    for code in ("GP1:A./", "HC1:A./", "shc:/1.2", "GP9:A./"):
        assert "refused: code_" in bad(3, "verify", code)
    assert "code_is_url" in bad(3, "verify", "https://visit.example/a.b")
    assert "code_is_url" in bad(3, "verify", "www.visit.example")
    assert "code_unknown_format" in bad(3, "verify", "word")
    (desk / "odd.txt").write_text("a.b")
    assert "code_unknown_format" in bad(3, "verify", "odd.txt")
    assert "code_unknown_format" in bad(3, "verify", "-", stdin="a.b")
