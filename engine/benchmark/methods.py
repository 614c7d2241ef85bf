"""Everyone who is asked: the program with each effort, and the baselines it is held against."""

from __future__ import annotations

import time
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.benchmark.image_sets import EmbeddedSet
from engine.embeddings import EmbeddingStore
from engine.jobs.efforts import fit_or_next_best
from engine.jobs.fitted import Fit
from engine.jobs.workspace import Workspace
from engine.messages import ClassId, ClassSpec, Effort, Event, Snapshot
from engine.metatraining.encoder_training.label_draws import prototype_logits
from engine.method.heads import Floats

IndexArray = NDArray[np.int64]

MAX_ITERATIONS: Final = 1000
"""Of the logistic regression; scikit-learn's default of 100 often stops before the optimum."""

PLAIN: Final = "plain prototypes"
PLAIN_ON_START: Final = "plain prototypes (start)"
LOGISTIC_REGRESSION: Final = "logistic regression (start)"


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One fit that is asked for. All indices are of the set's images.

    Attributes:
        images: the set.
        folder: (n_folder,) the images that are there at all, ascending; they may be looked at.
        support: (n_support,) labelled images.
        labels: (n_support,) the labels given, indices into ``classes``, each at least once.
        classes: (n_way,) the set's classes that have a label, ascending.
        query: (n_query,) images to classify.
    """

    images: EmbeddedSet
    folder: IndexArray
    support: IndexArray
    labels: IndexArray
    classes: IndexArray
    query: IndexArray


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a method says.

    Attributes:
        log_probabilities: (n_query, n_way) float64, columns in the order of ``Episode.classes``.
        none_scores: (n_query,) float64, the higher the more a query is like none of the classes.
        seconds: to adapt.
    """

    log_probabilities: NDArray[np.float64]
    none_scores: NDArray[np.float64]
    seconds: float


class Method(Protocol):
    """Answers episodes.

    Attributes:
        name: in the tables.
        plain: the name of the plain prototypes on the same encoder's numbers.
    """

    name: str
    plain: str

    def answer(self, episode: Episode) -> Generator[Event | None, None, Answer]:
        """Adapt to the labelled images and classify the queries."""


class Program:
    """The program itself, with one effort."""

    plain = PLAIN

    def __init__(self, workspace: Workspace, effort: Effort) -> None:
        """Fit on ``workspace``, whose store becomes each episode's folder."""
        self.name = effort.value
        self._workspace = workspace
        self._effort = effort
        self._shown: tuple[EmbeddedSet, IndexArray, EmbeddingStore] | None = None

    def answer(self, episode: Episode) -> Generator[Event | None, None, Answer]:
        """Seconds: from embeddings in memory to a model, whatever else the effort embeds."""
        images = episode.images
        self._show(episode)
        ids = [ClassId(1 + index) for index in range(len(episode.classes))]
        snapshot = Snapshot(
            folder=images.folder,
            classes=tuple(
                ClassSpec(class_id, images.class_names[index])
                for class_id, index in zip(ids, episode.classes, strict=True)
            ),
            support=tuple(
                (images.images[index], ids[label])
                for index, label in zip(episode.support, episode.labels, strict=True)
            ),
            images=tuple(images.images[index] for index in episode.folder),
        )
        began = time.perf_counter()
        fitted = yield from _silently(
            fit_or_next_best(self._workspace, 0, snapshot.support, ids, self._effort)
        )
        seconds = time.perf_counter() - began
        model = fitted.model
        # From the store rather than from the set: other efforts have other embeddings.
        queries = [images.images[index].image_id for index in episode.query]
        embeddings = fitted.seen.store.select(queries)
        logits = model.logits(model.directions(embeddings))
        none_scores = model.none_scores(embeddings)
        return Answer(_log_softmax(logits), none_scores.astype(np.float64), seconds)

    def _show(self, episode: Episode) -> None:
        """Make the store the episode's folder, in one order, so that its sum is always the same."""
        store = self._workspace.store
        if self._shown is not None:
            images, folder, shown = self._shown
            is_there = shown is store and images is episode.images
            if is_there and np.array_equal(folder, episode.folder):
                return
        fresh = EmbeddingStore(store.embedding_size)
        fresh.add(
            [episode.images.images[index].image_id for index in episode.folder],
            episode.images.embeddings[episode.folder].astype(np.float16),
            [int(episode.images.hashes[index]) for index in episode.folder],
        )
        store.close()
        self._workspace.store = fresh
        images_there = [episode.images.images[index] for index in episode.folder]
        self._workspace.refs.clear()
        self._workspace.refs.update((image.image_id, image) for image in images_there)
        self._shown = episode.images, episode.folder, fresh


def _silently(steps: Generator[Event | None, None, Fit]) -> Generator[None, None, Fit]:
    """Without the progress of one fit among hundreds."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            fitted: Fit = finished.value
            return fitted
        yield None


class PlainPrototypes:
    """Snell et al. 2017: class means, probabilities by squared Euclidean distance."""

    def __init__(self, *, on_start: bool) -> None:
        """On the untouched network's raw activations, or on the encoder's embeddings."""
        self.name = self.plain = PLAIN_ON_START if on_start else PLAIN
        self._on_start = on_start

    def answer(self, episode: Episode) -> Generator[Event | None, None, Answer]:
        """Seconds: the class means, and with them the distances, which cost no more."""
        yield from ()
        vectors = _activations(episode) if self._on_start else episode.images.embeddings
        began = time.perf_counter()
        logits = prototype_logits(
            vectors[episode.support],
            episode.labels,
            vectors[episode.query],
            len(episode.classes),
        )
        return _answer_of(logits, time.perf_counter() - began)


class LogisticRegression:
    """scikit-learn's, with its defaults, on the untouched network's raw activations."""

    name = LOGISTIC_REGRESSION
    plain = PLAIN_ON_START

    def answer(self, episode: Episode) -> Generator[Event | None, None, Answer]:
        """Seconds: the fit."""
        from sklearn import linear_model  # type: ignore[import-untyped]  # Slow to import.
        from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]

        yield from ()
        vectors = _activations(episode)
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = linear_model.LogisticRegression(max_iter=MAX_ITERATIONS)
            model.fit(vectors[episode.support], episode.labels)
        seconds = time.perf_counter() - began
        scores = np.asarray(model.decision_function(vectors[episode.query]), np.float64)
        if scores.ndim == 1:  # Of two classes it gives the second's log-odds only.
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        return _answer_of(scores, seconds)


def methods_for(
    workspace: Workspace, efforts: tuple[Effort, ...], *, has_start: bool
) -> list[Method]:
    """In the tables' order."""
    baselines: list[Method] = [PlainPrototypes(on_start=False)]
    if has_start:
        baselines += [PlainPrototypes(on_start=True), LogisticRegression()]
    return [*baselines, *(Program(workspace, effort) for effort in efforts)]


def _activations(episode: Episode) -> Floats:
    if episode.images.start is None:
        raise ValueError("the untouched network's activations were not asked for")
    return episode.images.start


def _answer_of(logits: Floats | NDArray[np.float64], seconds: float) -> Answer:
    """A baseline's, which says “none of these” by 1 - the largest probability."""
    log_probabilities = _log_softmax(logits)
    none_scores = -np.expm1(np.minimum(log_probabilities.max(axis=1), 0.0))
    return Answer(log_probabilities, none_scores, seconds)


def _log_softmax(logits: Floats | NDArray[np.float64]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    found: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return found
