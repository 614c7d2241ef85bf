"""``handful classify``, and the adapting to examples behind it and ``handful export``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from engine.bundle.contents import MODEL
from engine.cli.cluster import classify_on_cluster, is_address
from engine.cli.options import (
    Device,
    DeviceOption,
    EffortOption,
    EncoderFile,
    FromBundle,
    JsonOption,
    Labels,
    ModelFile,
    ProjectFile,
    Support,
    UsageError,
    check_images_kept,
    check_outputs,
    one_or_bundle,
    opened_workspace,
)
from engine.cli.sort import (
    DryRun,
    Flatten,
    How,
    LabelledOnly,
    Sorting,
    SortInto,
    UnsureBelow,
)
from engine.cli.watch import Source, watch
from engine.errors import EngineError
from engine.messages import (
    ClassLook,
    Effort,
    Event,
    ImageId,
    ImageUnreadable,
    ModelExported,
    Precision,
    PredictionsSaved,
    Snapshot,
    SortChoice,
    SortHow,
    TableFormat,
)
from engine.sources import SnapshotBuilder, briefly, short_path
from engine.terminal import print_json, run, tell
from engine.words import size_words

if TYPE_CHECKING:
    from engine.jobs.predictions import FittedSnapshot
    from engine.jobs.workspace import Workspace

_REQUEST: Final = 0  # The command line runs one job at a time; nobody needs to tell them apart.


def classify(
    images: Annotated[
        str,
        typer.Argument(
            help="A folder, walked with its sub-folders, or a text file with a path a line; with "
            "--cluster also an address such as s3://bucket/images.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            help="The table to write: .csv, .jsonl (JSON Lines) or .parquet, by its name. With "
            "--cluster also a folder, or its address, for a table in parts.",
            metavar="PATH",
        ),
    ] = None,
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    from_bundle: FromBundle = None,
    model: ModelFile = None,
    export_to: Annotated[
        Path | None, typer.Option("--export", help="Also write the adapted model, an ONNX file.")
    ] = None,
    table_format: Annotated[
        TableFormat | None,
        typer.Option(
            "--table-format",
            help="Another form than the name of --out says; Excel opens excel-csv right, or "
            "excel-csv-semicolon where the decimal point is a comma.",
        ),
    ] = None,
    sort_into: SortInto = None,
    how: How = SortHow.COPY,
    flatten: Flatten = False,
    unsure_below: UnsureBelow = 0.0,
    labelled_only: LabelledOnly = False,
    dry_run: DryRun = False,
    watch_it: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Go on with images that come to the folder later, until Ctrl-C; --out grows and "
            "is gone on with at the next start.",
            metavar="",
        ),
    ] = False,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            help="Have a Ray cluster do it: “auto”, “host:port” or “ray://host:port” joins one, "
            "“local” starts one of this computer's cores.",
            metavar="ADDRESS",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Classify images from a handful of examples, or with a model exported before."""
    from engine.interchange.tables import checked_format
    from engine.jobs.replacing import check_models, check_table

    if model is not None and from_bundle is not None:
        raise UsageError("--model classifies as it is, --from-bundle learns on; give one of them.")
    one_or_bundle(
        {"--support": support, "--labels": labels, "--project": project, "--model": model},
        from_bundle,
    )
    source = Source(model, support, labels, project, from_bundle, effort, encoder, device)
    started = time.perf_counter()
    if cluster is not None:
        others = {
            "--export": export_to is not None,
            "--sort-into": sort_into is not None,
            "--watch": watch_it,
        }
        for option in (name for name, is_given in others.items() if is_given):
            raise UsageError(f"{option} does not go with --cluster.")
        if out is None:
            raise UsageError("--cluster needs --out: a folder for parts, or a table.")
        end(classify_on_cluster(images, out, source, cluster, table_format), started, as_json)
        return
    for option, given in {"IMAGES": images, "--out": out}.items():
        if given is not None and is_address(given):
            raise UsageError(f"{option} can be an address ({given}) with --cluster only.")
    folder, table = Path(images), None if out is None else Path(out)
    sorting = None
    if sort_into is not None:
        choice = SortChoice(sort_into, how, flatten, unsure_below, labelled_only)
        sorting = Sorting(choice, project, only_plan=dry_run, as_json=as_json)
    elif dry_run:
        raise UsageError("--dry-run says what --sort-into would do; give that, too.")
    if table is None and sorting is None:
        raise UsageError("Give --out, --sort-into, or both.")
    check_outputs(
        {"--out": table, "--export": export_to},
        {
            "IMAGES": folder,
            "--labels": labels,
            "--project": project,
            "--model": model,
            "--from-bundle": from_bundle,
        },
    )
    if table is not None:
        checked_format(table, table_format)
    if watch_it:
        if export_to is not None:
            raise UsageError("--export does not go with --watch; “handful export” writes a model.")
        watch(folder, source, table, table_format, sorting, as_json=as_json)
    if model is not None:
        if export_to is not None:
            raise UsageError("--export writes an adapted model; --model is one already.")
        summary = _classify_with_model(folder, model, table, table_format, sorting)
    else:
        snapshot = replace(
            snapshot_of(folder, support, labels, project, from_bundle), effort=effort
        )
        check_images_kept([table, export_to], snapshot)
        if table is not None:
            check_table(table)
        if export_to is not None:
            check_models([export_to])
        with opened_workspace(device, encoder) as workspace:
            summary = classify_and_export(
                workspace, snapshot, table, export_to, table_format=table_format, sorting=sorting
            )
    end(summary, started, as_json)


