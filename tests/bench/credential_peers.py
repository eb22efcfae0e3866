"""Other libraries on one `HC1:` text: runs in an environment of its own, spoken to over pipes.

They need an older cbor2 than the gate, so `bench_credentials.py` starts this with their Python.
A first line of JSON names the text and the key; each further line asks for one round, which is
answered by a line of JSON: microseconds of one call, by library, and of the floor.
"""

import importlib
import json
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Answer until there is no more question."""
    asked = json.loads(sys.stdin.readline())
    sys.path.insert(0, asked["root"])
    calls = _calls(asked["text"].encode(), asked["pem"])
    for call in calls.values():
        call()
    for _ in sys.stdin:
        took = {name: _microseconds(call, asked["calls"]) for name, call in calls.items()}
        sys.stdout.write(json.dumps(took) + "\n")
        sys.stdout.flush()


def _microseconds(call: Callable[[], object], calls: int) -> float:
    call()
    started = time.perf_counter_ns()
    for _ in range(calls):
        call()
    return (time.perf_counter_ns() - started) / calls / 1_000


def _calls(text: bytes, pem: str) -> dict[str, Callable[[], object]]:
    """From text to claims, by what each library's own pages show."""
    base45: Any = importlib.import_module("gate.credential.base45")
    cbor2: Any = importlib.import_module("cbor2")
    cwt: Any = importlib.import_module("cwt")
    keys: Any = importlib.import_module("pycose.keys")
    messages: Any = importlib.import_module("pycose.messages")
    hashes: Any = importlib.import_module("cryptography.hazmat.primitives.hashes")
    ec: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ec")
    utils: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.utils")
    serialization: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")

    message = zlib.decompress(base45.decode(text[4:]))
    headers, _, payload, signature = cbor2.loads(message).value
    signed = cbor2.dumps(["Signature1", headers, b"", payload])
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    public = serialization.load_pem_public_key(pem.encode())
    cwt_key = cwt.COSEKey.from_pem(pem, alg="ES256", kid=cbor2.loads(headers)[4])
    pycose_key = keys.EC2Key.from_pem_public_key(pem)

    def floor() -> None:
        public.verify(der, signed, ec.ECDSA(hashes.SHA256()))

    def by_cwt() -> Any:  # noqa: ANN401 - claims of a library without types
        return cwt.decode(zlib.decompress(base45.decode(text[4:])), keys=[cwt_key])

    def by_pycose() -> Any:  # noqa: ANN401
        found = messages.Sign1Message.decode(zlib.decompress(base45.decode(text[4:])))
        found.key = pycose_key
        if not found.verify_signature():
            raise ValueError
        return cbor2.loads(found.payload)

    return {"floor": floor, "cwt": by_cwt, "pycose": by_pycose}


if __name__ == "__main__":
    main()
