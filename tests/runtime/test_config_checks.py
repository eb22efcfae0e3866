"""What no single key can tell, and what is allowed but unwise, word for word."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.gpio.words import MEANINGS
from drivers.wiring import InputName, Wiring
from firmware.config import Config, ConfigError, cautions, parse_config
from firmware.config.checks import CHAMBER_SENSORS, REFER_TO_CHARS_MAX
from gate.events import ChamberInput, ChamberInputChanged
from gate.policy import ADVISORY

HERE = Path("/etc/gate/gate.toml")
IDS = 'site = "hall"\nlane = "north"\n'
LEAST = IDS + 'trust = "trust.toml"\n'
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""The public key of RFC 8032 section 7.1, test 1: nobody's."""
SILENT = """
board = "raspberry-pi"
camera.kind = "picamera"
thermometer.kind = "iio"
policy.refer_to = "Health centre Example"
"""
"""With a trust file, a lane of which nothing is to be said."""


def wrong(text: str, head: str = LEAST) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(head + text, HERE)
    return list(caught.value.problems)


def wires(without: str, given: Wiring | None = None) -> str:
    """All inputs of the default wiring, but one."""
    lines = (given or Wiring()).inputs
    return "".join(
        f"wiring.inputs.{name}.line = {line.line}\n"
        for name, line in lines.items()
        if name != without
    )


# --- contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "policy.temperature = { ambient_c_min = 35, ambient_c_max = 35 }",
            ("policy.temperature.ambient_c_min is 35 and ambient_c_max 35 °C; make the first less"),
        ),
        (
            "policy.temperature = { recheck_after_s = 900, recheck_within_s = 600.5 }",
            (
                "policy.temperature.recheck_after_s is 900 and recheck_within_s 600.5 s, so that "
                "no second measurement would count; make the first less"
            ),
        ),
        (
            "policy.passage = { grant_s = 6, assisted_grant_s = 5 }",
            (
                "policy.passage.grant_s is 6 and assisted_grant_s 5 s, so that assistance would "
                "take time away; make the second more"
            ),
        ),
        (
            'policy.schedule.hours = [{ open = "08:00", close = "08:00" }]',
            (
                "policy.schedule.hours[0] opens and closes at the same minute; for a whole day "
                'write open = "00:00" and close = "24:00"'
            ),
        ),
        (
            "policy.schedule.hours = [{ days = [] }]",
            "policy.schedule.hours[0].days is empty; leave it out where all are meant",
        ),
        (
            "policy.schedule.hours = [{ kinds = [] }]",
            "policy.schedule.hours[0].kinds is empty; leave it out where all are meant",
        ),
        (
            "languages = []",
            'languages is empty; write at least one, such as languages = ["id"]',
        ),
        (
            f'policy.refer_to = "{"x" * (REFER_TO_CHARS_MAX + 1)}"',
            "policy.refer_to has 201 characters; shorten it to 200 at most",
        ),
        (
            "policy.credential.kinds = []",
            (
                "policy.credential.kinds is empty, so that no pass would admit; leave it out "
                "where all are meant"
            ),
        ),
        (
            'thermometer.kind = "none"',
            (
                'thermometer.kind is "none", and the temperature stage needs one; write kind = '
                '"iio", or take "temperature" out of policy.stages'
            ),
        ),
        (
            'camera.kind = "pictures"',
            (
                'camera.source is missing, and camera.kind "pictures" needs it; write the path '
                "of a folder, a picture or a film"
            ),
        ),
        (
            'camera = { kind = "picamera", source = "²" }',
            (
                'camera.source is "²", and camera.kind "picamera" wants the number of the '
                'camera; write source = "0", or leave it out'
            ),
        ),
        (
            "wiring.outputs.chamber.line = 22",
            (
                "wiring.outputs.barrier_entry is missing, and nothing else lets anybody in; a "
                "file that names one output must name them all"
            ),
        ),
        (
            "[wiring.outputs]\nbarrier_entry = { line = 17, on_ms_max = 5_000 }\nchamber.line = 22",
            (
                "policy.passage.assisted_grant_s is 30 s, and wiring.outputs.barrier_entry "
                "switches off after 5 s; lower the one or raise on_ms_max there"
            ),
        ),
        (
            "[wiring.outputs]\nbarrier_entry.line = 17\nchamber = { line = 22, on_ms_max = 500 }",
            (
                "policy.chamber.run_s is 4 s, and wiring.outputs.chamber switches off after "
                "0.5 s; lower the one or raise on_ms_max there"
            ),
        ),
        (
            "[wiring.outputs]\nbarrier_entry.line = 17",
            (
                'wiring.outputs.chamber is missing, and the chamber in mode "hands" never runs '
                'without it; name it, or take "chamber" out of policy.stages'
            ),
        ),
        (
            'broker = { host = "b", password_path = "p" }',
            ("broker.username is missing beside broker.password_path; write whose password it is"),
        ),
        (
            'broker = { host = "b", tls = { key_path = "north.key" } }',
            "broker: a client certificate needs both cert_path and key_path",
        ),
    ],
)
def test_values_that_contradict_each_other(text: str, sentence: str) -> None:
    """Each fits by itself; together they can't work, and both are named."""
    assert wrong(text) == [sentence]


