"""What an encoder is: a network's weights, how it is fed, and how its embedding is made.

This module needs neither torch nor onnxruntime; ``encoder_file`` reads and writes the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.words import NOTHING, Sentence, say

MOBILENET_V2: Final = "mobilenet_v2"
LAYER_SIZES: Final[Mapping[str, Mapping[int, int]]] = MappingProxyType(
    {
        MOBILENET_V2: MappingProxyType(
            {
                **dict.fromkeys((2,), 96),
                **dict.fromkeys((3, 4), 144),
                **dict.fromkeys((5, 6, 7), 192),
                **dict.fromkeys((8, 9, 10, 11), 384),
                **dict.fromkeys((12, 13, 14), 576),
                **dict.fromkeys((15, 16, 17), 960),
                18: 1280,
            }
        )
    }
)
"""The architectures that this version can build: block -> channels of the activation in it.

That of a block with an inverted residual is the output of its depthwise convolution, that of the
last block its output; both after the ReLU6, so 0 to 6.
"""
LAST_BLOCK: Final[Mapping[str, int]] = MappingProxyType({MOBILENET_V2: 18})
# What the embedding is made from; part of the fingerprint, as the format is.
_RULE_OF_LAST: Final = "sqrt of the pooled last activation, rounded to float16"
_RULE_OF_PROJECTION: Final = (
    "sqrt of the pooled activations of several blocks, times a matrix, plus an offset, divided by "
    "its length, rounded to float16"
)
_RULE_OF_FEATURES: Final = (
    "pooled features, their roots where they are never negative, times the matrix where there is "
    "one, divided by their length, rounded to float16"
)
_FORMAT_OF_LAST: Final = "handful-encoder-1"
FORMAT_OF_PROJECTION: Final = "handful-encoder-2"
FORMAT_OF_LIBRARY: Final = "handful-encoder-3"
FORMATS: Final = (_FORMAT_OF_LAST, FORMAT_OF_PROJECTION, FORMAT_OF_LIBRARY)
MATRIX: Final = "projection.matrix"
OFFSET: Final = "projection.offset"
MAX_EMBEDDING_SIZE: Final = 1280
"""Numbers, of two bytes each: so that embeddings of a million images fit a desktop."""


class Fit(StrEnum):
    """How an image that is not square becomes the network's square input."""

    STRETCH = "stretch"


