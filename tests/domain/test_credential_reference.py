"""The reference page of the native pass shows what the code makes.

`python tests/domain/test_credential_reference.py` writes the page's made parts anew.
"""

import re
from pathlib import Path

import segno
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.credential import base45, proof
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import (
    DOSES_MAX,
    GROUP_MAX,
    PASS_BYTES_MAX,
    PREFIX,
    PassClaims,
    issue,
    signed_bytes_of,
)
from gate.credential.status import STATUS_BYTES_MAX, STATUS_INDEX_END
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import PAYLOAD_CHARS_MAX, verify
from gate.credential.window import START_LEEWAY_S
from gate.reasons import Reason
from gate.walltime import TIME_S_END, WallTime

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "native-pass.md"
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
CLAIMS = PassClaims(CredentialKind.VISITOR, 1_048_575, 1_800_003_600, doses=2)
HOLDER = derive_private_key(
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, SECP256R1()
)
"""RFC 6979 appendix A.2.5."""
POINT = HOLDER.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
BADGE = PassClaims(CredentialKind.STAFF, 7, 1_830_000_000, holder_key=POINT)
STEP = 60_000_000
LAST = STATUS_INDEX_END - 1
LARGEST = {
    "visitor": PassClaims(CredentialKind.VISITOR, LAST, TIME_S_END - 1, doses=2),
    "visitor, a group": PassClaims(CredentialKind.VISITOR, LAST, TIME_S_END - 1, group=GROUP_MAX),
    "appointment": PassClaims(CredentialKind.APPOINTMENT, LAST, TIME_S_END - 1, TIME_S_END - 2),
    "appointment, a group": PassClaims(
        CredentialKind.APPOINTMENT, LAST, TIME_S_END - 1, TIME_S_END - 2, group=GROUP_MAX
    ),
    "staff": PassClaims(CredentialKind.STAFF, LAST, TIME_S_END - 1),
    "staff, with a start, duress": PassClaims(
        CredentialKind.STAFF, LAST, TIME_S_END - 1, TIME_S_END - 2, duress=True
    ),
    "staff, bound to a phone": PassClaims(
        CredentialKind.STAFF, LAST, TIME_S_END - 1, TIME_S_END - 2, 2, 1, True, POINT
    ),
}
STEPS = (
    (1, "array of 4"),
    (1, "protected: byte string of 9"),
    (1, "  map of 2"),
    (2, "  1: -8, the algorithm EdDSA"),
    (2, "  4: byte string of 4"),
    (4, "    the key id"),
    (1, "unprotected: empty map"),
    (1, "payload: byte string of 20"),
    (1, "  map of 2"),
    (2, "  4: 32-bit integer"),
    (4, "    1800003600, expires"),
    (5, "  -65537:"),
    (1, "  array of 3"),
    (1, "    0, visitor"),
    (5, "    1048575, status index"),
    (1, "    2 doses"),
    (2, "signature: byte string of 64"),
    (32, "  R"),
    (32, "  S"),
)


def example() -> str:
    """One pass, byte by byte."""
    text = issue(CLAIMS, KEY)
    data = base45.decode(text[len(PREFIX) :].encode())
    public = KEY.public_key().public_bytes_raw()
    trust = trust_list([issuer_key(public, "Example office", PASS_KINDS)])
    credential = verify(text.encode(), trust, WallTime(1_800_000_000_000))
    lines = [
        f"Public key `{public.hex()}`. The text:",
        "",
        "```",
        text,
        "```",
        "",
        "Its bytes:",
        "",
    ]
    lines += ["```"]
    at = 0
    for size, meaning in STEPS:
        chunks = [data[at : at + size][i : i + 16].hex() for i in range(0, size, 16)]
        lines += [f"{at:>3}  {chunks[0]:<32}  {meaning}", *(f"     {more}" for more in chunks[1:])]
        at += size
    assert at == len(data)
    lines += ["```", "", f"Holder `{credential.holder}`, replay key `{credential.replay_key}`."]
    return "\n".join(lines)