def test_the_credential_stage_needs_somebody_to_believe() -> None:
    """And the sentence says what to write."""
    assert wrong("", head=IDS) == [
        (
            "trust is missing, and the credential stage believes nobody without it; write "
            'trust = "trust.toml", or take "credential" out of policy.stages'
        )
    ]


def test_nothing_made_up_stands_beside_a_real_barrier() -> None:
    """A simulated thermometer or camera would let people in on invented facts."""
    assert wrong('board = "raspberry-pi"\ncamera.kind = "pictures"\ncamera.source = "p"') == [
        (
            'thermometer.kind is "simulated" beside board = "raspberry-pi", so that made-up '
            'temperatures would open a real barrier; write kind = "iio", or take "temperature" '
            "out of policy.stages"
        ),
        (
            'camera.kind is "pictures" beside board = "raspberry-pi", so that made-up codes '
            'would open a real barrier; write kind = "picamera" or "v4l2", or take "credential" '
            "out of policy.stages"
        ),
    ]
    text = 'board = "raspberry-pi"\npolicy.stages = ["chamber"]'
    assert parse_config(LEAST + text, HERE).policy.stages


@pytest.mark.parametrize(
    ("counted_by", "other", "sensors"),
    [
        ("beams", "contacts", ("beam_a", "beam_b")),
        ("contacts", "beams", ("pass_a", "pass_b")),
    ],
)
def test_passages_are_counted_by_sensors_that_are_there(
    counted_by: str, other: str, sensors: tuple[str, str]
) -> None:
    """Otherwise every grant would end as not taken."""
    for sensor in sensors:
        text = f'policy.passage.counted_by = "{counted_by}"\n{wires(without=sensor)}'
        assert wrong(text) == [
            (
                f"wiring.inputs.{sensor} is missing, and policy.passage.counted_by = "
                f'"{counted_by}" needs it; name it (a file that names one input must name them '
                f'all), or write counted_by = "{other}"'
            )
        ]


@pytest.mark.parametrize(
    ("mode", "sensors"),
    [
        ("hands", ["tank"]),
        ("air", ["chamber_doors"]),
        ("vacant", ["chamber_doors", "chamber_vacant_1", "chamber_vacant_2", "tank"]),
    ],
)
def test_a_chamber_has_the_sensors_of_its_interlock(mode: str, sensors: list[str]) -> None:
    """One that says nothing forbids, and so the chamber would never run."""
    beams = "wiring.inputs.beam_a.line = 6\nwiring.inputs.beam_b.line = 13\n"
    assert wrong(f'policy.chamber.mode = "{mode}"\n{beams}') == [
        (
            f'wiring.inputs.{sensor} is missing, and the chamber in mode "{mode}" never runs '
            'without it; name it, or take "chamber" out of policy.stages'
        )
        for sensor in sensors
    ]


