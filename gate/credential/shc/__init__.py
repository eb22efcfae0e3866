"""SMART Health Cards (`shc:/`), the framework of https://spec.smarthealth.cards: from the digits
of one code or several to a compact JWS, its claims, and what they attest.
"""

from gate.credential.shc.card import FORMAT, read, verify_jws, verify_shc
from gate.credential.shc.numeric import CARD_CHARS_MAX, PREFIX

__all__ = ["CARD_CHARS_MAX", "FORMAT", "PREFIX", "read", "verify_jws", "verify_shc"]
