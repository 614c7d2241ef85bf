"""The encoder as an ONNX graph: uint8 images of any size in, embeddings out.

The program itself runs this graph, and an exported model continues it: what is exported is what
ran. Importing this module imports neither torch nor onnx; building a graph does, and takes
seconds.

    python -m engine.encoder.graph ENCODER.safetensors OUT.onnx
"""

from __future__ import annotations

import hashlib
import io
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.description import BICUBIC, Encoder
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.errors import EncoderError, EngineError, sentence_for
from engine.files import write_whole
from engine.words import say

if TYPE_CHECKING:
    import onnx
    import torch

INPUT_NAME: Final = "image"
OUTPUT_NAME: Final = "embedding"
OPSET: Final = 20
IR_VERSION: Final = 10
"""The newest that onnxruntime 1.21 reads."""

FINGERPRINT_KEY: Final = "encoder_fingerprint"
GRAPH_VERSION: Final = "1"
"""Counts changes of this module that change a graph without changing the encoder."""

_GRAPH_VERSION_KEY: Final = "encoder_graph_version"
_METADATA_FIELD: Final = 14  # Of ModelProto, in onnx.proto.
_CHECK_SIZES: Final = ((31, 33), (301, 199))  # Height, width: smaller and larger than the input.
_PROBE_SIDES: Final = (288, 352)
_LARGEST_PROBE_DIFFERENCE: Final = 0.01  # Relative; half precision alone leaves some 0.0005.


def shipped_graph_path() -> Path:
    """The graph of the shipped encoder, made from it by this module's command."""
    return shipped_encoder_path().with_suffix(".onnx")


def encoder_graph(encoder: Encoder) -> onnx.ModelProto:
    """Build the graph of ``encoder``. Takes several seconds.

    Input ``image`` uint8 [batch, height, width, 3], RGB, one size per batch. Output ``embedding``
    float32 [batch, embedding_size], see ``Encoder.projection``, rounded to float16 inside the
    graph so that an embedding kept in half precision is the graph's output exactly.
    """
    import onnx

    preprocessing = _preprocessing_graph(encoder)
    network = _network_graph(encoder)
    merged = onnx.compose.merge_models(
        preprocessing, network, io_map=[("pixels", "network_input")], producer_name="handful"
    )
    merged.graph.name = "encoder"
    # The merge lists the operator set of both parts, which are the same one.
    del merged.opset_import[1:]
    _strip(merged)
    described = {
        FINGERPRINT_KEY: encoder.fingerprint,
        _GRAPH_VERSION_KEY: GRAPH_VERSION,
        "encoder_name": encoder.name,
        "encoder_architecture": encoder.architecture,
        "licence": str(encoder.metadata.get("licence", "")),
    }
    onnx.helper.set_model_props(merged, described)
    return merged


def load_or_build_graph(encoder: Encoder, cache_folder: Path) -> Path:
    """A file with the graph of ``encoder``: the shipped one, one built before, or one built now.

    Raises:
        EncoderError: the graph could not be built, did not pass its check, or not be written.
    """
    cached = cache_folder / f"{encoder.fingerprint}.onnx"
    for path in (shipped_graph_path(), cached):
        if is_graph_of(path, encoder):
            return path
    write_graph(encoder, cached)
    return cached


def write_graph(encoder: Encoder, path: Path) -> None:
    """Build the graph of ``encoder``, check it and write it whole or not at all.

    Raises:
        EncoderError: as ``load_or_build_graph``.
    """
    model = encoder_graph(encoder)
    content: bytes = model.SerializeToString(deterministic=True)
    _check(content, encoder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        write_whole(_digest_path(path), hashlib.sha256(content).hexdigest().encode() + b"\n")
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("write the encoder's graph"))) from error


def is_graph_of(path: Path, encoder: Encoder) -> bool:
    """Whether the file exists, is whole, and is a graph of exactly this encoder.

    Whole by its digest: a damaged graph would still run and give other numbers, which no later
    check could notice, since everything is computed with it.
    """
    found = read_graph_metadata(path)
    if (
        found.get(FINGERPRINT_KEY) != encoder.fingerprint
        or found.get(_GRAPH_VERSION_KEY) != GRAPH_VERSION
    ):
        return False
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return _digest_path(path).read_text(encoding="ascii").strip() == digest
    except (OSError, ValueError):
        return False


