"""The small readers alone: millions of inputs in the time that a whole format needs for one."""

import json

import cbor2
from fuzzkit import BrokenPromise, Target

from gate.credential import base45, base64url, cbor
from gate.credential.jsontext import read_json
from gate.credential.model import CredentialError
from gate.reasons import Reason

_DEPTH_MAX = 6


def _call_base45(data: bytes) -> None:
    """What decodes has no other text: encoding it gives the same text again."""
    try:
        decoded = base45.decode(data)
    except ValueError:
        return
    if base45.encode(decoded).encode() != data:
        raise BrokenPromise("two base45 texts of the same bytes")


def _call_cbor(data: bytes) -> None:
    """What decodes has no other encoding: encoding it gives the same bytes again."""
    try:
        value = cbor.decode(data, _DEPTH_MAX)
    except cbor.CborError:
        return
    if cbor2.dumps(value) != data:
        raise BrokenPromise("two encodings of the same value")


def _call_base64url(data: bytes) -> None:
    """What decodes has no other text."""
    try:
        decoded = base64url.decode(data)
    except ValueError:
        return
    if base64url.encode(decoded) != data:
        raise BrokenPromise("two base64url texts of the same bytes")


def _call_json(data: bytes) -> None:
    """What reads is the value that any other reader finds, and can be written again."""
    try:
        value = read_json(data, depth_max=_DEPTH_MAX)
    except CredentialError as error:
        if error.reason is not Reason.CODE_MALFORMED:
            raise BrokenPromise(f"a refusal for {error.reason}") from error
        return
    if json.loads(data) != value:
        raise BrokenPromise("another value than a general reader finds")
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


BASE45 = Target("base45", _call_base45, lambda: [b"", b"BB8", b"QED8WEX0", b"UJCLQE7W581"])
CBOR = Target(
    "cbor",
    _call_cbor,
    lambda: [
        cbor2.dumps(value, canonical=True)
        for value in (0, -1, b"", "", [1, [2, [3]]], {1: {2: None}}, {-7: True, "a": b"b"}, 1 << 60)
    ],
    bytes_max=300,
)
BASE64URL = Target(
    "base64url", _call_base64url, lambda: [b"", b"AA", b"-_8", b"eyJhbGciOiJFUzI1NiJ9"]
)
JSON = Target(
    "json",
    _call_json,
    lambda: [
        b'{"a":[1,-0.5e3,"\\u00e9\\ud83d\\ude00",true,null],"b":{}}',
        b'[[[[[["deep"]]]]]]',
        b"12345678901234567890",
    ],
    words=(b"\\ud800", b"NaN", b"Infinity", b"1e400", b"\xef\xbb\xbf", b"[[[[", b'{"":'),
)
