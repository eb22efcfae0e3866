"""`gate`: the command line of the lane."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.shell_completion import get_completion_class

from firmware.cli.exits import EXIT_DEVICE, EXIT_INTERRUPTED, EXIT_OK
from firmware.cli.lazy import Lazy, LazyGroup
from firmware.errors import UserError

_DISTRIBUTION = "gerbang"
_COMPLETION_VARIABLE = "_GATE_COMPLETE"

_COMMANDS = {
    "run": Lazy("firmware.cli.run:run", "Run a lane: what systemd starts at the door."),
    "demo": Lazy("firmware.cli.demo:demo", "Show a whole lane on this machine."),
    "simulate": Lazy("firmware.cli.simulate:simulate", "Many visitors in virtual time."),
    "replay": Lazy("firmware.cli.replay:replay_", "Live a start again from its journal."),
    "selftest": Lazy("firmware.cli.selftest:selftest", "Test every device of a lane."),
    "check-config": Lazy("firmware.cli.config:check_config", "Say what a lane's file makes of it."),
    "show-states": Lazy("firmware.cli.states:show_states", "How a lane goes from state to state."),
    "pass": Lazy("firmware.cli.passes:pass_", "Issue, verify, revoke and print passes."),
    "poster": Lazy("firmware.cli.poster:poster", "Make the poster for an entrance."),
    "credential": Lazy(
        "firmware.cli.credential:credential", "Look into codes, and test how they are verified."
    ),
    "trust": Lazy("firmware.cli.trust:trust", "Compile and compare the list of trusted issuers."),
    "rules": Lazy("firmware.cli.rules:rules", "Check, show and try the site's health rules."),
}


@click.group(
    "gate",
    cls=LazyGroup,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name=_DISTRIBUTION, prog_name="gate")
def cli() -> None:
    """Control one lane of an entrance: disinfectant chamber, contact-free
    thermometer, QR pass, turnstile, and a durable record of all that happened.

    \b
    Examples:
      gate pass keygen --help  the key of an office that issues passes
      gate pass verify --help  what each command takes

    \b
    Exit codes:
      0    done
      1    it failed; the message says why
      2    the command or the configuration is wrong
      3    the answer is no: a code refused, a self-test not passed
      4    a device is missing, busy or broken
      130  interrupted by Ctrl-C
    """


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands with Tab.

    \b
    bash:  gate completion bash > ~/.local/share/bash-completion/completions/gate
    zsh:   gate completion zsh > "${fpath[1]}/_gate"
    fish:  gate completion fish > ~/.config/fish/completions/gate.fish
    """
    script = get_completion_class(shell)
    assert script is not None, shell  # noqa: S101 - the choices above are click's own names
    click.echo(script(cli, {}, "gate", _COMPLETION_VARIABLE).source())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the console command: ends the process with one of the exit codes.

    A mistake of ours keeps its traceback; everything else is one sentence on standard error.
    """
    try:
        answer = cli.main(
            arguments,
            prog_name="gate",
            complete_var=_COMPLETION_VARIABLE,
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        sys.exit(EXIT_INTERRUPTED)
    except UserError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        from drivers.api import DriverError

        if not isinstance(error, DriverError):
            raise
        _say(str(error))
        sys.exit(EXIT_DEVICE)
    sys.exit(answer if isinstance(answer, int) else EXIT_OK)


def _say(sentence: str) -> None:
    click.echo(f"gate: {sentence}", err=True)