def _digest_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def read_graph_metadata(path: Path) -> dict[str, str]:
    """The metadata strings of an ONNX file; empty where the file is missing or no ONNX file.

    Walks over the outermost fields of the protobuf message and skips the graph by its length:
    under a millisecond, where importing onnx alone takes a few hundred. The metadata lie behind
    the graph, so a truncated file has none.
    """
    found: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            while file.tell() < size:
                number, wire_type = _read_key(file)
                if wire_type == 0:
                    _read_varint(file)
                    continue
                if wire_type != 2:
                    return {}
                length = _read_varint(file)
                if file.tell() + length > size:
                    return {}
                if number == _METADATA_FIELD:
                    key, value = _read_entry(file.read(length))
                    found[key] = value
                else:
                    file.seek(length, io.SEEK_CUR)
    except (OSError, ValueError):
        return {}
    return found


def _preprocessing_graph(encoder: Encoder) -> onnx.ModelProto:
    """uint8 [batch, height, width, 3] -> normalised float32 [batch, 3, size, size]."""
    from onnx import TensorProto, helper, numpy_helper

    size = encoder.preprocessing.size_px
    mean = np.array(encoder.preprocessing.mean, np.float32).reshape(3, 1, 1) * 255
    std = np.array(encoder.preprocessing.std, np.float32).reshape(3, 1, 1) * 255
    is_cubic = encoder.preprocessing.resampling == BICUBIC
    resize = helper.make_node(
        "Resize",
        ["planes_float", "", "", "target_size"],
        ["unclipped" if is_cubic else "resized"],
        axes=[2, 3],
        mode="cubic" if is_cubic else "linear",
        coordinate_transformation_mode="half_pixel",
        antialias=1,
        # The filter's weights inside the image sum to 1 at the edges too, as Pillow and torch.
        exclude_outside=1,
    )
    constants = {
        "target_size": np.array([size, size], np.int64),
        "pixel_mean": mean,
        "pixel_std": std,
    }
    nodes = [
        helper.make_node("Transpose", [INPUT_NAME], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["planes_float"], to=TensorProto.FLOAT),
        resize,
        helper.make_node("Sub", ["resized", "pixel_mean"], ["centred"]),
        helper.make_node("Div", ["centred", "pixel_std"], ["pixels"]),
    ]
    if is_cubic:
        resize.attribute.append(helper.make_attribute("cubic_coeff_a", -0.5))
        nodes.insert(3, helper.make_node("Clip", ["unclipped", "darkest", "lightest"], ["resized"]))
        constants |= {"darkest": np.float32(0), "lightest": np.float32(255)}
    graph = helper.make_graph(
        nodes,
        "preprocessing",
        [
            helper.make_tensor_value_info(
                INPUT_NAME, TensorProto.UINT8, ["batch", "height", "width", 3]
            )
        ],
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, size, size])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _network_graph(encoder: Encoder) -> onnx.ModelProto:
    """Normalised float32 [batch, 3, size, size] -> rounded embedding [batch, embedding_size]."""
    import torch

    from engine.encoder.network import build_embedder

    class Rounded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = build_embedder(encoder)

        def forward(self, network_input: torch.Tensor) -> torch.Tensor:
            rounded: torch.Tensor = self.network(network_input).to(torch.float16)
            return rounded.to(torch.float32)

    size = encoder.preprocessing.size_px
    return export_module(
        Rounded(),
        # From a batch of 1 some versions of the exporter would fix the batch at 1.
        torch.zeros(2, 3, size, size),
        input_name="network_input",
        output_names=[OUTPUT_NAME],
        dynamic_axes={0: "batch"},
    )


def export_module(
    module: torch.nn.Module,
    example: torch.Tensor,
    input_name: str,
    output_names: Sequence[str],
    dynamic_axes: Mapping[int, str],
) -> onnx.ModelProto:
    """Export a torch module of one input, quietly.

    Args:
        module: in evaluation mode.
        example: an input; it tells the sizes of the axes that are not dynamic.
        input_name: of the graph's input, and of the parameter of ``module.forward``.
        output_names: of the graph's outputs.
        dynamic_axes: axis of the input -> its name.
    """
    import torch

    with torch.no_grad(), redirect_stdout(io.StringIO()), _quiet_exporter(), _clamping(module):
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[input_name],
            output_names=list(output_names),
            dynamic_shapes={
                input_name: {axis: torch.export.Dim(name) for axis, name in dynamic_axes.items()}
            },
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    model.ir_version = IR_VERSION
    return model


