"""The encoder as a file: weights, preprocessing and provenance in one safetensors file.

Never pickle: a safetensors file is a JSON header and plain numbers, so that opening a file from a
stranger runs none of its code. This module needs neither torch nor onnxruntime.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from engine.errors import EncoderError, sentence_for
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
_FORMAT_OF_PROJECTION: Final = "handful-encoder-2"
_FORMAT_OF_LIBRARY: Final = "handful-encoder-3"
_FORMATS: Final = (_FORMAT_OF_LAST, _FORMAT_OF_PROJECTION, _FORMAT_OF_LIBRARY)
_WEIGHTS_PREFIX: Final = "weights."
_FEATURE_MEAN: Final = "feature_mean"
_MATRIX: Final = "projection.matrix"
_OFFSET: Final = "projection.offset"
_PROBE: Final = "probe"

MAX_EMBEDDING_SIZE: Final = 1280
"""Numbers, of two bytes each: so that embeddings of a million images fit a desktop."""


class Fit(StrEnum):
    """How an image that is not square becomes the network's square input."""

    STRETCH = "stretch"


BILINEAR: Final = "bilinear, antialiased"
BICUBIC: Final = "bicubic, antialiased"
_RESAMPLINGS: Final = (BILINEAR, BICUBIC)


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


def shipped_encoder_path() -> Path:
    """The encoder file that comes with the program."""
    return Path(__file__).parents[2] / "assets" / "encoder.safetensors"


def load_encoder(path: Path) -> Encoder:
    """Read an encoder file.

    Raises:
        EncoderError: the file is missing, truncated, damaged, of another kind, or needs a newer
            program; the sentence names the file.
    """
    if path.is_dir():
        raise EncoderError(say("{path} is a folder; give the encoder file in it.", path=path))
    if not path.is_file():
        raise EncoderError(say("There is no encoder file {path}.", path=path))
    try:
        with safe_open(path, framework="numpy") as stored:
            header: dict[str, str] = stored.metadata() or {}
            if not header.get("format", "").startswith("handful-encoder-"):
                raise EncoderError(say("{path} is not an encoder of Handful.", path=path))
            if header["format"] not in _FORMATS:
                raise EncoderError(
                    say(
                        "{path} was made for another version of Handful (it says {found}, "
                        "this version reads {known}).",
                        path=path,
                        found=header["format"],
                        known=" and ".join(_FORMATS),
                    )
                )
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("read the encoder"))) from error
    except SafetensorError as error:
        raise EncoderError(
            say("{path} is damaged or is not an encoder of Handful.", path=path)
        ) from error
    try:
        encoder = _from_stored(header, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise EncoderError(
            say("{path} is damaged: its description cannot be read.", path=path)
        ) from error
    if encoder.network is None and encoder.architecture not in LAYER_SIZES:
        raise EncoderError(
            say(
                "{path} holds an encoder of the kind {architecture!r}, which this version of "
                "Handful does not know.",
                path=path,
                architecture=encoder.architecture,
            )
        )
    if encoder.projection is not None and not _fits(encoder.projection, encoder.architecture):
        raise EncoderError(
            say("{path} is damaged: its projection does not fit its network.", path=path)
        )
    if encoder.network is not None and not _is_consistent(encoder.network):
        raise EncoderError(
            say("{path} is damaged: its projection does not fit its network.", path=path)
        )
    if encoder.feature_mean.shape != (encoder.embedding_size,):
        raise EncoderError(
            say("{path} is damaged: its mean embedding has the wrong length.", path=path)
        )
    if encoder.fingerprint != header.get("fingerprint"):
        raise EncoderError(
            say("{path} is damaged: its contents do not match its fingerprint.", path=path)
        )
    return encoder


def encoder_from_weights(path: Path, name: str, provenance: str, licence: str) -> Encoder:
    """An encoder from bare torchvision weights (``features.*``) in a safetensors file.

    Its mean embedding is zero, which centres nothing: meta-training measures a new one.

    Raises:
        EncoderError: the file cannot be read or holds no such weights.
    """
    try:
        arrays = load_file(path)
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("read the weights"))) from error
    except SafetensorError as error:
        raise EncoderError(
            say("{path} is damaged or is no safetensors file.", path=path)
        ) from error
    weights = {
        key: array.astype(np.float32)
        for key, array in arrays.items()
        if key.startswith("features.") and not key.endswith(".num_batches_tracked")
    }
    if not weights:
        raise EncoderError(
            say("{path} holds no weights of a torchvision network (features.*).", path=path)
        )
    return Encoder(
        name=name,
        architecture=MOBILENET_V2,
        weights=MappingProxyType(weights),
        feature_mean=np.zeros(LAYER_SIZES[MOBILENET_V2][LAST_BLOCK[MOBILENET_V2]], np.float32),
        metadata=MappingProxyType({"provenance": provenance, "licence": licence}),
    )


