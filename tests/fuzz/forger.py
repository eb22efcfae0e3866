"""Proof that the oracles see: with its signature checks taken out, a target must fail.

`python tests/fuzz/forger.py TARGET` prints after how many inputs it did; exit status 1 if it held.
"""

import importlib
import sys
from pathlib import Path

from fuzzkit import BrokenPromise
from mutation import inputs
from targets import TARGETS

CORPUS = Path(__file__).resolve().parent / "corpus"
INPUTS_MAX = 200_000
CHECKS = {
    "native": "gate.credential.cose",
    "proof": "gate.credential.proof",
    "hcert": "gate.credential.signers",
    "shc": "gate.credential.signers",
    "vdsnc": "gate.credential.signers",
    "vc": "gate.credential.signers",
}
"""Target → the module whose `check` believes everything from now on."""


def main(name: str) -> int:
    """Forge until it is seen."""
    vars(importlib.import_module(CHECKS[name]))["check"] = lambda *_: None
    target = TARGETS[name]
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    for number, data in enumerate(inputs(seeds, target.words, target.bytes_max, 1)):
        if number == INPUTS_MAX:
            break
        try:
            target.call(data)
        except BrokenPromise as promise:
            sys.stdout.write(f"{name}: {promise}, after {number:,} inputs\n")
            return 0
    sys.stdout.write(f"{name}: believed everybody, and nobody saw it\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
