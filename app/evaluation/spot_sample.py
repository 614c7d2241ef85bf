"""The predictions that a spot check asks about, and what the person said of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.evaluation.spot_result import SpotResult, labels_key
from app.session.image_table import NO_CLASS, ImageTable
from engine.messages import ClassId, ImageId

_COUNT: Final = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """A prediction that was drawn, as it was at the start."""

    image_id: ImageId
    predicted: ClassId
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person says of it; ``class_id`` is what it is, None where that was not said."""

    is_right: bool
    class_id: ClassId | None = None


@dataclass(slots=True)
class SpotSample:
    """A sample drawn from all predictions alike, which stays what it was at the start.

    So the share of right ones holds for the predictions as they were then, whatever is labelled or
    predicted meanwhile.

    Attributes:
        drawn: the sample, in the order in which it is asked about.
        answers: by place in the sample.
        skipped: places that the person could not judge; they do not count.
        place: which one is asked about.
        is_over: nothing more is asked.
        drawn_from: (n,) the predicted classes of all images that could have been drawn.
        n_labels: how many labels there were when it was drawn.
        labels_key: which they were, see :func:`app.evaluation.spot_result.labels_key`.
        ended_at: when it was over, local time, ISO 8601; empty before.
    """

    drawn: list[Drawn] = field(default_factory=list)
    answers: dict[int, Answer] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    place: int = 0
    is_over: bool = False
    drawn_from: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_labels: int = 0
    labels_key: int = 0
    ended_at: str = ""

    @classmethod
    def draw(cls, table: ImageTable, random: np.random.Generator) -> SpotSample:
        """Draw from the predictions as they are now."""
        rows = np.flatnonzero(table.predicts & ~table.unreadable)
        chosen = random.choice(rows, min(_COUNT, len(rows)), replace=False)
        drawn = [
            Drawn(
                table.image_id(row),
                ClassId(int(table.predicted[row, 0])),
                float(table.probabilities[row, 0]),
            )
            for row in chosen.tolist()
        ]
        n_labels = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        return cls(
            drawn,
            drawn_from=table.predicted[rows, 0],
            n_labels=n_labels,
            labels_key=labels_key(table, [item.image_id for item in drawn]),
        )

    @property
    def current(self) -> Drawn | None:
        """Which one is asked about; None where nothing is."""
        is_asking = not self.is_over and self.place < len(self.drawn)
        return self.drawn[self.place] if is_asking else None

    @property
    def wrong(self) -> list[ImageId]:
        """The images whose prediction is wrong, in the order of the answers."""
        return [
            self.drawn[place].image_id
            for place, answer in self.answers.items()
            if not answer.is_right
        ]

    def is_current(self, table: ImageTable) -> bool:
        """Whether the labels are still those that the predictions came from, or its own answers."""
        images = [item.image_id for item in self.drawn]
        return bool(self.drawn) and labels_key(table, images) == self.labels_key

    def can_go_on(self, table: ImageTable) -> bool:
        """Whether it was ended early, and its predictions are still those of the labels."""
        return self.place < len(self.drawn) and bool(self.answers) and self.is_current(table)

    def resume(self) -> None:
        """Ask on where it was ended."""
        self.is_over, self.ended_at = False, ""

    def answer(self, answer: Answer) -> None:
        """Keep what is said of the current one; the last word counts."""
        self.answers[self.place] = answer
        self.skipped.discard(self.place)

    def skip(self) -> None:
        """The current one cannot be judged; go on without it."""
        self.answers.pop(self.place, None)
        self.skipped.add(self.place)
        self.go_on()

    def go_on(self) -> None:
        """Ask about the next one."""
        self.place += 1
        self.is_over = self.place >= len(self.drawn)

    def go_back(self) -> None:
        """Ask about the one before again."""
        self.place = max(0, self.place - 1)

    def leave_out(self, is_kept: Callable[[int], bool]) -> bool:
        """Ask no more of what nobody can judge; whether there was any.

        Args:
            is_kept: of a place in the sample.
        """
        kept = [place for place in range(len(self.drawn)) if is_kept(place)]
        if len(kept) == len(self.drawn):
            return False
        self.drawn = [self.drawn[place] for place in kept]
        self.answers = {
            new: self.answers[old] for new, old in enumerate(kept) if old in self.answers
        }
        self.skipped = {new for new, old in enumerate(kept) if old in self.skipped}
        self.place = sum(place < self.place for place in kept)
        self.is_over = self.is_over or self.place >= len(self.drawn)
        return True

    def labels(self) -> dict[ImageId, ClassId]:
        """What the images are, by the answers that say so."""
        found: dict[ImageId, ClassId] = {}
        for place, answer in self.answers.items():
            drawn = self.drawn[place]
            class_id = drawn.predicted if answer.is_right else answer.class_id
            if class_id is not None:
                found[drawn.image_id] = class_id
        return found

    def result(self, classes: Collection[ClassId]) -> SpotResult:
        """What came of it; at least one is answered. Predictions of other classes do not count."""
        if not self.ended_at:
            self.ended_at = datetime.now().astimezone().isoformat(timespec="seconds")
        return SpotResult(
            len(self.answers) - len(self.wrong),
            len(self.answers),
            int(np.count_nonzero(np.isin(self.drawn_from, list(classes)))),
            float(np.mean([self.drawn[place].confidence for place in self.answers])),
            self.n_labels,
            self.ended_at,
            tuple(int(item.image_id) for item in self.drawn),
            self.labels_key,
        )
