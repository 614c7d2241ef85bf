"""Exporting the adapted model: one file, or a bundle of all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QLabel, QRadioButton, QVBoxLayout

from app.look.theme import GAP_PX
from app.look.words import listed
from app.results.result_dialog import breakable
from app.results.save_dialog import SaveDialog, kept_or_default_path
from app.session.tasks import Task
from engine import messages
from engine.messages import Precision, VariantReport


class ExportForm(StrEnum):
    """What is written; the values are how the place of each is remembered."""

    FILE = "model"
    FOLDER = "bundle"
    ZIP = "bundle-zip"


class ExportDialog(SaveDialog):
    """The adapted model as an ONNX file, or in a bundle."""

    def title(self) -> str:
        return self.tr("Export Model as ONNX")

    def action_text(self) -> str:
        return self.tr("Export")

    def build_options(self, column: QVBoxLayout) -> None:
        caption = QLabel(self.tr("Export as"))
        caption.setObjectName("section")
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        texts = {
            ExportForm.FILE: self.tr("One ONNX &file"),
            ExportForm.FOLDER: self.tr("Bundle (f&older)"),
            ExportForm.ZIP: self.tr("Bundle (.&zip)"),
        }
        self.forms: dict[ExportForm, QRadioButton] = {}
        self._group = QButtonGroup(self)
        for form, text in texts.items():
            button = QRadioButton(text)
            self.forms[form] = button
            self._group.addButton(button)
            column.addWidget(button)
        self.forms[ExportForm.FILE].setChecked(True)
        self._group.buttonClicked.connect(self._on_form_chosen)
        bundle = self.tr(
            "A bundle has the model, a plain variant for other runtimes (OpenCV), a card with the "
            "evaluation, a program that needs only Python, and a self-test with small copies of "
            "five of your images."
        )
        for form in (ExportForm.FOLDER, ExportForm.ZIP):
            self.forms[form].setToolTip(bundle)
        self.bundle_text = QLabel(bundle)
        self.bundle_text.setObjectName("muted")
        self.bundle_text.setWordWrap(True)
        self.bundle_text.hide()
        column.addWidget(self.bundle_text)
        self._build_precisions(column)

    def _build_precisions(self, column: QVBoxLayout) -> None:
        caption = QLabel(self.tr("Also in lower precision"))
        caption.setObjectName("section")
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        texts = {
            Precision.FP16: (
                self.tr("&Half precision (fp16)"),
                self.tr(
                    "Half the size, made for graphics cards; on processors about as quick or "
                    "somewhat slower."
                ),
            ),
            Precision.INT8: (
                self.tr("8-bit &integers (int8)"),
                self.tr(
                    "Less than half the size and often quicker on processors. Takes a minute or "
                    "more, and is written only if 99 % of the images it is checked on keep their "
                    "class."
                ),
            ),
        }
        self.precision_checks: dict[Precision, QCheckBox] = {}
        for precision, (text, description) in texts.items():
            check = QCheckBox(text)
            check.setToolTip(description)
            check.setAccessibleDescription(description)
            self.precision_checks[precision] = check
            label = QLabel(description)
            label.setObjectName("muted")
            label.setWordWrap(True)
            label.setContentsMargins(3 * GAP_PX, 0, 0, 0)  # Under the text of its box.
            column.addWidget(check)
            column.addWidget(label)

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """Those that are asked for."""
        return tuple(kind for kind, check in self.precision_checks.items() if check.isChecked())

    @property
    def form(self) -> ExportForm:
        """What is chosen."""
        return next(form for form, button in self.forms.items() if button.isChecked())

    def _on_form_chosen(self) -> None:
        self.show_free(self.default_path())
        self._show_form()

    def _show_form(self) -> None:
        self.bundle_text.setVisible(self.form is not ExportForm.FILE)
        self.fit()

    def choice_state(self) -> object:
        return self.form, super().choice_state(), self.precisions

    def restore_choice(self, state: object) -> None:
        if isinstance(state, tuple):
            form, path, precisions = state
            self.forms[form].setChecked(True)
            for kind, check in self.precision_checks.items():
                check.setChecked(kind in precisions)
            super().restore_choice(path)
            self._show_form()

    def explanation(self) -> str:
        without = self._session.classifier.classes_without_examples()
        classes = self._session.classes
        text = self.tr(
            "One file with the network, its preprocessing and your classes ({names}). It takes "
            "images of any size and gives probabilities, in any program that reads ONNX. Before "
            "it gets its name it is run on your own images and compared with Handful."
        ).format(names=listed(item.name for item in classes if item.class_id not in without))
        left_out = [f"“{item.name}”" for item in classes if item.class_id in without]
        if len(left_out) == 1:
            text += " " + self.tr("{name} has no example and is left out.").format(name=left_out[0])
        elif left_out:
            text += " " + self.tr("{names} have no example and are left out.").format(
                names=listed(left_out)
            )
        return text

    def default_path(self) -> Path:
        return kept_or_default_path(self._session, self.form.value, f"-model{self.suffix()}")

    def suffix(self) -> str:
        return {ExportForm.FILE: ".onnx", ExportForm.FOLDER: "", ExportForm.ZIP: ".zip"}[self.form]

    def other_suffixes(self) -> frozenset[str]:
        return frozenset((".onnx", ".zip"))

    def choose_form(self, suffix: str) -> None:
        self.forms[ExportForm.ZIP if suffix == ".zip" else ExportForm.FILE].setChecked(True)
        self._show_form()

    def replaced(self, out: Path) -> list[Path]:
        if self.form is ExportForm.FOLDER:  # Where it is no bundle it is refused.
            return [out] if (out / "model.onnx").is_file() else []
        variants = [out.with_name(f"{out.stem}.{kind.value}.onnx") for kind in self.precisions]
        beside = variants if self.form is ExportForm.FILE else []
        return [path for path in (out, *beside) if path.is_file()]

    def file_filter(self) -> str:
        return {
            ExportForm.FILE: self.tr("ONNX models (*.onnx)"),
            ExportForm.FOLDER: self.tr("New folder (*)"),
            ExportForm.ZIP: self.tr("Zip files (*.zip)"),
        }[self.form]

    def start_to(self, out: Path) -> Task:
        if self.form is ExportForm.FILE:
            return self._session.results.export_model(out, self.precisions)
        return self._session.results.export_bundle(out, self.precisions)

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.ModelExported)
        found, count = result.certificate, QLocale().toString
        agree = self.tr("{agree} of {clear} clear files get the same class (margin over {margin})")
        difference = self.tr("largest difference in probability {difference}")

        def lines(n_agree: int, n_clear: int, margin: float, largest: float) -> str:
            first = agree.format(agree=count(n_agree), clear=count(n_clear), margin=f"{margin:g}")
            return f"{first};\n{difference.format(difference=_small(largest))}"

        if found.n_agree_rule < found.n_clear_rule:
            headline = self.tr("Exported, but not every image got the same class")
        else:
            headline = self.tr("Exported, and checked on {count} of your images").format(
                count=count(found.n_files)
            )
        is_bundle = result.path not in result.files
        measured = {item.file_name for item in result.precisions}
        others = sorted(
            {
                # Of a bundle what lies at its top: the images of its self-test are one folder.
                path.relative_to(result.path).parts[0] if is_bundle else path.name
                for path in result.files
                if path != result.path
            }
        )
        rows = [
            (
                self.tr("Read as Handful does"),
                lines(
                    found.n_agree_rule,
                    found.n_clear_rule,
                    found.margin_rule,
                    found.max_difference_rule,
                ),
            ),
            (
                self.tr("Read in full"),
                lines(
                    found.n_agree_full,
                    found.n_clear_full,
                    found.margin_full,
                    found.max_difference_full,
                ),
            ),
            *(
                (
                    name,
                    lines(
                        other.n_agree_rule,
                        other.n_clear_rule,
                        other.margin_rule,
                        other.max_difference_rule,
                    ),
                )
                for name, other in result.variants
                if name not in measured
            ),
            *((self._name_of(item), self._told_variant(item)) for item in result.precisions),
            *self._told_full_rate(result.precisions),
            (self.tr("Files checked"), count(found.n_files)),
            (self.tr("Checked with"), f"onnxruntime {found.onnxruntime_version}"),
            (self.tr("Size"), _size_text(result.size_bytes)),
            (self.tr("Bundle") if is_bundle else self.tr("File"), result.path.name),
            (self.tr("Folder"), breakable(result.path.parent)),
        ]
        if others:
            rows.append((self.tr("In it") if is_bundle else self.tr("With it"), listed(others)))
        if result.removed:
            text = self.tr("{names} of the former model").format(names=listed(result.removed))
            rows.append((self.tr("Removed"), text))
        if result.note:
            rows.append((self.tr("Left out"), result.note))
        return headline, rows

    def _name_of(self, report: VariantReport) -> str:
        names = {
            Precision.FP16: self.tr("Half precision"),
            Precision.INT8: self.tr("8-bit integers"),
        }
        return names[report.precision]

    def _told_full_rate(self, reports: Sequence[VariantReport]) -> list[tuple[str, str]]:
        """What the variants' speed is compared with; one figure, timed in turns with all."""
        offered = [item for item in reports if not item.refusal]
        if not offered:
            return []
        rate = QLocale().toString(round(offered[0].full_images_per_second))
        text = self.tr("{rate} images/s on one thread").format(rate=rate)
        return [(self.tr("Full precision"), text)]

    def _told_variant(self, report: VariantReport) -> str:
        if report.refusal:
            return report.refusal
        count = QLocale().toString
        lines = (
            self.tr("{name}, {size}").format(
                name=report.file_name, size=_size_text(report.size_bytes)
            ),
            self.tr("{rate} images/s on one thread").format(
                rate=count(round(report.images_per_second))
            ),
            self.tr("{agree} of {total} images get the same class").format(
                agree=count(report.n_agree), total=count(report.n_files)
            ),
            self.tr("largest difference in probability {difference}").format(
                difference=_small(report.max_difference)
            ),
        )
        return ";\n".join(lines)


def _size_text(n_bytes: int) -> str:
    return QLocale().formattedDataSize(n_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def _small(value: float) -> str:
    return f"{value:.1e}" if 0 < value < 0.001 else f"{value:.4f}"
