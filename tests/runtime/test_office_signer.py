"""The private key may be elsewhere: a program signs, and what it says is checked."""

import base64
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from officekit import VARIABLES, bad, good, issued

from firmware.office import signer
from firmware.office.errors import OfficeError
from firmware.office.signer import CommandSigner

MODULE = """
import base64, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
answer = (
    key.public_key().public_bytes_raw()
    if sys.argv[1] == "public"
    else key.sign(sys.stdin.buffer.read())
)
print(base64.b64encode(answer).decode())
"""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command of a program that stands before a security module."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "the module.py").write_text(MODULE)
    return f"{sys.executable} 'the module.py'"


def test_an_office_without_a_key_file(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keygen begins the books; issuing, verifying and revoking go as with a file."""
    monkeypatch.setenv("GATE_SIGNER_COMMAND", module)
    good("keygen", "--name", "Test office", "--trust", "trust.toml")
    assert not Path("office.key").exists()
    text = issued("visitor")
    assert "Test office" in good("verify", text)
    good("revoke", text)
    assert "credential_revoked" in bad(3, "verify", text)
    assert "never overwritten" in bad(1, "keygen", "--name", "Again")
    monkeypatch.delenv("GATE_SIGNER_COMMAND")
    said = good("rotate", "--signer-command", module, "--new-key", "b.key", "--no-passphrase")
    assert "b.key issues from now on" in said


def test_signatures_are_the_keys_own(module: str) -> None:
    """The same key in memory and behind the program sign the same."""
    there = CommandSigner(module)
    assert there.public_key() == KEY.public_key()
    assert there.sign(b"words") == KEY.sign(b"words")


def _program(tmp_path: Path, body: str) -> str:
    path = tmp_path / "odd.py"
    path.write_text(f"import base64, sys, time\npublic = sys.argv[1] == 'public'\n{body}\n")
    return f"{sys.executable} {path}"


PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit(3)", "exit status 3"),
        ("print('no base64!')", "in base64"),
        ("print('AAAA')", "no Ed25519 key"),
        ("print('A' * 4000)", "too much"),
        ("time.sleep(30)", "did not answer"),
        (f"print('{PUBLIC}' if public else 'AAAA')", "not with the key that it names"),
    ],
)
def test_a_program_that_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    """One sentence, and never a pass that no gate would take."""
    monkeypatch.setattr(signer, "SIGNER_S_MAX", 1 if "sleep" in body else 30)
    command = _program(tmp_path, body)
    with pytest.raises(OfficeError, match=said):
        CommandSigner(command).sign(b"words")


@pytest.mark.parametrize(
    ("command", "said"),
    [("", "is empty"), ("'", "can't be read"), ("/no/such/program", "can't be started")],
)
def test_a_command_that_is_none(command: str, said: str) -> None:
    """Told before anything is issued."""
    with pytest.raises(OfficeError, match=said):
        CommandSigner(command)