BILINEAR: Final = "bilinear, antialiased"
BICUBIC: Final = "bicubic, antialiased"
RESAMPLINGS: Final = (BILINEAR, BICUBIC)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a decoded RGB image, uint8, becomes the network's input.

    The image is resampled to ``size_px`` x ``size_px``, divided by 255, ``mean`` is subtracted and
    the result divided by ``std``, each per channel. The resampling is antialiased: when the image
    shrinks, the filter widens with the scale (Pillow's rule, torch's ``antialias=True``, ONNX's
    ``antialias=1, exclude_outside=1``), without rounding to 8 bits. What the bicubic filter (a =
    -0.5, as Pillow's) gives beyond [0, 255] is cut off there.
    """

    size_px: int = 224
    fit: Fit = Fit.STRETCH
    resampling: str = BILINEAR
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """How the pooled activations of several blocks become one embedding.

    With u the square roots of the pooled activations, block after block: y = u @ matrix + offset,
    and the embedding is y / |y|. Both are signed.

    Attributes:
        taps: the blocks whose activations are pooled, keys of ``LAYER_SIZES``, in u's order.
        matrix: (n_pooled, embedding_size) float32.
        offset: (embedding_size,) float32.
        parts: where in the embedding a part begins that speaks for other layers than the parts
            before it; ascending, the first is 0.
    """

    taps: tuple[int, ...]
    matrix: NDArray[np.float32]
    offset: NDArray[np.float32]
    parts: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, eq=False)
class LibraryNetwork:
    """A network that a library defines by name, and how its features become the embedding.

    With f the features that it pools before its classifier, and u their square roots where
    ``is_rooted``, else f itself: y = u @ matrix, or u where there is no matrix, and the embedding
    is y / |y|.

    Attributes:
        library: "timm" or "torchvision".
        model: the network's name there.
        version: of the library that it was made with. Another version may build it, too: ``probe``
            tells whether it is still the same network.
        n_features: the length of f.
        is_rooted: whether f is never negative, as behind a ReLU.
        matrix: (n_features, MAX_EMBEDDING_SIZE) float32 with orthonormal columns, drawn once from
            a fixed seed, so that distances stay about what they are; None where f is short enough.
        probe: (embedding_size,) float32, unrounded, what torch made of ``graph.probe_image()``.
    """

    library: str
    model: str
    version: str
    n_features: int
    is_rooted: bool
    matrix: NDArray[np.float32] | None
    probe: NDArray[np.float32]

    @property
    def embedding_size(self) -> int:
        return self.n_features if self.matrix is None else self.matrix.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """A network that turns an image into an embedding, and all that is needed to run it.

    Attributes:
        name: what a person reads.
        architecture: a key of ``LAYER_SIZES``; of a library's network "LIBRARY:MODEL".
        weights: parameter name -> float32 array, the library's names (MobileNetV2's are
            torchvision's, ``features.*``), without those of a classifier.
        feature_mean: (embedding_size,) float32, the mean embedding over the training images.
        preprocessing: how pixels become the network's input.
        metadata: free JSON values: provenance, licence, meta-training record.
        projection: how pooled activations become the embedding; None where it is the square root
            of the last one, as in files of the first format, and where there is a ``network``.
        network: where it is another than those of ``LAYER_SIZES``, what it is.
        fingerprint: 64 hexadecimal digits over architecture, weights, preprocessing, embedding
            rule and projection: everything that an embedding depends on, and nothing else.
    """

    name: str
    architecture: str
    weights: Mapping[str, NDArray[np.float32]]
    feature_mean: NDArray[np.float32]
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    projection: Projection | None = None
    network: LibraryNetwork | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", _fingerprint(self))

    @property
    def embedding_size(self) -> int:
        if self.network is not None:
            return self.network.embedding_size
        if self.projection is not None:
            return len(self.projection.offset)
        return LAYER_SIZES[self.architecture][LAST_BLOCK[self.architecture]]

    @property
    def emits_roots(self) -> bool:
        """Whether an embedding is the root of the pooled last activation and nothing more."""
        return self.projection is None and self.network is None

    @property
    def training_refusal(self) -> Sentence:
        """Why it can be neither fine-tuned nor meta-trained, one sentence; empty where it can."""
        if self.network is None:
            return NOTHING
        return say(
            "Only encoders of Handful's own architecture can be trained; {name} is a network of "
            "{library}.",
            name=self.name,
            library=self.network.library,
        )


def described_projection(projection: Projection) -> dict[str, list[int]]:
    return {"taps": list(projection.taps), "parts": list(projection.parts)}


def format_of(encoder: Encoder) -> str:
    if encoder.network is not None:
        return FORMAT_OF_LIBRARY
    return _FORMAT_OF_LAST if encoder.projection is None else FORMAT_OF_PROJECTION


def _fingerprint(encoder: Encoder) -> str:
    digest = hashlib.sha256()
    projection = encoder.projection
    described: dict[str, Any] = {
        "format": format_of(encoder),
        "architecture": encoder.architecture,
        "preprocessing": asdict(encoder.preprocessing),
        "embedding": _RULE_OF_LAST if projection is None else _RULE_OF_PROJECTION,
    }
    arrays = dict(encoder.weights)
    if projection is not None:
        described["projection"] = described_projection(projection)
        arrays[MATRIX], arrays[OFFSET] = projection.matrix, projection.offset
    if encoder.network is not None:
        # Not the library's version: another one that gives the same numbers is the same encoder.
        described |= {
            "embedding": _RULE_OF_FEATURES,
            "n_features": encoder.network.n_features,
            "is_rooted": encoder.network.is_rooted,
        }
        if encoder.network.matrix is not None:
            arrays[MATRIX] = encoder.network.matrix
    digest.update(json.dumps(described, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        # Little-endian whatever the machine, as in the file.
        little_endian = np.ascontiguousarray(array, dtype="<f4")
        digest.update(f"\n{name} {list(array.shape)}\n".encode())
        digest.update(little_endian.tobytes())
    return digest.hexdigest()
