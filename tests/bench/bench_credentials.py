"""How much verifying a native pass costs above its floor, one bare Ed25519 verification.

`python tests/bench/bench_credentials.py` prints microseconds and the ratio. Ours and the floor
take turns, so that a busy machine slows both; the ratio is the figure to keep, at most 1.6.
"""

import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.credential import base45, cose
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import PREFIX, PassClaims, issue
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import verify
from gate.walltime import WallTime

ROUNDS = 200
CALLS = 20
RATIO_MAX = 1.6


def microseconds(call: Callable[[], object]) -> float:
    """Of one call, over `CALLS` in a row."""
    started = time.perf_counter_ns()
    for _ in range(CALLS):
        call()
    return (time.perf_counter_ns() - started) / CALLS / 1_000


def main() -> None:
    """Measure and print."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key()
    trust = trust_list([issuer_key(public.public_bytes_raw(), "Test office", PASS_KINDS)])
    now = WallTime(1_800_000_000_000)
    text = issue(PassClaims(CredentialKind.VISITOR, 123_456, 1_800_003_600, doses=2), key).encode()
    message = cose.read(base45.decode(text[len(PREFIX) :]), bytes_max=len(text))
    signature, signed = message.signature, message.signed_bytes
    pairs = [
        (
            microseconds(lambda: public.verify(signature, signed)),
            microseconds(lambda: verify(text, trust, now)),
        )
        for _ in range(ROUNDS)
    ]
    floor, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(our / base for base, our in pairs)
    print(f"bare Ed25519 verify {floor:8.1f} us")
    print(f"verify(pass)        {ours:8.1f} us")
    print(f"ratio               {ratio:8.2f}    (target: at most {RATIO_MAX})")


if __name__ == "__main__":
    main()
