"""Which images are wanted, in which order: every choice of filters and order ends here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.gallery.arrangement import Arrangement, Show, Sort, counts, one_to_label_of_each
from app.gallery.coverage_bar import CoverageBar
from app.gallery.find_bar import FindBar
from app.gallery.gallery_view import GalleryView
from app.gallery.head import GalleryHead
from app.look.notices import Notice, Severity
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, ImageId

_THRESHOLD_MS: Final = 80  # While the slider moves, the tiles are filtered so often.


class Filters(QObject):
    """Turns what a person chooses into an arrangement, and remembers it for the project.

    Signals:
        wanted: an :class:`Arrangement` is to be shown.
        refused: what was chosen cannot be done; what is on stays on.
    """

    wanted = Signal(object)
    refused = Signal()

    def __init__(
        self,
        session: Session,
        view: GalleryView,
        head: GalleryHead,
        coverage: CoverageBar,
        finder: FindBar,
    ) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._model = view.gallery_model()
        self._coverage = coverage
        self._finder = finder
        self._threshold_timer = QTimer(self)
        self._threshold_timer.setSingleShot(True)
        self._threshold_timer.setInterval(_THRESHOLD_MS)
        self._threshold_timer.timeout.connect(self._on_threshold)
        session.likeness.measured.connect(self._on_measured)
        head.state_chosen.connect(self.choose)
        head.class_chosen.connect(self.choose_class)
        head.name_cleared.connect(self._on_name_cleared)
        head.cleared.connect(self.clear)
        head.order.sort_chosen.connect(self.choose_sort)
        coverage.choice_changed.connect(self._on_threshold_moved)

    # --- What is chosen ---------------------------------------------------------------------------

    def choose(self, show: Show) -> None:
        """Filter by a state."""
        if show is Show.ALIKE:
            self._session.likeness.find_again()
        self.keep(self._model.arrangement.with_state(show))

    def choose_class(self, class_id: int) -> None:
        """Filter by a class, by none where it is NO_CLASS."""
        self.keep(self._model.arrangement.with_class(ClassId(class_id)))

    def choose_name(self, name: str) -> None:
        """Filter by words of the name, by none where it is empty."""
        self.keep(replace(self._model.arrangement, name=name))

    def choose_sort(self, sort: Sort) -> None:
        """Show in another order, from its begin."""
        if sort is Sort.SIMILAR_FIRST:
            self.sort_by_similarity()
            return
        self._session.likeness.stop_measuring()
        self.keep(replace(self._model.arrangement, sort=sort))
        self._view.scrollToTop()  # The order was asked for to see what comes first in it.

    def sort_by_similarity(self) -> None:
        """Show what is most like the selected images first."""
        images = self._view.selected_images()
        if images:
            self._session.likeness.measure(images)
            return
        self.refused.emit()  # The order is what it was.
        text = self.tr(
            "Select one image or more first; the others are then sorted by how alike they are."
        )
        self._session.noticed.emit(Notice(text, Severity.INFORMATION, None))

    def show_only(self, class_id: ClassId) -> None:
        """Filter by a class, and by nothing else."""
        now = self._model.arrangement
        self.keep_without_name(replace(now.unfiltered(), class_id=class_id))

    def show_these(self, images: Sequence[ImageId]) -> None:
        """Show these images only."""
        now = self._model.arrangement
        self.keep_without_name(replace(now.unfiltered(), show=Show.THESE, images=tuple(images)))

    def label_more(self, class_id: ClassId) -> bool:
        """Show the unlabelled images that labels of a class are best given to; whether there are.

        These are those that are predicted as it or nearly so, the most unsure first. Where there
        are none yet they are sorted by how much they look like its labels.
        """
        table = self._session.table
        wanted = replace(
            self._model.arrangement.unfiltered(),
            show=Show.TO_LABEL,
            class_id=class_id,
            sort=Sort.UNSURE_FIRST,
        )
        if counts(table, wanted, (Show.TO_LABEL,))[Show.TO_LABEL]:
            self._session.likeness.stop_measuring()  # It would be another order than this.
            self.keep_without_name(wanted)
        else:
            rows = np.flatnonzero((table.labels == class_id) & ~table.missing)
            unlabelled = (table.labels == NO_CLASS) & ~table.missing & ~table.unreadable
            others = np.flatnonzero(one_to_label_of_each(table, unlabelled))
            item = self._session.image_class(class_id)
            if item is None or not len(rows) or not len(others):
                return False
            self.show_these([ImageId(image) for image in table.ids[others].tolist()])
            self._session.likeness.measure([ImageId(image) for image in table.ids[rows].tolist()])
            text = self.tr(
                "No unlabelled image is predicted as “{name}” yet; these are sorted by how much "
                "they look like its labels."
            ).format(name=item.name)
            self._session.noticed.emit(Notice(text, Severity.INFORMATION, None))
        self._go_to_the_first()
        return True

    def find_first(self, class_id: ClassId) -> bool:
        """Show the unlabelled images, first those that are least like any class that has labels.

        There an image of a class without any is most likely found; whether anything is predicted.
        """
        item = self._session.image_class(class_id)
        if item is None or not self._session.table.predicts.any():
            return False
        now = self._model.arrangement.unfiltered()
        wanted = replace(now, show=Show.UNLABELLED, sort=Sort.LIKE_NONE_FIRST)
        self.keep_without_name(wanted)
        text = self.tr(
            "“{name}” has no label yet. First come the images that are least like the classes that "
            "have; label the first “{name}” that you see."
        ).format(name=item.name)
        self._session.noticed.emit(Notice(text, Severity.INFORMATION, None))
        self._go_to_the_first()
        return True

    def _go_to_the_first(self) -> None:
        self._view.setCurrentIndex(self._model.index(0))
        self._view.scrollToTop()
        self._view.setFocus()

    def clear(self) -> None:
        """Show all images, in the order they are in."""
        self.keep_without_name(self._model.arrangement.unfiltered())
        self._view.setFocus()

    # --- Keeping ----------------------------------------------------------------------------------

    def keep(self, arrangement: Arrangement) -> None:
        """Show these, and the next time that the project is open, too."""
        self.wanted.emit(arrangement)
        self.remember()

    def keep_without_name(self, arrangement: Arrangement) -> None:
        """Also where the field is open, which would filter by the next letter typed into it."""
        self._finder.show_only(False)
        self.keep(arrangement)

    def remember(self) -> None:
        """Keep filters and order for the next time that the project is open."""
        project = self._session.project
        if project is not None:
            kept = self._model.arrangement.to_text()
            self._session.preferences.keep_arrangement(project.path, *kept)

    def remembered(self) -> Arrangement:
        """What was kept for the project that is open."""
        project = self._session.project
        if project is None:
            return Arrangement()
        kept = self._session.preferences.arrangement(project.path)
        return self.without_removed(Arrangement.from_text(*kept))

    def without_removed(self, chosen: Arrangement) -> Arrangement:
        """The same, but for a class that there is no more."""
        if chosen.class_id == NO_CLASS or self._session.image_class(chosen.class_id) is not None:
            return chosen
        return replace(chosen, class_id=ClassId(NO_CLASS))

    @property
    def is_threshold_moving(self) -> bool:
        """Whether the slider has moved, and the tiles have not followed yet."""
        return self._threshold_timer.isActive()

    # --- Slots ------------------------------------------------------------------------------------

    def _on_name_cleared(self) -> None:
        self.keep_without_name(replace(self._model.arrangement, name=""))

    def _on_threshold_moved(self) -> None:
        if not self._threshold_timer.isActive():
            self._threshold_timer.start()

    def _on_threshold(self) -> None:
        if self._model.arrangement.show is Show.CONFIDENT:
            now, bar = self._model.arrangement, self._coverage
            self.keep(replace(now, threshold=bar.threshold, class_id=bar.class_id))

    def _on_measured(self) -> None:
        self.keep(replace(self._model.arrangement, sort=Sort.SIMILAR_FIRST))
        self._view.scrollToTop()
