"""A lane's file: what a good one becomes, and what is said of a bad one, word for word."""

from datetime import date
from pathlib import Path

import pytest

from drivers.iio_thermometer import DEVICES, MODELS
from drivers.reporter.config import ReporterConfig, Tls
from drivers.wiring import Hold, InputName, OutputName
from firmware.config import (
    CONFIG_BYTES_MAX,
    BoardKind,
    Config,
    ConfigError,
    Language,
    ThermometerConfig,
    effective,
    load_config,
    parse_config,
)
from firmware.config.load import PROBLEMS_MAX
from firmware.config.model import ThermometerModel
from firmware.config.reader import Reader
from firmware.vision.wire import CameraKind
from gate.credential.model import CredentialKind
from gate.policy import Hours, Stage

HERE = Path("/etc/gate/gate.toml")
LEAST = 'site = "hall"\nlane = "north"\ntrust = "trust.toml"\n'


def lane(text: str = "") -> Config:
    """The lane of the least file with that behind it."""
    return parse_config(LEAST + text, HERE)


def wrong(text: str, head: str = LEAST) -> list[str]:
    """What is said of the least file with that behind it, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_config(head + text, HERE)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    return [line.removeprefix(f"{HERE}: ") for line in lines]


# --- good files ----------------------------------------------------------------------------------


def test_three_lines_are_a_lane_in_which_nothing_moves() -> None:
    """What a file does not say is the default, and the default is simulated."""
    config = lane()
    assert config == Config(site="hall", lane="north", trust=Path("/etc/gate/trust.toml"))
    assert config.board is BoardKind.SIMULATED
    assert config.reporter is None
    assert config.journal_limits.reported is False


def test_people_write_days_hours_and_dates() -> None:
    """The domain keeps numbers; nobody has to write them."""
    config = lane(
        """
        [policy]
        dated = 2026-07-01
        [policy.schedule]
        time_zone = "Asia/Makassar"
        holidays = [2026-12-25, "2027-01-01", 1969-12-31]
        [[policy.schedule.hours]]
        days = ["mon", "sun"]
        open = "08:00"
        close = 16:30:00
        [[policy.schedule.hours]]
        kinds = ["staff"]
        close = "24:00"
        """
    )
    schedule = config.policy.schedule
    assert config.policy.dated == "2026-07-01"
    epoch = date(1970, 1, 1)
    days = [date(2026, 12, 25), date(2027, 1, 1), date(1969, 12, 31)]
    assert schedule.holidays == tuple((day - epoch).days for day in days)
    assert schedule.hours == (
        Hours(days=(0, 6), open_minute=480, close_minute=990),
        Hours(kinds=(CredentialKind.STAFF,)),
    )


def test_paths_start_at_the_folder_of_the_file() -> None:
    """A file can be moved with all that lies beside it; the working directory says nothing."""
    config = lane(
        """
        data_dir = "state"
        camera = { kind = "pictures", source = "codes" }
        [broker]
        host = "broker.example"
        username = "north"
        password_path = "secret/password"
        [broker.tls]
        ca_path = "ca.pem"
        cert_path = "/etc/ssl/north.pem"
        key_path = "north.key"
        """
    )
    assert config.data_dir == Path("/etc/gate/state")
    assert config.camera.source == "/etc/gate/codes"
    assert config.reporter == ReporterConfig(
        site="hall",
        lane="north",
        host="broker.example",
        port=8883,
        tls=Tls(
            ca_path="/etc/gate/ca.pem",
            cert_path="/etc/ssl/north.pem",
            key_path="/etc/gate/north.key",
        ),
        username="north",
        password_path="/etc/gate/secret/password",
    )
    assert config.journal_limits.reported is True


@pytest.mark.parametrize(
    ("table", "port"),
    [
        ("", 1883),
        ("port = 1884", 1884),
        ("tls = {}", 8883),
        ("tls = {}\nport = 443", 443),
    ],
)
def test_the_port_follows_from_tls(table: str, port: int) -> None:
    """Nobody sends a password to the plain port because a number was forgotten."""
    reporter = lane(f'[broker]\nhost = "10.0.0.7"\n{table}').reporter
    assert reporter is not None
    assert reporter.port == port
    assert reporter.password_path is None


def test_a_pi_camera_is_a_number_and_no_path() -> None:
    """The source is made a path only where it is one."""
    assert lane('camera = { kind = "picamera", source = "1" }').camera.source == "1"
    assert lane('camera = { kind = "v4l2" }').camera.source == ""


def test_a_lane_without_credentials_needs_no_trust() -> None:
    """Who believes nobody needs no list."""
    config = parse_config('site = "a"\nlane = "b"\npolicy.stages = ["chamber"]', HERE)
    assert config.policy.stages == (Stage.CHAMBER,)
    assert config.trust is None


def test_wires_by_name() -> None:
    """One output and one input named are all that there are of each."""
    config = lane(
        """
        policy.stages = ["credential"]
        policy.passage.counted_by = "contacts"
        [wiring.outputs.barrier_entry]
        line = 17
        hold = "pulse"
        [wiring.inputs]
        pass_a.line = 19
        pass_b.line = 26
        """
    )
    assert set(config.wiring.outputs) == {OutputName.BARRIER_ENTRY}
    assert config.wiring.outputs[OutputName.BARRIER_ENTRY].hold is Hold.PULSE
    assert set(config.wiring.inputs) == {InputName.PASS_A, InputName.PASS_B}


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors put one there, and nobody sees it."""
    file = tmp_path / "gate.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_config(file).trust == tmp_path / "trust.toml"


