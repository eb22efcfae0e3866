"""Dated health rules of a site: which set holds on a day, and what it says of a certificate.

A rule set is data: an ordered table of statuses, each with a CertLogic expression, and a last
word for whoever none of them fits. The first that holds wins. Where a rule can't be applied to a
certificate, or the site's rules leave its kind without one that day, an officer looks; no
certificate and no rule ends in an error.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from gate.credential.health import Health, Recovery, Test, Vaccination
from gate.credential.model import CredentialKind, Examined, Verdict
from gate.outcome import Outcome
from gate.rules.certlogic import CertLogicError, Evaluator, is_truthy
from gate.rules.latest import last_first
from gate.walltime import ClockQuality, WallTime
from gate.wording import Words

UNCLEAR = "unclear"
"""Status where a rule can't be applied: no rule set may call one of its own so."""
UNDATED = "undated"
"""Stands for the rule set where nobody knows which day it is."""
NO_RULE = "no_rule"
"""Status where the site has rules for the kind of credential, and none of them holds that day for
its format: no rule set may call one of its own so."""
NONE = "none"
"""Stands for the rule set then."""
WORDS_UNCLEAR = Words(
    "Aturan tidak dapat diterapkan pada sertifikat ini. Periksa sendiri.",
    "The rules can't be applied to this certificate. Look at it yourself.",
)
WORDS_NO_RULE = Words(
    "Hari ini tidak ada aturan yang berlaku untuk sertifikat jenis ini. Periksa sendiri.",
    "No rule holds today for this sort of certificate. Look at it yourself.",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()


class Source(Struct, frozen=True):
    """Where a rule set comes from, for whoever doubts it."""

    citation: str
    """The decree, or who reported it."""
    dated: date
    """Of the decree or the report."""
    url: str = ""
    """For people. No program follows it."""
    note: str = ""
    """What the source does not say and was decided here."""


class Status(Struct, frozen=True):
    """One line of the table."""

    name: str
    """Such as a colour; no code reads a meaning in it."""
    outcome: Outcome
    words: Words
    """For the officer."""
    when: object = True
    """A CertLogic expression; the line holds where its value is truthy."""
    fact: str = ""
    """What the rule file calls that expression, where it has a name."""


class RuleSet(Struct, frozen=True):
    """The rules from one day on, for some credentials."""

    id: str
    dated: date
    """First day on which it holds, by the site's calendar."""
    source: Source
    statuses: tuple[Status, ...]
    otherwise: Status
    """Where none of them holds; its `when` is not looked at."""
    until: date | None = None
    """Last day on which it holds; None until a newer one of the same id."""
    kinds: frozenset[CredentialKind] = frozenset({CredentialKind.HEALTH})
    formats: frozenset[str] = frozenset()
    """Empty is every format."""
    diseases: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    """Vaccinations against other diseases are not seen, nor those that name no disease and
    another product; nor tests of and recoveries from other diseases. Two empty sets let
    everything be seen. Upper and lower case are the same; a `*` at the end is any ending."""
    value_sets: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    @property
    def name(self) -> str:
        """Identifier with the date, as a verdict carries it."""
        return f"{self.id}@{self.dated.isoformat()}"

    def is_for(self, kind: CredentialKind, form: str) -> bool:
        """Whether it says anything of such credentials."""
        return kind in self.kinds and (not self.formats or form in self.formats)

    def sees(self, attested: Vaccination | Test | Recovery) -> bool:
        """Whether it is of a disease that the rules are about.

        A vaccination of which no disease is said goes by its product; a test or a recovery is
        seen then: formats that leave the disease out know only one.
        """
        if not self.diseases and not self.products:
            return True
        if attested.disease:
            return _is_among(attested.disease, self.diseases)
        return not isinstance(attested, Vaccination) or _is_among(attested.product, self.products)


class Judgement(Struct, frozen=True):
    """A verdict, with what an officer reads beside it."""

    verdict: Verdict
    words: Words


def judge(rule_sets: Iterable[RuleSet], examined: Examined, now: WallTime) -> Verdict | None:
    """What the rules of the day say of a verified credential; None where there are none for it.

    On an untrusted clock nobody knows which rules hold: an officer looks. He does too where there
    are rules for such a kind of credential and none holds on the day or fits the format, because
    rules that have run out, or that name one format, let nobody in by saying nothing.

    Never raises, whatever the certificate holds; bounded by `certlogic.STEPS_MAX` steps.
    """
    judgement = judge_in_words(rule_sets, examined, now)
    return None if judgement is None else judgement.verdict


def judge_in_words(
    rule_sets: Iterable[RuleSet], examined: Examined, now: WallTime
) -> Judgement | None:
    """As `judge`, with the words of the line that holds."""
    credential = examined.credential
    meant = [each for each in rule_sets if credential.kind in each.kinds]
    if not meant:
        return None
    if now.quality is ClockQuality.UNTRUSTED:
        return _unclear(UNDATED)
    rule_set = in_force(meant, credential.kind, credential.format, now.civil_day)
    if rule_set is None:
        return Judgement(Verdict(Outcome.OFFICER, NO_RULE, NONE), WORDS_NO_RULE)
    try:
        status = _first(rule_set, facts(rule_set, examined, now))
    except CertLogicError:
        return _unclear(rule_set.name)
    return Judgement(Verdict(status.outcome, status.name, rule_set.name), status.words)


def in_force(
    rule_sets: Iterable[RuleSet], kind: CredentialKind, form: str, civil_day: int
) -> RuleSet | None:
    """The set that such credentials are judged by on a day (days since 1970-01-01)."""
    return newest((each for each in rule_sets if each.is_for(kind, form)), civil_day)


def newest(rule_sets: Iterable[RuleSet], civil_day: int) -> RuleSet | None:
    """The set of the latest date that has begun and not ended.

    A newer set of the same id replaces an older one for good: when it ends, the older one does
    not come back. A set of another id does: it held all the time, behind a newer one.
    """
    day = civil_day + _EPOCH_ORDINAL
    begun: dict[str, RuleSet] = {}
    for each in sorted(rule_sets, key=_dated):
        if each.dated.toordinal() <= day:
            begun[each.id] = each
    held = [each for each in begun.values() if each.until is None or day <= each.until.toordinal()]
    return max(held, key=_dated, default=None)


def facts(rule_set: RuleSet, examined: Examined, now: WallTime) -> dict[str, Any]:
    """What the expressions of a rule set may look at: docs/reference/rule-sets.md.

    Raises:
        CertLogicError: the clock shows no time that can be written down.
    """
    credential, content = examined.credential, examined.content
    zone, clock = _clock(now)
    attested = content.health if content else Health()
    # The last first, so that a rule finds the one that counts as number 0.
    health = Health(
        vaccinations=tuple(
            sorted(
                filter(rule_set.sees, attested.vaccinations),
                key=lambda each: (each.dose, each.date),
                reverse=True,
            )
        ),
        tests=tuple(last_first(filter(rule_set.sees, attested.tests), zone)),
        recoveries=tuple(
            sorted(
                filter(rule_set.sees, attested.recoveries),
                key=lambda each: each.first_positive,
                reverse=True,
            )
        ),
    )
    # Both are lists of objects; msgspec leaves tuples as they are, and CertLogic knows lists.
    lists = {name: list(each) for name, each in msgspec.to_builtins(health).items()}
    return {
        "health": {**lists, "doses": health.doses if content else credential.doses},
        "payload": content.payload if content else None,
        "credential": {
            "kind": credential.kind.value,
            "format": credential.format,
            "issuer": credential.issuer,
        },
        "external": {
            "validationClock": clock.isoformat(),
            "today": clock.date().isoformat(),
            "valueSets": {name: list(values) for name, values in rule_set.value_sets.items()},
        },
    }


def _first(rule_set: RuleSet, data: object) -> Status:
    evaluator = Evaluator()
    for status in rule_set.statuses:
        if is_truthy(evaluator.value_of(status.when, data)):
            return status
    return rule_set.otherwise


def _unclear(rule: str) -> Judgement:
    return Judgement(Verdict(Outcome.OFFICER, UNCLEAR, rule), WORDS_UNCLEAR)


def _clock(now: WallTime) -> tuple[timezone, datetime]:
    """The site's offset, and its time to the second."""
    try:
        zone = timezone(timedelta(seconds=now.utc_offset_s))
        return zone, (_EPOCH + timedelta(seconds=now.unix_s)).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise CertLogicError(f"the clock is out of range: {error}") from None


def _is_among(code: str, codes: frozenset[str]) -> bool:
    folded = code.casefold()
    return any(
        folded.startswith(each[:-1].casefold()) if each.endswith("*") else folded == each.casefold()
        for each in codes
    )


def _dated(rule_set: RuleSet) -> date:
    return rule_set.dated
