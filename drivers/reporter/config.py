"""How one lane reaches its broker."""

import enum

from msgspec import Struct

from drivers.reporter.wire import TOPIC_PART

PORT_MAX = 65_535
KEEPALIVE_S = 20
"""A connection that says nothing for this long is asked whether it lives."""
ACK_TIMEOUT_S = 10.0
"""A publish without its PUBACK for this long ends the connection; paho has no such timer."""
SESSION_EXPIRY_S = 86_400
"""MQTT 5 ends a session with its connection unless told how long to keep it."""


class DoneWhen(enum.StrEnum):
    """Whose word lets the cursor pass a record, and so retention remove it."""

    PUBACK = "puback"
    """The broker took it. Says nothing of who got it from there."""


class Tls(Struct, frozen=True, kw_only=True):
    """Files in PEM form."""

    ca_path: str | None = None
    """None trusts the authorities that the system trusts."""
    cert_path: str | None = None
    """The lane's own certificate, where the broker asks for one."""
    key_path: str | None = None


class ReporterConfig(Struct, frozen=True, kw_only=True):
    """One lane's connection. Site and lane are ids that never change: `[a-z0-9_-]`, up to 64."""

    site: str
    lane: str
    host: str
    port: int = 1883
    tls: Tls | None = None
    username: str | None = None
    password_path: str | None = None
    """File that holds the password, so that no configuration repeats it."""
    done_when: DoneWhen = DoneWhen.PUBACK
    keepalive_s: int = KEEPALIVE_S
    ack_timeout_s: float = ACK_TIMEOUT_S
    session_expiry_s: int = SESSION_EXPIRY_S

    def __post_init__(self) -> None:
        """Raises:
        ValueError: what is wrong, in one sentence.
        """
        for name, part in (("site", self.site), ("lane", self.lane)):
            if not TOPIC_PART.fullmatch(part):
                raise ValueError(
                    f"{name} {part!r} is no topic part: use a-z, 0-9, _ and -, up to 64"
                )
        if not self.host:
            raise ValueError("the broker's host is empty")
        if not 1 <= self.port <= PORT_MAX:
            raise ValueError(f"port {self.port} is not between 1 and {PORT_MAX}")
        if self.tls and bool(self.tls.cert_path) != bool(self.tls.key_path):
            raise ValueError("a client certificate needs both cert_path and key_path")

    @property
    def client_id(self) -> str:
        """The same at every start, so that the broker knows the lane again."""
        return f"gate-{self.site}-{self.lane}"
