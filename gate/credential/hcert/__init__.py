"""Health certificates behind `HC1:`: the EU's digital COVID certificate and its kin at the WHO.

A base45 text over a zlib stream over a COSE_Sign1 over a CWT with a health claim (Electronic
Health Certificate Specification 1.0.8 of the eHealth Network, 1.1.1 of the WHO). A module a
layer: `envelope` up to the signed message, `claims` the token, `content` what it attests,
`verify` the whole way and its order.
"""

from gate.credential.hcert.verify import FORMAT, PREFIX, read, verify_hcert

__all__ = ["FORMAT", "PREFIX", "read", "verify_hcert"]
