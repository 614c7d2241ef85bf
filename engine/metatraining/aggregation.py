"""Model aggregation: averages of checkpoints, interpolation, votes of adapted models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from engine.errors import EngineError, sentence_for
from engine.metatraining.algorithms.interface import Learner, Predict

Weights = dict[str, Tensor]


def average_weights(paths: Sequence[Path]) -> Weights:
    """The mean of the weights in several model files (stochastic weight averaging, Izmailov 2018).

    Averages over the last part of one run, or over runs with a common start, lie in one basin;
    networks trained apart do not, and their average is worthless.

    Raises:
        EngineError: no file is given, one cannot be read, or they are not of one network.
    """
    if not paths:
        raise EngineError("No checkpoints were given to average.")
    loaded = [_weights_in(path) for path in paths]
    first = loaded[0]
    for path, weights in zip(paths, loaded, strict=True):
        shapes = {name: value.shape for name, value in weights.items()}
        if shapes != {name: value.shape for name, value in first.items()}:
            raise EngineError(
                f"Different networks have no average: {path} is not of the same network as "
                f"{paths[0]}."
            )
    return {
        name: torch.stack([weights[name] for weights in loaded]).mean(0)
        if value.is_floating_point()
        else loaded[-1][name]
        for name, value in first.items()
    }


def _weights_in(path: Path) -> Weights:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read the checkpoint")) from error
    except SafetensorError as error:
        raise EngineError(f"{path} is damaged or is no checkpoint.") from error


def interpolate(
    start: Mapping[str, Tensor], trained: Mapping[str, Tensor], share: float
) -> Weights:
    """Weights ``start + share * (trained - start)`` (WiSE-FT, Wortsman et al. 2022).

    Whole numbers are taken from ``start``.
    """
    return {
        name: tensor + share * (trained[name] - tensor) if tensor.is_floating_point() else tensor
        for name, tensor in start.items()
    }


class Vote(Learner):
    """Several trained algorithms that adapt to a task each and average their probabilities."""

    def __init__(self, members: Sequence[Learner]) -> None:
        """Let ``members`` vote, one or more."""
        super().__init__()
        self._members = nn.ModuleList(members)

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        """Adapt every member."""
        return _mean([member.adapt(support, labels, n_way) for member in self._voters()])

    def unadapted(self, n_way: int) -> Predict:
        """The members as they are."""
        return _mean([member.unadapted(n_way) for member in self._voters()])

    def _voters(self) -> list[Learner]:
        return [member for member in self._members if isinstance(member, Learner)]


def _mean(voters: Sequence[Predict]) -> Predict:
    def predict(queries: Tensor) -> Tensor:
        votes = torch.stack([voter(queries) for voter in voters])
        return torch.logsumexp(votes, 0) - math.log(len(voters))

    return predict
