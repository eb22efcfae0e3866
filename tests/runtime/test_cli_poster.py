"""`gate poster` as a clerk types it."""

import builtins
import io
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from firmware.cli import cli
from firmware.errors import UserError

CONFIG = """
site = "hall"
lane = "north"
trust = "trust.toml"
[policy]
stages = ["credential", "temperature"]
refer_to = "Puskesmas Contoh, Jalan Melati 12"
[policy.temperature]
limit_c = 37.5
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clerk's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATE_CONFIG", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    """The command, as typed."""
    return CliRunner().invoke(cli, ["poster", *words])


def text_of(pdf: bytes) -> str:
    page = pypdfium2.PdfDocument(pdf)[0]
    return " ".join(page.get_textpage().get_text_range().split())


def test_a_poster_of_the_lanes_own_rules(desk: Path) -> None:
    """Steps, limit and health centre come from the lane's file; no broker, so no copy is sent."""
    (desk / "gate.toml").write_text(CONFIG)
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "navy").save(picture, "PNG")
    (desk / "logo.png").write_bytes(picture.getvalue())
    result = run(
        *("--title", "Kantor Contoh", "--config", "gate.toml", "--logo", "logo.png"),
        *("--contact", "Loket 3", "--url", "https://kantor.example/masuk", "--paper", "a3"),
    )
    assert result.exit_code == 0, result.output
    assert result.stderr == "poster.pdf written.\n"
    text = text_of((desk / "poster.pdf").read_bytes())
    assert text.index("Tunjukkan kode") < text.index("Hadap ke sensor")
    assert "Bersihkan tangan" not in text
    for words in ("37,5", "Puskesmas Contoh, Jalan Melati 12", "Loket 3", "kantor.example"):
        assert words in text
    assert "Salinannya" not in text


def test_a_poster_without_a_file_goes_to_standard_output(desk: Path) -> None:
    """The rules of a lane of which nothing was decided, in one language, with a promise."""
    result = run("--title", "Kantor Contoh", "--language", "id", "--kept", "30 days", "-o", "-")
    assert result.exit_code == 0, result.output
    text = text_of(result.stdout_bytes)
    assert "Bersihkan tangan" in text
    assert "Disimpan 30 hari" in text
    assert "How to enter" not in text
    assert list(desk.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--title"),
        (("--title", "K", "--kept", "soon"), "30 hari"),
        (("--title", "K", "--paper", "a5"), "a3"),
    ],
)
def test_a_command_that_was_written_wrongly(
    desk: Path, words: tuple[str, ...], message: str
) -> None:
    """Exit code 2, and what may be written."""
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_what_can_not_be_printed_is_said(desk: Path) -> None:
    """One sentence, no file, exit code 2."""
    result = run("--title", "K", "--url", "http://kantor.example")
    assert isinstance(result.exception, UserError)
    assert result.exception.exit_code == 2
    assert "https://" in str(result.exception)
    assert list(desk.iterdir()) == []


def test_files_that_are_not_there(desk: Path) -> None:
    """A missing logo, and a folder that does not exist to write to: exit code 1."""
    for words in (("--logo", "none.png"), ("--output", "nowhere/poster.pdf")):
        result = run("--title", "K", *words)
        assert result.exit_code == 1
        assert "No such file" in result.stderr


def test_a_machine_without_reportlab_is_told_what_to_install(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane has no use for it; whoever types this there reads what is missing."""
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "firmware.poster.sheet":
            raise ModuleNotFoundError(name="reportlab")
        return real(name, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(builtins, "__import__", without)
    result = run("--title", "K")
    assert result.exit_code == 1
    assert "[office]" in result.stderr
