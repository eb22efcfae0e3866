"""What every measured value is held to, with the hint for the technician and where the figure
comes from. The one table of them; the how-to shows it, and a test keeps the two alike.

Where a limit hangs on the lane's own configuration, the step that measures narrows it, and the
source says so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from drivers.gpio import LEASE_NS
from drivers.journal.ballast import BALLAST_BYTES
from drivers.journal.limits import BYTES_MAX
from drivers.reporter.config import ACK_TIMEOUT_S
from firmware.kernelclock import RTC_S_MAX
from firmware.selftest.measurement import Limit
from firmware.vision.supervisor import LIMITS as VISION
from firmware.wallclock import STEP_MS_MAX
from gate.policy import TemperaturePolicy
from gate.walltime import NS_PER_MS

MIB: Final = 1 << 20
OBEYED_MS: Final = 100.0
"""A stop is obeyed within that, even when the notifier is dead: `drivers.gpio.inputs.POLL_NS`."""
SEEN_MS: Final = 400.0
"""An input that lasts so long must be seen (EN 60839-11-1)."""
LEASE_MS: Final = LEASE_NS / NS_PER_MS
_RULE = TemperaturePolicy()


def lapse_limit(due_ms: float) -> Limit:
    """What is held of an output that must go off by itself after so long."""
    return Limit(
        unit="ms",
        lower=due_ms - 50,
        upper=due_ms + 500,
        marginal_upper=due_ms + 100,
        hint="The output did not go off in time when nobody renewed it: do not use this lane. "
        "Take the power off the relays and report it.",
        source="drivers.gpio.LEASE_NS, or the output's own shorter time; 1.1 s is the target",
    )


_INPUTS: Final = {
    "inputs.fire": Limit(
        expected="at rest",
        hint="Close the fire panel's loop, or mend its wire: while it is open nothing is "
        "switched on.",
        source="the loop is closed at rest: drivers/wiring.py",
    ),
    "inputs.emergency stop": Limit(
        expected="at rest",
        hint="Release the emergency stop, or look for the cut wire in its loop.",
        source="the loop is closed at rest: drivers/wiring.py",
    ),
    "inputs.people": Limit(
        expected="nobody",
        hint="Ask whoever stands in the lane to step out, then run it again; if nobody is there, "
        "look at the presence sensor and the beams.",
        source="nothing is switched on with somebody in the lane",
    ),
    "inputs.other inputs": Limit(
        expected="at rest",
        is_advice=True,
        hint="See whether it should be so: a door open, a tank empty, a contact wired the other "
        "way round.",
        source="what a lane without a visitor looks like",
    ),
    "inputs.trouble": Limit(
        expected="none",
        hint="Look at the cable and the screw of this input: it chatters, or tells nothing.",
        source="chatter: drivers/gpio/filter.py; silence: drivers/gpio/inputs.py",
    ),
}

_STOP: Final = {
    "stop.read-back": Limit(
        expected="there",
        hint="Nobody can read this board's outputs back yet, so that a stop can't be proven and "
        "nothing is switched on: try every output by hand.",
        source="nothing moves before stop is proven",
    ),
    "stop.at claim": Limit(
        upper=0,
        hint="The output stirred when the program took its line: check active_high, and that no "
        "other program had it.",
        source="a line is claimed with its level",
    ),
    "stop.at rest": Limit(
        expected="off",
        hint="The output is on though nobody drives it: a welded relay, a shorted wire, or "
        "active_high the wrong way round. Take its power away before you touch it.",
        source="the safe level of the wiring",
    ),
    "stop.on": Limit(
        unit="ms",
        upper=OBEYED_MS,
        marginal_upper=20,
        hint="The line does not follow, or only late: look at its wire, and at what else this "
        "machine does.",
        source="a relay pulls in within 10 ms; 100 ms as for a stop",
    ),
    "stop.lapse": lapse_limit(LEASE_MS),
    "stop.rest": Limit(
        unit="ms",
        upper=OBEYED_MS,
        marginal_upper=20,
        hint="The output does not switch off when told to: do not use this lane. Look for a "
        "welded relay.",
        source="a stop is obeyed within 100 ms",
    ),
    "stop.emergency stop": Limit(
        unit="ms",
        upper=SEEN_MS,
        marginal_upper=OBEYED_MS,
        hint="From the emergency stop to the output it took too long, or for ever: look at the "
        "input's wire, and at what else this machine does.",
        source="obeyed within 100 ms; EN 60839-11-1: an input of 400 ms is seen",
    ),
    "stop.after a crash": Limit(
        expected="let go",
        is_advice=True,
        hint="Put dtparam=strict_gpiod in config.txt: a crash would leave relays switched on.",
        source="parameter persist_gpio_outputs of the Pi's pin controller",
    ),
}

_STORAGE: Final = {
    "storage.free": Limit(
        unit="MiB",
        lower=4 * BALLAST_BYTES / MIB,
        marginal_lower=(BYTES_MAX + BALLAST_BYTES) / MIB,
        hint="Make room on the disk of data_dir, or fit a larger card: a full one puts the lane "
        "out of service.",
        source="four times the journal's ballast; the journal at its longest (less what it has)",
    ),
    "storage.journal mode": Limit(
        expected="wal",
        hint="This file system does not carry SQLite's write-ahead log: put data_dir on a local "
        "disk.",
        source="drivers/journal/schema.py",
    ),
    "storage.synchronous": Limit(
        expected="full",
        hint="SQLite does not keep synchronous=FULL: records would be forgotten at a power cut.",
        source="WAL with FULL lost none in 1,280 simulated power cuts, NORMAL 452 of 1,120",
    ),
    "storage.refused": Limit(
        unit="records",
        upper=0,
        hint="The disk did not take every record: look at `dmesg` and at the free room.",
        source="a grant is on the disk before the barrier moves",
    ),
    "storage.append p95": Limit(
        unit="ms",
        upper=250,
        marginal_upper=100,
        hint="The card is slow or worn out: every grant waits for it. Fit one of class A1 or "
        "better, made for endurance.",
        source="a grant's wait that nobody notices; an eighth of passage.commit_s",
    ),
    "storage.chain": Limit(
        expected="whole",
        hint="What was written does not read back: this card is not fit for records.",
        source="drivers/journal/chain.py",
    ),
    "storage.lane's journal": Limit(
        expected="whole",
        hint="The lane's journal is damaged: the next start sets it aside and begins a new one. "
        "Fit another card.",
        source="the chain of the newest 2,048 records",
    ),
}

_CLOCK: Final = {
    "clock.quality": Limit(
        expected="trusted",
        is_advice=True,
        hint="Let this machine reach a time server, or fit a battery-backed clock: a pass can't "
        "be judged by an unknown time, and goes to staff.",
        source="firmware/wallclock.py",
    ),
    "clock.battery": Limit(
        expected="agrees",
        is_advice=True,
        hint="Fit a battery-backed clock, or a fresh battery: after a power cut without network "
        "this machine does not know the time.",
        source=f"firmware/kernelclock.py: within {RTC_S_MAX} s of the system's clock",
    ),
    "clock.behind": Limit(
        unit="s",
        upper=STEP_MS_MAX / 1000,
        hint="The clock is behind a time that was true already: set it, and look at the battery.",
        source="firmware/wallclock.py: a leap second and a fast clock set right",
    ),
    "clock.steps": Limit(
        unit="ms",
        upper=STEP_MS_MAX,
        marginal_upper=50,
        hint="Somebody set the clock during the self-test: run it again when the clock is "
        "synchronised.",
        source="wall clock against monotonic; firmware/wallclock.py",
    ),
}

_THERMOMETER: Final = {
    "thermometer.missed": Limit(
        unit="readings",
        upper=1,
        marginal_upper=0,
        hint="Readings are lost: look at the plugs, keep the cable short and away from motors.",
        source="three in a row are a failure: drivers/sampler.py",
    ),
    "thermometer.latency p95": Limit(
        unit="ms",
        upper=1_000,
        marginal_upper=600,
        hint="The sensor is slow: check its refresh rate, and that nothing else uses the bus.",
        source="drivers.api.Thermometer: at most a second; MLX90632: 0.5 s a conversion",
    ),
    "thermometer.noise": Limit(
        unit="°C",
        upper=_RULE.agree_c,
        marginal_upper=round(_RULE.agree_c / 1.693, 2),
        hint="Readings scatter so much that visitors must wait for ones that agree: keep sun and "
        "draught off the sensor, and look at its supply.",
        source="policy.temperature.agree_c; that over d2, the mean range of so many readings",
    ),
    "thermometer.equal in a row": Limit(
        unit="readings",
        upper=_RULE.stuck_readings - 1,
        marginal_upper=_RULE.stuck_readings // 2,
        hint="The sensor repeats itself: it is frozen. Take its power away for a moment; if it "
        "stays so, replace it.",
        source="policy.temperature.stuck_readings",
    ),
    "thermometer.ambient": Limit(
        unit="°C",
        lower=0,
        upper=50,
        marginal_lower=_RULE.ambient_c_min,
        marginal_upper=_RULE.ambient_c_max,
        hint="The sensor's own temperature is outside the range that it was validated for: look "
        "for sun, a fan or a warm housing.",
        source="a Pi works from 0 to 50 °C; policy.temperature.ambient_c_min and _max",
    ),
}

_CAMERA: Final = {
    "camera.ready": Limit(
        unit="ms",
        upper=VISION.start_ns_max / NS_PER_MS,
        marginal_upper=5_000,
        hint="The vision process takes long to start: look at what else this machine does.",
        source="firmware/vision/supervisor.py; in service five seconds after a crash",
    ),
    "camera.rate": Limit(
        unit="frames/s",
        lower=5,
        marginal_lower=10,
        hint="Too few frames: look at the camera's cable, at camera.fps, and at the machine's "
        "temperature.",
        source="a code held up for a second is then seen five times; ten is the target",
    ),
    "camera.view": Limit(
        expected="good",
        hint="Take the cap or the tape off the lens, and let some light in.",
        source="drivers/framehealth.py",
    ),
    "camera.brightness": Limit(
        unit="of 255",
        lower=16,
        upper=250,
        marginal_lower=40,
        marginal_upper=220,
        hint="The picture is too dark or too bright: look at the lamp, the lens and the sun.",
        source="black and white of drivers/framehealth.py",
    ),
    "camera.code read": Limit(
        unit="ms",
        upper=2_000,
        marginal_upper=1_000,
        hint="The reference code was not read, or late: look at focus, light and distance.",
        source="the controller adds no more than 2 s; 0.34 s measured on a slower machine",
    ),
    "camera.focus": Limit(
        unit="levels²",
        marginal_lower=60,
        hint="The reference code is not sharp: set camera.focus_mm, or turn the lens.",
        source="Brenner's measure of the simulated reference: 280 sharp, 37 blurred by 6 px",
    ),
    "camera.trouble": Limit(
        expected="none",
        hint="Look at the camera's cable, then at the log of the vision process.",
        source="firmware/vision/supervisor.py: found within 2 s",
    ),
    "camera.memory": Limit(
        unit="MiB",
        upper=512,
        marginal_upper=120,
        hint="The vision process holds much memory: restart the lane, and report it if it grows.",
        source="firmware/vision/sandbox.py; 120 MB is the target for the whole service",
    ),
}

_RELAYS: Final = {
    "relays.at claim": _STOP["stop.at claim"],
    "relays.at rest": _STOP["stop.at rest"],
    "relays.on": _STOP["stop.on"],
    "relays.off": _STOP["stop.rest"],
}

_BROKER: Final = {
    "broker.connect": Limit(
        unit="ms",
        upper=5_000,
        marginal_upper=1_000,
        hint="The way to the broker is slow: look at name resolution and at the network.",
        source="drivers/reporter/mqtt.py: CONNECT_S_MAX",
    ),
    "broker.round trip p95": Limit(
        unit="ms",
        upper=ACK_TIMEOUT_S * 1000,
        marginal_upper=1_000,
        hint="The broker acknowledges slowly or not at all: records pile up here until it does.",
        source="drivers/reporter/config.py: ACK_TIMEOUT_S",
    ),
    "broker.refused": Limit(
        expected="nothing",
        hint="The broker does not let this lane publish under its own topics: look at its access "
        "list.",
        source="MQTT 5 reason codes; 3.1.1 acknowledges what it throws away",
    ),
}

_MEMORY: Final = {
    "memory.process": Limit(
        unit="MiB",
        upper=256,
        marginal_upper=120,
        hint="The program holds more memory than it should: report it.",
        source="120 MB is the target for the whole service",
    ),
    "memory.available": Limit(
        unit="MiB",
        lower=64,
        marginal_lower=128,
        hint="The machine is short of memory: end what is not the lane's.",
        source="the vision process started anew while the old one dies",
    ),
}

LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        **_INPUTS,
        **_STOP,
        **_STORAGE,
        **_CLOCK,
        **_THERMOMETER,
        **_CAMERA,
        **_RELAYS,
        **_BROKER,
        **_MEMORY,
    }
)
"""By `step.line`. In `relays` the line is said of each output."""

STEP_S_MAX: Final = 30.0
"""What a step may take where it says nothing else."""
