"""The frame of the command line: help without imports, exit codes, one sentence for a mistake."""

import json
import subprocess
import sys

import click
import pytest

import firmware.cli as command_line
from drivers.api import DriverError, ErrorKind
from firmware.cli import exits
from firmware.cli.lazy import Lazy
from firmware.errors import UserError


def _gate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from firmware.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment or None,
        timeout=60,
    )


def _ends_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command that ends with that error."""

    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setitem(command_line.cli.commands, "failing", failing)
    with pytest.raises(SystemExit) as ended:
        command_line.main(["failing"])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_help_lists_every_command_and_imports_none() -> None:
    """A technician sees all commands at once, and looking costs no terminal library."""
    script = (
        "import sys, json\n"
        "from firmware.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "finally:\n"
        "    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    for name in ("pass", "completion"):
        assert f"\n  {name} " in shown.stdout
    loaded = set(json.loads(shown.stderr))
    assert not loaded & {"rich", "numpy", "segno", "gate", "drivers", "msgspec"}


def test_unknown_command_is_answered_with_the_nearest() -> None:
    """A slip of the finger costs one look."""
    answer = _gate("pasS")
    assert answer.returncode == exits.EXIT_USAGE
    assert "Did you mean 'pass'?" in answer.stderr


def test_version_is_the_distributions() -> None:
    """What is installed can be asked for."""
    assert _gate("--version").stdout.startswith("gate, version ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_names_the_command(shell: str) -> None:
    """Each script is made without any command being imported."""
    assert "_GATE_COMPLETE" in _gate("completion", shell).stdout


def test_completion_offers_commands_that_begin_so() -> None:
    """Tab after `gate pa` finds the passes."""
    answer = _gate(_GATE_COMPLETE="bash_complete", COMP_WORDS="gate pa", COMP_CWORD="1")
    assert answer.stdout.split() == ["plain,pass"]


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (UserError("lane.toml is not there; give --config."), 2, "lane.toml is not there"),
        (DriverError(ErrorKind.BUSY, "barrier", "line 17 is claimed"), 4, "barrier: line 17"),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (click.ClickException("no"), 1, "no"),
        (click.UsageError("no such option"), 2, "no such option"),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    error: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No traceback for what a person can put right; scripts tell the kinds apart."""
    assert _ends_with(error, monkeypatch) == code
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug must be findable."""
    with pytest.raises(ZeroDivisionError):
        _ends_with(ZeroDivisionError(), monkeypatch)


def test_an_answer_that_is_a_number_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command says no by returning 3."""

    @click.command()
    def refusing() -> int:
        return exits.EXIT_REFUSED

    monkeypatch.setitem(command_line.cli.commands, "refusing", refusing)
    with pytest.raises(SystemExit) as ended:
        command_line.main(["refusing"])
    assert ended.value.code == exits.EXIT_REFUSED


def test_every_line_of_the_table_leads_to_a_command() -> None:
    """No command is listed that isn't there."""
    context = click.Context(command_line.cli)
    for name in command_line.cli.list_commands(context):
        assert isinstance(command_line.cli.get_command(context, name), click.Command), name


def test_a_table_line_that_leads_elsewhere_is_our_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found at once, and never shown to a technician as a missing command."""
    table = {"odd": Lazy("firmware.errors:UserError", "Odd.")}
    monkeypatch.setattr(command_line.cli, "_table", table)
    with pytest.raises(TypeError, match="is no click command"):
        command_line.main(["odd"])
