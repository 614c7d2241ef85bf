"""Exporting a bundle from the window."""

from __future__ import annotations

from pathlib import Path

from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.results.export_dialog import ExportDialog, ExportForm
from engine import messages, sentence_of

SEEN = messages.Certificate(35, 2e-6, 34, 34, 0.002, 0.01, 33, 32, 0.02, "1.31.1")


def _opened(garden: Desk) -> ExportDialog:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.window.actions_.export.trigger()
    return garden.window.export_dialog


def _choose(garden: Desk, dialog: ExportDialog, form: ExportForm) -> None:
    dialog.forms[form].setFocus()
    garden.qtbot.keyClick(dialog.forms[form], Qt.Key.Key_Space)


def test_a_bundle_is_written_where_it_says(garden: Desk, folder: Path) -> None:
    dialog = _opened(garden)
    assert not dialog.bundle_text.isVisible()
    for form, name in (
        (ExportForm.FOLDER, "garden-model"),
        (ExportForm.ZIP, "garden-model.zip"),
        (ExportForm.FILE, "garden-model.onnx"),
        (ExportForm.ZIP, "garden-model.zip"),
    ):
        _choose(garden, dialog, form)
        assert dialog.path_field.text() == str(folder.parent / name)
        assert dialog.bundle_text.isVisible() == (form is not ExportForm.FILE)
    garden.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert garden.engine.all(messages.ExportModel) == []
    command = garden.engine.last(messages.ExportBundle)
    assert command.out == folder.parent / "garden-model.zip"
    assert [look.colour for look in command.looks] == [
        item.colour for item in garden.session.classes
    ]
    inside = tuple(command.out / name for name in ("model.onnx", "selftest/a", "selftest/b"))
    garden.engine.publish(
        messages.ModelExported(
            command.request_id,
            command.out,
            inside,
            SEEN,
            27_000_000,
            (("model_float.onnx", SEEN),),
            sentence_of("Something was left out."),
        )
    )
    said = "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
    for part in ("garden-model.zip", "model_float.onnx", "Something was left out.", "27.0 MB"):
        assert part in said
    assert said.count("selftest") == 1


def test_what_was_chosen_outlasts_a_window_made_anew(garden: Desk) -> None:
    dialog = _opened(garden)
    _choose(garden, dialog, ExportForm.FOLDER)
    other = ExportDialog(garden.session, dialog._theme, garden.window)
    other.restore_state(dialog.kept_state())
    assert other.form is ExportForm.FOLDER
    assert other.path_field.text() == dialog.path_field.text()
    other.deleteLater()
