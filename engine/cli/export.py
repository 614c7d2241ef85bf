"""``handful export``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from engine.bundle.place import check_place, is_zip
from engine.cli.classify import classify_and_export, snapshot_of, told
from engine.cli.options import (
    Device,
    DeviceOption,
    EffortOption,
    EncoderFile,
    FromBundle,
    JsonOption,
    Labels,
    OptionalImages,
    ProjectFile,
    Support,
    UsageError,
    check_images_kept,
    check_outputs,
    one_or_bundle,
    opened_workspace,
)
from engine.messages import ClassLook, Effort, Precision, Snapshot
from engine.project import Project
from engine.terminal import print_json, tell


def export(
    out: Annotated[
        Path | None, typer.Option("--out", help="The ONNX file to write: the model alone.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            help="The bundle to write, a folder or a .zip file: the model, a plain float variant, "
            "its card, a program to run it, a self-test with five small images of yours.",
        ),
    ] = None,
    fp16: Annotated[
        bool,
        typer.Option("--fp16", help="Also a half-precision variant: half the size, made for GPUs."),
    ] = False,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="Also an 8-bit variant, quicker on processors; written only if it gives 99 % of "
            "the images that it is checked on the same class.",
        ),
    ] = False,
    images: OptionalImages = None,
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    from_bundle: FromBundle = None,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Write the adapted model as one ONNX file or a bundle, checked on real images."""
    from engine.bundle.contents import variant_name
    from engine.jobs.replacing import check_models

    if out is None and bundle is None:
        raise UsageError("Give --out for one ONNX file, --bundle for a bundle, or both.")
    one_or_bundle({"--support": support, "--labels": labels, "--project": project}, from_bundle)
    if from_bundle is not None and images is project is None and support is labels is None:
        raise UsageError("A bundle keeps no images; give IMAGES to check the new model on.")
    read = {
        "IMAGES": images,
        "--labels": labels,
        "--project": project,
        "--from-bundle": from_bundle,
    }
    check_outputs({"--out": out}, read)
    asked = {Precision.FP16: fp16, Precision.INT8: int8}
    precisions = [precision for precision, is_asked in asked.items() if is_asked]
    if bundle is not None:
        check_place(bundle)
        if is_zip(bundle):
            check_outputs({"--out": out, "--bundle": bundle}, read)
    snapshot = replace(snapshot_of(images, support, labels, project, from_bundle), effort=effort)
    check_images_kept([out], snapshot)
    if out is not None:
        check_models([out, *(out.with_name(variant_name(out, item)) for item in precisions)])
    looks = () if project is None else looks_in(project, snapshot)
    with opened_workspace(device, encoder) as workspace:
        summary = classify_and_export(
            workspace, snapshot, None, out, bundle=bundle, looks=looks, precisions=precisions
        )
    tell(told(summary))
    if as_json:
        print_json(summary)


def looks_in(path: Path, snapshot: Snapshot) -> tuple[ClassLook, ...]:
    """How the classes of a snapshot look in the project that they were read from."""
    project = Project.open(path, read_only=True)
    try:
        known = {item.name: item for item in project.classes()}
    finally:
        project.close()
    return tuple(
        ClassLook(item.class_id, look.colour, look.hotkey, look.note)
        for item in snapshot.classes
        if (look := known.get(item.name)) is not None
    )
