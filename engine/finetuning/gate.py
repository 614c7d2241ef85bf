"""Whether fine-tuning helped: on labelled images that neither the network nor the head had seen."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import HeldOut
from engine.method.adaptation import adapt
from engine.method.calibration import guesses_of, held_out_of, losses_of
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import Floats, examples_per_class, normalise
from engine.method.thorough import adapt_thoroughly

N_FOLDS: Final = 5
FEWEST: Final = 10
"""Examples to hold out; of fewer the standard error is too rough to tell a gain from luck."""

# Where fine-tuning has seen the examples that a head is fitted to, the head's own held-out examples
# look easier than they are, and its confidence has to be taken back by a factor. What draws from
# validation sets say of its logarithm: the mean, by what was done, and the spread.
UNTUNED: Final = 0.0
TUNED: Final = -0.8
TUNED_VOTE: Final = -0.5
_SPREAD: Final = 0.35
CLEAR_GAIN: Final = 1.5
"""Standard errors that a gain must exceed: one, and a half for being the best of several."""
_LOG_FACTORS: Final = np.linspace(-3.0, 1.0, 81)


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What held-out examples say about a share of the way that fine-tuning went.

    Attributes:
        share: in [0, 1]; 0 for the network as it was.
        factor: what the head's logits are multiplied by, to be believed.
        losses: (n_examples,) negative log probability of the label of one image of each
            independent example, nats; their mean is ``held_out.log_loss``.
        held_out: how those images fare.
        rows: (n_examples,) which of the images given they are.
        guesses: (n_examples,) the column that each was taken for.
    """

    share: float
    factor: float
    losses: NDArray[np.float64]
    held_out: HeldOut
    rows: NDArray[np.int64]
    guesses: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The share that did best, and whether to believe it.

    Attributes:
        start: without fine-tuning.
        best: with the best share above 0.
        gain: by how much the mean loss fell, nats.
        standard_error: of ``gain``, over independent examples.
    """

    start: Tried
    best: Tried
    gain: float
    standard_error: float

    def exceeds(self, standard_errors: float) -> bool:
        """Whether the gain is above so many of its standard errors."""
        return self.gain > standard_errors * self.standard_error


def can_judge(labels: NDArray[np.int64], groups: NDArray[np.int64]) -> bool:
    """Whether most classes have two independent examples, and enough of them can be held out."""
    counts = examples_per_class(labels, groups, int(labels.max(initial=-1)) + 1)
    several = counts[counts >= 2]
    return len(counts) >= 2 and 2 * len(several) >= len(counts) and int(several.sum()) >= FEWEST


def folds_of(labels: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fold (n,) in which each image is held out; -1: it is always learned from.

    The examples of a class are dealt out in turn, near-duplicates together, so that each fold
    leaves every class something; the only one of its class stays.

    Args:
        labels: (n,) class numbers.
        groups: (n,) as ``heads.independent_groups`` gives them.
    """
    folds = np.full(len(labels), -1, np.int64)
    random = np.random.default_rng(0)
    first = 0  # Classes begin at different folds, so that small ones do not fill the first alone.
    for label in np.unique(labels):
        examples = random.permutation(np.unique(groups[labels == label]))
        if len(examples) < 2:
            continue
        for position, group in enumerate(examples):
            folds[groups == group] = (first + position) % N_FOLDS
        first += len(examples)
    return folds


def held_out_logits(
    embeddings: Floats,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    left_out: NDArray[np.bool_],
    training_mean: Floats,
) -> Floats:
    """Logits (n_left_out, n_classes) from the instant head fitted to all the others.

    Args:
        embeddings: (n, d) of all labelled images, by one network.
        labels: (n,) in [0, n_classes), none of them left out altogether.
        groups: (n,) as ``heads.independent_groups`` gives them.
        left_out: (n,) which are.
        training_mean: (d,) from the encoder file.
    """
    mean = folder_mean(embeddings.sum(0, dtype=np.float64), len(embeddings), training_mean)
    kept = ~left_out
    model = adapt(embeddings[kept], labels[kept], mean, groups=groups[kept])
    return model.logits(model.directions(embeddings[left_out]))


def held_out_votes(
    embeddings: Floats,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    left_out: NDArray[np.bool_],
    training_mean: Floats,
    unlabelled: Floats,
    *,
    is_tuned: bool,
) -> Generator[None, None, tuple[Floats, Floats]]:
    """As :func:`held_out_logits`, from the thorough effort's vote; in steps.

    Args:
        unlabelled: (n_unlabelled, d) of some of the folder's images that nobody labelled.
        is_tuned: whether the network has learned from the others, so that the vote cannot be
            judged by them.

    Returns:
        The logits, and each image's cosine distance (n_left_out,) around the folder's mean to the
        nearest of the others, see ``method.unknowns``.
    """
    every = np.concatenate([embeddings, unlabelled])
    mean = folder_mean(every.sum(0, dtype=np.float64), len(every), training_mean)
    kept = ~left_out
    yield
    model = yield from adapt_thoroughly(
        embeddings[kept],
        labels[kept],
        mean,
        np.concatenate([unlabelled, embeddings[left_out]]),
        FolderShape.of(every, mean, len(every)),
        groups[kept],
        judge=not is_tuned,
    )
    asked = embeddings[left_out]
    likeness = normalise(asked, mean) @ normalise(embeddings[kept], mean).T
    distances: Floats = 1.0 - likeness.max(axis=1, initial=-1.0)
    return model.logits(model.directions(asked)), distances


def judge(
    share: float,
    logits: Floats,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    expected: float,
) -> Tried:
    """Sum up held-out logits (n, n_classes) of images with labels and groups (n,).

    Args:
        expected: the logarithm of the factor, before the logits have spoken.
    """
    first = np.unique(groups, return_index=True)[1]  # Near-duplicates are one piece of evidence.
    logits, labels = logits[first], labels[first]

    def losses(factor: float) -> NDArray[np.float64]:
        return losses_of(np.float32(factor) * logits, labels)

    def cost(log_factor: float) -> float:
        away = log_factor - expected
        return float(losses(np.exp(log_factor)).sum()) + away**2 / (2 * _SPREAD**2)

    factor = float(np.exp(min(_LOG_FACTORS, key=cost)))
    held_out = held_out_of(np.float32(factor) * logits, labels)
    assert held_out is not None
    guesses = guesses_of(np.float32(factor) * logits)
    return Tried(share, factor, losses(factor), held_out, first, guesses)


def decide(start: Tried, others: Sequence[Tried]) -> Verdict:
    """Take the best of the ``others``, all judged on the same images, against the start."""
    best = min(others, key=lambda tried: float(tried.losses.mean()))
    gains = start.losses - best.losses
    error = float(gains.std(ddof=1)) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
    return Verdict(start, best, float(gains.mean()), float(error))
