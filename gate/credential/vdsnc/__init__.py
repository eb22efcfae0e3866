"""ICAO's visible digital seal for non-constrained environments (VDS-NC): a JSON text, signed.

Sources: ICAO's Technical Report "VDS-NC: Visible Digital Seal for non-constrained environments"
(2021; a header, a message and a signature zone), Doc 9303 part 13 for seals, part 12 for who may
sign them. Two kinds are known: proof of vaccination (`icao.vacc`, data by WHO) and proof of a test
(`icao.test`, data by CAPSCA).
"""

from gate.credential.vdsnc.seal import FORMAT, PREFIX, read, verify_vdsnc

__all__ = ["FORMAT", "PREFIX", "read", "verify_vdsnc"]
