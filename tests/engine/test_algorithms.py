"""The meta-learning algorithms against finite differences, closed forms and other libraries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, log_softmax

from engine.errors import EngineError
from engine.metatraining.algorithms.interface import Algorithm
from engine.metatraining.algorithms.maml import Maml
from engine.metatraining.algorithms.prototypical import PrototypicalNetwork, squared_distances
from engine.metatraining.algorithms.reptile import Reptile
from engine.metatraining.algorithms.transfer import Transfer, logistic_regression
from engine.metatraining.episodes import EpisodeRule
from engine.metatraining.few_shot.build import build_algorithm
from engine.metatraining.few_shot.recipe import (
    AlgorithmRule,
    FewShotRecipe,
    InnerOptimizer,
    Kind,
    NetworkRule,
)
from engine.metatraining.networks import Classifier, Conv4, Norm
from engine.metatraining.tasks import Task

RATE = 0.3
SIDE_PX = 16
N_CLASSES = 12

GRADIENT_BASED = (
    Kind.MAML,
    Kind.FIRST_ORDER_MAML,
    Kind.ANIL,
    Kind.META_SGD,
    Kind.REPTILE,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on many threads, above all where others use the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _task(
    seed: int,
    shots: Sequence[int] = (2, 1, 3),
    n_query: int = 2,
    size: Sequence[int] = (3,),
    dtype: torch.dtype = torch.float64,
    weight: float = 1.0,
) -> Task:
    """Points around a centre for each class, ``shots`` of them labelled."""
    random = torch.Generator().manual_seed(seed)
    n_way = len(shots)
    centres = torch.randn(n_way, *size, generator=random, dtype=dtype)

    def drawn(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
        labels = torch.repeat_interleave(torch.arange(n_way), torch.tensor(counts))
        noise = torch.randn(len(labels), *size, generator=random, dtype=dtype)
        return centres[labels] + 0.5 * noise, labels

    (support, support_labels), (query, query_labels) = drawn(shots), drawn([n_query] * n_way)
    ids = torch.randperm(N_CLASSES, generator=random)[:n_way]
    return Task(support, support_labels, query, query_labels, n_way, ids, weight)


def _images(
    seed: int,
    shots: Sequence[int] = (1, 1, 1),
    n_query: int = 2,
    dtype: torch.dtype = torch.float32,
) -> Task:
    return _task(seed, shots, n_query, (1, SIDE_PX, SIDE_PX), dtype)


def _small_network(n_outputs: int = 3, seed: int = 0) -> Classifier:
    """Smooth, in double precision, so that finite differences are exact to about 1e-8."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Classifier(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), 4, n_outputs).double()


def _built(kind: Kind, max_way: int = 5, seed: int = 0, **rule: object) -> Algorithm:
    norm = Norm.BATCH if kind in GRADIENT_BASED else Norm.RUNNING
    recipe = FewShotRecipe(
        name="test",
        algorithm=replace(AlgorithmRule(kind=kind, inner_rate=0.05), **rule),
        network=NetworkRule(side_px=SIDE_PX, strided=True, norm=norm),
        episodes=EpisodeRule(max_way=max_way),
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_algorithm(recipe, N_CLASSES)


def _gradients(algorithm: Algorithm, tasks: Sequence[Task]) -> dict[str, Tensor]:
    algorithm.zero_grad()
    algorithm.meta_learn(tasks)
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for name, parameter in algorithm.named_parameters()
    }


def _assert_close(
    found: dict[str, Tensor], expected: dict[str, Tensor], rtol: float = 1e-6, atol: float = 1e-9
) -> None:
    assert found.keys() == expected.keys()
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], rtol=rtol, atol=atol, msg=name)


# --- MAML and its kin ----------------------------------------------------------------------------


