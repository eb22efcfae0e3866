"""A ZIP that says two things is refused, whatever the two are, in bounded time and memory."""

import base64
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyld", reason="needs the optional extra `vc`, which brings PyLD")

# The package that is tested needs what was asked for above, so these come after it.
from gate.credential.model import CredentialError
from gate.credential.vc.archive import MEMBER_BYTES_MAX, member
from gate.reasons import Reason
from tests.domain.vckit import streamed, zipped

DATA = b'{"a": 1}' * 20
PLAIN = zipped(DATA)
STREAMED = streamed(DATA)
NAME = b"certificate.json"
CENTRAL = PLAIN.index(b"PK\1\2")
END = PLAIN.index(b"PK\5\6")


def refusal(archive: bytes) -> Reason:
    """Why it is refused."""
    with pytest.raises(CredentialError) as refused:
        member(archive)
    return refused.value.reason


def patched(archive: bytes, at: int, form: str, value: int) -> bytes:
    """The archive with one number replaced."""
    size = struct.calcsize(form)
    return archive[:at] + struct.pack(form, value) + archive[at + size :]


def several(*names: str) -> bytes:
    """An archive of these members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, DATA)
    return sink.getvalue()


@pytest.mark.parametrize("archive", [PLAIN, STREAMED, zipped(DATA, method=zipfile.ZIP_STORED)])
def test_one_member_is_read(archive: bytes) -> None:
    """As three writers make it: deflated, streamed, stored."""
    assert member(archive) == DATA


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/certificate.json",
        "/certificate.json",
        "x/certificate.json",
        "certificate.jsox",
        "Certificate.json",
        "certificate.json\\",
        "c\u0308ertificate.json",
        " certificate.json",
    ],
)
def test_the_member_has_one_name(name: str) -> None:
    """No path, no other case, nothing that a reader might take for it."""
    assert refusal(several(name)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("other", [b"certificate\0json", b"ertificate.json/", b"certificate.jso\0"])
def test_a_name_with_a_nul_or_a_slash_of_the_same_length(other: bytes) -> None:
    """In both places, and in either alone."""
    local = PLAIN.index(NAME)
    central = PLAIN.index(NAME, CENTRAL)
    for places in ((local, central), (local,), (central,)):
        spoilt = bytearray(PLAIN)
        for place in places:
            spoilt[place : place + len(NAME)] = other
        assert refusal(bytes(spoilt)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\3\4", id="a signature"),
        pytest.param(b"PK\5\6" + bytes(18), id="no member"),
        pytest.param(several("certificate.json", "certificate2.json"), id="two members"),
        pytest.param(b"x" + PLAIN, id="a byte before"),
        pytest.param(PLAIN + b"x", id="a byte behind"),
        pytest.param(PLAIN[:-1], id="cut short"),
        pytest.param(PLAIN + PLAIN, id="two archives"),
        pytest.param(PLAIN[:CENTRAL] + b"gap" + PLAIN[CENTRAL:], id="a gap"),
        pytest.param(STREAMED.replace(b"PK\7\x08", b""), id="a descriptor without signature"),
        pytest.param(STREAMED.replace(b"PK\7\x08", b"PK\7\7"), id="no descriptor"),
    ],
)
def test_what_is_not_one_archive_of_one_member(archive: bytes) -> None:
    """There is no byte that two readers could see differently."""
    assert refusal(archive) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("at", "form", "value"),
    [
        pytest.param(4, "<H", 45, id="local: version of ZIP64"),
        pytest.param(6, "<H", 1, id="local: encrypted"),
        pytest.param(8, "<H", 0, id="local: stored"),
        pytest.param(14, "<I", 0, id="local: CRC"),
        pytest.param(18, "<I", 5, id="local: packed size"),
        pytest.param(22, "<I", 5, id="local: size"),
        pytest.param(26, "<H", 15, id="local: length of the name"),
        pytest.param(28, "<H", 1, id="local: extra field"),
        pytest.param(CENTRAL, "<I", 0, id="no directory"),
        pytest.param(CENTRAL + 6, "<H", 45, id="version of ZIP64"),
        pytest.param(CENTRAL + 8, "<H", 8, id="a descriptor that isn't there"),
        pytest.param(CENTRAL + 10, "<H", 12, id="bzip2"),
        pytest.param(CENTRAL + 16, "<I", 0, id="CRC"),
        pytest.param(CENTRAL + 20, "<I", 0xFFFFFFFF, id="packed size of ZIP64"),
        pytest.param(CENTRAL + 24, "<I", 5, id="size"),
        pytest.param(CENTRAL + 28, "<H", 15, id="length of the name"),
        pytest.param(CENTRAL + 30, "<H", 1, id="extra field"),
        pytest.param(CENTRAL + 32, "<H", 1, id="comment"),
        pytest.param(CENTRAL + 34, "<H", 1, id="another disk"),
        pytest.param(CENTRAL + 42, "<I", 1, id="place of the local header"),
        pytest.param(END + 4, "<H", 1, id="end: disk"),
        pytest.param(END + 8, "<H", 2, id="end: members here"),
        pytest.param(END + 10, "<H", 0xFFFF, id="end: members of ZIP64"),
        pytest.param(END + 12, "<I", 5, id="end: size of the directory"),
        pytest.param(END + 16, "<I", 0, id="end: place of the directory"),
        pytest.param(END + 20, "<H", 1, id="end: comment"),
    ],
)
def test_both_headers_say_the_same(at: int, form: str, value: int) -> None:
    """Every number of the local header, of the directory and of the end, each spoilt alone."""
    assert refusal(patched(PLAIN, at, form, value)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("offset", "value"), [(2, 1), (2, 0x40), (2, 0x2000), (0, 51), (4, 9), (4, 99)]
)
def test_features_that_no_certificate_needs(offset: int, value: int) -> None:
    """Encryption of three kinds, and other compressions, in both headers alike."""
    spoilt = patched(PLAIN, 4 + offset, "<H", value)
    spoilt = patched(spoilt, CENTRAL + 6 + offset, "<H", value)
    assert refusal(spoilt) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("size", [MEMBER_BYTES_MAX + 1, 3_000_000])
def test_a_bomb_is_refused_by_what_it_states(size: int) -> None:
    """Before anything is inflated."""
    assert refusal(zipped(bytes(size))) is Reason.CODE_TOO_LARGE
    assert member(zipped(bytes(MEMBER_BYTES_MAX))) == bytes(MEMBER_BYTES_MAX)


def test_a_bomb_that_lies_is_refused_by_what_it_grows_to() -> None:
    """And it never gets further than the limit."""
    bomb = zipped(bytes(3_000_000))
    central = bomb.index(b"PK\1\2")
    for size_at in (22, central + 24):
        bomb = patched(bomb, size_at, "<I", 100)
    assert refusal(bomb) is Reason.CODE_TOO_LARGE


def test_length_and_sum_are_checked() -> None:
    """Both headers may agree and still not be true."""
    for local, central in ((14, 16), (22, 24)):
        spoilt = patched(PLAIN, local, "<I", 7)
        assert refusal(patched(spoilt, CENTRAL + central, "<I", 7)) is Reason.CODE_MALFORMED


def test_the_stream_is_one_stream() -> None:
    """Cut short, with a tail, or no deflate at all."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(DATA) + packer.flush()
    for body in (packed[:-2], packed + b"x", b"\xff" * 8):
        archive = zipped(body, method=zipfile.ZIP_STORED)
        central = archive.index(b"PK\1\2")
        for method_at in (8, central + 10):
            archive = patched(archive, method_at, "<H", 8)
        assert refusal(archive) is Reason.CODE_MALFORMED


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    """For a reason, and by nothing else."""
    assert refusal(data) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("archive", [PLAIN, STREAMED])
@given(where=st.integers(0), flip=st.integers(1, 255))
def test_no_damage_makes_it_another_file(archive: bytes, where: int, flip: int) -> None:
    """One byte spoilt: refused, or the very same data."""
    spoilt = bytearray(archive)
    spoilt[where % len(spoilt)] ^= flip
    try:
        found = member(bytes(spoilt))
    except CredentialError:
        return
    assert found == DATA


def test_a_real_archive_of_indonesia_began_like_this() -> None:
    """The streamed form of this kit is the one that PeduliLindungi's codes have."""
    assert base64.b64encode(STREAMED).startswith(b"UEsDBBQACAAIAAAAAAAAAAAAAAAAA")


def test_a_member_of_no_bytes_is_one() -> None:
    """What it lacks is for whoever reads it to say."""
    assert member(zipped(b"", method=zipfile.ZIP_STORED)) == b""
