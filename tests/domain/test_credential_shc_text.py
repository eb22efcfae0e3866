"""A card's text is digits, in one code or in several that come in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.model import CredentialError
from gate.credential.shc import chunks
from gate.credential.shc.numeric import CARD_CHARS_MAX, JWS_CHARS_MAX, decode, encode, read_part
from gate.reasons import Reason
from tests.domain.shckit import claims, credential, immunization, jws, parts, text

CARD = jws()
OTHER = jws(claims(vc=credential(immunization("2021-06-02"))))
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


def test_a_code_in_one_piece_is_the_first_of_one() -> None:
    found = read_part(WHOLE)
    assert (found.index, found.total) == (1, 1)


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


def test_a_part_of_the_next_visitors_card() -> None:
    """Another part under a number that was seen is not mixed in, and nobody is refused for what
    somebody else left."""
    theirs = parts(OTHER, 3)
    first, second, third = parts(CARD, 3)
    assert collected(theirs[0], first, second, third) == WHOLE
    assert collected(theirs[0], theirs[1], first, second, third) == WHOLE
    assert collected(first, theirs[0], first, second, third) == WHOLE
    assert collected(first, theirs[0], *theirs[1:]) == text(OTHER)


def test_the_card_before_stays_in_view() -> None:
    """Its parts are read again until its visitor walks on; they never complete the next card."""
    theirs, ours = parts(OTHER, 2), parts(CARD, 2)
    for left in theirs:
        assert collected(*theirs, left, left, *ours) == WHOLE
        assert collected(*theirs, left, *reversed(ours)) == WHOLE
    assert collected(*theirs, *ours, ours[1], *theirs) == text(OTHER)
    late = collected(*theirs, theirs[1], *ours, step_ns=chunks.PART_KEPT_NS - 1)
    assert late == WHOLE


def test_a_card_is_shown_once_more() -> None:
    """All of its parts again are the card again: its visitor may have been sent back."""
    shown = parts(CARD, 3)
    assert collected(*shown, *shown) == WHOLE
    assert collected(*shown, *reversed(shown)) == WHOLE
    assert collected(*shown, *shown[:2]) is None


def test_a_mixture_of_two_cards_costs_one_more_look() -> None:
    """The last part that somebody left and the first of the next visitor make a card of nobody,
    which no signature fits; shown once more, the visitor's own is complete."""
    theirs, ours = parts(OTHER, 2), parts(CARD, 2)
    mixed = collected(theirs[1], ours[0])
    assert mixed not in (None, WHOLE, text(OTHER))
    assert collected(theirs[1], ours[0], ours[1], ours[0]) == WHOLE
    assert collected(theirs[1], ours[0], ours[0], ours[1], ours[0]) == WHOLE


def test_nothing_of_a_complete_card_is_kept() -> None:
    """Its parts are known again by digests."""
    seen = chunks.EMPTY
    shown = parts(CARD, 2)
    for part in shown:
        seen, _ = chunks.taken(seen, part, 0)
    assert seen.parts == (b"", b"")
    assert shown[0][len("shc:/1/2/") :] not in seen.done


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
    more = b"shc:/2/2/" + half + b"56"
    assert collected(b"shc:/1/2/" + half, more) is None
    own = b"shc:/1/2/" + half[:-2]
    assert collected(b"shc:/1/2/" + half, more, own) == b"shc:/" + half[:-2] + half + b"56"


def joined(*payloads: bytes) -> bytes | Reason:
    """The card that these are said to be, or why they are none."""
    try:
        return chunks.joined(payloads)
    except CredentialError as error:
        return error.reason


def test_parts_that_are_said_to_be_of_one_card() -> None:
    """All of them, in any order, and nothing else: here no visitor comes after another."""
    first, second = parts(CARD, 2)
    assert joined(first, second) == joined(second, first, second) == joined(WHOLE) == WHOLE
    assert joined(first) is joined(second, second) is joined() is Reason.CODE_SPLIT
    assert joined(first, parts(OTHER, 2)[0]) is Reason.CODE_MALFORMED
    assert joined(first, second, parts(OTHER, 2)[1]) is Reason.CODE_MALFORMED
    assert joined(first, parts(CARD, 3)[1]) is Reason.CODE_MALFORMED
    assert joined(first, b"shc:/0/2/5676") is Reason.CODE_MALFORMED
    assert joined(b"GP1:ABC") is Reason.CODE_UNKNOWN_FORMAT
    half = b"56" * (JWS_CHARS_MAX // 2)
    assert joined(b"shc:/1/2/" + half, b"shc:/2/2/" + half) == b"shc:/" + half * 2
    assert joined(b"shc:/1/2/" + half, b"shc:/2/2/" + half + b"56") is Reason.CODE_TOO_LONG


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
