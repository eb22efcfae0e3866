"""The wiring as a technician states it: what is refused, and in which words."""

import msgspec
import pytest

from drivers.wiring import (
    INPUT_ROLES,
    OUTPUT_ROLES,
    PULLED_UP_AT_POWER_ON,
    Contact,
    InputLine,
    InputName,
    OutputLine,
    OutputName,
    Pull,
    Wiring,
    power_on_hazards,
)
from gate.walltime import NS_PER_MS


def read(text: str) -> Wiring:
    return msgspec.toml.decode(text, type=Wiring)


def test_the_defaults_suit_a_pi() -> None:
    """Every relay lies where the Pi comes up pulled down, and nothing is said of hazards."""
    wiring = Wiring()
    assert power_on_hazards(wiring) == []
    for output in wiring.outputs.values():
        assert output.line not in PULLED_UP_AT_POWER_ON
        assert output.safe_level == 0
    assert set(wiring.inputs) == set(InputName)
    assert wiring.outputs.keys() | {OutputName.LIGHT_YELLOW} == set(OutputName)


def test_the_table_of_roles_is_complete() -> None:
    """A name without a role would be found at the site."""
    assert set(OUTPUT_ROLES) == set(OutputName)
    assert set(INPUT_ROLES) == set(InputName)


def test_a_site_names_only_what_it_has() -> None:
    """One relay and one closed contact are a whole wiring."""
    wiring = read(
        """
        [outputs.barrier_entry]
        line = 17
        hold = "pulse"
        pulse_ms = 250

        [inputs.fire]
        line = 20
        debounce_ms = 0
        """
    )
    assert set(wiring.inputs) == {InputName.FIRE}
    assert wiring.debounce_ns(InputName.FIRE) == 0
    assert wiring.on_ns_max(OutputName.BARRIER_ENTRY) == 30_000 * NS_PER_MS


@pytest.mark.parametrize(
    ("pull", "contact", "active_level"),
    [
        (Pull.UP, Contact.NORMALLY_OPEN, 0),
        (Pull.UP, Contact.NORMALLY_CLOSED, 1),
        (Pull.DOWN, Contact.NORMALLY_OPEN, 1),
        (Pull.DOWN, Contact.NORMALLY_CLOSED, 0),
        (Pull.EXTERNAL_UP, Contact.NORMALLY_CLOSED, 1),
        (Pull.EXTERNAL_DOWN, Contact.NORMALLY_CLOSED, 0),
    ],
)
def test_which_level_is_active(pull: Pull, contact: Contact, active_level: int) -> None:
    """An open contact reads as its resistor says; a normally closed one is then active."""
    line = InputLine(line=5, pull=pull, contact=contact)
    wiring = Wiring(inputs={InputName.DOOR: line})
    assert wiring.active_level(InputName.DOOR) == active_level


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[inputs.door]\nline = 17", "both on GPIO 17; give each its own"),
        ("[inputs.door]\nline = 2", "GPIO 2, which is the I2C bus of the thermometer"),
        ("[inputs.door]\nline = 14", "free_uart = true gives it to the lane"),
        ("[inputs.door]\nline = 28", "<= 27"),
        ('[inputs.fire]\nline = 20\ncontact = "normally_open"', "a cut wire goes unseen"),
        ('[inputs.emergency_stop]\nline = 20\ncontact = "normally_open"', "must be normally_cl"),
        ("[inputs.pass_a]\nline = 20\ndebounce_ms = 11", "would miss short contacts"),
        ("[inputs.door]\nline = 20\ndebounce_ms = 101", "<= 100"),
        ("[inputs.dor]\nline = 20", "'dor'"),
        ("[inputs.door]\nline = 20\ncolour = 1", "unknown field `colour`"),
        ("[outputs.barrier_exit]\nline = 18\npulse_ms = 99", ">= 100"),
        ("[outputs.barrier_exit]\nline = 18\npulse_ms = 5001", "<= 5000"),
        ('[outputs.barrier_exit]\nline = 18\nhold = "pulse"', 'hold = "pulse" lets go of it'),
        ("[outputs.barrier_exit]\nline = 18\non_ms_max = 30000", "on_ms_max lets go of it"),
        ("[outputs.barrier_entry]\nline = 18\non_ms_max = 30001", "the most is 30000"),
        ("[outputs.chamber]\nline = 18\non_ms_max = 600001", "the most is 600000"),
    ],
)
def test_what_is_refused_is_refused_in_one_sentence(text: str, complaint: str) -> None:
    """Each mistake that a technician can make is named."""
    with pytest.raises(msgspec.ValidationError) as refused:
        read(text)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_console_can_give_its_lines_away() -> None:
    """Said once, GPIO 14 and 15 are lines like any other; the I2C bus never is."""
    wiring = read("free_uart = true\n[inputs.door]\nline = 15")
    assert wiring.inputs[InputName.DOOR].line == 15
    with pytest.raises(msgspec.ValidationError, match="I2C"):
        read("free_uart = true\n[inputs.door]\nline = 3")


@pytest.mark.parametrize(("line", "active_high"), [(5, True), (17, False)])
def test_a_relay_that_stirs_at_power_on_is_pointed_out(line: int, active_high: bool) -> None:
    """Either kind of driver on the wrong half of the header is on until the program runs."""
    relay = OutputLine(line=line, active_high=active_high)
    lamp = OutputLine(line=6)
    wiring = Wiring(
        outputs={OutputName.BARRIER_ENTRY: relay, OutputName.LIGHT_RED: lamp}, inputs={}
    )
    (hazard,) = power_on_hazards(wiring)
    assert f"barrier_entry on GPIO {line} is switched on at power-on" in hazard