@pytest.mark.parametrize("how", ['policy.stages = ["credential"]', 'policy.chamber.mode = "off"'])
def test_a_lane_without_chamber_needs_no_wires_of_one(how: str) -> None:
    """Left out as a stage, or switched off."""
    text = f"{how}\nwiring.outputs.barrier_entry = {{ line = 17 }}"
    assert parse_config(LEAST + text, HERE).wiring.outputs


def test_a_pulse_needs_no_time() -> None:
    """The turnstile remembers it: the grant may be longer than the relay is on."""
    line = '{ line = 17, hold = "pulse", on_ms_max = 1_000 }'
    text = f'policy.stages = ["credential"]\nwiring.outputs.barrier_entry = {line}'
    assert parse_config(LEAST + text, HERE).wiring.outputs


def test_the_table_of_the_chambers_sensors_is_the_drivers() -> None:
    """What the configuration asks for is what the driver will listen to."""
    driver: Mapping[ChamberInput, InputName] = {
        event.input: name
        for name, meaning in MEANINGS.items()
        if isinstance(event := meaning.event(True), ChamberInputChanged)
    }
    assert driver == CHAMBER_SENSORS


# --- cautions ------------------------------------------------------------------------------------


@pytest.fixture
def trusting(tmp_path: Path) -> Path:
    """A folder with a trust file that names two issuers."""
    (tmp_path / "trust.toml").write_text(issuer("Town hall", KEY))
    return tmp_path


def issuer(name: str, key: str) -> str:
    return f'[[issuer]]\nname = "{name}"\npublic_key = "{key}"\nkinds = ["visitor"]\n'


def said(folder: Path, text: str, head: str = LEAST + SILENT) -> list[str]:
    return cautions(parse_config(head + text, folder / "gate.toml"))


def test_a_lane_of_which_nothing_is_to_be_said(trusting: Path) -> None:
    """Whoever did all well is not warned."""
    assert said(trusting, "") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f'policy.chamber = {{ mode = "mist", accept_advisory = "{ADVISORY}" }}',
            (
                'policy.chamber.mode is "mist": it sprays people, which WHO (15 May 2020) and the '
                "Indonesian Ministry of Health (HK.02.02/III/375/2020) advise against."
            ),
        ),
        ("policy.stages = []", "policy.stages is empty, so that everybody is let in."),
        (
            wires(without="presence"),
            (
                "wiring.inputs.presence is not wired: a visit then begins only with a code, and "
                "nobody is seen to leave."
            ),
        ),
        (
            wires(without="fire"),
            (
                "wiring.inputs.fire is not wired: the lane then knows nothing of a fire, and only "
                "wires release the barrier."
            ),
        ),
        (
            wires(without="emergency_stop"),
            (
                "wiring.inputs.emergency_stop is not wired: the lane then knows nothing of an "
                "emergency stop."
            ),
        ),
        (
            wires(without="staff"),
            (
                "wiring.inputs.staff is not wired: nobody at the lane can then answer a referral "
                "or reset an emergency."
            ),
        ),
        (
            (
                "[wiring.outputs]\nbarrier_entry.line = 17\n"
                "chamber = { line = 22, active_high = false }"
            ),
            (
                "wiring.outputs: chamber on GPIO 22 is switched on at power-on by the Pi's own "
                "pull-down: use an active-high driver on GPIO 9-27, or a resistor that holds the "
                "relay off."
            ),
        ),
        (
            ("policy.capacity = 40\n[wiring.outputs]\nbarrier_entry.line = 17\nchamber.line = 22"),
            (
                "policy.capacity counts those who leave as well, and nobody can leave through this "
                "lane: wire barrier_exit, or write policy.passage.free_exit = true."
            ),
        ),
        (
            'policy.credential.issuers = ["Town hall", "Cafe"]',
            (
                'policy.credential.issuers names "Cafe", whom {folder}/trust.toml does not; it has '
                '"Town hall".'
            ),
        ),
        (
            'broker = { host = "b", username = "n", password_path = "none", tls = {} }',
            ("broker.password_path: {folder}/none can't be looked at (No such file or directory)."),
        ),
    ],
)
def test_what_is_allowed_but_unwise(trusting: Path, text: str, sentence: str) -> None:
    """It starts, and whoever starts it hears of it."""
    assert said(trusting, text) == [sentence.format(folder=trusting)]