def end(summary: dict[str, Any], started: float, as_json: bool) -> None:
    """Tell what was done since ``started`` (of the performance counter)."""
    summary["seconds"] = round(time.perf_counter() - started, 3)
    tell(told(summary))
    if as_json:
        print_json(summary)


def classify_and_export(
    workspace: Workspace,
    snapshot: Snapshot,
    out: Path | None,
    export_to: Path | None,
    *,
    table_format: TableFormat | None = None,
    bundle: Path | None = None,
    looks: Sequence[ClassLook] = (),
    precisions: Sequence[Precision] = (),
    sorting: Sorting | None = None,
) -> dict[str, Any]:
    """Adapt, then write whatever is asked for: the table, the model, the bundle."""
    from engine.jobs.bundle import write_bundle
    from engine.jobs.export import write_model
    from engine.jobs.predictions import fit_snapshot, results_of, write_predictions

    _check_encoder(workspace, snapshot)
    examples = {image.image_id for image, _ in snapshot.support}
    reasons: dict[ImageId, str] = {}

    def note_unreadable(event: Event) -> None:
        if isinstance(event, ImageUnreadable) and event.image_id in examples:
            reasons[event.image_id] = event.reason

    try:
        fitted = run(fit_snapshot(workspace, snapshot, _REQUEST), note_unreadable)
    finally:  # Also where too few are left to classify with: this is why.
        unreadable = [image for image, _ in snapshot.support if image.image_id in reasons]
        for sentence in briefly(
            [
                f"The example {short_path(image.name)} could not be read: "
                f"{reasons[image.image_id]}."
                for image in unreadable
            ]
        ):
            tell(sentence)
    summary: dict[str, Any] = {
        "classes": [item.name for item in fitted.classes],
        "n_labelled": fitted.model.n_support,
        "n_examples_from_bundle": _n_from_bundle(snapshot),
        "n_negative_examples": fitted.model.unknowns.n_negatives,
        "n_unreadable_examples": len(unreadable),
        "effort": fitted.model.effort.value,
        "ingredients": fitted.model.kept,
        "effort_asked": snapshot.effort.value,
        "note": fitted.note,
        **_held_out(fitted),
        "model_id": fitted.model_id,
        "device": workspace.runtime.as_it_is_now().device,
    }
    labelled = {class_id for _, class_id in snapshot.support}
    if snapshot.examples is not None:
        labelled |= snapshot.examples.counts().keys()
    for item in snapshot.classes:
        if item not in fitted.classes:
            example = "readable example" if item.class_id in labelled else "example"
            tell(f"The class “{item.name}” has no {example}; it is never predicted.")

    def note(event: Event) -> None:
        match event:
            case PredictionsSaved():
                summary["n_images"] = event.n_rows
                summary["n_unreadable"] = event.n_errors
                summary["n_like_none_of_these"] = event.n_like_none
                summary["predictions"] = str(event.path)
                summary["errors"] = str(event.errors_path) if event.errors_path else None
            case ModelExported():
                summary["model"] = str(event.path)
                summary["model_files"] = [str(path) for path in event.files]
                summary["removed"] = list(event.removed)
                summary["certificate"] = asdict(event.certificate)
                if event.precisions:
                    summary["variants"] = [asdict(item) for item in event.precisions]
            case _:
                pass

    def note_bundle(event: Event) -> None:
        if isinstance(event, ModelExported):
            summary["bundle"] = str(event.path)
            summary["bundle_files"] = [str(path) for path in event.files]
            summary["bundle_note"] = event.note
            summary["bundle_removed"] = list(event.removed)
            if event.precisions:
                summary["bundle_variants"] = [asdict(item) for item in event.precisions]
            summary["bundle_certificates"] = {
                MODEL: asdict(event.certificate),
                **{name: asdict(found) for name, found in event.variants},
            }

    if out is not None:
        run(write_predictions(workspace, fitted, out, _REQUEST, table_format), note)
    if export_to is not None:
        run(write_model(workspace, fitted, export_to, _REQUEST, precisions), note)
    if bundle is not None:
        run(write_bundle(workspace, fitted, bundle, _REQUEST, looks, precisions), note_bundle)
    if sorting is not None:  # Last: images may lie elsewhere then.
        summary["sorted"] = sorting.of(results_of(workspace, fitted))
    return summary


