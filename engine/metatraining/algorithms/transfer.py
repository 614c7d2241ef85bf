"""Plain transfer: train one classifier on all classes, then fit a head to each task.

The baseline that every meta-learner has to beat (Chen et al. 2019, arXiv 1904.04232), with the
head of Tian et al. 2020 (arXiv 2003.11539): logistic regression on embeddings of length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax, normalize

from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport, accuracy_of
from engine.metatraining.tasks import Task

_PENALTY: Final = 1.0  # Of the squared weights of the head, as scikit-learn's C = 1.
_MAX_ITERATIONS: Final = 100


class Transfer(Algorithm):
    """Logistic regression on the embeddings of a network trained to tell all classes apart."""

    def __init__(self, encoder: nn.Module, embedding_size: int, n_classes: int) -> None:
        """Learn ``encoder`` and a head over all ``n_classes`` training classes."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(embedding_size, n_classes)

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Cross-entropy over all training classes; support and query are images alike."""
        self.train()
        losses, accuracies = [], []
        for task in tasks:
            labels = torch.cat(
                [task.class_ids[task.support_labels], task.class_ids[task.query_labels]]
            )
            embeddings = self.encoder(torch.cat([task.support, task.query]))
            with torch.autocast(embeddings.device.type, enabled=False):  # Also on the way back.
                logits = self.head(embeddings.to(torch.float32))
                loss = cross_entropy(logits, labels)
                torch.autograd.backward(loss * (task.weight / len(tasks)))
            losses.append(loss.item())
            accuracies.append(accuracy_of(logits, labels))
        return StepReport(sum(losses) / len(losses), sum(accuracies) / len(accuracies))

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Fit logistic regression to the normalised embeddings of the support set."""
        self.eval()
        weight, bias = logistic_regression(self._embed(support), labels, n_way)

        @torch.no_grad()
        def predict(queries: Tensor) -> Tensor:
            self.eval()
            return log_softmax(self._embed(queries) @ weight.T + bias, 1)

        return predict

    @torch.no_grad()
    def _embed(self, images: Tensor) -> Tensor:
        return normalize(self.encoder(images).to(torch.float32))


@torch.enable_grad()
def logistic_regression(x: Tensor, labels: Tensor, n_way: int) -> tuple[Tensor, Tensor]:
    """Weights (n_way, d) and bias (n_way,) of multinomial logistic regression.

    Minimises the summed cross-entropy plus half the squared weights, which is convex, by L-BFGS.

    Args:
        x: (n, d) float32.
        labels: (n,) int64 in [0, n_way).
        n_way: number of classes.
    """
    weight = torch.zeros(n_way, x.shape[1], device=x.device, requires_grad=True)
    bias = torch.zeros(n_way, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=_MAX_ITERATIONS, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(x @ weight.T + bias, labels, reduction="sum")
        loss = loss + _PENALTY / 2 * (weight**2).sum()
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()
