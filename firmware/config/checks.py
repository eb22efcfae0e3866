"""What no single key can tell: values that contradict each other, and stages without their
devices. One sentence a find, with the keys in it, without its full stop."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from drivers.wiring import Hold, InputName, OutputName, Wiring
from firmware.config.model import BoardKind, Config, ThermometerKind
from firmware.config.wording import either, figure, shown
from firmware.vision.wire import CameraKind
from gate.events import ChamberInput
from gate.interlock import REQUIRED
from gate.policy import ChamberMode, PassageSensor, Policy, SchedulePolicy, Stage
from gate.records import DETAIL_CHARS_MAX
from gate.walltime import NS_PER_S

REFER_TO_CHARS_MAX = DETAIL_CHARS_MAX
"""It goes into a record and on a small screen."""

INVENTED_CAMERAS = frozenset({CameraKind.SIMULATED, CameraKind.PICTURES})

CHAMBER_SENSORS: Final[Mapping[ChamberInput, InputName]] = MappingProxyType(
    {
        ChamberInput.DOORS_CLOSED: InputName.CHAMBER_DOORS,
        ChamberInput.VACANT_1: InputName.CHAMBER_VACANT_1,
        ChamberInput.VACANT_2: InputName.CHAMBER_VACANT_2,
        ChamberInput.TANK_FILLED: InputName.TANK,
    }
)
"""Which wire tells what of the chamber; as in `drivers.gpio.words`."""

_COUNTERS: Final[Mapping[PassageSensor, tuple[InputName, InputName]]] = MappingProxyType(
    {
        PassageSensor.BEAMS: (InputName.BEAM_A, InputName.BEAM_B),
        PassageSensor.CONTACTS: (InputName.PASS_A, InputName.PASS_B),
    }
)


def problems_of(config: Config) -> list[str]:
    """Everything about a configuration, each value of which fits, that can't work."""
    return [
        *_order(config.policy),
        *_schedule(config.policy.schedule),
        *_people(config),
        *_trust_bundle(config),
        *_devices(config),
        *_camera(config),
        *_wires(config.policy, config.wiring),
        *_chamber(config.policy, config.wiring),
        *_broker(config),
    ]


def has_chamber(policy: Policy) -> bool:
    """Whether the lane has a chamber that does something."""
    return Stage.CHAMBER in policy.stages and policy.chamber.mode is not ChamberMode.OFF


def _order(policy: Policy) -> Iterator[str]:
    """Pairs in which the first must be less than, or not more than, the second."""
    temperature, passage = policy.temperature, policy.passage
    if temperature.ambient_c_min >= temperature.ambient_c_max:
        yield (
            f"policy.temperature.ambient_c_min is {figure(temperature.ambient_c_min)} and "
            f"ambient_c_max {figure(temperature.ambient_c_max)} °C; make the first less"
        )
    if temperature.recheck_after_s >= temperature.recheck_within_s:
        yield (
            f"policy.temperature.recheck_after_s is {figure(temperature.recheck_after_s)} and "
            f"recheck_within_s {figure(temperature.recheck_within_s)} s, so that no second "
            "measurement would count; make the first less"
        )
    if passage.grant_s > passage.assisted_grant_s:
        yield (
            f"policy.passage.grant_s is {figure(passage.grant_s)} and assisted_grant_s "
            f"{figure(passage.assisted_grant_s)} s, so that assistance would take time away; "
            "make the second more"
        )


def _schedule(schedule: SchedulePolicy) -> Iterator[str]:
    for number, hours in enumerate(schedule.hours):
        place = f"policy.schedule.hours[{number}]"
        if hours.open_minute == hours.close_minute:
            yield (
                f"{place} opens and closes at the same minute; for a whole day write "
                'open = "00:00" and close = "24:00"'
            )
        for key, values in (("days", hours.days), ("kinds", hours.kinds)):
            if not values:
                yield f"{place}.{key} is empty; leave it out where all are meant"


def _people(config: Config) -> Iterator[str]:
    """Who is let in, and what is said to them."""
    policy = config.policy
    if not config.languages:
        yield 'languages is empty; write at least one, such as languages = ["id"]'
    if len(policy.refer_to) > REFER_TO_CHARS_MAX:
        yield (
            f"policy.refer_to has {len(policy.refer_to)} characters; shorten it to "
            f"{REFER_TO_CHARS_MAX} at most"
        )
    if Stage.CREDENTIAL not in policy.stages:
        return
    if config.trust is None and config.trust_bundle is None:
        yield (
            "trust is missing, and the credential stage believes nobody without it; write "
            'trust = "trust.toml", or take "credential" out of policy.stages'
        )
    if not policy.credential.kinds:
        yield (
            "policy.credential.kinds is empty, so that no pass would admit; leave it out where "
            "all are meant"
        )


