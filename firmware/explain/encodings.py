"""Whether the outermost layer of a code is sound: its letters stand for bytes at all.

A damaged print breaks this layer, a forger's mistake a deeper one: it tells a technician where to
look.
"""

from collections.abc import Callable, Mapping

from gate.credential import base45
from gate.credential.model import CredentialError
from gate.credential.shc.numeric import decode, read_part


def is_encoded(form: str, payload: bytes) -> bool:
    """Whether that layer holds. False for a format that has none of its own."""
    decoder = _DECODERS.get(form)
    if decoder is None:
        return False
    try:
        decoder(payload)
    except (ValueError, CredentialError):
        return False
    return True


def _base45(payload: bytes) -> None:
    base45.decode(payload.partition(b":")[2])


def _numeric(payload: bytes) -> None:
    decode(read_part(payload).digits)


_DECODERS: Mapping[str, Callable[[bytes], None]] = {
    "native": _base45,
    "native-live": _base45,
    "hcert": _base45,
    "shc": _numeric,
}
