"""The encoder on an NVIDIA GPU: by onnxruntime's CUDA provider, or by torch where that fails.

In float32 without TF32's shortened factors, so that what a GPU embeds and what a CPU embeds may
lie in one cache. float32 is enough: images come no faster than the cores of the CPU decode them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.batches import Forward, SessionForward
from engine.encoder.description import Encoder
from engine.encoder.parts import GraphParts
from engine.errors import EncoderError
from engine.words import say

CUDA_PROVIDER: Final = "CUDAExecutionProvider"
_CPU_PROVIDER: Final = "CPUExecutionProvider"
_NOTHING_LOGGED: Final = 4  # A lack of memory is handled; a person's terminal need not hear of it.
_LARGEST_ARENA_BYTES: Final = 8 << 30


def arena_options() -> dict[str, str]:
    """For the CUDA provider: full precision, and at most half of the memory that is free."""
    import torch

    torch.cuda.empty_cache()
    free_bytes, _ = torch.cuda.mem_get_info()
    return {
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "gpu_mem_limit": str(min(_LARGEST_ARENA_BYTES, free_bytes // 2)),
        "use_tf32": "0",
    }


def open_cuda_forward(parts: GraphParts, batch_size: int) -> Forward:
    """A forward pass by onnxruntime's CUDA provider, tried once.

    It takes at most half of the memory that is free, and 8 GB: others draw and train there, too.

    Raises:
        EncoderError: torch or the provider sees no device; and whatever onnxruntime raises.
    """
    import torch  # Before preload_dlls(): it brings the CUDA libraries that are then shared.

    if not torch.cuda.is_available():
        raise EncoderError(say("torch sees no CUDA device"))
    onnxruntime.preload_dlls()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _NOTHING_LOGGED
    session = onnxruntime.InferenceSession(
        parts.network, options, providers=[(CUDA_PROVIDER, arena_options()), _CPU_PROVIDER]
    )
    if session.get_providers()[0] != CUDA_PROVIDER:  # onnxruntime falls back without a word.
        raise EncoderError(say("its CUDA provider did not load"))
    return SessionForward(session, parts, batch_size)


class TorchForward:
    """The forward pass by torch, from pinned memory."""

    def __init__(self, network: Any, device: str, parts: GraphParts, batch_size: int) -> None:
        """Runs it once, so that a lack of memory shows at once.

        Args:
            network: of ``network.build_embedder``, on the device.
            device: as torch names it.
            parts: of the encoder's graph, for the shape of its input.
        """
        import torch

        self._network = network
        self._device = device
        shape = parts.n_views, batch_size, 3, parts.side, parts.side
        self._pinned = torch.zeros(shape, pin_memory=device != "cpu")
        self.rows = self._pinned.numpy()
        if device != "cpu":
            torch.cuda.empty_cache()  # Of a larger batch that did not fit, say.
        self()

    def __call__(self) -> NDArray[np.float16]:
        import torch

        n_views, batch_size = self.rows.shape[:2]
        cudnn = torch.backends.cudnn
        with (
            torch.inference_mode(),
            cudnn.flags(
                enabled=cudnn.enabled,
                benchmark=cudnn.benchmark,
                deterministic=cudnn.deterministic,
                allow_tf32=False,
            ),
        ):
            found = self._network(self._pinned.flatten(0, 1).to(self._device, non_blocking=True))
            mean = found.reshape(n_views, batch_size, -1).mean(dim=0)
            half: NDArray[np.float16] = mean.to(torch.float16).cpu().numpy()
        return half


def open_torch_forward(
    encoder: Encoder, parts: GraphParts, batch_size: int, device: str = "cuda"
) -> Forward:
    """A forward pass by torch, tried once.

    Raises:
        EncoderError: the encoder's library is missing; and whatever torch raises.
    """
    from engine.encoder.network import build_embedder

    network = build_embedder(encoder).to(device).eval()
    return TorchForward(network, device, parts, batch_size)
