"""The words of the lane for a visitor, in Indonesian and in English.

They are neutral: they say nothing of anybody's name, papers or health that the next in the queue
could read, and a refusal looks like a question for staff. What the officer reads beside them is
in `gate.advice`.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gate.commands import Screen, Show
from gate.policy import ChamberMode, Policy

HEADLINE_WORDS_MAX = 4
HEADLINE_CHARS_MAX = 16
"""A headline is read from across the hall, on a panel as wide as a hand."""
INSTRUCTION_CHARS_MAX = 60

_MINUTES, _PLACE = "{minutes}", "{place}"
_S_PER_MINUTE = 60


class Words(Struct, frozen=True):
    """The same in both languages."""

    indonesian: str
    english: str


class Sign(Struct, frozen=True):
    """What one screen says: a headline to be read from afar, and what to do."""

    headline: Words
    instruction: Words


def sign_of(show: Show, policy: Policy) -> Sign:
    """What the visitor reads now.

    Args:
        show: what the lane wants said.
        policy: the site's: how its chamber works, and how long a rest is.
    """
    sign = SIGNS[show.screen]
    if show.screen is Screen.CHAMBER:
        return CHAMBER_SIGNS.get(policy.chamber.mode, sign)
    if show.refer_to is not None:
        return Sign(sign.headline, referral(show.refer_to))
    minutes = math.ceil(policy.temperature.recheck_after_s / _S_PER_MINUTE)
    return Sign(sign.headline, _filled(sign.instruction, _MINUTES, str(minutes)))


def referral(refer_to: str) -> Words:
    """Where staff sends the visitor: the health centre that the policy names (`refer_to`)."""
    return _filled(_REFERRAL, _PLACE, refer_to.strip().removesuffix("."))


def _filled(words: Words, mark: str, text: str) -> Words:
    return Words(words.indonesian.replace(mark, text), words.english.replace(mark, text))


_REFERRAL = Words(
    f"Petugas akan mengarahkan Anda ke {_PLACE}.",
    f"Our staff will direct you to {_PLACE}.",
)
_SEE_STAFF = Words("Mohon ke petugas", "Please see staff")

SIGNS: Final[Mapping[Screen, Sign]] = MappingProxyType(
    {
        Screen.CLOSED: Sign(
            Words("Jalur ditutup", "Lane closed"),
            Words("Silakan gunakan jalur lain.", "Please use another lane."),
        ),
        Screen.IDLE: Sign(
            Words("Selamat datang", "Welcome"),
            Words("Silakan maju satu per satu.", "Please step forward one at a time."),
        ),
        Screen.CHAMBER: Sign(
            Words("Disinfeksi", "Disinfection"),
            Words("Ikuti petunjuk pada alat.", "Follow the signs on the device."),
        ),
        Screen.HOLD_STILL: Sign(
            Words("Hadap ke sensor", "Face the sensor"),
            Words("Berdirilah tenang sebentar.", "Stand still for a moment."),
        ),
        Screen.MEASURE_AGAIN: Sign(
            Words("Sekali lagi", "Once more"),
            Words(
                "Tetap menghadap sensor, mohon tidak bergerak.",
                "Keep facing the sensor, and please do not move.",
            ),
        ),
        Screen.SHOW_CODE: Sign(
            Words("Tunjukkan kode", "Show your code"),
            Words("Arahkan kode QR Anda ke kamera.", "Hold your QR code up to the camera."),
        ),
        # Said of a code that could not be read and of one that was refused: true of both.
        Screen.CODE_NOT_READ: Sign(
            Words("Coba lagi", "Try again"),
            Words(
                "Tunjukkan kode sekali lagi, atau mohon ke petugas.",
                "Show the code once more, or please see staff.",
            ),
        ),
        Screen.WAIT: Sign(
            Words("Mohon tunggu", "Please wait"),
            Words("Sebentar, mohon tetap di tempat.", "One moment, please stay where you are."),
        ),
        Screen.GO: Sign(
            Words("Silakan masuk", "Please enter"),
            Words("Lewati gerbang satu per satu.", "Go through the gate one at a time."),
        ),
        Screen.EXIT: Sign(
            Words("Silakan keluar", "Please leave"),
            Words("Gerbang terbuka. Terima kasih.", "The gate is open. Thank you."),
        ),
        Screen.SIT_DOWN: Sign(
            Words("Silakan duduk", "Please sit down"),
            Words(
                f"Beristirahatlah {_MINUTES} menit, lalu kembali ke sini.",
                f"Rest for {_MINUTES} min, then come back here.",
            ),
        ),
        Screen.SEE_STAFF: Sign(
            _SEE_STAFF, Words("Petugas akan membantu Anda.", "Our staff will help you.")
        ),
        Screen.REFUSED: Sign(
            _SEE_STAFF,
            Words(
                "Mohon tidak masuk dahulu. Petugas akan membantu.",
                "Please do not go in yet. Our staff will help you.",
            ),
        ),
        Screen.ONE_AT_A_TIME: Sign(
            Words("Satu per satu", "One at a time"),
            Words("Mohon mundur dan tunggu giliran.", "Please step back and wait your turn."),
        ),
        Screen.EMERGENCY: Sign(
            Words("Segera keluar", "Leave now"),
            Words(
                "Ikuti jalur evakuasi. Jalan keluar terbuka.",
                "Follow the exit signs. The way out is open.",
            ),
        ),
    }
)
"""Of every screen. `sign_of` fills in what the site decides."""

CHAMBER_SIGNS: Final[Mapping[ChamberMode, Sign]] = MappingProxyType(
    {
        ChamberMode.HANDS: Sign(
            Words("Bersihkan tangan", "Clean your hands"),
            Words("Letakkan kedua tangan di bawah alat.", "Hold both hands under the dispenser."),
        ),
        ChamberMode.FOOTWEAR: Sign(
            Words("Bersihkan sepatu", "Clean your shoes"),
            Words("Berdirilah di alas sampai selesai.", "Stand on the mat until it is done."),
        ),
        ChamberMode.AIR: Sign(
            Words("Tunggu di dalam", "Wait inside"),
            Words("Anda boleh keluar kapan saja.", "You may leave at any time."),
        ),
        ChamberMode.MIST: Sign(
            Words("Pejamkan mata", "Close your eyes"),
            Words(
                "Tutup mulut juga. Anda boleh keluar kapan saja.",
                "And your mouth. You may leave at any time.",
            ),
        ),
    }
)
"""What to do at the chamber, where it is part of a visit (`gate.interlock.STAGE_MODES`)."""
