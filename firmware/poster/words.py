"""The words of a poster, from the lane's own rules.

The steps say what the lane's screen will say there (`gate.wording`), so that a visitor meets the
same words twice. What is said of measuring and keeping is what the program does; what an office
does with records afterwards only the office can say (`--kept`).
"""

import enum
import math
from collections.abc import Iterator

from msgspec import Struct

from firmware.poster.model import Poster
from gate.commands import Screen
from gate.policy import ChamberMode, Comparison, Policy, Stage
from gate.temperature import BAND_C
from gate.wording import CHAMBER_SIGNS, SIGNS, Sign, Words

_S_PER_MINUTE = 60
_C = "\N{NO-BREAK SPACE}°C"

HEADLINE = Words("Cara masuk", "How to enter")
CHECK_IN = Sign(
    Words("Daftar di sini", "Check in here"),
    Words("Cek alamat di ponsel Anda:", "Check it on your phone:"),
)
HELP = Words("Perlu bantuan?", "Need help?")
ASSISTANCE = Words(
    "Kursi roda, anak kecil, tanpa ponsel? Kami bantu.",
    "Wheelchair, child, no phone? We help.",
)
UNWELL = Words("Puskesmas terdekat", "Nearest health centre")


class Picture(enum.StrEnum):
    """Which pictogram a step has."""

    HANDS = "hands"
    FOOTWEAR = "footwear"
    AIR = "air"
    MIST = "mist"
    TEMPERATURE = "temperature"
    CODE = "code"
    GATE = "gate"


class Step(Struct, frozen=True):
    """One thing that a visitor does."""

    picture: Picture
    sign: Sign


class Notice(Struct, frozen=True):
    """A heading and what stands beneath it."""

    heading: Words
    text: Words


_CHAMBERS = {
    ChamberMode.HANDS: Picture.HANDS,
    ChamberMode.FOOTWEAR: Picture.FOOTWEAR,
    ChamberMode.AIR: Picture.AIR,
    ChamberMode.MIST: Picture.MIST,
}
"""Modes in which a visitor meets the chamber; `vacant` runs when nobody is there."""


def steps_of(policy: Policy) -> tuple[Step, ...]:
    """What a visitor goes through at that lane, in its own order; the way in comes last."""
    steps = []
    for stage in policy.stages:
        match stage:
            case Stage.CHAMBER:
                mode = policy.chamber.mode
                if mode in _CHAMBERS:
                    steps.append(Step(_CHAMBERS[mode], CHAMBER_SIGNS[mode]))
            case Stage.TEMPERATURE:
                steps.append(Step(Picture.TEMPERATURE, SIGNS[Screen.HOLD_STILL]))
            case Stage.CREDENTIAL:
                steps.append(Step(Picture.CODE, SIGNS[Screen.SHOW_CODE]))
    return (*steps, Step(Picture.GATE, SIGNS[Screen.GO]))


def measured(policy: Policy) -> Notice:
    """What is measured and looked at, and why."""
    sentences = list(_measured(policy)) or [
        Words("Di sini tidak ada yang diukur.", "Nothing is measured here.")
    ]
    heading = Words("Apa yang diperiksa, dan mengapa", "What is checked, and why")
    return Notice(heading, _joined(sentences))


def kept(poster: Poster) -> Notice:
    """What is written down of a visit, what is not, and for how long."""
    heading = Words("Data Anda", "Your data")
    return Notice(heading, _joined(list(_kept(poster))))


def _measured(policy: Policy) -> Iterator[Words]:
    if Stage.TEMPERATURE in policy.stages:
        yield Words(
            "Suhu dahi, tanpa sentuhan, untuk mencegah penularan; ini bukan diagnosis.",
            "Forehead temperature, contact-free, to prevent infection; it is no diagnosis.",
        )
        yield _limit(policy)
    if Stage.CREDENTIAL in policy.stages:
        yield Words(
            "Kode QR: keaslian dan masa berlakunya.",
            "QR code: whether it is genuine and in date.",
        )
        doses = policy.credential.doses_min
        if doses:
            yield Words(
                f"Vaksinasi: sedikitnya {doses} dosis.",
                f"Vaccination: at least {doses} {'dose' if doses == 1 else 'doses'}.",
            )


def _limit(policy: Policy) -> Words:
    rule = policy.temperature
    minutes = math.ceil(rule.recheck_after_s / _S_PER_MINUTE)
    limit = f"{rule.limit_c:.1f}"
    comma = limit.replace(".", ",")
    minutes_word = "minute" if minutes == 1 else "minutes"
    rest = Words(
        f"duduk {minutes} menit, lalu diukur lagi.",
        f"sit for {minutes} {minutes_word}, then once more.",
    )
    if rule.comparison is Comparison.ABOVE:
        return Words(
            f"Di atas {comma}{_C}: {rest.indonesian}", f"Above {limit}{_C}: {rest.english}"
        )
    return Words(
        f"{comma}{_C} atau lebih: {rest.indonesian}", f"{limit}{_C} or more: {rest.english}"
    )


def _kept(poster: Poster) -> Iterator[Words]:
    yield Words(
        "Nama, nomor identitas dan gambar tidak disimpan.",
        "No name, identity number or picture is stored.",
    )
    stages = poster.policy.stages
    parts = [Words("waktu", "time"), Words("hasil tiap langkah", "result of each step")]
    if Stage.TEMPERATURE in stages:
        band = f"{BAND_C:g}"
        comma = band.replace(".", ",")
        parts.append(Words(f"kisaran suhu {comma}{_C}", f"temperature as a {band}{_C} band"))
    if Stage.CREDENTIAL in stages:
        parts.append(
            Words("tanda acak yang berganti tiap hari", "a random mark that changes daily")
        )
    yield Words(
        f"Dicatat: {_listed([p.indonesian for p in parts], 'dan')}.",
        f"Recorded: {_listed([p.english for p in parts], 'and')}.",
    )
    yield _for_how_long(poster)


def _for_how_long(poster: Poster) -> Words:
    """What the office promised; without a promise, what the lane itself does."""
    if poster.kept is not None:
        return Words(
            f"Disimpan {poster.kept.indonesian}, lalu dihapus.",
            f"Kept for {poster.kept.english}, then deleted.",
        )
    count = f"{poster.records_max:,}"
    dots = count.replace(",", ".")
    sent = Words("", "")
    if poster.reported:
        sent = Words(" Salinannya dikirim ke kantor ini.", " A copy is sent to this office.")
    return Words(
        f"Gerbang menyimpan paling banyak {dots} catatan; yang terlama dihapus.{sent.indonesian}",
        f"The gate keeps {count} records at most; the oldest are deleted.{sent.english}",
    )


def _listed(parts: list[str], conjunction: str) -> str:
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def _joined(sentences: list[Words]) -> Words:
    return Words(
        " ".join(each.indonesian for each in sentences),
        " ".join(each.english for each in sentences),
    )
