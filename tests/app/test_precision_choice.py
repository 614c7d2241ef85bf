"""Variants in lower precision, chosen in the export dialog and told in its result."""

from __future__ import annotations

from pathlib import Path

from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.results.export_dialog import ExportDialog, ExportForm
from engine import messages, sentence_of
from engine.messages import Precision, VariantReport

SEEN = messages.Certificate(35, 2e-6, 34, 34, 0.002, 0.01, 33, 32, 0.02, "1.31.1")
FP16 = VariantReport(Precision.FP16, "m.fp16.onnx", 7_000_000, 113.4, 120.0, 200, 199, 2.5e-4)
INT8 = VariantReport(
    Precision.INT8, "", 5_000_000, 245.0, 153.0, 280, 270, 0.2, sentence_of("It is left out.")
)


def _opened(garden: Desk) -> ExportDialog:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.window.actions_.export.trigger()
    return garden.window.export_dialog


def test_variants_are_asked_for_and_told(garden: Desk, folder: Path) -> None:
    dialog = _opened(garden)
    assert dialog.precisions == ()
    for check in dialog.precision_checks.values():
        assert check.accessibleDescription()
        check.setFocus()
        garden.qtbot.keyClick(check, Qt.Key.Key_Space)
    garden.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    command = garden.engine.last(messages.ExportModel)
    assert command.precisions == (Precision.FP16, Precision.INT8)
    variant = command.out.with_name("m.fp16.onnx")
    garden.engine.publish(
        messages.ModelExported(
            command.request_id,
            command.out,
            (command.out, variant),
            SEEN,
            13_600_000,
            precisions=(FP16, INT8),
            removed=("model.int8.onnx",),
        )
    )
    said = "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
    for part in (
        "m.fp16.onnx, 7.0 MB",
        "113 images/s on one thread",
        "Full precision\n120 images/s on one thread",
        "model.int8.onnx of the former model",
        "199 of 200 images get the same class",
        "largest difference in probability 2.5e-04",
        "It is left out.",
    ):
        assert part in said
    assert "245" not in said


def test_a_bundle_names_each_variant_once(garden: Desk) -> None:
    dialog = _opened(garden)
    dialog.forms[ExportForm.ZIP].click()
    dialog.precision_checks[Precision.FP16].click()
    garden.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    command = garden.engine.last(messages.ExportBundle)
    assert command.precisions == (Precision.FP16,)
    inside = tuple(command.out / name for name in ("model.onnx", "m.fp16.onnx"))
    garden.engine.publish(
        messages.ModelExported(
            command.request_id,
            command.out,
            inside,
            SEEN,
            27_000_000,
            (("model_float.onnx", SEEN), ("m.fp16.onnx", SEEN)),
            precisions=(FP16,),
        )
    )
    names = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    assert "model_float.onnx" in names
    assert "m.fp16.onnx" not in names
    assert "Half precision" in names


def test_the_choice_outlasts_a_window_made_anew(garden: Desk) -> None:
    dialog = _opened(garden)
    dialog.precision_checks[Precision.INT8].click()
    other = ExportDialog(garden.session, dialog._theme, garden.window)
    other.restore_state(dialog.kept_state())
    assert other.precisions == (Precision.INT8,)
    other.deleteLater()
