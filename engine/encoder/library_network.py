"""Networks of timm and torchvision as encoders: features, roots, projection, length one."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.encoder import libraries
from engine.encoder.description import MAX_EMBEDDING_SIZE, Encoder, LibraryNetwork, Preprocessing
from engine.encoder.download import hash_of
from engine.encoder.graph import probe_image
from engine.encoder.libraries import UNKNOWN_LICENCE, NamedNetwork
from engine.encoder.network import embed, preprocess
from engine.errors import EncoderError, sentence_for
from engine.words import say

LARGEST_BYTES: Final = 1_900_000_000
"""Of weights: a graph is one file, and no such file may have more than 2 GB."""

_SEED: Final = 20240611  # Of the projection; never to be changed, encoders hold what came of it.
# Where training programs keep the weights within what they save; better ones first.
_PLACES_OF_WEIGHTS: Final = (
    *("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model"),
)
_PREFIXES: Final = ("module.", "_orig_mod.")


class EmbeddingNetwork(nn.Module):
    """A library's network without its classifier, and what makes the embedding of its features."""

    matrix: Tensor | None

    def __init__(
        self, trunk: nn.Module, *, is_rooted: bool, matrix: NDArray[np.float32] | None
    ) -> None:
        """See :class:`engine.encoder.description.LibraryNetwork`."""
        super().__init__()
        self.trunk = trunk
        self.is_rooted = is_rooted
        given = None if matrix is None else torch.from_numpy(np.array(matrix))
        self.register_buffer("matrix", given)
        self.eval()

    def forward(self, pixels: Tensor) -> Tensor:
        """Embeddings (n, embedding_size), unrounded, of preprocessed images (n, 3, size, size)."""
        features: Tensor = self.trunk(pixels).flatten(1)
        if self.is_rooted:
            features = features.clamp(min=0.0).sqrt()
        if self.matrix is not None:
            features = features @ self.matrix
        return normalize(features)


def build_library_network(encoder: Encoder) -> EmbeddingNetwork:
    """The network of an encoder that has a ``network``, with its weights, on the CPU.

    Raises:
        EncoderError: its library is missing or cannot build it, or the weights do not fit.
    """
    network = encoder.network
    if network is None:
        raise ValueError(f"{encoder.name} is of Handful's own architecture")
    trunk = libraries.structure(network.library, network.model, encoder.preprocessing.size_px)
    try:
        libraries.load_floats(
            trunk,
            {name: torch.from_numpy(np.array(item)) for name, item in encoder.weights.items()},
        )
    except RuntimeError as error:
        raise EncoderError(
            say(
                "The weights of {name!r} do not fit the {model} of the {library} that is "
                "installed; they were made with version {version}.",
                name=encoder.name,
                model=network.model,
                library=network.library,
                version=network.version,
            )
        ) from error
    return EmbeddingNetwork(trunk, is_rooted=network.is_rooted, matrix=network.matrix)


