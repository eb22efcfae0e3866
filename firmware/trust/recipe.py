"""The recipe of a trust list: a TOML file that names its sources, all of them files of the office.

```toml
lasts_days = 30                       # optional: from now until no gate believes it

[[hcert]]                             # EU DCC and WHO GDHCN
files = ["dcc/gateway.json", "gdhcn/did.json", "dcc/certificates/"]

[[shc]]                               # SMART Health Cards
files = ["shc/vci_snapshot.json"]
[[shc]]
issuer = "https://health.example/shc"
files = ["shc/example.jwks.json"]
key_ids = ["2021-1"]                  # optional: its ids that are not thumbprints of their keys

[[vds]]                               # ICAO VDS-NC
anchors = ["csca/"]
signers = ["seals/"]

[[vc]]                                # W3C credentials
method = "did:example"
issuer = "https://health.example/"
files = ["vc/example.pem"]

[own]                                 # the site's own issuers and their status lists
trust = "trust.toml"

[revoked]
hcert = ["revoked/dcc.txt"]
shc = ["revoked/cards/"]
```

Nothing is fetched: each list is brought by somebody who knows that it is genuine.
"""

from pathlib import Path

import msgspec
from msgspec import Struct, field

from firmware.errors import UserError
from firmware.trust.offer import read_source
from gate.credential.standing import AGE_REFUSE_S
from gate.walltime import SECONDS_PER_DAY

LASTS_DAYS = AGE_REFUSE_S // SECONDS_PER_DAY
"""By default as long as a gate believes a list in any case."""
LASTS_DAYS_MAX = 366


class HealthSource(Struct, forbid_unknown_fields=True):
    """Keys of health certificates."""

    files: list[str]


class CardSource(Struct, forbid_unknown_fields=True):
    """Keys of cards."""

    files: list[str]
    issuer: str | None = None
    key_ids: list[str] = field(default_factory=list)
    """Of that issuer, and taken although they are not the thumbprints of their keys."""


class SealSource(Struct, forbid_unknown_fields=True):
    """Signers of seals, and who vouches for them."""

    anchors: list[str]
    signers: list[str]


class StatementSource(Struct, forbid_unknown_fields=True):
    """Keys of W3C credentials."""

    files: list[str]
    method: str | None = None
    issuer: str | None = None


class Own(Struct, forbid_unknown_fields=True):
    """The site's own issuers."""

    trust: str


class Revoked(Struct, forbid_unknown_fields=True):
    """What public issuers took back."""

    hcert: list[str] = field(default_factory=list)
    shc: list[str] = field(default_factory=list)


class Recipe(Struct, forbid_unknown_fields=True):
    """All sources of one trust list."""

    hcert: list[HealthSource] = field(default_factory=list)
    shc: list[CardSource] = field(default_factory=list)
    vds: list[SealSource] = field(default_factory=list)
    vc: list[StatementSource] = field(default_factory=list)
    own: Own | None = None
    revoked: Revoked = field(default_factory=Revoked)
    lasts_days: int = LASTS_DAYS


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        SourceError: it can't be read.
        UserError: it is not what it should be; the message says where.
    """
    data = read_source(path)
    try:
        recipe = msgspec.toml.decode(data, type=Recipe, strict=True)
    except RecursionError:
        raise UserError(f"{path}: nested too deeply.") from None
    except ValueError as error:
        raise UserError(f"{path}: {error}.") from None
    if not 1 <= recipe.lasts_days <= LASTS_DAYS_MAX:
        raise UserError(f"{path}: lasts_days must lie between 1 and {LASTS_DAYS_MAX}.")
    if any(each.key_ids and each.issuer is None for each in recipe.shc):
        raise UserError(f"{path}: [[shc]] names key_ids, and no issuer whose they are.")
    return recipe
