"""How old a list of public issuers may be."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.credential.health import Health, Vaccination
from gate.credential.model import CredentialKind
from gate.credential.publictrust import EMPTY, PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.standing import (
    AGE_DOUBT_S,
    AGE_REFUSE_S,
    AGE_WARN_S,
    CREATED_LEEWAY_S,
    Standing,
)
from gate.credential.trust import TrustError, issuer_key
from gate.reasons import Reason
from gate.walltime import ClockQuality, WallTime

CREATED_S = 1_800_000_000
LIST = PublicTrust(version=3, created_s=CREATED_S, expires_s=CREATED_S + AGE_REFUSE_S + 1_000)


def aged(age_s: int, quality: ClockQuality = ClockQuality.TRUSTED) -> WallTime:
    return WallTime((CREATED_S + age_s) * 1000, quality=quality)


@pytest.mark.parametrize(
    ("age_s", "standing"),
    [
        (0, Standing.FRESH),
        (-CREATED_LEEWAY_S, Standing.FRESH),
        (-CREATED_LEEWAY_S - 1, Standing.OUTDATED),
        (AGE_WARN_S - 1, Standing.FRESH),
        (AGE_WARN_S, Standing.AGEING),
        (AGE_DOUBT_S - 1, Standing.AGEING),
        (AGE_DOUBT_S, Standing.OLD),
        (AGE_REFUSE_S - 1, Standing.OLD),
        (AGE_REFUSE_S, Standing.OUTDATED),
    ],
)
def test_what_its_age_makes_of_it(age_s: int, standing: Standing) -> None:
    """3 days: a warning. 7: an officer looks. 30: nobody is believed on it."""
    now = aged(age_s)
    assert LIST.standing(now) is standing
    assert LIST.is_outdated(now) == (standing is Standing.OUTDATED)
    assert LIST.doubt(now) is (Reason.TRUST_LIST_OLD if standing is Standing.OLD else None)


def test_the_date_that_it_carries_itself() -> None:
    """Its makers may end it earlier than its age would."""
    short = PublicTrust(version=1, created_s=CREATED_S, expires_s=CREATED_S + 60)
    assert short.standing(aged(59)) is Standing.FRESH
    assert short.standing(aged(60)) is Standing.OUTDATED


@pytest.mark.parametrize("age_s", [0, AGE_REFUSE_S * 3])
def test_an_untrusted_clock_tells_no_age(age_s: int) -> None:
    """Admission refers everybody to an officer then, for the clock."""
    assert LIST.standing(aged(age_s, ClockQuality.UNTRUSTED)) is Standing.FRESH


def test_a_key_is_for_what_it_can_do() -> None:
    """Nobody lists a key under an algorithm that it has nothing to do with, or under none."""
    key = Ed25519PrivateKey.generate().public_key()
    assert SignerKey(key, frozenset({Algorithm.EDDSA}), "XX").usages == frozenset(Usage)
    for algorithms in (frozenset({Algorithm.ES256}), frozenset(), frozenset(Algorithm)):
        with pytest.raises(ValueError, match="can't be used"):
            SignerKey(key, algorithms, "XX")


def test_no_list_has_no_age() -> None:
    """A lane without a list believes no public issuer, and has nothing to warn of."""
    assert EMPTY.is_empty
    assert not LIST.is_empty
    assert EMPTY.standing(aged(0)) is Standing.FRESH


def test_an_office_attests_no_health() -> None:
    """A health certificate comes from a public issuer, and never from a key of the site's own."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(TrustError, match="may issue visitor, appointment, staff"):
        issuer_key(public, "Kantor Contoh", [CredentialKind.VISITOR, CredentialKind.HEALTH])


def test_doses_are_the_highest_that_is_attested() -> None:
    """A booster's certificate alone says of the doses before it."""
    assert Health().doses == 0
    given = (Vaccination("2021-08-17", 1, 2), Vaccination("2021-09-14", 3, 3))
    assert Health(vaccinations=given).doses == 3
