"""Fine-tuning on a handful of labels: prototypes from other examples, held near the start."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from engine.encoder.description import Encoder
from engine.finetuning.blocks import LEARNED_FROM, Looked, TunedBlocks, batch_of
from engine.messages import Series
from engine.method.heads import some_of_each

STEPS: Final = 40
RATE: Final = 0.01
SHARES: Final = (0.25, 0.5, 1.0)
"""How far from the start towards what was learned; 0, which is not to fine-tune, is tried, too.

They are what a grid of learning rates would be, at the price of one training: the whole way at a
rate of 0.003 and half the way at 0.01 did the same (docs/results/finetuning.md).
"""

_BATCH: Final = 40
_WARM_UP: Final = 5  # Steps over which the rate rises; it then falls as a cosine does.
_SCALE: Final = 10.0
_ANCHOR: Final = 1.0
_EMBED_AT_ONCE: Final = 32

_TOLD_EVERY: Final = 4  # Steps; of single ones the loss says more about what was drawn.
KEPT_EVERY: Final = 8
"""Steps between two positions that are kept, and between two looks at what is held out."""
_WATCHED: Final = 40  # Held-out images, and
_COMPARED: Final = 80  # the others whose prototypes they are held against: an eighth of the work.

Measured = tuple[Series, int, float]
"""What, after which step, how much."""


def n_steps(n_images: int, n_shares: int) -> int:
    """How often :func:`tune` and :func:`points_of` yield together."""
    return STEPS + n_shares * -(-n_images // _EMBED_AT_ONCE)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled images, ready to learn from.

    Attributes:
        looked: of each image.
        labels: (n,) class numbers.
        groups: (n,) independent examples, see ``engine.method.heads.independent_groups``.
        device: torch's name of the one to work on.
    """

    looked: Sequence[Looked]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    device: str = "cpu"


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where a training stands after ``step`` steps: with it the rest goes as it would have gone.

    Attributes:
        weights: the scales and shifts, by their names in an encoder file.
        means, squares: what the optimizer has gathered of each, AdamW's first and second moment.
        random: the state of the draws, JSON.
        told: all that was measured so far.
    """

    step: int
    weights: dict[str, NDArray[np.float32]]
    means: dict[str, NDArray[np.float32]]
    squares: dict[str, NDArray[np.float32]]
    random: str
    told: tuple[Measured, ...]


def tune(
    encoder: Encoder,
    examples: Examples,
    rows: NDArray[np.int64],
    *,
    watch: bool = False,
    position: Position | None = None,
    keep: Callable[[Position], None] | None = None,
) -> Generator[tuple[Measured, ...], None, TunedBlocks]:
    """Learn scales and shifts from some of the examples; yields after each of ``STEPS`` steps.

    Every step draws images, each in one of its views, and asks which class they are, by
    the cosine to prototypes (prototypical networks, Snell et al., arXiv:1703.05175) that
    near-duplicates of an image have no part in; a class of one example is judged by its other
    views. Embeddings are held to where the start network puts the image on the mean of its views.

    Args:
        rows: positions of the examples to learn from, of at least two classes.
        watch: measure how the other examples fare on the way, which changes nothing.
        position: where to go on.
        keep: is given the position every ``KEPT_EVERY`` steps.

    Yields:
        What was measured; first what was before ``position``, or how the start does.

    Returns:
        The blocks with all that was learned; the same arguments give the same weights on a CPU.
    """
    blocks = TunedBlocks(encoder, examples.device)
    starts = [examples.looked[row].start[LEARNED_FROM] for row in rows]
    views = torch.from_numpy(np.stack(starts))
    views = views.to(examples.device)
    mean = views.mean((0, 1))
    targets = normalize(normalize(views - mean, dim=2).mean(1))
    optimizer = torch.optim.AdamW(blocks.learned(), lr=RATE, weight_decay=0.0)
    random = np.random.default_rng(0)
    labels, groups = examples.labels[rows], examples.groups[rows]
    told: tuple[Measured, ...] = ()
    done, losses = 0, []
    if position is not None:
        done, told = position.step, position.told
        _go_to(position, blocks, optimizer, random)
    elif watch:
        told = _held_out(blocks, examples, rows, 0)
    if told:
        yield told
    for step in range(done, STEPS):
        drawn = _draw(labels, random)
        seen = np.stack([drawn, LEARNED_FROM[_views_for(drawn, random)]], 1)
        for group in optimizer.param_groups:
            group["lr"] = RATE * _share_of_rate(step)
        maps, roots = batch_of(
            examples.looked,
            [(int(rows[image]), int(view)) for image, view in seen],
            examples.device,
        )
        x = normalize(blocks(maps, roots) - mean)
        loss = _prototype_loss(x, labels[drawn], groups[drawn], drawn)
        away = 1 - (x * targets[torch.from_numpy(drawn).to(x.device)]).sum(1)
        optimizer.zero_grad()
        torch.autograd.backward(loss + _ANCHOR * away.mean())
        optimizer.step()
        new: tuple[Measured, ...] = ()
        if watch:
            losses.append(float(loss.detach()))
            if (step + 1) % _TOLD_EVERY == 0:
                new = ((Series.LOSS, step + 1, float(np.mean(losses))),)
                losses.clear()
            if (step + 1) % KEPT_EVERY == 0:
                new += _held_out(blocks, examples, rows, step + 1)
            told += new
        if keep is not None and (step + 1) % KEPT_EVERY == 0:
            keep(_position(step + 1, blocks, optimizer, random, told))
        yield new
    return blocks


def _position(
    step: int,
    blocks: TunedBlocks,
    optimizer: torch.optim.AdamW,
    random: np.random.Generator,
    told: tuple[Measured, ...],
) -> Position:
    names, states = list(blocks.weights()), optimizer.state_dict()["state"]

    def gathered(key: str) -> dict[str, NDArray[np.float32]]:
        return {name: states[number][key].cpu().numpy().copy() for number, name in enumerate(names)}

    state = json.dumps(random.bit_generator.state)
    means, squares = gathered("exp_avg"), gathered("exp_avg_sq")
    return Position(step, blocks.weights(), means, squares, state, told)


def _go_to(
    position: Position,
    blocks: TunedBlocks,
    optimizer: torch.optim.AdamW,
    random: np.random.Generator,
) -> None:
    blocks.load(position.weights)
    random.bit_generator.state = json.loads(position.random)
    state = {
        number: {
            "step": torch.tensor(float(position.step)),
            "exp_avg": torch.from_numpy(position.means[name].copy()),
            "exp_avg_sq": torch.from_numpy(position.squares[name].copy()),
        }
        for number, name in enumerate(blocks.weights())  # The order in which it was given them.
    }
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _held_out(
    blocks: TunedBlocks, examples: Examples, rows: NDArray[np.int64], step: int
) -> tuple[Measured, ...]:
    """How some of the examples that are not learned from fare; nothing where all are."""
    others = np.setdiff1d(np.arange(len(examples.labels)), rows)
    if not len(others):
        return ()
    asked = others[some_of_each(examples.labels[others], _WATCHED)]
    n_classes = len(np.unique(examples.labels))
    known = rows[some_of_each(examples.labels[rows], max(_COMPARED, n_classes))]
    images = np.concatenate([known, asked])
    parts = []
    with torch.no_grad():
        for first in range(0, len(images), _EMBED_AT_ONCE):
            items = [(int(image), 0) for image in images[first : first + _EMBED_AT_ONCE]]
            parts.append(blocks(*batch_of(examples.looked, items, examples.device)))
        x = torch.cat(parts)
        mean = x[: len(known)].mean(0)
        x = normalize(x - mean)
        classes, columns = np.unique(examples.labels[known], return_inverse=True)
        one_hot = (columns.reshape(-1)[:, None] == np.arange(len(classes))).astype(np.float32)
        prototypes = normalize(torch.from_numpy(one_hot).to(x.device).T @ x[: len(known)])
        logits = _SCALE * x[len(known) :] @ prototypes.T
    truth = torch.from_numpy(np.searchsorted(classes, examples.labels[asked])).to(x.device)
    hits = (logits.argmax(1) == truth).float().mean()
    return (
        (Series.HELD_OUT_LOSS, step, float(cross_entropy(logits, truth))),
        (Series.HELD_OUT_ACCURACY, step, float(hits)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A network somewhere on the way from the start to what was learned.

    Attributes:
        share: of the way.
        weights: the scales and shifts there, by their names in an encoder file.
        embeddings: (n, embedding_size) of all examples as they are, rounded as the graph's.
    """

    share: float
    weights: Mapping[str, NDArray[np.float32]]
    embeddings: NDArray[np.float32]


