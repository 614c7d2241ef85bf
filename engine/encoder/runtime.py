"""Runs an encoder's graph on real pixels, on the best device that really works.

On the CPU every thread of the embedding pool runs the graph for one image at a time, on itself:
decoding and forward passes then overlap without a hand-over, images of different sizes need no
batch, and MobileNetV2 is as fast per image alone as in batches (measured). A GPU is given batches
(``batches``), and OpenVINO, where it is installed, may run the network on the CPU.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder import gpu, openvino_backend
from engine.encoder.agreement import LARGEST_ON_CPU, LARGEST_ON_GPU, largest_difference
from engine.encoder.batches import BATCH_SIZE, BatchedBackend, Forward
from engine.encoder.description import Encoder
from engine.encoder.devices import has_nvidia_device
from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME, load_or_build_graph
from engine.encoder.parts import NETWORK_INPUT, GraphParts, Prepare, first_line, split
from engine.encoder.resizing import RESIZED, graph_behind_resizing, resize
from engine.encoder.views import load_or_build_viewed_graph
from engine.errors import EncoderError
from engine.words import NOTHING, Sentence, say

_CPU: Final = "CPUExecutionProvider"
_TORCH: Final = "torch"
_ERRORS_ONLY: Final = 3  # onnxruntime's log level; its warnings would go to a person's terminal.

DEVICES: Final = ("auto", "cpu", "openvino", "cuda")


class _Backend(Protocol):
    """Anything that embeds one image (height, width, 3) uint8 as (embedding_size,) float16."""

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]: ...


@dataclass(frozen=True, slots=True, eq=False)
class EncoderRuntime:
    """A loaded encoder. Any thread may call :meth:`embed`, several at once.

    Attributes:
        encoder: what is run.
        graph_path: the ONNX file that was loaded; in the cache it may be gone, see
            :meth:`graph_on_disk`.
        graph_folder: where graphs are kept that the program does not bring.
        provider: the onnxruntime provider in use, or "torch" or "OpenVINO" where that does the
            work.
        device: what a person reads, as in "CPU, 2 threads".
        notice: one sentence if a better device was found but cannot be used, else empty.
        n_threads: how many threads this process has cores for.
        is_viewed: whether an embedding is the mean over ``views.VIEWS``.
        passed_over: why each device that "auto" prefers is not used, a sentence each.
        is_approximate: whether its embeddings are the CPU's only to within
            ``agreement.LARGEST_ON_GPU``; they are kept apart from the CPU's then.
    """

    encoder: Encoder
    graph_path: Path
    graph_folder: Path
    provider: str
    device: Sentence
    notice: Sentence
    n_threads: int
    backend: _Backend
    is_viewed: bool = False
    passed_over: tuple[Sentence, ...] = ()
    is_approximate: bool = False

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """The embedding (embedding_size,) of one RGB image (height, width, 3) of any size."""
        return self.backend(pixels)

    @property
    def n_callers(self) -> int:
        """From how many threads :meth:`embed` is worth calling: a batch more than cores on a GPU.

        Those that wait for the GPU leave their core to others, which decode the next batch.
        """
        return self.n_threads + (BATCH_SIZE if self.is_on_gpu else 0)

    @property
    def is_on_gpu(self) -> bool:
        """Whether a GPU runs the encoder, and has not failed meanwhile."""
        return self.was_on_gpu and not self.failure

    @property
    def was_on_gpu(self) -> bool:
        """Whether a GPU has embedded images, and may still."""
        return self.provider in (gpu.CUDA_PROVIDER, _TORCH)

    @property
    def failure(self) -> Sentence:
        """Why the CPU has taken over since the encoder was loaded, one sentence; else empty."""
        return self.backend.failure if isinstance(self.backend, BatchedBackend) else NOTHING

    def as_it_is_now(self) -> EncoderRuntime:
        """This, with device and notice of the CPU once it has taken over."""
        if not self.failure:
            return self
        device = _cpu_words(self.n_threads)
        return replace(self, provider=_CPU, device=device, notice=self.failure)

    def graph_on_disk(self) -> Path:
        """The graph's file, built anew where somebody has emptied the cache meanwhile.

        That takes seconds for another encoder than the shipped one.

        Raises:
            EncoderError: it cannot be built or written.
        """
        if self.graph_path.is_file():
            return self.graph_path
        return _graph_of(self.encoder, self.graph_folder, self.is_viewed)


def load_runtime(
    encoder: Encoder, cache_folder: Path, device: str = "auto", *, viewed: bool = False
) -> EncoderRuntime:
    """Load an encoder's graph on a device.

    Args:
        encoder: what to run.
        cache_folder: where graphs of other encoders than the shipped one are kept, and what trials
            of OpenVINO found.
        device: "auto" takes a CUDA device where one works, else OpenVINO where it is installed,
            agrees and is faster, else onnxruntime on the CPU, which is "cpu".
        viewed: embed the mean over several views of an image.

    Raises:
        EncoderError: the graph cannot be had; or "cuda" or "openvino" was asked for and does not
            work.
    """
    graph_path = _graph_of(encoder, cache_folder, viewed)
    n_threads = usable_cores()
    runtime = EncoderRuntime(
        encoder,
        graph_path,
        cache_folder,
        _CPU,
        _cpu_words(n_threads),
        NOTHING,
        n_threads,
        _cpu_backend(graph_path, encoder.preprocessing.size_px),
        viewed,
    )
    if device in ("auto", "cuda"):
        try:
            return _on_gpu(runtime)
        except EncoderError as error:
            reason = error.sentence
        if device == "cuda":
            raise EncoderError(say("The device cuda cannot be used: {reason}.", reason=reason))
        told = say("CUDA: {reason}", reason=reason)
        runtime = replace(runtime, passed_over=(told,))
        if has_nvidia_device():
            notice = say("A GPU was found, but {reason}; working on the CPU.", reason=reason)
            runtime = replace(runtime, notice=notice)
    if device in ("auto", "openvino"):
        try:
            return _by_openvino(runtime, only_if_faster=device == "auto")
        except EncoderError as error:
            reason = error.sentence
        if device == "openvino":
            raise EncoderError(say("The device openvino cannot be used: {reason}.", reason=reason))
        runtime = replace(runtime, passed_over=(*runtime.passed_over, reason))
    return runtime


def _on_gpu(runtime: EncoderRuntime) -> EncoderRuntime:
    """The same encoder on a GPU. Raises EncoderError: part of a sentence why it cannot be."""
    if not has_nvidia_device():
        raise EncoderError(say("no NVIDIA GPU was found"))
    parts = _parts_of(runtime)
    try:
        backend, is_approximate = _batched(
            parts, lambda batch: gpu.open_cuda_forward(parts, batch), runtime.backend
        )
        return replace(
            runtime,
            provider=gpu.CUDA_PROVIDER,
            device=say("NVIDIA GPU (onnxruntime)"),
            backend=backend,
            is_approximate=is_approximate,
        )
    except Exception as error:  # Whatever a broken driver stack raises, the CPU remains.
        unusable = first_line(error)
    try:
        backend, is_approximate = _batched(
            parts,
            lambda batch: gpu.open_torch_forward(runtime.encoder, parts, batch),
            runtime.backend,
        )
    except Exception as error:
        reason = say("onnxruntime cannot use the GPU ({why})", why=unusable)
        why = first_line(error)
        raise EncoderError(
            say("{reason}, and neither can torch ({why})", reason=reason, why=why)
        ) from error
    notice = say(
        "Onnxruntime cannot use the GPU ({why}); torch runs the encoder instead.", why=unusable
    )
    return replace(
        runtime,
        provider=_TORCH,
        device=say("NVIDIA GPU (torch)"),
        notice=notice,
        backend=backend,
        is_approximate=is_approximate,
    )


def _parts_of(runtime: EncoderRuntime) -> GraphParts:
    side = runtime.encoder.preprocessing.size_px
    return split(runtime.graph_path, side, viewed=runtime.is_viewed)


def _batched(
    parts: GraphParts, open_device: Callable[[int], Forward], on_cpu: _Backend
) -> tuple[BatchedBackend, bool]:
    """What embeds on a device, and whether only about as the CPU; raises whatever fails."""
    turns = threading.Semaphore(usable_cores())

    def in_turn(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        with turns:  # A GPU has more callers than there are cores.
            return on_cpu(pixels)

    backend = BatchedBackend(preparing(parts), open_device, lambda: in_turn, BATCH_SIZE)
    difference = largest_difference(backend, on_cpu)
    if backend.failure:
        raise EncoderError(backend.failure)
    if not difference <= LARGEST_ON_GPU:
        raise EncoderError(
            say("it gives other numbers, by {difference:.2g}", difference=difference)
        )
    return backend, not difference <= LARGEST_ON_CPU


def _by_openvino(runtime: EncoderRuntime, *, only_if_faster: bool) -> EncoderRuntime:
    """The same by OpenVINO. Raises EncoderError: part of a sentence why it cannot be."""
    if not openvino_backend.is_installed():
        raise EncoderError(say("OpenVINO is not installed (pip install handful[openvino])"))
    n_threads, folder = runtime.n_threads, runtime.graph_folder
    try:
        key = openvino_backend.verdict_key(runtime.graph_path, n_threads)
        verdict = openvino_backend.remembered(folder, key)
        if verdict is None or verdict.is_usable(only_if_faster):
            parts = _parts_of(runtime)
            backend = openvino_backend.OpenVinoBackend(parts, preparing(parts), n_threads)
            if verdict is None:
                verdict = openvino_backend.judged(backend, runtime.backend)
                openvino_backend.remember(folder, key, verdict)
            if verdict.is_usable(only_if_faster):
                return replace(
                    runtime,
                    provider=openvino_backend.PROVIDER,
                    device=say("{cpu}, OpenVINO", cpu=runtime.device),
                    backend=backend,
                )
    except Exception as error:  # Of whatever its plug-ins are made of.
        why = first_line(error)
        raise EncoderError(say("OpenVINO does not run here ({why})", why=why)) from error
    raise EncoderError(verdict.reason)


def _cpu_words(n_threads: int) -> Sentence:
    threads = say("1 thread") if n_threads == 1 else say("{n_threads} threads", n_threads=n_threads)
    return say("CPU, {threads}", threads=threads)


def _graph_of(encoder: Encoder, folder: Path, viewed: bool) -> Path:
    path = load_or_build_graph(encoder, folder)
    return load_or_build_viewed_graph(encoder, path, folder) if viewed else path


def usable_cores() -> int:
    """Cores this process may use, which containers and schedulers make fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_session(graph: Path | bytes, n_threads: int = 1) -> onnxruntime.InferenceSession:
    """A session on the CPU that does not spin beside a window."""
    onnxruntime.disable_telemetry_events()  # Builds for Windows tell Microsoft of their use.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # Never taken for onnxruntime's own format, whatever the bytes look like.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=[_CPU])


