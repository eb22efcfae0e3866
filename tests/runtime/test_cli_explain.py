"""`gate credential explain` as a technician types it, on texts, files and pictures."""

import io
import json
from pathlib import Path

import click
import pytest
import segno
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from firmware.cli import cli
from firmware.errors import UserError
from gate.credential.bundle import encode, sign
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.publictrust import PublicTrust
from gate.credential.trust import TrustList
from gate.walltime import SECONDS_PER_DAY
from tests.domain import hcertkit, shckit

AT = ("--at", "2027-01-15T08:00:00Z")
"""The moment of the kits."""
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PASS = issue(PassClaims(CredentialKind.VISITOR, 7, hcertkit.NOW_S + 3600, doses=2), OFFICE)
TRUST = """
[[issuer]]
name = "Kantor Contoh"
public_key = "{key}"
kinds = ["visitor"]
"""
RULES = """
id = "contoh"
kinds = ["visitor"]
[[set]]
dated = 2021-09-09
source = {{ citation = "Contoh", dated = 2021-09-09 }}
otherwise = {{ status = "x", outcome = "{outcome}", id = "Baca pedoman.", en = "See the guide." }}
"""


def base64_of(key: Ed25519PrivateKey) -> str:
    import base64  # noqa: PLC0415 - beside its one use

    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A technician's folder, with the trust file of a gate in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("GATE_TRUST", "GATE_TZ", "GATE_BUNDLE", "GATE_ROOTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "trust.toml").write_text(TRUST.format(key=base64_of(OFFICE)))
    return tmp_path


def run(*words: str, stdin: bytes | None = None) -> Result:
    """The command, as typed."""
    words = ("credential", "explain", *words)
    return CliRunner().invoke(cli, words, input=stdin, standalone_mode=False)


def said(code: int, *words: str, stdin: bytes | None = None) -> str:
    """What is printed by a command that must end with that exit code."""
    result = run(*words, stdin=stdin)
    match result.exception:
        case None:
            assert result.return_value == code, result.output
            return result.output
        case UserError(exit_code=found) as error:
            message = str(error)
        case click.ClickException(exit_code=found) as error:
            message = error.format_message()
        case error:
            raise AssertionError(result.output) from error
    assert found == code, message
    return message


def picture(*texts: str | bytes, kind: str = "PNG") -> bytes:
    """A photograph of codes, side by side."""
    tiles = []
    for text in texts:
        sink = io.BytesIO()
        segno.make(text, error="m", micro=False).save(sink, kind="png", scale=4, border=4)
        tiles.append(Image.open(sink).convert("RGB"))
    sheet = Image.new(
        "RGB", (sum(tile.width for tile in tiles), max(tile.height for tile in tiles)), "white"
    )
    left = 0
    for tile in tiles:
        sheet.paste(tile, (left, 0))
        left += tile.width
    sink = io.BytesIO()
    sheet.save(sink, kind)
    return sink.getvalue()


def test_a_pass_by_text_file_picture_and_standard_input(desk: Path) -> None:
    """The same answer, however the code comes; the trust file that lies here is used."""
    (desk / "pass.txt").write_text(PASS + "\r\n")
    (desk / "pass.png").write_bytes(picture(PASS))
    (desk / "pass.jpg").write_bytes(picture(PASS, kind="JPEG"))
    answers = [
        said(0, *words, *AT, stdin=stdin)
        for words, stdin in (
            ((PASS,), None),
            (("pass.txt",), None),
            (("pass.png",), None),
            (("pass.jpg",), None),
            (("-",), PASS.encode() + b"\n"),
            (("-",), picture(PASS)),
        )
    ]
    assert len(set(answers)) == 1
    for words in ("HOLDS", "Kantor Contoh", "visitor", "doses", "1 person, once", "15:00:00 WIB"):
        assert words in answers[0]


def test_a_refused_pass_says_why_and_when(desk: Path) -> None:
    """Exit code 3; times are those of the zone that was asked for."""
    text = said(3, PASS, "--at", "2027-02-01T08:00", "--tz", "Asia/Jayapura")
    assert "REFUSED" in text
    assert "credential_expired" in text
    assert "WIT" in text
    assert "16 days ago" in text
    (desk / "trust.toml").unlink()
    assert "not known here" in said(3, PASS, *AT)


def test_for_machines(desk: Path) -> None:
    """JSON in ASCII, masked alike, with the reason by its name."""
    code = hcertkit.certificate().decode()
    found = json.loads(said(3, code, "--json", *AT))
    assert found["reason"] == "credential_issuer_unknown"
    assert found["format"] == "hcert"
    assert found["signer"]["known"] == []
    assert "Contoh" not in json.dumps(found)
    shown = said(3, code, "--json", "--show", *AT)
    assert "Contoh" in shown
    assert shown.isascii()


