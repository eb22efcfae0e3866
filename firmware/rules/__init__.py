"""The health rules that are shipped: TOML files beside this one, to be copied and changed."""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent
"""The folder of the files."""