def test_a_simulated_board_says_so(trusting: Path) -> None:
    """Nobody takes a try-out for a lane; and the Pi's power-on levels are then no matter."""
    text = 'policy.refer_to = "Example"\n'
    text += "wiring.outputs.barrier_entry = { line = 17, active_high = false }"
    text += '\npolicy.stages = ["credential"]'
    assert said(trusting, text, head=LEAST) == [
        'board is "simulated", so that nothing moves; at an entrance write "raspberry-pi".'
    ]


@pytest.mark.parametrize(
    ("rules", "is_told"),
    [
        ('policy.stages = ["temperature"]', True),
        ("policy.credential.doses_min = 1\npolicy.stages = ['credential']", True),
        ("policy.stages = ['credential']", False),
    ],
)
def test_whoever_is_referred_is_told_where(trusting: Path, rules: str, is_told: bool) -> None:
    """Where the rules refer anybody at all."""
    head = LEAST + SILENT.replace("Health centre Example", " ")
    sentence = (
        "policy.refer_to is empty: visitors who are refused and referred are not told where to go."
    )
    assert said(trusting, rules, head=head) == ([sentence] if is_told else [])


def test_a_trust_file_that_does_not_serve(trusting: Path) -> None:
    """The lane's own start will refuse it; the check says so before."""
    trust = trusting / "trust.toml"
    trust.write_text("")
    assert said(trusting, 'policy.credential.issuers = ["Cafe"]') == [
        (
            f"trust: {trust} names no issuer, so that no pass is believed; add one with `gate pass "
            "keygen --trust`."
        ),
        f'policy.credential.issuers names "Cafe", whom {trust} does not; it has nobody.',
    ]
    trust.write_text(issuer("", KEY))
    assert said(trusting, "") == [f"trust: {trust}: issuer[0]: an issuer needs a name."]
    trust.write_text("a = " + "[" * 20_000)
    assert said(trusting, "") == [f"trust: {trust}: nested too deeply."]
    trust.unlink()
    assert said(trusting, "") == [f"trust: {trust} is not there."]
    assert said(trusting, "policy.stages = ['temperature']") == []


def test_a_password_that_others_can_read(trusting: Path) -> None:
    """On the disk, and on the network."""
    password = trusting / "password"
    password.write_text("invented")
    password.chmod(0o604)
    broker = 'broker = {{ host = "{}", username = "n", password_path = "password" }}'
    disk = f"broker.password_path: everybody may read {password}; chmod o= {password}."
    network = (
        "broker.password_path: the password goes through the network for all to read; add "
        "[broker.tls]."
    )
    assert said(trusting, broker.format("broker.example")) == [network, disk]
    assert said(trusting, broker.format("127.0.0.1")) == [disk]
    assert said(trusting, 'broker.host = "broker.example"') == []
    password.chmod(0o640)
    assert said(trusting, broker.format("localhost")) == []


def test_cautions_of_a_lane_made_in_code() -> None:
    """A demonstration has no file, and is warned of nothing but of what it is."""
    assert cautions(Config(site="demo", lane="north"))[0].startswith('board is "simulated"')
