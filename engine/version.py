"""The version, where everything can read it without reading anything else."""

from typing import Final

VERSION: Final = "0.1.0"