def _cpu_backend(graph_path: Path, side: int) -> _Backend:
    try:
        rest = graph_behind_resizing(graph_path.read_bytes(), side)
        if rest is not None:
            return _resizing_backend(cpu_session(rest), side)
        return _session_backend(cpu_session(graph_path))
    except Exception as error:  # onnxruntime has exception classes of its own per status code.
        raise EncoderError(
            say(
                "The encoder's graph {graph_path} cannot be loaded: {why}.",
                graph_path=graph_path,
                why=first_line(error),
            )
        ) from error


def preparing(parts: GraphParts) -> Prepare:
    """The preprocessing of an encoder's graph, on the thread that calls."""
    rest = graph_behind_resizing(parts.preprocessing, parts.side)
    session = cpu_session(parts.preprocessing if rest is None else rest)

    def prepare(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        fed = {INPUT_NAME: pixels[None]} if rest is None else {RESIZED: resize(pixels, parts.side)}
        outputs: list[NDArray[np.float32]] = session.run([NETWORK_INPUT], fed)
        return outputs[0]

    return prepare


def _session_backend(session: onnxruntime.InferenceSession) -> _Backend:
    def embed_one(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        outputs: list[NDArray[np.float32]] = session.run([OUTPUT_NAME], {INPUT_NAME: pixels[None]})
        rounded: NDArray[np.float16] = outputs[0][0].astype(np.float16)
        return rounded  # Exactly the graph's: it has rounded to half precision itself.

    return embed_one


def _resizing_backend(rest: onnxruntime.InferenceSession, side: int) -> _Backend:
    def embed_one(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        fed = {RESIZED: resize(pixels, side)}
        outputs: list[NDArray[np.float32]] = rest.run([OUTPUT_NAME], fed)
        rounded: NDArray[np.float16] = outputs[0][0].astype(np.float16)
        return rounded

    return embed_one
