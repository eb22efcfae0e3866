"""What a person reads on a pass: its kind, its times and its number, in two languages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims
from gate.wording import Words

KIND_WORDS = {
    CredentialKind.VISITOR: Words("Tamu", "Visitor"),
    CredentialKind.APPOINTMENT: Words("Janji temu", "Appointment"),
    CredentialKind.STAFF: Words("Pegawai", "Staff"),
}
FROM = Words("Mulai", "From")
UNTIL = Words("Sampai", "Until")
VALID = Words("Berlaku", "Valid")
PEOPLE = Words("{} orang", "{} people")
ONCE = Words("Satu kali masuk", "One entry")
MANY = Words("Boleh keluar masuk", "Many entries")
HOLD = Words("Tunjukkan ke kamera", "Hold it to the camera")

DAY_END = ", "
"""Between a day and its hours: where a line may be parted."""
_MONTHS = (
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
)


class Card(Struct, frozen=True):
    """One pass, ready to be drawn."""

    text: str
    """What the QR code holds."""
    claims: PassClaims
    issuer: str
    number: str
    """`<key id hex>:<status index>`: by it the pass is taken back."""
    name: str = ""
    note: str = ""

    @property
    def kind(self) -> Words:
        """What the pass is called."""
        return KIND_WORDS[self.claims.kind]

    @property
    def admits(self) -> Words:
        """How often, and how many."""
        often = MANY if self.claims.kind is CredentialKind.STAFF else ONCE
        if self.claims.group == 1:
            return often
        people = (
            PEOPLE.indonesian.format(self.claims.group),
            PEOPLE.english.format(self.claims.group),
        )
        return Words(f"{often.indonesian}, {people[0]}", f"{often.english}, {people[1]}")


def times_of(claims: PassClaims, zone: ZoneInfo) -> list[tuple[Words, Words]]:
    """Label and moment of each time that a person must know, on the site's clock.

    A window within one day is one line; a pass without a start has its end alone. An end at
    midnight is 24.00 of the day before, as people write it: a pass until the 30th says so.
    """
    last = datetime.fromtimestamp(claims.expires_s, zone)
    day, hour = last, f"{last:%H:%M}"
    if hour == "00:00":
        day, hour = last - timedelta(days=1), "24:00"
    end = _moment(day, hour, _zone_name(last))
    if not claims.not_before_s:
        return [(UNTIL, end)]
    first = datetime.fromtimestamp(claims.not_before_s, zone)
    if first.date() == day.date():
        return [(VALID, _moment(first, f"{first:%H:%M}\N{EN DASH}{hour}", _zone_name(last)))]
    return [(FROM, _moment(first, f"{first:%H:%M}", _zone_name(first))), (UNTIL, end)]


def _moment(day: datetime, hours: str, zoned: str) -> Words:
    """`1 Des 2026, 09.00 WIB` and `1 Dec 2026, 09:00 WIB`: Indonesian writes a full stop between
    hours and minutes."""
    indonesian, english = (f"{day.day} {months[day.month - 1]} {day.year}" for months in _MONTHS)
    return Words(
        f"{indonesian}{DAY_END}{hours.replace(':', '.')}{zoned}",
        f"{english}{DAY_END}{hours}{zoned}",
    )


def _zone_name(when: datetime) -> str:
    """WIB, WITA or WIT; nothing where a zone has no name but its offset."""
    name = when.tzname() or ""
    return f" {name}" if name.isalpha() else ""
