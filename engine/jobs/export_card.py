"""The model card that travels beside an exported model, with a reader anyone can run."""

from __future__ import annotations

from collections.abc import Sequence

from engine.encoder.views import VIEWS
from engine.images import DRAFT_SIDE_PX
from engine.jobs.predictions import FittedSnapshot
from engine.jobs.support import positives_among, usable_examples
from engine.jobs.workspace import Workspace
from engine.messages import Certificate, VariantReport

_SAMPLE = '''import json
import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Or onnxruntime tells its maker that it was used.

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

SIDE = {side}  # Every side of a shrunk image keeps at least this many pixels.


def decode(path):
    """An image file as uint8 RGB (height, width, 3), shrunk as Handful shrinks it."""
    image = Image.open(path)
    stored = image.size
    factor = 1 << (max(1, min(stored) // SIDE).bit_length() - 1)
    if factor > 1:
        image.draft(None, (SIDE, SIDE))  # JPEG: shrink while decoding.
        factor //= max(1, round(stored[0] / image.size[0]))
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # More than 8 bits: the largest value fills the range.
        grey = np.maximum(np.asarray(image), 0)
        shift = max(0, int(grey.max()).bit_length() - 8)
        image = Image.fromarray((grey >> shift).astype(np.uint8))
    elif image.mode == "F":  # [0, 1] and [0, 255] are taken as such, other ranges are stretched.
        grey = np.asarray(image).astype(np.float32)
        finite = grey[np.isfinite(grey)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        grey[~np.isfinite(grey)] = low
        if low >= 0 and high <= 1:
            grey *= 255
        elif low < 0 or high > 255:
            grey = (grey - low) * np.float32(255 / (high - low) if high > low else 1)
        image = Image.fromarray(np.rint(grey).astype(np.uint8))
    elif image.has_transparency_data and image.mode not in ("LA", "La", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    if factor > 1:
        image = image.reduce(factor)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


session = onnxruntime.InferenceSession({model!r}, providers=["CPUExecutionProvider"])
names = json.loads(session.get_modelmeta().custom_metadata_map["class_names"])
for path in sys.argv[1:]:
    probabilities = session.run(["probabilities"], {{"image": decode(path)[None]}})[0][0]
    best = int(probabilities.argmax())
    print(path, names[best], f"{{probabilities[best]:.3f}}")
'''


def model_card(
    workspace: Workspace,
    fitted: FittedSnapshot,
    model_name: str,
    certificate: Certificate,
    decode_rule: str,
    rest: str = "",
    variants: Sequence[VariantReport] = (),
) -> str:
    """The card as Markdown; ``rest`` takes the place of the section on how to use the file."""
    encoder = fitted.seen.runtime.encoder
    counts = {item.class_id: 0 for item in fitted.classes}
    for image, class_id in fitted.snapshot.support:
        if class_id in counts and image.image_id in workspace.store:
            counts[class_id] += 1
    taught = positives_among(usable_examples(workspace, fitted.snapshot.examples, list(counts)))
    borrowed = ""
    if taught is not None:
        for class_id, count in taught.counts().items():
            counts[class_id] += count
        borrowed = (
            f"\n{len(taught.class_ids)} of them came with the model that this one was begun from; "
            "they are not among those that were held out.\n"
        )
    rows = "\n".join(
        f"| {index} | {_cell(item.name)} | {counts[item.class_id]} |"
        for index, item in enumerate(fitted.classes)
    )
    held_out = fitted.model.held_out
    judged = (
        "Too few labels to tell: leaving one out needs two examples in a class."
        if held_out is None
        else f"Accuracy over labelled images that were held out: {100 * held_out.accuracy:.1f} %, "
        "near-duplicates always held out together."
    )
    n_negatives = fitted.model.unknowns.n_negatives
    negatives = (
        f"\n{n_negatives} more {'was' if n_negatives == 1 else 'were'} labelled as none of these: "
        "only the `none_score` knows of them. Near-duplicates count once.\n"
        if n_negatives
        else ""
    )
    head = ", ".join(fitted.model.kept)
    views = (
        f" Every image is looked at {len(VIEWS)} times inside the file (whole, mirrored, its "
        f"centre), which takes {len(VIEWS)} times as long as once."
        if fitted.seen.runtime.is_viewed
        else ""
    )
    licence = encoder.metadata.get("licence", "see the encoder's own card")
    sample = _SAMPLE.format(side=DRAFT_SIDE_PX, model=model_name)
    use = f"""## Use it

```python
{sample}```
"""
    return f"""# {model_name}

An image classifier made with Handful from {fitted.model.n_support} labelled images.

| output | class | labelled images |
|---|---|---|
{rows}
{borrowed}{negatives}
{judged}

- Model: `{fitted.model_id}`; encoder: {encoder.name} (`{encoder.fingerprint[:16]}`), \
{encoder.architecture}, with {head} on its embeddings.
- Encoder licence: {licence}.
- Probabilities are calibrated by one temperature, fitted on left-out labels. Every image gets one \
of the classes above, a picture of something else, too; its `none_score` is then high.

## Input and output

`image`: uint8 `[batch, height, width, 3]`, RGB, any size. `probabilities`: float32 `[batch, \
{len(fitted.classes)}]`, in the order of the table and of `class_names` in the file's metadata. \
`class_index`: int64 `[batch]`. `embedding`: float32 `[batch, {encoder.embedding_size}]`. \
`none_score`: float32 `[batch]` in [0, 1], how much an image looks like none of the classes; about \
one in twenty images of the classes, or fewer, lie above 0.5.{views}

Resizing and normalising are part of the file. Decoding is not. The rule: {decode_rule}

## Certificate

This file was run by onnxruntime {certificate.onnxruntime_version} on {certificate.n_files} real \
images before it got its name:

| decoded | largest difference in probability | same class |
|---|---|---|
| by the rule | {certificate.max_difference_rule:.1e} | {certificate.n_agree_rule} of \
{certificate.n_clear_rule} with a margin over {certificate.margin_rule} |
| in full, without shrinking | {certificate.max_difference_full:.1e} | {certificate.n_agree_full} \
of {certificate.n_clear_full} with a margin over {certificate.margin_full} |

{variants_section(variants)}{rest or use}"""


def variants_section(variants: Sequence[VariantReport]) -> str:
    """What was measured in lower precisions, as Markdown; empty where nothing was."""
    if not variants:
        return ""
    full = max(item.full_images_per_second for item in variants)
    these = "it" if sum(bool(item.file_name) for item in variants) == 1 else "them"
    rows = "\n".join(
        f"| `{item.file_name}` | {item.size_bytes / 1e6:.1f} MB | {item.images_per_second:.0f} "
        f"| {item.n_agree} of {item.n_files} | {item.max_difference:.1e} |"
        for item in variants
        if item.file_name
    )
    refusals = "".join(f"{item.refusal}\n\n" for item in variants if item.refusal)
    table = (
        f"""| file | size | images a second | same class | largest difference |
|---|---|---|---|---|
{rows}

Speed is that of one thread of the processor it was exported on, decoding aside; the model in full \
precision, timed in turns with {these}, took {full:.0f} images a second. The embeddings of \
an int8 file are near those of the full model, not the same.

"""
        if rows
        else ""
    )
    return f"## Lower precision\n\n{table}{refusals}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
