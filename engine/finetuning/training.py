"""Fine-tuning on a handful of labels: prototypes from other examples, held near the start."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from engine.encoder.encoder_file import Encoder
from engine.finetuning.blocks import LEARNED_FROM, Looked, TunedBlocks, batch_of

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


def tune(
    encoder: Encoder, examples: Examples, rows: NDArray[np.int64]
) -> Generator[None, None, TunedBlocks]:
    """Learn scales and shifts from some of the examples; yields after each of ``STEPS`` steps.

    Every step draws images, each in one of its views, and asks which class they are, by
    the cosine to prototypes (prototypical networks, Snell et al., arXiv:1703.05175) that
    near-duplicates of an image have no part in; a class of one example is judged by its other
    views. Embeddings are held to where the start network puts the image on the mean of its views.

    Args:
        rows: positions of the examples to learn from, of at least two classes.

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
    for step in range(STEPS):
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
        yield
    return blocks


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
