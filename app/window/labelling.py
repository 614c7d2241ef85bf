"""From a key, a click or a drop on a class to the label that it means on the page shown."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLocale, QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from app.actions.actions import Actions
from app.classes.class_panel import ClassPanel
from app.look.notices import Notice, Severity
from app.queue.queue_page import QueuePage
from app.queue.review_page import ReviewPage
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from app.window.pages import Pages
from engine.messages import NONE_OF_THESE, ClassId, ImageId


class Labelling(QObject):
    """Hears what the person does with classes and hands it to the page that is shown."""

    def __init__(
        self,
        session: Session,
        actions: Actions,
        classes: ClassPanel,
        pages: Pages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._classes = classes
        self._pages = pages
        self._window = window
        self._click_labelled = False
        actions.label_requested.connect(self._on_label_requested)
        actions.unlabel.triggered.connect(self._on_unlabel_key)
        actions.set_aside.triggered.connect(self._on_set_aside)
        actions.new_class.triggered.connect(self._on_new_class)
        actions.new_class_for_selection.triggered.connect(self._on_new_class_for_selection)
        pages.label_as_predicted_requested.connect(self.ask_for_predicted)
        classes.class_clicked.connect(self._on_class_clicked)
        classes.class_double_clicked.connect(self._on_class_double_clicked)
        classes.class_made.connect(self._on_class_clicked)
        classes.images_dropped.connect(self._on_images_dropped)

    def ask_for_predicted(self) -> None:
        """Label what lies above the slider of the page shown as predicted, if the person agrees."""
        shown = self._pages.currentWidget()
        page = shown if isinstance(shown, ReviewPage) else self._pages.gallery
        rows = page.coverage.accepted_rows()
        if len(rows):
            LabelQuestion(self._session, rows, self._window).open()

    def _on_label_requested(self, class_id: int) -> None:
        self._pages.label_by_key(ClassId(class_id))

    def _on_set_aside(self) -> None:
        session, images = self._session, self._pages.chosen_images()
        if session.toggle_set_aside(images) or not images:
            return
        rows = session.table.rows_of(np.array(images, np.int64))
        if bool(np.all(session.table.labels[rows] != NO_CLASS)):
            text = self.tr("This image has a label, so there is nothing to keep for later.")
            if len(images) != 1:
                text = self.tr("These images have labels, so there is nothing to keep for later.")
            session.noticed.emit(Notice(text, Severity.INFORMATION))

    def _on_unlabel_key(self) -> None:
        self._pages.label_by_key(None)

    def _on_class_clicked(self, class_id: int) -> None:
        self._click_labelled = self._pages.label_by_click(ClassId(class_id))

    def _on_class_double_clicked(self, class_id: int) -> None:
        if class_id == NONE_OF_THESE:
            return  # It has no name to be changed; two clicks label as one does.
        # The first click of the two has labelled the selection; that was not what was meant.
        if self._click_labelled:
            self._session.undo()
            self._click_labelled = False
        self._classes.list.edit_name(ClassId(class_id))

    def _on_images_dropped(self, class_id: int, images: list[ImageId]) -> None:
        self._session.relabel(images, ClassId(class_id))

    def _on_new_class(self) -> None:
        is_suggesting = isinstance(self._pages.currentWidget(), QueuePage)
        self._classes.begin_new(for_selection=is_suggesting)

    def _on_new_class_for_selection(self) -> None:
        self._classes.begin_new(for_selection=True)


class LabelQuestion(QMessageBox):
    """Asks first: it is the one way by which what the model said becomes a label."""

    def __init__(self, session: Session, rows: Rows, parent: QWidget) -> None:
        """Make the question; it is asked with ``open()``.

        Args:
            rows: the images that would be labelled, at least one.
        """
        super().__init__(parent)
        self._session = session
        count = QLocale().toString(len(rows))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(self.tr("Label as Predicted"))
        question, do_it = self.tr("Label 1 image as predicted?"), self.tr("Label 1 Image")
        if len(rows) != 1:
            question = self.tr("Label {count} images as predicted?").format(count=count)
            do_it = self.tr("Label {count} Images").format(count=count)
        self.setText(question)
        self.setInformativeText(
            self.tr(
                "They become labels like those that you gave. The model then learns from its own "
                "answers, and its accuracy on held-out labels will look better than it is. Undo "
                "takes them all back."
            )
        )
        yes = self.addButton(do_it, QMessageBox.ButtonRole.AcceptRole)
        no = self.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(no)
        self.setEscapeButton(no)
        # As it is now: the answers may change while the question stands there.
        self._labels = session.predictions_of(rows)
        self._action = self.tr("Label {count} as predicted").format(count=count)
        yes.clicked.connect(self._on_yes)

    def _on_yes(self) -> None:
        self._session.label_each(self._labels, self._action)
