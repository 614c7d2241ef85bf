"""Which files a bundle has, and what other programs are told of its models."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from engine.messages import Certificate, Precision

MODEL: Final = "model.onnx"
FLOAT_MODEL: Final = "model_float.onnx"
LABELS: Final = "labels.txt"
SIGNATURE: Final = "signature.json"
CARD: Final = "model_card.md"
CERTIFICATE: Final = "certificate.json"
PREDICT: Final = "predict.py"
SUPPORT: Final = "support.safetensors"
SELF_TEST: Final = "selftest"
EXPECTED: Final = "expected.json"
SELF_TEST_NOTE: Final = "README.txt"
_SELF_TEST_IMAGE: Final = re.compile(r"image_\d+\.png")
_VARIANTS: Final = tuple(f"{Path(MODEL).stem}.{precision.value}.onnx" for precision in Precision)
_OWN: Final = frozenset(
    (MODEL, FLOAT_MODEL, *_VARIANTS, LABELS, SIGNATURE, CARD, CERTIFICATE, PREDICT, SUPPORT)
)
_SPACE: Final = uuid.UUID("5f0b7a56-3c1c-4f0e-9d0a-6c2f8f6b8b1e")  # Of the ids made from models'.


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One of the model files.

    Attributes:
        file_name: in the bundle.
        title: what it is, a few words for the card's table.
        content: the ONNX file.
        certificate: what was seen when it was run.
        slack: how far its answers may be off on another computer, in probability.
    """

    file_name: str
    title: str
    content: bytes
    certificate: Certificate
    slack: float = 1e-3


def variant_name(out: Path, precision: Precision) -> str:
    """The name of a variant's file beside the model ``out``."""
    return f"{out.stem}.{precision.value}.onnx"


def is_own(path: PurePosixPath) -> bool:
    """Whether a file of this name, relative to a bundle, is one that Handful writes there.

    Anything else in the folder is somebody's, and stays when the bundle is written anew.
    """
    if path.parent.name == SELF_TEST and len(path.parts) == 2:
        name = path.name
        return name in (EXPECTED, SELF_TEST_NOTE) or bool(_SELF_TEST_IMAGE.fullmatch(name))
    return len(path.parts) == 1 and path.name in _OWN


def predict_script() -> Path:
    """The program that travels along."""
    return Path(__file__).parents[2] / "assets" / "bundle" / PREDICT


def signature(
    title: str,
    model_id: str,
    class_names: Sequence[str],
    models: Mapping[str, Any],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """``signature.json``, in the form that Lobe gave it where that is true of the model.

    Args:
        title: what a person calls the model.
        models: the description of each model file, by its name, see :func:`described`.
        about: what Handful adds: preprocessing, thresholds, classes, versions.
    """
    main = models[MODEL]
    return {
        "doc_id": str(uuid.uuid5(_SPACE, model_id)),
        "doc_name": title,
        "doc_version": model_id,
        "format": "onnx",
        "version": 0,
        "inputs": {"Image": main["inputs"]["image"]},
        "outputs": {
            "Confidences": main["outputs"]["probabilities"],
            "ClassIndex": main["outputs"]["class_index"],
            "Embedding": main["outputs"]["embedding"],
            "NoneScore": main["outputs"]["none_score"],
        },
        "classes": {"Label": list(class_names)},
        "filename": MODEL,
        "export_model_version": 1,
        "models": dict(models),
        **about,
    }


def described(n_classes: int, embedding_size: int, size_px: int | None) -> dict[str, Any]:
    """Inputs and outputs of a model file; null in a shape is any number.

    Args:
        size_px: the side of the images that it takes; None: any size, as uint8.
    """

    def tensor(name: str, dtype: str, shape: Sequence[int | None]) -> dict[str, Any]:
        return {"dtype": dtype, "shape": list(shape), "name": name}

    given = (
        tensor("image", "uint8", (None, None, None, 3)) | {"layout": "NHWC, RGB, 0 to 255"}
        if size_px is None
        else tensor("image", "float32", (None, 3, size_px, size_px))
        | {"layout": "NCHW, RGB, 0 to 1"}
    )
    return {
        "inputs": {"image": given},
        "outputs": {
            "probabilities": tensor("probabilities", "float32", (None, n_classes)),
            "class_index": tensor("class_index", "int64", (None,)),
            "embedding": tensor("embedding", "float32", (None, embedding_size)),
            "none_score": tensor("none_score", "float32", (None,)),
        },
    }
