"""Where the command line's images and examples come from."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from engine.bundle.start import read_start
from engine.errors import EngineError, LabelsError, sentence_for
from engine.image_list import ImageListBuilder
from engine.images import EXTENSIONS, find_images
from engine.interchange.cells import delimiter_of, holds_predictions, plain_label, plain_name
from engine.interchange.reading import is_file
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    FoundFile,
    ModelExamples,
    Snapshot,
)
from engine.project import Project, class_name_key, is_none_name
from engine.project_examples import are_new

MAX_SENTENCES: Final = 20
_MAX_PATH_LETTERS: Final = 200


class SnapshotBuilder:
    """Collects images, classes and examples.

    Every name among the images is an image of its own. Names of one file (links, or the same
    image once more among the examples) share an ``image_id``: it is read once, weighs once, and
    what is labelled under one of its names is labelled under all. A class called "none of these"
    is none: its images are negative examples. Of images nothing is kept but columns.
    """

    def __init__(self) -> None:
        self.notices: list[str] = []
        """Sentences about what was passed over."""
        self._folder = Path()
        self._images = ImageListBuilder()
        self._examples: dict[bytes, list[_Example]] = {}  # By file.
        self._classes: dict[str, ClassId] = {}
        self._spellings: dict[str, str] = {}
        self._borrowed: ModelExamples | None = None

    def add_images(self, images: Path, *, may_be_empty: bool = False) -> None:
        """The images to classify: a folder, a text file with a path a line, or one image.

        Raises:
            EngineError: there is no such thing, or no image in it (unless it ``may_be_empty``).
        """
        if images.is_dir():
            self._folder = images
            left_out: list[str] = []
            for item in find_images(images):
                if isinstance(item, FoundFile):
                    self._images.add(images, item.name)
                else:
                    left_out.append(_why_left_out(item))
            self.notices += briefly(left_out)
        elif images.suffix.lower() in EXTENSIONS and images.is_file():
            self._folder = images.parent
            self._images.add(images.parent, images.name)
        elif images.is_file():
            self._folder = images.parent
            # Split at line ends alone: str.splitlines would also cut names at other characters.
            for line in io.StringIO(_read_text(images)):
                if name := line.strip():
                    self._images.add(images.parent, Path(name).as_posix())
        else:
            raise EngineError(f"There is no folder or file {short_path(images)}.")
        if not len(self._images) and not may_be_empty:
            raise EngineError(f"There are no images in {short_path(images)}.")

    def add_files(self, folder: Path, names: Sequence[str]) -> None:
        """Images to classify that are known by name already, relative to their folder."""
        self._folder = folder
        for name in names:
            self._images.add(folder, name)

    def add_support(self, support: Path) -> None:
        """Examples as ``support/CLASS/images``; those in ``none_of_these`` are negative ones.

        Raises:
            EngineError: there is no such folder, or it cannot be read.
            LabelsError: there are no examples, or two folders name one class.
        """
        if not support.is_dir():
            if support.is_file():
                raise EngineError(
                    f"{short_path(support)} is a file; examples are a folder with a folder of "
                    "images for each class."
                )
            raise EngineError(f"There is no folder {short_path(support)}.")
        left_out: list[str] = []
        for folder in _sub_folders(support):
            try:
                folder.name.encode()
            except UnicodeEncodeError:
                shown = folder.name.encode(errors="replace").decode()
                left_out.append(f"The class {shown} was left out: its name is not UTF-8.")
                continue
            class_id = self._label(folder.name, support)
            for item in find_images(folder):
                if isinstance(item, FoundFile):
                    name = f"{folder.name}/{item.name}"
                    self._add_example(folder / item.name, name, class_id, name)
                else:
                    left_out.append(_why_left_out(item))
        if not self._examples:
            raise LabelsError(
                f"There are no examples in {short_path(support)}; put images into one folder per "
                "class there."
            )
        self.notices += briefly(left_out)
        self._tell_contradictions(support)

    def add_labels(self, table: Path, folder: Path) -> None:
        """Examples from a CSV file with the columns ``file_name`` and ``label``.

        Args:
            folder: what ``file_name`` is relative to.

        Raises:
            EngineError: the table cannot be read.
            LabelsError: it has no usable row, or two spellings of one class.
        """
        left_out: list[str] = []
        missing: Path | None = None
        n_predicted = 0
        rows = _read_rows(table)
        are_predictions = bool(rows) and holds_predictions(rows[0][1])
        for number, row in rows:
            name, label = row["file_name"] or "", plain_label((row["label"] or "").strip())
            if not name.strip() or not label:
                continue
            says_machine = (row.get("label_source") or "").strip() == "machine"
            if says_machine or are_predictions:
                n_predicted += 1
                continue
            name = plain_name(name)
            if not is_file(folder / name):
                name = name.strip()  # Written by hand; but names may begin or end with spaces.
            path = folder / name
            if is_file(path):
                self._add_example(path, name, self._label(label, table), f"line {number}")
            else:
                missing = missing or path
                left_out.append(
                    f"{short_path(table)}, line {number}: there is no file {short_path(path)}; "
                    "left out."
                )
        if not self._examples:
            if n_predicted and missing is None:
                raise LabelsError(
                    f"All labels of {short_path(table)} are predictions, which are no examples; "
                    "a row of yours has “human” in a column label_source."
                )
            told = f"No row of {short_path(table)} names a file in {short_path(folder)}"
            told += " and its label"
            if missing is not None:
                told += f"; the first one names {short_path(missing)}, which is not there"
            raise LabelsError(f"{told}.")
        if n_predicted:
            left = "1 row was" if n_predicted == 1 else f"{n_predicted} rows were"
            why = "label_source says “machine”"
            if are_predictions:
                why = "there is a confidence and no label_source"
            self.notices.append(
                f"{short_path(table)}: {left} left out, as {why}: predictions are no examples."
            )
        self.notices += briefly(left_out)
        self._tell_contradictions(table)

    def add_project(self, path: Path, *, with_images: bool = True) -> None:
        """Examples, and the order of the classes, from a project; it is only read.

        Args:
            path: the project's file.
            with_images: where no images were given, its own are those to classify.

        Raises:
            LabelsError: nothing is labelled in it.
            ProjectError: it cannot be read.
        """
        project = Project.open(path, read_only=True)
        try:
            snapshot = project.snapshot()
        finally:
            project.close()
        if not snapshot.support and snapshot.examples is None:
            raise LabelsError(f"No image is labelled in {short_path(path)}.")
        labels = {item.class_id: self._class(item.name, path) for item in snapshot.classes}
        labels[NONE_OF_THESE] = NONE_OF_THESE
        if snapshot.examples is not None:
            self._borrow(snapshot.examples, labels)
        has_images = len(self._images) > 0
        for image, class_id in snapshot.support:
            self._add_example(image.path, image.name, labels[class_id], image.name)
        if with_images and not has_images:
            self._folder = snapshot.folder
            for image in snapshot.images:
                self._images.add(snapshot.folder, image.name, image.path)
        self._tell_contradictions(path)

    def add_bundle(self, path: Path) -> None:
        """Classes, and examples without their images, from a bundle; before all other examples.

        Raises:
            EngineError: there is no bundle, or it keeps no examples.
            LabelsError: two of its classes are one in two spellings.
        """
        start = read_start(path)
        labels = {
            ClassId(place): self._label(item.name, path) for place, item in enumerate(start.classes)
        }
        labels[NONE_OF_THESE] = NONE_OF_THESE
        self._borrow(start.examples, labels)
        if start.was_tuned:
            self.notices.append(
                f"The model of {short_path(path)} was fine-tuned; what goes on from it are its "
                "examples, seen by the encoder as it was before."
            )

    def build(self) -> Snapshot:
        """What was collected."""
        images, examples = self._images.build()
        return Snapshot(
            folder=self._folder,
            classes=tuple(ClassSpec(number, name) for name, number in self._classes.items()),
            support=tuple(
                (examples[file], given[-1].class_id) for file, given in self._examples.items()
            ),
            images=images,
            examples=self._borrowed,
        )

    # --- Private ----------------------------------------------------------------------------------

    def _borrow(self, found: ModelExamples, numbers: Mapping[ClassId, ClassId]) -> None:
        """Take in examples of a model; ``numbers`` says which class of ours each of theirs is."""
        class_ids = [numbers[ClassId(item)] for item in found.class_ids.tolist()]
        taken = replace(found, class_ids=np.array(class_ids, np.int64))
        before = self._borrowed
        if before is not None:
            # A project that has begun with the bundle has them already.
            taken = taken.chosen(are_new(taken, before))
            taken = ModelExamples(
                np.concatenate([before.embeddings, taken.embeddings]),
                np.concatenate([before.class_ids, taken.class_ids]),
                np.concatenate([before.hashes, taken.hashes]),
                (*before.fingerprints, *taken.fingerprints),
            )
        self._borrowed = taken

    def _add_example(self, path: Path, name: str, class_id: ClassId, where: str) -> None:
        file = self._images.add_example(path, name)
        self._examples.setdefault(file, []).append(_Example(name, class_id, where))

    def _label(self, name: str, source: Path) -> ClassId:
        return NONE_OF_THESE if is_none_name(name) else self._class(name, source)

    def _class(self, name: str, source: Path) -> ClassId:
        other = self._spellings.setdefault(class_name_key(name), name)
        if other != name:
            raise LabelsError(
                f"“{other}” and “{name}” in {short_path(source)} are one class in two spellings; "
                "use one of them."
            )
        return self._classes.setdefault(name, ClassId(len(self._classes) + 1))

    def _tell_contradictions(self, source: Path) -> None:
        names = {class_id: name for name, class_id in self._classes.items()}
        names[NONE_OF_THESE] = NONE_NAME
        found: list[str] = []
        for given in self._examples.values():
            if len({example.class_id for example in given}) > 1:
                said = [f"“{names[example.class_id]}” ({example.where})" for example in given]
                found.append(
                    f"{short_path(source)}: {given[-1].name} is {', '.join(said[:-1])} and "
                    f"{said[-1]}; the last is used."
                )
        self.notices += briefly(found)


def briefly(sentences: Sequence[str]) -> list[str]:
    """The first sentences of many, and how many more there are."""
    shown = list(sentences[:MAX_SENTENCES])
    if len(sentences) > MAX_SENTENCES:
        shown.append(f"… and {len(sentences) - MAX_SENTENCES} more.")
    return shown


def short_path(path: Path | str) -> str:
    """A path as sentences show it: without its middle where it is very long."""
    text = str(path)
    if len(text) <= _MAX_PATH_LETTERS:
        return text
    half = (_MAX_PATH_LETTERS - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


@dataclass(frozen=True, slots=True)
class _Example:
    name: str
    class_id: ClassId
    where: str  # The line, or the name in the folder of examples, that says so.


def _why_left_out(path: Path) -> str:
    """A sentence on something that :func:`find_images` could not enter, or has no name for."""
    if "\N{REPLACEMENT CHARACTER}" in path.name and not os.path.lexists(path):
        return f"{short_path(path)} was left out: its name is not UTF-8."
    try:
        os.scandir(path).close()
    except OSError as error:
        sentence = sentence_for(error, Path(short_path(path)), "read")
        return f"{sentence.removesuffix('.')}; it was left out."
    return f"The folder {short_path(path)} could not be read and was left out."


def _sub_folders(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.is_dir()]
    except OSError as error:
        raise EngineError(sentence_for(error, Path(short_path(folder)), "read")) from error
    return sorted(path for path in found if not path.name.startswith("."))


def _read_rows(table: Path) -> list[tuple[int, dict[str, str | None]]]:
    """The rows of a CSV file that has the columns file_name and label, with their line numbers."""
    text = _read_text(table)
    delimiter = delimiter_of(text.partition("\n")[0], {"file_name", "label"})
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        if not {"file_name", "label"} <= set(reader.fieldnames or ()):
            raise LabelsError(
                f"{short_path(table)} needs a first line with the columns file_name and label."
            )
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise LabelsError(
            f"{short_path(table)}, line {reader.line_num}: this is no CSV ({error})."
        ) from error


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise EngineError(f"{short_path(path)} is not a text file in UTF-8.") from error
    except OSError as error:
        raise EngineError(sentence_for(error, Path(short_path(path)), "read")) from error
