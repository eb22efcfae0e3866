"""What a health certificate attests, in one shape for every format, without its holder.

Names and birth dates stay in the certificate: a rule that needs them reads the payload, and
neither leaves the desk where the code was judged.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Vaccination(Struct, frozen=True):
    """One dose, as attested."""

    date: str
    """ISO 8601 date, as precise as the certificate is: `2021-08-17`, `2021-08` or `2021`."""
    dose: int
    """The number of this dose, from 1; counted where the format does not number them."""
    of: int | None = None
    """Doses of the whole series, where stated."""
    product: str = ""
    """The medicinal product's code, in the format's own code system."""
    disease: str = ""
    """The disease or agent targeted, in the format's own code system."""


class Test(Struct, frozen=True):
    """One test, as attested."""

    moment: str
    """ISO 8601 time or date of the sample."""
    positive: bool | None
    """None where the certificate's result is neither."""
    type: str = ""
    """Code of the kind of test, in the format's own code system."""
    disease: str = ""
    """As of a vaccination; empty where the format does not say."""


class Recovery(Struct, frozen=True):
    """One past infection, as attested."""

    first_positive: str
    valid_from: str
    valid_until: str
    """ISO 8601 dates."""
    disease: str = ""
    """As of a vaccination; empty where the format does not say."""


class Health(Struct, frozen=True):
    """Everything that a certificate attests."""

    vaccinations: tuple[Vaccination, ...] = ()
    tests: tuple[Test, ...] = ()
    recoveries: tuple[Recovery, ...] = ()

    @property
    def doses(self) -> int:
        """Doses received: the highest number of one; 0 where none is attested."""
        return max((each.dose for each in self.vaccinations), default=0)


class Content(Struct, frozen=True):
    """What rules may look at. Holds personal data: it never enters the lane or a record."""

    health: Health
    payload: Mapping[str, Any]
    """The certificate's own content, as plain JSON values, for rules in its terms."""
