"""The credential that a genuine public certificate becomes, the same whatever its format."""

import hashlib

from gate.credential.covid import covid_doses
from gate.credential.health import Content
from gate.credential.model import Credential, CredentialKind, Examined
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.window import Window
from gate.walltime import WallTime

REPLAY_KEY_BYTES = 16


def certified(
    form: str,
    signer: SignerKey,
    signed: bytes,
    holds: Window,
    content: Content,
    public: PublicTrust,
    now: WallTime,
) -> Examined:
    """What the lane is told, and beside it what only the desk may see.

    `signed` is what the issuer stated, in the one form that no holder can write in another way: it
    is what is remembered of a certificate, and all by which it is told from others.
    """
    replay_key = hashlib.sha256(signed).digest()[:REPLAY_KEY_BYTES].hex()
    return Examined(
        Credential(
            format=form,
            kind=CredentialKind.HEALTH,
            issuer=signer.issuer,
            replay_key=replay_key,
            holder=f"{form}:{replay_key}",
            valid_from_s=holds.from_s,
            valid_until_s=holds.until_s,
            doses=covid_doses(content.health),
            one_time=False,
            doubt=public.doubt(now),
        ),
        content,
    )
