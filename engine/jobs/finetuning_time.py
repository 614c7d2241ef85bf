"""How long fine-tuning would take, from how fast this machine multiplies matrices."""

from __future__ import annotations

import time
from functools import cache
from typing import Final

import numpy as np

from engine.jobs.finetuning import LOOKED_AT, MOST_LEARNED
from engine.jobs.torch_pool import is_on_gpu
from engine.jobs.workspace import Workspace

# Core-seconds where a core multiplied matrices of _MATRIX_SIDE squared in _MATRIX_S.
_MATRIX_SIDE: Final = 512
_MATRIX_S: Final = 0.0015
_LOOK_S: Final = 0.3  # An image in all its views, and its embeddings by all networks.
_LEARN_S: Final = 0.010  # An image in a step.
_EMBED_S: Final = 0.012  # An image of the folder in one view, its decoding included.
_CHECK_S: Final = 0.1  # One that tells how sure the answers may be.
_FIXED_S: Final = 15.0  # Loading torch, and building the new encoder's graph.
_GPU_SHARE: Final = 0.1
_TRAININGS: Final = 6  # These three stand in engine.finetuning, too, which would load torch.
_STEPS: Final = 40
_BATCH: Final = 40


def estimate_seconds(
    n_support: int, n_images: int, workspace: Workspace, *, n_views: int = 1
) -> float:
    """What fine-tuning on ``n_support`` labels would take, and embedding the folder again.

    ``n_views`` of each image are embedded.

    From how fast this machine multiplies matrices and what that went with where it was measured
    (benchmarks/finetuning.py): good within a factor of two on CPUs that nothing else keeps busy. On
    a GPU, where nothing was measured, training is taken to cost a tenth. The first call takes some
    milliseconds.
    """
    n_support = min(n_support, MOST_LEARNED)
    slowness = _matrix_seconds() / _MATRIX_S
    per_core = slowness / workspace.runtime.n_threads
    trained = n_support * _LOOK_S + _TRAININGS * _STEPS * min(n_support, _BATCH) * _LEARN_S
    trained += min(n_images, LOOKED_AT) * _CHECK_S
    if is_on_gpu(workspace):
        trained *= _GPU_SHARE
    return slowness * _FIXED_S + per_core * (trained + n_images * n_views * _EMBED_S)


@cache
def _matrix_seconds() -> float:
    """The time that one core takes for the product of two matrices, at best."""
    matrix = np.ones((_MATRIX_SIDE, _MATRIX_SIDE), np.float32)
    took = []
    for _ in range(4):
        started = time.perf_counter()
        np.dot(matrix, matrix)
        took.append(time.perf_counter() - started)
    return min(took)
