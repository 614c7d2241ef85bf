"""What a spot check found, kept beside the project until the next one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt

from engine import wilson_interval


@dataclass(frozen=True, slots=True)
class SpotResult:
    """The outcome of one spot check.

    Attributes:
        n_right: of the predictions that were looked at, those that were right.
        n_asked: how many were looked at.
        n_predictions: how many they were drawn from.
        promised: their mean confidence, in [0, 1].
        n_labels: how many labels there were.
        when: its end, local time, ISO 8601.
    """

    n_right: int
    n_asked: int
    n_predictions: int
    promised: float
    n_labels: int
    when: str

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> SpotResult | None:
        """What :meth:`to_text` wrote; None for anything else."""
        try:
            kept = cls(**json.loads(text))
            datetime.fromisoformat(kept.when)
            is_sound = 0 <= kept.n_right <= kept.n_asked > 0
        except (TypeError, ValueError):
            return None
        return kept if is_sound else None

    def headline(self) -> str:
        """The share that was right, with its 95 % interval."""
        low, high = wilson_interval(self.n_right, self.n_asked)
        text = QCoreApplication.translate(
            "SpotCheck", "{right} of {asked} right: {percent} %, between {low} and {high} %"
        )
        locale = QLocale()
        return text.format(
            right=locale.toString(self.n_right),
            asked=locale.toString(self.n_asked),
            percent=round(100 * self.n_right / self.n_asked),
            low=round(100 * low),
            high=round(100 * high),
        )

    def when_text(self, n_labels_now: int) -> str:
        """When it was, and whether labels were added or taken off since."""
        moment = QDateTime.fromString(self.when, Qt.DateFormat.ISODate).toLocalTime()
        locale = QLocale()
        text = QCoreApplication.translate(
            "SpotCheck", "Spot check of {when}, with {count} labels as now."
        )
        if n_labels_now != self.n_labels:
            text = QCoreApplication.translate(
                "SpotCheck",
                "Spot check of {when}, with {count} labels; there are {now} now, so draw again for "
                "the answers on screen.",
            )
        return text.format(
            when=locale.toString(moment, QLocale.FormatType.ShortFormat),
            count=locale.toString(self.n_labels),
            now=locale.toString(n_labels_now),
        )
