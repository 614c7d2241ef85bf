"""Model-agnostic meta-learning and its kin: adaptation by a few steps of gradient descent.

MAML, second and first order: Finn, Abbeel, Levine 2017 (arXiv 1703.03400). ANIL: Raghu et al. 2020
(arXiv 1909.09157). Meta-SGD, which learns a rate for every weight: Li et al. 2017 (arXiv
1707.09835), after Andrychowicz et al. 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap
from torch.nn.functional import cross_entropy, log_softmax

from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport, check_way
from engine.metatraining.networks import Classifier
from engine.metatraining.tasks import Task

Weights = dict[str, Tensor]


class Maml(Algorithm):
    """Learns weights from which a few gradient steps on a support set lead to a good classifier.

    Batch norm uses the statistics of the batch at hand, also for queries, as in the authors'
    code: predictions of a query depend on the queries beside it.

    Otherwise than there, losses are means over images: the authors' are sums over images divided by
    the shots, so that their inner rate r is ``n_way * r`` here. Batch norm has a scale, which is
    adapted along with its shift; theirs has a shift alone, which adaptation leaves as it is.
    """

    def __init__(
        self,
        network: Classifier,
        n_steps: int,
        rate: float,
        n_test_steps: int | None = None,
        first_order: bool = False,
        head_only: bool = False,
        learned_rates: bool = False,
    ) -> None:
        """Learn the initial weights of ``network``.

        Args:
            network: must not keep running statistics (``Norm.BATCH``).
            n_steps: of gradient descent on the support set, in meta-training.
            rate: of these steps; with ``learned_rates`` where learning them begins.
            n_test_steps: steps when a task is learned for use; None for ``n_steps``.
            first_order: take the gradients of the inner steps for constants.
            head_only: adapt only the linear head (ANIL).
            learned_rates: a learned rate for every weight (Meta-SGD).
        """
        super().__init__()
        self.network = network
        self._n_steps = n_steps
        self._n_test_steps = n_steps if n_test_steps is None else n_test_steps
        self._first_order = first_order
        self._adapted = [
            name
            for name, _ in network.named_parameters()
            if not head_only or name.startswith("head.")
        ]
        self._rate = rate
        self.rates = nn.ParameterDict()
        if learned_rates:
            for name, weight in network.named_parameters():
                if name in self._adapted:
                    self.rates[name.replace(".", "_")] = nn.Parameter(torch.full_like(weight, rate))

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        """Gradient of the queries' loss through the inner steps (equation 1 of MAML)."""
        self.train()
        names = [name for name, _ in self.named_parameters()]
        parameters = dict(self.named_parameters())

        def total(values: Weights) -> tuple[Tensor, tuple[Tensor, Tensor]]:
            losses, right = self._query_losses(values, tasks)
            weights = losses.new_tensor([task.weight for task in tasks])
            return (losses * weights).mean(), (losses.mean(), right)

        gradients, (_, (loss, right)) = grad_and_value(total, has_aux=True)(
            {name: parameters[name].detach() for name in names}
        )
        for name in names:
            parameter, gradient = parameters[name], gradients[name].detach()
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
        return StepReport(loss.item(), right.item())

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Take the inner steps on the support set."""
        check_way(n_way, self.network.head)
        values = {name: value.detach() for name, value in self.named_parameters()}
        weights = self._inner(values, support, labels, self._n_test_steps, create_graph=False)
        return self._predictor(weights, n_way)

    def unadapted(self, n_way: int) -> Predict:
        """The network with its initial weights."""
        check_way(n_way, self.network.head)
        return self._predictor(self._initial(dict(self.named_parameters())), n_way)

    def _predictor(self, weights: Weights, n_way: int) -> Predict:
        @torch.no_grad()
        def predict(queries: Tensor) -> Tensor:
            logits: Tensor = functional_call(self.network, weights, (queries,))
            return log_softmax(logits[:, :n_way], 1)

        return predict

    def _query_losses(self, values: Weights, tasks: Sequence[Task]) -> tuple[Tensor, Tensor]:
        """Loss of each task's queries (n_tasks,), and the share of all that is right.

        Tasks of one shape are computed side by side.
        """

        def one(
            support: Tensor, support_labels: Tensor, query: Tensor, query_labels: Tensor
        ) -> tuple[Tensor, Tensor]:
            weights = self._inner(values, support, support_labels, self._n_steps, True)
            logits = functional_call(self.network, weights, (query,))
            right = (logits.argmax(1) == query_labels).to(torch.float32).mean()
            return cross_entropy(logits, query_labels), right

        parts = [
            (task.support, task.support_labels, task.query, task.query_labels) for task in tasks
        ]
        for task in tasks:
            check_way(task.n_way, self.network.head)
        if len({tuple(part.shape for part in task) for task in parts}) == 1:
            stacked = [torch.stack(column) for column in zip(*parts, strict=True)]
            losses, right = vmap(one)(*stacked)
        else:
            columns = [one(*part) for part in parts]
            losses, right = (torch.stack(column) for column in zip(*columns, strict=True))
        return losses, right.mean()

    def _inner(
        self, values: Weights, support: Tensor, labels: Tensor, n_steps: int, create_graph: bool
    ) -> Weights:
        """The network's weights after ``n_steps`` of gradient descent on the support set."""
        initial = self._initial(values)
        fixed = {name: weight for name, weight in initial.items() if name not in self._adapted}
        fast = {name: initial[name] for name in self._adapted}

        def support_loss(adapted: Weights) -> Tensor:
            logits = functional_call(self.network, {**fixed, **adapted}, (support,))
            return cross_entropy(logits, labels)

        for _ in range(n_steps):
            gradients = grad(support_loss)(fast)
            if self._first_order or not create_graph:
                gradients = {name: gradient.detach() for name, gradient in gradients.items()}
            fast = {
                name: weight - self._rate_of(values, name) * gradients[name]
                for name, weight in fast.items()
            }
        return {**fixed, **fast}

    def _rate_of(self, values: Weights, name: str) -> Tensor | float:
        return values.get("rates." + name.replace(".", "_"), self._rate)

    @staticmethod
    def _initial(values: Mapping[str, Tensor]) -> Weights:
        prefix = "network."
        return {
            name.removeprefix(prefix): value
            for name, value in values.items()
            if name.startswith(prefix)
        }
