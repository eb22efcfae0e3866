"""Strict reader of JSON (RFC 8259) that strangers hand us, inside the bounds that I-JSON draws.

A general reader takes the last of two equal keys, so that two readers see two documents; it
makes NaN of `NaN`, with which every comparison is false; it recurses as deep as it is told to,
and spends a second on an integer of a hundred thousand digits. This one refuses all of these
(RFC 7493 sections 2.1 to 2.3).
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from gate.credential.model import CredentialError
from gate.reasons import Reason

INTEGER_DIGITS_MAX = 32
"""Of an integer, its sign counted; twice what any claim needs."""

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_PLAIN = bytes(byte for byte in range(256) if byte not in b'"[]{}')
"""What neither nests nor begins a string."""


def read_json(data: bytes, *, depth_max: int) -> object:
    """The one value that `data` holds: dict, list, str, int, float, bool or None.

    Arrays and objects may nest `depth_max` deep. Work grows with `len(data)`, which is for the
    caller to bound.

    Raises:
        CredentialError: CODE_MALFORMED: no JSON in UTF-8, a byte order mark, a key twice in one
            object, a number that is none or not finite or of more than `INTEGER_DIGITS_MAX`
            digits, half of a surrogate pair, nested too deeply, or something behind the value.
    """
    if _is_deeper(data, depth_max):
        raise _malformed("nested too deeply")
    try:
        text = data.decode("utf-8")
        value: object = _DECODER.decode(text)
        if "\\u" in text:
            _check_surrogates(value)
    except ValueError as error:
        # Not the error's own words: they may repeat bytes of the code.
        raise _malformed(f"no strict JSON: {type(error).__name__}") from None
    return value


def read_object(data: bytes, *, depth_max: int) -> dict[str, Any]:
    """As `read_json`, of a value that must be an object.

    Raises:
        CredentialError: CODE_MALFORMED, also for any other value.
    """
    value = read_json(data, depth_max=depth_max)
    if not isinstance(value, dict):
        raise _malformed("JSON that is no object")
    return value


def _is_deeper(data: bytes, depth_max: int) -> bool:
    """Whether brackets outside strings nest deeper, before anything recurses into them.

    Without its escapes, what lies between the first and the second quotation mark is a string,
    and so on. Every round takes away the innermost pairs of brackets. Brackets that do not pair
    are left over: they are no JSON, and nothing looks at them twice.
    """
    marks = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(_BRACKETS, _PLAIN)
    brackets = b"".join(marks.split(b'"')[::2])
    if b"[" * (depth_max + 1) in brackets:
        return True  # thousands of them would cost a round each
    for _ in range(depth_max):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _check_surrogates(value: object) -> None:
    """Only `\\u` escapes can bring half a pair in, which no UTF-8 can carry out again."""
    json.dumps(value, ensure_ascii=False).encode("utf-8")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS_MAX:
        raise ValueError("an integer of too many digits")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond all floats")
    return number


def _constant(name: str) -> None:
    """`NaN`, `Infinity` and `-Infinity` are JavaScript's, not JSON's."""
    raise ValueError(name)


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
