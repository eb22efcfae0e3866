"""Whether a genuine credential admits here and now: the policy's answer, never the signature's.

Three outcomes: admit, let an officer look, refuse. A refusal for want of doses also refers
to the health centre that the policy names.
"""

from msgspec import Struct

from gate import schedule
from gate.credential.model import Credential, CredentialKind
from gate.ledger import Ledger
from gate.outcome import Outcome
from gate.policy import CredentialPolicy, Policy, UntrustedClock
from gate.reasons import Reason
from gate.walltime import ClockQuality, WallTime


class Ruling(Struct, frozen=True):
    """The outcome and the first reason for it."""

    outcome: Outcome
    reason: Reason | None = None
    """None only with ADMIT; ADMIT on an untrusted clock says so."""


def rule(credential: Credential, ledger: Ledger, policy: Policy, wall: WallTime) -> Ruling:
    """Judge one credential: acceptance, use, clock, hours, room, health or doses, doubts, in this
    order."""
    refused = (
        _not_accepted(credential, policy.credential)
        or (Reason.PASS_ALREADY_USED if ledger.is_spent(credential) else None)
        or _passed_back(credential, ledger, policy.credential, wall)
    )
    if refused is not None:
        return Ruling(Outcome.REFUSE, refused)
    trusted = wall.quality is not ClockQuality.UNTRUSTED
    if not trusted and policy.credential.untrusted_clock is UntrustedClock.OFFICER:
        return Ruling(Outcome.OFFICER, Reason.CLOCK_UNTRUSTED)
    if trusted:
        closed = schedule.refusal(policy.schedule, credential.kind, wall)
        if closed is not None:
            return Ruling(Outcome.REFUSE, closed)
    if is_full(ledger, policy):
        return Ruling(Outcome.REFUSE, Reason.CAPACITY_REACHED)
    unfit = _unfit(credential, policy.credential)
    if unfit is not None:
        return unfit
    if credential.doubt is not None:
        return Ruling(Outcome.OFFICER, credential.doubt)
    return Ruling(Outcome.ADMIT, None if trusted else Reason.CLOCK_UNTRUSTED)


def refusal_without_credential(ledger: Ledger, policy: Policy, wall: WallTime) -> Reason | None:
    """Why nobody is admitted here and now where no credential is asked for, or None."""
    if wall.quality is not ClockQuality.UNTRUSTED:
        closed = schedule.refusal(policy.schedule, CredentialKind.VISITOR, wall)
        if closed is not None:
            return closed
    return Reason.CAPACITY_REACHED if is_full(ledger, policy) else None


def is_full(ledger: Ledger, policy: Policy) -> bool:
    """Whether nobody more may be inside."""
    return 0 < policy.capacity <= ledger.occupancy


def _not_accepted(credential: Credential, policy: CredentialPolicy) -> Reason | None:
    if credential.kind not in policy.kinds:
        return Reason.KIND_NOT_ACCEPTED
    if policy.issuers and credential.issuer not in policy.issuers:
        return Reason.ISSUER_NOT_ACCEPTED
    return None


def _passed_back(
    credential: Credential, ledger: Ledger, policy: CredentialPolicy, wall: WallTime
) -> Reason | None:
    since_s = ledger.inside.get(credential.holder)
    # Somebody who came in under a clock in the future is not locked out until then.
    if since_s is not None and 0 <= wall.unix_s - since_s < policy.anti_passback_s:
        return Reason.ANTI_PASSBACK
    return None


def _unfit(credential: Credential, policy: CredentialPolicy) -> Ruling | None:
    """What the health rules say; where the site has none for this credential, the doses do.

    A certificate of health that nothing is asked of says nothing: it may attest a positive test.
    """
    if credential.verdict is not None:
        outcome = credential.verdict.outcome
        return None if outcome is Outcome.ADMIT else Ruling(outcome, Reason.HEALTH_RULES)
    if _lacks_doses(credential, policy):
        return Ruling(Outcome.REFER, Reason.DOSES_TOO_FEW)
    if credential.kind is CredentialKind.HEALTH and not policy.doses_min:
        return Ruling(Outcome.OFFICER, Reason.HEALTH_RULES)
    return None


def _lacks_doses(credential: Credential, policy: CredentialPolicy) -> bool:
    return credential.kind not in policy.doses_exempt and (credential.doses or 0) < policy.doses_min
