"""The project file: the person's images, classes and labels in one SQLite file.

Every change is one durable transaction and leaves its trace in a journal that can only grow.
All editing goes through one door, :meth:`Project.apply`, which returns the change that undoes
it; undo is therefore nothing but another change, and the journal tells the whole story.

Here are opening and the door itself; ``project_schema`` has the tables, ``project_reading`` the
questions to them, ``project_changes`` what a change writes, ``project_files`` the file as such.

Only the GUI thread (or the command line) uses a :class:`Project`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from engine import (
    project_backups,
    project_copies,
    project_examples,
    project_files,
    project_missing,
    project_moves,
    project_reading,
)
from engine.errors import (
    DamagedProjectError,
    ProjectError,
    ReadOnlyProjectError,
    sentence_for,
)
from engine.files import rename_new, sync_folder
from engine.messages import (
    NONE_OF_THESE,
    BundleClass,
    ClassId,
    ClassSpec,
    FoundFile,
    ImageId,
    ImageRef,
    ModelExamples,
    RewrittenImage,
    Snapshot,
)
from engine.project_changes import look_before, write_change
from engine.project_connection import connect, connect_to_read, make_durable
from engine.project_journal import now
from engine.project_keeper import ProjectKeeper, ProjectNews
from engine.project_lock import ProjectLock
from engine.project_outside import Outside
from engine.project_place import (
    ProjectPlace,
    empty_log,
    is_log_of_another,
    write_again,
    write_beside,
)
from engine.project_records import (
    CLASS_COLOURS,
    MAX_HOTKEY,
    NONE_CLASS,
    Change,
    ImageClass,
    ImageRecord,
    KnownImages,
    class_name_key,
    is_none_name,
    is_text,
)
from engine.project_replay import replay
from engine.project_schema import fill_new_file, has_table
from engine.project_trail import Trail, last_entry
from engine.words import NOTHING, Sentence, say, sentence_of

__all__ = [
    "CLASS_COLOURS",
    "NONE_CLASS",
    "Change",
    "ImageClass",
    "ImageRecord",
    "Project",
    "ProjectNews",
    "class_name_key",
    "is_none_name",
    "is_text",
]

_BACKED_UP_AT_ONCE_BYTES: Final = 8_000_000  # 20 ms; larger ones are copied beside the work.

_log = logging.getLogger(__name__)


class Project:
    """An open project file. Use :meth:`create`, :meth:`open` or :meth:`for_folder`.

    Attributes:
        path: the file.
        notice: what the person should know of its opening, one sentence or nothing.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, lock: ProjectLock | None = None
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._keeper: ProjectKeeper | None = None
        self.path = path
        self.notice = NOTHING
        self._is_new = False
        self._none_named: set[ClassId] = (
            set()
        )  # Classes that were, from before that meant anything.
        self._folder = project_files.find_folder(connection, path.parent)
        # Without one (on some network shares) a commit that is not waited for could do damage.
        self._has_log = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        self._outside = Outside(connection)
        self._others_version = self._version_of_others()
        self._place = ProjectPlace(path, has_log=self._has_log)
        self._kept_beside: Path | None = None  # Where it is since another file took its place.
        self._is_cut_off = False  # All is in the file; the connection is closed.
        self._is_kept_of_deleted = False  # A backup has all of a file that was deleted.
        self._is_read_only = self._is_closed = self._stays_deleted = False
        self._backup_folder: Path | None = None
        self._number: project_files.FileNumber | None = None
        self._noted: Callable[[], object] = lambda: None  # As open here; called, no longer.

    # --- Opening and closing --------------------------------------------------------------------

    @classmethod
    def for_folder(
        cls,
        folder: Path,
        fallback_folder: Path,
        backup_folder: Path | None = None,
        *,
        alone: bool = False,
    ) -> Project:
        """Open the project of a folder of images, or make one.

        The file is ``FOLDER/FOLDERNAME.handful``; where the folder cannot be written (an SD card
        with its lock on) or the path is too long for SQLite, it is kept in ``fallback_folder``
        under a name made from the folder's. A single project of another name in the folder is the
        folder's, which has been renamed. A file made here goes again when the project is closed
        with nothing found and nothing done in it. ``backup_folder`` and ``alone``
        are as for :meth:`open`.
        """
        folder = folder.resolve()
        beside = project_files.project_path_for(folder)
        if os.path.exists(beside):
            opened = cls.open(beside, fallback_folder, backup_folder=backup_folder, alone=alone)
            # Of a run that was killed over an empty folder: it goes as if it were made now.
            try:
                with opened._asking():
                    is_used = project_files.is_used(opened._connection)
            except ProjectError:
                opened.close()
                raise
            opened._is_new = opened.path == beside and not is_used
            return opened
        inside = project_files.only_project_in(folder)
        if inside is not None:  # The folder was renamed since.
            return cls.open(inside, fallback_folder, backup_folder=backup_folder, alone=alone)
        kept = project_files.kept_elsewhere(folder, fallback_folder)
        if os.path.exists(kept):
            return cls.open(kept, fallback_folder, backup_folder=backup_folder, alone=alone)
        is_short = len(os.fsencode(beside)) <= project_files.MAX_PATH_BYTES
        place = beside if is_short and project_files.is_writable(folder) else kept
        is_made = cls._make(place, folder)  # Else another program has, just now.
        opened = cls.open(place, fallback_folder, backup_folder=backup_folder, alone=alone)
        opened._is_new = is_made
        others = [path for path in project_files.projects_in(folder) if path != place]
        if is_made and others and not opened.notice:
            opened.notice = say(
                "{folder} has several projects of other names, and nobody can tell which is the "
                "folder's: {path} was made. Open {name} or another one to go on with it.",
                folder=folder,
                path=place,
                name=others[0].name,
            )
        return opened

    @classmethod
    def create(cls, path: Path, folder: Path) -> Project:
        """Make a new project file for ``folder``. Raises ProjectError; never overwrites."""
        if not cls._make(path, folder):
            raise ProjectError(
                say("{path} already exists; open it instead, or choose another name.", path=path)
            )
        return cls.open(path)

    @classmethod
    def _make(cls, path: Path, folder: Path) -> bool:
        """Make a file that is whole as soon as it is there; False where there is one already."""
        if os.path.exists(path):
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(sentence_for(error, path.parent, say("create"))) from error
        settings = [
            *project_files.folder_settings(folder, path),
            ("created", now()),
            ("id", uuid4().hex),
        ]
        # Under another name until it is whole: a half-made project could never be opened again.
        with project_backups.temporary_beside(path) as temporary:
            try:
                connection = connect(temporary)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    fill_new_file(connection, settings)
                    connection.execute("COMMIT")
                finally:
                    connection.close()
                # Two programs may be at it; who comes second opens what the first has made.
                rename_new(temporary, path)
                sync_folder(path.parent)
            except FileExistsError:
                return False
            except sqlite3.Error as error:
                raise project_files.project_error(error, path, say("create")) from error
            except OSError as error:
                raise ProjectError(sentence_for(error, path, say("create"))) from error
        return True

    @classmethod
    def open(
        cls,
        path: Path,
        fallback_folder: Path | None = None,
        *,
        backup_folder: Path | None = None,
        read_only: bool = False,
        alone: bool = False,
    ) -> Project:
        """Open a project file.

        Args:
            path: the file.
            fallback_folder: where a writable copy of a read-only project is put; the copy is
                then what is opened, and what was done in it comes back when the project can be
                written again. None: a read-only project is refused.
            backup_folder: where backups are kept, and the trail of what was done since. What a
                file has lost that the trail knows is done once more. None: nowhere.
            read_only: only to look; the file may be read-only, or open in a window.
            alone: refuse a project that another program has open so, and keep others out.

        Raises:
            DamagedProjectError: damaged, or not as Handful makes them; :func:`recover` may help.
            ProjectInUseError: another program has it open alone.
            NewerProjectError: written by a newer Handful.
            ReadOnlyProjectError: read-only, and no fallback folder was given.
            ProjectError: missing, foreign or locked, in one sentence.
        """
        if os.path.isdir(path):
            raise ProjectError(say("{path} is a folder, not a project file.", path=path))
        if not os.path.exists(path):
            raise ProjectError(say("There is no project file {path}.", path=path))
        try:
            return cls._open(path, fallback_folder, backup_folder, read_only, alone)
        except DamagedProjectError as error:
            damaged = error.path = error.path or path
            backup = None
            if backup_folder is not None:
                backup = next(reversed(project_backups.backups_of(damaged, backup_folder)), None)
            if backup is None:
                raise
            found = sentence_of(str(error))
            damage = found.worded(found.rstrip("."))
            raise DamagedProjectError(
                say("{damage}; the newest backup is {backup}.", damage=damage, backup=backup.path),
                damaged,
            ) from error

    @classmethod
    def _open(
        cls,
        path: Path,
        fallback_folder: Path | None,
        backup_folder: Path | None,
        read_only: bool,
        alone: bool,
    ) -> Project:
        project_files.check_header(path)
        if read_only:
            return cls._open_at(path, None, None, read_only=True, alone=False)
        if os.access(path, os.W_OK) and project_files.is_writable(path.parent):
            return cls._open_at(path, fallback_folder, backup_folder, alone=alone)
        if fallback_folder is None:
            raise ReadOnlyProjectError(
                say(
                    "{path} is read-only, so labels could not be saved; copy it to a place "
                    "where you may write and open the copy.",
                    path=path,
                )
            )
        copy = project_copies.writable_copy(path, fallback_folder)
        try:
            return cls._open_at(copy, None, backup_folder, alone=alone)
        except DamagedProjectError as error:
            _log.warning("%s", error)
        # The project itself is whole: a copy is not to be in its way.
        notice = project_copies.made_whole(path, copy, backup_folder)
        opened = cls._open_at(copy, None, backup_folder, alone=alone)
        opened.notice = notice
        return opened

    @classmethod
    def _open_at(
        cls,
        path: Path,
        fallback_folder: Path | None,
        backup_folder: Path | None,
        *,
        read_only: bool = False,
        alone: bool,
    ) -> Project:
        """Open the file that is worked in.

        Args:
            fallback_folder: has copies to be taken back into it; None: there can be none.
            backup_folder, read_only, alone: as for :meth:`open`.
        """
        notice = NOTHING
        is_kept_elsewhere = path.parent == fallback_folder
        lock = ProjectLock(path) if alone else None
        number = None
        try:
            stray = _let_go_of_strays_log(path, lock)
            if fallback_folder is not None:
                notice = project_copies.taken_back(path, fallback_folder, lock)
            number = project_files.note_open(path)
            connection = connect_to_read(path) if read_only else connect(path)
            try:
                is_checked = (
                    backup_folder is None
                    or read_only
                    or path.stat().st_size <= project_files.CHECKED_AT_ONCE_BYTES
                )
                if is_checked:
                    project_files.check_whole(connection, path)
                else:
                    project_files.check_kind(connection, path)
                if is_kept_elsewhere:
                    project_files.check_images(connection, path)
                if not read_only:
                    make_durable(connection, path)
                opened = cls(connection, path, lock)
                opened.notice = notice or stray
                opened._is_read_only = read_only
                if backup_folder is not None and not read_only:
                    opened._keep_safe(backup_folder, is_checked=is_checked)
                opened._note_open(number)
                opened._note_numbers()
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            project_files.note_closed(number)
            if lock is not None:
                lock.close()
            if isinstance(error, sqlite3.Error | UnicodeDecodeError):
                raise project_files.project_error(error, path, say("open")) from error
            raise
        return opened

    def _keep_safe(self, folder: Path, *, is_checked: bool) -> None:
        """Bring back what the trail knows and the file does not, and keep the trail from now on."""
        connection, path = self._connection, self.path
        self._backup_folder = folder
        restored = NOTHING
        project_id = project_backups.project_id_of(connection)
        trail = Trail.of(path, project_id, folder, connection)
        try:
            missing = project_missing.missing_entries(connection, trail, path, folder)
            if missing:
                with self._transaction(say("save to")):
                    replay(connection, missing.entries(), missing.moves)
                restored = missing.told(path)
        except OSError as error:
            _log.warning("could not read the trail of %s: %s", path, error)
        if restored and not self.notice:
            self.notice = restored
        self._judge_names(folder, trail)
        newest = last_entry(connection)
        is_due = not project_missing.is_backed_up(connection, path, folder)
        is_small = path.stat().st_size <= _BACKED_UP_AT_ONCE_BYTES
        if is_due and is_small:
            try:
                project_backups.back_up(connection, path, folder)
                is_due = False
            except (sqlite3.Error, OSError) as error:
                _log.warning("could not back up %s: %s", path, error)
        self._keeper = ProjectKeeper(
            path,
            folder,
            trail,
            self._lock,
            begun_at=0 if newest is None else newest.entry,
            is_backup_due=is_due,
            is_check_due=not is_checked,
            is_in_place=self._place.is_in_place,
        )

    def _judge_names(self, folder: Path, trail: Trail) -> None:
        """Follow names out of the folder only where this computer knows the project."""
        is_known = trail.path.exists() or bool(project_backups.backups_of(self.path, folder))
        with self._transaction(say("save to")) as connection:
            self._outside.judge(connection, is_known=is_known)
        if self._outside.n_refused and not is_known and not self.notice:
            self.notice = say(
                "Images of {path} that would lie outside of its folder ({count}) are not looked "
                "for, since this computer has never seen the project before.",
                count=self._outside.n_refused,
                path=self.path,
            )

    def follow_news(self, tell: Callable[[ProjectNews], None]) -> None:
        """Be told, on a thread of the project's, what is found out about the file beside the work,
        also before this was called."""
        if self._keeper is not None:
            self._keeper.follow(tell)

    def wait_until_kept(self) -> bool:
        """Wait until all changes are on the trail and a backup under way is made; False where that
        takes longer than some seconds."""
        return self._keeper is None or self._keeper.wait()

    @property
    def is_deleted(self) -> bool:
        """Whether the file was deleted while it was open, for good and without its folder; then
        the next change, or closing, writes it again, unless :meth:`stay_deleted` was called.

        False also where nobody can tell it from a file that was renamed, and where nothing was
        ever done in it.
        """
        if self._is_closed or self._is_read_only:
            return False
        place = self._place
        try:
            is_gone = place.is_free and not place.is_moved and place.has_another_name is False
            return is_gone and project_files.is_used(self._connection)
        except sqlite3.Error:
            return False

    @property
    def is_in_place(self) -> bool:
        """Whether the name leads to the file that is open, as far as can be told."""
        return self._place.is_in_place()

    def stay_deleted(self, *, stays: bool = True) -> None:
        """Have :meth:`close` leave the file deleted, if it is so still; a backup is kept of it.

        Where none can be kept, also without a folder for backups, it is written again.

        Args:
            stays: False takes that back.
        """
        self._stays_deleted = stays

    def write_again(self) -> None:
        """Have a file that was deleted under its name again, as the next change would.

        Raises ProjectError: it cannot be written there.
        """
        self._stay_in_place()

    def close(self) -> None:
        """Close the file; what was applied is on disk already, but for a file that has lost its
        name meanwhile, which gets it again or is kept beside what has it now."""
        if self._is_closed:
            return
        is_let_go = self._stays_deleted and self._backup_folder is not None and self.is_deleted
        self._is_closed = True
        is_safe = self._is_read_only or (not is_let_go and self._is_settled())
        if self._keeper is not None:
            self._keeper.close()
        if not is_safe and self._backup_folder is not None:
            try:  # With the connection all would be gone.
                project_backups.back_up(self._connection, self.path, self._backup_folder)
            except (sqlite3.Error, OSError) as error:
                _log.warning("could not back up %s: %s", self.path, error)
                if is_let_go:  # On the promise of that backup.
                    is_let_go = not self._is_settled()
        if is_let_go:
            with suppress(sqlite3.Error):  # Else it would be left beside the name, to no use.
                empty_log(self._connection)
        if self._is_new and project_files.number_of(self.path) == self._number:
            project_files.remove_if_untouched(self._connection, self.path)
        self._connection.close()
        self._place.remove_empty_log()
        self._noted()
        if self._lock is not None:
            self._lock.close()

    # --- Reading --------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What a person calls the project."""
        return self.path.stem

    @property
    def folder(self) -> Path:
        """The folder of images; it may have vanished since (see :meth:`move_folder`)."""
        return self._folder

    def images(self) -> list[ImageRecord]:
        """All images ever found, in the order in which they were found."""
        with self._asking():
            return self._readable(project_reading.read_images(self._connection))

    def was_changed_by_others(self) -> bool:
        """Whether another program has written to the file since this was asked, or it was opened.

        The command line is one: it tells the project where images are that it has put back.

        Raises ProjectError where the file cannot be read.
        """
        with self._asking():
            version = self._version_of_others()
        is_other, self._others_version = version != self._others_version, version
        return is_other

    def images_after(self, image_id: ImageId, count: int) -> KnownImages:
        """Up to ``count`` images with higher numbers, ascending, with their labels and marks.

        Raises ProjectError where the file cannot be read.
        """
        with self._asking():
            known = project_reading.read_images_after(self._connection, image_id, count)
            return replace(known, images=self._readable(known.images))

    def classes(self, *, with_removed: bool = False) -> list[ImageClass]:
        """The classes in the person's order; NONE_OF_THESE is none of them."""
        with self._asking():
            return project_reading.read_classes(self._connection, with_removed=with_removed)

    def labels(self) -> dict[ImageId, ClassId]:
        """The class of every labelled image, NONE_OF_THESE of negative examples."""
        with self._asking():
            return project_reading.read_labels(self._connection)

    def set_aside(self) -> list[ImageId]:
        """The images that the person set aside, in the order in which they were found."""
        with self._asking():
            return project_reading.read_set_aside(self._connection)

    def model_examples(self) -> ModelExamples | None:
        """The examples that came with a model and teach a class of the project; None without any.

        Raises ProjectError where the file cannot be read.
        """
        with self._asking():
            return project_examples.read_model_examples(self._connection)

    def follows(self, name: str) -> bool:
        """Whether the image of that name is looked for: not where the name leads out of the
        folder, and came with a project that this computer had never seen."""
        return self._outside.allows(name)

    def snapshot(self) -> Snapshot:
        """All that predictions and exports depend on, as it is now; missing files are left out."""
        images = tuple(
            ImageRef(record.image_id, self.path_of(record.name), record.name)
            for record in self.images()
            if not record.missing
        )
        refs = {image.image_id: image for image in images}
        return Snapshot(
            folder=self.folder,
            classes=tuple(ClassSpec(item.class_id, item.name) for item in self.classes()),
            support=tuple(
                (refs[image], class_id)
                for image, class_id in self.labels().items()
                if image in refs
            ),
            images=images,
            examples=self.model_examples(),
        )

    def path_of(self, name: str) -> Path:
        """Where the image of that name lies."""
        if self._outside.is_refused and not self._outside.allows(name):
            return Path(self.folder, ".handful-not-followed", Path(name).name)
        return Path(self.folder, name)  # One parsing, where there are 100,000 of them.

    # --- Editing by the person ------------------------------------------------------------------

    def new_classes(self, names: Sequence[str]) -> list[ImageClass]:
        """Classes that may be added together by :meth:`apply`, in that order."""
        made: list[ImageClass] = []
        for name in names:
            made.append(self.new_class(name, beside=made))
        return made

    def new_class(
        self, name: str, *, colour: str | None = None, beside: Sequence[ImageClass] = ()
    ) -> ImageClass:
        """A class that may be added by :meth:`apply`: free number, colour, hot key, last place.

        Args:
            colour: in place of a free one.
            beside: new classes that are added in the same change.
        """
        known = [*self.classes(with_removed=True), *beside]
        present = [item for item in known if not item.removed]
        used_keys = {item.hotkey for item in present}
        used_colours = {item.colour for item in present}
        number = 1 + max((item.class_id for item in known), default=0)
        free_colour = next(
            (item for item in CLASS_COLOURS if item not in used_colours),
            CLASS_COLOURS[number % len(CLASS_COLOURS)],
        )
        return ImageClass(
            class_id=ClassId(number),
            name=name,
            colour=colour or free_colour,
            hotkey=next((key for key in range(1, MAX_HOTKEY + 1) if key not in used_keys), None),
            position=1 + max((item.position for item in known), default=0),
        )

    def relabel(self, images: Iterable[ImageId], class_id: ClassId | None) -> Change:
        """The change that gives all ``images`` one class, or none."""
        labels = dict.fromkeys(images, class_id)
        n_images = len(labels)
        if class_id is None:
            action = say("Unlabel {count} images", count=n_images)
            return Change(say("Unlabel 1 image") if n_images == 1 else action, labels)
        action = say("Label {count} images", count=n_images)
        return Change(say("Label 1 image") if n_images == 1 else action, labels)

    def setting_aside(self, images: Iterable[ImageId], *, is_set_aside: bool = True) -> Change:
        """The change that keeps ``images`` for later, or no longer does."""
        marks = dict.fromkeys(images, is_set_aside)
        n_images = len(marks)
        if is_set_aside:
            action = say("Set {count} images aside", count=n_images)
            action = say("Set 1 image aside") if n_images == 1 else action
        else:
            action = say("Put {count} images back", count=n_images)
            action = say("Put 1 image back") if n_images == 1 else action
        return Change(action, {}, set_aside=marks)

    def beginning_from(
        self, title: str, classes: Sequence[BundleClass], examples: ModelExamples
    ) -> Change:
        """The change that goes on from a model: its classes, where they are not there yet, and its
        labelled examples, which are kept in the file from now on and teach once it is applied.

        A class of the same name is the same class. Colours and keys are the model's where free.

        Args:
            title: of the model.
            classes: of the model, in its order.
            examples: ``class_ids`` are positions in ``classes``, or NONE_OF_THESE.

        Raises:
            ProjectError: they could not be kept.
        """
        known = self.model_examples()
        if known is not None:
            examples = examples.chosen(project_examples.are_new(examples, known))
        numbers, added = project_examples.classes_to_teach(
            classes, self.classes(), lambda name, beside: self.new_class(name, beside=beside)
        )
        with self._transaction(say("save to")) as connection:
            kept = project_examples.keep(connection, title, examples)
        if self._keeper is not None:
            self._keeper.back_up_soon()  # The trail tells of no embeddings.
        given = {
            example: numbers[ClassId(label)]
            for example, label in zip(kept, examples.class_ids.tolist(), strict=True)
        }
        action = say("Start from the model “{name}”", name=title)
        return Change(action, {}, added, examples=given)

    def removal(self, class_id: ClassId) -> Change:
        """The change that removes a class and takes its labels off."""
        target = self._class(class_id)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled_as(class_id))
        removed = replace(target, removed=True, hotkey=None)
        return Change(say("Delete class “{name}”", name=target.name), labels, (removed,))

    def merger(self, source: ClassId, target: ClassId) -> Change:
        """The change that gives all of ``source``'s images to ``target`` and removes ``source``.

        ``target`` may be NONE_OF_THESE.
        """
        gone = self._class(source)
        kept = NONE_CLASS if target == NONE_OF_THESE else self._class(target)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled_as(source), target)
        removed = replace(gone, removed=True, hotkey=None)
        with self._asking():
            labelled = project_reading.labels_of(self._connection, labels)
            examples = project_examples.model_examples_of(self._connection, source)
        contents = {image: content for image, (_, content) in labelled.items()}
        action = say("Merge “{source}” into “{target}”", source=gone.name, target=kept.name)
        moved = dict.fromkeys(examples, target)
        return Change(action, labels, (removed,), contents, examples=moved)

    def apply(self, change: Change) -> Change:
        """Make a change durable in one transaction and return the change that undoes it.

        Raises:
            ProjectError: nothing was changed; the sentence says why (disk full, duplicate class
                name, ...).
        """
        self._stay_in_place()
        with self._asking():
            before = look_before(self._connection, change, self._none_named)
        with self._transaction(say("save to")) as connection:
            undo = write_change(connection, change, before)
        try:
            self._stay_in_place()
        except ProjectError as error:  # The change is made; the next one, or closing, tries again.
            self._tell(sentence_of(str(error)))
        if self._keeper is not None:
            self._keeper.note()
        return undo

    # --- What scans and the engine learnt -------------------------------------------------------

    def add_images(self, files: Sequence[FoundFile]) -> list[ImageRecord]:
        """Remember found files; return those that are new, changed or back, as they are now."""
        with self._transaction(say("save to"), can_be_found_again=True) as connection:
            known = {
                record.name: record
                for record in project_reading.images_named(
                    connection, [file.name for file in files]
                )
            }
            # Most files of a scan are as they were: they are read, and nothing is written.
            fresh = [file for file in files if not _is_as_known(file, known.get(file.name))]
            connection.executemany(
                "INSERT INTO images (name, size_bytes, modified_ns) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET size_bytes = excluded.size_bytes, "
                "modified_ns = excluded.modified_ns, content = NULL, missing = 0 "
                "WHERE missing OR size_bytes != excluded.size_bytes "
                "OR modified_ns != excluded.modified_ns",
                [(file.name, file.size_bytes, file.modified_ns) for file in fresh],
            )
        return self._images_named([file.name for file in fresh])

    def mark_missing(self, images: Iterable[ImageId]) -> None:
        """Remember that the files of ``images`` were not found; their labels stay."""
        with self._transaction(say("save to"), can_be_found_again=True) as connection:
            connection.executemany(
                "UPDATE images SET missing = 1 WHERE image_id = ?", [(image,) for image in images]
            )

    def record_contents(self, contents: Mapping[ImageId, bytes]) -> None:
        """Remember the hashes of images' bytes."""
        rows = [(content, image) for image, content in contents.items()]
        with self._transaction(say("save to"), can_be_found_again=True) as connection:
            # Most are known at every opening but the first; nothing is written of those.
            connection.executemany(
                "UPDATE images SET content = ?1 WHERE image_id = ?2 AND content IS NOT ?1", rows
            )
            for table in ("labels", "set_aside"):
                if has_table(connection, table):
                    connection.executemany(
                        f"UPDATE {table} SET content = ? WHERE image_id = ? AND content IS NULL",
                        rows,
                    )

    def follow_moves(self, moves: Iterable[tuple[Path, Path]]) -> list[ImageRecord]:
        """Know images under the new paths of their files, wherever those are now.

        Labels, marks and hashes are the images' and stay. Images that are known under the new name
        already, since a scan has found them there, keep it; labels go there by their bytes.

        Args:
            moves: paths before and after.

        Returns:
            The images that have another name now.
        """
        names = [(self._name_of(before), self._name_of(after)) for before, after in moves]
        touched: list[str] = []
        moved: list[tuple[int, str, str]] = []
        with self._transaction(say("save to"), can_be_found_again=True) as connection:
            (last,) = connection.execute("SELECT coalesce(max(entry), 0) FROM journal").fetchone()
            for before, after in names:
                cursor = connection.execute(
                    "UPDATE images SET name = ?2, missing = 0 WHERE name = ?1 "
                    "AND NOT EXISTS (SELECT 1 FROM images WHERE name = ?2)",
                    (before, after),
                )
                if cursor.rowcount:
                    touched.append(after)
                    moved.append((last, before, after))
            self._outside.follow(connection, touched)
        if self._keeper is not None:
            self._keeper.note_moves(moved)
        return self._images_named(touched)

    def follow_rewritten(self, images: Iterable[RewrittenImage]) -> None:
        """Let images and their labels stand for the bytes that Handful itself gave their files.

        Else a label would leave its image for a copy that still has the bytes that were labelled.
        """
        with self._transaction(say("save to")) as connection:
            for image in images:
                path = self.path_of(image.name)
                if Path(image.name).is_absolute():  # Outside of the folder, where sorting put it.
                    image = replace(image, name=self._name_of(path))
                project_moves.follow_rewritten(connection, path, image)

    def carry_labels(self, *, all_known: bool) -> Change | None:
        """The change that brings labels back to the bytes that were labelled.

        Files are renamed, swapped and moved by other programs. A label whose image is missing or
        has other bytes now goes to a present image that has the label's bytes, if that one has no
        label of its own that fits. What was set aside follows likewise. The caller applies the
        change, so that the person sees it and can undo it.

        Args:
            all_known: the folder was scanned and the bytes of all readable images recorded. Until
                then no label is replaced that may have a place to go to itself.
        """
        with self._asking():
            return project_moves.carried(self._connection, all_known=all_known)

    def accept_changed_files(self) -> list[str]:
        """Let labels stand for what their files became; return the names of those files.

        To be called when all bytes are known and :meth:`carry_labels` has nothing more to do: the
        files were edited in place, and each is told of once.
        """
        with self._asking():
            names = project_moves.changed_names(self._connection)
            is_due = bool(names) or project_moves.has_changed_set_aside(self._connection)
        if is_due:
            with self._transaction(say("save to")) as connection:
                project_moves.accept_changed(connection)
        return names

    def has_images_in(self, folder: Path) -> bool:
        """Whether ``folder`` may be where the images are: it has some, or none are known yet.

        Raises ProjectError where the file cannot be read.
        """
        with self._asking():
            return project_files.has_known_images(self._connection, folder)

    def move_folder(self, folder: Path) -> None:
        """Point the project at where its images lie now; names stay relative to it."""
        settings = project_files.folder_settings(folder, self.path)
        with self._transaction(say("save to")) as connection:
            connection.executemany(
                "INSERT INTO settings VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                settings,
            )
        self._folder = folder.resolve()

    # --- Private --------------------------------------------------------------------------------

    def _stay_in_place(self, *, is_closing: bool = False) -> None:
        """Where the file was deleted, or has lost its log, have it under its name again.

        Args:
            is_closing: nothing more is written, so one that was renamed may stay so.

        Raises ProjectError where it was replaced, or cannot be written again.
        """
        path = self.path
        try:
            is_lost = self._is_cut_off or not self._place.is_kept(self._connection)
            if is_lost and self._kept_beside is None:
                self._come_back(is_closing=is_closing)
        except OSError as error:
            raise ProjectError(sentence_for(error, path, say("save to"))) from error
        except sqlite3.Error as error:
            raise project_files.project_error(error, path, say("save to")) from error
        if self._kept_beside is not None:
            raise ProjectError(
                say(
                    "{path} was replaced by another program while it was open, so nothing more is "
                    "saved to it; what was labelled here is kept as {name}. Close the project and "
                    "open the one that you want to go on with.",
                    path=path,
                    name=self._kept_beside.name,
                )
            )

    def _come_back(self, *, is_closing: bool) -> None:
        """Raises ProjectError, OSError, sqlite3.Error; the connection is then what it was, or there
        is nothing that only it has."""
        place, path, is_free = self._place, self.path, self._place.is_free
        if is_free and place.is_moved:
            if place.has_another_name is False:
                self._keep_of_deleted()
            return  # What is written goes where the folder went.
        if is_free and is_closing and place.has_another_name and empty_log(self._connection):
            return  # Renamed, or in the trash, with all that was done.
        if place.has_lost_log:
            if self._is_cut_off or empty_log(self._connection):
                self._connection.close()
                self._is_cut_off = True
            else:  # Somebody reads what only the log has, a backup for one.
                write_again(self._connection, path, is_free=False)
                place.note_written()
            self._connect_again()
        elif is_free or place.is_written:
            try:
                write_again(self._connection, path, is_free=is_free)
            except FileExistsError:
                self._keep_beside()
                return
            place.note_written()
            self._connect_again()
            self._tell(
                say(
                    "{path} was deleted or renamed while it was open; it was written "
                    "again, with all that was labelled.",
                    path=path,
                )
            )
        else:
            self._keep_beside()

    def _keep_of_deleted(self) -> None:
        """The file is gone for good, and its folder with it: refuse what nobody could find again.

        Raises ProjectError; OSError, sqlite3.Error where no backup can be made, either.
        """
        if self._backup_folder is None:
            return
        if not self._is_kept_of_deleted:  # Nothing is written after that.
            project_backups.back_up(self._connection, self.path, self._backup_folder)
            self._is_kept_of_deleted = True
        raise ProjectError(
            say(
                "{path} was deleted with its folder while it was open, so nothing more is saved to "
                "it. What was labelled till then is in a backup; with the folder there again, "
                "“handful recover” brings it back.",
                path=self.path,
            )
        )

    def _keep_beside(self) -> None:
        try:
            self._kept_beside = write_beside(self._connection, self.path)
        finally:
            self._place.let_go_of_log()

    def _is_settled(self) -> bool:
        """Whether all that was done has a name on the disk as the file is closed."""
        try:
            self._stay_in_place(is_closing=True)
        except ProjectError as error:
            self._tell(sentence_of(str(error)))
            return self._kept_beside is not None
        return True

    def _note_open(self, number: project_files.FileNumber | None) -> None:
        self._number = number
        # Also where nobody closes it: another file may get the number then.
        self._noted = weakref.finalize(self, project_files.note_closed, number)

    def _note_numbers(self) -> None:
        if self._lock is not None and self._place.is_kept(self._connection):
            self._lock.note(self._place.numbers)

    def _connect_again(self) -> None:
        """Go on with what has the name now. Raises sqlite3.Error, and all is as it was."""
        number = project_files.note_open(self.path)
        try:
            connection = connect(self.path)
            try:
                make_durable(connection, self.path)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            project_files.note_closed(number)
            raise
        before, self._connection = self._connection, connection
        before.close()
        self._is_cut_off = False
        self._noted()
        self._note_open(number)
        self._others_version = self._version_of_others()
        self._place.renew()
        self._note_numbers()

    def _tell(self, sentence: Sentence) -> None:
        _log.warning("%s", sentence)
        if self._keeper is not None:
            self._keeper.publish(ProjectNews(sentence))

    def _version_of_others(self) -> int:
        """Another number after another connection has written; one's own changes leave it."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _name_of(self, path: Path) -> str:
        """What the image at ``path`` is called: relative to the folder, also outside of it."""
        whole = os.path.join(os.path.realpath(path.parent), path.name)
        try:
            return Path(os.path.relpath(whole, self._folder)).as_posix()
        except ValueError:  # Another drive on Windows.
            return Path(whole).as_posix()

    def _readable(self, records: list[ImageRecord]) -> list[ImageRecord]:
        """Those that may not be looked at count as missing."""
        if not self._outside.is_refused:
            return records
        allows = self._outside.allows
        return [
            record if allows(record.name) else replace(record, missing=True) for record in records
        ]

    def _images_named(self, names: Iterable[str]) -> list[ImageRecord]:
        with self._asking():
            return project_reading.images_named(self._connection, list(dict.fromkeys(names)))

    def _labelled_as(self, class_id: ClassId) -> list[ImageId]:
        with self._asking():
            return project_reading.labelled_as(self._connection, class_id)

    def _class(self, class_id: ClassId) -> ImageClass:
        return next(item for item in self.classes() if item.class_id == class_id)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell what goes wrong while the file is read, in one sentence."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise project_files.project_error(error, self.path, say("read")) from error

    @contextmanager
    def _transaction(
        self, doing: str, *, can_be_found_again: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable when the block ends.

        Args:
            doing: for the sentence where it fails.
            can_be_found_again: a scan would find the same once more, so the disk is not waited
                for: 200 transactions of a scan would each take as long as that takes. The next
                one that is waited for makes these durable, too: the log is written in order.
        """
        connection = self._connection
        is_relaxed = can_be_found_again and self._has_log
        try:
            if is_relaxed:
                connection.execute("PRAGMA synchronous = NORMAL")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                if is_relaxed:
                    connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise project_files.project_error(error, self.path, doing) from error


def _let_go_of_strays_log(path: Path, lock: ProjectLock | None) -> Sentence:
    """Before SQLite may touch a file: a log that is of the one that was replaced gets another name.

    Returns:
        One sentence for the person, or nothing.
    """
    if lock is None or not lock.is_first or not is_log_of_another(path, lock.left):
        return NOTHING
    try:
        moved = project_files.move_logs(path)
    except OSError as error:
        raise ProjectError(sentence_for(error, path, say("open"))) from error
    return say(
        "{path} was replaced by another program while it was open here; what was done last in "
        "the file before is not in it, and is kept as {name}.",
        path=path,
        name=moved[0].name if moved else "",
    )


def _is_as_known(file: FoundFile, record: ImageRecord | None) -> bool:
    return (
        record is not None
        and not record.missing
        and (record.size_bytes, record.modified_ns) == (file.size_bytes, file.modified_ns)
    )
