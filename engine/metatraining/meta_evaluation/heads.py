"""Heads over an encoder's embeddings, which learn a task as the meta-learners do.

All but the plain prototypes centre embeddings on the mean over the data set's images, without
their labels, as the program does with a folder. An encoder without a projection emits the root of
the pooled activation z, which published networks emit; only plain prototypes are also tried on z.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.encoder.description import Encoder
from engine.metatraining.algorithms.interface import Learner, Predict
from engine.metatraining.algorithms.prototypical import PrototypicalNetwork
from engine.metatraining.encoder_training.label_draws import RIDGE
from engine.method import adaptation
from engine.method.heads import Floats, fit_prototypes, fit_ridge, normalise

SCALE: Final = 10.0
"""Turns the scores of the cosine and ridge heads into logits: fixed, of the size of the scales
that the product's head expects (``engine.method.adaptation``), not fitted to the task."""

_SMALLEST: Final = float(np.finfo(np.float32).tiny)


class _Head(Learner):
    """A head fitted with numpy."""

    def __init__(self, mean: Floats) -> None:
        """Centre on ``mean`` (d,); see ``folder.folder_mean``."""
        super().__init__()
        self._mean = mean

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Fit the head to embeddings (n_support, d)."""
        log_probabilities = self.fit(support.numpy(), labels.numpy(), n_way)

        def predict(queries: Tensor) -> Tensor:
            return torch.from_numpy(log_probabilities(queries.numpy()))

        return predict

    @abstractmethod
    def fit(
        self, support: Floats, labels: NDArray[np.int64], n_way: int
    ) -> Callable[[Floats], Floats]:
        """Embeddings (n_query, d) -> log-probabilities (n_query, n_way) float32."""


class CosinePrototypes(_Head):
    """The direction of each class's mean; logits are 10 times the cosine."""

    def fit(
        self, support: Floats, labels: NDArray[np.int64], n_way: int
    ) -> Callable[[Floats], Floats]:
        """Class means."""
        weights = fit_prototypes(normalise(support, self._mean), labels, n_way).weights
        return _scaled(weights, self._mean)


class Ridge(_Head):
    """Ridge regression on class indicators; logits are 10 times the regression's."""

    def fit(
        self, support: Floats, labels: NDArray[np.int64], n_way: int
    ) -> Callable[[Floats], Floats]:
        """In closed form."""
        weights = fit_ridge(normalise(support, self._mean), labels, n_way, RIDGE).weights
        return _scaled(weights, self._mean)


class ProductHead(_Head):
    """What the program itself fits after a click, its choice of head and scale included."""

    def fit(
        self, support: Floats, labels: NDArray[np.int64], n_way: int
    ) -> Callable[[Floats], Floats]:
        """As ``adaptation.adapt``; every class has examples, so every column is one of its."""
        model = adaptation.adapt(support, labels, self._mean)

        def log_probabilities(queries: Floats) -> Floats:
            logs: Floats = np.log(np.maximum(model.probabilities(queries), _SMALLEST))
            return logs

        return log_probabilities


def _plain(mean: Floats) -> Learner:
    return PrototypicalNetwork(nn.Identity())


def _plain_on_squares(mean: Floats) -> Learner:
    return PrototypicalNetwork(_Square())


class _Square(nn.Module):
    def forward(self, embeddings: Tensor) -> Tensor:
        return embeddings**2


_CENTRED: Final[Mapping[str, Callable[[Floats], Learner]]] = {
    "cosine prototypes": CosinePrototypes,
    "ridge": Ridge,
    "the product's head": ProductHead,
}
_PLAIN: Final = "plain prototypes"
_PLAIN_ON_Z: Final = "plain prototypes on z"
_PLAIN_ON_ROOT: Final = "plain prototypes on √z"

HEADS: Final[Mapping[str, Callable[[Floats], Learner]]] = MappingProxyType(
    {_PLAIN: _plain, _PLAIN_ON_Z: _plain_on_squares, _PLAIN_ON_ROOT: _plain, **_CENTRED}
)
"""By title: from the mean to centre on to a head."""


def heads_over(encoders: Sequence[Encoder]) -> list[str]:
    """The titles of the heads that can be put over all of ``encoders``, in the tables' order."""
    if not all(encoder.emits_roots for encoder in encoders):
        return [_PLAIN, *_CENTRED]
    return [_PLAIN_ON_Z, _PLAIN_ON_ROOT, *_CENTRED]


class Columns(Learner):
    """A head that sees some of the columns only: those of one of several encoders."""

    def __init__(self, head: Learner, first: int, end: int) -> None:
        """Give ``head`` the columns from ``first`` to before ``end``."""
        super().__init__()
        self._head, self._columns = head, slice(first, end)

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Adapt the head."""
        predict_own = self._head.adapt(support[:, self._columns].contiguous(), labels, n_way)

        def predict(queries: Tensor) -> Tensor:
            return predict_own(queries[:, self._columns].contiguous())

        return predict


def _scaled(weights: Floats, mean: Floats) -> Callable[[Floats], Floats]:
    def log_probabilities(queries: Floats) -> Floats:
        logits = np.float32(SCALE) * (normalise(queries, mean) @ weights.T)
        logits -= logits.max(1, keepdims=True)
        logs: Floats = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return logs

    return log_probabilities
