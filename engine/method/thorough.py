"""Thorough adaptation: several heads and the unlabelled rest, voting as held-out labels say.

Every head is judged on labelled images that it was fitted without, near-duplicates always on one
side. What goes in: the instant head, ridge regression, a shrinkage discriminant, prototypes, and
a mixture over the folder's unlabelled images. All are linear, so their vote is one linear head.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import Effort, HeldOut
from engine.method.adaptation import (
    FOLDER_RIDGE,
    PROTOTYPES,
    RIDGE,
    AdaptedModel,
    Candidate,
    Head,
    Labelled,
    as_model,
    instant_head,
    is_lower,
)
from engine.method.calibration import ScalePrior, held_out_of, softmax
from engine.method.discriminant import fit_discriminant
from engine.method.folder import SAMPLE_SIZE, FolderShape
from engine.method.heads import Floats, normalise
from engine.method.mixture import fit_mixture
from engine.words import Sentence, say

_FOLDS: Final = 5
_MOST_FOLDED: Final = 500  # Labelled images; with more a ridge regression takes too long a step.
# What each head's logits weigh before any label has spoken, and half of it after.
_MIXTURE, _INSTANT, _RIDGE, _DISCRIMINANT, _PROTOTYPES = 0.60, 0.20, 0.08, 0.08, 0.04
_STEPS: Final = 50
_RATE: Final = 0.5
# A head that held-out labels leave less of than this share of its prior is dropped.
_KEPT_SHARE: Final = 0.25
_BY_NAME: Final = {item.name: item for item in (FOLDER_RIDGE, RIDGE, PROTOTYPES)}
_PRIORS: Final = {
    "mixture": ScalePrior(-2.5, 0.39, 0.03, 0.5),
    "discriminant": ScalePrior(0.0, 0.9, 0.9, 0.7),
    "vote": ScalePrior(-0.1, 0.0, 0.0, 0.2),
}

_Fit = Callable[[NDArray[np.int64], Floats], Generator[None, None, tuple[Floats, Floats]]]


def adapt_thoroughly(
    support: Floats,
    labels: NDArray[np.int64],
    mean: Floats,
    unlabelled: Floats,
    shape: FolderShape,
    groups: NDArray[np.int64] | None = None,
    *,
    judge: bool = True,
    negatives: Floats | None = None,
    n_borrowed: int = 0,
) -> Generator[None, None, AdaptedModel]:
    """Fit in steps of some 50 ms; the arguments are those of ``adaptation.adapt``.

    Args:
        unlabelled: (n, d) embeddings of unlabelled images of the folder, best a random sample;
            of more than SAMPLE_SIZE the first are looked at.
        judge: False where the encoder was trained on the labelled images: none of them can be held
            out then, so weights and temperatures are those expected beforehand.
        negatives: (n, d) embeddings of images that show none of the classes.
        n_borrowed: so many of the last labelled examples came with a model.

    Returns:
        The model: of the effort THOROUGH, or of INSTANT where held-out labels say that nothing
        was gained.

    Raises:
        LabelsError: there are fewer than two classes among the labels.
    """
    labelled = Labelled.of(support, labels, mean, groups, n_borrowed)
    if negatives is not None:
        labelled = replace(labelled, unknowns=labelled.unknowns.with_negatives(negatives))
    if not judge:
        labelled = replace(labelled, judged=np.zeros(len(labels), np.bool_), comparable=False)
    yield
    plain = PROTOTYPES.head(labelled, None)
    instant = instant_head(labelled, shape, plain)
    yield
    heads = [(_INSTANT, instant)]
    if instant.name != RIDGE.name:
        heads.append((_RIDGE, RIDGE.head(labelled, None)))
        yield
    if instant.name != PROTOTYPES.name:
        heads.append((_PROTOTYPES, plain))
    unlabelled = unlabelled[:SAMPLE_SIZE]
    rest = normalise(unlabelled, labelled.mean)
    belongs = 1.0 - labelled.unknowns.scores(unlabelled)
    if labelled.comparable:
        head = yield from _with_folds(
            labelled,
            rest,
            say("shrinkage discriminant"),
            _PRIORS["discriminant"],
            _discriminant(labelled),
        )
        heads.append((_DISCRIMINANT, head))
    if len(rest):
        head = yield from _with_folds(
            labelled,
            rest,
            say("unlabelled images"),
            _PRIORS["mixture"],
            _mixture(labelled, shape, belongs, _BY_NAME[instant.name]),
        )
        heads.append((_MIXTURE, head))
    voted, kept = _vote(labelled, heads)
    yield
    if labelled.comparable and is_lower(instant.losses(labelled), voted.losses(labelled), 1.0):
        return as_model(labelled, instant, plain, Effort.INSTANT)
    model = as_model(labelled, voted, plain, Effort.THOROUGH, kept)
    if len(labels) > _MOST_FOLDED:
        return replace(model, instant=as_model(labelled, instant, plain, Effort.INSTANT).held_out)
    # Judged as the vote is: leaving one out costs its class more than a fold costs it, since the
    # folds take from all classes alike.
    simpler = yield from _in_folds(labelled, _BY_NAME[instant.name], shape)
    plainest = yield from _in_folds(labelled, PROTOTYPES, shape)
    return replace(model, instant=simpler, plain=plainest)


def _in_folds(
    labelled: Labelled, candidate: Candidate, shape: FolderShape
) -> Generator[None, None, HeldOut | None]:
    """How a closed-form head does on the examples of each fold, fitted to the others."""
    held_out = np.zeros((len(labelled.labels), labelled.n_classes), np.float32)
    folds = _folds(labelled)
    for fold in np.unique(folds[labelled.judged]):
        left_out = folds == fold
        head = candidate.head(labelled.part(np.flatnonzero(~left_out)), shape.metric)
        held_out[left_out] = labelled.x[left_out] @ head.weights.T + head.bias
        yield
    told = labelled.told
    return held_out_of(held_out[told], labelled.labels[told])


def _discriminant(labelled: Labelled) -> _Fit:
    def fit(rows: NDArray[np.int64], _rest: Floats) -> Generator[None, None, tuple[Floats, Floats]]:
        yield
        return fit_discriminant(
            labelled.x[rows],
            labelled.labels[rows],
            labelled.n_classes,
            _example_weights(labelled.groups[rows]),
        )

    return fit


def _mixture(labelled: Labelled, shape: FolderShape, belongs: Floats, beginning: Candidate) -> _Fit:
    """The mixture, begun from a closed-form head.

    ``belongs`` (n,): how much each image of the rest belongs to the classes; those left out of a
    fold, which come behind them, do wholly.
    """

    def fit(rows: NDArray[np.int64], rest: Floats) -> Generator[None, None, tuple[Floats, Floats]]:
        part = labelled.part(rows)
        start = beginning.head(part, shape.metric)
        yield
        mixture = yield from fit_mixture(
            part.x,
            part.labels,
            part.n_classes,
            _example_weights(part.groups),
            rest,
            np.concatenate([belongs, np.ones(len(rest) - len(belongs), np.float32)]),
            softmax(rest @ start.weights.T + start.bias),
        )
        return mixture.weights, mixture.bias

    return fit


def _with_folds(
    labelled: Labelled, rest: Floats, name: Sentence, prior: ScalePrior, fit: _Fit
) -> Generator[None, None, Head]:
    """A head fitted to all labelled images, and its held-out logits from grouped folds.

    Images that are left out count as unlabelled meanwhile, as they would be.
    """
    held_out = np.zeros((len(labelled.labels), labelled.n_classes), np.float32)
    folds = _folds(labelled)
    for fold in range(int(folds.max(initial=-1)) + 1):
        left_out = folds == fold
        rows = np.flatnonzero(~left_out)
        weights, bias = yield from fit(rows, np.concatenate([rest, labelled.x[left_out]]))
        held_out[left_out] = labelled.x[left_out] @ weights.T + bias
    weights, bias = yield from fit(np.arange(len(labelled.labels)), rest)
    judged = labelled.judged
    scale = np.float32(
        prior.fit(held_out[judged], labelled.labels[judged], labelled.n_classes, labelled.shots)
    )
    return Head(name, scale * weights, scale * bias, scale * held_out)


def _folds(labelled: Labelled) -> NDArray[np.int64]:
    """The fold (n_support,) of each image, -1 where it is always trained on.

    Examples of a class are dealt out in turn, whole groups at a time, so that every fold leaves
    each class something to be fitted to.
    """
    folds = np.full(len(labelled.labels), -1, np.int64)
    for index in range(labelled.n_classes):
        random = np.random.default_rng(0)  # One each: the order of the classes says nothing.
        members = np.flatnonzero((labelled.labels == index) & labelled.judged)  # One a group.
        examples = random.permutation(np.unique(labelled.groups[members]))
        for position, group in enumerate(examples):
            folds[labelled.groups == group] = position % min(_FOLDS, len(examples))
    return folds


def _vote(labelled: Labelled, heads: list[tuple[float, Head]]) -> tuple[Head, tuple[Sentence, ...]]:
    """One head of all: logits weighted by held-out log-loss, and one scale for their sum.

    Its own held-out logits come from weights and scale that were fitted without the fold, or the
    vote would be judged by what it was fitted to. (What little of the fold is left in them is one
    number a head, its scale.)
    """
    stacked = np.stack([head.held_out for _, head in heads])
    held_out = np.zeros_like(stacked[0])
    folds = _folds(labelled)
    for fold in np.unique(folds[labelled.judged]):
        rows = labelled.judged & (folds != fold)
        weights, scale = _vote_weights(labelled, heads, rows)
        left_out = folds == fold
        held_out[left_out] = scale * np.tensordot(weights, stacked[:, left_out], 1)
    weights, scale = _vote_weights(labelled, heads, labelled.judged)
    voted = Head(
        say("vote"),
        scale * _weighted(weights, [head.weights for _, head in heads]),
        scale * _weighted(weights, [head.bias for _, head in heads]),
        held_out,
    )
    order = np.argsort(-weights, kind="stable")
    return voted, tuple(heads[index][1].name for index in order if weights[index] > 0)


def _vote_weights(
    labelled: Labelled, heads: list[tuple[float, Head]], rows: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], np.float32]:
    """Each head's weight and the scale, as the held-out images ``rows`` (n_support,) say.

    Exponentiated gradient on log-loss from the prior weights, then half way back to them; what
    comes out far below its prior is dropped.
    """
    prior = np.array([weight for weight, _ in heads])
    prior /= prior.sum()
    weights, truth = prior.copy(), labelled.labels[rows]
    if labelled.comparable and len(truth):
        logits = np.stack([head.held_out[rows] for _, head in heads])
        for _ in range(_STEPS):
            residual = softmax(np.tensordot(weights, logits, 1))
            residual[np.arange(len(truth)), truth] -= 1.0
            gradient = np.einsum("hnc,nc->h", logits, residual) / len(truth)
            weights *= np.exp(-_RATE * gradient)
            weights /= weights.sum()
        dropped = weights < _KEPT_SHARE * prior
        weights = np.where(dropped, 0.0, (weights + prior) / 2)
        weights /= weights.sum()
    mixed = _weighted(weights, [head.held_out[rows] for _, head in heads])
    scale = _PRIORS["vote"].fit(mixed, truth, labelled.n_classes, labelled.shots)
    return weights, np.float32(scale)


def _weighted(weights: NDArray[np.float64], arrays: list[Floats]) -> Floats:
    total: Floats = np.tensordot(weights, np.stack(arrays), 1).astype(np.float32)
    return total


def _example_weights(groups: NDArray[np.int64]) -> Floats:
    """1 / the number of near-duplicates (n_support,) that share each image's example."""
    _, member_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return (1.0 / sizes[member_of]).astype(np.float32)
