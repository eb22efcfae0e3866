"""`gate trust` as the people of an office use it, on real files."""

import stat
from pathlib import Path

import pytest
from certificatekit import certificate, curve_key, key_id_of, stored, text_of
from click.testing import CliRunner, Result

from drivers.trust.roots import load_roots
from drivers.trust.store import load_trust
from firmware.cli.passes import pass_
from firmware.cli.trust import trust
from gate.credential.bundle import look_into

DER = certificate(curve_key(1), curve_key(0))
OTHER = certificate(curve_key(2), curve_key(0))


def entry(data: bytes) -> dict[str, str]:
    return {"kid": text_of(key_id_of(data)), "rawData": text_of(data)}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's folder: a root key without passphrase, its roots file, one source, a recipe."""
    monkeypatch.chdir(tmp_path)
    for name in ("GATE_PASSPHRASE", "GATE_TRUST_KEY", "GATE_TRUST_ROOTS", "GATE_TZ"):
        monkeypatch.delenv(name, raising=False)
    stored(tmp_path, "list.json", [entry(DER)])
    stored(tmp_path, "recipe.toml", '[[hcert]]\nfiles = ["list.json"]\n')
    stored(tmp_path, "empty.toml", "lasts_days = 3\n")
    good("keygen", "--no-passphrase", "--roots", "roots.toml")
    return tmp_path


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(trust, words, input=stdin)


def good(*words: str, stdin: str | None = None) -> str:
    """The output of a command that must work."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def bad(code: int, *words: str) -> str:
    """What a command says that must end with that exit code, in our own words."""
    result = run(*words)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    return result.output


def test_from_key_to_gate(desk: Path) -> None:
    """Compile, look, verify: a gate with those root keys would take it."""
    assert "version 1, signed by 1" in good("compile", "recipe.toml")
    shown = good("show", "gate-trust.bundle")
    assert "fresh" in shown
    assert "hcert" in shown
    assert "ID" in shown
    assert key_id_of(DER).hex() in good("show", "gate-trust.bundle", "--keys")
    assert "version    1" in good("verify", "gate-trust.bundle")


def test_the_next_one(desk: Path) -> None:
    """One version higher than the bundle that is there, told what changed, and never lower."""
    good("compile", "recipe.toml")
    first = (desk / "gate-trust.bundle").read_bytes()
    (desk / "first").write_bytes(first)
    stored(desk, "list.json", [entry(DER), entry(OTHER)])
    assert "1 lines more, 0 fewer" in good("compile", "recipe.toml")
    assert look_into((desk / "gate-trust.bundle").read_bytes())[0].public.version == 2
    assert "version    2" in good("verify", "gate-trust.bundle", "--after", "first")
    assert "rollback" in bad(3, "verify", "first", "--after", "gate-trust.bundle")
    assert "version 9," in good("compile", "recipe.toml", "--version", "9", "-q")


def test_differences(desk: Path) -> None:
    """0 for none, 3 for some; every line with its side."""
    good("compile", "recipe.toml")
    stored(desk, "list.json", [entry(OTHER)])
    good("compile", "recipe.toml", "--output", "other", "-q")
    assert "0 lines more, 0 fewer" in good("diff", "other", "other")
    told = bad(3, "diff", "gate-trust.bundle", "other")
    assert "version" not in told
    assert f"- hcert         ID {key_id_of(DER).hex()}" in told
    assert f"+ hcert         ID {key_id_of(OTHER).hex()}" in told


def test_version_and_times_are_a_difference(desk: Path) -> None:
    """The same keys in a bundle of another version that lasts longer: nothing is hidden."""
    good("compile", "recipe.toml")
    (desk / "gate-trust.bundle").rename(desk / "old")
    stored(desk, "recipe.toml", 'lasts_days = 366\n[[hcert]]\nfiles = ["list.json"]\n')
    good("compile", "recipe.toml", "--version", "4294967295")
    told = bad(3, "diff", "old", "gate-trust.bundle")
    assert "- version    1\n+ version    4294967295\n" in told
    assert "\n- expires " in told
    assert "0 lines more, 0 fewer" in told


def test_long_differences_are_cut(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless all of them are asked for."""
    monkeypatch.setattr("firmware.cli.trustshow._LINES_SHOWN", 1)
    good("compile", "recipe.toml")
    stored(desk, "list.json", [entry(OTHER)])
    good("compile", "recipe.toml", "--output", "other", "-q")
    assert "and 1 more" in bad(3, "diff", "gate-trust.bundle", "other")
    assert "more; --all" not in bad(3, "diff", "gate-trust.bundle", "other", "--all")


