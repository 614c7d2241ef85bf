"""Runs an encoder's graph on real pixels, on the best device that really works.

On the CPU every thread of the embedding pool runs the graph for one image at a time, on itself:
decoding and forward passes then overlap without a hand-over, images of different sizes need no
batch, and MobileNetV2 is as fast per image alone as in batches (measured).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.description import Encoder
from engine.encoder.devices import has_nvidia_device
from engine.encoder.graph import load_or_build_graph
from engine.encoder.views import VIEWS, cut, load_or_build_viewed_graph
from engine.errors import EncoderError
from engine.words import NOTHING, Sentence, say

_CPU: Final = "CPUExecutionProvider"
_CUDA: Final = "CUDAExecutionProvider"
_ERRORS_ONLY: Final = 3  # onnxruntime's log level; its warnings would go to a person's terminal.

DEVICES: Final = ("auto", "cpu", "cuda")


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
        provider: the onnxruntime provider in use, or "torch" where torch does the work.
        device: what a person reads, as in "CPU, 2 threads".
        notice: one sentence if a better device was found but cannot be used, else empty.
        n_threads: how many threads are worth calling from.
        is_viewed: whether an embedding is the mean over ``views.VIEWS``.
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

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """The embedding (embedding_size,) of one RGB image (height, width, 3) of any size."""
        return self.backend(pixels)

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
        cache_folder: where graphs of other encoders than the shipped one are kept.
        device: "auto" takes a CUDA device where one works and the CPU otherwise.
        viewed: embed the mean over several views of an image.

    Raises:
        EncoderError: the graph cannot be had; or "cuda" was asked for and does not work.
    """
    graph_path = _graph_of(encoder, cache_folder, viewed)
    n_threads = usable_cores()
    notice = NOTHING
    if device != "cpu":
        reason = say("no NVIDIA GPU was found")
        if has_nvidia_device():
            try:
                backend = _cuda_backend(graph_path)
                return EncoderRuntime(
                    encoder,
                    graph_path,
                    cache_folder,
                    _CUDA,
                    say("NVIDIA GPU (onnxruntime)"),
                    NOTHING,
                    n_threads,
                    backend,
                    viewed,
                )
            except Exception as error:  # Whatever a broken driver stack raises, the CPU remains.
                unusable = _first_line(error)
                reason = say("onnxruntime cannot use the GPU ({why})", why=unusable)
            try:
                torch_backend = _torch_backend(encoder, "cuda", viewed)
                notice = say(
                    "Onnxruntime cannot use the GPU ({why}); torch runs the encoder instead.",
                    why=unusable,
                )
                return EncoderRuntime(
                    encoder,
                    graph_path,
                    cache_folder,
                    "torch",
                    say("NVIDIA GPU (torch)"),
                    notice,
                    n_threads,
                    torch_backend,
                    viewed,
                )
            except Exception as error:
                reason = say(
                    "{reason}, and neither can torch ({why})",
                    reason=reason,
                    why=_first_line(error),
                )
            notice = say("A GPU was found, but {reason}; working on the CPU.", reason=reason)
        if device == "cuda":
            raise EncoderError(say("The device cuda cannot be used: {reason}.", reason=reason))
    threads = say("1 thread") if n_threads == 1 else say("{n_threads} threads", n_threads=n_threads)
    return EncoderRuntime(
        encoder,
        graph_path,
        cache_folder,
        _CPU,
        say("CPU, {threads}", threads=threads),
        notice,
        n_threads,
        _cpu_backend(graph_path),
        viewed,
    )


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
    # Never taken for onnxruntime's own format, whatever the bytes look like.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=[_CPU])


def _cpu_backend(graph_path: Path) -> _Backend:
    try:
        session = cpu_session(graph_path)
    except Exception as error:  # onnxruntime has exception classes of its own per status code.
        raise EncoderError(
            say(
                "The encoder's graph {graph_path} cannot be loaded: {why}.",
                graph_path=graph_path,
                why=_first_line(error),
            )
        ) from error
    return _session_backend(session)


def _cuda_backend(graph_path: Path) -> _Backend:
    import torch  # Before preload_dlls(): it brings the CUDA libraries that are then shared.

    if not torch.cuda.is_available():
        raise EncoderError(say("torch sees no CUDA device"))
    onnxruntime.preload_dlls()
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    cuda = {
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    session = onnxruntime.InferenceSession(
        str(graph_path), options, providers=[(_CUDA, cuda), _CPU]
    )
    if session.get_providers()[0] != _CUDA:  # onnxruntime falls back without a word.
        raise EncoderError(say("its CUDA provider did not load"))
    backend = _session_backend(session)
    backend(np.zeros((64, 48, 3), np.uint8))
    return backend


def _session_backend(session: onnxruntime.InferenceSession) -> _Backend:
    def embed_one(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        outputs: list[NDArray[np.float32]] = session.run(["embedding"], {"image": pixels[None]})
        rounded: NDArray[np.float16] = outputs[0][0].astype(np.float16)
        return rounded  # Exactly the graph's: it has rounded to half precision itself.

    return embed_one


def _torch_backend(encoder: Encoder, device: str, viewed: bool) -> _Backend:
    from engine.encoder.network import build_embedder, embed

    network = build_embedder(encoder).to(device).eval()

    def embed_one(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        # A copy: torch warns of arrays that cannot be written, as decoded pixels are.
        seen = [cut(pixels, view).copy() for view in VIEWS] if viewed else [pixels.copy()]
        embedding = embed(network, seen, encoder.preprocessing).mean(axis=0)
        rounded: NDArray[np.float16] = embedding.astype(np.float16)
        return rounded

    embed_one(np.zeros((64, 48, 3), np.uint8))
    return embed_one


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