def test_a_file_named_without_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are absolute all the same."""
    (tmp_path / "gate.toml").write_text(LEAST)
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("gate.toml")).trust == tmp_path / "trust.toml"


def test_a_demonstration_needs_no_file() -> None:
    """Two ids are enough, in code."""
    config = Config(site="demo", lane="north")
    assert config.camera.kind is CameraKind.SIMULATED
    assert config.languages == (Language.INDONESIAN, Language.ENGLISH)


def test_what_holds_reads_back_as_itself() -> None:
    """The effective configuration is in the file's own words: it could be the file."""
    config = lane(
        """
        board = "raspberry-pi"
        camera.kind = "v4l2"
        camera.source = "/dev/video2"
        thermometer = { kind = "iio", model = "mlx90632" }
        policy.schedule.hours = [{ days = ["sat"], open = "22:00", close = "02:00" }]
        policy.schedule.holidays = [2026-08-17]
        broker = { host = "b", tls = { ca_path = "ca.pem" } }
        """
    )
    words = effective(config)
    reader = Reader(Path("/elsewhere"))
    again = reader.read(Config, _without_none(words))
    assert reader.problems == []
    assert again is not None
    assert effective(again) == words
    assert again.policy == config.policy
    assert again.reporter == config.reporter


def _without_none(table: dict[str, object]) -> dict[str, object]:
    """TOML has no word for nothing: the key is left out."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def test_the_names_of_sensors_are_those_of_their_driver() -> None:
    """Written here too, because only `firmware.board` may know a driver."""
    assert {str(model) for model in ThermometerModel} == set(MODELS)
    assert ThermometerConfig().devices == DEVICES


# --- the file as a whole -------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_file_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence each, and what to do."""
    missing, folder = tmp_path / "gate.toml", tmp_path
    assert refused(missing) == f"{missing} is not there; write it, or name the file that you mean."
    assert refused(folder) == f"{folder} is a folder; name the file in it."
    too_long = Path("/" + "a" * 300)
    assert refused(too_long) == (
        f"{too_long} can't be read (File name too long); name another file."
    )
    assert refused(Path("a\0b")) == "a\0b can't be read (embedded null byte); name another file."

    def denied(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", denied)  # root may read whatever its mode
    assert refused(missing) == (
        f"{missing} may not be read by you; ask as a user who may, or change its mode."
    )


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    """A picture or a log named by mistake is told apart before it is parsed."""
    file = tmp_path / "gate.toml"
    file.write_bytes(b"#" * (CONFIG_BYTES_MAX + 1))
    assert refused(file) == f"{file} is longer than 65_536 bytes; is it the right file?"
    file.write_bytes(b"# one\n# two \xff\n")
    assert refused(file) == f"{file} is no UTF-8 at line 2; save it as UTF-8."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("site = hall", "line 1, column 8: there is no such value; a text needs quotation marks."),
        (
            'site = "hall',
            (
                "line 1, column 13: a text begins here or above and never ends; close its "
                "quotation mark."
            ),
        ),
        (
            'a = 1\nsite = "hall\nb = 2',
            "line 2, column 13: a text does not end on its line; close its quotation mark.",
        ),
        (
            "[journal]\n[journal]",
            "line 2, column 9: this table stands there already; put its keys together.",
        ),
        (
            "a = 1\na = 2\n\n",
            "line 2, column 6: this stands there already; keep one of the two.",
        ),
        (
            "a = {}\na.b = 1\n",
            "line 2, column 8: this table is complete already; put its keys together.",
        ),
        ("a = 2026-02-30", "line 1, column 5: there is no such day or time; correct it."),
        (
            "site\nlane = 1",
            "line 1, column 5: a key needs an equals sign and a value after it; write key = value.",
        ),
        (
            "a = 1 2",
            "line 1, column 7: expected newline or end of document after a statement; correct it.",
        ),
        ("a = " + "1" * 5_000, "a number in it has too many digits; shorten it."),
        ("a = " + "[" * 20_000, "lists lie in lists too deep; take some out."),
    ],
)
def test_what_is_no_toml(text: str, sentence: str) -> None:
    """Line, column, and what it most often means."""
    assert wrong(text, head="") == [sentence]


def test_many_mistakes_are_cut_short() -> None:
    """No file fills the screen for ever."""
    keys = "".join(f"k{number} = 1\n" for number in range(PROBLEMS_MAX + 7))
    with pytest.raises(ConfigError) as caught:
        parse_config(LEAST + keys, HERE)
    lines = str(caught.value).splitlines()
    assert len(lines) == PROBLEMS_MAX + 1
    assert lines[-1] == f"{HERE}: and 7 more."
    assert len(caught.value.problems) == PROBLEMS_MAX + 7
