"""Public suites of certificates: every code has the outcome that its authors assert, for their
reason."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from firmware.conformance.tally import Tally, score_file

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "dcc-schema-examples": 11,
    "divoc-synthetic": 8,
    "hcert-dgc-testdata": 302,
    "hcert-synthetic": 62,
    "hcert-who-specimens": 3,
    "shc-dev-tools": 17,
    "shc-spec-examples": 194,
    "shc-synthetic": 31,
    "vds-nc": 18,
}
"""Name → cases that it has at least."""
NOT_ASSERTED = {"hcert-dgc-testdata": 5}
OF_THE_EXTRA = {"divoc-synthetic"}


def scored(place: Path, name: str) -> Tally:
    """The score of one file."""
    path = place / "credentials" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path.name} among the test data of others")
    if name in OF_THE_EXTRA and find_spec("pyld") is None:
        pytest.skip("W3C credentials need the extra `vc`")
    tally = Tally(str(path))
    for _ in score_file(path, tally):
        pass
    return tally


@pytest.mark.parametrize("name", FILES)
def test_every_code_has_the_outcome_that_its_authors_assert(
    name: str, conformance_data: Path
) -> None:
    """And for the reason that they assert: a verifier that refuses everything fails here."""
    tally = scored(conformance_data, name)
    assert not tally.faults
    assert [(each.id, each.expected, each.got) for each in tally.told] == []
    assert tally.cases >= FILES[name]
    assert tally.not_asserted == NOT_ASSERTED.get(name, 0)
    assert tally.agreed == tally.cases - tally.not_asserted
