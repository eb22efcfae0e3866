"""A name for a pass that lasts a day: records can be joined within it, and not beyond."""

import hashlib
import hmac

DAY_KEY_BYTES = 32
PSEUDONYM_CHARS = 16


def daily_pseudonym(day_key: bytes, holder: str) -> str:
    """16 hex digits of HMAC-SHA-256 (RFC 2104) of the holder id under the day's key.

    `day_key` is `DAY_KEY_BYTES` random bytes that the lane makes each day and forgets after it:
    with the key gone, nobody can link two days or find the holder by trying all.
    """
    if len(day_key) != DAY_KEY_BYTES:
        raise ValueError(f"a day's key has {DAY_KEY_BYTES} bytes")
    return hmac.digest(day_key, holder.encode(), hashlib.sha256).hex()[:PSEUDONYM_CHARS]