def live_code(badge: PassClaims, step: int) -> str:
    """A live code whose signature has no chance in it (RFC 6979)."""
    signed = signed_bytes_of(issue(badge, KEY).encode())
    made = HOLDER.sign(
        proof.to_be_signed(signed, step), ECDSA(SHA256(), deterministic_signing=True)
    )
    r, s = decode_dss_signature(made)
    return proof.assemble(signed, step, r.to_bytes(32) + s.to_bytes(32))


def live() -> str:
    """One badge, and what its phone shows in one half minute."""
    badge = issue(BADGE, KEY)
    signed = proof.to_be_signed(signed_bytes_of(badge.encode()), STEP)
    return "\n".join(
        (
            f"Holder's public key `{POINT.hex()}`. The badge, and the live code of step {STEP}:",
            "",
            "```",
            badge,
            live_code(BADGE, STEP),
            "```",
            "",
            "Signed by the holder's key:",
            "",
            "```",
            *(signed.hex()[at : at + 64] for at in range(0, 2 * len(signed), 64)),
            "```",
        )
    )


def sizes() -> str:
    """The table of the largest passes."""
    lines = ["| pass | bytes | characters | QR version |", "|---|---|---|---|"]
    texts = {name: issue(claims, KEY) for name, claims in LARGEST.items()}
    texts["the same, shown live"] = live_code(LARGEST["staff, bound to a phone"], STEP)
    for name, text in texts.items():
        size = len(base45.decode(text.partition(":")[2].encode()))
        version = segno.make_qr(text, error="m", boost_error=False).designator
        lines.append(f"| {name} | {size} | {len(text)} | {version} |")
    return "\n".join(lines)


def renewed(page: str) -> str:
    """The page with its made parts as the code makes them now."""
    for name, made in (("example", example()), ("live", live()), ("sizes", sizes())):
        found = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- end of {name} -->", page, re.DOTALL)
        assert found is not None
        page = page[: found.start(1)] + made + "\n" + page[found.end(1) :]
    return page


def test_the_page_is_not_stale() -> None:
    """Example and sizes are those of this code; run this file as a script to renew them."""
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page


def test_the_page_states_the_limits_of_the_code() -> None:
    """Numbers that are written in prose are the constants."""
    page = PAGE.read_text(encoding="utf-8")
    for stated in (
        f"at most {PAYLOAD_CHARS_MAX:,} bytes",
        f"with {START_LEEWAY_S} s leeway",
        f"0 to {LAST:,}",
        f"0 to {DOSES_MAX},",
        f"2 to {GROUP_MAX},",
        f"{STATUS_BYTES_MAX:,} bytes",
        f"at most {PASS_BYTES_MAX} signed bytes",
        f"at most {proof.PROOF_BYTES_MAX} bytes",
        f"of {proof.STEP_S} seconds",
    ):
        assert stated in page


OF_OTHERS = {
    Reason.CODE_SPLIT,  # found by the code reader, before there is a payload
    Reason.CODE_TOO_LARGE,  # of formats that inflate
    Reason.CREDENTIAL_ISSUER_MISMATCH,
    Reason.CREDENTIAL_ISSUER_EXPIRED,
    Reason.CREDENTIAL_CONTENT,  # of public certificates
}


def test_the_page_names_every_reason_in_its_order() -> None:
    """The reasons of a code, of a credential and of a proof, first named in the enum's order."""
    page = PAGE.read_text(encoding="utf-8").partition("## What a gate checks")[2]
    named = list(dict.fromkeys(re.findall(r"\| `((?:code|credential|proof)_\w+)` \|", page)))
    listed = [r for r in Reason if r.startswith(("code_", "credential_", "proof_"))]
    assert named == [reason for reason in listed if reason not in OF_OTHERS]


def test_the_live_example_holds() -> None:
    """What the page shows is what a gate takes in that half minute."""
    public = KEY.public_key().public_bytes_raw()
    trust = trust_list([issuer_key(public, "Example office", PASS_KINDS)])
    now = WallTime(STEP * proof.STEP_S * 1000)
    assert verify(live_code(BADGE, STEP).encode(), trust, now).holder == "21fe31df:7"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
