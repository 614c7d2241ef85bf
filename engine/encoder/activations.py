"""The encoder with its inside showing: the activations that an embedding was pooled from.

It runs the same graph as everything else, with the tensors that are pooled as further outputs; no
torch. Of a library's network that is the last map, where it averages one. Importing this module
does not import onnx; opening an encoder does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.description import LAST_BLOCK, LAYER_SIZES, Encoder, Projection
from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME
from engine.encoder.runtime import cpu_session
from engine.errors import EncoderError, NoMapError
from engine.words import Sentence, say

if TYPE_CHECKING:
    import onnx

_POOLING: Final = frozenset({"ReduceMean", "GlobalAveragePool"})
_PROBE_SHAPE: Final = (97, 131, 3)
# What rounding to float16 leaves of an embedding of length one, with room for other processors.
_TOLERANCE: Final = 0.004


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """What the encoder made of one image.

    Attributes:
        taps: for each block that is pooled its activation (channels, h, w) float32, at least 0
            where roots of the means go into the embedding, in the order of ``Projection.taps``;
            the last block alone where there is no projection. Rows and columns divide the whole
            image evenly.
        embedding: (embedding_size,) float32, the graph's own.
    """

    taps: tuple[NDArray[np.float32], ...]
    embedding: NDArray[np.float32]


class TappedEncoder:
    """Runs an encoder's graph on the CPU and keeps what it pools. Any thread, several at once."""

    def __init__(self, encoder: Encoder, graph_path: Path) -> None:
        """Open a graph; takes some tenths of a second.

        Args:
            encoder: whose graph it is.
            graph_path: the graph, as ``EncoderRuntime`` has it.

        Raises:
            EncoderError: the graph cannot be opened, or what it pools is not what the encoder
                file says.
            NoMapError: the encoder is a library's network that averages no map of the image.
        """
        import onnx

        self.graph_path = graph_path
        self._has_channels_last = False
        taps = taps_of(encoder)
        try:
            model = onnx.load(graph_path)
            names = _pooled_tensors(model)
            if encoder.network is not None:
                names = names[-1:]  # Others are averaged to weigh channels, not to be embedded.
                if not names:
                    raise NoMapError(_no_map(encoder))
            for name in names:
                model.graph.output.append(
                    onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
                )
            self._session: onnxruntime.InferenceSession = cpu_session(model.SerializeToString())
        except NoMapError:
            raise
        except Exception as error:  # Of protobuf, onnx and onnxruntime: each has its own.
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise EncoderError(
                say(
                    "The encoder's graph {graph_path} cannot be opened: {reason}.",
                    graph_path=graph_path,
                    reason=reason,
                )
            ) from error
        if len(names) != len(taps):
            raise EncoderError(
                say(
                    "The encoder's graph {graph_path} pools {n_pooled} activations where its "
                    "encoder has {n_expected}, so it cannot be explained.",
                    graph_path=graph_path,
                    n_pooled=len(names),
                    n_expected=len(taps),
                )
            )
        # Nodes stand in the order in which they run, so the n-th pooled is the n-th block's.
        by_block = dict(zip(sorted(taps), names, strict=True))
        self._outputs = [OUTPUT_NAME, *(by_block[tap] for tap in taps)]
        if encoder.network is None:
            self._check(encoder)
        else:
            self._find_channels(encoder)

    def run(self, pixels: NDArray[np.uint8]) -> Activations:
        """What the encoder makes of one RGB image (height, width, 3) of any size."""
        embedding, *taps = self._session.run(self._outputs, {INPUT_NAME: pixels[None]})
        if self._has_channels_last:
            taps = [np.moveaxis(tap, -1, 1) for tap in taps]
        return Activations(tuple(tap[0] for tap in taps), embedding[0])

    def _find_channels(self, encoder: Encoder) -> None:
        """Which way round a library's network has its map, if it pools its features from one."""
        for self._has_channels_last in (False, True):
            seen = self.run(_noise())
            (tap,) = seen.taps
            if tap.ndim == 3 and _gives(encoder, seen):
                return
        raise NoMapError(_no_map(encoder))

    def _check(self, encoder: Encoder) -> None:
        """That pooling the activations gives the graph's own embedding, on noise in colour."""
        seen = self.run(_noise())
        sizes = LAYER_SIZES[encoder.architecture]
        channels = [sizes[tap] for tap in taps_of(encoder)]
        if [tap.shape[0] if tap.ndim == 3 else -1 for tap in seen.taps] == channels and _gives(
            encoder, seen
        ):
            return
        raise EncoderError(
            say(
                "The activations in the encoder's graph {graph_path} do not give its embedding, "
                "so it cannot be explained.",
                graph_path=self.graph_path,
            )
        )


def taps_of(encoder: Encoder) -> tuple[int, ...]:
    """The blocks that the embedding is pooled from, in the order of the projection's rows."""
    if encoder.network is not None:
        return (0,)
    if encoder.projection is not None:
        return encoder.projection.taps
    return (LAST_BLOCK[encoder.architecture],)


def projection_of(encoder: Encoder) -> Projection | None:
    """How roots (or, of some libraries' networks, features) become the embedding.

    The projection of an encoder that has one; of a library's network what comes to the same.
    """
    if encoder.network is None:
        return encoder.projection
    size, matrix = encoder.embedding_size, encoder.network.matrix
    return Projection(
        taps=(0,),
        matrix=np.eye(size, dtype=np.float32) if matrix is None else matrix,
        offset=np.zeros(size, np.float32),
    )


def emits_roots_of(encoder: Encoder) -> bool:
    """Whether the roots of what was pooled go into the embedding, and not itself."""
    return encoder.network is None or encoder.network.is_rooted


def embedding_of_roots(
    roots: NDArray[np.float32], projection: Projection | None
) -> NDArray[np.float32]:
    """The embedding (embedding_size,), unrounded, of the roots (n_pooled,) of all taps."""
    if projection is None:
        return roots
    projected = roots @ projection.matrix + projection.offset
    made: NDArray[np.float32] = projected / np.linalg.norm(projected)
    return made


def _pooled_tensors(model: onnx.ModelProto) -> list[str]:
    """The inputs of the nodes that average over the image, in the order in which they run."""
    pooled = [node.input[0] for node in model.graph.node if node.op_type in _POOLING]
    return list(dict.fromkeys(pooled))


def _noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, _PROBE_SHAPE).astype(np.uint8)


def _gives(encoder: Encoder, seen: Activations) -> bool:
    """Whether pooling the activations gives the graph's own embedding."""
    pooled = np.concatenate([tap.mean(axis=(1, 2)) for tap in seen.taps])
    projection = projection_of(encoder)
    if projection is not None and len(pooled) != len(projection.matrix):
        return False
    roots = np.sqrt(np.maximum(pooled, 0.0)) if emits_roots_of(encoder) else pooled
    made = embedding_of_roots(roots, projection)
    length = float(np.linalg.norm(seen.embedding))
    return float(np.abs(made - seen.embedding).max()) <= _TOLERANCE * length


def _no_map(encoder: Encoder) -> Sentence:
    return say(
        "The encoder {name} does not average over the places of an image, so it cannot be told "
        "which parts speak for a class.",
        name=encoder.name,
    )
