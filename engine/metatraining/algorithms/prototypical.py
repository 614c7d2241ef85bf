"""Prototypical networks (Snell, Swersky, Zemel 2017, arXiv 1703.05175)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport, accuracy_of
from engine.metatraining.tasks import Task


class PrototypicalNetwork(Algorithm):
    """Classifies by the squared Euclidean distance to the mean embedding of each class."""

    def __init__(self, encoder: nn.Module) -> None:
        """Learn the weights of ``encoder``: images (n, ...) -> embeddings (n, d)."""
        super().__init__()
        self.encoder = encoder

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Cross-entropy of the queries over negative squared distances (equation 2)."""
        self.train()
        losses, accuracies = [], []
        for task in tasks:
            n_support = len(task.support)
            # In one batch: batch norm sees support and query together, as in the authors' code.
            embeddings = self.encoder(torch.cat([task.support, task.query]))
            # A distance is the small difference of large numbers; also on the way back, as
            # autocast would round the products there, too.
            with torch.autocast(embeddings.device.type, enabled=False):
                embeddings = embeddings.to(torch.float32)
                prototypes = class_means(embeddings[:n_support], task.support_labels, task.n_way)
                logits = -squared_distances(embeddings[n_support:], prototypes)
                loss = cross_entropy(logits, task.query_labels)
                torch.autograd.backward(loss * (task.weight / len(tasks)))
            losses.append(loss.item())
            accuracies.append(accuracy_of(logits, task.query_labels))
        return StepReport(sum(losses) / len(losses), sum(accuracies) / len(accuracies))

    @torch.no_grad()
    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Compute the prototypes (equation 1)."""
        self.eval()
        prototypes = class_means(self.encoder(support).to(torch.float32), labels, n_way)

        @torch.no_grad()
        def predict(queries: Tensor) -> Tensor:
            self.eval()
            embeddings = self.encoder(queries).to(torch.float32)
            return log_softmax(-squared_distances(embeddings, prototypes), 1)

        return predict


def class_means(embeddings: Tensor, labels: Tensor, n_way: int) -> Tensor:
    """Mean embedding (n_way, d) of every class; each must occur in ``labels``."""
    sums = embeddings.new_zeros(n_way, embeddings.shape[1]).index_add(0, labels, embeddings)
    return sums / torch.bincount(labels, minlength=n_way).unsqueeze(1)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Squared Euclidean distances (n, m) between the rows of ``x`` (n, d) and ``y`` (m, d)."""
    return (x**2).sum(1, keepdim=True) - 2 * x @ y.T + (y**2).sum(1)
