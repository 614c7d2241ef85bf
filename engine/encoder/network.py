"""The encoder as a torch module: for meta-training, for a GPU, and as the source of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize
from torchvision.models import mobilenet_v2  # type: ignore[import-untyped]  # It has no types.
from torchvision.models.mobilenetv2 import InvertedResidual  # type: ignore[import-untyped]

from engine.encoder.description import BICUBIC, MOBILENET_V2, Encoder, Preprocessing, Projection
from engine.errors import EncoderError
from engine.words import say

_MAY_BE_MISSING: Final = ".num_batches_tracked"


class Network(nn.Module):
    """A trunk of convolutions, and what makes the embedding from its pooled activations.

    ``features`` is the trunk, a sequence of blocks. It stays in ``eval()`` mode always: the batch
    norms of the shipped weights are folded into the convolutions and left as identities, and in
    ``train()`` mode they would normalise afresh. ``train()`` is therefore without effect here;
    gradients flow all the same.
    """

    offset: Tensor

    def __init__(self, features: nn.Sequential, projection: Projection | None = None) -> None:
        """Without a projection the embedding is the root of the pooled last activation."""
        super().__init__()
        self.features = features
        self.taps = () if projection is None else projection.taps
        if projection is not None:
            # Buffers: they move to a device with the network, and are not trained by episodes.
            self.register_buffer("offset", torch.from_numpy(np.array(projection.offset)))
            # Part by part, without the rows of layers that a part does not see: reading the
            # matrix is what the projection costs.
            for number, rows in enumerate(_rows_of_parts(projection)):
                self.register_buffer(f"matrix{number}", torch.from_numpy(rows))
        super().train(False)

    def train(self, mode: bool = True) -> Network:
        """Stay in evaluation mode, whatever is asked."""
        return self

    def forward(self, pixels: Tensor) -> Tensor:
        """Embeddings (n, embedding_size) of preprocessed images (n, 3, size, size), unrounded."""
        if not self.taps:
            return embedding_of(self.features(pixels))
        roots = pooled_roots(self.features, self.taps, pixels)
        matrices = [
            buffer for name, buffer in self.named_buffers(recurse=False) if name != "offset"
        ]
        parts = [roots[:, : len(matrix)] @ matrix for matrix in matrices]
        return normalize(torch.cat(parts, 1) + self.offset)


def _rows_of_parts(projection: Projection) -> list[NDArray[np.float32]]:
    """Each part's columns of the matrix, up to the last row that is not zero."""
    parts = np.split(projection.matrix, projection.parts[1:], axis=1)
    return [np.array(part[: np.flatnonzero(part.any(1))[-1:].sum() + 1]) for part in parts]


def pooled_roots(features: nn.Sequential, taps: Sequence[int], pixels: Tensor) -> Tensor:
    """Square roots of the pooled activations of the blocks ``taps``, side by side, in that order.

    Args:
        features: the trunk.
        taps: keys of ``LAYER_SIZES``.
        pixels: preprocessed images (n, 3, h, w).
    """
    roots, _ = roots_by_tap(features, taps, pixels)
    return torch.cat([roots[tap] for tap in taps], 1)


def roots_by_tap(
    blocks: nn.Sequential, taps: Sequence[int], activation: Tensor, first: int = 0
) -> tuple[dict[int, Tensor], Tensor]:
    """The roots (n, d) of those ``taps`` that are among ``blocks``, and what the last block gives.

    Args:
        blocks: part of a trunk.
        taps: as in ``pooled_roots``.
        activation: what the first of the blocks is given.
        first: its number in the trunk.
    """
    roots: dict[int, Tensor] = {}
    for number, block in enumerate(blocks, first):
        if number in taps and isinstance(block, InvertedResidual):
            layers = block.conv  # [Expand,] depthwise, project, norm.
            inner = layers[:-2](activation)
            roots[number] = embedding_of(inner)
            projected = layers[-2:](inner)
            activation = activation + projected if block.use_res_connect else projected
        else:
            activation = block(activation)
            if number in taps:
                roots[number] = embedding_of(activation)
    return roots, activation