def make_encoder(network: NamedNetwork, weights: Path, source: str = "") -> Encoder:
    """An encoder of a library's network with weights from a file. Takes seconds.

    Args:
        weights: as its library publishes them, or of the same network trained on other classes;
            safetensors, or a torch file that holds tensors only.
        source: where the library publishes these weights; empty where they are a person's own,
            of whose licence the library knows nothing.

    Raises:
        EncoderError: the file cannot be read, holds other weights, or the network gives no
            features of an image that could be used.
    """
    state = read_weights(weights)
    try:
        trunk = libraries.trunk_with(network, state)
    except EncoderError as error:
        raise EncoderError(
            say("{path} holds other weights: {error}.", path=weights, error=error)
        ) from error
    del state
    if sum(tensor.nbytes for tensor in trunk.state_dict().values()) > LARGEST_BYTES:
        raise EncoderError(
            say(
                "{name} is too large: its weights take more than {limit:.1f} GB, which does not go "
                "into one graph.",
                name=network.name,
                limit=LARGEST_BYTES / 1e9,
            )
        )
    features = _features_of_probes(trunk, network)
    is_rooted = bool((features >= 0).all())
    n_features = features.shape[1]
    matrix = None if n_features <= MAX_EMBEDDING_SIZE else _projection(n_features)
    module = EmbeddingNetwork(trunk, is_rooted=is_rooted, matrix=matrix)
    probe = embed(module, [probe_image()], network.preprocessing)[0]
    if not np.isfinite(probe).all() or not np.linalg.norm(probe) > 0:
        raise EncoderError(
            say(
                "{name} gives no usable features with the weights {path}.",
                name=network.name,
                path=weights,
            )
        )
    name, licence = network.model, network.licence
    if not source:
        name = f"{network.model.partition('.')[0]} with {weights.stem}"
        licence = f"{UNKNOWN_LICENCE} ({weights.name}; published weights: {network.licence})"
    return Encoder(
        name=f"{name} ({network.library})",
        architecture=network.name,
        weights=MappingProxyType(
            {
                name: tensor.to(torch.float32).numpy().copy()
                for name, tensor in libraries.floats_of(trunk).items()
            }
        ),
        feature_mean=np.zeros(len(probe), np.float32),
        preprocessing=network.preprocessing,
        metadata=MappingProxyType(
            {
                "provenance": source or f"given by a person as {weights.name}",
                "licence": licence,
                "weights_sha256": hash_of(weights),
            }
        ),
        network=LibraryNetwork(
            library=network.library,
            model=network.model,
            version=network.version,
            n_features=n_features,
            is_rooted=is_rooted,
            matrix=matrix,
            probe=probe,
        ),
    )


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors or torch file by name; float32 where they are floats.

    What training programs put around them (a dictionary, a prefix) is taken off.

    Raises:
        EncoderError: the file cannot be read, or holds anything but tensors, which to open would
            be to run a stranger's code.
    """
    if not path.is_file():
        raise EncoderError(say("There is no file {path}.", path=path))
    try:
        held: Any
        if path.suffix.lower() == ".safetensors":
            held = load_file(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # What cannot be read raises.
                held = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise EncoderError(
            say("{path} is damaged or is no safetensors file.", path=path)
        ) from error
    except pickle.UnpicklingError as error:
        raise EncoderError(
            say(
                "{path} holds more than weights or is no torch file, so Handful does not open it; "
                "save the weights alone, best as safetensors.",
                path=path,
            )
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise EncoderError(say("{path} is damaged or is no file of weights.", path=path)) from error
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("read the weights"))) from error
    for place in _PLACES_OF_WEIGHTS:
        if isinstance(held, Mapping) and isinstance(held.get(place), Mapping):
            held = held[place]
            break
    if not isinstance(held, Mapping):
        raise EncoderError(say("{path} holds no weights by name.", path=path))
    found = {
        _bare(str(name)): value.to(torch.float32) if value.is_floating_point() else value
        for name, value in held.items()
        if isinstance(value, Tensor)
    }
    if not found:
        raise EncoderError(say("{path} holds no weights by name.", path=path))
    return found


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


@torch.inference_mode()
def _features_of_probes(trunk: nn.Module, network: NamedNetwork) -> NDArray[np.float32]:
    """Features (n, n_features) of pictures of many kinds: whether any is ever negative shows."""
    random = np.random.default_rng(0)
    waves = probe_image()
    noise = random.integers(0, 256, waves.shape).astype(np.uint8)
    probes = [waves, noise, 255 - waves, waves // 2 + noise // 2, np.zeros_like(waves)]
    preprocessing: Preprocessing = network.preprocessing
    batch = torch.stack([preprocess(torch.from_numpy(probe), preprocessing) for probe in probes])
    try:
        features = trunk(batch)
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        raise EncoderError(
            say(
                "{name} cannot look at images of {size} px.",
                name=network.name,
                size=preprocessing.size_px,
            )
        ) from error
    if not isinstance(features, Tensor) or features.flatten(1).numel() % len(batch):
        raise EncoderError(
            say("{name} gives no features of an image as a whole.", name=network.name)
        )
    made: NDArray[np.float32] = features.flatten(1).to(torch.float32).numpy()
    if made.shape[1] < 2 or made.shape[1] > 65_536:
        raise EncoderError(
            say(
                "{name} gives {count} features of an image, which cannot be used.",
                name=network.name,
                count=made.shape[1],
            )
        )
    return made


def _projection(n_features: int) -> NDArray[np.float32]:
    """(n_features, MAX_EMBEDDING_SIZE) with orthonormal columns, drawn from a fixed seed."""
    drawn = np.random.default_rng(_SEED).standard_normal((n_features, MAX_EMBEDDING_SIZE))
    matrix, upper = np.linalg.qr(drawn)
    # Which of two opposite columns the library gives is its own affair.
    signed: NDArray[np.float32] = (matrix * np.sign(np.diag(upper))).astype(np.float32)
    return signed
