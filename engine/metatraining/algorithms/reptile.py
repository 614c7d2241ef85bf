"""Reptile (Nichol, Achiam, Schulman 2018, arXiv 1803.02999)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import torch
from torch import Tensor
from torch.func import functional_call, vmap
from torch.nn.functional import cross_entropy, log_softmax

from engine.metatraining.algorithms.interface import (
    Algorithm,
    Predict,
    StepReport,
    accuracy_of,
    check_way,
)
from engine.metatraining.networks import Classifier
from engine.metatraining.tasks import Task

Weights = dict[str, Tensor]

_DECAY: Final = 0.999  # Adam's second; the first is 0, as in the authors' code.
_EPSILON: Final = 1e-8
_SEED_STRIDE: Final = 1000003
"""Between the seeds of two tasks, so that runs whose seeds are near share no orders."""


class InnerOptimizer(StrEnum):
    """What moves the weights while Reptile learns a task."""

    ADAM = "adam"
    """Without momentum, as in the authors' runs."""
    SGD = "sgd"


class Reptile(Algorithm):
    """Moves the initial weights towards those that ordinary training on each task ends at.

    The gradient it leaves is the way back, initial minus mean trained weights: plain gradient
    descent with rate e then is the paper's update, initial += e * mean(trained - initial).
    Training on a task is Adam without momentum, whose second moment is carried from task to task
    as in the authors' code, or plain gradient descent.
    """

    def __init__(
        self,
        network: Classifier,
        n_steps: int,
        batch_size: int,
        rate: float,
        n_test_steps: int,
        test_batch_size: int,
        transductive: bool = False,
        seed: int = 0,
        inner_optimizer: InnerOptimizer = InnerOptimizer.ADAM,
    ) -> None:
        """Learn the initial weights of ``network``.

        Args:
            network: must not keep running statistics (``Norm.BATCH``).
            n_steps, batch_size, rate: of the training on a task.
            n_test_steps, test_batch_size: when a task is learned for use.
            transductive: let queries share batch-norm statistics when they are classified;
                otherwise each is classified beside the support set alone.
            seed: of the order in which images are taken.
            inner_optimizer: of the training on a task.
        """
        super().__init__()
        self.network = network
        self.transductive = transductive
        self._n_steps, self._batch_size, self._rate = n_steps, batch_size, rate
        self._n_test_steps, self._test_batch_size = n_test_steps, test_batch_size
        self._seed = seed
        self._inner_optimizer = inner_optimizer
        self.n_updates: Tensor
        self.register_buffer("n_updates", torch.zeros((), dtype=torch.int64))
        for name, weight in network.named_parameters():
            self.register_buffer(_moment(name), torch.zeros_like(weight))

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Train on every task from the same start; the mean way travelled is the gradient.

        Support and query images are trained on alike: Reptile needs no split.
        """
        self.train()
        start = self._weights()
        moments, n_updates = self._moments(), int(self.n_updates)
        travelled = {name: torch.zeros_like(weight) for name, weight in start.items()}
        losses, accuracies = [], []
        for task in tasks:
            check_way(task.n_way, self.network.head)
            images = torch.cat([task.support, task.query])
            labels = torch.cat([task.support_labels, task.query_labels])
            random = torch.Generator().manual_seed(self._seed + _SEED_STRIDE * task.number)
            trained, moments, loss, accuracy = self._train(
                start, moments, n_updates, images, labels, self._n_steps, self._batch_size, random
            )
            if self._inner_optimizer is InnerOptimizer.ADAM:
                n_updates += self._n_steps
            for name in travelled:
                travelled[name] += (start[name] - trained[name]) * (task.weight / len(tasks))
            losses.append(loss)
            accuracies.append(accuracy)
        for name, parameter in self.network.named_parameters():
            way = travelled[name]
            parameter.grad = way if parameter.grad is None else parameter.grad + way
        for name, moment in moments.items():
            self.get_buffer(_moment(name)).copy_(moment)
        self.n_updates.fill_(n_updates)
        return StepReport(sum(losses) / len(losses), sum(accuracies) / len(accuracies))

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Train on the support set."""
        check_way(n_way, self.network.head)
        random = torch.Generator().manual_seed(self._seed)
        weights, *_ = self._train(
            self._weights(),
            self._moments(),
            int(self.n_updates),
            support,
            labels,
            self._n_test_steps,
            self._test_batch_size,
            random,
        )
        return self._predictor(weights, support, n_way)

    def unadapted(self, n_way: int) -> Predict:
        """The network with its initial weights; queries share batch-norm statistics."""
        check_way(n_way, self.network.head)
        return self._predictor(self._weights(), None, n_way)

    def _predictor(self, weights: Weights, support: Tensor | None, n_way: int) -> Predict:
        def logits_beside_support(query: Tensor) -> Tensor:
            assert support is not None
            batch = torch.cat([support, query.unsqueeze(0)])
            logits: Tensor = functional_call(self.network, weights, (batch,))
            return logits[-1]

        @torch.no_grad()
        def predict(queries: Tensor) -> Tensor:
            if self.transductive or support is None:
                logits = functional_call(self.network, weights, (queries,))
            else:
                logits = vmap(logits_beside_support, chunk_size=32)(queries)
            return log_softmax(logits[:, :n_way], 1)

        return predict

    @torch.enable_grad()
    def _train(
        self,
        start: Weights,
        moments: Weights,
        n_updates: int,
        images: Tensor,
        labels: Tensor,
        n_steps: int,
        batch_size: int,
        random: torch.Generator,
    ) -> tuple[Weights, Weights, float, float]:
        """Weights and second moments after ``n_steps``; last batch's loss and accuracy.

        Args:
            start: the weights to begin with.
            moments: Adam's second moments, before ``n_updates`` were made.
            n_updates: steps of Adam before.
            images, labels: (n, ...) and (n,); taken in batches, pass by pass.
            n_steps, batch_size: of the training.
            random: gives the order.
        """
        weights, loss, accuracy = start, 0.0, 0.0
        order = torch.zeros(0, dtype=torch.int64)
        for step in range(n_steps):
            while len(order) < batch_size:  # Whole passes over the images, each in a new order.
                order = torch.cat([order, torch.randperm(len(images), generator=random)])
            batch, order = order[:batch_size], order[batch_size:]
            leaves = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
            logits = functional_call(self.network, leaves, (images[batch],))
            value = cross_entropy(logits, labels[batch])
            # A sixth faster than torch.func.grad for networks this small.
            gradients = dict(
                zip(leaves, torch.autograd.grad(value, list(leaves.values())), strict=True)
            )
            if self._inner_optimizer is InnerOptimizer.SGD:
                weights = {
                    name: weight - self._rate * gradients[name] for name, weight in weights.items()
                }
            else:
                correction = 1 - _DECAY ** (n_updates + step + 1)
                moments = {
                    name: _DECAY * moment + (1 - _DECAY) * gradients[name] ** 2
                    for name, moment in moments.items()
                }
                weights = {
                    name: weight
                    - self._rate
                    * gradients[name]
                    / ((moments[name] / correction).sqrt() + _EPSILON)
                    for name, weight in weights.items()
                }
            loss, accuracy = value.item(), accuracy_of(logits, labels[batch])
        return weights, moments, loss, accuracy

    def _weights(self) -> Weights:
        return {name: weight.detach() for name, weight in self.network.named_parameters()}

    def _moments(self) -> Weights:
        return {
            name: self.get_buffer(_moment(name)).clone()
            for name, _ in self.network.named_parameters()
        }


def _moment(name: str) -> str:
    return "moment_" + name.replace(".", "_")
