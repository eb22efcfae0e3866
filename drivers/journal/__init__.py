"""The lane's durable memory: an append-only, hash-chained journal in one SQLite file.

`SqliteJournal` is the port's implementation (`drivers.api.Journal`); `Reader` and
`verify_chain` look at the same file from other threads and processes, read only.

Threads: one writer thread owns the only connection that writes. Everybody else queues.
"""

from drivers.journal.journal import QUEUE_RECORDS_MAX, SqliteJournal
from drivers.journal.limits import Limits
from drivers.journal.meta import Restored
from drivers.journal.reader import ChainReport, Reader, TraceEvent, verify_chain

__all__ = [
    "QUEUE_RECORDS_MAX",
    "ChainReport",
    "Limits",
    "Reader",
    "Restored",
    "SqliteJournal",
    "TraceEvent",
    "verify_chain",
]
