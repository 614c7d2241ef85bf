"""All trials on one set: every method answers the same episodes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.benchmark.image_sets import EmbeddedSet
from engine.benchmark.measures import Measured, is_clearly_worse, measure, unknown_auroc
from engine.benchmark.methods import Answer, Episode, Method
from engine.benchmark.splits import IndexArray, Split, SplitRule, draw_split
from engine.jobs.progress import ProgressMeter
from engine.messages import Progress
from engine.words import sentence_of


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """All methods on one set with one number of labels.

    Attributes:
        images: the set.
        n_shot: labels per class.
        splits: of the trials.
        measured: by method, of every trial.
        worse: by method, whether a trial was clearly worse than plain prototypes on the same
            encoder's numbers; those themselves are left out.
    """

    images: EmbeddedSet
    n_shot: int
    splits: tuple[Split, ...]
    measured: dict[str, tuple[Measured, ...]]
    worse: dict[str, tuple[bool, ...]]


def run_trials(
    images: EmbeddedSet,
    methods: Sequence[Method],
    n_shot: int,
    n_trials: int,
    rule: SplitRule,
    title: str,
) -> Generator[Progress | None, None, Cell]:
    """Ask all methods.

    Args:
        images: the set.
        methods: among them the plain prototypes that others are compared with.
        n_shot, n_trials, rule: what to draw.
        title: what progress calls the set.
    """
    splits = tuple(draw_split(images.labels, n_shot, trial, rule) for trial in range(n_trials))
    measured: dict[str, list[Measured]] = {method.name: [] for method in methods}
    labels = "label" if n_shot == 1 else "labels"
    text = sentence_of(f"{title}: trials with {n_shot} {labels} a class")
    meter = ProgressMeter(0, text, n_trials * len(methods))
    for split in splits:
        truth = images.labels[split.query]
        for method in methods:
            answer = yield from _answered(method, _episode(images, split))
            auroc = None
            if len(split.unlabelled):
                second = yield from _answered(method, _episode(images, split, split.unlabelled))
                auroc = unknown_auroc(second.none_scores, np.isin(truth, split.unlabelled))
            measured[method.name].append(
                measure(answer.log_probabilities, truth, answer.seconds, auroc)
            )
            yield meter.advance()
    worse = {
        method.name: tuple(
            is_clearly_worse(own.hits, plain.hits)
            for own, plain in zip(measured[method.name], measured[method.plain], strict=True)
        )
        for method in methods
        if method.plain != method.name
    }
    found = {name: tuple(values) for name, values in measured.items()}
    return Cell(images, n_shot, splits, found, worse)


def _answered(method: Method, episode: Episode) -> Generator[Progress | None, None, Answer]:
    """The method's answer; of its events only progress matters here."""
    steps = method.answer(episode)
    try:
        while True:
            event = next(steps)
            yield event if isinstance(event, Progress) else None
    except StopIteration as finished:
        answer: Answer = finished.value
        return answer
    finally:
        steps.close()


def _episode(images: EmbeddedSet, split: Split, unlabelled: IndexArray | None = None) -> Episode:
    """The trial's episode; with ``unlabelled`` classes their labels are taken away.

    So are labels of other images that name one of these classes by mistake.
    """
    keep = np.ones(len(split.support), bool)
    if unlabelled is not None:
        for labels in (images.labels[split.support], split.given):
            keep &= ~np.isin(labels, unlabelled)
    classes, columns = np.unique(split.given[keep], return_inverse=True)
    return Episode(
        images=images,
        folder=split.folder,
        support=split.support[keep],
        labels=columns.astype(np.int64),
        classes=classes,
        query=split.query,
    )
