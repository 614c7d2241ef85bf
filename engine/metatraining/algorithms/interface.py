"""What a learner of tasks is, and a meta-learning algorithm, which learns to be one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import EngineError
from engine.metatraining.tasks import Task

Predict = Callable[[Tensor], Tensor]
"""Queries (n, ...) -> log-probabilities (n, n_way) float32."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step of meta-training gave, averaged over its tasks.

    Attributes:
        loss: what was minimised.
        accuracy: share of queries [0, 1] that were classified right after adaptation.
    """

    loss: float
    accuracy: float


class Learner(nn.Module, ABC):
    """Learns a task from its support set, and classifies queries then."""

    @abstractmethod
    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Learn a task from its support set.

        Leaves the parameters as they are; adapted models may be used beside each other.

        Args:
            support: (n_support, ...) float32.
            labels: (n_support,) int64 in [0, n_way), every class at least once.
            n_way: number of classes.

        Raises:
            EngineError: the algorithm was trained for fewer classes.
        """

    def unadapted(self, n_way: int) -> Predict:
        """The classifier before it has seen the support set: by default it knows nothing."""

        def predict(queries: Tensor) -> Tensor:
            shape = (len(queries), n_way)
            return torch.log_softmax(torch.zeros(shape, device=queries.device), 1)

        return predict


class Algorithm(Learner):
    """Learns from many tasks how to learn a new one.

    Its parameters are what meta-training learns; an optimizer outside moves them.
    """

    def parameter_groups(self) -> list[dict[str, Any]]:
        """What an optimizer moves, as torch's optimizers take it.

        The first group moves at the recipe's rate, further ones at rates of their own.
        """
        return [{"params": [weight for weight in self.parameters() if weight.requires_grad]}]

    @abstractmethod
    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Add to the gradients of the parameters what ``tasks`` ask for; moves nothing itself."""


def accuracy_of(log_probabilities: Tensor, labels: Tensor) -> float:
    """Share of rows whose largest entry is at the label."""
    return (log_probabilities.argmax(1) == labels).to(torch.float32).mean().item()


def check_way(n_way: int, head: nn.Linear) -> None:
    """Refuse a task of more classes than ``head`` has outputs.

    Raises:
        EngineError: it has more.
    """
    if n_way > head.out_features:
        raise EngineError(
            f"This network was meta-trained for tasks of up to {head.out_features} classes; "
            f"the task has {n_way}."
        )