def embedding_of(activation: Tensor) -> Tensor:
    """sqrt of the spatial mean of an activation (n, d, h, w) >= 0, exact in value.

    The derivative of the square root is infinite at 0, and units that are silent everywhere are
    common after ReLU6; they get the gradient 0.
    """
    pooled = activation.mean((2, 3))
    if not torch.is_grad_enabled():
        return pooled.sqrt()
    silent = pooled <= 0
    return torch.where(silent, 0.0, torch.where(silent, 1.0, pooled).sqrt())


def build_embedder(encoder: Encoder) -> nn.Module:
    """The encoder's network, whichever it is, on the CPU, float32, in evaluation mode.

    It gives embeddings (n, embedding_size), unrounded, of preprocessed images (n, 3, size, size).

    Raises:
        EncoderError: the library that defines it is not installed or no longer knows it, or the
            weights do not fit it.
    """
    if encoder.network is None:
        return build_network(encoder)
    from engine.encoder.library_network import build_library_network

    return build_library_network(encoder)


def build_network(encoder: Encoder) -> Network:
    """The network of Handful's own architecture with its weights, as :func:`build_embedder`.

    Raises:
        EncoderError: it is another network, or weights are missing, unknown or of another shape.
    """
    if encoder.training_refusal:
        raise EncoderError(encoder.training_refusal)
    if encoder.architecture != MOBILENET_V2:
        raise EncoderError(
            say(
                "This version cannot build a network of kind {architecture!r}.",
                architecture=encoder.architecture,
            )
        )
    features = mobilenet_v2(weights=None).features
    state = {
        name.removeprefix("features."): torch.from_numpy(np.array(array))
        for name, array in encoder.weights.items()
    }
    try:
        missing, unknown = features.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise EncoderError(
            say("The weights of {name!r} do not fit their network.", name=encoder.name)
        ) from error
    missing = [name for name in missing if not name.endswith(_MAY_BE_MISSING)]
    if missing or unknown:
        named = (missing + list(unknown))[0]
        raise EncoderError(
            say(
                "The weights of {name!r} do not fit their network: {n_missing} are missing "
                "and {n_unknown} are unknown, {named!r} among them.",
                name=encoder.name,
                n_missing=len(missing),
                n_unknown=len(unknown),
                named=named,
            )
        )
    return Network(features, encoder.projection)


def weights_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """The network's weights as an encoder file holds them; the inverse of ``build_network``."""
    return {
        f"features.{name}": tensor.detach().cpu().numpy().astype(np.float32)
        for name, tensor in network.features.state_dict().items()
        if not name.endswith(_MAY_BE_MISSING)
    }


def preprocess(image: Tensor, preprocessing: Preprocessing) -> Tensor:
    """One image (height, width, 3) uint8 RGB -> (3, size, size) float32, as in the graph."""
    pixels = image.permute(2, 0, 1).unsqueeze(0).to(torch.float32)
    size = (preprocessing.size_px, preprocessing.size_px)
    is_cubic = preprocessing.resampling == BICUBIC
    mode = "bicubic" if is_cubic else "bilinear"
    resized = interpolate(pixels, size, mode=mode, align_corners=False, antialias=True)
    if is_cubic:
        resized = resized.clamp(0.0, 255.0)
    return normalise_pixels(resized, preprocessing)[0]


def normalise_pixels(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Pixels (n, 3, h, w) in [0, 255] -> the network's input."""
    mean = pixels.new_tensor(preprocessing.mean).view(3, 1, 1) * 255
    std = pixels.new_tensor(preprocessing.std).view(3, 1, 1) * 255
    return (pixels - mean) / std


@torch.inference_mode()
def embed(
    network: nn.Module, images: Sequence[NDArray[np.uint8]], preprocessing: Preprocessing
) -> NDArray[np.float32]:
    """Embeddings (n, embedding_size) float32 of RGB images (height, width, 3) uint8 of any size.

    Unrounded: the graph's output is this, rounded to float16. Runs on the network's device.
    """
    device = next(network.parameters()).device
    batch = [preprocess(torch.from_numpy(image).to(device), preprocessing) for image in images]
    embeddings: NDArray[np.float32] = network(torch.stack(batch)).cpu().numpy()
    return embeddings
