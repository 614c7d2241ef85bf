"""Fine-tuning the encoder to the labels (being written; the interface stands)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.encoder.encoder_file import Encoder
from engine.jobs.workspace import Workspace
from engine.messages import Event, HeldOut, ImageRef


@dataclass(frozen=True, slots=True, eq=False)
class FineTuned:
    encoder: Encoder
    held_out: HeldOut | None


def finetune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, int]],
    groups: NDArray[np.int64],
) -> Generator[Event | None, None, FineTuned | None]:
    yield None
    return None


def estimate_seconds(n_support: int, n_images: int, workspace: Workspace) -> float:
    return 10.0 + 1.0 * n_support + n_images / 100
