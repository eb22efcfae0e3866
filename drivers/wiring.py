"""Which wire is what: the lane's lines as data, with the bounds that a technician may set.

Lines carry BCM numbers, as printed on every pin-out of the 40-pin header. A site's file that
names an input names all that it has, and so for outputs: they take the place of the default
table. What it leaves out of a line comes from the line's role.

Power-up levels are those of BCM2835, 2711 and RP1: GPIO 0-8 come up pulled up, 9-27 pulled
down (BCM2835 ARM Peripherals, table 6-31). Relays belong on 9-27 behind an active-high driver:
they then stay off from power-on until the program claims them.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from gate.walltime import NS_PER_MS

LINE_MAX = 27
"""Highest line of the 40-pin header."""
PULLED_UP_AT_POWER_ON = range(9)
PULSE_MS_MIN = 100
"""PERCo turnstiles want at least so long a pulse."""
PULSE_MS_MAX = 5_000
GRANT_MS = 8_000
"""How long a grant holds the barrier released."""
ASSISTED_GRANT_MS = 30_000
"""The same with assistance: the longest that any grant may ask for, so the driver's own limit."""
CHAMBER_PERSON_MS = 10_000
"""Longest run of the chamber with somebody inside."""
CHAMBER_MS_MAX = 600_000
"""Longest run of the chamber at all: surfaces, nobody inside."""
BUZZER_MS_MAX = 10_000
DEBOUNCE_MS_MAX = 100
"""A change that lasts 400 ms is seen with room to spare (EN 60839-11-1)."""
PASS_DEBOUNCE_MS_MAX = 10
"""A PASS contact may be as short as 20 ms."""

RESERVED: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "the identity bus of add-on boards",
        1: "the identity bus of add-on boards",
        2: "the I2C bus of the thermometer",
        3: "the I2C bus of the thermometer",
        14: "the serial console; free_uart = true gives it to the lane",
        15: "the serial console; free_uart = true gives it to the lane",
    }
)
UART_LINES = frozenset({14, 15})


class OutputName(enum.StrEnum):
    """Every switched wire that a lane may have."""

    BARRIER_ENTRY = "barrier_entry"
    BARRIER_EXIT = "barrier_exit"
    CHAMBER = "chamber"
    LIGHT_RED = "light_red"
    LIGHT_YELLOW = "light_yellow"
    LIGHT_GREEN = "light_green"
    BUZZER = "buzzer"


class InputName(enum.StrEnum):
    """Every sensor, contact and button that a lane may have."""

    PRESENCE = "presence"
    BEAM_A = "beam_a"
    BEAM_B = "beam_b"
    PASS_A = "pass_a"
    """The turnstile's contact: one person went in."""
    PASS_B = "pass_b"
    """The turnstile's contact: one person went out."""
    DOOR = "door"
    EXIT_REQUEST = "exit_request"
    FIRE = "fire"
    EMERGENCY_STOP = "emergency_stop"
    TAMPER = "tamper"
    CHAMBER_DOORS = "chamber_doors"
    CHAMBER_VACANT_1 = "chamber_vacant_1"
    CHAMBER_VACANT_2 = "chamber_vacant_2"
    TANK = "tank"
    STAFF = "staff"
    """Key switch or button of the officer at the lane."""


class Pull(enum.StrEnum):
    """The resistor that says what an open contact reads as."""

    UP = "up"
    DOWN = "down"
    EXTERNAL_UP = "external_up"
    """On the board outside; the Pi's own is switched off."""
    EXTERNAL_DOWN = "external_down"


class Contact(enum.StrEnum):
    """What a contact does at rest."""

    NORMALLY_OPEN = "normally_open"
    NORMALLY_CLOSED = "normally_closed"
    """Closed at rest: a cut wire reads as the alarm, never as peace."""


class Hold(enum.StrEnum):
    """How a relay answers to a release."""

    LEVEL = "level"
    """On for as long as the grant: magnets, locks, lamps."""
    PULSE = "pulse"
    """On for `pulse_ms` once a grant: turnstiles that remember it themselves."""


Line = Annotated[int, Meta(ge=0, le=LINE_MAX)]


