"""Torch's work on the threads of the pool: looking at images, training several networks at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from engine.errors import EngineError, UnreadableImageError
from engine.images import content_hash, read_file
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import Event, ImageRef, TrainingPoint
from engine.words import Sentence, say

if TYPE_CHECKING:
    from engine.finetuning.blocks import Looked
    from engine.finetuning.checkpoints import Checkpoints
    from engine.finetuning.training import Measured


_T = TypeVar("_T")
_Steps: TypeAlias = "Generator[tuple[Measured, ...] | None, None, _T]"
_WAIT_S: Final = 0.005
_STRETCH_S: Final = 0.25  # How long a thread of the pool trains before others may have it.


def look_at(
    workspace: Workspace,
    request_id: int,
    images: Sequence[ImageRef],
    n_drawn: int,
    text: Sentence,
    checkpoints: Checkpoints | None = None,
) -> Generator[Event | None, None, list[Looked]]:
    """Decode images and bring views of them through the blocks that stay.

    Raises:
        EngineError: one cannot be read; not where nothing is drawn to learn from, it is left away.
    """
    from engine.finetuning.blocks import FrozenBlocks

    frozen = FrozenBlocks(workspace.runtime.encoder, training_device(workspace))

    def look(image: ImageRef) -> Looked | None:
        one_thread()
        try:
            content = read_file(image.path)
            key = ""
            if checkpoints is not None:
                key = checkpoints.looked_key(content_hash(content), image.name, n_drawn)
                known = checkpoints.looked(key)
                if known is not None:
                    return known
            pixels = workspace.decode(content)
        except UnreadableImageError as error:
            if not n_drawn:
                return None
            raise EngineError(
                say("{name} cannot be read any more: {error}.", name=image.name, error=error)
            ) from error
        found = frozen.look(pixels, image.name, n_drawn=n_drawn)
        if checkpoints is not None:
            checkpoints.keep_looked(key, found)
        return found

    meter = ProgressMeter(request_id, text, len(images))
    looked: dict[int, Looked | None] = {}
    works = {number: partial(look, image) for number, image in enumerate(images)}
    waiting: dict[Future[Looked | None], int] = {}
    try:
        while works or waiting:
            while works and len(waiting) < 2 * workspace.runtime.n_threads:
                number = min(works)
                waiting[workspace.pool.submit(works.pop(number))] = number
            done, _ = wait(waiting, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
            for future in done:
                looked[waiting.pop(future)] = future.result()
            yield meter.advance(len(done)) if done else None
    finally:
        for future in waiting:
            future.cancel()
    found = [looked[number] for number in range(len(images))]
    return [one for one in found if one is not None]


def train_all(
    workspace: Workspace,
    trainings: Sequence[Callable[[], Generator[tuple[Measured, ...] | None, None, _T]]],
    meter: ProgressMeter | None = None,
    steps_each: int = 0,
    request_id: int = 0,
) -> Generator[Event | None, None, list[_T]]:
    """What trainings return, as many under way at once as the pool has threads.

    ``steps_each`` are counted of every training, also of one that was known already.
    """
    from engine.finetuning.training import STEPS

    results: dict[int, _T] = {}
    counted = [0] * len(trainings)
    begun: dict[Future[_Stretch[_T]], tuple[int, _Steps[_T]]] = {}
    upcoming = list(enumerate(trainings))[::-1]
    try:
        while upcoming or begun:
            while upcoming and len(begun) < workspace.runtime.n_threads:
                number, training = upcoming.pop()
                steps = training()
                begun[workspace.pool.submit(_stretch, steps)] = number, steps
            done, _ = wait(begun, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
            before = sum(counted)
            for future in done:
                number, steps = begun.pop(future)
                stretch = future.result()
                counted[number] = min(counted[number] + stretch.n_steps, steps_each)
                if stretch.result:
                    results[number] = stretch.result[0]
                    counted[number] = steps_each
                else:
                    begun[workspace.pool.submit(_stretch, steps)] = number, steps
                for series, step, value in stretch.told:
                    yield TrainingPoint(
                        request_id, series, number, len(trainings), step, STEPS, value
                    )
            new = sum(counted) - before
            yield meter.advance(new) if meter and new else None
    finally:
        for future in begun:
            future.cancel()
    return [results[number] for number in range(len(trainings))]


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch(Generic[_T]):
    """Some steps of a training: how many, what they told, and the result if it is over."""

    n_steps: int
    told: Sequence[Measured]
    result: list[_T]


def _stretch(steps: _Steps[_T]) -> _Stretch[_T]:
    """Take steps for a while."""
    one_thread()
    until = time.perf_counter() + _STRETCH_S
    told: list[Measured] = []
    count = 0
    try:
        while time.perf_counter() < until:
            new = next(steps)
            count += 1
            if new:
                told += new
    except StopIteration as end:
        return _Stretch(count, told, [end.value])
    return _Stretch(count, told, [])


def one_thread() -> None:
    """Torch works with one thread in each of the pool's, which are as many as there are cores."""
    import torch

    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def is_on_gpu(workspace: Workspace) -> bool:
    """Whether the encoder runs on a GPU, or did until that had too little memory for both."""
    return workspace.runtime.was_on_gpu


def training_device(workspace: Workspace) -> str:
    """Where to train: on the GPU where there is one that torch can use, too."""
    import torch

    return "cuda" if is_on_gpu(workspace) and torch.cuda.is_available() else "cpu"
