"""The adapted model as one ONNX file that gives the same answers everywhere.

The file is the encoder's own graph, preprocessing included, with the head added behind it. It is
run by plain onnxruntime on real files before it gets its name; if it disagrees with the program,
that is an error and nothing is left behind.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from engine.bundle.contents import variant_name
from engine.encoder.graph import read_graph_metadata
from engine.files import clear_leftovers
from engine.jobs.certificate import certify
from engine.jobs.export_card import model_card
from engine.jobs.export_graph import DECODE_RULE, classifier_graph
from engine.jobs.files import check_target, written_whole
from engine.jobs.precision import make_variants
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.workspace import Workspace
from engine.messages import Event, ExportModel, ModelExported, Precision, Progress
from engine.words import say


def export_model(workspace: Workspace, command: ExportModel) -> Iterator[Event | None]:
    """Export; see :class:`engine.messages.ExportModel`."""
    check_target(command.out, command.snapshot.paths)
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from write_model(workspace, fitted, command.out, command.request_id, command.precisions)


def write_model(
    workspace: Workspace,
    fitted: FittedSnapshot,
    out: Path,
    request_id: int,
    precisions: Sequence[Precision] = (),
) -> Iterator[Event | None]:
    """Write ``out`` and, beside it, ``labels.txt``, ``model_card.md`` and ``certificate.json``.

    A variant in each of ``precisions`` lies beside it, too, where it agrees with the program.

    Raises:
        ExportError: it could not be written, or the file disagrees with the program.
    """
    yield Progress(request_id, say("Building the model file (a few seconds)"), 0, 0, 0.0, 0.0)
    clear_leftovers(out.parent)
    with ExitStack() as stack:
        temporary = stack.enter_context(written_whole(out))
        content = classifier_graph(workspace, fitted).SerializeToString(deterministic=True)
        temporary.write_bytes(content)
        certificate = yield from certify(workspace, fitted, temporary, request_id)
        made = yield from make_variants(workspace, fitted, out, precisions, request_id)
        labels = "".join(f"{one_line(item.name)}\n" for item in fitted.classes)
        record = {
            "model_file": out.name,
            "model_id": fitted.model_id,
            "decode_rule": DECODE_RULE,
            **asdict(certificate),
            "variants": [asdict(item.report) for item in made],
        }
        card = model_card(
            workspace,
            fitted,
            out.name,
            certificate,
            DECODE_RULE,
            variants=[item.report for item in made],
        )
        texts = {
            "labels.txt": labels,
            "model_card.md": card,
            "certificate.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
        }
        companions = companion_paths(out, list(texts))
        for path, text in zip(companions, texts.values(), strict=True):
            stack.enter_context(written_whole(path)).write_text(text, encoding="utf-8")
        for item in made:
            if item.report.file_name:
                path = out.with_name(item.report.file_name)
                stack.enter_context(written_whole(path)).write_bytes(item.content)
                companions.append(path)
    refused = [variant_name(out, item.report.precision) for item in made if item.report.refusal]
    removed = tuple(name for name in refused if _forget_variant(out.with_name(name)))
    reports = tuple(item.report for item in made)
    size = len(content)
    files = (out, *companions)
    yield ModelExported(
        request_id, out, files, certificate, size, precisions=reports, removed=removed
    )


def _forget_variant(path: Path) -> bool:
    """Remove that of an earlier export, which would be taken for one of the model just written."""
    if "precision" in read_graph_metadata(path):
        with contextlib.suppress(OSError):
            path.unlink()
            return True
    return False


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
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and record.get("model_file") == out.name


def one_line(name: str) -> str:
    """A class name as a line of labels.txt, whatever ends of lines it has."""
    return " ".join(name.split())