def _n_from_bundle(snapshot: Snapshot) -> int:
    return 0 if snapshot.examples is None else len(snapshot.examples.class_ids)


def _check_encoder(workspace: Workspace, snapshot: Snapshot) -> None:
    """Examples without images are of use to the encoder alone that has seen them."""
    encoder = workspace.runtime.encoder
    others = {*(snapshot.examples.fingerprints if snapshot.examples else ())}
    if others - {encoder.fingerprint}:
        raise EngineError(
            "The bundle's examples were seen by another encoder than the one in use "
            f"({encoder.name}); give it with --encoder."
        )


def _held_out(fitted: FittedSnapshot) -> dict[str, float | None]:
    """Accuracy on held-out labels, beside that of the simpler ways on the same labels."""
    records = {
        "held_out_accuracy": fitted.model.held_out,
        "held_out_accuracy_thorough": fitted.thorough,
        "held_out_accuracy_instant": fitted.instant,
        "held_out_accuracy_plain": fitted.model.plain,
    }
    return {key: record.accuracy if record else None for key, record in records.items()}


def _classify_with_model(
    images: Path,
    model: Path,
    out: Path | None,
    table_format: TableFormat | None,
    sorting: Sorting | None,
) -> dict[str, Any]:
    from engine.jobs.exported_model import results_by_model
    from engine.jobs.predictions import save_table
    from engine.jobs.replacing import check_table

    builder = SnapshotBuilder()
    builder.add_images(images)
    for notice in builder.notices:
        tell(notice)
    summary: dict[str, Any] = {"model": str(model)}

    def note(event: Event) -> None:
        if isinstance(event, PredictionsSaved):
            summary["n_images"] = event.n_rows
            summary["n_unreadable"] = event.n_errors
            summary["n_like_none_of_these"] = event.n_like_none
            summary["predictions"] = str(event.path)
            summary["errors"] = str(event.errors_path) if event.errors_path else None

    snapshot = builder.build()
    check_images_kept([out], snapshot)
    if out is not None:
        check_table(out)
    results = results_by_model(model, snapshot.images, snapshot.folder)
    if out is not None and sorting is not None:
        results = results.kept()  # The images are looked at once.
    if out is not None:
        run(save_table(results, out, _REQUEST, table_format), note)
    if sorting is not None:
        summary["sorted"] = sorting.of(results)
    return summary


