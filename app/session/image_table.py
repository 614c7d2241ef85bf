"""All images of the open project, a column per property.

A *row* is an image's place in the columns; it never changes while a project is open. Columns are
NumPy arrays, so that 100,000 predictions are taken in, counted and sorted without a Python loop.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine import ImageRecord
from engine.messages import (
    NO_DATE,
    NONE_OF_THESE,
    ClassId,
    ImageId,
    ImageRef,
    PredictionsReady,
)

MAX_RANKS: Final = 5  # How many classes a prediction names at most.
UNSURE_MARGIN: Final = 0.2  # First minus second probability, below which a prediction is unsure.
NONE_SCORE: Final = 0.5  # From here on an image is said to look like none of the classes.
NO_CLASS: Final = 0
NO_GROUP: Final = -1

_FOLDER_END: Final = "\0"  # In keys to sort by: before whatever a name can begin with …
_BETWEEN_FOLDERS: Final = "\1"  # … and before a longer name of the folder, as in "a/b", "a b".
_DIGITS = re.compile(r"\d+")

Rows = NDArray[np.intp]


class ImageTable:
    """The columns. Read the arrays, change them through the methods."""

    def __init__(self, path_of: Callable[[str], Path] = Path) -> None:
        """Make an empty table.

        Args:
            path_of: where the image of a name lies.
        """
        self.n_rows = 0
        self.n_learnt = 0  # How often the engine came to know an image, changed ones again.
        self.names: list[str] = []
        self.reasons: dict[int, str] = {}  # Why a row's file cannot be read.
        self._path_of = path_of
        self._sort_keys: list[str] = []
        self._name_keys: list[str] = []  # The same without the folders.
        self._by_name: Rows = np.zeros(0, np.intp)
        self._by_file_name: Rows = np.zeros(0, np.intp)
        self._refs: list[ImageRef | None] = []
        self._row_of_name: dict[str, int] = {}
        self._row_of_id: NDArray[np.int64] = np.full(0, -1, np.int64)
        self._ids = np.zeros(0, np.int64)
        self._sizes = np.zeros(0, np.int64)
        self._labels = np.zeros(0, np.int32)
        # Rank by rank in memory: most questions are about the first, or the first two, of all rows.
        self._predicted = np.zeros((0, MAX_RANKS), np.int32, "F")
        self._probabilities = np.zeros((0, MAX_RANKS), np.float32, "F")
        self._none_scores = np.zeros(0, np.float32)
        self._embedded = np.zeros(0, np.bool_)
        self._unreadable = np.zeros(0, np.bool_)
        self._missing = np.zeros(0, np.bool_)
        self._modified_s = np.zeros(0, np.int64)
        self._taken_s = np.zeros(0, np.int64)
        self._dated = np.zeros(0, np.bool_)
        self._groups = np.zeros(0, np.int64)
        self._doubtful = np.zeros(0, np.bool_)
        self._set_aside = np.zeros(0, np.bool_)
        self._similarities = np.zeros(0, np.float32)
        # Asked for many times between two changes: made once, forgotten by _touch().
        self._predicts: NDArray[np.bool_] | None = None
        self._labelled_as: frozenset[int] | None = None
        self._gone: (
            tuple[ImageId, ...] | None
        ) = ()  # The same, forgotten where ``missing`` changes.
        self._searched: tuple[str, NDArray[np.bool_]] = ("", np.zeros(0, np.bool_))
        self.has_folders = False  # Whether any image lies in a sub-folder.
        self._folded: list[str] = []  # Names with their folders, to search in whatever the case.
        self._n_folded: dict[str, int] = {}  # How many images have such a name, in any folder.

    # --- Columns, (n_rows,) each ------------------------------------------------------------------

    @property
    def ids(self) -> NDArray[np.int64]:
        """Image numbers."""
        return self._ids[: self.n_rows]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """File sizes in bytes."""
        return self._sizes[: self.n_rows]

    @property
    def labels(self) -> NDArray[np.int32]:
        """The class that the person gave, NONE_OF_THESE for a negative example, or NO_CLASS."""
        return self._labels[: self.n_rows]

    @property
    def predicted(self) -> NDArray[np.int32]:
        """Predicted classes, (n_rows, MAX_RANKS), most likely first, NO_CLASS where none."""
        return self._predicted[: self.n_rows]

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Probabilities of ``predicted``, (n_rows, MAX_RANKS) in [0, 1]."""
        return self._probabilities[: self.n_rows]

    @property
    def none_scores(self) -> NDArray[np.float32]:
        """How much a predicted image looks like none of the classes, in [0, 1]."""
        return self._none_scores[: self.n_rows]

    @property
    def embedded(self) -> NDArray[np.bool_]:
        """Whether the engine knows the image."""
        return self._embedded[: self.n_rows]

    @property
    def unreadable(self) -> NDArray[np.bool_]:
        """Whether the file could not become pixels; see ``reasons``."""
        return self._unreadable[: self.n_rows]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether the last scan did not find the file."""
        return self._missing[: self.n_rows]

    @property
    def gone(self) -> tuple[ImageId, ...]:
        """The missing images; the same tuple until they are others, for each click tells of it."""
        if self._gone is None:
            self._gone = tuple(ImageId(image) for image in self.ids[self.missing].tolist())
        return self._gone

    @property
    def taken_s(self) -> NDArray[np.int64]:
        """When the picture was taken, see ``messages.ImagesEmbedded``; NO_DATE where unknown."""
        return self._taken_s[: self.n_rows]

    @property
    def dated(self) -> NDArray[np.bool_]:
        """Whether somebody has looked for that in the file."""
        return self._dated[: self.n_rows]

    @property
    def dates_s(self) -> NDArray[np.int64]:
        """When the picture was taken, or else its file last modified; seconds of local clocks."""
        taken_s = self.taken_s
        return np.where(taken_s == NO_DATE, self._modified_s[: self.n_rows], taken_s)

    def date_s(self, row: int) -> int:
        """As in ``dates_s``."""
        taken_s = int(self._taken_s[row])
        return int(self._modified_s[row]) if taken_s == NO_DATE else taken_s

    def file_state(self, row: int) -> tuple[int, int]:
        """The size of a row's file and its time; others where the file has changed."""
        return int(self._sizes[row]), int(self._modified_s[row])

    @property
    def groups(self) -> NDArray[np.int64]:
        """Images that show the same share a number; NO_GROUP where an image is alone."""
        return self._groups[: self.n_rows]

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Labels that look wrong."""
        return self._doubtful[: self.n_rows]

    @property
    def set_aside(self) -> NDArray[np.bool_]:
        """Images without a label that the person keeps for later."""
        return self._set_aside[: self.n_rows]

    @property
    def similarities(self) -> NDArray[np.float32]:
        """Cosines to the images that were asked about last; NaN where not measured."""
        return self._similarities[: self.n_rows]

    @property
    def margins(self) -> NDArray[np.float32]:
        """First minus second probability."""
        return self.probabilities[:, 0] - self.probabilities[:, 1]

    @property
    def unsure(self) -> NDArray[np.bool_]:
        """Unlabelled images whose two most likely classes are close."""
        return self.predicts & (self.margins < UNSURE_MARGIN)

    @property
    def like_none(self) -> NDArray[np.bool_]:
        """Unlabelled images that look like none of the classes."""
        return self.predicts & (self.none_scores >= NONE_SCORE)

    def confident(self, threshold: float, class_id: int = NO_CLASS) -> NDArray[np.bool_]:
        """Predictions at or above a confidence that nothing else speaks against.

        Args:
            threshold: in [0, 1].
            class_id: only predictions of that class; NO_CLASS for all.

        Confidence says which of the classes it is, if it is one of them: what looks like none of
        them is not among these, nor what the person has set aside.
        """
        found = self.reaching(threshold, class_id) & (self.none_scores < NONE_SCORE)
        return found & ~self.set_aside

    def reaching(self, threshold: float, class_id: int = NO_CLASS) -> NDArray[np.bool_]:
        """As ``confident``, whatever else speaks against the prediction."""
        found = self.predicts & (self.probabilities[:, 0] >= np.float32(threshold))
        return found if class_id == NO_CLASS else found & (self.predicted[:, 0] == class_id)

    @property
    def predicts(self) -> NDArray[np.bool_]:
        """Whether a prediction is what the image shows: present, unlabelled and predicted."""
        found = self._predicts
        if found is None:
            found = (self.labels == NO_CLASS) & (self.predicted[:, 0] != NO_CLASS) & ~self.missing
            found.setflags(write=False)
            self._predicts = found
        return found

    @property
    def labelled_as(self) -> frozenset[int]:
        """The classes that present images are labelled as, NONE_OF_THESE among them."""
        if self._labelled_as is None:
            rows = np.flatnonzero(self.labels)
            self._labelled_as = frozenset(self.labels[rows[~self.missing[rows]]].tolist())
        return self._labelled_as

    # --- One row ----------------------------------------------------------------------------------

    def image_id(self, row: int) -> ImageId:
        """The image's number in the project."""
        return ImageId(int(self._ids[row]))

    def label(self, row: int) -> ClassId:
        """As in ``labels``."""
        return ClassId(int(self._labels[row]))

    def is_unsure(self, row: int) -> bool:
        """Whether the row's prediction is unsure (see ``unsure``)."""
        first, second = self._probabilities[row, :2]
        return bool(first - second < UNSURE_MARGIN)

    def is_like_none(self, row: int) -> bool:
        """Whether the row's image looks like none of the classes (see ``like_none``)."""
        return bool(self._none_scores[row] >= NONE_SCORE)

    def ref(self, row: int) -> ImageRef:
        """The image as the engine needs it."""
        kept = self._refs[row]
        if kept is None:
            name = self.names[row]
            kept = ImageRef(self.image_id(row), self._path_of(name), name)
            self._refs[row] = kept
        return kept

    def short_name(self, row: int, sought: str = "") -> str:
        """The file's name, with its folder only where that tells more.

        It does where another folder has a file of that name, too, and where some of the words that
        are sought are in the folder.
        """
        name, folded = self.names[row], self._folded[row].rpartition("/")[2]
        is_ambiguous = self._n_folded[folded] > 1
        is_in_folder = any(word not in folded for word in _words_of(sought))
        return name if is_ambiguous or is_in_folder else name.rpartition("/")[2]

    def folder_name(self, row: int) -> str:
        """The folder that the file is in, beside the project's own; empty for that one."""
        return self.names[row].rpartition("/")[0]

    def row_of(self, image_id: int) -> int:
        """The row of an image, -1 where it is unknown."""
        if 0 <= image_id < len(self._row_of_id):
            return int(self._row_of_id[image_id])
        return -1

    def row_of_name(self, name: str) -> int:
        """The row of the image of that name, -1 where there is none."""
        return self._row_of_name.get(name, -1)

    # --- Many rows --------------------------------------------------------------------------------

    def rows_of(self, image_ids: NDArray[np.int64]) -> Rows:
        """Rows of images, -1 where unknown."""
        inside = (image_ids >= 0) & (image_ids < len(self._row_of_id))
        rows = np.full(len(image_ids), -1, np.intp)
        rows[inside] = self._row_of_id[image_ids[inside]]
        return rows

    def refs(self, rows: Rows) -> tuple[ImageRef, ...]:
        """Several images as the engine needs them."""
        kept = self._refs
        return tuple(kept[row] or self.ref(row) for row in rows.tolist())

    def by_name(self) -> Rows:
        """All rows folder by folder, each in the natural order of its names."""
        if len(self._by_name) != self.n_rows:
            # Files are found nearly in order, which Python's sort is quick with: 30 ms for
            # 100,000 names, and only after images were added.
            in_order = sorted(range(self.n_rows), key=self._sort_keys.__getitem__)
            self._by_name = np.array(in_order, np.intp)
        return self._by_name

    def by_file_name(self) -> Rows:
        """All rows in the natural order of their names, whatever folder they are in."""
        if len(self._by_file_name) != self.n_rows:
            in_order = sorted(self.by_name().tolist(), key=self._name_keys.__getitem__)
            self._by_file_name = np.array(in_order, np.intp)
        return self._by_file_name

    def named(self, text: str) -> NDArray[np.bool_]:
        """Whose name, folders within the project's included, has all words of ``text``; (n_rows,).

        In any order and whatever the case; a ``/`` or a ``\\`` in a word is one between folders.
        """
        kept, mask = self._searched
        is_known = len(mask) == self.n_rows
        if kept == text and is_known:
            return mask
        names = self._folded
        # With another letter typed only what was found before can be found still.
        is_longer = bool(kept) and is_known and _folded(text).startswith(_folded(kept))
        rows = np.flatnonzero(mask) if is_longer else None
        for word in _words_of(text):  # 10 ms each for 100,000.
            if rows is None:
                found = np.fromiter((word in name for name in names), np.bool_, self.n_rows)
                rows = np.flatnonzero(found)
            else:
                found = np.fromiter(
                    (word in names[row] for row in rows.tolist()), np.bool_, len(rows)
                )
                rows = rows[found]
        mask = np.full(self.n_rows, rows is None, np.bool_)
        if rows is not None:
            mask[rows] = True
        self._searched = text, mask
        return mask

    def counts_by_class(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many present images are labelled, and how many are predicted, per class number."""
        labels = self.labels[~self.missing & (self.labels != NONE_OF_THESE)]
        predicted = self.predicted[:, 0][self.predicts]
        return np.bincount(labels, minlength=1), np.bincount(predicted, minlength=1)

    def count_negatives(self) -> int:
        """How many present images are labelled as none of the classes."""
        return int(np.count_nonzero((self.labels == NONE_OF_THESE) & ~self.missing))

    # --- Changes ----------------------------------------------------------------------------------

    def add(self, records: Sequence[ImageRecord]) -> list[int]:
        """Take in records; return the rows of those that were known (now changed or back)."""
        self._touch()
        known: list[int] = []
        fresh: list[ImageRecord] = []
        for record in records:
            row = self.row_of(record.image_id)
            if row < 0:
                fresh.append(record)
                continue
            known.append(row)
            self._sizes[row] = record.size_bytes
            self._set_missing(row, record.missing)
            self._embedded[row] = False
            self._unreadable[row] = False
            self._predicted[row] = NO_CLASS
            self._dated[row] = self._doubtful[row] = False
            self._taken_s[row], self._groups[row] = NO_DATE, NO_GROUP
            self.reasons.pop(row, None)
        if known:
            self._modified_s[known] = _local_seconds(
                [record.modified_ns for record in records if self.row_of(record.image_id) >= 0]
            )
        if fresh:
            self._append(fresh)
        return known

    def set_labels(self, labels: Mapping[ImageId, ClassId | None]) -> Rows:
        """Show labels that are in the project; return the rows of the images that are known."""
        self._touch()
        rows = self.rows_of(np.fromiter(labels, np.int64, len(labels)))
        values = np.fromiter((label or NO_CLASS for label in labels.values()), np.int32, len(rows))
        known = rows >= 0
        rows = rows[known]
        self._labels[rows] = values[known]
        self._doubtful[rows] = False
        self._set_aside[rows[self._labels[rows] != NO_CLASS]] = False
        return rows

    def set_set_aside(self, marks: Mapping[ImageId, bool]) -> Rows:
        """Show what is set aside in the project, and what no longer; return the known rows."""
        rows = self.rows_of(np.fromiter(marks, np.int64, len(marks)))
        values = np.fromiter(marks.values(), np.bool_, len(marks))
        known = rows >= 0
        rows = rows[known]
        self._set_aside[rows] = values[known] & (self._labels[rows] == NO_CLASS)
        return rows

    def set_predictions(self, event: PredictionsReady) -> Rows:
        """Take in predictions; return their rows. Labels stay as they are."""
        self._touch()
        rows = self.rows_of(event.image_ids)
        known = rows >= 0
        rows = rows[known]
        n_ranks = min(event.class_ids.shape[1], MAX_RANKS)
        told = slice(None) if known.all() else known
        for rank in range(MAX_RANKS):
            is_told = rank < n_ranks
            self._predicted[rows, rank] = event.class_ids[told, rank] if is_told else NO_CLASS
            self._probabilities[rows, rank] = event.probabilities[told, rank] if is_told else 0.0
        self._none_scores[rows] = event.none_scores[told]
        return rows

    def clear_predictions(self, class_id: ClassId | None = None) -> None:
        """Forget all predictions, or only those that name ``class_id`` first."""
        self._touch()
        if class_id is None:
            self._predicted[:] = NO_CLASS
        else:
            self._predicted[self._predicted[:, 0] == class_id] = NO_CLASS

    def set_taken(self, image_ids: Sequence[ImageId], taken_s: Sequence[int | None]) -> None:
        """Take in when pictures were taken; None where nobody has looked yet."""
        rows = self.rows_of(np.array(image_ids, np.int64))
        known = np.array([second is not None for second in taken_s], np.bool_) & (rows >= 0)
        seconds = np.array([NO_DATE if second is None else second for second in taken_s], np.int64)
        self._taken_s[rows[known]] = seconds[known]
        self._dated[rows[known]] = True

    def groups_of_rows(self) -> list[Rows]:
        """The rows of each group of images that show the same; missing ones are left out."""
        rows = np.flatnonzero((self.groups != NO_GROUP) & ~self.missing)
        if not len(rows):
            return []
        rows = rows[np.argsort(self.groups[rows], kind="stable")]
        groups = self.groups[rows]
        return list(np.split(rows, np.flatnonzero(np.diff(groups)) + 1))

    def set_groups(self, image_ids: NDArray[np.int64], groups: NDArray[np.int64]) -> None:
        """Take in which images show the same; all others are alone."""
        rows = self.rows_of(image_ids)
        self._groups[:] = NO_GROUP
        self._groups[rows[rows >= 0]] = groups[rows >= 0]

    def set_doubtful(self, rows: Rows) -> Rows:
        """These labels look wrong, and no others; return the rows for which that is news."""
        before = np.flatnonzero(self._doubtful[: self.n_rows])
        self._doubtful[:] = False
        self._doubtful[rows] = True
        return np.setxor1d(before, rows)

    def set_similarities(
        self, image_ids: NDArray[np.int64], similarities: NDArray[np.float32]
    ) -> None:
        """Take in how like some images all are; the others are not known to be."""
        rows = self.rows_of(image_ids)
        self._similarities[:] = np.nan
        self._similarities[rows[rows >= 0]] = similarities[rows >= 0]

    def set_embedded(self, rows: Rows) -> Rows:
        """The engine knows these images; return the rows that were thought unreadable till now."""
        self.n_learnt += int(np.count_nonzero(~self._embedded[rows]))
        self._embedded[rows] = True
        return self._make_readable(rows[self._unreadable[rows]])

    def set_unreadable(self, row: int, reason: str) -> None:
        """The file could not become pixels."""
        self._touch()
        self._unreadable[row] = True
        self._predicted[row] = NO_CLASS
        self.reasons[row] = reason

    def set_missing(self, rows: Rows) -> None:
        """The last scan did not find these files; should they come back, they are read again."""
        self._touch()
        self._gone = None
        self._missing[rows] = True
        self._embedded[rows] = False

    def forget_unreadable(self) -> Rows:
        """Unreadable files are to be tried again; return their rows."""
        return self._make_readable(np.flatnonzero(self.unreadable))

    def rename(self, records: Sequence[ImageRecord]) -> Rows:
        """Images lie elsewhere now; all else that is known of them stays. Returns their rows."""
        self._touch()
        rows = [(row, record) for record in records if (row := self.row_of(record.image_id)) >= 0]
        for row, record in rows:
            before = self.names[row]
            if self._row_of_name.get(before) == row:
                del self._row_of_name[before]
            self._n_folded[self._folded[row].rpartition("/")[2]] -= 1
            self._row_of_name[record.name] = row
            self.names[row] = record.name
            self._folded[row] = folded = _folded(record.name)
            folder, _, name = folded.rpartition("/")
            self._n_folded[name] = self._n_folded.get(name, 0) + 1
            self.has_folders = self.has_folders or bool(folder)
            self._sort_keys[row], self._name_keys[row] = _keys_of(record.name)
            self._refs[row] = None
            self._set_missing(row, record.missing)
        self._by_name = self._by_file_name = np.zeros(0, np.intp)
        self._searched = ("", np.zeros(0, np.bool_))
        return np.array([row for row, _ in rows], np.intp)

    def forget_paths(self) -> None:
        """The folder was moved: the engine must be told new paths, and asked for all again."""
        self._refs = [None] * self.n_rows
        self._embedded[:] = False
        self.forget_unreadable()

    def _touch(self) -> None:
        """Labels, predictions or what is missing are about to be others."""
        self._predicts = self._labelled_as = None

    def _set_missing(self, row: int, is_missing: bool) -> None:
        if bool(self._missing[row]) != is_missing:
            self._missing[row] = is_missing
            self._gone = None

    def _make_readable(self, rows: Rows) -> Rows:
        self._unreadable[rows] = False
        for row in rows.tolist():
            self.reasons.pop(row, None)
        return rows

    def _append(self, records: Sequence[ImageRecord]) -> None:
        start, end = self.n_rows, self.n_rows + len(records)
        if end > len(self._ids):
            self._grow(max(end, 2 * len(self._ids), 256))
        ids = np.fromiter((record.image_id for record in records), np.int64, len(records))
        self._ids[start:end] = ids
        self._sizes[start:end] = [record.size_bytes for record in records]
        self._missing[start:end] = missing = [record.missing for record in records]
        if any(missing):
            self._gone = None
        self._modified_s[start:end] = _local_seconds([record.modified_ns for record in records])
        self._taken_s[start:end] = NO_DATE
        self._groups[start:end] = NO_GROUP
        self._similarities[start:end] = np.nan
        highest = int(ids.max())
        if highest >= len(self._row_of_id):
            wider = np.full(max(highest + 1, 2 * len(self._row_of_id)), -1, np.int64)
            wider[: len(self._row_of_id)] = self._row_of_id
            self._row_of_id = wider
        self._row_of_id[ids] = np.arange(start, end)
        for row, record in enumerate(records, start):
            self._row_of_name[record.name] = row
            self.names.append(record.name)
            folded = _folded(record.name)
            self._folded.append(folded)
            folder, _, name = folded.rpartition("/")
            self._n_folded[name] = self._n_folded.get(name, 0) + 1
            self.has_folders = self.has_folders or bool(folder)
            key, name_key = _keys_of(record.name)
            self._sort_keys.append(key)
            self._name_keys.append(name_key)
            self._refs.append(None)
        self.n_rows = end

    def _grow(self, n_rows: int) -> None:
        def longer(column: NDArray[Any]) -> NDArray[Any]:
            grown = np.zeros((n_rows, *column.shape[1:]), column.dtype, "F")
            grown[: self.n_rows] = column[: self.n_rows]
            return grown

        self._ids = longer(self._ids)
        self._sizes = longer(self._sizes)
        self._labels = longer(self._labels)
        self._predicted = longer(self._predicted)
        self._probabilities = longer(self._probabilities)
        self._none_scores = longer(self._none_scores)
        self._embedded = longer(self._embedded)
        self._unreadable = longer(self._unreadable)
        self._missing = longer(self._missing)
        self._modified_s = longer(self._modified_s)
        self._taken_s = longer(self._taken_s)
        self._dated = longer(self._dated)
        self._groups = longer(self._groups)
        self._doubtful = longer(self._doubtful)
        self._set_aside = longer(self._set_aside)
        self._similarities = longer(self._similarities)


def natural_key(name: str) -> str:
    """A key that sorts ``image2`` before ``image10``, whatever the case of the letters."""
    return _DIGITS.sub(lambda found: found[0].lstrip("0").rjust(20, "0"), name.casefold())


def path_key(path: str) -> str:
    """A key that sorts by folder, a folder's own files before its sub-folders, and then by name."""
    folder, _, name = path.rpartition("/")
    return _folder_key(folder) + natural_key(name)


def _keys_of(path: str) -> tuple[str, str]:
    key = path_key(path)
    return key, key.rpartition(_FOLDER_END)[2]


@lru_cache(maxsize=4096)
def _folder_key(folder: str) -> str:
    return natural_key(folder).replace("/", _BETWEEN_FOLDERS) + _FOLDER_END


def _folded(text: str) -> str:
    """As it is searched in: whatever the case, the system's way of writing ä, and its separator."""
    text = text.replace("\\", "/").casefold()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _words_of(text: str) -> list[str]:
    return _folded(text).split()


def _local_seconds(times_ns: Sequence[int]) -> NDArray[np.int64]:
    """What a clock on the wall showed, in seconds since 1970, as cameras write it."""
    seconds = np.array(times_ns, np.int64) // 1_000_000_000
    hours, of = np.unique(seconds // 3600, return_inverse=True)
    shifts = np.zeros(len(hours), np.int64)
    for place, hour in enumerate(hours.tolist()):
        try:
            shifts[place] = time.localtime(hour * 3600).tm_gmtoff
        except (OverflowError, OSError, ValueError):
            continue  # A year that no clock has.
    shifted: NDArray[np.int64] = seconds + shifts[of]
    return shifted
