"""Which test counts as the last, however its time is written."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.health import Test as Sample  # pytest would collect a Test
from gate.rules.latest import last_first

JAKARTA = timezone(timedelta(hours=7))
POSITIVE, NEGATIVE, NEITHER = True, False, None


def last(*samples: tuple[str, bool | None]) -> bool | None:
    """The result that counts, in whatever order the certificate has them."""
    tests = [Sample(moment, result) for moment, result in samples]
    there, back = last_first(tests, JAKARTA), last_first(reversed(tests), JAKARTA)
    assert there[0] == back[0]
    return there[0].positive


@pytest.mark.parametrize(
    ("samples", "result"),
    [
        # 07:00 in Greenwich, and two hours later
        ((("2022-03-01T14:00:00+07:00", NEGATIVE), ("2022-03-01T09:00:00Z", POSITIVE)), POSITIVE),
        # 01:00 on the next day, and half an hour before
        ((("2022-02-28T20:00:00-05:00", NEGATIVE), ("2022-03-01T00:30:00Z", POSITIVE)), NEGATIVE),
        ((("2022-03-01T07:00:00.9Z", NEGATIVE), ("2022-03-01T07:00:00Z", POSITIVE)), NEGATIVE),
        ((("2022-03-01T14:00:00+07:00", NEGATIVE), ("2022-03-01T07:00:00Z", POSITIVE)), POSITIVE),
        ((("2022-03-01T14:00:00+07:00", NEGATIVE), ("2022-03-01T07:00:00Z", NEITHER)), NEITHER),
    ],
)
def test_moments_are_compared_and_not_texts(
    samples: tuple[tuple[str, bool | None], ...], result: bool | None
) -> None:
    """Zones and fractions are looked at; at one moment the result that keeps out counts."""
    assert last(*samples) is result


@pytest.mark.parametrize(
    ("samples", "result"),
    [
        ((("2022-03-01T23:00:00+07:00", NEGATIVE), ("2022-03-01", POSITIVE)), POSITIVE),
        ((("2022-03-02T00:30:00+07:00", NEGATIVE), ("2022-03-01", POSITIVE)), NEGATIVE),
        ((("2022-03-01T00:30:00+07:00", POSITIVE), ("2022-03-01", NEGATIVE)), POSITIVE),
        ((("2022-02-28T23:30:00+07:00", POSITIVE), ("2022-03-01", NEGATIVE)), NEGATIVE),
        ((("2022-03-01", NEGATIVE), ("2022-03-01", POSITIVE), ("2022-03-01", NEITHER)), POSITIVE),
        ((("2022-03-01", NEGATIVE), ("2022-03-01", NEITHER)), NEITHER),
    ],
)
def test_of_a_day_without_an_hour_the_positive_sample_counts(
    samples: tuple[tuple[str, bool | None], ...], result: bool | None
) -> None:
    """It may have been the last one of that day at the site, and not of the next."""
    assert last(*samples) is result


def test_a_date_is_given_as_the_site_s_midnight() -> None:
    """So that a rule counts its hours from there; any other moment stays as it is written."""
    tests = [Sample("2022-03-01", NEGATIVE), Sample("2022-03-01T08:00:00Z", NEGATIVE)]
    assert [each.moment for each in last_first(tests, JAKARTA)] == [
        "2022-03-01T08:00:00Z",
        "2022-03-01T00:00:00+07:00",
    ]


@pytest.mark.parametrize("vague", ["2022-03", "2022", "", "soon", "2022-02-30"])
def test_where_one_can_t_be_dated_nobody_knows_the_last(vague: str) -> None:
    """A positive one counts, wherever it stands; else the vague one, which a rule can't count
    from."""
    when = "2022-03-05T08:00:00Z"
    assert last((vague, POSITIVE), (when, NEGATIVE)) is POSITIVE
    assert last((vague, NEGATIVE), (when, POSITIVE)) is POSITIVE
    tests = [Sample(when, NEGATIVE), Sample(vague, NEGATIVE)]
    assert [each.moment for each in last_first(tests, JAKARTA)] == [vague, when]


def test_the_last_day_of_all_calendars_has_no_end() -> None:
    """It can't be dated, and nothing is raised."""
    assert last(("9999-12-31", POSITIVE), ("2022-03-05T08:00:00Z", NEGATIVE)) is POSITIVE


@given(
    st.lists(
        st.builds(
            Sample,
            st.text("0123456789-:.TZ+", max_size=26) | st.datetimes().map(lambda at: f"{at}"),
            st.none() | st.booleans(),
        ),
        max_size=8,
    )
)
def test_none_is_lost_and_nothing_is_raised(tests: list[Sample]) -> None:
    """Whatever a certificate wrote for a time."""
    assert len(last_first(tests, JAKARTA)) == len(tests)
