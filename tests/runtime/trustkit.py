"""A country whose certificates a lane believes by a signed list, for tests of the program."""

import base64
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from gate.credential.bundle import encode, sign
from gate.credential.publictrust import SignerKey
from gate.walltime import SECONDS_PER_DAY
from tests.domain import hcertkit

ROOT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def write_roots(path: Path, key: Ed25519PrivateKey = ROOT_KEY) -> Path:
    """The file of the one key that signs the list."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    path.write_text(f'threshold = 1\n\n[[root]]\nname = "Contoh"\npublic_key = "{public}"\n')
    return path


def write_bundle(
    path: Path,
    *signers: SignerKey,
    version: int = 1,
    age_s: int = 60,
    key: Ed25519PrivateKey = ROOT_KEY,
) -> Path:
    """A list of these signers, made so long ago; the file is replaced as a whole."""
    trust = hcertkit.trusting(*signers, created_s=int(time.time()) - age_s)
    public = structs.replace(trust.public, version=version, hcert=trust.public.hcert)
    payload = encode(structs.replace(trust, public=public))
    beside = path.with_suffix(".part")
    beside.write_bytes(sign(payload, [key]))
    return beside.replace(path)


def vaccinated(doses: int = 1) -> bytes:
    """The text of a certificate of now."""
    now_s = int(time.time())
    return hcertkit.certificate(
        {1: hcertkit.dcc(dn=doses)}, expires=now_s + SECONDS_PER_DAY, issued=now_s - 60
    )
