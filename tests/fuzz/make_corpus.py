"""Make the corpus again: every target's seeds, from keys and documents of our own.

`python tests/fuzz/make_corpus.py` writes tests/fuzz/corpus/TARGET/NN. Signatures by ECDSA and
RSA-PSS differ every time, so only missing seeds are written; `--all` writes all of them.
"""

import sys
from pathlib import Path

from targets import TARGETS

CORPUS = Path(__file__).resolve().parent / "corpus"


def main() -> None:
    """Write what is missing."""
    for name, target in TARGETS.items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(target.seeds()):
            path = folder / f"{number:02d}"
            if "--all" in sys.argv or not path.exists():
                path.write_bytes(seed)


if __name__ == "__main__":
    main()
