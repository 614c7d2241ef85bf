"""Several processes or machines that train together, started by ``torchrun``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor

from engine.errors import EngineError


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes that share the tasks of a step.

    Attributes:
        rank: of this one, from 0.
        count: of all.
        device: that this one computes on.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def average(self, tensor: Tensor) -> None:
        """Replace ``tensor`` by its mean over all processes, which all must call this."""
        if self.count > 1:
            distributed.all_reduce(tensor)
            tensor /= self.count

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()


def alone(device: torch.device | None = None) -> Processes:
    """A single process."""
    return Processes(0, 1, device or torch.device("cpu"))


@contextmanager
def joined(device: str = "auto") -> Iterator[Processes]:
    """Join the group that ``torchrun`` describes in the environment, or stay alone.

    Args:
        device: auto, cpu or cuda; with auto every process takes the GPU of its local rank.

    Raises:
        EngineError: a GPU is asked for and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise EngineError("No CUDA device is available; use --device cpu or auto.")
    on_gpu = has_gpu and device != "cpu"
    count = int(os.environ.get("WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = torch.device("cuda", local_rank) if on_gpu else torch.device("cpu")
    if count == 1:
        yield alone(chosen)
        return
    try:
        distributed.init_process_group("nccl" if on_gpu else "gloo")
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"The processes could not find each other: {error}.") from error
    try:
        yield Processes(distributed.get_rank(), count, chosen)
    finally:
        distributed.destroy_process_group()
