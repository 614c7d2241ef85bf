"""Which keywords an image gets, and how a class's name is written in each list of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MACHINE_ROOT: Final = "AI"
HUMAN_ROOT: Final = "Handful"

# Lightroom parts a keyword's levels by "|", digiKam by "/"; neither has an escape. Within a name
# they become letters that look alike and part nothing, in both lists alike.
_SEPARATORS: Final = str.maketrans({"|": "¦", "/": "∕"})
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Keyword:
    """What is said of one image.

    ``confidence`` in [0, 1] and ``model_id`` are those of a prediction; a person's label has none.
    """

    label: str
    is_human: bool
    confidence: float = 1.0
    model_id: str = ""

    @property
    def name(self) -> str:
        """The class as a plain keyword: white space as single blanks, nothing that XML forbids."""
        return " ".join(_ILLEGAL.sub("\ufffd", self.label).split()) or "\ufffd"

    def lists(self) -> dict[str, str]:
        """The keyword in each list (names as in ``packet.LISTS``).

        The hierarchical ones are under the root "AI" for predictions and "Handful" for a person's
        labels, so that either can be dropped in one step in any program that shows keywords.
        """
        root = HUMAN_ROOT if self.is_human else MACHINE_ROOT
        leaf = self.name.translate(_SEPARATORS)
        return {
            "subject": self.name,
            "hierarchicalSubject": f"{root}|{leaf}",
            "TagsList": f"{root}/{leaf}",
        }