def holds_bare_weights(path: Path) -> bool:
    """Whether a file holds torchvision weights (``features.*``) and is no encoder file."""
    try:
        with safe_open(path, framework="numpy") as stored:
            described = stored.metadata() or {}
            return "format" not in described or not described["format"].startswith("handful-")
    except (OSError, SafetensorError):
        return False


def open_encoder(path: Path, name: str = "", provenance: str = "", licence: str = "") -> Encoder:
    """An encoder from its file, or from bare weights as ``encoder_from_weights`` takes them.

    Args:
        path: of either.
        name: of the encoder that bare weights become; else the file's, without its ending. An
            encoder file has its own, and its own ``provenance`` and ``licence``.

    Raises:
        EncoderError: as ``load_encoder`` and ``encoder_from_weights``.
    """
    if holds_bare_weights(path):
        return encoder_from_weights(path, name or path.stem, provenance, licence)
    return load_encoder(path)


def save_encoder(encoder: Encoder, path: Path) -> None:
    """Write an encoder file whole or not at all.

    Raises:
        EncoderError: the file could not be written.
    """
    header = {
        "format": _format_of(encoder),
        "name": encoder.name,
        "architecture": encoder.architecture,
        "preprocessing": json.dumps(asdict(encoder.preprocessing), sort_keys=True),
        "metadata": json.dumps(dict(encoder.metadata), sort_keys=True, ensure_ascii=False),
        "fingerprint": encoder.fingerprint,
    }
    arrays = {
        _WEIGHTS_PREFIX + name: np.ascontiguousarray(array)
        for name, array in sorted(encoder.weights.items())
    }
    arrays[_FEATURE_MEAN] = np.ascontiguousarray(encoder.feature_mean)
    if encoder.projection is not None:
        header["projection"] = json.dumps(_described(encoder.projection))
        arrays[_MATRIX] = np.ascontiguousarray(encoder.projection.matrix)
        arrays[_OFFSET] = np.ascontiguousarray(encoder.projection.offset)
    if encoder.network is not None:
        header["network"] = json.dumps(_described_network(encoder.network))
        arrays[_PROBE] = np.ascontiguousarray(encoder.network.probe)
        if encoder.network.matrix is not None:
            arrays[_MATRIX] = np.ascontiguousarray(encoder.network.matrix)
    try:
        write_whole(path, save(arrays, metadata=header))
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("write the encoder"))) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside ``path``, sync it, rename it; raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _from_stored(header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> Encoder:
    described = json.loads(header["preprocessing"])
    metadata = json.loads(header["metadata"])
    if not isinstance(described, dict) or not isinstance(metadata, dict):
        raise TypeError("preprocessing and metadata must be objects")
    size_px = described["size_px"]
    if not isinstance(size_px, int) or not 1 <= size_px <= 4096:
        raise ValueError("size_px out of range")
    if described["resampling"] not in _RESAMPLINGS:
        raise ValueError("unknown resampling")
    if any(array.dtype != np.float32 for array in arrays.values()):
        raise TypeError("weights must be float32")
    return Encoder(
        name=header["name"],
        architecture=header["architecture"],
        weights=MappingProxyType(
            {
                name.removeprefix(_WEIGHTS_PREFIX): _read_only(array)
                for name, array in arrays.items()
                if name.startswith(_WEIGHTS_PREFIX)
            }
        ),
        feature_mean=_read_only(arrays[_FEATURE_MEAN]),
        preprocessing=Preprocessing(
            size_px=size_px,
            fit=Fit(described["fit"]),
            resampling=str(described["resampling"]),
            mean=_three(described["mean"]),
            std=_three(described["std"]),
        ),
        metadata=MappingProxyType(metadata),
        projection=_stored_projection(header, arrays),
        network=_stored_network(header, arrays),
    )


def _stored_projection(
    header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]
) -> Projection | None:
    if header["format"] != _FORMAT_OF_PROJECTION:
        return None
    described = json.loads(header["projection"])
    return Projection(
        taps=tuple(int(tap) for tap in described["taps"]),
        matrix=_read_only(arrays[_MATRIX]),
        offset=_read_only(arrays[_OFFSET]),
        parts=tuple(int(part) for part in described["parts"]),
    )


