"""What moves the weights, how fast, and in which arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch

from engine.metatraining.toml_sections import RecipeError


class OptimizerKind(StrEnum):
    """What moves the weights."""

    ADAM = "adam"
    ADAMW = "adamw"
    SGD = "sgd"


class Decay(StrEnum):
    """How the rate falls over a run."""

    CONSTANT = "constant"
    HALVING = "halving"
    """Halved every ``halve_every`` steps."""
    LINEAR = "linear"
    """To 0 at the last step."""
    COSINE = "cosine"
    """To 0 at the last step, along a half wave."""


class Precision(StrEnum):
    """Of convolutions and matrix products in training."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True)
class OptimizerRule:
    """What moves the weights.

    Attributes:
        kind: Adam, AdamW or plain gradient descent.
        learning_rate: at the start.
        weight_decay: of AdamW or SGD.
        decay: how the rate falls.
        halve_every: steps; for ``Decay.HALVING``.
        warmup_steps: over which the rate rises to its start.
        last_share: of the rate that is left where it has fallen all the way.
    """

    kind: OptimizerKind = OptimizerKind.ADAM
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    decay: Decay = Decay.CONSTANT
    halve_every: int = 2000
    warmup_steps: int = 0
    last_share: float = 0.0

    def rate(self, n_done: int, n_steps: int) -> float:
        """The rate of the step after ``n_done`` of ``n_steps``."""
        share = n_done / n_steps
        if self.decay is Decay.HALVING:
            factor = 0.5 ** (n_done // self.halve_every)
        elif self.decay is Decay.LINEAR:
            factor = 1 - share
        elif self.decay is Decay.COSINE:
            factor = 0.5 * (1 + math.cos(math.pi * share))
        else:
            factor = 1.0
        warmup = min(1.0, (n_done + 1) / max(1, self.warmup_steps))
        return self.learning_rate * warmup * (self.last_share + (1 - self.last_share) * factor)

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """An optimizer over groups of parameters, as torch takes them."""
        if self.kind is OptimizerKind.SGD:
            return torch.optim.SGD(groups, self.learning_rate, weight_decay=self.weight_decay)
        if self.kind is OptimizerKind.ADAMW:
            return torch.optim.AdamW(groups, self.learning_rate, weight_decay=self.weight_decay)
        return torch.optim.Adam(groups, self.learning_rate)


def check_optimizer(rule: OptimizerRule) -> None:
    """Refuse values that make no sense.

    Raises:
        RecipeError: there is one.
    """
    rules: list[tuple[bool, str]] = [
        (0 < rule.learning_rate <= 1, "optimizer.learning_rate must be in (0, 1]"),
        (
            rule.halve_every >= 1,
            f"optimizer.halve_every must be at least 1, not {rule.halve_every}",
        ),
        (rule.warmup_steps >= 0, "optimizer.warmup_steps must not be negative"),
        (0 <= rule.last_share <= 1, "optimizer.last_share must be in [0, 1]"),
        (rule.weight_decay >= 0, "optimizer.weight_decay must not be negative"),
        (
            rule.weight_decay == 0 or rule.kind is not OptimizerKind.ADAM,
            "optimizer.weight_decay needs optimizer.kind to be adamw or sgd",
        ),
    ]
    for holds, clause in rules:
        if not holds:
            raise RecipeError(clause)
