"""`gate pass` as a clerk and a technician use it, on real files."""

import io
import multiprocessing
import stat
import time
from pathlib import Path

import click
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from officekit import VARIABLES, bad, good, issued

from drivers.trust.store import load_trust
from firmware.cli.passes import pass_
from firmware.office import books
from firmware.office.signer import load_key_file
from gate.credential import holderkey
from gate.credential.status import empty_status, issue_status
from gate.credential.trust import key_id

WORDS = "four invented words"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's folder with a key without passphrase, trusted by `trust.toml`."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    return tmp_path


def test_from_key_to_gate_and_back(desk: Path) -> None:
    """Issue, verify by text, file and standard input, revoke by text, refused from then on."""
    text = issued("visitor", "--for", "8h", "--doses", "2", "--group", "3")
    (desk / "pass.txt").write_text(text + "\n")
    for words, stdin in (((text,), None), (("pass.txt",), None), (("-",), text + "\r\n")):
        facts = good("verify", *words, stdin=stdin)
        assert "visitor" in facts
        assert "Test office" in facts
        assert "any time" in facts
        assert "3, once" in facts
    (name,) = (one.hex() for one in load_trust(desk / "trust.toml").keys)
    assert f"Pass {name}:0 is revoked" in good("revoke", text)
    assert bad(3, "verify", text) == "refused: credential_revoked\n"
    second = issued("visitor")
    assert f"Pass {name}:1 is revoked" in good("revoke", "1")
    third = issued("visitor")
    assert f"Pass {name}:2 is revoked" in good("revoke", f"{name.upper()}:2")
    assert "credential_revoked" in bad(3, "verify", third)
    assert "credential_revoked" in bad(3, "verify", second)


def test_kinds_and_times(desk: Path) -> None:
    """Times without an offset are the office's; an appointment has its window."""
    start = "2030-01-01T09:00"
    text = issued("appointment", "--not-before", start, "--for", "30m")
    facts = good("verify", text, "--at", "2030-01-01T02:10Z")
    assert "2030-01-01T09:00:00+07:00" in facts
    assert "2030-01-01T09:30:00+07:00" in facts
    assert "credential_not_yet_valid" in bad(3, "verify", text, "--at", "2030-01-01T08:30")
    assert "credential_expired" in bad(3, "verify", text, "--at", start, "--tz", "America/Lima")
    staff = issued("staff", "--until", "2030-06-30", "--duress")
    facts = good("verify", staff, "--at", start)
    assert "many times" in facts
    assert "silent alarm" in facts
    assert "credential_expired" in bad(3, "verify", staff, "--at", "2031-01-01")


def test_an_appointment_has_room_for_those_who_come_early_or_late(desk: Path) -> None:
    """Some minutes on either side of the time agreed on, or a window that was said."""
    at = "2030-01-01T09:00"
    text = issued("appointment", "--at", at)
    facts = good("verify", text, "--at", at)
    assert "2030-01-01T08:45:00+07:00" in facts
    assert "2030-01-01T09:45:00+07:00" in facts
    text = issued("appointment", "--at", at, "--early", "5m", "--late", "2h")
    facts = good("verify", text, "--at", at)
    assert "2030-01-01T08:55:00+07:00" in facts
    assert "2030-01-01T11:00:00+07:00" in facts
    text = issued("appointment", "--window", "2030-01-01T09:00/2030-01-01T10:30+08:00")
    facts = good("verify", text, "--at", at)
    assert "2030-01-01T09:00:00+07:00" in facts
    assert "2030-01-01T09:30:00+07:00" in facts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("visitor", "--at", "2030-01-01T09:00"), "Only an appointment"),
        (("appointment", "--window", "2030-01-01T09:00"), "two times with a slash"),
        (("appointment", "--window", "2030-01-01T09:00/soon"), "08:30"),
        (("appointment", "--window", "2030-01-02/2030-01-01"), "starts before it ends"),
        (("appointment", "--at", "2030-01-01", "--for", "1h"), "one way only"),
        (("appointment", "--early", "5m", "--not-before", "2030-01-01"), "agreed time"),
        (("appointment", "--at", "2030-01-02", "--not-before", "2030-01-01"), "its own start"),
        (("visitor", "--holder-key", "GPK1:00"), "33 bytes"),
        (("staff", "--holder-key", "key"), "starts with GPK1:"),
    ],
)
def test_times_that_contradict_each_other(desk: Path, words: tuple[str, ...], said: str) -> None:
    """Said at once, and no number is spent."""
    assert said in bad(2, "issue", *words)
    assert (desk / "office.counter").read_text() == "0 0\n"


