"""The project file: the person's images, classes and labels in one SQLite file.

Every change is one durable transaction and leaves its trace in a journal that can only grow.
All editing goes through one door, :meth:`Project.apply`, which returns the change that undoes
it; undo is therefore nothing but another change, and the journal tells the whole story.

Only the GUI thread (or the command line) uses a :class:`Project`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from engine import project_files
from engine.errors import ProjectError, ReadOnlyProjectError, sentence_for
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    FoundFile,
    ImageId,
    ImageRef,
    Snapshot,
)
from engine.words import NOTHING, say, sentence_of

_T = TypeVar("_T")

MAX_HOTKEY: Final = 9  # New classes get the digits; a letter, as its code, only who asks for it.
# Twelve colours that stay apart for the common kinds of colour blindness and on both themes
# (from Paul Tol's "bright" and "muted" schemes, technical note SRON/EPS/TN/09-002).
CLASS_COLOURS: Final = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#ee8866",
    "#44aa99",
    "#882255",
    "#999933",
    "#cc6677",
    "#7f7fc8",
)

# A file has format 1 until its first negative example, and 2 from then on: the same tables, with a
# row for NONE_OF_THESE among the classes, which an older program would show as a class to predict.
# So a project without negative examples can still be opened by one.
_FIRST_FORMAT: Final = 1
_FORMAT_WITH_NONE: Final = 2

_SCHEMA: Final = """
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE images (
    image_id    INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,   -- relative to the folder, with /
    size_bytes  INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    content     BLOB,                   -- 16-byte hash of the bytes, once they were read
    missing     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX images_by_content ON images (content) WHERE content IS NOT NULL;
CREATE TABLE classes (
    class_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    colour   TEXT NOT NULL,
    hotkey   INTEGER,
    position INTEGER NOT NULL,
    removed  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE labels (
    image_id INTEGER PRIMARY KEY REFERENCES images (image_id),
    class_id INTEGER NOT NULL REFERENCES classes (class_id),
    content  BLOB                       -- hash of the bytes that were labelled; NULL: those of the
                                        -- file as it is, not read yet; x'': others, never read
) STRICT;
CREATE TRIGGER labelled_bytes_are_gone BEFORE UPDATE OF size_bytes, modified_ns ON images
WHEN OLD.size_bytes != NEW.size_bytes OR OLD.modified_ns != NEW.modified_ns
BEGIN UPDATE labels SET content = x'' WHERE image_id = OLD.image_id AND content IS NULL; END;
CREATE INDEX labels_by_class ON labels (class_id);
CREATE TABLE journal (
    entry   INTEGER PRIMARY KEY,
    change  INTEGER NOT NULL,           -- entries of one change share this number
    at      TEXT NOT NULL,              -- UTC, ISO 8601
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,              -- 'image' or 'class'
    name    TEXT NOT NULL,              -- the image's or the class's name
    before  TEXT,                       -- JSON, NULL: there was none
    after   TEXT                        -- JSON, NULL: there is none
) STRICT;
CREATE TRIGGER journal_is_never_rewritten BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
"""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of the project; ``missing`` when the last scan did not find its file."""

    image_id: ImageId
    name: str
    size_bytes: int
    modified_ns: int
    missing: bool


@dataclass(frozen=True, slots=True)
class ImageClass:
    """A class as the person sees it.

    ``hotkey`` is 1 to 9, the code of a letter from A to Z, or None; ``key`` is what is pressed.
    ``note`` is what the person wrote down about the class. A removed class stays in the file, so
    that undo can bring it back with its number.
    """

    class_id: ClassId
    name: str
    colour: str
    hotkey: int | None
    position: int
    removed: bool = False
    note: str = ""

    @property
    def key(self) -> str:
        """The key that labels, as a person reads it ("3", "B"); empty where there is none."""
        if self.hotkey is None:
            return ""
        return str(self.hotkey) if self.hotkey <= MAX_HOTKEY else chr(self.hotkey)


NONE_CLASS: Final = ImageClass(NONE_OF_THESE, NONE_NAME, "#5f6670", 0, 0)
"""How negative examples are shown where a label is shown as its class; no class of a project.

It is a label that can be given like any other, but cannot be renamed, removed or predicted.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One step that a person can undo.

    ``labels`` maps images to their new class, NONE_OF_THESE for a negative example, None to
    unlabel. ``classes`` are classes in their new state, added if unknown. ``action`` is the word
    for the undo menu ("Label 5 images").

    A label stands for the bytes that its image has when it is given, or for ``contents``: None
    where they are not known. ``is_carrying``: the labels follow their bytes to other names. Who
    takes that back says that they belong to the names.
    """

    action: str
    labels: Mapping[ImageId, ClassId | None]
    classes: tuple[ImageClass, ...] = ()
    contents: Mapping[ImageId, bytes | None] = field(default_factory=dict)
    is_carrying: bool = False


def class_name_key(name: str) -> str:
    """The same for names that look the same, however the letters were typed: one class."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def is_none_name(name: str) -> bool:
    """Whether a name says "none of these", in any case, with spaces, hyphens or underscores."""
    words = class_name_key(name).replace("-", " ").replace("_", " ").split()
    return words == class_name_key(NONE_NAME).split()


class Project:
    """An open project file. Use :meth:`create`, :meth:`open` or :meth:`for_folder`.

    Attributes:
        path: the file.
        notice: what the person should know of its opening, one sentence or nothing.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.notice = NOTHING
        self._is_new = False
        self._none_named: set[ClassId] = (
            set()
        )  # Classes that were, from before that meant anything.
        self._folder = project_files.find_folder(connection, path.parent)
        # Without one (on some network shares) a commit that is not waited for could do damage.
        self._has_log = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"

    # --- Opening and closing --------------------------------------------------------------------

    @classmethod
    def for_folder(
        cls, folder: Path, fallback_folder: Path, backup_folder: Path | None = None
    ) -> Project:
        """Open the project of a folder of images, or make one.

        The file is ``FOLDER/FOLDERNAME.handful``; where the folder cannot be written (an SD card
        with its lock on) or the path is too long for SQLite, it is kept in ``fallback_folder``
        under a name made from the folder's. A single project of another name in the folder is the
        folder's, which has been renamed. A file made here goes again when the project is closed
        with nothing found and nothing done in it. ``backup_folder`` is as for :meth:`open`.
        """
        folder = folder.resolve()
        beside = project_files.project_path_for(folder)
        if os.path.exists(beside):
            return cls.open(beside, fallback_folder, backup_folder=backup_folder)
        inside = project_files.only_project_in(folder)
        if inside is not None:  # The folder was renamed since.
            return cls.open(inside, fallback_folder, backup_folder=backup_folder)
        kept = project_files.kept_elsewhere(folder, fallback_folder)
        if os.path.exists(kept):
            return cls.open(kept, fallback_folder, backup_folder=backup_folder)
        is_short = len(os.fsencode(beside)) <= project_files.MAX_PATH_BYTES
        made = cls.create(
            beside if is_short and project_files.is_writable(folder) else kept, folder
        )
        made._is_new = True
        return made

    @classmethod
    def create(cls, path: Path, folder: Path) -> Project:
        """Make a new project file for ``folder``. Raises ProjectError; never overwrites."""
        if os.path.exists(path):
            raise ProjectError(
                say("{path} already exists; open it instead, or choose another name.", path=path)
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(sentence_for(error, path.parent, say("create"))) from error
        settings = [*project_files.folder_settings(folder, path), ("created", _now())]
        # Under another name until it is whole: a half-made project could never be opened again.
        with project_files.temporary_beside(path) as temporary:
            try:
                connection = project_files.connect(temporary)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    for statement in _statements(_SCHEMA):
                        connection.execute(statement)
                    connection.executemany("INSERT INTO settings VALUES (?, ?)", settings)
                    connection.execute(f"PRAGMA application_id = {project_files.APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {_FIRST_FORMAT}")
                    connection.execute("COMMIT")
                finally:
                    connection.close()
                temporary.replace(path)
            except sqlite3.Error as error:
                raise project_files.project_error(error, path, say("create")) from error
            except OSError as error:
                raise ProjectError(sentence_for(error, path, say("create"))) from error
        return cls.open(path)

    @classmethod
    def open(
        cls,
        path: Path,
        fallback_folder: Path | None = None,
        *,
        backup_folder: Path | None = None,
        read_only: bool = False,
    ) -> Project:
        """Open a project file.

        Args:
            path: the file.
            fallback_folder: where a writable copy of a read-only project is put; the copy is
                then what is opened, and what was done in it comes back when the project can be
                written again. None: a read-only project is refused.
            backup_folder: where the newest few states at opening are kept. None: nowhere.
            read_only: only to look; the file may be read-only, or open in a window.

        Raises:
            ProjectError: missing, damaged, foreign or locked, in one sentence.
            NewerProjectError: written by a newer Handful.
            ReadOnlyProjectError: read-only, and no fallback folder was given.
        """
        if os.path.isdir(path):
            raise ProjectError(say("{path} is a folder, not a project file.", path=path))
        if not os.path.exists(path):
            raise ProjectError(say("There is no project file {path}.", path=path))
        try:
            return cls._open(path, fallback_folder, backup_folder, read_only)
        except project_files.DamagedProjectError as error:
            backup = None
            if backup_folder is not None:
                backup = project_files.newest_backup(path, backup_folder)
            if backup is None:
                raise
            found = sentence_of(str(error))
            damage = found.worded(found.rstrip("."))
            raise ProjectError(
                say("{damage}; the newest backup is {backup}.", damage=damage, backup=backup)
            ) from error

    @classmethod
    def _open(
        cls,
        path: Path,
        fallback_folder: Path | None,
        backup_folder: Path | None,
        read_only: bool,
    ) -> Project:
        project_files.check_header(path)
        notice = NOTHING
        is_kept_elsewhere = path.parent == fallback_folder
        if not read_only:
            if not (os.access(path, os.W_OK) and project_files.is_writable(path.parent)):
                if fallback_folder is None:
                    raise ReadOnlyProjectError(
                        say(
                            "{path} is read-only, so labels could not be saved; copy it to a place "
                            "where you may write and open the copy.",
                            path=path,
                        )
                    )
                path = project_files.writable_copy(path, fallback_folder)
            elif fallback_folder is not None:
                notice = project_files.take_back_copies(path, fallback_folder)
        try:
            connect = project_files.connect_to_read if read_only else project_files.connect
            connection = connect(path)
            try:
                project_files.check_whole(connection, path)
                if is_kept_elsewhere:
                    project_files.check_images(connection, path)
                if not read_only:
                    project_files.make_durable(connection)
                    if backup_folder is not None:
                        project_files.back_up(connection, path, backup_folder)
                opened = cls(connection, path)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise project_files.project_error(error, path, say("open")) from error
        opened.notice = notice
        return opened

    def close(self) -> None:
        """Close the file; what was applied is on disk already."""
        if self._is_new:
            project_files.remove_if_untouched(self._connection, self.path)
        self._connection.close()

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
        rows = self._connection.execute(
            "SELECT image_id, name, size_bytes, modified_ns, missing FROM images ORDER BY image_id"
        )
        return [ImageRecord(ImageId(row[0]), row[1], row[2], row[3], bool(row[4])) for row in rows]

    def classes(self, *, with_removed: bool = False) -> list[ImageClass]:
        """The classes in the person's order; NONE_OF_THESE is none of them."""
        rows = self._connection.execute(
            "SELECT class_id, name, colour, hotkey, position, removed FROM classes "
            "WHERE (removed = 0 OR ?) AND class_id != ? ORDER BY position, class_id",
            (with_removed, NONE_OF_THESE),
        )
        notes = self._notes()
        return [
            ImageClass(
                ClassId(row[0]), row[1], row[2], row[3], row[4], bool(row[5]), notes.get(row[0], "")
            )
            for row in rows
        ]

    def _notes(self) -> dict[int, str]:
        found = self._connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'class_notes'"
        ).fetchone()
        if found is None:
            return {}
        return dict(self._connection.execute("SELECT class_id, note FROM class_notes"))

    def labels(self) -> dict[ImageId, ClassId]:
        """The class of every labelled image, NONE_OF_THESE of negative examples."""
        rows = self._connection.execute("SELECT image_id, class_id FROM labels ORDER BY image_id")
        return {ImageId(image): ClassId(class_id) for image, class_id in rows}

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
        )

    def path_of(self, name: str) -> Path:
        """Where the image of that name lies."""
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

    def removal(self, class_id: ClassId) -> Change:
        """The change that removes a class and takes its labels off."""
        target = self._class(class_id)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled(class_id))
        removed = replace(target, removed=True, hotkey=None)
        return Change(say("Delete class “{name}”", name=target.name), labels, (removed,))

    def merger(self, source: ClassId, target: ClassId) -> Change:
        """The change that gives all of ``source``'s images to ``target`` and removes ``source``.

        ``target`` may be NONE_OF_THESE.
        """
        gone = self._class(source)
        kept = NONE_CLASS if target == NONE_OF_THESE else self._class(target)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled(source), target)
        removed = replace(gone, removed=True, hotkey=None)
        contents = {image: content for image, (_, content) in self._labels_of(labels).items()}
        action = say("Merge “{source}” into “{target}”", source=gone.name, target=kept.name)
        return Change(action, labels, (removed,), contents)

    def apply(self, change: Change) -> Change:
        """Make a change durable in one transaction and return the change that undoes it.

        Raises:
            ProjectError: nothing was changed; the sentence says why (disk full, duplicate class
                name, ...).
        """
        before_classes = {item.class_id: item for item in self.classes(with_removed=True)}
        self._none_named.update(
            item.class_id for item in before_classes.values() if is_none_name(item.name)
        )
        _check_class_names(change.classes, before_classes, self._none_named)
        before = self._labels_of(change.labels)
        before_labels = {image: class_id for image, (class_id, _) in before.items()}
        undo_classes = tuple(
            before_classes.get(item.class_id, replace(item, removed=True, hotkey=None))
            for item in change.classes
        )
        names = {item.class_id: item.name for item in before_classes.values()}
        names.update({item.class_id: item.name for item in change.classes})
        names[NONE_OF_THESE] = NONE_NAME
        with self._transaction(say("save to")) as connection:
            (last,) = connection.execute("SELECT max(change) FROM journal").fetchone()
            entry = (1 + (last or 0), _now(), change.action)
            for item in change.classes:
                connection.execute(
                    "INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (class_id) "
                    "DO UPDATE SET name = excluded.name, colour = excluded.colour, hotkey = "
                    "excluded.hotkey, position = excluded.position, removed = excluded.removed",
                    (
                        item.class_id,
                        item.name,
                        item.colour,
                        item.hotkey,
                        item.position,
                        item.removed,
                    ),
                )
            _write_notes(connection, change.classes, before_classes)
            connection.executemany(
                _ADD_TO_JOURNAL,
                [
                    (
                        *entry,
                        "class",
                        item.name,
                        _class_json(before_classes.get(item.class_id)),
                        _class_json(item),
                    )
                    for item in change.classes
                ],
            )
            given = [item for item in change.labels.items() if item[1] is not None]
            if any(label == NONE_OF_THESE for _, label in given):
                _take_in_none(connection)
            connection.executemany(
                "INSERT INTO labels VALUES (?1, ?2, "
                "(SELECT content FROM images WHERE image_id = ?1 AND missing = 0)) ON CONFLICT "
                "DO UPDATE SET class_id = excluded.class_id, content = excluded.content",
                given,
            )
            connection.executemany(
                "UPDATE labels SET content = ? WHERE image_id = ?",
                [(change.contents[image], image) for image, _ in given if image in change.contents],
            )
            connection.executemany(
                "DELETE FROM labels WHERE image_id = ?",
                [(image,) for image, label in change.labels.items() if label is None],
            )
            image_names = self._names_of(list(change.labels))
            told = {
                label: _label_json(label, names)
                for label in {*before_labels.values(), *change.labels.values(), None}
            }
            connection.executemany(
                _ADD_TO_JOURNAL,
                [
                    (
                        *entry,
                        "image",
                        image_names[image],
                        told[before_labels.get(image)],
                        told[label],
                    )
                    for image, label in change.labels.items()
                ],
            )
        undo_labels = {image: before_labels.get(image) for image in change.labels}
        undo_contents = {image: content for image, (_, content) in before.items()}
        if change.is_carrying:
            undo_contents = {}
        return Change(change.action, undo_labels, undo_classes, undo_contents)

    # --- What scans and the engine learnt -------------------------------------------------------

    def add_images(self, files: Sequence[FoundFile]) -> list[ImageRecord]:
        """Remember found files; return those that are new, changed or back, as they are now."""
        touched: list[str] = []
        with self._transaction(say("save to"), can_be_found_again=True) as connection:
            for file in files:
                cursor = connection.execute(
                    "INSERT INTO images (name, size_bytes, modified_ns) VALUES (?, ?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET size_bytes = excluded.size_bytes, "
                    "modified_ns = excluded.modified_ns, content = NULL, missing = 0 "
                    "WHERE missing OR size_bytes != excluded.size_bytes "
                    "OR modified_ns != excluded.modified_ns",
                    (file.name, file.size_bytes, file.modified_ns),
                )
                if cursor.rowcount:
                    touched.append(file.name)
        records: list[ImageRecord] = []
        for chunk in _chunks(touched):
            marks = ",".join("?" * len(chunk))
            rows = self._connection.execute(
                "SELECT image_id, name, size_bytes, modified_ns, missing FROM images "
                f"WHERE name IN ({marks}) ORDER BY image_id",
                chunk,
            )
            records += [
                ImageRecord(ImageId(row[0]), row[1], row[2], row[3], bool(row[4])) for row in rows
            ]
        return records

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
            connection.executemany("UPDATE images SET content = ? WHERE image_id = ?", rows)
            connection.executemany(
                "UPDATE labels SET content = ? WHERE image_id = ? AND content IS NULL", rows
            )

    def carry_labels(self, *, all_known: bool) -> Change | None:
        """The change that brings labels back to the bytes that were labelled.

        Files are renamed, swapped and moved by other programs. A label whose image is missing or
        has other bytes now goes to a present image that has the label's bytes, if that one has no
        label of its own that fits. The caller applies the change, so that the person sees it and
        can undo it.

        Args:
            all_known: the folder was scanned and the bytes of all readable images recorded. Until
                then no label is replaced that may have a place to go to itself.
        """
        strays = self._connection.execute(
            # Left to itself SQLite goes through all images, of which there are many more.
            "SELECT labels.image_id, labels.class_id, labels.content FROM labels "
            "CROSS JOIN images USING (image_id) WHERE length(labels.content) > 0 "
            "AND (images.missing OR labels.content != images.content) ORDER BY images.name"
        ).fetchall()
        places: dict[bytes, list[ImageId]] = {}
        unfit: set[ImageId] = set()
        for chunk in _chunks(list({content for _, _, content in strays})):
            marks = ",".join("?" * len(chunk))
            for image, content, is_unfit in self._connection.execute(
                "SELECT images.image_id, images.content, labels.image_id IS NOT NULL FROM images "
                "LEFT JOIN labels USING (image_id) WHERE images.missing = 0 "
                f"AND images.content IN ({marks}) "
                "AND (labels.image_id IS NULL OR labels.content != images.content) "
                "ORDER BY labels.image_id IS NOT NULL, images.name",
                chunk,
            ):
                places.setdefault(content, []).append(image)
                if is_unfit:
                    unfit.add(image)
        targets: dict[ImageId, ImageId] = {}
        class_of: dict[ImageId, ClassId] = {}
        for stray, class_id, content in strays:
            if places.get(content):
                targets[stray] = places[content].pop(0)
                class_of[stray] = class_id
        while not all_known:
            waiting = [
                stray
                for stray, target in targets.items()
                if target in unfit and target not in targets
            ]
            if not waiting:
                break
            for stray in waiting:
                del targets[stray]
        if not targets:
            return None
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(targets)
        labels.update({target: class_of[stray] for stray, target in targets.items()})
        action = say("Find the labels of {count} moved images again", count=len(targets))
        if len(targets) == 1:
            action = say("Find the labels of 1 moved image again")
        return Change(action, labels, is_carrying=True)

    def accept_changed_files(self) -> list[str]:
        """Let labels stand for what their files became; return the names of those files.

        To be called when all bytes are known and :meth:`carry_labels` has nothing more to do: the
        files were edited in place, and each is told of once.
        """
        changed = (
            "FROM labels CROSS JOIN images USING (image_id) "  # In this order, see carry_labels.
            "WHERE images.missing = 0 AND labels.content != images.content"
        )
        names = [
            name
            for (name,) in self._connection.execute(
                f"SELECT images.name {changed} ORDER BY images.name"
            )
        ]
        if names:
            with self._transaction(say("save to")) as connection:
                connection.execute(
                    "UPDATE labels SET content = (SELECT content FROM images "
                    "WHERE images.image_id = labels.image_id) "
                    f"WHERE image_id IN (SELECT image_id {changed})"
                )
        return names

    def has_images_in(self, folder: Path) -> bool:
        """Whether ``folder`` may be where the images are: it has some, or none are known yet."""
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

    def _class(self, class_id: ClassId) -> ImageClass:
        return next(item for item in self.classes() if item.class_id == class_id)

    def _labelled(self, class_id: ClassId) -> list[ImageId]:
        rows = self._connection.execute(
            "SELECT image_id FROM labels WHERE class_id = ? ORDER BY image_id", (class_id,)
        )
        return [ImageId(image) for (image,) in rows]

    def _labels_of(self, images: Iterable[ImageId]) -> dict[ImageId, tuple[ClassId, bytes | None]]:
        found: dict[ImageId, tuple[ClassId, bytes | None]] = {}
        for chunk in _chunks(list(images)):
            marks = ",".join("?" * len(chunk))
            rows = self._connection.execute(
                f"SELECT image_id, class_id, content FROM labels WHERE image_id IN ({marks})", chunk
            )
            found.update({ImageId(row[0]): (ClassId(row[1]), row[2]) for row in rows})
        return found

    def _names_of(self, images: Sequence[ImageId]) -> dict[ImageId, str]:
        found: dict[ImageId, str] = {}
        for chunk in _chunks(images):
            marks = ",".join("?" * len(chunk))
            rows = self._connection.execute(
                f"SELECT image_id, name FROM images WHERE image_id IN ({marks})", chunk
            )
            found.update({ImageId(image): name for image, name in rows})
        return found

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


