"""What is allowed but unwise, or can't be known from the file alone. One sentence each."""

import re
import stat
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from drivers.wiring import InputName, OutputName, power_on_hazards
from firmware.config.checks import has_chamber
from firmware.config.model import BoardKind, BrokerConfig, Config
from firmware.config.trusting import trust_cautions
from gate.policy import ADVISORY, ChamberMode, Policy, Stage

LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")

_MISSED: Final[Mapping[InputName, str]] = MappingProxyType(
    {
        InputName.PRESENCE: "a visit then begins only with a code, and nobody is seen to leave",
        InputName.FIRE: "the lane then knows nothing of a fire, and only wires release the barrier",
        InputName.EMERGENCY_STOP: "the lane then knows nothing of an emergency stop",
        InputName.STAFF: "nobody at the lane can then answer a referral or reset an emergency",
    }
)
"""Inputs that a lane can do without, and what it lacks then."""


def cautions(config: Config) -> list[str]:
    """What whoever starts this lane should hear first.

    Looks at the files of trust and rules and at the mode of the password file, where there are
    any; never raises for what it finds there.
    """
    return [
        *_simulated(config),
        *_mist(config.policy),
        *_visitors(config),
        *trust_cautions(config),
        *_wires(config),
        *(_broker(config.broker) if config.broker else ()),
    ]


def _simulated(config: Config) -> Iterator[str]:
    if config.board is BoardKind.SIMULATED:
        yield 'board is "simulated", so that nothing moves; at an entrance write "raspberry-pi".'


def _mist(policy: Policy) -> Iterator[str]:
    if policy.chamber.mode is ChamberMode.MIST and has_chamber(policy):
        yield (
            'policy.chamber.mode is "mist": it sprays people, which WHO (15 May 2020) and '
            f"the Indonesian Ministry of Health ({ADVISORY}) advise against."
        )


def _visitors(config: Config) -> Iterator[str]:
    policy, outputs = config.policy, config.wiring.outputs
    if not policy.stages:
        yield "policy.stages is empty, so that everybody is let in."
    refers = Stage.TEMPERATURE in policy.stages or (
        Stage.CREDENTIAL in policy.stages and policy.credential.doses_min
    )
    if refers and not policy.refer_to.strip():
        yield (
            "policy.refer_to is empty: visitors who are refused and referred are not told "
            "where to go."
        )
    leave = policy.passage.free_exit or OutputName.BARRIER_EXIT in outputs
    if policy.capacity and not leave:
        yield (
            "policy.capacity counts those who leave as well, and nobody can leave through "
            "this lane: wire barrier_exit, or write policy.passage.free_exit = true."
        )


def _wires(config: Config) -> Iterator[str]:
    wiring = config.wiring
    for name, lack in _MISSED.items():
        if name not in wiring.inputs:
            yield f"wiring.inputs.{name} is not wired: {lack}."
    if config.board is BoardKind.RASPBERRY_PI:
        yield from (f"wiring.outputs: {hazard}." for hazard in power_on_hazards(wiring))


def _broker(broker: BrokerConfig) -> Iterator[str]:
    path = broker.password_path
    if path is None:
        return
    if broker.tls is None and not LOOPBACK.fullmatch(broker.host):
        yield (
            "broker.password_path: the password goes through the network for all to read; "
            "add [broker.tls]."
        )
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield f"broker.password_path: {path} can't be looked at ({error.strerror})."
        return
    if mode & stat.S_IROTH:
        yield f"broker.password_path: everybody may read {path}; chmod o= {path}."
