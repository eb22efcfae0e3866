"""One code explained: what it claims, who signed it, which checks hold."""

import enum
import importlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType

from msgspec import Struct, structs

from firmware.explain import encodings
from firmware.explain.checklist import Check, Point, State, points
from firmware.explain.plain import DOTS, Leaf, leaves
from firmware.explain.signer import Signer, signer_of
from gate.advice import ADVICE
from gate.credential.health import Health
from gate.credential.model import Claim, Credential, CredentialError, Examined, Verdict
from gate.credential.publictrust import EMPTY, PublicTrust
from gate.credential.trust import TrustList
from gate.credential.verify import FORMATS, Verifier, examine
from gate.outcome import Outcome
from gate.reasons import Reason
from gate.rules.ruleset import RuleSet, judge_in_words
from gate.walltime import WallTime
from gate.wording import Words

TITLES: Mapping[str, str] = {
    "native": "pass of an office (GP1)",
    "native-live": "badge shown live (GPP1)",
    "hcert": "health certificate of the EU or WHO (HC1)",
    "shc": "SMART Health Card (shc)",
    "vds-nc": "ICAO visible digital seal (VDS-NC)",
    "vc": "W3C health credential",
}


class Answer(enum.StrEnum):
    """What the lane would make of it."""

    HOLDS = "holds"
    """Genuine and in date. Whether it admits is for the site's rules and the lane."""
    REFUSED = "refused"


class Dates(Struct, frozen=True):
    """When the code says that it was issued and holds; Unix seconds. Unproven by themselves."""

    issued_s: float | None = None
    not_before_s: float | None = None
    expires_s: float | None = None


class Explanation(Struct, frozen=True):
    """Everything that there is to say of a code, fit to be shown and to be written as JSON.

    Texts of the code are as they are in it: `plain.safe` before they reach a terminal.
    """

    answer: Answer
    reason: Reason | None
    """Why it is refused."""
    detail: str
    """More of it for a technician."""
    advice: Words | None
    """What the officer can do."""
    format: str
    """Empty where it has none that we know."""
    title: str
    characters: int
    at_s: int
    """Unix second at which it was judged."""
    points: tuple[Point, ...]
    signer: Signer | None = None
    dates: Dates = Dates()
    credential: Credential | None = None
    """Of a code that holds."""
    health: Health | None = None
    """What it attests; proven where the answer is HOLDS."""
    payload: tuple[Leaf, ...] = ()
    verdict: Verdict | None = None
    """Of the site's health rules."""
    verdict_words: Words | None = None

    @property
    def is_barred(self) -> bool:
        """Whether the site's rules do not let it in, not even past an officer."""
        barred = {Outcome.REFUSE, Outcome.REFER}
        return self.verdict is not None and self.verdict.outcome in barred


def explain(
    payload: bytes,
    trust: TrustList,
    now: WallTime,
    *,
    rule_sets: Iterable[RuleSet] = (),
    show: bool = False,
    formats: Mapping[bytes, Verifier] = FORMATS,
) -> Explanation:
    """Explain one code.

    Args:
        payload: bytes of the code, a card in parts put together.
        trust: whom to believe; nobody, and the signer is "not known here".
        now: when to judge it.
        rule_sets: the site's dated health rules, or none.
        show: personal data too.
        formats: as `examine` takes them.
    """
    rule_sets = tuple(rule_sets)
    module = _module_of(payload, formats)
    form = "" if module is None else str(module.FORMAT)
    trust = _dated(trust, now)
    examined, error = _examined(payload, trust, now, formats)
    is_long = error is not None and error.reason is Reason.CODE_TOO_LONG
    claim = None if module is None or is_long else _claim(module.read, payload)
    signer = None if claim is None else signer_of(claim, trust, examined)
    content = (examined and examined.content) or (claim and claim.content)
    explanation = Explanation(
        answer=Answer.REFUSED if error else Answer.HOLDS,
        reason=error.reason if error else None,
        detail=error.detail if error else "",
        advice=ADVICE[error.reason] if error else None,
        format=form,
        title=TITLES.get(form, form or "no code that we know"),
        characters=len(payload),
        at_s=now.unix_s,
        points=_points(form, payload, claim, error, signer),
        signer=signer,
        dates=_dates(claim),
        credential=_masked(examined, show=show) if examined else None,
        health=content.health if content else None,
        payload=leaves(content.payload, form, show=show) if content else (),
    )
    return explanation if examined is None else _judged(explanation, examined, rule_sets, now)


def _module_of(payload: bytes, formats: Mapping[bytes, Verifier]) -> ModuleType | None:
    """The module of a format: it has `read` and `FORMAT` beside its verifier."""
    for prefix, verifier in formats.items():
        if payload.startswith(prefix):
            return importlib.import_module(verifier.__module__)
    return None


def _dated(trust: TrustList, now: WallTime) -> TrustList:
    """A list that nobody made is not out of date: it knows nobody, and that is what is said."""
    if trust.public is EMPTY:
        return structs.replace(trust, public=PublicTrust(created_s=now.unix_s))
    return trust


def _examined(
    payload: bytes, trust: TrustList, now: WallTime, formats: Mapping[bytes, Verifier]
) -> tuple[Examined | None, CredentialError | None]:
    try:
        return examine(payload, trust, now, formats), None
    except CredentialError as error:
        return None, error


def _claim(read: Callable[[bytes], Claim], payload: bytes) -> Claim | None:
    try:
        return read(payload)
    except CredentialError:
        return None


def _masked(examined: Examined, *, show: bool) -> Credential:
    """Without what a certificate could be told again by; a pass's number is the office's own."""
    if show or examined.content is None:
        return examined.credential
    return structs.replace(examined.credential, holder=DOTS, replay_key=DOTS)


def _dates(claim: Claim | None) -> Dates:
    if claim is None:
        return Dates()
    return Dates(claim.issued_s, claim.not_before_s, claim.expires_s)


def _points(
    form: str,
    payload: bytes,
    claim: Claim | None,
    error: CredentialError | None,
    signer: Signer | None,
) -> tuple[Point, ...]:
    """The checklist, told from the reason and from what is known besides."""
    if error is None:
        return points(form, None)
    if signer is not None and signer.is_refused:
        return points(form, error.reason, failed=Check.ISSUER)
    if claim is not None:
        # It was taken apart down to its claims: what is malformed lies further in.
        return points(form, error.reason, held=Check.STRUCTURE)
    if encodings.is_encoded(form, payload):
        return points(form, error.reason, held=Check.ENCODING)
    return points(form, error.reason)


def _judged(
    explanation: Explanation, examined: Examined, rule_sets: tuple[RuleSet, ...], now: WallTime
) -> Explanation:
    """With what the site's rules say, and what leaves a doubt."""
    more: list[Point] = []
    doubt = examined.credential.doubt
    if doubt is not None:
        more.append(Point(Check.AGE_DOUBT, State.FAILS, doubt, "an officer looks"))
    judgement = judge_in_words(rule_sets, examined, now)
    if judgement is not None:
        verdict = judgement.verdict
        admits = verdict.outcome is Outcome.ADMIT
        more.append(
            Point(
                Check.RULES,
                State.HOLDS if admits else State.FAILS,
                None if admits else Reason.HEALTH_RULES,
                f"{verdict.status}: {verdict.outcome} ({verdict.rule})",
            )
        )
    reason = next((point.reason for point in more if point.reason), None)
    return structs.replace(
        explanation,
        points=(*explanation.points, *more),
        advice=ADVICE[reason] if reason else None,
        verdict=judgement.verdict if judgement else None,
        verdict_words=judgement.words if judgement else None,
    )