def _adapted(
    maml: Maml, task: Task, n_steps: int, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """The network's weights after gradient descent, written down without torch.func."""
    weights = {
        name: value.detach().clone().requires_grad_()
        for name, value in maml.network.named_parameters()
    }
    moved = list(weights) if names is None else list(names)
    for _ in range(n_steps):
        logits = functional_call(maml.network, weights, (task.support,))
        loss = cross_entropy(logits, task.support_labels)
        gradients = torch.autograd.grad(loss, [weights[name] for name in moved])
        for name, gradient in zip(moved, gradients, strict=True):
            rates = dict(maml.rates.items())
            rate = rates.get(name.replace(".", "_"), torch.tensor(RATE)).detach()
            weights[name] = (weights[name] - rate * gradient).detach().requires_grad_()
    return weights


def _meta_loss(
    maml: Maml, tasks: Sequence[Task], n_steps: int, names: Sequence[str] | None = None
) -> float:
    """Weighted mean over tasks of the queries' loss after adaptation."""
    losses = []
    for task in tasks:
        logits = functional_call(maml.network, _adapted(maml, task, n_steps, names), (task.query,))
        losses.append(task.weight * cross_entropy(logits, task.query_labels).item())
    return sum(losses) / len(losses)


def _central_differences(
    maml: Maml, tasks: Sequence[Task], n_steps: int, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    step = 1e-5
    found = {}
    for name, parameter in maml.named_parameters():
        slopes = torch.zeros_like(parameter)
        for index in range(parameter.numel()):
            entry = parameter.data.view(-1)
            kept = entry[index].item()
            values = []
            for shift in (step, -step):
                entry[index] = kept + shift
                values.append(_meta_loss(maml, tasks, n_steps, names))
            entry[index] = kept
            slopes.view(-1)[index] = (values[0] - values[1]) / (2 * step)
        found[name] = slopes
    return found


TASKS = (_task(1), _task(2, weight=2.5))


@pytest.mark.parametrize("n_steps", [1, 3])
def test_the_gradient_of_maml_is_that_of_finite_differences(n_steps: int) -> None:
    maml = Maml(_small_network(), n_steps, RATE)
    expected = _central_differences(maml, TASKS, n_steps)
    _assert_close(_gradients(maml, TASKS), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_the_gradient_of_anil_is_that_of_finite_differences(n_steps: int) -> None:
    anil = Maml(_small_network(), n_steps, RATE, head_only=True)
    head = ["head.weight", "head.bias"]
    expected = _central_differences(anil, TASKS, n_steps, head)
    _assert_close(_gradients(anil, TASKS), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_the_gradients_of_learned_rates_are_those_of_finite_differences(n_steps: int) -> None:
    meta_sgd = Maml(_small_network(), n_steps, RATE, learned_rates=True).double()
    with torch.no_grad():
        for number, rate in enumerate(meta_sgd.rates.values()):
            rate += 0.05 * number  # So that one taken for another would be noticed.
    expected = _central_differences(meta_sgd, TASKS, n_steps)
    assert sum(name.startswith("rates.") for name in expected) == 4
    _assert_close(_gradients(meta_sgd, TASKS), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_first_order_maml_takes_the_gradient_where_adaptation_ends(n_steps: int) -> None:
    network = _small_network()
    maml = Maml(network, n_steps, RATE, first_order=True)
    expected = {name: torch.zeros_like(value) for name, value in maml.named_parameters()}
    for task in TASKS:
        weights = _adapted(maml, task, n_steps)
        loss = cross_entropy(functional_call(network, weights, (task.query,)), task.query_labels)
        names = list(weights)
        at_the_end = torch.autograd.grad(loss, [weights[name] for name in names])
        for name, gradient in zip(names, at_the_end, strict=True):
            expected["network." + name] += task.weight * gradient / len(TASKS)
    found = _gradients(maml, TASKS)
    _assert_close(found, expected)
    second = _gradients(Maml(network, n_steps, RATE), TASKS)
    assert max((found[name] - second[name]).abs().max().item() for name in found) > 1e-2


def test_without_a_rate_maml_of_either_order_trains_on_the_queries() -> None:
    network = _small_network()
    task = TASKS[0]
    first = _gradients(Maml(network, 2, 0.0, first_order=True), [task])
    second = _gradients(Maml(network, 2, 0.0), [task])
    network.zero_grad()
    torch.autograd.backward(cross_entropy(network(task.query), task.query_labels))
    plain = {f"network.{name}": value.grad for name, value in network.named_parameters()}
    _assert_close(first, plain)  # type: ignore[arg-type]
    _assert_close(second, plain)  # type: ignore[arg-type]


@pytest.mark.parametrize("head_only", [False, True])
def test_maml_predicts_with_the_adapted_weights(head_only: bool) -> None:
    """ANIL's are those of a head trained on unmoved embeddings."""
    maml = Maml(_small_network(), 1, RATE, n_test_steps=4, head_only=head_only)
    task = TASKS[0]
    names = ["head.weight", "head.bias"] if head_only else None
    weights = _adapted(maml, task, 4, names)
    for name, value in maml.network.encoder.named_parameters():
        assert torch.equal(weights["encoder." + name], value) == head_only
    expected = log_softmax(functional_call(maml.network, weights, (task.query,)), 1)
    found = maml.adapt(task.support, task.support_labels, task.n_way)(task.query)
    torch.testing.assert_close(found, expected.detach())


def test_meta_sgd_begins_as_maml() -> None:
    network = _small_network()
    maml, meta_sgd = Maml(network, 2, RATE), Maml(network, 2, RATE, learned_rates=True).double()
    expected = _gradients(maml, TASKS)
    found = _gradients(meta_sgd, TASKS)
    _assert_close({name: found[name] for name in expected}, expected)


@pytest.mark.parametrize("kind", [Kind.MAML, Kind.FIRST_ORDER_MAML, Kind.ANIL, Kind.META_SGD])
@pytest.mark.parametrize("shots", [((1, 1, 1), (1, 1, 1)), ((1, 2, 1), (2, 2))])
def test_tasks_count_alike_whether_or_not_they_fit_side_by_side(
    kind: Kind, shots: tuple[tuple[int, ...], ...]
) -> None:
    """Tasks of one shape are computed as one batch, others one by one."""
    algorithm = _built(kind).double()
    tasks = [_images(number, counts, dtype=torch.float64) for number, counts in enumerate(shots)]
    together = _gradients(algorithm, tasks)
    one_by_one = [_gradients(algorithm, [task]) for task in tasks]
    mean = {name: (one_by_one[0][name] + one_by_one[1][name]) / 2 for name in together}
    _assert_close(together, mean)


# --- Prototypical networks -----------------------------------------------------------------------


def _plain_prototypes() -> PrototypicalNetwork:
    """Images are points in the plane, and their own embeddings."""
    encoder = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        encoder.weight.copy_(torch.eye(2))
    return PrototypicalNetwork(encoder)


def _plane_task(weight: float = 1.0) -> Task:
    """Prototypes (1, 0), of two images, and (0, 3), of one."""
    return Task(
        support=torch.tensor([[0.0, 0.0], [0.0, 3.0], [2.0, 0.0]]),
        support_labels=torch.tensor([0, 1, 0]),
        query=torch.tensor([[1.0, 1.0], [0.0, 2.0]]),
        query_labels=torch.tensor([0, 0]),
        n_way=2,
        class_ids=torch.tensor([0, 1]),
        weight=weight,
    )


def test_prototypes_and_probabilities_by_hand() -> None:
    """Squared distances of (1, 1): 1 and 5; of (0, 2): 5 and 1."""
    task = _plane_task()
    predict = _plain_prototypes().adapt(task.support, task.support_labels, 2)
    near, far = -math.log1p(math.exp(-4)), -4 - math.log1p(math.exp(-4))
    torch.testing.assert_close(predict(task.query), torch.tensor([[near, far], [far, near]]))


def test_the_loss_of_prototypes_and_its_gradient_by_hand() -> None:
    """The first query is right, the second wrong; the weight of a task scales its gradient only."""
    network = _plain_prototypes()
    report = network.meta_learn([_plane_task()])
    assert report.loss == pytest.approx(2 + math.log1p(math.exp(-4)))
    assert report.accuracy == 0.5

    # With embeddings W x, the logit of class c for query q is -|W (q - p_c)|^2.
    weight = torch.eye(2, dtype=torch.float64, requires_grad=True)
    prototypes = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    queries = _plane_task().query.double()
    logits = -((queries[:, None] - prototypes[None]) @ weight.T).square().sum(2)
    torch.autograd.backward(cross_entropy(logits, torch.tensor([0, 0])))
    assert weight.grad is not None
    expected = weight.grad.float()
    torch.testing.assert_close(_gradients(network, [_plane_task()])["encoder.weight"], expected)
    tasks = [_plane_task(0.5), _plane_task(2.0)]
    torch.testing.assert_close(_gradients(network, tasks)["encoder.weight"], 1.25 * expected)


def test_squared_distances_are_what_they_say() -> None:
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(5, 7, generator=random), torch.randn(3, 7, generator=random)
    expected = (x[:, None] - y[None]).square().sum(2)
    torch.testing.assert_close(squared_distances(x, y), expected)


class _Scaled(nn.Module):
    """An encoder in which nothing is cast: a factor for each number."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.ones(size))

    def forward(self, images: Tensor) -> Tensor:
        return images * self.factors


@pytest.mark.parametrize("kind", [Kind.PROTOTYPICAL, Kind.TRANSFER])
def test_behind_the_encoder_nothing_is_rounded_to_half_precision(kind: Kind) -> None:
    torch.manual_seed(0)
    encoder = _Scaled(40)
    algorithm: Algorithm = (
        PrototypicalNetwork(encoder)
        if kind is Kind.PROTOTYPICAL
        else Transfer(encoder, 40, N_CLASSES)
    )
    task = _task(1, size=(40,), dtype=torch.float32)
    # Near each other and far from 0, where rounding costs most.
    task = replace(task, support=1 + 0.1 * task.support, query=1 + 0.1 * task.query)
    report, expected = algorithm.meta_learn([task]), _gradients(algorithm, [task])
    with torch.autocast("cpu", torch.bfloat16):
        assert algorithm.meta_learn([task]) == report
        _assert_close(_gradients(algorithm, [task]), expected)


# --- Reptile -------------------------------------------------------------------------------------


class _Bowl(nn.Module):
    """A network whose cross-entropy at label 1 is a quadratic of its weights.

    For an image x it is q = 1 + (w - x)' A (w - x) / 2 with a diagonal A: with the logits
    (log(e^q - 1), 0) the loss at label 1 is log(e^q - 1 + 1) = q.
    """

    CURVATURE = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.tensor([3.0, -2.0, 1.0], dtype=torch.float64))
        self.head = SimpleNamespace(out_features=2)

    def forward(self, images: Tensor) -> Tensor:
        q = 1 + (self.CURVATURE * (self.position - images).square()).sum(1) / 2
        return torch.stack([torch.log(torch.expm1(q)), torch.zeros_like(q)], 1)


def _bowl_task(seed: int, weight: float = 1.0) -> Task:
    """Six images, all of class 1; what training on all of them draws towards is their mean."""
    random = torch.Generator().manual_seed(seed)
    images = torch.randn(6, 3, generator=random, dtype=torch.float64)
    ones = torch.ones(3, dtype=torch.int64)
    return Task(images[:3], ones, images[3:], ones, 2, torch.tensor([0, 1]), weight)


def _reptile(network: nn.Module, n_steps: int, batch_size: int, **rule: object) -> Reptile:
    options = {"rate": RATE, "n_test_steps": 3, "test_batch_size": 3, **rule}
    return Reptile(network, n_steps, batch_size, **options).double()  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_steps", "batch_size"), [(1, 6), (4, 6), (4, 12)])
def test_reptile_on_a_quadratic_moves_as_its_closed_form_says(
    n_steps: int, batch_size: int
) -> None:
    """k steps of gradient descent leave (I - r A)^k of the way to the centre of the bowl.

    A batch of twelve from six images is every image twice.
    """
    reptile = _reptile(_Bowl(), n_steps, batch_size, inner_optimizer=InnerOptimizer.SGD)
    tasks = [_bowl_task(1), _bowl_task(2)]
    start = reptile.network.position.detach().clone()
    centre = torch.cat([torch.cat([task.support, task.query]) for task in tasks]).mean(0)
    left = (1 - RATE * _Bowl.CURVATURE) ** n_steps
    found = _gradients(reptile, tasks)["network.position"]
    torch.testing.assert_close(found, (1 - left) * (start - centre))

    # The paper's update with outer rate 0.25: start + 0.25 * mean(trained - start).
    trained = [
        centre_of + left * (start - centre_of)
        for task in tasks
        for centre_of in [torch.cat([task.support, task.query]).mean(0)]
    ]
    torch.optim.SGD(reptile.parameters(), 0.25).step()
    expected = start + 0.25 * (torch.stack(trained).mean(0) - start)
    torch.testing.assert_close(reptile.network.position.detach(), expected)


def test_reptile_weighs_tasks_as_the_other_algorithms_do() -> None:
    reptile = _reptile(_Bowl(), 2, 6, inner_optimizer=InnerOptimizer.SGD)
    alone = [_gradients(reptile, [_bowl_task(seed)])["network.position"] for seed in (1, 2)]
    found = _gradients(reptile, [_bowl_task(1, 0.5), _bowl_task(2, 3.0)])["network.position"]
    torch.testing.assert_close(found, (0.5 * alone[0] + 3.0 * alone[1]) / 2)


def test_one_step_of_reptile_is_training_on_the_task() -> None:
    """With one inner step the way travelled is the rate times the plain gradient."""
    network = _small_network()
    task = TASKS[0]
    images = torch.cat([task.support, task.query])
    labels = torch.cat([task.support_labels, task.query_labels])
    reptile = _reptile(network, 1, len(images), inner_optimizer=InnerOptimizer.SGD)
    found = _gradients(reptile, [task])
    network.zero_grad()
    torch.autograd.backward(cross_entropy(network(images), labels))
    expected = {f"network.{name}": RATE * value.grad for name, value in network.named_parameters()}
    _assert_close(found, expected)


def test_the_inner_steps_of_reptile_are_adams_without_momentum() -> None:
    """torch's Adam, whose weights are put back for every task but whose moments are kept."""
    bowl = _Bowl()
    reptile = _reptile(bowl, 3, 6)
    tasks = [_bowl_task(1), _bowl_task(2)]
    start = bowl.position.detach().clone()
    adam = torch.optim.Adam([bowl.position], RATE, betas=(0.0, 0.999))
    ways = []
    for task in tasks:
        with torch.no_grad():
            bowl.position.copy_(start)
        for _ in range(3):
            adam.zero_grad()
            images = torch.cat([task.support, task.query])
            ones = torch.ones(len(images), dtype=torch.int64)
            torch.autograd.backward(cross_entropy(bowl(images), ones))
            adam.step()
        ways.append(start - bowl.position.detach())
    with torch.no_grad():
        bowl.position.copy_(start)
    found = _gradients(reptile, tasks)["network.position"]
    torch.testing.assert_close(found, torch.stack(ways).mean(0))
    assert int(reptile.n_updates) == 6


def test_reptile_takes_whole_passes_over_the_images_in_batches() -> None:
    """Three batches of two from six images: the mean of all batches is the mean of all images.

    With a tiny rate the start hardly moves, so that the way is the rate times the summed gradients.
    """
    reptile = _reptile(_Bowl(), 3, 2, rate=1e-7, inner_optimizer=InnerOptimizer.SGD)
    task = _bowl_task(1)
    start = reptile.network.position.detach().clone()
    centre = torch.cat([task.support, task.query]).mean(0)
    found = _gradients(reptile, [task])["network.position"] / 1e-7
    torch.testing.assert_close(found, 3 * _Bowl.CURVATURE * (start - centre), rtol=1e-5, atol=0)


@pytest.mark.parametrize("transductive", [False, True])
def test_only_transductive_predictions_depend_on_the_other_queries(transductive: bool) -> None:
    reptile = _built(Kind.REPTILE, transductive=transductive)
    task = _images(3)
    predict = reptile.adapt(task.support, task.support_labels, task.n_way)
    together = predict(task.query)
    with_others = predict(torch.cat([task.query[:1], 3 * task.query[1:]]))
    unchanged = torch.allclose(together[0], with_others[0], atol=1e-4)
    assert unchanged != transductive


# --- Plain transfer ------------------------------------------------------------------------------


def test_logistic_regression_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [2, 5, 9, 1])
    x = (random.normal(size=(4, 6))[labels] + random.normal(size=(17, 6))).astype(np.float32)
    weight, bias = logistic_regression(torch.from_numpy(x), torch.from_numpy(labels), 4)
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(x.astype(float), labels)
    np.testing.assert_allclose(weight.numpy(), reference.coef_, atol=2e-3)
    shift = bias.numpy() - reference.intercept_  # A constant added to all classes changes nothing.
    np.testing.assert_allclose(shift - shift.mean(), 0, atol=2e-3)
    queries = random.normal(size=(20, 6)).astype(np.float32)
    found = torch.softmax(torch.from_numpy(queries) @ weight.T + bias, 1).numpy()
    np.testing.assert_allclose(found, reference.predict_proba(queries.astype(float)), atol=1e-3)


def test_transfer_learns_the_classes_of_all_training_data() -> None:
    """The label of an image is its class among all of them, whatever the task calls it."""
    transfer = Transfer(nn.Linear(3, 3, bias=False), 3, N_CLASSES)
    task = _task(5, dtype=torch.float32)
    report = transfer.meta_learn([task])
    images = torch.cat([task.support, task.query])
    local = torch.cat([task.support_labels, task.query_labels]).tolist()
    labels = torch.tensor([task.class_ids.tolist()[label] for label in local])
    logits = transfer.head(transfer.encoder(images))
    assert report.loss == pytest.approx(cross_entropy(logits, labels).item())


# --- All of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_adapting_leaves_the_algorithm_as_it_was(kind: Kind) -> None:
    algorithm = _built(kind)
    algorithm.meta_learn([_images(0)])  # So that Reptile has moments.
    before = {name: value.clone() for name, value in algorithm.state_dict().items()}
    gradients = {name: value.grad for name, value in algorithm.named_parameters()}
    kept = {name: None if value is None else value.clone() for name, value in gradients.items()}
    first, second = _images(1), _images(2)
    predict = algorithm.adapt(first.support, first.support_labels, 3)
    alone = predict(first.query)
    algorithm.adapt(second.support, second.support_labels, 3)(second.query)
    assert torch.equal(predict(first.query), alone)
    for name, value in algorithm.state_dict().items():
        assert torch.equal(value, before[name]), name
    for name, value in algorithm.named_parameters():
        expected = kept[name]
        assert value.grad is expected is None or torch.equal(value.grad, expected), name


@pytest.mark.parametrize("kind", list(Kind))
def test_predictions_are_probabilities_and_know_no_order_of_classes(kind: Kind) -> None:
    """Naming the classes otherwise permutes the columns, where no output is tied to a name."""
    algorithm = _built(kind)
    task = _images(4, shots=(2, 2, 2))
    found = algorithm.adapt(task.support, task.support_labels, 3)(task.query)
    assert found.shape == (len(task.query), 3)
    assert not found.requires_grad
    torch.testing.assert_close(found.exp().sum(1), torch.ones(len(found)))
    if kind in GRADIENT_BASED:
        return
    renamed = torch.tensor([2, 0, 1])
    other = algorithm.adapt(task.support, renamed[task.support_labels], 3)(task.query)
    torch.testing.assert_close(other[:, renamed], found, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_algorithm_adapts_to_what_it_is_shown(kind: Kind) -> None:
    """The support images themselves are told apart, though the weights are untrained."""
    rule = {"inner_rate": 0.01, "test_steps": 40} if kind is Kind.REPTILE else {"test_steps": 8}
    algorithm = _built(kind, max_way=3, **rule)
    task = _images(6, shots=(4, 4, 4))
    predict = algorithm.adapt(task.support, task.support_labels, 3)
    assert (predict(task.support).argmax(1) == task.support_labels).float().mean() > 0.7


@pytest.mark.parametrize("kind", list(Kind))
def test_before_adapting_the_support_set_does_not_matter(kind: Kind) -> None:
    algorithm = _built(kind)
    queries = _images(7).query
    found = algorithm.unadapted(3)(queries)
    if kind in GRADIENT_BASED:
        logits = algorithm.network(queries)  # type: ignore[operator]
        torch.testing.assert_close(found, log_softmax(logits[:, :3], 1).detach())
    else:
        torch.testing.assert_close(found.exp(), torch.full((len(queries), 3), 1 / 3))


@pytest.mark.parametrize("kind", GRADIENT_BASED)
def test_more_classes_than_outputs_are_refused_with_the_numbers(kind: Kind) -> None:
    algorithm = _built(kind, max_way=2)
    task = _images(8)
    for attempt in (
        lambda: algorithm.adapt(task.support, task.support_labels, 3),
        lambda: algorithm.unadapted(3),
        lambda: algorithm.meta_learn([task]),
    ):
        with pytest.raises(EngineError, match="up to 2 classes; the task has 3"):
            attempt()


@pytest.mark.parametrize("kind", list(Kind))
def test_gradients_add_up_until_they_are_cleared(kind: Kind) -> None:
    """As an optimizer expects; Reptile's inner optimizer has a memory, so it runs without one."""
    rule = {"inner_optimizer": InnerOptimizer.SGD} if kind is Kind.REPTILE else {}
    algorithm = _built(kind, **rule)
    task = _images(9)
    once = _gradients(algorithm, [task])
    algorithm.meta_learn([task])
    for name, value in algorithm.named_parameters():
        torch.testing.assert_close(value.grad, 2 * once[name], rtol=1e-3, atol=1e-5, msg=name)


# --- The networks --------------------------------------------------------------------------------


@pytest.mark.parametrize("side_px", [16, 17, 21, 28])
@pytest.mark.parametrize("strided", [False, True])
def test_the_embedding_is_as_long_as_promised(side_px: int, strided: bool) -> None:
    network = Conv4(3, side_px, strided, Norm.BATCH)
    embeddings = network(torch.rand(2, 3, side_px, side_px))
    assert embeddings.shape == (2, network.embedding_size)
    if side_px == 28:
        assert network.embedding_size == (256 if strided else 64)
