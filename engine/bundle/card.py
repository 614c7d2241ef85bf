"""What the model card of a bundle says beyond that of a single file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.bundle.contents import Variant
from engine.messages import ClassId
from engine.method.evaluation import Estimate, Evaluation


def bundle_notes(
    models: Sequence[Variant],
    evaluation: Evaluation | None,
    names: Mapping[ClassId, str],
    resize_rule: str,
    note: str,
) -> str:
    """Sections on the evaluation, the files and their use, as Markdown."""
    rows = "\n".join(
        f"| `{item.file_name}` | {item.title} | {len(item.content) / 1e6:.1f} MB | "
        f"{item.certificate.max_difference_rule:.1e} | {item.certificate.n_agree_rule} of "
        f"{item.certificate.n_clear_rule}, margin over {item.certificate.margin_rule:g} |"
        for item in models
    )
    left_out = f"\n{note}\n" if note else ""
    return f"""## Evaluation

{_evaluation(evaluation, names)}

## Files

| model | input | size | largest difference in probability | same class |
|---|---|---|---|---|
{rows}
{left_out}
`model_float.onnx` is for runtimes without an antialiased resize (OpenCV's dnn, ...): `image` is \
float32 `[batch, 3, height, width]`, RGB in [0, 1]. {resize_rule} Its outputs are the same.

- `labels.txt`: the classes, a line each, in the order of the probabilities.
- `signature.json`: inputs, outputs, classes, preprocessing and thresholds for programs.
- `certificate.json`: what was seen when the model files were run on the project's images.
- `selftest/`: small copies of five of the project's images, with the answers expected for them.
- `support.safetensors`: embeddings and labels of the labelled images, to go on labelling from. \
They are no images and cannot be looked at; but who has the encoder can tell whether an image is \
like one of them. Delete the file if that must not be; the model works without it.

## Use it

```sh
python -m pip install onnxruntime numpy Pillow
python predict.py --self-test
python predict.py FOLDER --out predictions.csv
```

Or with Handful: `handful classify FOLDER --model THIS_FOLDER --out predictions.csv`.
"""


def _evaluation(evaluation: Evaluation | None, names: Mapping[ClassId, str]) -> str:
    if evaluation is None:
        return "Too few labels to tell: leaving one out needs two examples in a class."
    rows = "\n".join(
        f"| {_cell(names[item.class_id])} | {item.n_labels} | {_share(item.recall)} | "
        f"{_share(item.precision)} |"
        for item in evaluation.classes
    )
    accuracy = evaluation.accuracy
    return f"""Each of {evaluation.n_held_out} labelled images was judged by the others, \
near-duplicates together. {evaluation.n_right} were right; averaged over classes \
{100 * accuracy.value:.1f} % (95 % interval {100 * accuracy.low:.0f} to \
{100 * accuracy.high:.0f} %).

| class | judged | found again (recall) | right when named (precision) |
|---|---|---|---|
{rows}"""


def _share(found: Estimate | None) -> str:
    return "" if found is None else f"{100 * found.value:.0f} %"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