@contextmanager
def _clamping(module: torch.nn.Module) -> Iterator[None]:
    """Let ReLU6 be ``torch.clamp``, which gives the same numbers and the same nodes.

    The exporter first takes every ReLU6 apart into comparisons of symbolic sizes: half of all its
    time for a MobileNet (7.6 s where 4.0 s are enough).
    """
    import torch

    limited = [part for part in module.modules() if isinstance(part, torch.nn.Hardtanh)]
    for part in limited:
        part.forward = partial(torch.clamp, min=part.min_val, max=part.max_val)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for part in limited:
            del part.forward


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence what the exporter and its libraries say of themselves, and nothing of ours."""
    with warnings.catch_warnings():
        for library in ("torch", "onnxscript", "onnx_ir", "copyreg"):
            warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")
        yield


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes about its source: local paths, stack traces, signatures."""
    graph = model.graph
    for noted in (
        model,
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.initializer,
        *graph.value_info,
    ):
        noted.doc_string = ""
        del noted.metadata_props[:]
    # The shapes of values inside the graph follow from the operators.
    del graph.value_info[:]


def _check(content: bytes, encoder: Encoder) -> None:
    """Run the checker, then onnxruntime on images smaller and larger than the network's input."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(content, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        content, sess_options=options, providers=["CPUExecutionProvider"]
    )
    for height, width in _CHECK_SIZES:
        ramp = np.arange(3 * height * width * 3, dtype=np.uint32) % 251
        batch = ramp.astype(np.uint8).reshape(3, height, width, 3)
        (embeddings,) = session.run([OUTPUT_NAME], {INPUT_NAME: batch})
        if embeddings.shape != (3, encoder.embedding_size) or not np.isfinite(embeddings).all():
            raise EncoderError(
                say("The encoder {name!r} does not give usable embeddings.", name=encoder.name)
            )
    if encoder.network is not None:
        probe = encoder.network.probe
        (embeddings,) = session.run([OUTPUT_NAME], {INPUT_NAME: probe_image()[None]})
        difference = float(np.linalg.norm(embeddings[0] - probe) / np.linalg.norm(probe))
        if not difference <= _LARGEST_PROBE_DIFFERENCE:
            raise EncoderError(
                say(
                    "The encoder {name!r} does not give the numbers that it gave when it was made "
                    "with {library} {version} (relative difference {difference:.2g}), so it cannot "
                    "be used here; add it anew.",
                    name=encoder.name,
                    library=encoder.network.library,
                    version=encoder.network.version,
                    difference=difference,
                )
            )


def probe_image() -> NDArray[np.uint8]:
    """Smooth waves in three colours (height, width, 3): what every encoder must agree on."""
    y, x = (np.linspace(0.0, 9.0, side) for side in _PROBE_SIDES)
    waves = [np.sin(y[:, None] * (1 + c)) + np.cos(x[None, :] * (2 - 0.5 * c)) for c in range(3)]
    return (np.stack(waves, axis=2) * 60 + 127).astype(np.uint8)


def _read_key(file: BinaryIO) -> tuple[int, int]:
    key = _read_varint(file)
    return key >> 3, key & 7


def _read_varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError("the file ends inside a number")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a number is too long")


def _read_entry(entry: bytes) -> tuple[str, str]:
    """One StringStringEntryProto: field 1 the key, field 2 the value."""
    file = io.BytesIO(entry)
    fields = {1: "", 2: ""}
    while file.tell() < len(entry):
        number, wire_type = _read_key(file)
        if wire_type != 2 or number not in fields:
            raise ValueError("not a metadata entry")
        fields[number] = file.read(_read_varint(file)).decode()
    return fields[1], fields[2]


def _main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m engine.encoder.graph ENCODER.safetensors OUT.onnx\n")
        return 2
    try:
        write_graph(load_encoder(Path(arguments[0])), Path(arguments[1]))
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