_ADD_TO_JOURNAL: Final = (
    "INSERT INTO journal (change, at, action, subject, name, before, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def _write_notes(
    connection: sqlite3.Connection,
    classes: Sequence[ImageClass],
    before: Mapping[ClassId, ImageClass],
) -> None:
    """Keep the notes that are new, within a transaction.

    They have a table of their own, made with the first of them: a program that knows no notes
    opens the file all the same, and leaves them alone.
    """
    due = [
        item
        for item in classes
        if item.note != (before[item.class_id].note if item.class_id in before else "")
    ]
    if not due:
        return
    connection.execute(
        "CREATE TABLE IF NOT EXISTS class_notes (class_id INTEGER PRIMARY KEY "
        "REFERENCES classes (class_id), note TEXT NOT NULL) STRICT"
    )
    connection.executemany(
        "INSERT INTO class_notes VALUES (?, ?) ON CONFLICT DO UPDATE SET note = excluded.note",
        [(item.class_id, item.note) for item in due],
    )


def _take_in_none(connection: sqlite3.Connection) -> None:
    """From format 1 to 2, within a transaction; nothing where it is done."""
    connection.execute(
        "INSERT OR IGNORE INTO classes VALUES (?, ?, ?, NULL, 0, 0)",
        (NONE_OF_THESE, NONE_CLASS.name, NONE_CLASS.colour),
    )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < _FORMAT_WITH_NONE:
        connection.execute(f"PRAGMA user_version = {_FORMAT_WITH_NONE}")


