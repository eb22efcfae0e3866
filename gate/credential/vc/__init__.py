"""W3C verifiable credentials as PeduliLindungi and DIVOC issued them: signed JSON-LD in a ZIP.

An optional extra: needs PyLD (`gerbang[vc]`), which `canonical` alone imports. Nothing else of
the gate imports this package; whoever has PyLD adds `FORMATS` to those of
`gate.credential.verify`.

PeduliLindungi wrote `B64:` and the base64 of the ZIP into its QR codes, DIVOC (India, Sri Lanka,
the Philippines) the ZIP's bytes. Sources: W3C Verifiable Credentials Data Model 1.1; Linked Data
Proofs 1.0 and its suites of 2018 (W3C CCG); the contexts of egovernments/DIVOC.
"""

from collections.abc import Mapping
from types import MappingProxyType

from gate.credential.vc.certificate import FORMAT, PREFIX, PREFIX_ZIP, read, verify_vc
from gate.credential.verify import Verifier

__all__ = ["FORMAT", "FORMATS", "PREFIX", "PREFIX_ZIP", "read", "verify_vc"]

FORMATS: Mapping[bytes, Verifier] = MappingProxyType({PREFIX: verify_vc, PREFIX_ZIP: verify_vc})
"""Prefix → format, as in `gate.credential.verify.FORMATS`."""