def points_of(
    encoder: Encoder, blocks: TunedBlocks, examples: Examples, shares: Sequence[float]
) -> Generator[None, None, list[Point]]:
    """The networks at ``shares`` [0, 1] of the way from ``encoder`` to ``blocks``."""
    start = TunedBlocks(encoder, examples.device)
    points = []
    for share in shares:
        there = blocks.part_way(start, share)
        embeddings = yield from embeddings_of(there, examples.looked, examples.device)
        points.append(Point(share, there.weights(), embeddings))
    return points


def embeddings_of(
    blocks: TunedBlocks, looked: Sequence[Looked], device: str, n_views: int = 1
) -> Generator[None, None, NDArray[np.float32]]:
    """Embeddings (n, embedding_size) of images, means over their first views; in steps."""
    items = [(number, view) for number in range(len(looked)) for view in range(n_views)]
    parts = []
    for first in range(0, len(items), _EMBED_AT_ONCE):
        with torch.no_grad():
            some = batch_of(looked, items[first : first + _EMBED_AT_ONCE], device)
            parts.append(blocks(*some).cpu().numpy())
        yield
    joined = np.concatenate(parts) if parts else np.zeros((0, blocks.embedding_size), np.float32)
    return _rounded(joined.reshape(len(looked), n_views, blocks.embedding_size))


