"""Limits of a bundle. Each can be reached only by who has a pinned root key, and by mistake."""

from gate.walltime import SECONDS_PER_DAY

BUNDLE_BYTES_MAX = 8_388_608
"""Of the signed file. Two thousand health keys take 0.3 MiB, each revoked hash 16 bytes."""
PAYLOAD_BYTES_MAX = BUNDLE_BYTES_MAX - 8_192
"""Of what is compiled: it leaves room for the envelope and all signatures."""
ROOTS_MAX = 16
SIGNATURES_MAX = 16
"""Of one bundle; while root keys change, old and new ones sign."""
VERSION_END = 1 << 32
"""Versions lie below. A date with a counter, such as 2026112401, fits."""
CREATED_LEEWAY_S = SECONDS_PER_DAY // 24
"""How far the compiling machine's clock may be ahead of the lane's."""

HCERT_KEYS_MAX = 16_384
"""The EU and its partners had about three thousand."""
SHC_KEYS_MAX = 16_384
VDS_KEYS_MAX = 8_192
VDS_REFUSED_MAX = 8_192
VC_KEYS_MAX = 1_024
ISSUERS_MAX = 1_024
"""The site's own issuers, as many as its trust file can name."""
STATUS_LISTS_MAX = 64
"""Together with their bitmaps they must fit into `BUNDLE_BYTES_MAX`."""
KEYS_PER_ID_MAX = 8
"""A code names an id, and every key under it is tried: 8 wrong signatures cost 0.6 ms."""
HCERT_REVOKED_MAX = 262_144
"""4 MiB of hashes; in memory 24 MiB."""
SHC_REVOKED_MAX = 131_072
"""Revocation ids of all cards together."""
TEXT_CHARS_MAX = 1_024
"""Of an issuer, a key id or a verification method."""
KEY_BYTES_MAX = 1_024
"""SubjectPublicKeyInfo of an RSA key of 4,096 bits has 550."""