def snapshot_of(
    images: Path | None,
    support: Path | None,
    labels: Path | None,
    project: Path | None,
    from_bundle: Path | None = None,
) -> Snapshot:
    builder = SnapshotBuilder()
    if from_bundle is not None:
        builder.add_bundle(from_bundle)
    if images is not None:
        builder.add_images(images)
    if support is not None:
        builder.add_support(support)
    if labels is not None:
        folder = labels.parent if images is None else images if images.is_dir() else images.parent
        builder.add_labels(labels, folder)
    if project is not None:
        builder.add_project(project)
    for notice in builder.notices:
        tell(notice)
    return builder.build()


def told(summary: dict[str, Any]) -> str:
    parts = []
    if "predictions" in summary:
        count = summary["n_images"]
        images = "1 image" if count == 1 else f"{count} images"
        parts.append(f"{images} classified: {summary['predictions']}.")
        if n_like_none := summary["n_like_none_of_these"]:
            look = "looks" if n_like_none == 1 else "look"
            parts.append(
                f"{n_like_none} of them {look} like none of the classes (none_score > 0.5)."
            )
        if summary["n_unreadable"]:
            parts.append(f"{summary['n_unreadable']} could not be read: {summary['errors']}.")
    if (accuracy := summary.get("held_out_accuracy")) is not None:
        lesser = {
            name: summary[f"held_out_accuracy_{name}"] for name in ("thorough", "instant", "plain")
        }
        if summary["effort"] == Effort.INSTANT:
            lesser["instant"] = None
        beside = ", ".join(
            f"{'plain prototypes' if name == 'plain' else name}: {100 * value:.0f} %"
            for name, value in lesser.items()
            if value is not None
        )
        parts.append(
            f"Held-out labels right, every label judged by the others: {100 * accuracy:.0f} % "
            f"({beside})."
        )
    if note := summary.get("note"):
        parts.append(note)
    if certificate := summary.get("certificate"):
        parts.append(
            f"Model: {summary['model']}, checked on {certificate['n_files']} images "
            f"(largest difference {certificate['max_difference_rule']:.1e})."
        )
    if certificates := summary.get("bundle_certificates"):
        checked = ", ".join(
            f"{name} {found['max_difference_rule']:.1e}" for name, found in certificates.items()
        )
        parts.append(
            f"Bundle: {summary['bundle']}, checked on {certificates[MODEL]['n_files']} images "
            f"(largest difference: {checked})."
        )
        if summary["bundle_note"]:
            parts.append(summary["bundle_note"])
    for variants in ("variants", "bundle_variants"):
        reports = summary.get(variants, ())
        parts += [_told_variant(item) for item in reports]
        if full := [item for item in reports if not item["refusal"]]:
            rate = full[0]["full_images_per_second"]
            parts.append(f"Full precision, timed in turns with it: {rate:.0f} images/s.")
    for removed in ("removed", "bundle_removed"):
        names = summary.get(removed, ())
        if names:
            were = "was" if len(names) == 1 else "were"
            parts.append(f"{' and '.join(names)} of the former model {were} removed.")
    return "\n".join(parts)


def _told_variant(report: dict[str, Any]) -> str:
    if report["refusal"]:
        return str(report["refusal"])
    return (
        f"{report['file_name']}: {size_words(report['size_bytes'])}, "
        f"{report['images_per_second']:.0f} images/s on one thread, the same class for "
        f"{report['n_agree']} of {report['n_files']} images, largest difference "
        f"{report['max_difference']:.1e}."
    )