def start_embeddings(looked: Sequence[Looked], size: int, n_views: int) -> NDArray[np.float32]:
    """The same (n, size) before any fine-tuning."""
    views = [one.start[:n_views] for one in looked]
    return _rounded(np.stack(views) if views else np.zeros((0, n_views, size), np.float32))


def _rounded(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over the views (n, n_views, size), rounded as the graph rounds them."""
    rounded: NDArray[np.float32] = embeddings.mean(1).astype(np.float16).astype(np.float32)
    return rounded


def _draw(labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Images of a step: alike many of every class, an image twice where it is alone in its class.

    Of more classes than fit twice into a step some are drawn.
    """
    classes = np.unique(labels)
    if 2 * len(classes) > _BATCH:
        classes = random.choice(classes, _BATCH // 2, replace=False)
    per_class = max(2, _BATCH // len(classes))
    drawn = []
    for label in classes:
        members = random.permutation(np.flatnonzero(labels == label))[:per_class]
        drawn.append(np.repeat(members, 2) if len(members) == 1 else members)
    return np.concatenate(drawn)


def _views_for(drawn: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """A view of every image drawn, another one where an image comes twice in a row."""
    n_views = len(LEARNED_FROM)
    views = random.integers(n_views, size=len(drawn))
    again = np.flatnonzero(drawn[1:] == drawn[:-1]) + 1
    views[again] = (views[again - 1] + random.integers(1, n_views, size=len(again))) % n_views
    return views


def _prototype_loss(
    x: Tensor, labels: NDArray[np.int64], groups: NDArray[np.int64], images: NDArray[np.int64]
) -> Tensor:
    """Cross-entropy of unit vectors (n, d), each asked against prototypes that it is not in.

    What an image's own prototype leaves out is its near-duplicates; the image alone where its
    class has nothing else; this view of it where its class has no other image.
    """
    same_class = labels[:, None] == labels
    members = same_class & (groups[:, None] != groups)
    for others in (images[:, None] != images, ~np.eye(len(labels), dtype=bool)):
        empty = ~members.any(1)
        members[empty] = (same_class & others)[empty]
    classes, columns = np.unique(labels, return_inverse=True)
    one_hot = (columns[:, None] == np.arange(len(classes))).astype(np.float32)
    truth = torch.from_numpy(columns.reshape(-1)).to(x.device)
    own = normalize(torch.from_numpy(members.astype(np.float32)).to(x.device) @ x)
    cosines = x @ normalize(torch.from_numpy(one_hot).to(x.device).T @ x).T
    cosines = cosines.scatter(1, truth[:, None], (x * own).sum(1, keepdim=True))
    return cross_entropy(_SCALE * cosines, truth)


def _share_of_rate(step: int) -> float:
    falling = 0.5 * (1 + np.cos(np.pi * step / STEPS))
    return float(min(1.0, (step + 1) / _WARM_UP) * falling)
