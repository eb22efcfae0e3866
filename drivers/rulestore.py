"""Health rules on the disk: a TOML file for people, with CertLogic expressions as JSON in it.

```toml
id = "example"
kinds = ["health"]
diseases = ["840539006"]

[facts]
one_dose = '{">=": [{"var": "health.doses"}, 1]}'

[[set]]
dated = 2021-09-09
source = { citation = "Circular 1/2021", dated = 2021-09-09 }
otherwise = { status = "red", outcome = "refer", id = "Belum divaksin.", en = "Not vaccinated." }

[[set.status]]
status = "green"
when = "one_dose"
outcome = "admit"
id = "Sudah divaksin."
en = "Vaccinated."
```

Every key: docs/reference/rule-sets.md. Read at start, never on the way of a visitor.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import msgspec

from drivers.api import DriverError, ErrorKind
from drivers.wholefile import read_whole
from gate.credential.jsontext import read_json
from gate.credential.model import CredentialError, CredentialKind
from gate.outcome import Outcome
from gate.rules.certlogic import DEPTH_MAX
from gate.rules.checks import clashes, expression_flaws, flaws
from gate.rules.named import NamedFacts, NamingError
from gate.rules.ruleset import RuleSet, Source, Status
from gate.wording import Words

RULES_BYTES_MAX = 262_144
"""Of one file: twenty times the longest that is shipped."""
SETS_MAX = 64
"""Of one file: a rule that changes every week for a year."""
DEVICE = "health rules"
"""How a `DriverError` names this store."""

_KEYS_OF_THE_FILE = ("id:", "kinds:", "formats:", "diseases:", "products:", "value_sets.")
"""What a set has from its file: its mistakes are told there."""
_JSON_DEPTH_MAX = 2 * DEPTH_MAX + 2
"""An operation is an object in a list."""


class _Word(msgspec.Struct, forbid_unknown_fields=True):
    """A status, without the condition for it."""

    status: str
    outcome: Outcome
    id: str
    en: str
    """What the officer reads, in Indonesian and in English."""


class _Line(_Word, forbid_unknown_fields=True, kw_only=True):
    when: str
    """Name of a fact, or CertLogic as JSON."""


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    citation: str
    dated: date
    url: str = ""
    note: str = ""


class _Set(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[set]]` table."""

    dated: date
    source: _Source
    otherwise: _Word
    status: list[_Line] = []
    until: date | None = None


class _RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kinds: list[CredentialKind]
    set: list[_Set]
    formats: list[str] = []
    diseases: list[str] = []
    products: list[str] = []
    facts: dict[str, str] = {}
    value_sets: dict[str, list[str]] = {}


def load_rules(path: Path) -> tuple[RuleSet, ...]:
    """The rule sets of that file, in its order.

    Raises:
        DriverError: the file is missing, may not be read, or does not hold what it should; the
            message names the file and the key in it.
    """
    rule_sets, wrong = read_rules(path)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise _corrupt(f"{path}: {wrong[0]}{more}")
    return rule_sets


def load_all_rules(paths: Iterable[Path]) -> tuple[RuleSet, ...]:
    """The rule sets of all these files, of which one at most holds on a day for a credential.

    Raises:
        DriverError: as `load_rules`, and where two sets can't be told apart.
    """
    rule_sets = tuple(rule_set for path in paths for rule_set in load_rules(path))
    for clash in clashes(rule_sets):
        raise _corrupt(clash)
    return rule_sets


def read_rules(path: Path) -> tuple[tuple[RuleSet, ...], tuple[str, ...]]:
    """The rule sets of that file, and all that is wrong with them, each with its key.

    Raises:
        DriverError: the file is missing, may not be read, or is no rule file at all.
    """
    try:
        file = msgspec.toml.decode(
            read_whole(path, RULES_BYTES_MAX, DEVICE), type=_RuleFile, strict=True
        )
    except RecursionError:
        raise _corrupt(f"{path}: nested too deeply") from None
    except ValueError as error:  # of msgspec, of the text's encoding, of a number too long
        raise _corrupt(f"{path}: {error}") from None
    if len(file.set) > SETS_MAX:
        raise _corrupt(f"{path}: $.set: more than {SETS_MAX}")
    reader = _Reader(file)
    rule_sets = tuple(reader.rule_set(number) for number in range(len(file.set)))
    wrong = [
        *reader.wrong,
        *reader.unused(),
        *(flaw for number, each in enumerate(rule_sets) for flaw in _set_flaws(each, number)),
        *(f"$.set: {clash}" for clash in clashes(rule_sets)),
    ]
    # What belongs to the whole file is said once, not once a set.
    return rule_sets, tuple(dict.fromkeys(wrong))


def _set_flaws(rule_set: RuleSet, number: int) -> Iterator[str]:
    own = f"$.set[{number}]"
    for flaw in flaws(rule_set, own):
        key = flaw.removeprefix(f"{own}.")
        yield f"$.{key}" if key.startswith(_KEYS_OF_THE_FILE) else flaw


class _Reader:
    """Turns what the file says into rule sets, and keeps what can't be read."""

    def __init__(self, file: _RuleFile) -> None:
        self.wrong: list[str] = []
        self._file = file
        self._facts = NamedFacts()
        for name, text in file.facts.items():
            path = f"$.facts.{name}"
            rule = self._expression(text, path)
            self._facts.add(name, rule)
            self.wrong += expression_flaws(rule, file.value_sets, path)
        if not file.set:
            self.wrong.append("$.set: there is none")

    def unused(self) -> Iterator[str]:
        """Facts that nothing asks for: most often a slip in a name."""
        for name in self._file.facts:
            if name not in self._facts.used:
                yield f"$.facts.{name}: nothing uses it"

    def rule_set(self, number: int) -> RuleSet:
        """That `[[set]]`, with what holds for the whole file."""
        file, own = self._file, self._file.set[number]
        source = own.source
        return RuleSet(
            file.id,
            own.dated,
            Source(source.citation, source.dated, source.url, source.note),
            tuple(
                self._line(line, f"$.set[{number}].status[{place}].when")
                for place, line in enumerate(own.status)
            ),
            _status(own.otherwise, when=True, fact=""),
            own.until,
            frozenset(file.kinds),
            frozenset(file.formats),
            frozenset(file.diseases),
            frozenset(file.products),
            {name: tuple(values) for name, values in file.value_sets.items()},
        )

    def _line(self, line: _Line, path: str) -> Status:
        if line.when.lstrip().startswith("{"):
            rule = self._expression(line.when, path)
            self.wrong += expression_flaws(rule, self._file.value_sets, path)
            return _status(line, rule, "")
        try:
            # What is wrong with a fact is said where it stands.
            return _status(line, self._facts.fact(line.when), line.when)
        except NamingError as error:
            self.wrong.append(f"{path}: {error}")
            return _status(line, when=False, fact="")

    def _expression(self, text: str, path: str) -> object:
        try:
            rule = read_json(text.encode("utf-8"), depth_max=_JSON_DEPTH_MAX)
            return self._facts.without_names(rule)
        except NamingError as error:
            self.wrong.append(f"{path}: {error}")
        except (CredentialError, UnicodeEncodeError):
            self.wrong.append(f"{path}: no JSON, or a key twice in an object, or nested too deeply")
        return False


def _status(word: _Word, when: object, fact: str) -> Status:
    return Status(word.status, word.outcome, Words(word.id, word.en), when, fact)


def _corrupt(message: str) -> DriverError:
    return DriverError(ErrorKind.CORRUPT, DEVICE, message)
