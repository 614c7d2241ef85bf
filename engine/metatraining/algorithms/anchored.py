"""Prototypical networks that stay near a good start: how the shipped encoder is trained."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax, normalize

from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport, accuracy_of
from engine.metatraining.tasks import Task


class AnchoredEncoder(nn.Module, ABC):
    """An encoder, images -> unit embeddings (n, d), that knows where it came from."""

    @abstractmethod
    def targets(self, images: Tensor) -> Tensor:
        """The unit embeddings (n, d) that it is held to."""


class AnchoredPrototypes(Algorithm):
    """Cosines to prototypes on one side, the start network's embeddings on the other.

    The loss is ``episode`` x cross-entropy of the queries + ``anchor`` x (1 - cosine to the
    target), over support and queries. The cosine, times a learned scale, takes the place of the
    squared distance of Snell et al. 2017 (equation 2).
    """

    def __init__(
        self,
        encoder: AnchoredEncoder,
        episode: float,
        anchor: float,
        scale: float,
        scale_rate: float,
    ) -> None:
        """Learn the weights of ``encoder`` that ask for gradients, and the scale.

        Args:
            encoder: with the weights of the start.
            episode, anchor: weights of the two losses.
            scale: what cosines are multiplied by at the start.
            scale_rate: the rate at which its logarithm is learned.
        """
        super().__init__()
        self.encoder = encoder
        self._episode, self._anchor = episode, anchor
        self._scale_rate = scale_rate
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))

    @property
    def scale(self) -> float:
        """What cosines are multiplied by, as learned so far."""
        return self.log_scale.exp().item()

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder's weights; the scale, which nothing pulls to 0, at its own rate."""
        weights = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        scale = {"params": [self.log_scale], "lr": self._scale_rate, "weight_decay": 0.0}
        return [{"params": weights}, scale]

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Both losses of every task; its weight counts for the episode's."""
        losses, accuracies = [], []
        for task in tasks:
            n_support = len(task.support)
            images = torch.cat([task.support, task.query])
            x = self.encoder(images)
            away = (1 - (x * self.encoder.targets(images)).sum(1)).mean()
            prototypes = unit_prototypes(x[:n_support], task.support_labels, task.n_way)
            logits = self.log_scale.exp() * x[n_support:] @ prototypes.T
            missed = cross_entropy(logits, task.query_labels)
            loss = self._episode * task.weight * missed + self._anchor * away
            torch.autograd.backward(loss / len(tasks))
            losses.append(loss.item())
            accuracies.append(accuracy_of(logits, task.query_labels))
        return StepReport(sum(losses) / len(losses), sum(accuracies) / len(accuracies))

    @torch.no_grad()
    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Compute the prototypes."""
        prototypes = unit_prototypes(self.encoder(support), labels, n_way)

        @torch.no_grad()
        def predict(queries: Tensor) -> Tensor:
            return log_softmax(self.log_scale.exp() * self.encoder(queries) @ prototypes.T, 1)

        return predict


def unit_prototypes(x: Tensor, labels: Tensor, n_way: int) -> Tensor:
    """Mean direction (n_way, d), of unit length, of the embeddings (n, d) of every class."""
    return normalize(x.new_zeros(n_way, x.shape[1]).index_add(0, labels, x))
