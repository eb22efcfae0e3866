"""The site's configuration: one TOML file a lane, read whole, checked, then frozen.

A value goes through four steps, and no step runs on what the one before has refused: the file
to text (`load`), text to a raw table (TOML), the raw table to `Config` (`reader`: types, bounds,
unknown keys), and what no single key can tell (`checks`). Whatever is wrong comes out of them as
`ConfigError`, with everything that was found. What is allowed but unwise is said by `cautions`.

The bounds stand at the fields of the structs, in `gate.policy`, `drivers.wiring` and
`firmware.vision.wire`; nothing here repeats them. How people write a day, an hour or a path is
in `forms`.
"""

from firmware.config.cautions import cautions
from firmware.config.effective import effective
from firmware.config.load import (
    CONFIG_BYTES_MAX,
    CONFIG_PATH,
    ConfigError,
    load_config,
    parse_config,
)
from firmware.config.model import (
    BoardKind,
    BrokerConfig,
    Config,
    JournalConfig,
    Language,
    LogLevel,
    ThermometerConfig,
    ThermometerKind,
)

__all__ = [
    "CONFIG_BYTES_MAX",
    "CONFIG_PATH",
    "BoardKind",
    "BrokerConfig",
    "Config",
    "ConfigError",
    "JournalConfig",
    "Language",
    "LogLevel",
    "ThermometerConfig",
    "ThermometerKind",
    "cautions",
    "effective",
    "load_config",
    "parse_config",
]
