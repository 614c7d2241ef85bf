"""What is known of every image, as whoever writes a file gets it: a stream of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.messages import NONE_NAME, ImageRef
from engine.method.heads import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One image: what a person and what the machine said of it.

    ``label`` is the person's, NONE_NAME for a negative example; ``probabilities`` (n_predicted,)
    float32 belong to ``Results.predicted``, None where nothing was predicted; ``none_score`` in
    [0, 1], None of models from before there were such scores. ``failure`` says in words why the
    image could not be read; then there is no prediction.
    """

    image: ImageRef
    label: str | None = None
    probabilities: Floats | None = None
    none_score: float | None = None
    failure: str = ""

    def best_first(self) -> list[int]:
        """Numbers of the columns, most probable first; ties go to the first class."""
        if self.probabilities is None:
            return []
        return [int(number) for number in np.argsort(-self.probabilities, kind="stable")]


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """All images of a folder, in the order of their names.

    ``class_names`` are all classes in the person's order, without NONE_NAME; ``predicted`` those
    that the model knows, the columns of the probabilities (empty where there is no model);
    ``folder`` is what the names of images are relative to. ``chunks`` may be asked once for every
    file that is written; each of its steps takes about 50 ms.
    """

    folder: Path
    class_names: tuple[str, ...]
    predicted: tuple[str, ...]
    model_id: str
    n_images: int
    chunks: Callable[[], Iterator[Sequence[Record]]] = field(repr=False)

    def kept(self) -> Results:
        """The same, which looks at the images once however often it is asked."""
        chunks = self.chunks
        known: list[Sequence[Record]] = []
        is_whole = False

        def remembered() -> Iterator[Sequence[Record]]:
            nonlocal is_whole
            if is_whole:
                yield from known
                return
            known.clear()
            for chunk in chunks():
                known.append(chunk)
                yield chunk
            is_whole = True

        return replace(self, chunks=remembered)

    def machine_label(self, record: Record) -> tuple[str, float] | None:
        """The most probable class and its probability; None where nothing was predicted."""
        if record.probabilities is None:
            return None
        best = record.best_first()[0]
        return self.predicted[best], float(record.probabilities[best])

    def answer(self, record: Record) -> Answer | None:
        """What is to be said of an image: a person's label before the machine's."""
        if record.label is not None:
            return Answer(record.label, 1.0, True, record.label == NONE_NAME)
        machine = self.machine_label(record)
        if machine is None:
            return None
        none_score = record.none_score
        return Answer(*machine, False, none_score is not None and none_score > 0.5)


@dataclass(frozen=True, slots=True)
class Answer:
    """A class with how sure it is, [0, 1]; a person is (1.0).

    ``is_none``: a person labelled it NONE_NAME, or to the machine it looks like none of the classes
    (its ``label`` is then still the most probable class).
    """

    label: str
    confidence: float
    is_human: bool
    is_none: bool
