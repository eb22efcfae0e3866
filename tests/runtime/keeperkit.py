"""A lane that keeps a trust bundle: its folders, its root keys, and what it is told."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.trust.keeper import Answer, TrustKeeper
from drivers.trust.kept import BUNDLE_NAME
from gate.credential.bundle import NO_SITE
from gate.credential.trust import TrustList
from tests.domain.bundlekit import NOW, A, raw


def root_block(public: bytes) -> str:
    """Of a file of root keys."""
    return f'[[root]]\nname = "Example"\npublic_key = "{base64.b64encode(public).decode()}"\n'


class Lane:
    """A lane's data folder, a place where bundles are copied to, and what the lane was told."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.source = folder / "boot" / "trust.bundle"
        self.media = folder / "media"
        self.roots = folder / "roots.toml"
        self.source.parent.mkdir()
        self.media.mkdir()
        self.told: list[tuple[Answer, int]] = []
        self.now = NOW

    def pin(self, *keys: Ed25519PrivateKey) -> None:
        """Somebody writes the file of root keys, as a whole."""
        beside = self.roots.with_suffix(".new")
        beside.write_text("".join(root_block(raw(key)) for key in keys))
        beside.replace(self.roots)

    def begin(self, *keys: Ed25519PrivateKey, site: TrustList = NO_SITE) -> TrustKeeper:
        """As the program does at its start."""
        self.pin(*keys or (A,))
        return TrustKeeper(
            self.roots,
            self.data,
            lambda: self.now,
            lambda answer, trust: self.told.append((answer, trust.public.version)),
            site=site,
            source=self.source,
            media=[self.media],
        )

    def kept(self) -> bytes:
        """The bundle that it would begin with again."""
        return (self.data / BUNDLE_NAME).read_bytes()
