"""The training loop's state and its one step: an episode in, better weights out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from engine.encoder.encoder_file import write_whole
from engine.encoder.network import Network, embedding_of
from engine.errors import EngineError, sentence_for
from engine.metatraining.episodes import Episode, EpisodeSampler
from engine.metatraining.maps import FeatureMaps
from engine.metatraining.recipe import LossRule, Recipe

_FORMAT: Final = "handful-checkpoint-1"
_LAST_RATE: Final = 1 / 20  # Of the learning rate, at the end of the cosine decay.


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one episode gave: losses, and the share of its queries that were classified right."""

    episode_loss: float
    anchor_loss: float
    accuracy: float


class Trainer:
    """Trains the last blocks of a network, episode by episode.

    Convolutions and the biases of the (identity) batch norms are trained; the norms' scales would
    only repeat the convolutions' and stay, as do their statistics.
    """

    def __init__(self, network: Network, sets: list[FeatureMaps], recipe: Recipe) -> None:
        """Prepare the first step; ``network`` is trained in place.

        Raises:
            EngineError: a data set cannot give the recipe's episodes.
        """
        self._recipe = recipe
        self._sets = sets
        self._means = [torch.from_numpy(maps.mean) for maps in sets]
        self._sampler = EpisodeSampler(
            [maps.name for maps in sets],
            [maps.labels for maps in sets],
            [recipe.mixture.get(maps.name, 1.0) for maps in sets],
            recipe.episodes,
        )
        self._random = torch.Generator().manual_seed(recipe.seed)
        network.requires_grad_(False)
        self.trained = network.features[recipe.frozen_blocks :].to(
            memory_format=torch.channels_last  # A third faster on CPUs.
        )
        self._log_scale = torch.tensor(math.log(recipe.loss.scale), requires_grad=True)
        weights = _trainable(self.trained)
        for weight in weights:
            weight.requires_grad_(True)
        rule = recipe.optimizer
        self._optimizer = torch.optim.AdamW(
            [
                {"params": weights, "lr": rule.learning_rate, "weight_decay": rule.weight_decay},
                {
                    "params": [self._log_scale],
                    "lr": rule.scale_learning_rate,
                    "weight_decay": 0.0,
                },
            ]
        )
        self.n_done = 0

    @property
    def scale(self) -> float:
        """What cosines are multiplied by, as learned so far."""
        return self._log_scale.exp().item()

    def step(self) -> StepReport:
        """Train on one episode."""
        episode = self._sampler.sample(self._random)
        maps = self._sets[episode.set_index]
        mean = self._means[episode.set_index]
        indices = np.concatenate([episode.support, episode.query])
        embeddings = self._embed(maps, indices)
        x = normalize(embeddings - mean)
        target = normalize(torch.from_numpy(maps.target[indices]) - mean)
        anchor_loss = (1 - (x * target).sum(1)).mean()
        episode_loss, accuracy = episode_loss_of(x, episode, self._log_scale.exp())
        rule: LossRule = self._recipe.loss
        self._optimizer.param_groups[0]["lr"] = self._learning_rate()
        self._optimizer.zero_grad()
        torch.autograd.backward(rule.episode * episode_loss + rule.anchor * anchor_loss)
        self._optimizer.step()
        self.n_done += 1
        return StepReport(episode_loss.item(), anchor_loss.item(), accuracy)

    def _embed(self, maps: FeatureMaps, indices: np.ndarray[Any, np.dtype[np.int64]]) -> Tensor:
        """Embeddings (n, d), each of a view drawn at random."""
        drawn = torch.randint(len(maps.maps), (len(indices),), generator=self._random).numpy()
        rows, parts = [], []
        for view in range(len(maps.maps)):
            of_view = np.flatnonzero(drawn == view)
            if len(of_view):
                batch = maps.batch(view, indices[of_view])
                parts.append(embedding_of(self.trained(batch)))
                rows.append(of_view)
        return torch.cat(parts)[torch.from_numpy(np.argsort(np.concatenate(rows)))]

    def _learning_rate(self) -> float:
        rule = self._recipe.optimizer
        warmup = min(1.0, (self.n_done + 1) / max(1, rule.warmup_episodes))
        decay = 0.5 * (1 + math.cos(math.pi * self.n_done / self._recipe.n_episodes))
        return rule.learning_rate * warmup * (_LAST_RATE + (1 - _LAST_RATE) * decay)

    def save_checkpoint(self, path: Path, described: Mapping[str, Any]) -> None:
        """Write weights, optimizer, random state and position, whole or not at all.

        Args:
            path: of the checkpoint, a safetensors file.
            described: JSON values that must be equal when it is loaded again.

        Raises:
            EngineError: the file could not be written.
        """
        tensors = {
            f"weights.{name}": tensor.contiguous()
            for name, tensor in self.trained.state_dict().items()
        }
        tensors["log_scale"] = self._log_scale.detach()
        tensors["random_state"] = self._random.get_state()
        for number, state in self._optimizer.state_dict()["state"].items():
            for name, tensor in state.items():
                tensors[f"optimizer.{number}.{name}"] = tensor.contiguous()
        header = {
            "format": _FORMAT,
            "n_done": str(self.n_done),
            "described": json.dumps(described, sort_keys=True),
        }
        try:
            write_whole(path, save(tensors, metadata=header))
        except OSError as error:
            raise EngineError(sentence_for(error, path, "write the checkpoint")) from error

    def load_checkpoint(self, path: Path, described: Mapping[str, Any]) -> None:
        """Go on where ``path`` was saved.

        Raises:
            EngineError: the file is damaged, or of a run with another recipe or other data.
        """
        try:
            with safe_open(path, framework="pt") as stored:
                header: dict[str, str] = stored.metadata() or {}
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        except OSError as error:
            raise EngineError(sentence_for(error, path, "read the checkpoint")) from error
        except SafetensorError as error:
            raise EngineError(f"{path} is damaged or is no checkpoint.") from error
        if header.get("format") != _FORMAT:
            raise EngineError(f"{path} is no checkpoint of this version of Handful.")
        if json.loads(header["described"]) != json.loads(json.dumps(described)):
            raise EngineError(
                f"{path} belongs to a run with another recipe or other data; choose another "
                "folder, or start anew."
            )
        self.trained.load_state_dict(_below(tensors, "weights."))
        with torch.no_grad():
            self._log_scale.copy_(tensors["log_scale"])
        self._random.set_state(tensors["random_state"])
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(tensors, "optimizer.").items():
            number, _, entry = name.partition(".")
            state.setdefault(int(number), {})[entry] = tensor
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})
        self.n_done = int(header["n_done"])


def episode_loss_of(x: Tensor, episode: Episode, scale: Tensor) -> tuple[Tensor, float]:
    """Cross-entropy of the queries, and the share of them that is classified right.

    Prototypical networks (Snell et al. 2017, equation 2) with the cosine in place of the squared
    Euclidean distance, and a learned scale.

    Args:
        x: (n_support + n_query, d), unit length, support first.
        episode: whose images ``x`` are.
        scale: what cosines are multiplied by.
    """
    n_support = len(episode.support)
    sums = torch.zeros(episode.n_way, x.shape[1]).index_add(
        0, torch.from_numpy(episode.support_labels), x[:n_support]
    )
    logits = scale * x[n_support:] @ normalize(sums).T
    labels = torch.from_numpy(episode.query_labels)
    accuracy = (logits.argmax(1) == labels).float().mean().item()
    return cross_entropy(logits, labels), accuracy


def _trainable(blocks: nn.Module) -> list[Tensor]:
    weights: list[Tensor] = []
    for module in blocks.modules():
        if isinstance(module, nn.Conv2d):
            weights.append(module.weight)
        elif isinstance(module, nn.BatchNorm2d):
            weights.append(module.bias)
    return weights


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
