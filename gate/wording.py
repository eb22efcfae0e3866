"""The words of the lane: what a visitor reads, and what the officer reads beside it.

Each in Indonesian and in English. The visitor's words are neutral: they say nothing of anybody's
name, papers or health that the next in the queue could read, and a refusal looks like a question
for staff. The officer's sentence says what happened and what can be done about it.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gate.commands import Screen, Show
from gate.policy import ChamberMode, Policy
from gate.reasons import Reason

HEADLINE_WORDS_MAX = 4
HEADLINE_CHARS_MAX = 16
"""A headline is read from across the hall, on a panel as wide as a hand."""
INSTRUCTION_CHARS_MAX = 60
ADVICE_CHARS_MAX = 70
"""The officer's sentence is one line of a terminal, and there is room for what it belongs to."""

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

ADVICE: Final[Mapping[Reason, Words]] = MappingProxyType(
    {
        Reason.CODE_TOO_LONG: Words(
            "Kode terlalu panjang, bukan tanda masuk. Minta tanda masuknya.",
            "The code is too long to be a pass. Ask for the pass.",
        ),
        Reason.CODE_SPLIT: Words(
            "Kode ini hanya satu dari beberapa bagian. Minta satu kode yang utuh.",
            "The code is one part of several. Ask for one whole code.",
        ),
        Reason.CODE_IS_URL: Words(
            "Kode ini alamat situs web. Jangan dibuka; minta tanda masuknya.",
            "The code is a web address. Do not open it; ask for the pass.",
        ),
        Reason.CODE_UNKNOWN_FORMAT: Words(
            "Kode ini bukan tanda masuk yang dikenal. Minta tanda masuk lain.",
            "The code is no pass that is known here. Ask for another.",
        ),
        Reason.CODE_MALFORMED: Words(
            "Kode rusak atau tidak lengkap. Minta ditunjukkan lagi; cetak ulang.",
            "The code is damaged or incomplete. Have it shown again; reprint it.",
        ),
        Reason.CREDENTIAL_ALGORITHM: Words(
            "Jenis tanda tangan digitalnya tidak diizinkan. Terbitkan yang baru.",
            "The pass is signed in a way that is not allowed. Issue a new one.",
        ),
        Reason.CREDENTIAL_ISSUER_UNKNOWN: Words(
            "Penerbitnya tidak dikenal gerbang ini. Periksa secara manual.",
            "This gate does not know its issuer. Check the pass by hand.",
        ),
        Reason.CREDENTIAL_SIGNATURE: Words(
            "Tanda tangan tidak cocok: diubah atau palsu. Jangan terima.",
            "The signature does not match: altered or forged. Do not accept it.",
        ),
        Reason.CREDENTIAL_KIND_NOT_ISSUED: Words(
            "Penerbit tidak berwenang atas jenis tanda masuk ini. Jangan terima.",
            "Its issuer may not issue this kind of pass. Do not accept it.",
        ),
        Reason.CREDENTIAL_NOT_YET_VALID: Words(
            "Tanda masuk belum berlaku. Beri tahu kapan mulai berlaku.",
            "The pass is not valid yet. Tell the visitor from when it is.",
        ),
        Reason.CREDENTIAL_EXPIRED: Words(
            "Masa berlaku tanda masuk sudah habis. Terbitkan yang baru.",
            "The pass has expired. Issue a new one.",
        ),
        Reason.CREDENTIAL_REVOKED: Words(
            "Tanda masuk sudah dicabut. Hubungi kantor penerbitnya.",
            "The pass was revoked. Ask the office that issued it.",
        ),
        Reason.KIND_NOT_ACCEPTED: Words(
            "Jalur ini tidak menerima jenis tanda masuk ini. Tunjukkan jalur lain.",
            "This lane does not take this kind of pass. Show the way to another.",
        ),
        Reason.ISSUER_NOT_ACCEPTED: Words(
            "Tanda masuk dari penerbit ini tidak diterima di sini. Minta yang lain.",
            "Passes of this issuer are not accepted here. Ask for another.",
        ),
        Reason.DOSES_TOO_FEW: Words(
            "Dosis vaksin belum cukup. Arahkan ke puskesmas terdekat.",
            "Too few vaccine doses. Show the way to the nearest health centre.",
        ),
        Reason.PASS_ALREADY_USED: Words(
            "Tanda masuk ini sudah dipakai. Minta milik pengunjung sendiri.",
            "This pass was used already. Ask for the visitor's own.",
        ),
        Reason.ANTI_PASSBACK: Words(
            "Pemegangnya tercatat masih di dalam. Periksa; izinkan bila keliru.",
            "Its holder counts as still inside. Check; admit if that is wrong.",
        ),
        Reason.OUTSIDE_HOURS: Words(
            "Di luar jam layanan. Beri tahu kapan pengunjung dapat kembali.",
            "Outside opening hours. Tell the visitor when to come back.",
        ),
        Reason.HOLIDAY: Words(
            "Hari ini libur. Beri tahu hari buka berikutnya.",
            "Today is a holiday. Tell the visitor the next open day.",
        ),
        Reason.CAPACITY_REACHED: Words(
            "Gedung penuh. Persilakan menunggu sampai ada yang keluar.",
            "The building is full. Let the visitor wait until somebody leaves.",
        ),
        Reason.CLOCK_UNTRUSTED: Words(
            "Jam gerbang belum pasti. Periksa sendiri masa berlaku tanda masuk.",
            "The gate's clock is not certain. Check the dates of the pass yourself.",
        ),
        Reason.TEMPERATURE_ELEVATED: Words(
            "Suhu pertama di atas batas. Persilakan duduk, lalu ukur kembali.",
            "First measurement above the limit. Offer a seat, then measure again.",
        ),
        Reason.TEMPERATURE_ELEVATED_TWICE: Words(
            "Suhu kedua juga di atas batas. Arahkan ke fasilitas kesehatan.",
            "Second measurement above the limit. Show the way to the health centre.",
        ),
        Reason.RECHECK_TOO_EARLY: Words(
            "Waktu istirahat belum selesai. Persilakan menunggu, lalu ukur kembali.",
            "The rest is not over. Let the visitor wait, then measure again.",
        ),
        Reason.TEMPERATURE_UNAVAILABLE: Words(
            "Suhu tidak terukur pada waktunya. Ukur dengan termometer genggam.",
            "No temperature in time. Measure with a hand-held thermometer.",
        ),
        Reason.CHAMBER_INTERLOCK: Words(
            "Pengaman alat disinfeksi aktif. Periksa pintu dan siapa di dalamnya.",
            "The chamber's safety lock is active. See its doors, and who is inside.",
        ),
        Reason.CHAMBER_UNAVAILABLE: Words(
            "Alat disinfeksi tidak siap. Isi tangkinya, atau panggil teknisi.",
            "The chamber is not ready. Fill its tank, or call the technician.",
        ),
        Reason.VISITOR_LEFT: Words(
            "Pengunjung meninggalkan jalur. Tidak ada yang perlu dilakukan.",
            "The visitor left the lane. Nothing needs to be done.",
        ),
        Reason.VISITOR_TIMEOUT: Words(
            "Waktunya habis. Bantu pengunjung mengulang dari awal.",
            "The time ran out. Help the visitor to begin again.",
        ),
        Reason.TURNED_BACK: Words(
            "Pengunjung berbalik di gerbang. Persilakan mencoba lagi.",
            "The visitor turned back in the gate. Offer another try.",
        ),
        Reason.OBSTRUCTION: Words(
            "Gerbang terhalang. Singkirkan barangnya, atau bantu orangnya.",
            "The passage is blocked. Clear it, or help whoever is in it.",
        ),
        Reason.TAILGATING: Words(
            "Ada yang ikut masuk tanpa izin. Temui dan periksa tanda masuknya.",
            "Somebody followed without a grant. Find them, and check their pass.",
        ),
        Reason.WRONG_WAY: Words(
            "Ada yang lewat berlawanan arah. Tunjukkan jalan yang benar.",
            "Somebody went the wrong way. Show them the right one.",
        ),
        Reason.OFFICER_ADMITTED: Words(
            "Petugas mengizinkan masuk. Tercatat atas nama petugas itu.",
            "An officer admitted the visitor. It is recorded in the officer's name.",
        ),
        Reason.OFFICER_REFUSED: Words(
            "Petugas menolak. Jelaskan alasannya dengan sopan.",
            "An officer refused. Explain the reason politely.",
        ),
        Reason.FREE_EGRESS: Words(
            "Siapa pun boleh keluar. Tidak ada yang perlu dilakukan.",
            "Anybody may leave. Nothing needs to be done.",
        ),
        Reason.STARTING: Words(
            "Jalur sedang disiapkan. Tunggu sampai pemeriksaan diri selesai.",
            "The lane is starting. Wait until its self-check is done.",
        ),
        Reason.SELF_CHECK_FAILED: Words(
            "Pemeriksaan diri gagal. Panggil teknisi; gunakan jalur lain.",
            "The self-check failed. Call the technician; use another lane.",
        ),
        Reason.MAINTENANCE: Words(
            "Jalur dalam perawatan. Buka kembali bila pekerjaan selesai.",
            "The lane is under maintenance. Open it again when the work is done.",
        ),
        Reason.FIRE: Words(
            "Alarm kebakaran. Bantu semua orang keluar; atur ulang setelah aman.",
            "Fire alarm. Help everybody out; reset the lane when it is safe.",
        ),
        Reason.EMERGENCY_STOP: Words(
            "Tombol darurat ditekan. Atasi bahayanya, lalu atur ulang jalur.",
            "Emergency stop was pressed. See to the danger, then reset the lane.",
        ),
        Reason.TAMPER: Words(
            "Lemari perangkat terbuka. Periksa siapa yang membuka, lalu tutup.",
            "The cabinet is open. See who opened it, then close it.",
        ),
        Reason.DEVICE_FAULT: Words(
            "Ada perangkat yang tidak bekerja. Panggil teknisi; gunakan jalur lain.",
            "A device does not work. Call the technician; use another lane.",
        ),
        Reason.JOURNAL_UNAVAILABLE: Words(
            "Catatan tidak dapat ditulis, jalur ditutup. Panggil teknisi.",
            "Records cannot be written, so the lane is shut. Call the technician.",
        ),
        Reason.GRANT_NOT_COMMITTED: Words(
            "Izin masuk gagal dicatat. Persilakan pengunjung mencoba lagi.",
            "The grant could not be recorded. Let the visitor try again.",
        ),
        Reason.RESTART: Words(
            "Program mulai ulang saat izin terbuka. Periksa apakah orangnya masuk.",
            "The program restarted during a grant. See whether the person went in.",
        ),
        Reason.SHUTDOWN: Words(
            "Jalur sedang dimatikan. Gunakan jalur lain.",
            "The lane is shutting down. Use another lane.",
        ),
    }
)
"""What the officer reads of every reason: what it is, and what can be done."""
