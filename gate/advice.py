"""What the officer reads of every reason, in Indonesian and in English.

One sentence says what happened and what can be done about it. It stands on the officer's screen
alone; what the visitor reads is in `gate.wording`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.reasons import Reason
from gate.wording import Words

ADVICE_CHARS_MAX = 70
"""The officer's sentence is one line of a terminal, and there is room for what it belongs to."""

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
        Reason.CODE_TOO_LARGE: Words(
            "Isi kode ini terlalu besar. Bisa jadi kode yang merusak.",
            "This code unpacks to too much: it may be meant to do harm.",
        ),
        Reason.CREDENTIAL_CRITICAL: Words(
            "Kode ini menuntut aturan yang tidak dikenal. Periksa secara manual.",
            "The code demands a rule that is not known here. Check it by hand.",
        ),
        Reason.CREDENTIAL_ISSUER_MISMATCH: Words(
            "Penerbit yang tertulis bukan pemilik kuncinya. Jangan terima.",
            "The issuer named is not the owner of the key. Do not accept it.",
        ),
        Reason.CREDENTIAL_ISSUER_EXPIRED: Words(
            "Masa berlaku penerbitnya sudah habis. Periksa secara manual.",
            "The issuer itself had expired. Check it by hand.",
        ),
        Reason.CREDENTIAL_CONTENT: Words(
            "Sertifikat asli, tetapi isinya tidak lazim. Periksa secara manual.",
            "Genuine, but not what such a certificate states. Check by hand.",
        ),
        Reason.TRUST_LIST_OUTDATED: Words(
            "Daftar penerbit umum sudah kedaluwarsa. Panggil teknisi.",
            "The list of public issuers is out of date. Call a technician.",
        ),
        Reason.PROOF_MISSING: Words(
            "Tanda ini harus langsung dari ponsel pemiliknya, bukan gambar.",
            "This badge must be shown live on its holder's phone, not as a picture.",
        ),
        Reason.PROOF_SIGNATURE: Words(
            "Kode langsung tidak cocok dengan tandanya. Jangan terima.",
            "The live code does not belong to the badge. Do not accept it.",
        ),
        Reason.PROOF_NOT_CURRENT: Words(
            "Kode langsung sudah lewat. Minta kode baru; cek jam ponselnya.",
            "The live code is old. Ask for a new one; check the phone's clock.",
        ),
        Reason.HEALTH_RULES: Words(
            "Aturan kesehatan tidak mengizinkan begitu saja. Lihat pedoman.",
            "The health rules do not admit on this as it is. See the guide.",
        ),
        Reason.TRUST_LIST_OLD: Words(
            "Daftar penerbit umum sudah lama. Periksa sertifikat secara manual.",
            "The list of public issuers is old. Check the certificate by hand.",
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
