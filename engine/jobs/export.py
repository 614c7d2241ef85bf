"""The adapted model as one ONNX file that gives the same answers everywhere.

The file is the encoder's own graph, preprocessing included, with the head added behind it. It is
run by plain onnxruntime on real files before it gets its name; if it disagrees with the program,
that is an error and nothing is left behind.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import onnxruntime

from engine.encoder.runtime import cpu_session
from engine.errors import ExportError, UnreadableImageError
from engine.images import DRAFT_SIDE_PX, decode_image, read_file
from engine.jobs.export_card import model_card
from engine.jobs.files import written_whole
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import (
    Certificate,
    Event,
    ExportModel,
    ImageRef,
    ModelExported,
    Progress,
)
from engine.method.heads import SMALLEST_NORM, Floats
from engine.version import VERSION
from engine.words import say

if TYPE_CHECKING:
    import onnx

MARGIN_RULE: Final = 0.002
MARGIN_FULL: Final = 0.02
MAX_DIFFERENCE_CPU: Final = 1e-4
MAX_DIFFERENCE_GPU: Final = 5e-3  # A GPU sums in another order than the CPU of the check.
N_CHECKED_FILES: Final = 60
_NONE_SLACK: Final = 10.0  # Its sigmoid is steep: the same rounding moves it further.
DECODE_RULE: Final = (
    "Apply the EXIF orientation; take the first frame; 8-bit RGB, transparency over white. Shrink "
    f"by the largest power of two that leaves each side at least {DRAFT_SIDE_PX} px (a JPEG by up "
    "to 8 in its decoder, whatever remains by averaging squares of pixels, sizes rounded up); give "
    "the pixels to the graph at whatever size results."
)


def export_model(workspace: Workspace, command: ExportModel) -> Iterator[Event | None]:
    """Export; see :class:`engine.messages.ExportModel`."""
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from write_model(workspace, fitted, command.out, command.request_id)


def write_model(
    workspace: Workspace, fitted: FittedSnapshot, out: Path, request_id: int
) -> Iterator[Event | None]:
    """Write ``out`` and, beside it, ``labels.txt``, ``model_card.md`` and ``certificate.json``.

    Raises:
        ExportError: it could not be written, or the file disagrees with the program.
    """
    yield Progress(request_id, say("Building the model file (a few seconds)"), 0, 0, 0.0, 0.0)
    with ExitStack() as stack:
        temporary = stack.enter_context(written_whole(out))
        content = classifier_graph(workspace, fitted).SerializeToString(deterministic=True)
        temporary.write_bytes(content)
        certificate = yield from certify(workspace, fitted, temporary, request_id)
        labels = "".join(f"{_one_line(item.name)}\n" for item in fitted.classes)
        record = {
            "model_file": out.name,
            "model_id": fitted.model_id,
            "decode_rule": DECODE_RULE,
            **asdict(certificate),
        }
        card = model_card(workspace, fitted, out.name, certificate, DECODE_RULE)
        texts = {
            "labels.txt": labels,
            "model_card.md": card,
            "certificate.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
        }
        companions = companion_paths(out, list(texts))
        for path, text in zip(companions, texts.values(), strict=True):
            stack.enter_context(written_whole(path)).write_text(text, encoding="utf-8")
    yield ModelExported(request_id, out, (out, *companions), certificate, len(content))


def companion_paths(out: Path, names: Sequence[str]) -> list[Path]:
    """Where the files beside the model go.

    Under their plain names, unless files of those names are there that belong to something else;
    then the model's own name is put before them, and if need be a number: nobody's file is
    overwritten.
    """
    for number in itertools.count():
        prefix = ("", f"{out.stem}.")[number] if number < 2 else f"{out.stem}.{number}."
        paths = [out.parent / f"{prefix}{name}" for name in names]
        if _is_certificate_of(out, out.parent / f"{prefix}certificate.json"):
            return paths
        if not any(path.exists() or path == out for path in paths):
            return paths
    raise AssertionError("unreachable")


def _is_certificate_of(out: Path, path: Path) -> bool:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("model_file") == out.name


def classifier_graph(workspace: Workspace, fitted: FittedSnapshot) -> onnx.ModelProto:
    """The encoder's graph with the head behind it.

    Input ``image`` uint8 [batch, height, width, 3]. Outputs ``probabilities`` float32
    [batch, classes], ``class_index`` int64 [batch], ``embedding`` float32 [batch, d],
    ``none_score`` float32 [batch] in [0, 1].
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(fitted.seen.runtime.graph_on_disk())
    graph = model.graph
    head = fitted.model
    constants = {
        "head_mean": head.mean,
        "head_weights": np.ascontiguousarray(head.weights.T),
        "head_bias": head.bias,
        "head_smallest_norm": np.float32(SMALLEST_NORM),
        "head_axes": np.array([1], np.int64),
        "none_mean": head.unknowns.mean,
        "none_support": np.ascontiguousarray(head.unknowns.support.T),
        "none_inverse_reach": head.unknowns.inverse_reach,
        "none_one": np.float32(1.0),
        "none_slope": np.float32(-head.unknowns.steepness),
    }
    told = head.unknowns.negative_weights
    if told is not None:
        constants["none_negative_weights"] = told
        constants["none_negative_bias"] = np.float32(head.unknowns.negative_bias)
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    graph.node.extend(
        [
            helper.make_node("Sub", ["embedding", "head_mean"], ["head_centred"]),
            helper.make_node("ReduceL2", ["head_centred", "head_axes"], ["head_norm"], keepdims=1),
            helper.make_node("Max", ["head_norm", "head_smallest_norm"], ["head_safe_norm"]),
            helper.make_node("Div", ["head_centred", "head_safe_norm"], ["head_direction"]),
            helper.make_node("MatMul", ["head_direction", "head_weights"], ["head_products"]),
            helper.make_node("Add", ["head_products", "head_bias"], ["head_logits"]),
            helper.make_node("Softmax", ["head_logits"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["class_index"], axis=1, keepdims=0),
            # unknowns.UnknownScorer, with the signs turned: the largest nearness plus one.
            helper.make_node("Sub", ["embedding", "none_mean"], ["none_centred"]),
            helper.make_node("ReduceL2", ["none_centred", "head_axes"], ["none_norm"], keepdims=1),
            helper.make_node("Max", ["none_norm", "head_smallest_norm"], ["none_safe_norm"]),
            helper.make_node("Div", ["none_centred", "none_safe_norm"], ["none_direction"]),
            helper.make_node("MatMul", ["none_direction", "none_support"], ["none_cosines"]),
            helper.make_node("Sub", ["none_cosines", "none_inverse_reach"], ["none_nearness"]),
            helper.make_node(
                "ReduceMax", ["none_nearness", "head_axes"], ["none_nearest"], keepdims=0
            ),
            helper.make_node("Add", ["none_nearest", "none_one"], ["none_within"]),
            helper.make_node("Mul", ["none_within", "none_slope"], ["none_logit"]),
        ]
    )
    none_logit = "none_logit"
    if told is not None:
        none_logit = "none_logit_told"
        graph.node.extend(
            [
                helper.make_node(
                    "MatMul", ["none_direction", "none_negative_weights"], ["none_negative"]
                ),
                helper.make_node("Add", ["none_negative", "none_negative_bias"], ["none_told"]),
                helper.make_node("Add", ["none_logit", "none_told"], [none_logit]),
            ]
        )
    graph.node.append(helper.make_node("Sigmoid", [none_logit], ["none_score"]))
    embedding_output = onnx.ValueInfoProto()
    embedding_output.CopyFrom(graph.output[0])
    batch = embedding_output.type.tensor_type.shape.dim[0].dim_param or "batch"
    outputs = [
        helper.make_tensor_value_info(
            "probabilities", TensorProto.FLOAT, [batch, len(fitted.classes)]
        ),
        helper.make_tensor_value_info("class_index", TensorProto.INT64, [batch]),
        embedding_output,
        helper.make_tensor_value_info("none_score", TensorProto.FLOAT, [batch]),
    ]
    del graph.output[:]
    graph.output.extend(outputs)
    graph.name = "handful_classifier"
    helper.set_model_props(model, _metadata(workspace, fitted))
    onnx.checker.check_model(model, full_check=True)
    return model


def certify(
    workspace: Workspace, fitted: FittedSnapshot, model_path: Path, request_id: int
) -> Generator[Event | None, None, Certificate]:
    """Run the exported file on real files and compare with the program's own answers.

    Raises:
        ExportError: they disagree by more than the limits, or no file could be checked.
    """
    session = cpu_session(model_path, n_threads=workspace.runtime.n_threads)
    images = _files_to_check(workspace, fitted)
    meter = ProgressMeter(request_id, say("Checking the model file on real images"), len(images))
    expected: list[Floats] = []
    by_rule: list[Floats] = []
    in_full: list[Floats] = []
    none_gap = 0.0  # Largest difference of the none-of-these score.
    for image in images:
        try:
            content = read_file(image.path)
            rule_pixels = decode_image(content).pixels
            full_pixels = decode_image(content, shrink_to_px=None).pixels
        except UnreadableImageError:
            continue  # It was readable when it was embedded and is not any more.
        embedding = fitted.seen.store.select([image.image_id])
        expected.append(fitted.model.probabilities(embedding)[0])
        wanted = ["probabilities", "none_score"]
        probabilities, none_scores = session.run(wanted, {"image": rule_pixels[None]})
        by_rule.append(probabilities[0])
        none_gap = max(
            none_gap, abs(float(none_scores[0] - fitted.model.none_scores(embedding)[0]))
        )
        in_full.append(session.run(["probabilities"], {"image": full_pixels[None]})[0][0])
        yield meter.advance()
    if not expected:
        raise ExportError(
            say("The model could not be checked, since no image can be read any more.")
        )
    certificate = _compare(np.stack(expected), np.stack(by_rule), np.stack(in_full))
    on_gpu = fitted.seen.runtime.provider != "CPUExecutionProvider"
    limit = MAX_DIFFERENCE_GPU if on_gpu else MAX_DIFFERENCE_CPU
    if (
        certificate.max_difference_rule > limit
        or certificate.n_agree_rule < certificate.n_clear_rule
    ):
        raise ExportError(
            say(
                "The exported model does not agree with the program (largest difference "
                "{difference:.2g}, allowed {limit:.0e}; same class on "
                "{n_agree} of {n_clear} images); it was not saved.",
                difference=certificate.max_difference_rule,
                limit=limit,
                n_agree=certificate.n_agree_rule,
                n_clear=certificate.n_clear_rule,
            )
        )
    if none_gap > _NONE_SLACK * limit:
        raise ExportError(
            say(
                "The exported model does not agree with the program on what is none of the classes "
                "(largest difference {difference:.2g}, allowed {limit:.0e}); it was not "
                "saved.",
                difference=none_gap,
                limit=_NONE_SLACK * limit,
            )
        )
    return certificate


def _compare(expected: Floats, by_rule: Floats, in_full: Floats) -> Certificate:
    """All (n_files, n_classes)."""
    ordered = np.sort(expected, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    top = expected.argmax(axis=1)
    clear_rule, clear_full = margins > MARGIN_RULE, margins > MARGIN_FULL
    return Certificate(
        n_files=len(expected),
        max_difference_rule=float(np.abs(by_rule - expected).max()),
        n_clear_rule=int(clear_rule.sum()),
        n_agree_rule=int((by_rule.argmax(axis=1) == top)[clear_rule].sum()),
        margin_rule=MARGIN_RULE,
        max_difference_full=float(np.abs(in_full - expected).max()),
        n_clear_full=int(clear_full.sum()),
        n_agree_full=int((in_full.argmax(axis=1) == top)[clear_full].sum()),
        margin_full=MARGIN_FULL,
        onnxruntime_version=onnxruntime.__version__,
    )


def _files_to_check(workspace: Workspace, fitted: FittedSnapshot) -> list[ImageRef]:
    """Some labelled files and, evenly spread over the folder, files of every kind in it."""
    labelled = [image for image, _ in fitted.snapshot.support]
    by_kind: dict[str, list[ImageRef]] = {}
    for image in fitted.snapshot.images:
        by_kind.setdefault(image.path.suffix.lower(), []).append(image)
    share = max(4, N_CHECKED_FILES // max(1, len(by_kind)))
    chosen = {image.image_id: image for image in _spread(labelled, N_CHECKED_FILES // 4)}
    for images in by_kind.values():
        chosen.update({image.image_id: image for image in _spread(images, share)})
    missing = N_CHECKED_FILES - len(chosen)
    rest = [image for image in fitted.snapshot.images if image.image_id not in chosen]
    chosen.update({image.image_id: image for image in _spread(rest, max(0, missing))})
    return [image for image in chosen.values() if image.image_id in fitted.seen.store]


def _spread(images: Sequence[ImageRef], count: int) -> list[ImageRef]:
    if len(images) <= count:
        return list(images)
    return [images[index * len(images) // count] for index in range(count)]


def _metadata(workspace: Workspace, fitted: FittedSnapshot) -> dict[str, str]:
    encoder = fitted.seen.runtime.encoder
    preprocessing = encoder.preprocessing
    names = [item.name for item in fitted.classes]
    return {
        "class_names": json.dumps(names, ensure_ascii=False),
        # The two other keys under which consumers look for names (Ultralytics, QGIS Deepness).
        "names": repr(dict(enumerate(names))),
        "model_type": "Classifier",
        "model_id": fitted.model_id,
        "app_version": VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoder_name": encoder.name,
        "encoder_architecture": encoder.architecture,
        "encoder_fingerprint": encoder.fingerprint,
        "encoder_licence": str(encoder.metadata.get("licence", "")),
        "preprocess": json.dumps(
            {
                "inside_the_graph": True,
                "layout": "NHWC uint8 RGB, any size",
                "size": preprocessing.size_px,
                "fit": preprocessing.fit.value,
                "filter": preprocessing.resampling,
                "mean": preprocessing.mean,
                "std": preprocessing.std,
                "decode_rule": DECODE_RULE,
            }
        ),
        "effort": fitted.model.effort.value,
        "ingredients": json.dumps(fitted.model.kept),
        "n_labelled_images": str(fitted.model.n_support),
        "n_negative_examples": str(fitted.model.unknowns.n_negatives),
        "held_out_accuracy": (
            "" if fitted.model.held_out is None else f"{fitted.model.held_out.accuracy:.4f}"
        ),
        "Image.BitmapPixelFormat": "Rgb8",
        "Image.NominalPixelRange": "NominalRange_0_255",
    }


def _one_line(name: str) -> str:
    return " ".join(name.split())
