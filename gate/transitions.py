"""Every way from one state of the lane to another. There is no other.

The rules, in words:

- A lane begins out of service. It comes into service when its self-check has passed, every
  device that the policy needs works, nobody maintains it, the cabinet is closed, and nobody is
  in the passage still.
- Fire and the emergency stop outrank all: from every state the lane goes to `Emergency` at once.
  It leaves only when the inputs are at rest *and* staff has reset it, and then by way of
  `OutOfService`.
- A device that fails, maintenance, tampering and the end of the process come next: from every
  other state the lane goes to `OutOfService`.
- A visit begins when somebody is seen, shows a code, or is brought by staff. It passes the stages
  in the order of the policy, and ends in `Granting`, `Denied` or `Referred`, or in `Idle` where
  the visitor leaves before.
- An officer at the lane may admit anybody who is in it, in the officer's own name.
- A grant is written down before the barrier moves; then somebody goes through or nobody does.
- Every state in which somebody waits has a deadline. Whatever happens, a visitor who walks away
  leaves an idle lane behind.

`gate.lane.step` refuses to make any step that is not in this table; a test makes each of them;
the diagram in the documentation is drawn from it.
"""

from typing import Final

from msgspec import Struct

from gate.states import (
    AwaitingCode,
    Clearing,
    Denied,
    Disinfecting,
    Emergency,
    Granting,
    Idle,
    OutOfService,
    Referred,
    Screening,
    State,
)


class Transition(Struct, frozen=True):
    """One arrow of the diagram."""

    source: type[State]
    target: type[State]
    on: str
    """What brings it about, in a few words."""


MEASURED: Final = (Disinfecting, Screening)
STAGES: Final = (*MEASURED, AwaitingCode)
VISIT: Final = (*STAGES, Granting, Denied, Referred)
STATES: Final = (OutOfService, Idle, *VISIT, Clearing, Emergency)


def _from_each(
    sources: tuple[type[State], ...], targets: tuple[type[State], ...], on: str
) -> tuple[Transition, ...]:
    return tuple(
        Transition(source, target, on)
        for source in sources
        for target in targets
        if source is not target
    )


TRANSITIONS: Final = (
    Transition(OutOfService, Idle, "self-check passed, all works"),
    Transition(Emergency, OutOfService, "inputs at rest, and staff resets"),
    *_from_each((OutOfService, Idle, *VISIT, Clearing), (Emergency,), "fire, emergency stop"),
    *_from_each(
        (Idle, *VISIT, Clearing), (OutOfService,), "device failed, maintenance, tamper, shutdown"
    ),
    *_from_each((Idle,), STAGES, "somebody is there"),
    Transition(Idle, Granting, "somebody is there; no stage asks anything"),
    Transition(Idle, Denied, "somebody is there; closed or full"),
    Transition(Idle, Referred, "a code is shown, and an officer must look"),
    Transition(Idle, Clearing, "staff arms the empty chamber"),
    Transition(Clearing, Idle, "cycle over, or aborted"),
    *_from_each(STAGES, STAGES, "stage done, another follows"),
    *_from_each(STAGES, (Granting,), "last stage done, or officer admits"),
    *_from_each(STAGES, (Denied,), "refused, or out of time"),
    *_from_each((Screening, AwaitingCode, Disinfecting), (Referred,), "an officer must look"),
    *_from_each(STAGES, (Idle,), "visitor left"),
    Transition(Granting, Idle, "taken, or not taken"),
    *_from_each((Granting,), MEASURED, "taken; the next one of the group is measured"),
    Transition(Granting, Denied, "journal can't, officer refuses, or full before the next one"),
    Transition(Denied, Idle, "visitor left, or out of time"),
    Transition(Denied, Granting, "officer admits, or another code does"),
    Transition(Denied, Referred, "another code; an officer must look"),
    *_from_each((Denied,), MEASURED, "another code; a stage follows"),
    Transition(Referred, Idle, "visitor left, or out of time"),
    Transition(Referred, Granting, "officer admits"),
    Transition(Referred, Denied, "officer refuses"),
)
"""The table."""

_ALLOWED: Final = frozenset((row.source, row.target) for row in TRANSITIONS)


def check(source: type[State], target: type[State]) -> None:
    """Refuse a step that the table does not have.

    Raises:
        RuntimeError: ours to mend; the lane stays as it was.
    """
    if source is not target and (source, target) not in _ALLOWED:
        raise RuntimeError(f"no transition from {source.__name__} to {target.__name__}")
