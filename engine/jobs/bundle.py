"""Writing a bundle: the model in its variants, each checked, with all that belongs to it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.bundle.card import bundle_notes
from engine.bundle.contents import (
    CARD,
    CERTIFICATE,
    EXPECTED,
    FLOAT_MODEL,
    LABELS,
    MODEL,
    PREDICT,
    SELF_TEST,
    SELF_TEST_NOTE,
    SIGNATURE,
    SUPPORT,
    Variant,
    described,
    predict_script,
    signature,
)
from engine.bundle.float_graph import float_graph, float_input
from engine.bundle.place import bundle_written_whole, check_place, is_zip, models_in
from engine.bundle.self_test import N_IMAGES, NOTE, small_copy
from engine.bundle.start import read_start
from engine.bundle.support import KeptSupport
from engine.decoding.decoders import DECODERS
from engine.encoder.runtime import cpu_session
from engine.errors import UnreadableImageError
from engine.images import DRAFT_SIDE_PX, read_file
from engine.jobs.adaptation import held_out_predictions
from engine.jobs.certificate import certify, measure
from engine.jobs.export import one_line
from engine.jobs.export_card import model_card, variants_section
from engine.jobs.export_graph import DECODE_RULE, NONE_THRESHOLD, classifier_graph
from engine.jobs.precision import make_variants
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.support import usable_examples
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    BundleRead,
    ClassId,
    ClassLook,
    Event,
    ExportBundle,
    ImageRef,
    ModelExported,
    Precision,
    Progress,
    ReadBundle,
    VariantReport,
)
from engine.method.evaluation import evaluate
from engine.version import VERSION
from engine.words import NOTHING, say

RESIZE_RULE: Final = (
    "Decode by the rule, stretch to {size} x {size} px with Pillow's {filter} filter (each colour "
    "as floats; it is antialiased), divide by 255, planes first."
)
_LEAST_AGREEMENT: Final = 0.99  # Of the top classes of clear files; a variant below is left out.


def export_bundle(workspace: Workspace, command: ExportBundle) -> Iterator[Event | None]:
    """Export; see :class:`engine.messages.ExportBundle`."""
    check_place(command.out)
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from write_bundle(
        workspace, fitted, command.out, command.request_id, command.looks, command.precisions
    )


def read_bundle(workspace: Workspace, command: ReadBundle) -> Iterator[Event | None]:
    """Read what labelling goes on from; see :class:`engine.messages.ReadBundle`."""
    start = read_start(command.path)
    encoder = workspace.runtime.encoder
    start.support.check_encoder(encoder.fingerprint, encoder.name, encoder.embedding_size)
    yield BundleRead(
        command.request_id,
        start.path,
        start.title,
        start.classes,
        start.examples,
        start.was_tuned,
    )


def write_bundle(
    workspace: Workspace,
    fitted: FittedSnapshot,
    out: Path,
    request_id: int,
    looks: Sequence[ClassLook] = (),
    precisions: Sequence[Precision] = (),
) -> Iterator[Event | None]:
    """Write a bundle.

    Args:
        out: a folder, or a zip file if its name says so.
        looks: of the classes, for who goes on from the bundle.
        precisions: in which variants are made and measured; those that agree go into it.

    Raises:
        ExportError: it could not be written, or the model disagrees with the program.
    """
    yield Progress(request_id, say("Building the model file (a few seconds)"), 0, 0, 0.0, 0.0)
    note = NOTHING
    with bundle_written_whole(out) as folder:
        model = classifier_graph(workspace, fitted)
        content = model.SerializeToString(deterministic=True)
        (folder / MODEL).write_bytes(content)
        certificate = yield from certify(workspace, fitted, folder / MODEL, request_id)
        models = [Variant(MODEL, "images of any size, uint8", content, certificate)]
        preprocessing = fitted.seen.runtime.encoder.preprocessing
        plain = float_graph(model, preprocessing).SerializeToString(deterministic=True)
        (folder / FLOAT_MODEL).write_bytes(plain)
        seen, _ = yield from measure(
            workspace,
            fitted,
            folder / FLOAT_MODEL,
            request_id,
            lambda pixels: float_input(pixels, preprocessing),
        )
        side = preprocessing.size_px
        if seen.n_agree_full >= _LEAST_AGREEMENT * seen.n_clear_full:
            models.append(
                Variant(FLOAT_MODEL, f"{side} x {side} px, float, resized outside", plain, seen)
            )
        else:
            (folder / FLOAT_MODEL).unlink()
            note = say(
                "{name} was left out: it gives another class to {count} of {total} clear images, "
                "since this model also looks at details, which small images do not have.",
                name=FLOAT_MODEL,
                count=seen.n_clear_full - seen.n_agree_full,
                total=seen.n_clear_full,
            )
        made = yield from make_variants(workspace, fitted, Path(MODEL), precisions, request_id)
        reports = tuple(item.report for item in made)
        for item in made:
            if (variant := item.variant) is not None:
                (folder / variant.file_name).write_bytes(variant.content)
                models.append(variant)
        yield from _write_self_test(fitted, folder, models)
        (folder / SUPPORT).write_bytes(_kept_support(workspace, fitted).to_bytes())
        (folder / PREDICT).write_bytes(predict_script().read_bytes())
        for name, text in _texts(workspace, fitted, models, out.stem, looks, note, reports).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder) for path in files]
        size = sum(path.stat().st_size for path in files)
        yield Progress(request_id, say("Writing the bundle"), 0, 0, 0.0, 0.0)
        former = models_in(out)
    written = {item.file_name for item in models}
    removed = tuple(name for name in former if name not in written)
    if is_zip(out):
        size = out.stat().st_size
    others = tuple((item.file_name, item.certificate) for item in models[1:])
    paths = tuple(out / name for name in names)
    yield ModelExported(request_id, out, paths, certificate, size, others, note, reports, removed)


def _texts(
    workspace: Workspace,
    fitted: FittedSnapshot,
    models: Sequence[Variant],
    title: str,
    looks: Sequence[ClassLook],
    note: str,
    reports: Sequence[VariantReport],
) -> dict[str, str]:
    """The files that are text, by their names."""
    encoder = fitted.seen.runtime.encoder
    preprocessing = encoder.preprocessing
    class_names = [item.name for item in fitted.classes]
    resize_rule = RESIZE_RULE.format(
        size=preprocessing.size_px, filter=preprocessing.resampling.split(",")[0]
    )
    certificate = {
        "model_file": MODEL,
        "model_id": fitted.model_id,
        "decode_rule": DECODE_RULE,
        **asdict(models[0].certificate),
        "models": {item.file_name: asdict(item.certificate) for item in models},
        "resize_rule_of_model_float": resize_rule,
        "left_out": note,
        "variants": [asdict(item) for item in reports],
    }
    by_class = {look.class_id: look for look in looks}
    described_models = {
        item.file_name: described(
            len(class_names),
            encoder.embedding_size,
            preprocessing.size_px if item.file_name == FLOAT_MODEL else None,
        )
        for item in models
    }
    about = {
        "preprocess": {
            "decode_rule": DECODE_RULE,
            "shrink_to_px": DRAFT_SIDE_PX,
            "size": preprocessing.size_px,
            "fit": preprocessing.fit.value,
            "filter": preprocessing.resampling,
            "mean": preprocessing.mean,
            "std": preprocessing.std,
            "inside_the_graph": {
                item.file_name: "mean, std"
                if item.file_name == FLOAT_MODEL
                else "resize, mean, std"
                for item in models
            },
            "resize_rule_of_model_float": resize_rule,
        },
        "none_threshold": NONE_THRESHOLD,
        "encoder": {
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "licence": str(encoder.metadata.get("licence", "")),
        },
        "app": {"name": "Handful", "version": VERSION},
        "class_looks": [
            {
                "name": item.name,
                **(
                    {"colour": look.colour, "hotkey": look.hotkey, "note": look.note}
                    if (look := by_class.get(item.class_id))
                    else {}
                ),
            }
            for item in fitted.classes
        ],
    }
    evaluation = evaluate(
        held_out_predictions(workspace, fitted.snapshot, fitted.model),
        [item.class_id for item in fitted.classes],
    )
    names_by_id = {item.class_id: item.name for item in fitted.classes}
    rest = variants_section(reports) + bundle_notes(
        models, evaluation, names_by_id, resize_rule, note
    )
    card = model_card(workspace, fitted, MODEL, models[0].certificate, DECODE_RULE, rest)
    return {
        LABELS: "".join(f"{one_line(name)}\n" for name in class_names),
        SIGNATURE: _json(signature(title, fitted.model_id, class_names, described_models, about)),
        CERTIFICATE: _json(certificate),
        CARD: card,
    }


def _kept_support(workspace: Workspace, fitted: FittedSnapshot) -> KeptSupport:
    """Seen whole, by the encoder as it is for everybody: so it can be gone on from."""
    place = {item.class_id: index for index, item in enumerate(fitted.classes)}
    place[NONE_OF_THESE] = NONE_OF_THESE
    readable = [
        (image.image_id, place[class_id])
        for image, class_id in fitted.snapshot.support
        if image.image_id in workspace.store and class_id in place
    ]
    ids = [image_id for image_id, _ in readable]
    embeddings = workspace.store.select(ids).astype(np.float16)
    labels = np.array([label for _, label in readable], np.int64)
    hashes = workspace.store.perceptual_hashes(ids)
    given = fitted.snapshot.examples
    borrowed = usable_examples(workspace, given, [item.class_id for item in fitted.classes])
    if borrowed is not None:  # What this one was started from goes along.
        theirs = [place[ClassId(item)] for item in borrowed.class_ids.tolist()]
        embeddings = np.concatenate([embeddings, borrowed.embeddings])
        labels = np.concatenate([labels, np.array(theirs, np.int64)])
        hashes = np.concatenate([hashes, borrowed.hashes])
    return KeptSupport(
        tuple(item.name for item in fitted.classes),
        embeddings,
        labels,
        hashes,
        workspace.runtime.encoder.fingerprint,
    )


def _write_self_test(
    fitted: FittedSnapshot, folder: Path, models: Sequence[Variant]
) -> Generator[None, None, None]:
    """Small copies of images, and what each model file gives for them."""
    place = folder / SELF_TEST
    place.mkdir()
    sessions = {item.file_name: cpu_session(folder / item.file_name) for item in models}
    preprocessing = fitted.seen.runtime.encoder.preprocessing
    cases: list[dict[str, Any]] = []
    for image in _varied(fitted):
        try:
            pixels = DECODERS.decode(read_file(image.path)).pixels
        except UnreadableImageError:
            continue
        file_name, content = small_copy(pixels, len(cases))
        (place / file_name).write_bytes(content)
        decoded = DECODERS.decode(content).pixels
        given = {
            name: float_input(decoded, preprocessing) if name == FLOAT_MODEL else decoded
            for name in sessions
        }
        answers = {
            name: session.run(["probabilities"], {"image": given[name][None]})[0][0]
            for name, session in sessions.items()
        }
        cases.append(
            {
                "file": file_name,
                "label": fitted.classes[int(answers[MODEL].argmax())].name,
                "probabilities": {
                    name: [round(float(value), 7) for value in found]
                    for name, found in answers.items()
                },
            }
        )
        yield None
        if len(cases) == N_IMAGES:
            break
    expected = {
        "class_names": [item.name for item in fitted.classes],
        "limits": {item.file_name: item.slack for item in models},
        "images": cases,
    }
    (place / EXPECTED).write_text(_json(expected), encoding="utf-8", newline="\n")
    (place / SELF_TEST_NOTE).write_text(NOTE, encoding="utf-8", newline="\n")


def _varied(fitted: FittedSnapshot) -> Iterator[ImageRef]:
    """Images of the project, those of different labels first."""
    by_class: dict[int, list[ImageRef]] = {}
    for image, class_id in fitted.snapshot.support:
        by_class.setdefault(class_id, []).append(image)
    turn = 0
    while any(turn < len(images) for images in by_class.values()):
        for images in by_class.values():
            if turn < len(images):
                yield images[turn]
        turn += 1
    yield from fitted.snapshot.images


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
