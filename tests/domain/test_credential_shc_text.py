"""A card's text is digits, in one code or in several that come in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.model import CredentialError
from gate.credential.shc import chunks
from gate.credential.shc.numeric import CARD_CHARS_MAX, JWS_CHARS_MAX, decode, encode, read_part
from gate.reasons import Reason
from tests.domain.shckit import jws, parts, text

CARD = jws()
WHOLE = text(CARD)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def refusal(payload: bytes) -> Reason | None:
    """Why a text is no part of a card."""
    try:
        decode(read_part(payload).digits)
    except CredentialError as error:
        return error.reason
    return None


def collected(*payloads: bytes, step_ns: int = 0) -> bytes | None:
    """What comes of codes that are shown one after another, so long apart."""
    seen, whole = chunks.EMPTY, None
    for number, payload in enumerate(payloads):
        seen, whole = chunks.taken(seen, payload, 5 + number * step_ns)
    return whole


def test_the_example_of_the_specification() -> None:
    """`X` is 43 ("Encoding QRs"); every card begins with the two characters of `{"`."""
    assert encode(b"X") == b"shc:/43"
    assert decode(b"5676") == b"ey"
    assert WHOLE.startswith(b"shc:/5676")


@given(st.text(ALPHABET, min_size=1, max_size=200))
def test_a_jws_comes_back(characters: str) -> None:
    """Digits lose nothing, and the largest pair takes nothing from its neighbour."""
    assert decode(read_part(encode(characters.encode())).digits) == characters.encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"shc:/",
        b"shc:/5",
        b"shc:/567",
        b"shc:/5678 76",
        b"shc:/5676\n",
        b"shc:/5676 ",
        b"shc:/78",
        b"shc:/99",
        b"shc:/02",  # a slash: between the lowest pair and the highest, and in no JWS
        b"shc:/5a",
        "shc:/\N{ARABIC-INDIC DIGIT FIVE}676".encode(),
        "shc:/5\N{FULLWIDTH DIGIT SIX}76".encode(),
        b"shc:/+1-1",
        b"shc:/-1",
        b"shc:/1/5676",
        b"shc:/1/2/",
        b"shc:/1/2/567",
        b"shc:/0/2/5676",
        b"shc:/3/2/5676",
        b"shc:/1/0/5676",
        b"shc:/01/2/5676",
        b"shc:/1/02/5676",
        b"shc:/-1/2/5676",
        b"shc:/1/33/5676",
        b"shc:/1/100/5676",
        b"shc:/1/2/3/5676",
        b"shc://5676",
    ],
)
def test_texts_that_are_no_card(payload: bytes) -> None:
    """Nothing but pairs of ASCII digits, behind numbers of parts that can be."""
    assert refusal(payload) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("payload", [b"", b"SHC:/5676", b"shc:5676", b"5676", b" shc:/5676"])
def test_the_prefix_is_as_it_is(payload: bytes) -> None:
    """Lower case, with its slash: what lacks it is of another format, or of none."""
    assert refusal(payload) is Reason.CODE_UNKNOWN_FORMAT


def test_the_longest_text() -> None:
    """A text has a bound before anything looks at it."""
    assert refusal(b"shc:/" + b"56" * JWS_CHARS_MAX) is None
    assert refusal(b"shc:/" + b"56" * JWS_CHARS_MAX + b"5") is Reason.CODE_TOO_LONG
    assert refusal(b"shc:/" + b"x" * CARD_CHARS_MAX) is Reason.CODE_TOO_LONG


@pytest.mark.parametrize("total", [1, 2, 3, 17, 32])
def test_parts_in_any_order(total: int) -> None:
    """The whole is the same text, whichever code is read first, and however often."""
    shown = parts(CARD, total)
    assert collected(*shown) == WHOLE
    assert collected(*reversed(shown)) == WHOLE
    assert collected(*shown[:1], *shown[:1], *shown[1:]) == WHOLE
    assert total == 1 or collected(*shown[1:]) is None


def test_a_code_in_one_piece_needs_no_other() -> None:
    """Whatever its format; and what was collected before is forgotten."""
    first, second = parts(CARD, 2)
    assert collected(WHOLE) == WHOLE
    assert collected(first, WHOLE) == WHOLE
    assert collected(b"GP1:ABC") == b"GP1:ABC"
    assert collected(first, b"GP1:ABC", second) is None
    assert collected(first, b"", second) is None


def test_another_total_starts_anew() -> None:
    """A part of another card is not mixed in, nor does it complete one."""
    first, second = parts(CARD, 2)
    other = parts(CARD, 3)
    assert collected(first, other[1], second) is None
    assert collected(first, other[0], other[1], other[2]) == WHOLE
    assert collected(first, other[1], first, second) == WHOLE


def test_another_part_under_the_same_number() -> None:
    """Two cards at once are refused, and nothing is guessed."""
    first, second = parts(CARD, 2)
    seen, whole = chunks.taken(chunks.EMPTY, first, 0)
    assert whole is None
    with pytest.raises(CredentialError) as error:
        chunks.taken(seen, first[:-2] + b"00", 1)
    assert error.value.reason is Reason.CODE_MALFORMED
    assert chunks.taken(seen, second, 2) == (chunks.EMPTY, WHOLE)


def test_parts_are_forgotten() -> None:
    """What one visitor left unfinished is gone before the next one's card."""
    first, second, third = parts(CARD, 3)
    kept_ns = chunks.PART_KEPT_NS
    assert collected(first, second, third, step_ns=kept_ns - 1) == WHOLE
    assert collected(first, second, third, step_ns=kept_ns) is None
    assert collected(first, second, third, first, second, step_ns=kept_ns - 1) is None


def test_parts_of_more_than_a_card() -> None:
    """What is kept has a bound, however many parts there are."""
    half = b"56" * (JWS_CHARS_MAX // 2)
    assert collected(b"shc:/1/2/" + half, b"shc:/2/2/" + half) == b"shc:/" + half * 2
    seen, _ = chunks.taken(chunks.EMPTY, b"shc:/1/2/" + half, 0)
    with pytest.raises(CredentialError) as error:
        chunks.taken(seen, b"shc:/2/2/" + half + b"56", 0)
    assert error.value.reason is Reason.CODE_TOO_LONG


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*parts(CARD, 2), *parts(CARD, 3), WHOLE, b"shc:/0/1/56", b"x"]),
            st.integers(0, 2 * chunks.PART_KEPT_NS),
        ),
        max_size=8,
    )
)
def test_any_codes_in_any_order(shown: list[tuple[bytes, int]]) -> None:
    """The collector refuses with our own error, and what it completes is the card."""
    seen, now_ns = chunks.EMPTY, 0
    for payload, pause_ns in shown:
        now_ns += pause_ns
        try:
            seen, whole = chunks.taken(seen, payload, now_ns)
        except CredentialError:
            seen, whole = chunks.EMPTY, None
        assert whole in (None, WHOLE, b"x")
        assert len(seen.parts) in (0, 2, 3)
