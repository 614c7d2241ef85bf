"""What camera trap programs call images without an animal, people and vehicles, in any case."""

from __future__ import annotations

from typing import Final

BLANK: Final = frozenset({"blank", "empty", "nothing", "no animal"})
HUMAN: Final = frozenset({"human", "humans", "person", "people", "homo sapiens"})
VEHICLE: Final = frozenset({"vehicle", "vehicles", "car", "cars"})