def _stored_network(
    header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]
) -> LibraryNetwork | None:
    if header["format"] != _FORMAT_OF_LIBRARY:
        return None
    described = json.loads(header["network"])
    return LibraryNetwork(
        library=str(described["library"]),
        model=str(described["model"]),
        version=str(described["version"]),
        n_features=int(described["n_features"]),
        is_rooted=bool(described["is_rooted"]),
        matrix=_read_only(arrays[_MATRIX]) if _MATRIX in arrays else None,
        probe=_read_only(arrays[_PROBE]),
    )


def _is_consistent(network: LibraryNetwork) -> bool:
    matrix, size = network.matrix, network.embedding_size
    return (
        1 <= size <= MAX_EMBEDDING_SIZE
        and network.probe.shape == (size,)
        and (matrix is None or (matrix.ndim == 2 and len(matrix) == network.n_features))
    )


def _described_network(network: LibraryNetwork) -> dict[str, Any]:
    return {
        "library": network.library,
        "model": network.model,
        "version": network.version,
        "n_features": network.n_features,
        "is_rooted": network.is_rooted,
        "embedding_size": network.embedding_size,
    }


def _fits(projection: Projection, architecture: str) -> bool:
    if projection.offset.ndim != 1:
        return False
    sizes, size = LAYER_SIZES[architecture], len(projection.offset)
    return (
        bool(projection.taps)
        and len(set(projection.taps)) == len(projection.taps)
        and all(tap in sizes for tap in projection.taps)
        and 1 <= size <= MAX_EMBEDDING_SIZE
        and projection.matrix.shape == (sum(sizes[tap] for tap in projection.taps), size)
        and projection.parts[:1] == (0,)
        and all(a < b for a, b in zip(projection.parts, (*projection.parts[1:], size), strict=True))
    )


def _described(projection: Projection) -> dict[str, list[int]]:
    return {"taps": list(projection.taps), "parts": list(projection.parts)}


def _format_of(encoder: Encoder) -> str:
    if encoder.network is not None:
        return _FORMAT_OF_LIBRARY
    return _FORMAT_OF_LAST if encoder.projection is None else _FORMAT_OF_PROJECTION


def _three(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


def _read_only(array: NDArray[Any]) -> NDArray[np.float32]:
    array.flags.writeable = False
    return array


def _fingerprint(encoder: Encoder) -> str:
    digest = hashlib.sha256()
    projection = encoder.projection
    described: dict[str, Any] = {
        "format": _format_of(encoder),
        "architecture": encoder.architecture,
        "preprocessing": asdict(encoder.preprocessing),
        "embedding": _RULE_OF_LAST if projection is None else _RULE_OF_PROJECTION,
    }
    arrays = dict(encoder.weights)
    if projection is not None:
        described["projection"] = _described(projection)
        arrays[_MATRIX], arrays[_OFFSET] = projection.matrix, projection.offset
    if encoder.network is not None:
        # Not the library's version: another one that gives the same numbers is the same encoder.
        described |= {
            "embedding": _RULE_OF_FEATURES,
            "n_features": encoder.network.n_features,
            "is_rooted": encoder.network.is_rooted,
        }
        if encoder.network.matrix is not None:
            arrays[_MATRIX] = encoder.network.matrix
    digest.update(json.dumps(described, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        # Little-endian whatever the machine, as in the file.
        little_endian = np.ascontiguousarray(array, dtype="<f4")
        digest.update(f"\n{name} {list(array.shape)}\n".encode())
        digest.update(little_endian.tobytes())
    return digest.hexdigest()
