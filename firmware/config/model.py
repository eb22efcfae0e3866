"""What one lane is made of and how it is to behave, as frozen data.

Every field but the two ids has a default, and by default nothing is real: a demonstration is
`Config(site="demo", lane="north")`. Files are read by `firmware.config.load_config`.
"""

import enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from drivers.journal.limits import RECORDS_MAX, Limits
from drivers.reporter.config import PORT_MAX, ReporterConfig, Tls
from drivers.reporter.wire import TOPIC_PART
from drivers.wiring import Wiring
from firmware.vision.wire import CameraSpec
from gate.policy import Policy

RECORDS_MIN = 10_000
"""A busy lane's day. Fewer, and a night without network would cost records."""
PORT_PLAIN = 1883
PORT_TLS = 8883
"""Both as registered for MQTT."""
HOST_CHARS_MAX = 253
"""Of a host name (RFC 1035 section 2.3.4, less the dot at its end)."""

Id = Annotated[
    str,
    Meta(
        pattern=rf"\A{TOPIC_PART.pattern}\Z",
        description="an id of 1 to 64 characters out of a-z, 0-9, _ and -",
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9._:%-]+\Z",
        max_length=HOST_CHARS_MAX,
        description="its name or address alone, such as broker.example",
    ),
]


class BoardKind(enum.StrEnum):
    """Where the lane's lines are."""

    SIMULATED = "simulated"
    RASPBERRY_PI = "raspberry-pi"


class Language(enum.StrEnum):
    """What the visitor's screen can speak."""

    INDONESIAN = "id"
    ENGLISH = "en"


class LogLevel(enum.StrEnum):
    """How much the log says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ThermometerKind(enum.StrEnum):
    """Which driver measures."""

    NONE = "none"
    SIMULATED = "simulated"
    IIO = "iio"
    """A sensor of Melexis through the kernel."""


class ThermometerModel(enum.StrEnum):
    """The kernel's names of the sensors that `drivers.iio_thermometer` knows."""

    MLX90614 = "mlx90614"
    MLX90615 = "mlx90615"
    MLX90632 = "mlx90632"


class ThermometerConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contact-free thermometer."""

    kind: ThermometerKind = ThermometerKind.SIMULATED
    """`iio` is a sensor of Melexis through the kernel."""
    model: ThermometerModel | None = None
    """Without it, whichever of the three is there."""
    devices: Path = Path("/sys/bus/iio/devices")
    """Folder in which the kernel shows its sensors."""


class JournalConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The lane's durable records."""

    records_max: Annotated[int, Meta(ge=RECORDS_MIN, le=RECORDS_MAX)] = RECORDS_MAX
    """How many are kept; the oldest that were acknowledged go first."""


class BrokerConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The MQTT broker that the lane reports to."""

    host: Host
    """Name or address of the broker."""
    port: Annotated[int, Meta(ge=1, le=PORT_MAX)] | None = None
    """Without it 1883, and 8883 with TLS."""
    username: str | None = None
    """Without it, the lane gives no name."""
    password_path: Path | None = None
    """File that holds the password and nothing else. The password itself never stands here."""
    tls: Tls | None = None
    """The table alone, empty, switches TLS on."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One lane. Paths are absolute once they come from a file."""

    site: Id
    """The place, by an id that never changes: it is part of every topic and record."""
    lane: Id
    """The lane at that place, likewise."""
    board: BoardKind = BoardKind.SIMULATED
    """Where the lines are. As long as it is `simulated`, nothing moves."""
    data_dir: Path = Path("/var/lib/gate")
    """Folder of the journal; the lane alone writes there."""
    trust: Path | None = None
    """File of the issuers whose passes are believed; the credential stage needs it."""
    trust_bundle: Path | None = None
    """Signed list of public issuers, as `gate trust compile` makes it. Without it no public health
    certificate is believed."""
    trust_roots: Path | None = None
    """File of the keys that sign that list, and how many of them must."""
    trust_media: tuple[Path, ...] = ()
    """Folders under which sticks are mounted; a newer list on one of them is taken as well."""
    health_rules: tuple[Path, ...] = ()
    """Files of dated health rules, for certificates and passes; the newest that is in force
    counts."""
    languages: tuple[Language, ...] = (Language.INDONESIAN, Language.ENGLISH)
    """Of the visitor's screen, the first one first."""
    log_level: LogLevel = LogLevel.INFO
    """The least important that the log still says."""
    journal: JournalConfig = JournalConfig()
    camera: CameraSpec = CameraSpec()
    thermometer: ThermometerConfig = ThermometerConfig()
    broker: BrokerConfig | None = None
    """Without this table nothing is reported, and the journal keeps its records."""
    policy: Policy = Policy()
    wiring: Wiring = field(default_factory=Wiring)

    @property
    def journal_limits(self) -> Limits:
        """How much the journal may take. Without a broker, nobody acknowledges records."""
        return Limits(records_max=self.journal.records_max, reported=self.broker is not None)

    @property
    def reporter(self) -> ReporterConfig | None:
        """How the lane reaches its broker; None where it has none.

        Raises:
            ValueError: it can't be reached so; a configuration from a file never raises this.
        """
        broker = self.broker
        if broker is None:
            return None
        return ReporterConfig(
            site=self.site,
            lane=self.lane,
            host=broker.host,
            port=broker.port or (PORT_TLS if broker.tls else PORT_PLAIN),
            tls=broker.tls,
            username=broker.username,
            password_path=None if broker.password_path is None else str(broker.password_path),
        )
