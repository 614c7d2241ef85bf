"""The way back of written metadata: every file gets its bytes and times again.

A journal lies in the folder that it tells of, and may have come with it from anywhere: it is obeyed
for images and sidecars in that folder, and for those that the person's own list or project names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from engine.errors import ExportError
from engine.files import clear_leftovers
from engine.images import EXTENSIONS, content_hash
from engine.interchange.metadata.journal import (
    Entry,
    entries_of,
    is_rest,
    keep_rest,
    n_damaged_in,
    put_aside,
    remove_journal,
    runs_of,
)
from engine.interchange.metadata.plan import sidecar_of
from engine.jobs.metadata_files import content_of, replace_file, rewritten
from engine.jobs.progress import ProgressMeter
from engine.messages import (
    Event,
    ImageRef,
    ImagesRewritten,
    MetadataUndone,
    SidecarNaming,
    UndoMetadata,
)
from engine.words import Sentence, say


class _EditedError(ExportError):
    """Others changed the file, or its journal is damaged: trying again would not help."""


def undo_metadata(command: UndoMetadata) -> Iterator[Event | None]:
    """Take back the newest run; see :class:`engine.messages.UndoMetadata`."""
    yield from undo_last_run(command.folder, command.request_id, command.images)


def undo_last_run(
    folder: Path, request_id: int, images: Iterable[ImageRef] = ()
) -> Iterator[Event | None]:
    """Give every file that the newest run changed its bytes and times back.

    A file that was changed by someone else since then is left, and told. One that cannot be
    restored now (it is not there, the disk is full, ...) is told, too, and stays in the journal: it
    is tried again the next time, and where that helps none, the run before is undone as well.

    Args:
        folder: that of the run.
        request_id: of the events.
        images: where images are now, by the person's list or project; looked at only where a file
            is not where it was, or not in ``folder``.

    Raises:
        ExportError: there is nothing to undo, or its journal cannot be read.
    """
    journals = runs_of(folder)
    if not journals:
        raise ExportError(
            say("There is no writing of metadata to undo in {folder}.", folder=folder)
        )
    undo = _Undo(folder, images)
    for journal in journals:
        was_rest = is_rest(journal)
        yield from undo.take_back(journal, request_id)
        if undo.n_restored or not was_rest:
            break
    yield MetadataUndone(request_id, folder, undo.n_restored, tuple(undo.problems))


class _Undo:
    def __init__(self, folder: Path, images: Iterable[ImageRef]) -> None:
        self.n_restored = 0
        self.problems: list[Sentence] = []
        self._folder = folder
        self._images = images
        self._inside: dict[Path, bool] = {}  # Folders, by whether they lie in that of the run.
        self._left: dict[str, bool] = {}  # By path; whether it may be tried again.

    def take_back(self, journal: Path, request_id: int) -> Iterator[Event | None]:
        """Restore what a run has changed, and leave the journal with what could not be."""
        entries = entries_of(journal)
        meter = ProgressMeter(request_id, say("Restoring files"), len(entries))
        for folder in {path.parent for path in map(self._allowed_path, entries) if path}:
            clear_leftovers(folder, older_than_s=0)
        left: list[Entry] = []
        befores: dict[str, list[str]] = {}  # What each file was before the entries yet to come.
        for entry in entries:
            befores.setdefault(entry.path, []).append(entry.before)
        for entry in reversed(entries):
            earlier = befores[entry.path]
            earlier.pop()
            try:
                # What was written later has to go first.
                is_left = entry.path in self._left
                event = None if is_left else self._restore(entry, earlier, request_id)
                if event is not None:
                    yield event
            except ExportError as error:
                self.problems.append(error.sentence)
                self._left[entry.path] = not isinstance(error, _EditedError)
            if entry.path in self._left:
                left.append(entry)
            yield meter.advance()
        if n_damaged := n_damaged_in(journal):
            self.problems.append(
                say(
                    "{path} is damaged: {count} of its lines cannot be read, and the files they "
                    "told of were left.",
                    path=journal,
                    count=n_damaged,
                )
            )
            put_aside(journal)
            if any(self._left[entry.path] for entry in left):
                keep_rest(journal, reversed(left))
        elif not left:
            remove_journal(journal)
        elif any(self._left[entry.path] for entry in left):
            keep_rest(journal, reversed(left))
        else:
            put_aside(journal)

    def _restore(
        self, entry: Entry, earlier: Sequence[str], request_id: int
    ) -> ImagesRewritten | None:
        """Make a file what it was; the event to tell where it is an image. Raises ExportError.

        ``earlier`` are the hashes of what it was before that: an undo that was killed, of a run
        that had been killed and gone on with, may have come so far already.
        """
        path, name = self._allowed_path(entry), ""
        if path is None:
            raise ExportError(
                say(
                    "{path} is not in {folder}; it was left, since a journal may come from others.",
                    path=entry.path,
                    folder=self._folder,
                )
            )
        if path.is_symlink():
            raise ExportError(say("{path} is a link to another file; it was left.", path=path))
        current = content_of(path)
        if current is None and not self._has_its_image(entry):
            path, name, current = self._moved(entry, path)
        digest = "" if current is None else content_hash(current).hex()
        if digest == entry.before:
            return None
        if digest != entry.after and digest in earlier:
            return None
        if current is None and entry.after:
            raise ExportError(
                say("{path} is not there any more; it could not be restored.", path=path)
            )
        if digest != entry.after:
            raise _EditedError(
                say("{path} was changed by another program since; it was left as it is.", path=path)
            )
        rest = current or b""
        before = rest[: entry.offset] + entry.removed + rest[entry.offset + entry.n_new :]
        restored = None if not entry.before else before
        if restored is not None and content_hash(restored).hex() != entry.before:
            raise _EditedError(say("{path} was left as it is: its journal is damaged.", path=path))
        replace_file(path, restored, entry, digest=digest)
        self.n_restored += 1
        if not entry.is_image:
            return None
        return ImagesRewritten(request_id, (rewritten(entry, is_undone=True, name=name),))

    # --- Which file -------------------------------------------------------------------------------

    def _allowed_path(self, entry: Entry) -> Path | None:
        """Where the file of an entry was, unless that is none that a run could have changed."""
        path = Path(os.path.abspath(self._folder / entry.path))
        if path.suffix.lower() not in (EXTENSIONS if entry.is_image else (".xmp",)):
            return None
        is_inside = self._inside.get(path.parent)
        if is_inside is None:
            is_inside = Path(os.path.realpath(path.parent)).is_relative_to(self._real_folder)
            self._inside[path.parent] = is_inside
        return path if is_inside or path in self._named else None

    def _has_its_image(self, entry: Entry) -> bool:
        return not entry.is_image and (self._folder / self._image_of(entry)).is_file()

    def _moved(self, entry: Entry, path: Path) -> tuple[Path, str, bytes]:
        """Where a file is that went away with its image, by bytes that only the run gave it."""
        image = self._image_of(entry)
        ending = f"/{image.as_posix()}"
        found = self._by_file_name.get(image.name, [])
        # Of several of that name first those that kept their path within the folder.
        for ref in sorted(found, key=lambda ref: not ref.path.as_posix().endswith(ending)):
            place = ref.path if entry.is_image else ref.path.with_name(path.name)
            if not entry.after or place.is_symlink():
                continue
            content = content_of(place)
            if content is not None and content_hash(content).hex() == entry.after:
                return place, ref.name, content
        if entry.is_image:
            text = say(
                "{path} is not there any more; if it was sorted into a folder, undo that first.",
                path=path,
            )
        else:
            text = say(
                "{path} is not there any more, nor is its image; if they were sorted into folders, "
                "undo that first.",
                path=path,
            )
        raise ExportError(text)

    def _image_of(self, entry: Entry) -> Path:
        if entry.is_image:
            return Path(entry.path)
        return Path(entry.image) if entry.image else Path(entry.path).with_suffix("")

    @cached_property
    def _real_folder(self) -> Path:
        return Path(os.path.realpath(self._folder))

    @cached_property
    def _known(self) -> list[ImageRef]:
        return list(self._images)

    @cached_property
    def _named(self) -> set[Path]:
        """Images that the person named, and their sidecars."""
        images = [Path(os.path.abspath(ref.path)) for ref in self._known]
        sidecars = (sidecar_of(image, naming) for image in images for naming in SidecarNaming)
        return {*images, *sidecars}

    @cached_property
    def _by_file_name(self) -> dict[str, list[ImageRef]]:
        found: dict[str, list[ImageRef]] = {}
        for ref in self._known:
            found.setdefault(ref.path.name, []).append(ref)
        return found
