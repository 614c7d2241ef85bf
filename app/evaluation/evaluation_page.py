"""The page about how good the answers are: figures, mistakes, doubtful labels, near-duplicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.evaluation.cell_images import CellImages
from app.evaluation.confusion import ConfusionMatrix
from app.evaluation.doubtful_labels import DoubtfulLabels, DoubtfulRow
from app.evaluation.duplicates import Duplicates
from app.evaluation.figures import Figures
from app.evaluation.label_review import LabelReview
from app.evaluation.overview import Overview
from app.evaluation.report import Report
from app.evaluation.report_file import HTML_SUFFIX, PDF_SUFFIX, ReportFile
from app.evaluation.section import words
from app.gallery.thumbnails import Thumbnails
from app.look.notices import Notice, Remedy, Severity
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_GROUP
from app.session.session import Session
from engine.messages import ClassId, ImageId

_OVERVIEW, _CONFUSION, _DOUBTFUL, _DUPLICATES = range(4)


class EvaluationPage(Page):
    """Four tabs; Ctrl+Tab goes from one to the next.

    Signals:
        images_requested: images to look at in the gallery.
        image_requested: one image to see large.
        spot_check_requested: check predictions drawn at random.
        label_more_requested: a class that more labels would help; 0 for any.
        first_requested: a class of which no image is labelled yet.
        noticed: a :class:`Notice` for the person.
        report_requested: the person wants to save the report.
    """

    images_requested = Signal(object)
    image_requested = Signal(int)
    spot_check_requested = Signal()
    label_more_requested = Signal(int)
    first_requested = Signal(int)
    noticed = Signal(object)
    report_requested = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        figures: Figures,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        super().__init__(self.tr("Evaluation"), theme, parent)
        self._thumbnails = thumbnails
        self.figures = figures
        self.review = LabelReview(session, self)
        self.overview = Overview(session, self.figures, self.review, theme)
        self.matrix = ConfusionMatrix(self.figures, theme)
        self.cell = CellImages(session, thumbnails, self.figures, theme)
        self.doubtful = DoubtfulLabels(session, thumbnails, self.review, theme)
        self.duplicates = Duplicates(session, thumbnails, self.review, theme)
        self.matrix_note = words("", "muted")
        report = Report(session, self.figures, self.review, self)
        self.report_file = ReportFile(session, thumbnails, self.review, report, self)
        self._report_path: Path | None = None  # Written last.
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Parts of the evaluation"))
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.tabBar().setAccessibleName(self.tr("Parts of the evaluation"))
        for part, title in (
            (self.overview, self.tr("Overview")),
            (self._build_confusion(), self.tr("Confusion")),
            (self.doubtful, self.tr("Labels to Check")),
            (self.duplicates, self.tr("Duplicates")),
        ):
            self.tabs.addTab(part, title)
        self.column.addWidget(self.tabs, 1)
        self.lead_focus_to(self.tabs.tabBar())
        self.report_button = QPushButton(self.tr("Save Report…"))
        self.head.addWidget(self.report_button)
        self._connect()

    def key_help(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Arrow keys, Enter"), self.tr("Go to a cell or class, and to its images")),
            (self.tr("G"), self.tr("Show the images behind a cell among all")),
            (self.tr("Esc"), self.tr("Back to all images")),
        ]

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "tabs"):  # The base class asks once before there is one.
            for part in (
                self.overview,
                self.matrix,
                self.cell,
                self.doubtful,
                self.duplicates,
            ):
                part.set_theme(theme)
            self._on_session_changed()

    def kept_state(self) -> object:
        return self.tabs.currentIndex()

    def restore_state(self, state: object) -> None:
        if isinstance(state, int):
            self.tabs.setCurrentIndex(state)

    def begin(self) -> None:
        self.review.open()
        self._show()

    def end(self) -> None:
        self.review.close()

    def chosen_image(self) -> ImageId | None:
        row = self.doubtful.row_with_focus()
        return self.cell.current_image() if row is None else row.doubtful.image_id

    def take_class(self, class_id: ClassId) -> bool:
        """Label the images with the keyboard's attention: of a cell, or one that is doubtful."""
        row = self.doubtful.row_with_focus()
        if row is not None:
            return self._session.label([row.doubtful.image_id], class_id)
        if self.tabs.currentIndex() != _CONFUSION:
            return False
        return self.cell.take_class(class_id)

    def doubtful_rows(self) -> list[DoubtfulRow]:
        """The rows of labels that look wrong."""
        return self.doubtful.rows()

    def texts(self) -> list[str]:
        """All that is said on the tab that is shown, in order."""
        shown = self.tabs.currentWidget()
        if isinstance(shown, Overview | DoubtfulLabels | Duplicates):
            return shown.texts()
        return [self.matrix_note.text(), *self.cell.texts()]

    def show_class(self, class_id: ClassId) -> None:
        """Show the mistakes about a class."""
        self.tabs.setCurrentIndex(_CONFUSION)
        self.matrix.go_to(self.matrix.matrix.worst_of(class_id))
        self.matrix.setFocus()

    def save_report(self) -> None:
        """Ask where to, and write all figures there."""
        project = self._session.project
        if project is None:
            return
        preferences = self._session.preferences
        start = preferences.output_path(project.path, "report") or project.folder.parent / (
            self.tr("{project} evaluation").format(project=project.folder.name) + HTML_SUFFIX
        )
        filters = {
            HTML_SUFFIX: self.tr("HTML (*{suffix})").format(suffix=HTML_SUFFIX),
            PDF_SUFFIX: self.tr("PDF (*{suffix})").format(suffix=PDF_SUFFIX),
        }
        wanted = filters[PDF_SUFFIX if start.suffix.lower() == PDF_SUFFIX else HTML_SUFFIX]
        chosen, used = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), str(start), ";;".join(filters.values()), wanted
        )
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in (*filters, ".htm"):
            suffix = PDF_SUFFIX if used == filters[PDF_SUFFIX] else HTML_SUFFIX
            # The dialog has asked about the name without the ending, not about this one.
            named, number = path.with_name(path.name + suffix), 2
            while named.exists():
                named, number = path.with_name(f"{path.name} {number}{suffix}"), number + 1
            path = named
        preferences.keep_output_path(project.path, "report", path)
        self.report_file.save(path)

    def open_report(self) -> None:
        """Open the report that was written last, in the program that the system has for it."""
        if self._report_path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report_path)))

    # --- Building ---------------------------------------------------------------------------------

    def _build_confusion(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.matrix_note)
        column.addWidget(self.matrix, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.cell)
        splitter.setStretchFactor(0, 5)
        splitter.setStretchFactor(1, 4)
        splitter.setSizes([560, 440])
        return splitter

    def _connect(self) -> None:
        session = self._session
        self.report_button.clicked.connect(self.report_requested)
        self.report_file.saved.connect(self._on_report_saved)
        self.report_file.failed.connect(self._on_report_failed)
        self.review.changed.connect(self._show)
        self.figures.changed.connect(self._on_session_changed)
        # Predictions of a large folder come in many parts: what they do not touch stays.
        session.rows_changed.connect(self._on_rows_changed)
        session.counts_changed.connect(self._on_counts_changed)
        session.project_changed.connect(self._on_project_changed)
        session.likeness.grouped.connect(self._on_session_changed)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.overview.spot_check_requested.connect(self.spot_check_requested)
        self.overview.label_more_requested.connect(self.label_more_requested)
        self.overview.first_requested.connect(self.first_requested)
        self.overview.class_requested.connect(self._on_class_requested)
        self.matrix.cell_changed.connect(self._show_cell)
        self.matrix.entered.connect(self.cell.begin)
        self.cell.left.connect(self.matrix.setFocus)
        for part in (self.cell, self.duplicates):
            part.images_requested.connect(self.images_requested)
        for showing in (self.cell, self.doubtful, self.duplicates):
            showing.image_requested.connect(self.image_requested)

    # --- Showing ----------------------------------------------------------------------------------

    def _on_session_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _on_rows_changed(self) -> None:
        if self.isVisible():
            self._show_doubtful()

    def _on_counts_changed(self) -> None:
        if self.isVisible():
            self.overview.refresh()
            self._show_duplicates()

    def _on_tab_changed(self) -> None:
        self._show_duplicates()
        self._want_pictures()

    def _on_project_changed(self) -> None:
        self.tabs.setCurrentIndex(_OVERVIEW)
        self.matrix.forget()

    def _on_report_saved(self, path: Path) -> None:
        self._report_path = path
        text = self.tr("The report is in {path}.").format(path=path)
        self.noticed.emit(Notice(text, Severity.INFORMATION, Remedy.OPEN_REPORT))

    def _on_report_failed(self, text: str) -> None:
        self.noticed.emit(Notice(text, Severity.ERROR))

    def _on_class_requested(self, class_id: int) -> None:
        self.show_class(ClassId(class_id))

    def _show(self) -> None:
        waiting = ""
        if self.review.is_waiting or self.figures.is_waiting:
            waiting = (
                self.tr("Looking at the labels…")
                if self.review.result is None
                else self.tr("Looking again…")
            )
        self.position.setText(waiting)
        self._show_report_button()
        self.overview.refresh()
        self._show_confusion()
        self._show_doubtful()
        self._show_duplicates()
        self._want_pictures()

    def _show_report_button(self) -> None:
        reason = self.figures.why_no_report()
        self.report_button.setEnabled(not reason)
        tip = self.tr("Save all figures of the evaluation as one HTML or PDF file")
        self.report_button.setToolTip(reason or tip)

    def _show_doubtful(self) -> None:
        if not self.doubtful.show_review():
            self.setFocus()
        self._count()

    def _show_duplicates(self) -> None:
        # There can be thousands of groups, each of which is asked for its labels.
        if self.tabs.currentIndex() == _DUPLICATES:
            self.duplicates.refresh()

    def _show_confusion(self) -> None:
        found = self.figures.evaluation
        self.matrix.setVisible(found is not None)
        self.matrix_note.setText(
            self.figures.headline() + ".\n" + self.figures.basis()
            if found is None
            else self.tr(
                "Rows: your labels; columns: what they were taken for, unseen. {accuracy}. Effort: "
                "{effort}."
            ).format(accuracy=self.figures.headline(), effort=self.figures.effort_name())
        )
        self.cell.setVisible(found is not None)
        self.matrix.refresh()

    def _show_cell(self) -> None:
        pair = self.matrix.pair()
        if pair is None:
            self.cell.show_cell("", [], None)
            return
        title = self.matrix.matrix.cell_text(self.matrix.currentIndex())
        self.cell.show_cell(title, self.figures.images(*pair), pair[0])

    def _count(self) -> None:
        """How many there are, on the tabs."""
        n_doubtful = len(self.review.doubtful)
        table = self._session.table
        alike = table.groups[(table.groups != NO_GROUP) & ~table.missing]
        n_groups = len(np.unique(alike))
        for place, count, plain, counted in (
            (
                _DOUBTFUL,
                n_doubtful,
                self.tr("Labels to Check"),
                self.tr("Labels to Check ({count})"),
            ),
            (_DUPLICATES, n_groups, self.tr("Duplicates"), self.tr("Duplicates ({count})")),
        ):
            text = counted.format(count=QLocale().toString(count)) if count else plain
            self.tabs.setTabText(place, text)

    def _want_pictures(self) -> None:
        if not self.isVisible():
            return
        table, place = self._session.table, self.tabs.currentIndex()
        if place == _CONFUSION:
            self.cell.want_pictures()
            return
        images: list[ImageId] = []
        if place == _DOUBTFUL:
            images = self.doubtful.pictures()
        elif place == _DUPLICATES:
            images = self.duplicates.pictures()
        rows = [table.row_of(image) for image in images]
        self._thumbnails.want_too([row for row in rows if row >= 0])
