"""What is said of a key or a value that does not fit, word for word."""

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct, inspect

from firmware.config import Config, ConfigError, parse_config
from firmware.config.keys import Key, bare, every_key
from firmware.config.model import RECORDS_MIN
from firmware.config.reader import Reader

HERE = Path("/etc/gate/gate.toml")
LEAST = 'site = "hall"\nlane = "north"\ntrust = "trust.toml"\n'
MON_TO_SUN = '"mon", "tue", "wed", "thu", "fri", "sat" or "sun"'


def wrong(text: str, head: str = LEAST) -> list[str]:
    """What is said of the least file with that behind it, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_config(head + text, HERE)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    return [line.removeprefix(f"{HERE}: ") for line in lines]


def test_all_is_said_at_once() -> None:
    """A technician does not start the lane five times for five mistakes."""
    assert wrong(
        """
        log_levl = "info"
        [policy.temperature]
        limit_c = 45
        readings = 2.5
        [policy.chamber]
        mode = "mist"
        """
    ) == [
        "log_levl is no key; did you mean log_level?",
        (
            'policy.chamber: mode "mist" sprays people, against official advice: it needs '
            'accept_advisory = "HK.02.02/III/375/2020".'
        ),
        "policy.temperature.limit_c is 45; write a number from 36 to 40 °C.",
        "policy.temperature.readings is 2.5; write a whole number from 1 to 9.",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[wiring.outputs.barrier]",
            "wiring.outputs.barrier is no key; did you mean barrier_exit or barrier_entry?",
        ),
        (
            "[policy.chamber]\nfoo = 1",
            (
                "policy.chamber.foo is no key; the keys there are mode, run_s, wait_s, "
                "accept_advisory."
            ),
        ),
        (
            '[policy.chamber]\nlog_level = "info"',
            (
                "policy.chamber.log_level is no key, but log_level is one at the top, above the "
                "first [table]: move it there."
            ),
        ),
        (
            'host = "b"',
            "host is no key, but host is one in [broker]: move it there.",
        ),
        (
            'policy.schedule.open = "08:00"',
            (
                "policy.schedule.open is no key, but open is one in [[policy.schedule.hours]]: "
                "move it there."
            ),
        ),
        (
            '"\\u001b[31m" = 1',
            (
                '"\\u001b[31m" is no key; the keys there are site, lane, board, data_dir, trust, '
                "trust_bundle, trust_roots, trust_media, health_rules, languages, log_level, "
                "journal, camera, thermometer, broker, policy, wiring."
            ),
        ),
        (
            '[broker]\nhost = "b"\npassword = "hunter2"',
            (
                "broker.password has no place here: write the password into a file of its own, and "
                "that file's path as broker.password_path."
            ),
        ),
    ],
)
def test_an_unknown_key(text: str, sentence: str) -> None:
    """Its whole path, and the key that was meant; never its value."""
    assert wrong(text) == [sentence]


def test_a_key_that_is_missing() -> None:
    """What to write for it."""
    an_id = "an id of 1 to 64 characters out of a-z, 0-9, _ and -"
    assert wrong("", head="") == [
        f"site is missing; write {an_id}.",
        f"lane is missing; write {an_id}.",
    ]
    assert wrong("[broker]\n[wiring.inputs.fire]") == [
        "broker.host is missing; write its name or address alone, such as broker.example.",
        "wiring.inputs.fire.line is missing; write a whole number from 0 to 27.",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "policy.capacity = true",
            "policy.capacity is true; write a whole number from 0 to 100_000.",
        ),
        (
            f"policy.capacity = 0x{'f' * 9_000}",
            "policy.capacity is a huge number; write a whole number from 0 to 100_000.",
        ),
        ("camera.seed = 0xffffffffffffffff", "camera.seed is a huge number; write a whole number."),
        (
            "policy.temperature.ambient_c_min = nan",
            "policy.temperature.ambient_c_min is nan; write a number in °C.",
        ),
        (
            'policy.temperature.rate_c_per_s_max = "fast"',
            (
                'policy.temperature.rate_c_per_s_max is "fast"; write a number above 0 and up to '
                "50 °C a second."
            ),
        ),
        (
            "policy.passage.grant_s = 0",
            "policy.passage.grant_s is 0; write a number from 0.1 to 8 s.",
        ),
        (
            "policy.passage.free_exit = 1",
            "policy.passage.free_exit is 1; write true or false.",
        ),
        (
            "camera.focus_mm = 10",
            "camera.focus_mm is 10; write a whole number from 50 to 2_000 mm.",
        ),
        (
            f"journal.records_max = {RECORDS_MIN - 1}",
            "journal.records_max is 9999; write a whole number from 10_000 to 1_000_000.",
        ),
        ("policy.refer_to = []", "policy.refer_to is a list; write a text in quotation marks."),
        (
            'policy.refer_to = "a\\u001b[2Jb"',
            'policy.refer_to is "a\\u001b[2Jb"; take the control characters out.',
        ),
        (
            'board = "pi"',
            'board is "pi"; write "simulated" or "raspberry-pi".',
        ),
        (
            "log_level = 10:00:00",
            'log_level is 10:00:00; write "debug", "info", "warning" or "error".',
        ),
        ("policy = 3", "policy is 3; write it as a table, [policy]."),
        ("wiring.inputs = []", "wiring.inputs is a list; write it as a table, [wiring.inputs]."),
        (
            'policy.stages = "chamber"',
            (
                'policy.stages is "chamber"; write a list in brackets, each one "chamber", '
                '"temperature" or "credential".'
            ),
        ),
        (
            'policy.stages = ["credential", "chamber", "credential"]',
            "policy.stages[2] is the same as policy.stages[0]; take one of them away.",
        ),
        (
            f'policy.credential.issuers = ["{"x" * 99}", 1]',
            "policy.credential.issuers[1] is 1; write a text in quotation marks.",
        ),
        (
            f'languages = ["{"x" * 99}"]',
            f'languages[0] is "{"x" * 59}…"; write "id" or "en".',
        ),
        ('data_dir = ""', 'data_dir is ""; write a path.'),
        ('data_dir = "a\\nb"', 'data_dir is "a\\nb"; write a path.'),
        ('trust = "~/trust.toml"', 'trust is "~/trust.toml"; write the folder out instead of ~.'),
        (
            "wiring.outputs.barrier_entry = { line = 17, on_ms_max = 1 }",
            "wiring.outputs.barrier_entry.on_ms_max is 1; write a whole number of at least 100 ms.",
        ),
        (
            "wiring.outputs.barrier_entry.line = 2",
            (
                "wiring: barrier_entry is on GPIO 2, which is the I2C bus of the thermometer; "
                "choose another line."
            ),
        ),
    ],
)
def test_a_value_that_does_not_fit(text: str, sentence: str) -> None:
    """What is there, and what to write instead, with its unit."""
    tail = LEAST if "trust" not in text else 'site = "hall"\nlane = "north"\n'
    assert wrong(text, head=tail) == [sentence]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "dated = 2026-07-01T08:00:00",
            "dated is 2026-07-01T08:00:00; write a date such as 2026-12-25.",
        ),
        ('dated = "July"', 'dated is "July"; write a date such as 2026-12-25.'),
        (
            'schedule.holidays = ["2026-02-30"]',
            'schedule.holidays[0] is "2026-02-30"; there is no such day.',
        ),
        (
            "schedule.holidays = 2026-12-25",
            (
                "schedule.holidays is 2026-12-25; write a list in brackets, each one a date such "
                "as 2026-12-25."
            ),
        ),
        (
            'schedule.hours = { open = "08:00" }',
            "schedule.hours is a table; write each as a table, [[policy.schedule.hours]].",
        ),
        (
            'schedule.hours = ["08:00"]',
            'schedule.hours[0] is "08:00"; write it as a table, [[policy.schedule.hours]].',
        ),
        (
            "schedule.hours = [{}, {}]",
            "schedule.hours[1] is the same as policy.schedule.hours[0]; take one of them away.",
        ),
        (
            'schedule.hours = [{ days = ["mo"] }]',
            f'schedule.hours[0].days[0] is "mo"; write {MON_TO_SUN}.',
        ),
        (
            'schedule.hours = [{ open = "8:00" }]',
            'schedule.hours[0].open is "8:00"; write a time of day such as "08:00".',
        ),
        (
            "schedule.hours = [{ close = 08:00:30 }]",
            (
                'schedule.hours[0].close is 08:00:30; write a time of day up to "24:00", such as '
                '"16:00".'
            ),
        ),
        (
            'schedule.time_zone = "Asia/Jakrta"',
            'schedule.time_zone is "Asia/Jakrta"; did you mean "Asia/Jakarta"?',
        ),
        (
            'schedule.time_zone = "/etc/passwd"',
            'schedule.time_zone is "/etc/passwd"; write a time zone such as "Asia/Jakarta".',
        ),
        (
            'schedule.time_zone = "Asia"',
            'schedule.time_zone is "Asia"; write a time zone such as "Asia/Jakarta".',
        ),
        (
            "schedule.time_zone = 7",
            'schedule.time_zone is 7; write a time zone such as "Asia/Jakarta".',
        ),
    ],
)
def test_a_day_or_an_hour_that_does_not_fit(text: str, sentence: str) -> None:
    """In the words in which people write it."""
    assert wrong(f"policy.{text}") == [f"policy.{sentence}"]


def test_a_machine_without_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small system may lack the database: that is not the file's fault."""
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert wrong('policy.schedule.time_zone = "Asia/Nowhere"') == [
        (
            'policy.schedule.time_zone is "Asia/Nowhere"; this machine has no time zones, so '
            "install tzdata."
        )
    ]