def test_a_bundle_proves_public_certificates(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed by a pinned root key it names the signer; changed or unsigned it is refused."""
    now_s = hcertkit.NOW_S
    monkeypatch.setattr("firmware.cli.explain.time.time", lambda: float(now_s))
    public = PublicTrust(
        version=1,
        created_s=now_s - 60,
        expires_s=now_s + 30 * SECONDS_PER_DAY,
        hcert={hcertkit.KID: (hcertkit.signer(),)},
    )
    data = sign(encode(TrustList({}, public=public)), (ROOT,))
    (desk / "public.bundle").write_bytes(data)
    (desk / "roots.toml").write_text(f'[[root]]\npublic_key = "{base64_of(ROOT)}"\n')
    trusted = ("--bundle", "public.bundle", "--roots", "roots.toml")
    code = hcertkit.certificate().decode()
    text = said(0, code, *trusted, *AT)
    assert "in the trust list: XX" in text
    assert "HOLDS" in said(0, PASS, *trusted, *AT)
    assert "go together" in said(2, code, "--bundle", "public.bundle")
    (desk / "public.bundle").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "public.bundle" in said(1, code, *trusted)
    (desk / "roots.toml").write_text("root = 1")
    assert "roots.toml" in said(1, code, *trusted)


@pytest.mark.parametrize(
    ("outcome", "code", "badge"),
    [
        ("admit", 0, "HOLDS"),
        ("officer", 0, "AN OFFICER LOOKS"),
        ("refuse", 3, "DOES NOT ADMIT"),
        ("refer", 3, "DOES NOT ADMIT"),
    ],
)
def test_the_sites_rules_have_their_say(desk: Path, outcome: str, code: int, badge: str) -> None:
    """Authentic is not yet admitted; the officer's words of the rule are shown."""
    (desk / "rules.toml").write_text(RULES.format(outcome=outcome))
    text = said(code, PASS, "--rules", "rules.toml", *AT)
    assert badge in text
    assert "contoh@2021-09-09" in text
    assert "Baca pedoman." in text
    assert "See the guide." in text


def test_a_card_in_parts_is_put_together(desk: Path) -> None:
    """From pictures or texts, in any order, one picture with all of them too; not from some."""
    parts = [part.decode() for part in shckit.parts(shckit.jws(), 3)]
    for number, part in enumerate(parts):
        (desk / f"part{number}.png").write_bytes(picture(part))
    (desk / "all.txt").write_text("\n".join(parts) + "\n")
    whole = said(3, shckit.text(shckit.jws()).decode(), *AT)
    assert "SMART Health Card" in whole
    for words in (
        ("part2.png", "part0.png", "part1.png", "part0.png"),
        (parts[1], parts[0], parts[2]),
        ("all.txt",),
    ):
        assert said(3, *words, *AT) == whole
    assert "2 of the 3 parts" in said(1, parts[0], parts[2])
    other = shckit.parts(shckit.jws(key=shckit.OTHER_KEY), 3)[2].decode()
    assert "more than one card" in said(1, *parts, other)
    assert "make no card" in said(1, parts[0], parts[2], other)
    many = [f"shc:/1/1/{number:04d}" for number in range(40)]
    assert "at most 32 parts" in said(2, *many)


def test_codes_that_do_not_belong_together(desk: Path) -> None:
    """Only parts of one card do; the same code twice is one code."""
    assert "2 different codes" in said(2, PASS, "hello")
    assert said(0, PASS, PASS, *AT) == said(0, PASS, *AT)
    (desk / "two.png").write_bytes(picture(PASS, "hello"))
    assert "2 different codes" in said(2, "two.png")


def test_what_holds_no_code(desk: Path) -> None:
    """A file that can't be read, is empty, is no picture or shows none: exit code 1, and why."""
    blank = io.BytesIO()
    Image.new("L", (80, 80), 255).save(blank, "PNG")
    (desk / "blank.png").write_bytes(blank.getvalue())
    (desk / "cut.png").write_bytes(blank.getvalue()[:40])
    (desk / "empty.txt").write_bytes(b"\n")
    wide = io.BytesIO()
    Image.new("1", (12_001, 1)).save(wide, "PNG")
    (desk / "wide.png").write_bytes(wide.getvalue())
    for name, message in (
        ("blank.png", "No QR code"),
        ("cut.png", "no PNG or JPEG"),
        ("empty.txt", "is empty"),
        ("wide.png", "12000 pixels"),
    ):
        assert message in said(1, name)
    assert "is not there" in said(1, PASS, "--trust", "none.toml")
    assert "is not there" in said(1, PASS, "--rules", "none.toml")


def test_a_picture_too_large_and_a_file_that_may_not_be_read(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded before it is unpacked; a refusal of the system is told in its words."""
    monkeypatch.setattr("firmware.explain.sources.PICTURE_BYTES_MAX", 1 << 20)
    (desk / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2 << 20))
    assert "larger than 1 MiB" in said(1, "large.png")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("firmware.explain.sources.Path.open", denied)
    assert "Permission denied" in said(1, "large.png")


def test_hostile_texts_do_no_harm_on_the_screen(desk: Path) -> None:
    """Refused with their own reason; not one control character comes out."""
    assert "code_is_url" in said(3, "https://example.invalid/")
    assert "code_too_long" in said(3, "-", stdin=b"A" * 20_000)
    assert "code_unknown_format" in said(3, "no-such-file")
    assert "code_unknown_format" in said(3, "x" * 300)
    text = said(3, "-", stdin=b"GP1:\x1b[2J\xff")
    assert "\x1b" not in text


def test_the_group_lists_it() -> None:
    """`gate credential --help` says what it is for."""
    assert "explain" in CliRunner().invoke(cli, ["credential", "--help"]).output
    assert "Exit codes" in run("--help").output
