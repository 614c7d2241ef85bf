"""Embedding in batches of one shape on a device that may run out of memory, or vanish.

Threads decode and resize images and call; whoever finds the device idle runs what is waiting, the
others wait for their row. No thread of its own, no timer: a batch is what came while the device was
busy, padded to the one shape that it knows. No image is lost: on lack of memory the batch is halved
down to one image, and where that fails, or the device does, each caller goes on with the fallback.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.graph import OUTPUT_NAME
from engine.encoder.parts import NETWORK_INPUT, GraphParts, Prepare, first_line
from engine.words import NOTHING, Sentence, say

BATCH_SIZE: Final = 32
"""Images in a batch at first. Larger ones gain little on a GPU: decoding is what it waits for."""

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float16]]

# Of onnxruntime's arena (two wordings), of CUDA, cuDNN and torch.
_SIGNS_OF_NO_MEMORY: Final = (
    *("out of memory", "failed to allocate memory", "is smaller than requested bytes"),
    *("alloc_failed", "cudaerrormemoryallocation"),
)
_log = logging.getLogger(__name__)


class Forward(Protocol):
    """The forward pass of a batch of one size.

    Attributes:
        rows: the network's input (n_views, batch, 3, side, side), to be filled before the call.
    """

    rows: NDArray[np.float32]

    def __call__(self) -> NDArray[np.float16]:
        """Embeddings (batch, embedding_size) of what ``rows`` holds."""


class SessionForward:
    """The forward pass by onnxruntime, whichever provider the session has."""

    def __init__(
        self, session: onnxruntime.InferenceSession, parts: GraphParts, batch_size: int
    ) -> None:
        """Runs it once, so that a lack of memory shows at once.

        Args:
            session: of the network's part of the graph.
            parts: for the shape of its input.
        """
        self.rows = np.zeros((parts.n_views, batch_size, 3, parts.side, parts.side), np.float32)
        self._session = session
        self()

    def __call__(self) -> NDArray[np.float16]:
        rows = self.rows.reshape(-1, *self.rows.shape[2:])
        outputs: list[NDArray[np.float32]] = self._session.run([OUTPUT_NAME], {NETWORK_INPUT: rows})
        return outputs[0].astype(np.float16)  # Exact: the graph has rounded to half precision.


class _Waiting:
    """An image on its way: what the network is to be given of it, and what came of it."""

    __slots__ = ("embedding", "rows")

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows
        self.embedding: NDArray[np.float16] | None = None


class BatchedBackend:
    """Embeds one image per call, from as many threads as there are; runs them together.

    Attributes:
        batch_size: how many images the device is given at once, as it is now.
        failure: why the device is not used any more, one sentence; empty while it is.
    """

    def __init__(
        self,
        prepare: Prepare,
        open_device: Callable[[int], Forward],
        open_fallback: Callable[[], Embed],
        batch_size: int,
    ) -> None:
        """Open the device; raises whatever that raises, save for a lack of memory for the batch.

        Args:
            prepare: from an image to the network's input; any thread.
            open_device: makes the forward pass for batches of a size, called by one thread at a
                time. It may keep buffers of that size: when they are too large it is let go of
                and another opened.
            open_fallback: makes what embeds without the device, called once it has failed; what
                it makes is called by any thread.
        """
        self.batch_size = batch_size
        self.failure: Sentence = NOTHING
        self._prepare = prepare
        self._open_device = open_device
        self._open_fallback = open_fallback
        self._forward: Forward | None = None
        self._fallback: Embed | None = None
        self._waiting: deque[_Waiting] = deque()
        self._is_running = False
        self._changed = threading.Condition()
        while self._forward is None:
            try:
                self._forward = open_device(self.batch_size)
            except Exception as error:
                if not is_out_of_memory(error) or self.batch_size == 1:
                    raise
                self.batch_size //= 2

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """The embedding (embedding_size,) of one image (height, width, 3). Any thread."""
        if not self.failure:
            item = _Waiting(self._prepare(pixels))
            with self._changed:
                self._waiting.append(item)
                while item.embedding is None and not self.failure:
                    if self._is_running:
                        self._changed.wait()
                    else:
                        self._run_waiting()
            if item.embedding is not None:
                return item.embedding
        return self._opened_fallback()(pixels)

    def _run_waiting(self) -> None:
        """One batch of those that wait; holds the lock before and after, not in between."""
        batch = [self._waiting.popleft() for _ in range(min(self.batch_size, len(self._waiting)))]
        self._is_running = True
        self._changed.release()
        embeddings, failure = None, None
        try:
            embeddings = self._run(batch)
        except Exception as error:  # Whatever a driver raises; the images go another way.
            failure = error
        finally:
            self._changed.acquire()
            self._is_running = False
            if embeddings is not None:
                for row, item in enumerate(batch):
                    item.embedding = embeddings[row].copy()
            else:
                self._waiting.extendleft(reversed(batch))
            if failure is not None:
                self._after(failure)
            self._changed.notify_all()

    def _run(self, batch: list[_Waiting]) -> NDArray[np.float16]:
        if self._forward is None:  # The one before had too little memory.
            self._forward = self._open_device(self.batch_size)
        for row, item in enumerate(batch):
            self._forward.rows[:, row] = item.rows
        return self._forward()

    def _after(self, error: Exception) -> None:
        """What to do after a failure: smaller batches, or no more of them."""
        self._forward = None  # Frees what the device holds for it.
        if is_out_of_memory(error) and self.batch_size > 1:
            self.batch_size //= 2
            _log.warning("The device is out of memory; batches of %d from here on", self.batch_size)
            return
        _log.warning("The device failed; working on the CPU from here on", exc_info=error)
        if is_out_of_memory(error):
            self.failure = say(
                "The GPU has too little free memory; working on the CPU from here on."
            )
        else:
            why = first_line(error)
            self.failure = say("The GPU failed ({why}); working on the CPU from here on.", why=why)

    def _opened_fallback(self) -> Embed:
        with self._changed:
            if self._fallback is None:
                self._fallback = self._open_fallback()
                self._waiting.clear()  # Each caller goes on with its own image.
            return self._fallback


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library says that memory was lacking: some have no exception class for it."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _SIGNS_OF_NO_MEMORY)
