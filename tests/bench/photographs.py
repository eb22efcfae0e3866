"""Photographs of QR codes with a manifest, and how a reading of one is scored.

`manifest.jsonl` holds one object a line. Used are `file` (path of a picture), `expected_text` (a
text, a list of texts, or null where nothing may be read) and `n_codes` (codes in the picture,
which can be more than the texts that are known).

A reading is *right* if its bytes are the expected text in one of the encodings that QR codes are
written in. It is *wrong* if it is not right and the picture holds one code, or no other than are
stated. There is one exception: some pictures hold a code that their manifest does not state (a
code within a code, a text that upstream left empty). So a reading that zxing-cpp and ZBar, two
decoders that share no line, both give byte for byte is *disputed*, and listed, but not wrong.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

ENCODINGS = ("utf-8", "cp932", "shift_jis", "latin-1", "gb18030")
SAMPLE = 40
SAMPLE_SEED = 2

Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Photograph:
    """One line of the manifest."""

    path: Path
    texts: frozenset[str]
    codes: int

    def luma(self) -> Luma:
        """(height, width), uint8."""
        with Image.open(self.path) as picture:
            return np.asarray(picture.convert("RGBA").convert("L"))


@dataclass
class Score:
    """What one reader made of all photographs."""

    found: set[tuple[str, str]] = field(default_factory=set)
    """Picture and text of every reading that is right."""
    wrong: list[str] = field(default_factory=list)
    disputed: list[str] = field(default_factory=list)
    false_positives: list[str] = field(default_factory=list)

    @property
    def right(self) -> int:
        """Stated texts that were read."""
        return len(self.found)

    def add(self, photograph: Photograph, payloads: set[bytes], confirmed: set[bytes]) -> None:
        """Count one photograph's readings.

        Args:
            photograph: with what is expected.
            payloads: what the reader gave.
            confirmed: what both engines gave.
        """
        readings = {payload: texts_of(payload) for payload in payloads}
        seen = set().union(*readings.values()) if readings else set()
        self.found |= {(photograph.path.name, text) for text in photograph.texts & seen}
        judged = photograph.codes == 1 or photograph.codes == len(photograph.texts)
        agreed = {text for payload in confirmed for text in texts_of(payload)}
        for payload, texts in readings.items():
            line = f"{photograph.path.name}: {payload[:60]!r}"
            if photograph.codes == 0:
                self.false_positives.append(line)
            elif judged and not texts & photograph.texts:
                (self.disputed if texts & agreed else self.wrong).append(line)


def texts_of(payload: bytes) -> set[str]:
    """The payload as text in every encoding that it is valid in, line ends and margins aside."""
    texts = set()
    for encoding in ENCODINGS:
        try:
            texts.add(_plain(payload.decode(encoding)))
        except UnicodeDecodeError:
            continue
    return texts


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def default_folder() -> Path:
    """Where the photographs lie unless told otherwise."""
    data = os.environ.get("GATE_CONFORMANCE_DATA")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return (Path(data) if data else beside) / "qr"


def load(folder: Path, *, quick: bool) -> list[Photograph]:
    """The photographs of a folder; with `quick` the same few of them each time.

    Raises:
        FileNotFoundError: no manifest there.
    """
    found = []
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        expected = entry["expected_text"]
        texts = [] if expected is None else [expected] if isinstance(expected, str) else expected
        known = frozenset(_plain(text) for text in texts) - {""}
        found.append(Photograph(folder / entry["file"], known, entry["n_codes"]))
    if quick:
        found = random.Random(SAMPLE_SEED).sample(found, min(SAMPLE, len(found)))
    return found
