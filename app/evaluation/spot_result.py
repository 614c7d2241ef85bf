"""What a spot check found, kept beside the project until the next one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt

from app.session.image_table import NO_CLASS, ImageTable
from engine import wilson_interval

_ENOUGH: Final = 5  # Answers; fewer say next to nothing.


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
        images: those that were drawn.
        labels_key: of the labels that all others had, see :func:`labels_key`; 0 for not known.
    """

    n_right: int
    n_asked: int
    n_predictions: int
    promised: float
    n_labels: int
    when: str
    images: tuple[int, ...] = ()
    labels_key: int = 0

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> SpotResult | None:
        """What :meth:`to_text` wrote; None for anything else."""
        try:
            kept = cls(**json.loads(text))
            kept = replace(kept, images=tuple(int(image) for image in kept.images))
            datetime.fromisoformat(kept.when)
            is_sound = 0 <= kept.n_right <= kept.n_asked > 0
        except (TypeError, ValueError):
            return None
        return kept if is_sound else None

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share that is right among all predictions, 95 %."""
        return wilson_interval(self.n_right, self.n_asked)

    @property
    def is_enough(self) -> bool:
        """Whether there were enough answers to hold the share against another figure."""
        return self.n_asked >= _ENOUGH

    def is_current(self, table: ImageTable) -> bool:
        """Whether the labels are those that it was made with, its own answers left aside."""
        return self.labels_key != 0 and self.labels_key == labels_key(table, self.images)

    def headline(self) -> str:
        """The share that was right, with its 95 % interval."""
        low, high = self.interval
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


def labels_key(table: ImageTable, but_for: Collection[int]) -> int:
    """A number for all labels but those of some images; another one for other labels, never 0."""
    labelled = (table.labels != NO_CLASS) & ~table.missing
    rows = np.flatnonzero(labelled & ~np.isin(table.ids, list(but_for)))
    rows = rows[np.argsort(table.ids[rows])]
    content = (
        table.ids[rows].astype(np.int64).tobytes() + table.labels[rows].astype(np.int64).tobytes()
    )
    return zlib.crc32(content) or 1
