"""A pseudonym joins the records of one day and of no two."""

import pytest

from gate.credential.pseudonym import daily_pseudonym


def test_one_name_a_day() -> None:
    """The same all day, another for another pass, another on another day."""
    monday, tuesday = bytes(32), bytes([1]) * 32
    name = daily_pseudonym(monday, "00112233:7")
    assert name == daily_pseudonym(monday, "00112233:7")
    assert name != daily_pseudonym(monday, "00112233:8")
    assert name != daily_pseudonym(tuesday, "00112233:7")


def test_its_form_is_pinned() -> None:
    """16 hex digits of HMAC-SHA-256: pinned, since records of a day must join over a restart."""
    assert daily_pseudonym(bytes(32), "00112233:7") == "800e926b0d63efbd"


def test_a_short_key_is_our_bug() -> None:
    """A key that is not 32 bytes could be tried out; it is never used."""
    with pytest.raises(ValueError, match="32 bytes"):
        daily_pseudonym(b"", "00112233:7")
