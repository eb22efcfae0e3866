"""The lane on the wire: availability, state and the ordered stream of records, over MQTT.

One thread does all of it: it drives paho through its socket, so none of paho's callbacks ever
runs on another thread, and nobody who reports ever waits for the network. The outbox is the
journal itself with a persisted cursor; nothing is queued in memory but a window of 20.
"""

from drivers.reporter.config import DoneWhen, ReporterConfig, Tls
from drivers.reporter.reporter import Reporter, ReporterStatus
from drivers.reporter.wire import Topics, event_payload

__all__ = [
    "DoneWhen",
    "Reporter",
    "ReporterConfig",
    "ReporterStatus",
    "Tls",
    "Topics",
    "event_payload",
]