def _trust_bundle(config: Config) -> Iterator[str]:
    """A signed list is nothing without the keys that sign it, nor they without it."""
    if config.trust_bundle is not None and config.trust_roots is None:
        yield (
            "trust_roots is missing, and nobody can vouch for trust_bundle without it; write "
            'trust_roots = "trust-roots.toml"'
        )
    if config.trust_bundle is None:
        unused = {"trust_roots": config.trust_roots, "trust_media": config.trust_media}
        for key in (key for key, value in unused.items() if value):
            yield f"{key} is of no use without trust_bundle; add that, or take {key} away"


def _devices(config: Config) -> Iterator[str]:
    """Stages whose device there isn't, or is made up beside a barrier that moves."""
    stages, real = config.policy.stages, config.board is BoardKind.RASPBERRY_PI
    kind = config.thermometer.kind
    if Stage.TEMPERATURE in stages and kind is ThermometerKind.NONE:
        yield (
            'thermometer.kind is "none", and the temperature stage needs one; write '
            'kind = "iio", or take "temperature" out of policy.stages'
        )
    if Stage.TEMPERATURE in stages and kind is ThermometerKind.SIMULATED and real:
        yield (
            'thermometer.kind is "simulated" beside board = "raspberry-pi", so that made-up '
            'temperatures would open a real barrier; write kind = "iio", or take "temperature" '
            "out of policy.stages"
        )
    if Stage.CREDENTIAL in stages and config.camera.kind in INVENTED_CAMERAS and real:
        yield (
            f'camera.kind is "{config.camera.kind}" beside board = "raspberry-pi", so that '
            'made-up codes would open a real barrier; write kind = "picamera" or "v4l2", or '
            'take "credential" out of policy.stages'
        )


def _camera(config: Config) -> Iterator[str]:
    kind, source = config.camera.kind, config.camera.source
    if kind is CameraKind.PICTURES and not source:
        yield (
            'camera.source is missing, and camera.kind "pictures" needs it; write the path of '
            "a folder, a picture or a film"
        )
    if kind is CameraKind.PICAMERA and source and not (source.isascii() and source.isdigit()):
        yield (
            f'camera.source is {shown(source)}, and camera.kind "picamera" wants the number of '
            'the camera; write source = "0", or leave it out'
        )


def _wires(policy: Policy, wiring: Wiring) -> Iterator[str]:
    if OutputName.BARRIER_ENTRY not in wiring.outputs:
        yield (
            "wiring.outputs.barrier_entry is missing, and nothing else lets anybody in; a file "
            "that names one output must name them all"
        )
    counted_by = policy.passage.counted_by
    for name in _COUNTERS[counted_by]:
        if name not in wiring.inputs:
            other = either(sensor for sensor in PassageSensor if sensor is not counted_by)
            yield (
                f'wiring.inputs.{name} is missing, and policy.passage.counted_by = "{counted_by}" '
                f"needs it; name it (a file that names one input must name them all), or write "
                f"counted_by = {other}"
            )
    yield from _on_time(
        wiring,
        OutputName.BARRIER_ENTRY,
        "policy.passage.assisted_grant_s",
        policy.passage.assisted_grant_s,
    )


def _chamber(policy: Policy, wiring: Wiring) -> Iterator[str]:
    if not has_chamber(policy):
        return
    mode = policy.chamber.mode
    missing = [] if OutputName.CHAMBER in wiring.outputs else ["wiring.outputs.chamber"]
    missing += [
        f"wiring.inputs.{CHAMBER_SENSORS[sensor]}"
        for sensor in ChamberInput
        if sensor in REQUIRED[mode] and CHAMBER_SENSORS[sensor] not in wiring.inputs
    ]
    for wire in missing:
        yield (
            f'{wire} is missing, and the chamber in mode "{mode}" never runs without it; name '
            'it, or take "chamber" out of policy.stages'
        )
    yield from _on_time(wiring, OutputName.CHAMBER, "policy.chamber.run_s", policy.chamber.run_s)


def _on_time(wiring: Wiring, name: OutputName, key: str, wanted_s: float) -> Iterator[str]:
    """The driver switches an output off by itself: it must not do so too early."""
    output = wiring.outputs.get(name)
    limit_ns = wiring.on_ns_max(name) if output else None
    if output is None or output.hold is Hold.PULSE or limit_ns is None:
        return
    if wanted_s * NS_PER_S > limit_ns:
        yield (
            f"{key} is {figure(wanted_s)} s, and wiring.outputs.{name} switches off after "
            f"{figure(limit_ns / NS_PER_S)} s; lower the one or raise on_ms_max there"
        )


def _broker(config: Config) -> Iterator[str]:
    broker = config.broker
    if broker is None:
        return
    if broker.password_path is not None and broker.username is None:
        yield "broker.username is missing beside broker.password_path; write whose password it is"
    try:
        _ = config.reporter
    except ValueError as error:
        yield f"broker: {error}"
