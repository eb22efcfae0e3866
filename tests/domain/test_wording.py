"""What a visitor and an officer read: every screen, every reason, in both languages."""

import re

import pytest

from gate import wording
from gate.advice import ADVICE, ADVICE_CHARS_MAX
from gate.commands import Screen, Show
from gate.interlock import STAGE_MODES
from gate.policy import ADVISORY, ChamberMode, ChamberPolicy, Policy, TemperaturePolicy
from gate.reasons import Reason
from gate.wording import CHAMBER_SIGNS, SIGNS, Sign, Words, referral, sign_of

HEALTH_CENTRE = "Puskesmas Contoh, Jalan Contoh 1"
TOLD_OF_NOBODY = re.compile(
    r"fever|temperature|degree|°|\bill\b|sick|virus|vaccin|dose|refus|denied|forged|expired"
    r"|demam|suhu|derajat|sakit|vaksin|dosis|ditolak|palsu|kedaluwarsa",
    re.IGNORECASE,
)
"""Words that a visitor's screen never carries: the next in the queue reads them too."""
EVERY_SIGN = [
    *(pytest.param(sign, id=str(screen)) for screen, sign in SIGNS.items()),
    *(pytest.param(sign, id=f"chamber-{mode}") for mode, sign in CHAMBER_SIGNS.items()),
]
REFUSALS = (Screen.SEE_STAFF, Screen.REFUSED)


def both(words: Words) -> tuple[str, str]:
    return words.indonesian, words.english


def everything(sign: Sign) -> str:
    return "\n".join((*both(sign.headline), *both(sign.instruction)))


def shown(screen: Screen, policy: Policy | None = None, refer_to: str | None = None) -> Sign:
    return sign_of(Show(screen, refer_to=refer_to), policy or Policy())


def with_chamber(mode: ChamberMode) -> Policy:
    return Policy(chamber=ChamberPolicy(mode=mode, accept_advisory=ADVISORY))


def test_every_screen_and_every_reason_has_its_words() -> None:
    """A new member without words is found here, and not by a visitor."""
    assert set(SIGNS) == set(Screen)
    assert set(ADVICE) == set(Reason)
    assert set(CHAMBER_SIGNS) == STAGE_MODES


@pytest.mark.parametrize("sign", EVERY_SIGN)
def test_a_headline_is_short_enough_to_be_read_from_afar(sign: Sign) -> None:
    """One to four words of letters alone, in either language."""
    for headline in both(sign.headline):
        assert re.fullmatch(r"[A-Z][A-Za-z]*(?: [A-Za-z]+)*", headline)
        assert 1 <= len(headline.split()) <= wording.HEADLINE_WORDS_MAX
        assert len(headline) <= wording.HEADLINE_CHARS_MAX


@pytest.mark.parametrize("sign", EVERY_SIGN)
def test_an_instruction_is_one_line(sign: Sign) -> None:
    """Whole sentences that fit, and not the same text twice."""
    indonesian, english = both(sign.instruction)
    assert indonesian != english
    for instruction in (indonesian, english):
        assert re.fullmatch(r"[A-Z].*\.", instruction)
        assert len(instruction) <= wording.INSTRUCTION_CHARS_MAX


@pytest.mark.parametrize("sign", EVERY_SIGN)
def test_a_visitors_screen_tells_the_queue_nothing(sign: Sign) -> None:
    """No number at all, no word of health, of papers or of a refusal."""
    text = everything(sign)
    assert not TOLD_OF_NOBODY.search(text)
    assert not re.search(r"\d", text)


@pytest.mark.parametrize("screen", REFUSALS)
def test_a_refusal_looks_like_a_question_for_staff(screen: Screen) -> None:
    """Whoever is refused and whoever only needs help stand before the same headline."""
    assert both(SIGNS[screen].headline) == ("Mohon ke petugas", "Please see staff")


@pytest.mark.parametrize("screen", Screen)
def test_nothing_is_left_to_be_filled_in(screen: Screen) -> None:
    """Whatever the lane shows, the visitor reads words, whatever the chamber does."""
    for mode in ChamberMode:
        assert "{" not in everything(shown(screen, with_chamber(mode)))


@pytest.mark.parametrize("mode", ChamberMode)
def test_the_chamber_says_what_to_do_at_it(mode: ChamberMode) -> None:
    """Hands, shoes, or a wait inside; where it is no part of a visit, something true of all."""
    expected = CHAMBER_SIGNS.get(mode, SIGNS[Screen.CHAMBER])
    assert shown(Screen.CHAMBER, with_chamber(mode)) == expected


@pytest.mark.parametrize("mode", [ChamberMode.AIR, ChamberMode.MIST])
def test_whoever_is_shut_in_may_leave_and_knows_it(mode: ChamberMode) -> None:
    """Egress is free, and the sign inside says so."""
    indonesian, english = both(CHAMBER_SIGNS[mode].instruction)
    assert "Anda boleh keluar kapan saja" in indonesian
    assert "You may leave at any time" in english


@pytest.mark.parametrize(
    ("rest_s", "minutes"), [(300.0, "5"), (301.0, "6"), (60.0, "1"), (0.1, "1")]
)
def test_a_rest_is_as_long_as_the_site_says(rest_s: float, minutes: str) -> None:
    """Rounded up: nobody is sent back because the sign was too hopeful."""
    site = Policy(temperature=TemperaturePolicy(recheck_after_s=rest_s))
    for instruction in both(shown(Screen.SIT_DOWN, site).instruction):
        assert re.findall(r"\d+", instruction) == [minutes]


@pytest.mark.parametrize("refer_to", [HEALTH_CENTRE, f" {HEALTH_CENTRE}. "])
def test_a_referral_names_the_place_that_the_policy_names(refer_to: str) -> None:
    """The headline stays the neutral one; the instruction says where staff sends the visitor."""
    sign = shown(Screen.SEE_STAFF, refer_to=refer_to)
    assert sign.headline == SIGNS[Screen.SEE_STAFF].headline
    assert sign.instruction == referral(HEALTH_CENTRE)
    for instruction in both(sign.instruction):
        assert instruction.endswith(f" {HEALTH_CENTRE}.")


def test_a_place_with_braces_in_its_name_is_only_a_name() -> None:
    """What the policy says is put in as it is, and is no template of its own."""
    assert "{minutes} {place}" in referral("{minutes} {place}").english


@pytest.mark.parametrize("reason", Reason)
def test_the_officer_reads_what_it_is_and_what_to_do(reason: Reason) -> None:
    """Two things in one line, in either language: never a number, never a code word."""
    indonesian, english = both(ADVICE[reason])
    assert indonesian != english
    for sentence in (indonesian, english):
        assert re.fullmatch(r"[A-Z][^_\d°]*[.;:,][^_\d°]*\.", sentence)
        assert len(sentence) <= ADVICE_CHARS_MAX
