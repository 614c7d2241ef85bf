"""Where the command line's images and examples come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from engine.errors import EngineError, LabelsError, sentence_for
from engine.images import EXTENSIONS, find_images
from engine.messages import ClassId, ClassSpec, FoundFile, ImageId, ImageRef, Snapshot
from engine.project import Project


class SnapshotBuilder:
    """Collects images, classes and examples; one file is one image however often it is named."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        """Sentences about what was passed over."""
        self._folder = Path()
        self._refs: dict[Path, ImageRef] = {}
        self._images: list[ImageRef] = []
        self._support: dict[ImageRef, ClassId] = {}
        self._classes: dict[str, ClassId] = {}

    def add_images(self, images: Path) -> None:
        """The images to classify: a folder, a text file with a path a line, or one image.

        Raises:
            EngineError: there is no such thing, or no image in it.
        """
        if images.is_dir():
            self._folder = images
            for item in find_images(images):
                if isinstance(item, FoundFile):
                    self._images.append(self._ref(images / item.name, item.name))
                else:
                    self.notices.append(f"The folder {item} could not be read and was left out.")
        elif images.suffix.lower() in EXTENSIONS and images.is_file():
            self._folder = images.parent
            self._images.append(self._ref(images, images.name))
        elif images.is_file():
            self._folder = images.parent
            # Split at line ends alone: str.splitlines would also cut names at other characters.
            for line in io.StringIO(_read_text(images)):
                if name := line.strip():
                    self._images.append(self._ref(images.parent / name, Path(name).as_posix()))
        else:
            raise EngineError(f"There is no folder or file {images}.")
        if not self._images:
            raise EngineError(f"There are no images in {images}.")

    def add_support(self, support: Path) -> None:
        """Examples as ``support/CLASS/images``."""
        if not support.is_dir():
            raise EngineError(f"There is no folder {support}.")
        for folder in _sub_folders(support):
            try:
                folder.name.encode()
            except UnicodeEncodeError:
                shown = folder.name.encode(errors="replace").decode()
                self.notices.append(f"The class {shown} was left out: its name is not UTF-8.")
                continue
            class_id = self._class(folder.name)
            found = [item for item in find_images(folder) if isinstance(item, FoundFile)]
            if not found:
                self.notices.append(
                    f"The class “{folder.name}” has no images in {folder}; it is never predicted."
                )
            for item in found:
                name = f"{folder.name}/{item.name}"
                self._support[self._ref(folder / item.name, name)] = class_id
        if not self._support:
            raise LabelsError(
                f"There are no examples in {support}; put images into one folder per class there."
            )

    def add_labels(self, table: Path, folder: Path) -> None:
        """Examples from a CSV file with the columns ``file_name`` and ``label``.

        Args:
            folder: what ``file_name`` is relative to.
        """
        for number, row in _read_rows(table):
            name, label = (row["file_name"] or "").strip(), (row["label"] or "").strip()
            if not name or not label:
                continue
            path = folder / name
            if path.is_file():
                self._support[self._ref(path, name)] = self._class(label)
            else:
                self.notices.append(f"{table}, line {number}: there is no file {path}; left out.")
        if not self._support:
            raise LabelsError(f"No row of {table} names a file in {folder} and its label.")

    def add_project(self, path: Path) -> None:
        """Examples, and the order of the classes, from a project; it is only read."""
        project = Project.open(path, read_only=True)
        try:
            snapshot = project.snapshot()
        finally:
            project.close()
        if not snapshot.support:
            raise LabelsError(f"No image is labelled in {path}.")
        names = {item.class_id: item.name for item in snapshot.classes}
        for item in snapshot.classes:
            self._class(item.name)
        for image, class_id in snapshot.support:
            self._support[self._ref(image.path, image.name)] = self._class(names[class_id])
        if not self._images:
            self._folder = snapshot.folder
            self._images = [self._ref(image.path, image.name) for image in snapshot.images]

    def build(self) -> Snapshot:
        """What was collected."""
        return Snapshot(
            folder=self._folder,
            classes=tuple(ClassSpec(number, name) for name, number in self._classes.items()),
            support=tuple(self._support.items()),
            images=tuple(_unique(self._images)),
        )

    def _ref(self, path: Path, name: str) -> ImageRef:
        try:
            key = path.resolve()
        except (OSError, ValueError, RuntimeError):  # No possible path (NUL, a loop of links):
            key = path  # reading it will say so.
        if key not in self._refs:
            self._refs[key] = ImageRef(ImageId(len(self._refs) + 1), path, name)
        return self._refs[key]

    def _class(self, name: str) -> ClassId:
        return self._classes.setdefault(name, ClassId(len(self._classes) + 1))


def _unique(images: Iterable[ImageRef]) -> list[ImageRef]:
    return list({image.image_id: image for image in images}.values())


def _sub_folders(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.is_dir()]
    except OSError as error:
        raise EngineError(sentence_for(error, folder, "read")) from error
    return sorted(path for path in found if not path.name.startswith("."))


def _read_rows(table: Path) -> list[tuple[int, dict[str, str | None]]]:
    """The rows of a CSV file that has the columns file_name and label, with their line numbers."""
    reader = csv.DictReader(io.StringIO(_read_text(table), newline=""))
    try:
        if not {"file_name", "label"} <= set(reader.fieldnames or ()):
            raise LabelsError(f"{table} needs a first line with the columns file_name and label.")
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise LabelsError(f"{table}, line {reader.line_num}: this is no CSV ({error}).") from error


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise EngineError(f"{path} is not a text file in UTF-8.") from error
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read")) from error