def test_a_badge_bound_to_a_phone(desk: Path) -> None:
    """The text of such a badge is refused alone; only staff can have one."""
    point = generate_private_key(SECP256R1()).public_key()
    key = holderkey.to_text(point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    text = issued("staff", "--holder-key", key)
    assert bad(3, "verify", text) == "refused: proof_missing\n"
    assert "only a staff pass" in bad(2, "issue", "visitor", "--holder-key", key)


def test_pictures_and_terminal(desk: Path) -> None:
    """The same QR code as PNG, as SVG and in the terminal, newly issued or printed again."""
    shown = good("issue", "visitor", "--png", "a.png", "--svg", "a.svg")
    text, _, drawing = shown.partition("\n")
    assert "█" in drawing
    expected = io.BytesIO()
    segno.make_qr(text, error="m", boost_error=False).save(expected, kind="png", scale=8, border=4)
    assert (desk / "a.png").read_bytes() == expected.getvalue()
    assert (desk / "a.png").read_bytes().startswith(PNG_MAGIC)
    assert b"<svg" in (desk / "a.svg").read_bytes()
    assert good("print", text) == drawing
    assert good("print", text, "--png", "b.png", "--scale", "8") == ""
    assert (desk / "b.png").read_bytes() == expected.getvalue()


def test_what_cannot_be_drawn(desk: Path) -> None:
    """No pass, too long, nowhere to write: a sentence, and exit code 1."""
    assert "GP1:" in bad(1, "print", "hello")
    assert "too long" in bad(1, "print", "-", stdin="GP1:" + "A" * 4_000)
    assert "is no folder" in bad(1, "print", "GP1:BB8", "--png", "nowhere/a.png")


def test_a_number_is_never_given_twice(desk: Path) -> None:
    """Clerks at once get different numbers, and a lost counter stops issuing."""
    key = desk / "office.key"
    with multiprocessing.get_context("spawn").Pool(4) as clerks:
        taken = clerks.starmap(books.take_numbers, [(key, 3, 1)] * 40)
    assert sorted(number for some in taken for number in some) == list(range(120))
    (desk / "office.counter").write_text("1048575")
    issued("visitor")
    assert "make a new key" in bad(1, "issue", "visitor")
    (desk / "office.counter").write_text("many")
    assert "holds no number" in bad(1, "issue", "visitor")
    (desk / "office.counter").write_text("1" * 30)
    assert "no key can reach" in bad(1, "issue", "visitor")
    (desk / "office.counter").write_text("1" * 100)
    assert "longer than" in bad(1, "issue", "visitor")
    (desk / "office.counter").unlink()
    assert "never be given twice" in bad(1, "issue", "visitor")


def test_wrong_claims_cost_no_number(desk: Path) -> None:
    """A pass that can't be is refused before its number is spent."""
    assert "needs a start" in bad(2, "issue", "appointment")
    assert "not both" in bad(2, "issue", "visitor", "--for", "1h", "--until", "2030-01-01")
    assert "duress" in bad(2, "issue", "visitor", "--duress")
    assert "90m" in bad(2, "issue", "visitor", "--for", "soon")
    assert "08:30" in bad(2, "issue", "visitor", "--until", "soon")
    assert "Asia/Jakarta" in bad(2, "issue", "visitor", "--tz", "Mars/Olympus")
    assert "over already" in bad(2, "issue", "visitor", "--until", "0001-01-01T00:00")
    assert "ends before 2106" in bad(2, "issue", "visitor", "--until", "9999-12-31T23:59-23:00")
    assert (desk / "office.counter").read_text() == "0 0\n"


def test_a_key_with_a_passphrase(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or asked for; a wrong one is told; the file is its owner's alone."""
    words = "correct horse\ncorrect horse\n"
    block = good(
        "keygen", "--key", "b.key", "--name", "Test kiosk", "--kind", "visitor", stdin=words
    )
    assert 'name = "Test kiosk"' in block
    assert 'kinds = ["visitor"]' in block
    (desk / "kiosk.toml").write_text(block)
    assert stat.S_IMODE((desk / "b.key").stat().st_mode) == 0o600
    assert b"ENCRYPTED" in (desk / "b.key").read_bytes()
    assert "set GATE_PASSPHRASE" in bad(1, "issue", "visitor", "--key", "b.key")
    monkeypatch.setenv("GATE_PASSPHRASE", "wrong")
    assert "does not open" in bad(1, "issue", "visitor", "--key", "b.key")
    monkeypatch.setenv("GATE_PASSPHRASE", "correct horse")
    text = issued("visitor", "--key", "b.key")
    assert "Test kiosk" in good("verify", text, "--trust", "kiosk.toml")
    assert "credential_issuer_unknown" in bad(3, "verify", text)
    staff = issued("staff", "--key", "b.key")
    assert "credential_kind_not_issued" in bad(3, "verify", staff, "--trust", "kiosk.toml")
    assert "no pass of this key" in bad(1, "revoke", text)
    good("keygen", "--key", "c.key", "--name", "Test hall", "--trust", "trust.toml")
    assert len(load_trust(desk / "trust.toml").keys) == 2


def test_a_passphrase_is_asked_for(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody sits at the terminal, the command asks instead of giving up."""
    monkeypatch.setattr("firmware.cli.passoptions._can_ask", lambda: True)
    good("keygen", "--key", "b.key", "--name", "Test kiosk", stdin=f"{WORDS}\n{WORDS}\n")
    assert "GP1:" in good("issue", "visitor", "-q", "--key", "b.key", stdin=f"{WORDS}\n")
    assert "does not open" in bad(1, "issue", "visitor", "--key", "b.key", stdin="mule\n")


def test_files_in_the_way_or_missing(desk: Path) -> None:
    """Nothing is overwritten, and every message says what to do."""
    before = (desk / "office.key").read_bytes()
    assert "never overwritten" in bad(1, "keygen", "--name", "Again", "--no-passphrase")
    assert (desk / "office.key").read_bytes() == before
    assert "needs a name" in bad(2, "keygen", "--name", " ", "--no-passphrase")
    assert "gate pass keygen" in bad(1, "issue", "visitor", "--key", "none.key")
    assert "none.toml is not there" in bad(1, "verify", "GP1:", "--trust", "none.toml")
    (desk / "odd.key").write_text("no key")
    assert "no private key" in bad(1, "issue", "visitor", "--key", "odd.key")
    ec = generate_private_key(SECP256R1())
    pem = ec.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (desk / "odd.key").write_bytes(pem)
    assert "no Ed25519 key" in bad(1, "issue", "visitor", "--key", "odd.key")
    (desk / "trust.toml").write_text("[[isuer]]")
    assert "isuer" in bad(1, "keygen", "--key", "d.key", "--name", "T", "--trust", "trust.toml")
    assert not (desk / "d.key").exists()


def test_revoking_what_was_never_issued(desk: Path) -> None:
    """A number beyond the counter is a slip of the finger; a lost list is not replaced."""
    assert "has issued no pass" in bad(1, "revoke", "7")
    issued("visitor")
    assert "no pass of this key" in bad(1, "revoke", "GP1:BB8")
    status = desk / "office.status"
    held = status.read_bytes()
    status.write_bytes(b"spoilt")
    assert "not this key's status list" in bad(1, "revoke", "0")
    status.unlink()
    assert "restore every revoked pass" in bad(1, "revoke", "0")
    status.write_bytes(held)
    good("revoke", "0")


def test_many_are_revoked_at_once_or_none(desk: Path) -> None:
    """One list for all of them; a slip among them leaves the list as it was."""
    texts = [issued("visitor") for _ in range(4)]
    before = (desk / "office.status").read_bytes()
    assert "has issued no pass 9" in bad(1, "revoke", "0", "9")
    assert (desk / "office.status").read_bytes() == before
    (kid,) = (one.hex() for one in load_trust(desk / "trust.toml").keys)
    revoked = good("revoke", "0", texts[2], f"{kid}:3")
    assert f"Passes {kid}:0, {kid}:2, {kid}:3 are revoked" in revoked
    good("verify", texts[1])
    for number in (0, 2, 3):
        assert "credential_revoked" in bad(3, "verify", texts[number])


def test_what_was_issued_and_revoked(desk: Path) -> None:
    """Numbers of the office's key, and how old each list is, without opening the key."""
    assert "issued     0, and 1048576 are left" in good("status")
    issued("visitor", "--until", "2030-01-01T00:00")
    good("revoke", "0")
    (desk / "office.key").unlink()
    said = good("status")
    assert "issued     1, and 1048575 are left" in said
    assert "runs out 2030-01-01T00:00:00+07:00" in said
    assert "kinds      visitor, appointment, staff" in said
    assert "revoked    1, by the list of" in said
    good("keygen", "--key", "b.key", "--name", "Other", "--no-passphrase")
    assert "is not there" in bad(1, "status", "--key", "none.key")


def test_an_old_list_says_so(desk: Path) -> None:
    """A gate that has not had a newer list for a week is worth a look."""
    key = load_key_file(desk / "office.key", None)
    kid = key_id(key.public_key().public_bytes_raw())
    old = issue_status(empty_status(kid, int(time.time()) - 9 * 86_400), key)
    (desk / "office.status").write_bytes(old)
    assert "9 days old" in good("status")
    trust = (desk / "trust.toml").read_text()
    (desk / "trust.toml").write_text(trust.replace('status = "office.status"\n', ""))
    assert "no status list" in good("status")


def test_a_hostile_code_at_the_desk(desk: Path) -> None:
    """What a stranger's code may hold does no harm on the technician's screen."""
    assert "code_is_url" in bad(3, "verify", "https://example.invalid/")
    assert "code_too_long" in bad(3, "verify", "-", stdin="A" * 9_000)
    assert "\x1b" not in bad(3, "verify", "-", stdin=b"GP1:\x1b[2J\xff")
    assert "code_unknown_format" in bad(3, "verify", "no-such-file")
    assert "code_unknown_format" in bad(3, "verify", "GP2:" + "A" * 600)


@pytest.mark.parametrize("command", pass_.list_commands(click.Context(pass_)))
def test_every_command_explains_itself(command: str) -> None:
    """`--help` of each, and of the group with its exit codes."""
    assert "Usage:" in good(command, "--help")
    assert "Exit codes" in good("--help")