class OutputLine(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One switched wire as a site states it."""

    line: Line
    active_high: bool = True
    """Whether a high level switches the thing on."""
    hold: Hold = Hold.LEVEL
    pulse_ms: Annotated[int, Meta(ge=PULSE_MS_MIN, le=PULSE_MS_MAX)] = 500
    on_ms_max: Annotated[int, Meta(ge=PULSE_MS_MIN)] | None = None
    """Longest time on without a rest, whatever is asked for; None takes the role's."""

    @property
    def safe_level(self) -> int:
        """Level (0 or 1) at start, at rest and whenever the controller is quiet.

        Always the one that switches nothing on. What must act when the controller is gone
        (a red lamp, a fail-open lock) is wired to the relay's resting contact.
        """
        return 0 if self.active_high else 1


class InputLine(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sensor as a site states it."""

    line: Line
    pull: Pull = Pull.UP
    contact: Contact | None = None
    """None takes the role's."""
    debounce_ms: Annotated[int, Meta(ge=0, le=DEBOUNCE_MS_MAX)] | None = None
    """None takes the role's."""


class OutputRole(Struct, frozen=True):
    """What every output of that name is held to."""

    on_ms_max: int | None
    """Longest time on where the site says nothing; None: as long as the lease is renewed."""
    on_ms_limit: int | None
    """The longest that a site may set."""
    endless: bool = False
    """An alarm keeps it on without end: no pulse, and no limit of a site's."""
    moves: bool = False
    """Something moves or flows: it must not stir at power-on."""


class InputRole(Struct, frozen=True):
    """What every input of that name is taken for where the site says nothing."""

    contact: Contact
    debounce_ms: int
    debounce_ms_max: int = DEBOUNCE_MS_MAX
    contact_fixed: bool = False
    """The contact is a matter of safety: no site may choose another."""


_LIGHT = OutputRole(on_ms_max=None, on_ms_limit=None)
OUTPUT_ROLES: Final[Mapping[OutputName, OutputRole]] = MappingProxyType(
    {
        OutputName.BARRIER_ENTRY: OutputRole(ASSISTED_GRANT_MS, ASSISTED_GRANT_MS, moves=True),
        # Egress is never cut short by a limit; a quiet controller still ends it.
        OutputName.BARRIER_EXIT: OutputRole(None, None, endless=True, moves=True),
        OutputName.CHAMBER: OutputRole(CHAMBER_PERSON_MS, CHAMBER_MS_MAX, moves=True),
        OutputName.LIGHT_RED: _LIGHT,
        OutputName.LIGHT_YELLOW: _LIGHT,
        OutputName.LIGHT_GREEN: _LIGHT,
        OutputName.BUZZER: OutputRole(2_000, BUZZER_MS_MAX),
    }
)

_OPEN = Contact.NORMALLY_OPEN
_CLOSED = Contact.NORMALLY_CLOSED
_PASS = InputRole(_CLOSED, debounce_ms=5, debounce_ms_max=PASS_DEBOUNCE_MS_MAX)
_INTERLOCK = InputRole(_CLOSED, debounce_ms=20, contact_fixed=True)
INPUT_ROLES: Final[Mapping[InputName, InputRole]] = MappingProxyType(
    {
        InputName.PRESENCE: InputRole(_OPEN, debounce_ms=50),
        InputName.BEAM_A: InputRole(_CLOSED, debounce_ms=5),
        InputName.BEAM_B: InputRole(_CLOSED, debounce_ms=5),
        InputName.PASS_A: _PASS,
        InputName.PASS_B: _PASS,
        InputName.DOOR: InputRole(_CLOSED, debounce_ms=20),
        InputName.EXIT_REQUEST: InputRole(_OPEN, debounce_ms=20),
        InputName.FIRE: InputRole(_CLOSED, debounce_ms=20, contact_fixed=True),
        InputName.EMERGENCY_STOP: InputRole(_CLOSED, debounce_ms=10, contact_fixed=True),
        InputName.TAMPER: InputRole(_CLOSED, debounce_ms=50),
        InputName.CHAMBER_DOORS: _INTERLOCK,
        InputName.CHAMBER_VACANT_1: _INTERLOCK,
        InputName.CHAMBER_VACANT_2: _INTERLOCK,
        InputName.TANK: _INTERLOCK,
        InputName.STAFF: InputRole(_OPEN, debounce_ms=30),
    }
)
"""*Active* of a chamber's sensor means that it forbids: door open, somebody inside, tank empty."""

_OUTPUTS: Final[Mapping[OutputName, int]] = {
    OutputName.BARRIER_ENTRY: 17,
    OutputName.BARRIER_EXIT: 27,
    OutputName.CHAMBER: 22,
    OutputName.LIGHT_RED: 23,
    OutputName.LIGHT_GREEN: 24,
    OutputName.BUZZER: 25,
}
_INPUTS: Final[Mapping[InputName, int]] = {
    InputName.PRESENCE: 5,
    InputName.BEAM_A: 6,
    InputName.BEAM_B: 13,
    InputName.PASS_A: 19,
    InputName.PASS_B: 26,
    InputName.DOOR: 12,
    InputName.EXIT_REQUEST: 16,
    InputName.FIRE: 20,
    InputName.EMERGENCY_STOP: 21,
    InputName.TAMPER: 4,
    InputName.CHAMBER_DOORS: 7,
    InputName.CHAMBER_VACANT_1: 8,
    InputName.CHAMBER_VACANT_2: 9,
    InputName.TANK: 10,
    InputName.STAFF: 11,
}


class Wiring(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All lines of one lane. Making one checks it.

    Raises:
        ValueError: one sentence that names the line and what to do. Decoded by msgspec, it
            arrives as `msgspec.ValidationError` with the path in the file.
    """

    outputs: Mapping[OutputName, OutputLine] = field(
        default_factory=lambda: {name: OutputLine(line=line) for name, line in _OUTPUTS.items()}
    )
    inputs: Mapping[InputName, InputLine] = field(
        default_factory=lambda: {name: InputLine(line=line) for name, line in _INPUTS.items()}
    )
    free_uart: bool = False
    """The serial console is switched off: GPIO 14 and 15 may be used."""

    def __post_init__(self) -> None:
        self._check_lines()
        for name, output in self.outputs.items():
            _check_output(name, output)
        for sensor_name, sensor in self.inputs.items():
            _check_input(sensor_name, sensor)

    def _check_lines(self) -> None:
        taken: dict[int, str] = {}
        lines = [(str(name), output.line) for name, output in self.outputs.items()]
        lines += [(str(name), sensor.line) for name, sensor in self.inputs.items()]
        for name, line in lines:
            if line in RESERVED and not (self.free_uart and line in UART_LINES):
                raise ValueError(
                    f"{name} is on GPIO {line}, which is {RESERVED[line]}; choose another line"
                )
            if line in taken:
                raise ValueError(
                    f"{name} and {taken[line]} are both on GPIO {line}; give each its own"
                )
            taken[line] = name

    def contact(self, name: InputName) -> Contact:
        """What the contact of that input does at rest."""
        return self.inputs[name].contact or INPUT_ROLES[name].contact

    def debounce_ns(self, name: InputName) -> int:
        """How long a level must hold before that input is believed, in nanoseconds."""
        chosen = self.inputs[name].debounce_ms
        return (INPUT_ROLES[name].debounce_ms if chosen is None else chosen) * NS_PER_MS

    def active_level(self, name: InputName) -> int:
        """Level of the wire, 0 or 1, at which that input is active."""
        open_level = self.inputs[name].pull in {Pull.UP, Pull.EXTERNAL_UP}
        active_when_open = self.contact(name) is Contact.NORMALLY_CLOSED
        return int(open_level == active_when_open)

    def on_ns_max(self, name: OutputName) -> int | None:
        """Longest time that this output stays on, in nanoseconds; None for no limit of its own."""
        chosen = self.outputs[name].on_ms_max or OUTPUT_ROLES[name].on_ms_max
        return None if chosen is None else chosen * NS_PER_MS


def power_on_hazards(wiring: Wiring) -> list[str]:
    """What would stir between power-on and the program's start, one sentence each.

    Not an error: a resistor on the relay board may already see to it. The self-test shows them.
    """
    hazards = []
    for name, output in wiring.outputs.items():
        up = output.line in PULLED_UP_AT_POWER_ON
        if OUTPUT_ROLES[name].moves and up == output.active_high:
            hazards.append(
                f"{name} on GPIO {output.line} is switched on at power-on by the Pi's own "
                f"pull-{'up' if up else 'down'}: use an active-high driver on GPIO 9-27, or a "
                "resistor that holds the relay off"
            )
    return hazards


def _check_output(name: OutputName, output: OutputLine) -> None:
    if OUTPUT_ROLES[name].endless:
        _check_endless(name, output)
    limit = OUTPUT_ROLES[name].on_ms_limit
    if limit is None or output.on_ms_max is None:
        return
    if output.on_ms_max > limit:
        raise ValueError(
            f"{name} may stay on {output.on_ms_max} ms, the most is {limit}; lower on_ms_max"
        )


def _check_endless(name: OutputName, output: OutputLine) -> None:
    wrong = None
    if output.hold is not Hold.LEVEL:
        wrong = f'hold = "{output.hold}"'
    elif output.on_ms_max is not None:
        wrong = "on_ms_max"
    if wrong is not None:
        raise ValueError(
            f"{name} must stay released for as long as an alarm lasts, and {wrong} lets go of it "
            "before; leave that out"
        )


def _check_input(name: InputName, sensor: InputLine) -> None:
    role = INPUT_ROLES[name]
    if role.contact_fixed and sensor.contact not in {None, role.contact}:
        raise ValueError(
            f"{name} is wired {sensor.contact}, so that a cut wire goes unseen; "
            f"it must be {role.contact}"
        )
    if sensor.debounce_ms is not None and sensor.debounce_ms > role.debounce_ms_max:
        raise ValueError(
            f"{name} is debounced {sensor.debounce_ms} ms and would miss short contacts; "
            f"the most is {role.debounce_ms_max}"
        )