def _check_class_names(
    changed: Sequence[ImageClass],
    before: Mapping[ClassId, ImageClass],
    none_named: Collection[ClassId],
) -> None:
    """Refuse names that are taken.

    Args:
        before: the classes as they are, removed ones among them.
        none_named: those that were called "none of these" once: undoing may call them so again.
    """
    for item in changed:
        if item.class_id == NONE_OF_THESE:
            raise ProjectError(say("“{none}” is no class and cannot be changed.", none=NONE_NAME))
        if is_none_name(item.name) and item.class_id not in none_named:
            raise ProjectError(
                say(
                    "A class cannot be called “{name}”: “{none}” is there for images that "
                    "show no class.",
                    name=item.name,
                    none=NONE_NAME,
                )
            )
    after = dict(before)
    after.update({item.class_id: item for item in changed})
    seen: dict[str, str] = {}
    for item in after.values():
        if item.removed:
            continue
        if not item.name.strip():
            raise ProjectError(say("A class needs a name."))
        key = class_name_key(item.name)
        if key in seen:
            raise ProjectError(say("There is already a class “{name}”.", name=seen[key]))
        seen[key] = item.name


def _class_json(item: ImageClass | None) -> str | None:
    if item is None:
        return None
    fields = {
        "class_id": item.class_id,
        "name": item.name,
        "colour": item.colour,
        "hotkey": item.hotkey,
        "position": item.position,
        "removed": item.removed,
    }
    if item.note:
        fields["note"] = item.note
    return json.dumps(fields, ensure_ascii=False)


def _label_json(class_id: ClassId | None, names: Mapping[ClassId, str]) -> str | None:
    if class_id is None:
        return None
    return json.dumps({"class_id": class_id, "name": names[class_id]}, ensure_ascii=False)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; sqlite3's own executescript would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _chunks(items: Sequence[_T], size: int = 500) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
