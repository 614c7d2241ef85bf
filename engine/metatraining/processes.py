"""Several processes or machines that train together, started by ``torchrun``."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as distributed
from torch import Tensor

from engine.errors import EngineError

Step = TypeVar("Step")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes that share the tasks of a step.

    What exchanges something must be called by all of them, in the same order.

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

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace every tensor by its mean over all processes, in one exchange.

        Raises:
            EngineError: another process has ended.
        """
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _exchange():
            distributed.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    def take_over(self, tensors: Sequence[Tensor]) -> None:
        """Replace every tensor by that of the leading process.

        Raises:
            EngineError: another process has ended.
        """
        if self.count == 1:
            return
        for tensor in tensors:
            dense = tensor.contiguous()
            with _exchange():
                distributed.broadcast(dense, 0)
            tensor.copy_(dense)

    def any(self, flag: bool) -> bool:
        """Whether ``flag`` is set in one of the processes.

        Raises:
            EngineError: another process has ended.
        """
        share = torch.tensor([float(flag)], device=self.device)
        self.average([share])
        return share.item() > 0

    def agree(self, value: object) -> bool:
        """Whether ``value``, of JSON's kinds, is the same in all processes.

        Raises:
            EngineError: another process has ended.
        """
        digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        number = int(digest[:10], 16)  # 40 bits, of which the mean is exact in float64.
        mean = torch.tensor([float(number)], dtype=torch.float64, device=self.device)
        self.average([mean])
        return not self.any(mean.item() != number)

    def in_step(self, steps: Generator[Step, None, Result]) -> Generator[Step, None, Result]:
        """Do ``steps``, with as many yields in each process as where there are most.

        So that what is exchanged after each yield stays in order. ``steps`` yield at least once.

        Raises:
            EngineError: another process has ended.
        """
        has_ended = False
        with closing(steps):
            while True:
                if not has_ended:
                    try:
                        step = next(steps)
                    except StopIteration as finished:
                        has_ended = True
                        result: Result = finished.value
                if not self.any(not has_ended):
                    return result
                yield step

    def wait(self) -> None:
        """Until all processes are here.

        Raises:
            EngineError: another process has ended.
        """
        self.any(False)


@contextmanager
def _exchange() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # What both backends raise when a connection is gone.
        reason = str(error).partition("\n")[0].rstrip(".")
        raise EngineError(
            f"This process lost the others of its run, as when one of them has ended: {reason}."
        ) from error


def alone(device: torch.device | None = None) -> Processes:
    """A single process."""
    return Processes(0, 1, device or torch.device("cpu"))


def n_started() -> int:
    """How many processes ``torchrun`` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_leader() -> bool:
    """Whether this is the first of the processes that ``torchrun`` started, or the only one."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined(device: str = "auto") -> Iterator[Processes]:
    """Join the group that ``torchrun`` describes in the environment, or stay alone.

    Args:
        device: auto, cpu or cuda; on GPUs every process takes that of its local rank.

    Raises:
        EngineError: a GPU is asked for and there is none, or there are fewer than processes.
    """
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cuda" and not n_gpus:
        raise EngineError("No CUDA device is available; use --device cpu or auto.")
    on_gpu = n_gpus > 0 and device != "cpu"
    count = n_started()
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if on_gpu and local_rank >= n_gpus:
        raise EngineError(
            f"This machine has {n_gpus} GPUs, too few for process {local_rank + 1}; start fewer "
            "processes, or use --device cpu."
        )
    chosen = torch.device("cuda", local_rank) if on_gpu else torch.device("cpu")
    if count == 1:
        yield alone(chosen)
        return
    if on_gpu:
        torch.cuda.set_device(chosen)
    try:
        distributed.init_process_group("nccl" if on_gpu else "gloo")
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"The processes could not find each other: {error}.") from error
    try:
        yield Processes(distributed.get_rank(), count, chosen)
    finally:
        distributed.destroy_process_group()
