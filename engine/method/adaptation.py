"""From a handful of labelled embeddings to a classifier with a confidence.

Instant adaptation: ridge regression and cosine prototypes are fitted in closed form; the better one
by exact leave-one-out is kept; one scale (inverse temperature) turns its scores into probabilities.
Nothing here knows of files, jobs or threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LabelsError
from engine.messages import Effort, HeldOut
from engine.method.calibration import ScalePrior, guesses_of, held_out_of, losses_of, softmax
from engine.method.folder import FolderShape
from engine.method.heads import (
    SMALLEST_NORM,
    FittedHead,
    Floats,
    examples_per_class,
    fit_prototypes,
    fit_ridge,
    independent_groups,
    normalise,
)
from engine.method.unknowns import UnknownScorer
from engine.words import Sentence, say

# A class that fills most of a folder draws the folder's mean towards itself; the mean of the
# classes' own means does not know of that, but comes from few images. So many labelled examples
# weigh as much as the folder.
_BALANCE_COUNT: Final = 20.0
# A constant beside the direction, for what centring leaves between the classes. It helps where
# the folder's classes differ much in size, and costs little where they are alike.
_CONSTANT: Final = np.float32(0.5)
_MOST_COMPARED: Final = 500  # Labelled images; with more the preferred head is taken as it is.
_CLEAR_GAIN: Final = 3.0  # Standard errors of the paired difference in left-out log-loss.


@dataclass(frozen=True, slots=True, eq=False)
class AdaptedModel:
    """An adapted classifier: ``softmax(weights @ x + bias)``, ``x = (u - mean) / |u - mean|``.

    Whatever was voted on, each head is linear in x, and a product of powers of softmaxes is the
    softmax of the sum of their logits: so every effort ends in one linear map.

    Attributes:
        effort: that it was made with.
        kept: the ingredients that went in, in words for a person.
        weights: (n_classes, d) float32, rows of classes with examples only, temperature included.
        bias: (n_classes,) float32.
        classes: (n_classes,) the column's index in the labels that were given.
        mean: (d,) float32, what embeddings are centred on.
        unknowns: tells what is like none of the classes.
        n_support: labelled examples that went in, negative ones aside.
        held_out: how the labelled images fare judged by the others; None where none can be.
        held_out_losses: (n_judged,) what ``held_out.log_loss`` is the mean of, nats.
        judged: (n_judged,) the rows of the labelled images that ``held_out`` speaks of.
        guesses: (n_judged,) the column that each was taken for without it.
        plain: the same of plain prototypes; None where ``held_out`` is.
        instant: of an effort above instant, how the instant head does in the same folds; else None.
    """

    effort: Effort
    kept: tuple[Sentence, ...]
    weights: Floats
    bias: Floats
    classes: NDArray[np.int64]
    mean: Floats
    unknowns: UnknownScorer
    n_support: int
    held_out: HeldOut | None
    held_out_losses: NDArray[np.float64]
    judged: NDArray[np.int64]
    guesses: NDArray[np.int64]
    plain: HeldOut | None
    instant: HeldOut | None = None

    def directions(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """x (n, d) of embeddings (n, d)."""
        # Widened and centred in one pass. Expanding |u - m|^2 to spare the centred copy would lose
        # half of the digits where a folder's images are nearly the same.
        centred = np.subtract(embeddings, self.mean, dtype=np.float32)
        norms = np.sqrt(np.einsum("nd,nd->n", centred, centred))
        centred /= np.maximum(norms, SMALLEST_NORM)[:, None]
        return centred

    def logits(self, directions: Floats) -> Floats:
        """(n, n_classes) of x (n, d)."""
        logits: Floats = directions @ self.weights.T + self.bias
        return logits

    def probabilities(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """Class probabilities (n, n_classes) of embeddings (n, d)."""
        return softmax(self.logits(self.directions(embeddings)))

    def with_negatives(self, embeddings: Floats) -> AdaptedModel:
        """The same, told what is none of the classes: embeddings (n, d), best no near-duplicates.

        What it says of the classes stays as it is.
        """
        return replace(self, unknowns=self.unknowns.with_negatives(embeddings))

    def with_classes(self, classes: Sequence[int]) -> AdaptedModel:
        """The same, its classes numbered anew, and its columns in the order of the new numbers.

        Args:
            classes: the new number of each that there is, in the order of ``self.classes``.
        """
        numbers = np.array(classes, np.int64)
        if np.array_equal(numbers, self.classes):
            return self
        order = np.argsort(numbers)
        return replace(
            self,
            weights=self.weights[order],
            bias=self.bias[order],
            classes=numbers[order],
            guesses=np.argsort(order)[self.guesses],
        )

    def none_scores(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """How much each of embeddings (n, d) looks like none of the classes, (n,) in [0, 1]."""
        return self.unknowns.scores(embeddings)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Labelled examples, ready for heads.

    Attributes:
        x: (n_support, d) directions.
        mean: (d,) what embeddings were centred on.
        unknowns: tells what is like none of the labelled images.
        labels: (n_support,) in [0, n_classes).
        classes: (n_classes,) the class number of each.
        groups: (n_support,) independent examples, see ``heads.independent_groups``.
        judged: (n_support,) whether it is judged by leaving its example out: not where its class
            has no other, since the class would be gone, and one of near-duplicates only, since
            they are one piece of evidence.
        own: (n_support,) whether it is an image of the person's; else it came with a model. It is
            judged all the same, for temperatures and the choice of heads, but never told of.
        shots: independent examples per class, on the mean.
        comparable: whether most classes can be judged; else a comparison would speak for the
            others only.
    """

    x: Floats
    mean: Floats
    unknowns: UnknownScorer
    labels: NDArray[np.int64]
    classes: NDArray[np.int64]
    groups: NDArray[np.int64]
    judged: NDArray[np.bool_]
    own: NDArray[np.bool_]
    shots: float
    comparable: bool

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @property
    def told(self) -> NDArray[np.bool_]:
        """(n_support,) those that figures are told of."""
        return self.judged & self.own

    @classmethod
    def of(
        cls,
        support: Floats,
        labels: NDArray[np.int64],
        mean: Floats,
        groups: NDArray[np.int64] | None = None,
        n_borrowed: int = 0,
    ) -> Labelled:
        """From embeddings (n_support, d); the other arguments are those of :func:`adapt`.

        Raises:
            LabelsError: there are fewer than two classes among the labels.
        """
        classes, compact = np.unique(labels, return_inverse=True)
        n_classes = len(classes)
        if n_classes < 2:
            raise LabelsError(
                say("At least two classes need a labelled image; 1 has one.")
                if n_classes == 1
                else say(
                    "At least two classes need a labelled image; {count} have one.", count=n_classes
                )
            )
        examples = independent_groups(compact, groups)
        n_examples = int(examples.max()) + 1
        # One of every group of near-duplicates.
        first = np.unique(examples, return_index=True)[1]
        class_means = np.stack(
            [support[first][compact[first] == index].mean(0) for index in range(n_classes)]
        )
        share = np.float32(n_examples / (n_examples + _BALANCE_COUNT))
        centre = ((1 - share) * mean + share * class_means.mean(0)).astype(np.float32)
        compact = compact.astype(np.int64)
        unknowns = UnknownScorer.fit(support, compact, mean, examples)
        x = normalise(support, centre)
        own = np.arange(len(labels)) < len(labels) - n_borrowed
        return cls._judged(x, centre, unknowns, compact, classes, examples, own)

    def part(self, rows: NDArray[np.int64]) -> Labelled:
        """Some of the images, all classes still among them, on the same mean.

        What is like none of them is judged by all.
        """
        groups = np.unique(self.groups[rows], return_inverse=True)[1].reshape(-1)
        return self._judged(
            self.x[rows],
            self.mean,
            self.unknowns,
            self.labels[rows],
            self.classes,
            groups,
            self.own[rows],
        )

    @classmethod
    def _judged(
        cls,
        x: Floats,
        mean: Floats,
        unknowns: UnknownScorer,
        labels: NDArray[np.int64],
        classes: NDArray[np.int64],
        groups: NDArray[np.int64],
        own: NDArray[np.bool_],
    ) -> Labelled:
        counts = examples_per_class(labels, groups, len(classes))
        judged = np.zeros(len(labels), np.bool_)
        judged[np.unique(groups, return_index=True)[1]] = True
        return cls(
            x=x,
            mean=mean,
            unknowns=unknowns,
            labels=labels,
            classes=classes.astype(np.int64),
            groups=groups.astype(np.int64),
            judged=judged & (counts[labels] >= 2),
            own=own,
            shots=float(counts.mean()),
            comparable=bool(np.count_nonzero(counts >= 2) * 2 >= len(classes)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A fitted linear head with its temperature.

    Attributes:
        name: in words for a person.
        weights: (n_classes, d) and ``bias`` (n_classes,): logits are weights @ x + bias.
        held_out: (n_support, n_classes) logits of every labelled image from a fit without its
            example; of use where ``Labelled.judged``.
    """

    name: Sentence
    weights: Floats
    bias: Floats
    held_out: Floats

    def losses(self, labelled: Labelled) -> NDArray[np.float64]:
        """Held-out log-loss (n_judged,) of the examples that can be judged, nats."""
        judged = labelled.judged
        return losses_of(self.held_out[judged], labelled.labels[judged])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A head that instant adaptation may choose.

    Attributes:
        name: in words for a person.
        fit: from directions, labels, number of classes and groups.
        in_metric: whether directions are taken in the folder's metric first.
        constant: whether they get a constant beside them, for a bias.
        prior: of its scale.
    """

    name: Sentence
    fit: Callable[[Floats, NDArray[np.int64], int, NDArray[np.int64]], FittedHead]
    in_metric: bool
    constant: bool
    prior: ScalePrior

    def head(self, labelled: Labelled, metric: Floats | None) -> Head:
        """Fit it with its scale."""
        x = labelled.x if metric is None or not self.in_metric else labelled.x @ metric
        if self.constant:
            x = np.concatenate([x, np.full((len(x), 1), _CONSTANT, np.float32)], axis=1)
        fitted = self.fit(x, labelled.labels, labelled.n_classes, labelled.groups)
        weights, bias = fitted.weights, np.zeros(labelled.n_classes, np.float32)
        if self.constant:
            weights, bias = weights[:, :-1], weights[:, -1] * _CONSTANT
        if metric is not None and self.in_metric:
            weights = weights @ metric  # The metric is symmetric.
        judged = labelled.judged
        scale = np.float32(
            self.prior.fit(
                fitted.left_out_scores[judged],
                labelled.labels[judged],
                labelled.n_classes,
                labelled.shots,
            )
        )
        return Head(self.name, scale * weights, scale * bias, scale * fitted.left_out_scores)


def _ridge(penalty: float) -> Callable[..., FittedHead]:
    def fit(
        x: Floats, labels: NDArray[np.int64], n_classes: int, groups: NDArray[np.int64]
    ) -> FittedHead:
        return fit_ridge(x, labels, n_classes, penalty, groups)

    return fit


_SPREAD: Final = 0.5
PROTOTYPES: Final = Candidate(
    say("cosine prototypes"), fit_prototypes, False, False, ScalePrior(1.70, 0.20, 0.12, _SPREAD)
)
RIDGE: Final = Candidate(
    say("ridge regression"), _ridge(1.0), False, True, ScalePrior(2.40, 0.17, -0.19, _SPREAD)
)
FOLDER_RIDGE: Final = Candidate(
    say("ridge regression in the folder's metric"),
    _ridge(0.3),
    True,
    True,
    ScalePrior(1.60, 0.18, 0.08, _SPREAD),
)
# The first is preferred: on held-out sets it was best on the mean at 1, 5 and 10 shots, so the
# others have to win clearly on the labels at hand (benchmarks/encoder_quality.py).
_CANDIDATES: Final = (FOLDER_RIDGE, RIDGE, PROTOTYPES)


def adapt(
    support: Floats,
    labels: NDArray[np.int64],
    mean: Floats,
    *,
    shape: FolderShape | None = None,
    groups: NDArray[np.int64] | None = None,
    n_borrowed: int = 0,
) -> AdaptedModel:
    """Fit a classifier to labelled embeddings, at once.

    Args:
        support: (n_support, d) embeddings as the encoder gives them.
        labels: (n_support,) any non-negative class numbers, gaps allowed.
        mean: (d,) see :func:`engine.method.folder.folder_mean`.
        shape: of the folder's images; None where only the labelled ones are known.
        groups: (n_support,) numbers of near-duplicates, which weigh as one and are left out
            together; None: there are none.
        n_borrowed: so many of the last came with a model: no figure tells of them.

    Raises:
        LabelsError: there are fewer than two classes among the labels.
    """
    labelled = Labelled.of(support, labels, mean, groups, n_borrowed)
    plain = PROTOTYPES.head(labelled, None)
    return as_model(labelled, instant_head(labelled, shape, plain), plain, Effort.INSTANT)


def instant_head(labelled: Labelled, shape: FolderShape | None, plain: Head | None = None) -> Head:
    """The best closed-form head by held-out log-loss, the preferred one unless clearly beaten.

    Args:
        plain: the prototypes' head where it is fitted already.
    """
    metric = None if shape is None else shape.metric
    chosen: Head | None = None
    for candidate in _CANDIDATES:
        if candidate.in_metric and metric is None:
            continue
        is_fitted = candidate is PROTOTYPES and plain is not None
        head = plain if is_fitted and plain else candidate.head(labelled, metric)
        if chosen is None:
            chosen = head
            if not labelled.comparable or len(labelled.labels) > _MOST_COMPARED:
                break
        elif is_lower(head.losses(labelled), chosen.losses(labelled), _CLEAR_GAIN):
            chosen = head
    assert chosen is not None
    return chosen


def as_model(
    labelled: Labelled,
    head: Head,
    plain: Head,
    effort: Effort,
    kept: tuple[Sentence, ...] | None = None,
) -> AdaptedModel:
    """The classifier that a head makes; ``plain`` is what it is compared with."""
    told, truth = labelled.told, labelled.labels[labelled.told]
    return AdaptedModel(
        effort=effort,
        kept=kept or (head.name,),
        weights=np.ascontiguousarray(head.weights),
        bias=head.bias,
        classes=labelled.classes,
        mean=labelled.mean,
        unknowns=labelled.unknowns,
        n_support=len(labelled.labels),
        held_out=held_out_of(head.held_out[told], truth),
        held_out_losses=losses_of(head.held_out[told], truth),
        judged=np.flatnonzero(told),
        guesses=guesses_of(head.held_out[told]),
        plain=held_out_of(plain.held_out[told], truth),
    )


def is_lower(
    losses: NDArray[np.float64], current: NDArray[np.float64], standard_errors: float
) -> bool:
    """Whether paired losses (n,) are lower on the mean by more than so many standard errors."""
    gain = current - losses
    if len(gain) < 2:
        return False
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return bool(gain.mean() > standard_errors * error)
