"""The one file of a ZIP archive (PKWARE APPNOTE 6.3), read strictly.

A ZIP says everything twice, and readers differ in whom they believe. Here both must say the
same: one member of one name, no byte before, between or behind.
"""

import struct
import zlib

from gate.credential.inflate import RAW_DEFLATE, inflate
from gate.credential.model import CredentialError
from gate.reasons import Reason

MEMBER = b"certificate.json"
MEMBER_BYTES_MAX = 64 * 1024
"""A genuine certificate has less than 4 KiB."""

_LOCAL = struct.Struct("<4s10s3I2H")
"""Section 4.3.7: signature; version needed, flags, method, time, date; CRC-32, both sizes; lengths
of name and extra field."""
_CENTRAL = struct.Struct("<4s2s10s3I4H6sI")
"""Section 4.3.12: as above, with the version that made it before, and behind the lengths that of
the comment, the disk, attributes, and where the local header is."""
_DESCRIPTOR = struct.Struct("<4s3I")
"""Section 4.3.9, with the signature that all writers put there: CRC-32, both sizes."""
_END = struct.Struct("<4s4H2IH")
"""Section 4.3.16: disks, members on this one and on all, size and place of the directory, length
of the comment."""
_FEATURES = struct.Struct("<3H4x")
"""Of the ten bytes that both headers share: version needed, flags, method."""
_VERSION_MAX = 20
"""2.0 knows deflate; ZIP64 needs 4.5, encryption that counts 5.0 (section 4.4.3)."""
_FLAG_DESCRIPTOR = 0x0008
"""CRC and sizes follow the data. PeduliLindungi's archives have it."""
_FLAGS_HARMLESS = 0x0806
"""How hard deflate tried, and a name in UTF-8 (section 4.4.4)."""
_STORED, _DEFLATED = 0, 8


def member(archive: bytes) -> bytes:
    """The bytes of the archive's only file, `certificate.json`.

    In this order: the end record, which must be the archive's last bytes; the directory, which
    must be one entry right before it; size; the local header, which must be the archive's first
    bytes and say the same; the layout, without a gap; inflating, length, CRC-32.

    Raises:
        CredentialError: CODE_TOO_LARGE if it is, or says that it is, beyond `MEMBER_BYTES_MAX`;
            CODE_MALFORMED for all else.
    """
    directory_at = len(archive) - _END.size - _CENTRAL.size - len(MEMBER)
    data_at = _LOCAL.size + len(MEMBER)
    if directory_at < data_at:
        raise _malformed("too short for a ZIP")
    end = _END.unpack_from(archive, len(archive) - _END.size)
    if end != (b"PK\5\6", 0, 0, 1, 1, _CENTRAL.size + len(MEMBER), directory_at, 0):
        raise _malformed("not one archive of one member")
    features, crc, packed, size = _entry(archive, directory_at)
    if size > MEMBER_BYTES_MAX:
        raise CredentialError(
            Reason.CODE_TOO_LARGE, f"a member of more than {MEMBER_BYTES_MAX} bytes"
        )
    version, flags, method = _FEATURES.unpack(features)
    if version > _VERSION_MAX or flags & ~(_FLAG_DESCRIPTOR | _FLAGS_HARMLESS):
        raise _malformed("a ZIP with features that no certificate needs")
    sums = (crc, packed, size)
    trailer = _DESCRIPTOR.pack(b"PK\7\x08", *sums) if flags & _FLAG_DESCRIPTOR else b""
    header = _LOCAL.pack(b"PK\3\4", features, *((0, 0, 0) if trailer else sums), len(MEMBER), 0)
    data_end = data_at + packed
    if archive[:data_at] != header + MEMBER or archive[data_end:directory_at] != trailer:
        raise _malformed("local header and directory disagree, or there is a gap")
    data = _unpack(archive[data_at:data_end], method)
    if len(data) != size or zlib.crc32(data) != crc:
        raise _malformed("not the length or the CRC-32 that the ZIP states")
    return data


def _entry(archive: bytes, at: int) -> tuple[bytes, int, int, int]:
    """The directory's one entry: what it shares with the local header, CRC-32, both sizes."""
    features: bytes
    (signature, _, features, crc, packed, size, *lengths, _, offset) = _CENTRAL.unpack_from(
        archive, at
    )
    name = archive[at + _CENTRAL.size : at + _CENTRAL.size + len(MEMBER)]
    if (signature, lengths, offset) != (b"PK\1\2", [len(MEMBER), 0, 0, 0], 0) or name != MEMBER:
        raise _malformed("not the directory of one certificate")
    return features, crc, packed, size


def _unpack(data: bytes, method: int) -> bytes:
    if method == _STORED:
        return data
    if method == _DEFLATED:
        return inflate(data, window_bits=RAW_DEFLATE, bytes_max=MEMBER_BYTES_MAX)
    raise _malformed("a compression that no certificate has")


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