def test_two_people(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second signs on a machine of their own, with a passphrase; one alone is not enough."""
    monkeypatch.setenv("GATE_PASSPHRASE", "an invented passphrase")
    good("keygen", "--key", "second.key", "--name", "Second person", "--roots", "roots.toml")
    roots = desk / "roots.toml"
    roots.write_text(roots.read_text().replace("threshold = 1", "threshold = 2"))
    assert load_roots(roots).threshold == 2
    good("compile", "recipe.toml")
    assert "unsigned" in bad(3, "verify", "gate-trust.bundle")
    assert "version 1 signed by" in good("sign", "gate-trust.bundle", "--key", "second.key")
    good("verify", "gate-trust.bundle")
    good("compile", "recipe.toml", "--key", "root.key", "--key", "second.key", "-q")
    good("verify", "gate-trust.bundle")
    monkeypatch.setenv("GATE_PASSPHRASE", "another one")
    assert "does not open" in bad(1, "sign", "gate-trust.bundle", "--key", "second.key")


def test_a_signer_that_is_no_file(desk: Path) -> None:
    """A program may have the root key; it is asked, and no file is looked for."""
    assert "signer" in bad(1, "compile", "recipe.toml", "--signer-command", "false")
    good("compile", "recipe.toml")
    assert "signer" in bad(1, "sign", "gate-trust.bundle", "--signer-command", "false")


def test_how_old_it_is(desk: Path) -> None:
    """In words, and outdated means that a gate would not believe it."""
    good("compile", "recipe.toml")
    shown = good("show", "gate-trust.bundle", "--at", "2100-01-01")
    assert "outdated: no public certificate is believed" in shown
    assert "outdated" in bad(3, "verify", "gate-trust.bundle", "--at", "2100-01-01")
    assert "created_ahead" in bad(3, "verify", "gate-trust.bundle", "--at", "2020-01-01")
    ahead = good("show", "gate-trust.bundle", "--at", "2020-01-01")
    assert ", in " in ahead
    assert "days ago" not in ahead
    stored(desk, "cut", "no bundle")
    told = bad(3, "verify", "gate-trust.bundle", "--after", "cut")
    assert "refused: cut: malformed" in told
    assert "refused: cut: malformed" in bad(3, "verify", "cut", "--after", "gate-trust.bundle")


def test_the_sites_own_issuers_travel_with_it(desk: Path) -> None:
    """Keys of `gate pass keygen`, with their status lists."""
    words = ["keygen", "--name", "Example office", "--no-passphrase", "--trust", "trust.toml"]
    assert CliRunner().invoke(pass_, words).exit_code == 0
    stored(desk, "recipe.toml", '[own]\ntrust = "trust.toml"\n')
    good("compile", "recipe.toml")
    found = look_into((desk / "gate-trust.bundle").read_bytes())[0]
    assert found.keys == load_trust(desk / "trust.toml").keys
    assert found.status.keys() == found.keys.keys()
    shown = good("show", "gate-trust.bundle", "--keys")
    assert "Example office" in shown
    assert "own status" in shown


def test_what_was_quarantined(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with reasons, cut unless all is asked for; quiet says nothing of it."""
    monkeypatch.setattr("firmware.cli.trustcompile._QUARANTINED_SHOWN", 1)
    wrong = [{"kid": f"bad {number}", "rawData": text_of(DER)} for number in range(3)]
    stored(desk, "list.json", [entry(DER), *wrong])
    told = good("compile", "recipe.toml")
    assert "bad 0" in told
    assert "and 2 more; --all prints them" in told
    assert "bad 2" in good("compile", "recipe.toml", "--all")
    assert "bad" not in good("compile", "recipe.toml", "--quiet")


def test_root_keys_are_made_with_care(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readable by their owner alone, never overwritten, printed where no file is named; a roots
    file that can't be read is not added to."""
    assert stat.S_IMODE((desk / "root.key").stat().st_mode) == 0o600
    assert "never overwritten" in bad(1, "keygen", "--no-passphrase")
    assert "[[root]]" in good("keygen", "--key", "b.key", "--no-passphrase", "--name", "B")
    stored(desk, "broken.toml", "[[")
    words = ("keygen", "--key", "c.key", "--no-passphrase", "--roots", "broken.toml")
    assert "broken.toml" in bad(1, *words)
    assert not (desk / "c.key").exists()
    assert "nobody can be asked" in bad(1, "keygen", "--key", "d.key")
    monkeypatch.setattr("firmware.cli.trustsign._can_ask", lambda: True)
    typed = "an invented passphrase\n"
    good("keygen", "--key", "d.key", "--threshold", "1", "--roots", "d.toml", stdin=typed * 2)
    assert b"ENCRYPTED" in (desk / "d.key").read_bytes()


def test_a_bundle_that_gates_would_refuse_is_not_written(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key named twice signs once; a lower version, an earlier time and a status list that was
    lost are said where the bundle is made, and the good one stays."""
    words = ["keygen", "--name", "Example office", "--no-passphrase", "--trust", "trust.toml"]
    assert CliRunner().invoke(pass_, words).exit_code == 0
    keys = '[[hcert]]\nfiles = ["list.json"]\n'
    stored(desk, "recipe.toml", keys + '[own]\ntrust = "trust.toml"\n')
    twice = ("--key", "root.key", "--key", "root.key")
    assert "version 50, signed by 1." in good("compile", "recipe.toml", "--version", "50", *twice)
    good("verify", "gate-trust.bundle")
    genuine = (desk / "gate-trust.bundle").read_bytes()
    assert "has 50" in bad(1, "compile", "recipe.toml", "--version", "50")
    with monkeypatch.context() as patched:
        patched.setattr("firmware.cli.trustcompile.time.time", lambda: 1_600_000_000)
        assert "set the clock" in bad(1, "compile", "recipe.toml")
    trust_file = (desk / "trust.toml").read_text()
    lost = "".join(line for line in trust_file.splitlines(True) if not line.startswith("status"))
    stored(desk, "trust.toml", lost)
    assert "no status list" in bad(1, "compile", "recipe.toml")
    many = [word for number in range(17) for word in ("--key", f"{number}.key")]
    for number in range(17):
        good("keygen", "--key", f"{number}.key", "--no-passphrase")
    stored(desk, "trust.toml", trust_file)
    assert "more than 16 signatures" in bad(1, "compile", "recipe.toml", *many)
    assert (desk / "gate-trust.bundle").read_bytes() == genuine
    stored(desk, "recipe.toml", keys)
    result = run("compile", "recipe.toml")
    assert result.exit_code == 0
    assert "no longer in it" in result.stderr


def test_a_bundle_is_there_before_anybody_reads_about_it(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gate trust compile recipe.toml | head` ends early, and the bundle is whole."""

    def broken(*_words: object, every: bool) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("firmware.cli.trustcompile._tell", broken)
    run("compile", "recipe.toml")
    assert look_into((desk / "gate-trust.bundle").read_bytes())[0].public.version == 1


def test_a_roots_file_that_grows(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the threshold of two people from the start: said until both are there. Names of any
    script are read again; a key too many is refused before it is made; and where the file can't be
    written the public half is printed."""
    words = ("--no-passphrase", "--roots", "two.toml")
    told = good("keygen", "--key", "b.key", "--threshold", "2", "--name", 'Budi "B" 😀', *words)
    assert "before it names 1 more" in told
    assert "more" not in good("keygen", "--key", "c.key", *words)
    assert load_roots(desk / "two.toml").threshold == 2
    for number in range(14):
        good("keygen", "--key", f"{number}.key", *words)
    assert "more than 16" in bad(1, "keygen", "--key", "d.key", *words)
    assert not (desk / "d.key").exists()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("firmware.cli.trustsign.write_atomic", full)
    told = bad(1, "keygen", "--key", "e.key", "--no-passphrase", "--roots", "e.toml")
    assert "e.toml: No space left on device" in told
    assert "[[root]]" in told
    assert (desk / "e.key").exists()


@pytest.mark.parametrize(
    ("code", "words", "why"),
    [
        (1, ("show", "none"), "is not there"),
        (1, ("show", "recipe.toml"), "no whole bundle"),
        (1, ("sign", "recipe.toml"), "no whole bundle"),
        (3, ("verify", "recipe.toml"), "malformed"),
        (1, ("verify", "recipe.toml", "--roots", "none"), "is not there"),
        (1, ("compile", "none.toml"), "is not there"),
        (2, ("compile", "list.json"), "list.json"),
        (1, ("compile", "recipe.toml", "--output", "recipe.toml"), "no bundle"),
        (1, ("compile", "recipe.toml", "--key", "none.key"), "gate trust keygen"),
        (2, ("compile", "recipe.toml", "--version", "0"), "--version"),
        (1, ("sign", "list.json", "--key", "none.key"), "no whole bundle"),
        (2, ("compile", "recipe.toml", "--version", str(1 << 32)), "--version"),
        (2, ("compile", "empty.toml"), "names no source"),
        (2, ("keygen", "--key", "b.key", "--name", "\ud83d", "--no-passphrase"), "which show"),
        (2, ("keygen", "--key", "b.key", "--threshold", "17"), "--threshold"),
        (2, ("show", "list.json", "--at", "soon"), "soon"),
    ],
)
def test_what_goes_wrong_is_said(desk: Path, code: int, words: tuple[str, ...], why: str) -> None:
    """One sentence, and the exit code of its kind."""
    assert why in bad(code, *words)


@pytest.mark.parametrize("command", ["", "keygen", "compile", "sign", "show", "verify", "diff"])
def test_help(command: str) -> None:
    """Each command says what it is for, by example."""
    told = good(*filter(None, [command]), "--help")
    assert "Examples:" in told
