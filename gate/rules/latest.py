"""Which of the tests that a certificate attests counts as the last.

Certificates write the time of a sample as they like: in any zone, with or without an hour. Their
texts can't be compared; and where they don't say which sample came first, the result that keeps
somebody out counts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import structs

from gate.credential.health import Test
from gate.rules.certlogic import CertLogicError, is_whole_date, moment_of

_DAY = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_RANKS = {True: 2, None: 1, False: 0}
"""Of two results of one time, the higher comes first."""


def last_first(tests: Iterable[Test], zone: tzinfo) -> list[Test]:
    """The same tests, the last first.

    A date without an hour is given as its midnight at the site. For the order, a positive sample
    of such a day was taken at its end, any other at its beginning.

    Where one of them can't be dated (`2022-03` is no moment), nobody knows which is the last: the
    positive ones come first, then those without a date, and a rule that counts from such a date
    can't be applied.
    """
    dated = [_dated(test, zone) for test in tests]
    is_order_known = all(moment for _, moment in dated)

    def key(pair: tuple[Test, datetime | None]) -> tuple[bool, bool, datetime, int]:
        test, moment = pair
        return (
            not is_order_known and test.positive is True,
            moment is None,
            moment or _LONG_AGO,
            _RANKS[test.positive],
        )

    return [test for test, _ in sorted(dated, key=key, reverse=True)]


def _dated(test: Test, zone: tzinfo) -> tuple[Test, datetime | None]:
    """The test as rules see it, and the moment for the order; None where it can't be dated."""
    try:
        moment = moment_of(test.moment)
        if not is_whole_date(test.moment):
            return test, moment
        begin = moment.replace(tzinfo=zone)
        whole = structs.replace(test, moment=begin.isoformat())
        return whole, begin + _DAY if test.positive else begin
    except (CertLogicError, OverflowError):
        return test, None