def test_what_stands_under_broker_is_never_repeated() -> None:
    """A password may be there by mistake, and an error goes to a log."""
    sentences = wrong(
        """
        [broker]
        host = "mqtt://north:hunter2@broker.example"
        port = 70000
        username = 5
        tls = "hunter2"
        """
    )
    assert sentences == [
        "broker.host does not fit; write its name or address alone, such as broker.example.",
        "broker.port does not fit; write a whole number from 1 to 65_535.",
        "broker.username does not fit; write a text in quotation marks.",
        "broker.tls does not fit; write it as a table, [broker.tls].",
    ]


class Bounded(Struct, forbid_unknown_fields=True):
    """Bounds that no key has yet."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    open_s: Annotated[float, Meta(lt=3)] = 1.0
    initials: Annotated[str, Meta(min_length=2, max_length=3)] = "ab"
    colour: Annotated[str, Meta(title="Colour")] = ""


def test_other_bounds_are_kept_and_said_too() -> None:
    """A struct may be given one of them, and its file is checked for it from then on."""
    reader = Reader(Path("/"))
    assert reader.read(Bounded, {"share": 0.1, "open_s": 2, "initials": "abc"}) is not None
    assert reader.read(Bounded, {"share": 1, "open_s": 3.0, "initials": "a", "colour": 7}) is None
    assert reader.problems == [
        "share is 1; write a number above 0 and below 1",
        "open_s is 3.0; write a number below 3 s",
        'initials is "a"; write a text of 2 to 3 characters in quotation marks',
        "colour is 7; write a text in quotation marks",
    ]


@pytest.mark.parametrize(
    "key", tuple(every_key(Config)), ids=lambda key: ".".join(map(str, key.place))
)
def test_every_key_is_of_a_type_and_bound_that_the_reader_knows(key: Key) -> None:
    """What it does not know it would refuse for ever, or not check at all."""
    kind = key.kind
    if isinstance(kind, inspect.VarTupleType):
        assert kind.min_length is None
        assert kind.max_length is None
        kind = bare(kind.item_type)
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.DictType):
        assert isinstance(kind.key_type, inspect.EnumType)
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        assert kind.multiple_of is None
    if isinstance(kind, inspect.CustomType):
        assert kind.cls is Path
    assert isinstance(
        kind,
        inspect.BoolType
        | inspect.IntType
        | inspect.FloatType
        | inspect.StrType
        | inspect.EnumType
        | inspect.StructType
        | inspect.DictType
        | inspect.CustomType,
    )
