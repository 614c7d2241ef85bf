"""The project file: the person's images, classes and labels in one SQLite file.

Every change is one durable transaction and leaves its trace in a journal that can only grow.
All editing goes through one door, :meth:`Project.apply`, which returns the change that undoes
it; undo is therefore nothing but another change, and the journal tells the whole story.

Only the GUI thread (or the command line) uses a :class:`Project`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar
from uuid import uuid4

from engine.errors import NewerProjectError, ProjectError, ReadOnlyProjectError, sentence_for
from engine.messages import ClassId, ClassSpec, FoundFile, ImageId, ImageRef, Snapshot

_T = TypeVar("_T")

SUFFIX: Final = ".handful"
FORMAT_VERSION: Final = 1
APPLICATION_ID: Final = 0x48616E64  # "Hand", shown by file(1) and checked at opening.
MAX_HOTKEY: Final = 9
_MAX_STEM_BYTES: Final = 100
_MAX_PATH_BYTES: Final = 500  # SQLite opens no file whose path is longer than 512 with "-journal".

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

    ``hotkey`` is 1 to 9 or None. A removed class stays in the file, so that undo can bring it
    back with its number.
    """

    class_id: ClassId
    name: str
    colour: str
    hotkey: int | None
    position: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One step that a person can undo.

    ``labels`` maps images to their new class, None to unlabel. ``classes`` are classes in their
    new state, added if unknown. ``action`` is the word for the undo menu ("Label 5 images").

    A label stands for the bytes that its image has when it is given, or for ``contents``: None
    where they are not known. ``is_carrying``: the labels follow their bytes to other names. Who
    takes that back says that they belong to the names.
    """

    action: str
    labels: Mapping[ImageId, ClassId | None]
    classes: tuple[ImageClass, ...] = ()
    contents: Mapping[ImageId, bytes | None] = field(default_factory=dict)
    is_carrying: bool = False


class Project:
    """An open project file. Use :meth:`create`, :meth:`open` or :meth:`for_folder`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self._folder = _find_folder(connection, path.parent)

    # --- Opening and closing --------------------------------------------------------------------

    @classmethod
    def for_folder(cls, folder: Path, fallback_folder: Path) -> Project:
        """Open the project of a folder of images, or make one.

        The file is ``FOLDER/FOLDERNAME.handful``; where the folder cannot be written (an SD card
        with its lock on) or the path is too long for SQLite, it is kept in ``fallback_folder``
        under a name made from the folder's.
        """
        folder = folder.resolve()
        beside = project_path_for(folder)
        if os.path.exists(beside):
            return cls.open(beside, fallback_folder)
        kept = _fallback_path(folder, fallback_folder)
        if os.path.exists(kept):
            return cls.open(kept, fallback_folder)
        if _is_writable(folder) and len(os.fsencode(beside)) <= _MAX_PATH_BYTES:
            return cls.create(beside, folder)
        return cls.create(kept, folder)

    @classmethod
    def create(cls, path: Path, folder: Path) -> Project:
        """Make a new project file for ``folder``. Raises ProjectError; never overwrites."""
        if os.path.exists(path):
            raise ProjectError(f"{path} already exists; open it instead, or choose another name.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(sentence_for(error, path.parent, "create")) from error
        settings = [*_folder_settings(folder, path), ("created", _now())]
        # Under another name until it is whole: a half-made project could never be opened again.
        with _temporary_beside(path) as temporary:
            try:
                connection = _connect(temporary)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    for statement in _statements(_SCHEMA):
                        connection.execute(statement)
                    connection.executemany("INSERT INTO settings VALUES (?, ?)", settings)
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
                    connection.execute("COMMIT")
                finally:
                    connection.close()
                temporary.replace(path)
            except sqlite3.Error as error:
                raise _project_error(error, path, "create") from error
            except OSError as error:
                raise ProjectError(sentence_for(error, path, "create")) from error
        return cls.open(path)

    @classmethod
    def open(
        cls, path: Path, fallback_folder: Path | None = None, *, read_only: bool = False
    ) -> Project:
        """Open a project file.

        Args:
            path: the file.
            fallback_folder: where a writable copy of a read-only project is put; the copy is
                then what is opened. None: a read-only project is refused.
            read_only: only to look; the file may be read-only, or open in a window.

        Raises:
            ProjectError: missing, damaged, foreign or locked, in one sentence.
            NewerProjectError: written by a newer Handful.
            ReadOnlyProjectError: read-only, and no fallback folder was given.
        """
        if os.path.isdir(path):
            raise ProjectError(f"{path} is a folder, not a project file.")
        if not os.path.exists(path):
            raise ProjectError(f"There is no project file {path}.")
        _check_header(path)
        if not read_only and not (os.access(path, os.W_OK) and _is_writable(path.parent)):
            if fallback_folder is None:
                raise ReadOnlyProjectError(
                    f"{path} is read-only, so labels could not be saved; copy it to a place "
                    "where you may write and open the copy."
                )
            path = _writable_copy(path, fallback_folder)
        try:
            connection = _connect_to_read(path) if read_only else _connect(path)
            try:
                _check_whole(connection, path)
                if not read_only:
                    _make_durable(connection)
                return cls(connection, path)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise _project_error(error, path, "open") from error

    def close(self) -> None:
        """Close the file; what was applied is on disk already."""
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
        """The classes in the person's order."""
        rows = self._connection.execute(
            "SELECT class_id, name, colour, hotkey, position, removed FROM classes "
            "WHERE removed = 0 OR ? ORDER BY position, class_id",
            (with_removed,),
        )
        return [
            ImageClass(ClassId(row[0]), row[1], row[2], row[3], row[4], bool(row[5]))
            for row in rows
        ]

    def labels(self) -> dict[ImageId, ClassId]:
        """The class of every labelled image."""
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
        return self.folder / PurePosixPath(name)

    # --- Editing by the person ------------------------------------------------------------------

    def new_class(self, name: str, *, colour: str | None = None) -> ImageClass:
        """A class that may be added by :meth:`apply`: free number, colour, hot key, last place."""
        known = self.classes(with_removed=True)
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
        count = "1 image" if len(labels) == 1 else f"{len(labels)} images"
        return Change(f"{'Unlabel' if class_id is None else 'Label'} {count}", labels)

    def removal(self, class_id: ClassId) -> Change:
        """The change that removes a class and takes its labels off."""
        target = self._class(class_id)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled(class_id))
        removed = replace(target, removed=True, hotkey=None)
        return Change(f"Delete class “{target.name}”", labels, (removed,))

    def merger(self, source: ClassId, target: ClassId) -> Change:
        """The change that gives all of ``source``'s images to ``target`` and removes ``source``."""
        gone, kept = self._class(source), self._class(target)
        labels: dict[ImageId, ClassId | None] = dict.fromkeys(self._labelled(source), target)
        removed = replace(gone, removed=True, hotkey=None)
        contents = {image: content for image, (_, content) in self._labels_of(labels).items()}
        action = f"Merge “{gone.name}” into “{kept.name}”"
        return Change(action, labels, (removed,), contents)

    def apply(self, change: Change) -> Change:
        """Make a change durable in one transaction and return the change that undoes it.

        Raises:
            ProjectError: nothing was changed; the sentence says why (disk full, duplicate class
                name, ...).
        """
        _check_class_names(change.classes, self.classes())
        before_classes = {item.class_id: item for item in self.classes(with_removed=True)}
        before = self._labels_of(change.labels)
        before_labels = {image: class_id for image, (class_id, _) in before.items()}
        undo_classes = tuple(
            before_classes.get(item.class_id, replace(item, removed=True, hotkey=None))
            for item in change.classes
        )
        names = {item.class_id: item.name for item in before_classes.values()}
        names.update({item.class_id: item.name for item in change.classes})
        with self._transaction("save to") as connection:
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
            connection.executemany(
                _ADD_TO_JOURNAL,
                [
                    (
                        *entry,
                        "image",
                        image_names[image],
                        _label_json(before_labels.get(image), names),
                        _label_json(label, names),
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
        with self._transaction("save to") as connection:
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
        with self._transaction("save to") as connection:
            connection.executemany(
                "UPDATE images SET missing = 1 WHERE image_id = ?", [(image,) for image in images]
            )

    def record_contents(self, contents: Mapping[ImageId, bytes]) -> None:
        """Remember the hashes of images' bytes."""
        rows = [(content, image) for image, content in contents.items()]
        with self._transaction("save to") as connection:
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
            "SELECT labels.image_id, labels.class_id, labels.content FROM labels "
            "JOIN images USING (image_id) WHERE length(labels.content) > 0 "
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
        count = "1 moved image" if len(targets) == 1 else f"{len(targets)} moved images"
        return Change(f"Find the labels of {count} again", labels, is_carrying=True)

    def accept_changed_files(self) -> list[str]:
        """Let labels stand for what their files became; return the names of those files.

        To be called when all bytes are known and :meth:`carry_labels` has nothing more to do: the
        files were edited in place, and each is told of once.
        """
        changed = (
            "FROM images JOIN labels USING (image_id) "
            "WHERE images.missing = 0 AND labels.content != images.content"
        )
        names = [
            name
            for (name,) in self._connection.execute(
                f"SELECT images.name {changed} ORDER BY images.name"
            )
        ]
        if names:
            with self._transaction("save to") as connection:
                connection.execute(
                    "UPDATE labels SET content = (SELECT content FROM images "
                    "WHERE images.image_id = labels.image_id) "
                    f"WHERE image_id IN (SELECT image_id {changed})"
                )
        return names

    def move_folder(self, folder: Path) -> None:
        """Point the project at where its images lie now; names stay relative to it."""
        settings = _folder_settings(folder, self.path)
        with self._transaction("save to") as connection:
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
    def _transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable when the block ends."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _project_error(error, self.path, doing) from error


_HEADER_BYTES: Final = 100  # Of every SQLite file.
_ADD_TO_JOURNAL: Final = (
    "INSERT INTO journal (change, at, action, subject, name, before, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def project_path_for(folder: Path) -> Path:
    """Where a folder's project lies when the folder can be written."""
    folder = folder.resolve()
    return folder / f"{_short_stem(folder.name)}{SUFFIX}"


def _find_folder(connection: sqlite3.Connection, home: Path) -> Path:
    """Where the images of a project lie, for a project file in ``home``."""
    settings = dict(connection.execute("SELECT key, value FROM settings"))
    absolute = Path(settings.get("folder") or home)
    if not settings.get("folder_relative"):
        return absolute
    beside: Path = (home / settings["folder_relative"]).resolve()
    if not absolute.is_dir():
        return beside
    if not beside.is_dir():
        return absolute
    # Both are there. The project and its images were moved or copied together, and then the
    # relative place rules; but a copy of the project alone finds none of its images beside it.
    rows = connection.execute("SELECT name FROM images ORDER BY missing, image_id LIMIT 20")
    names = [PurePosixPath(name) for (name,) in rows]
    is_alone = not any(os.path.exists(beside / name) for name in names)
    return (
        absolute if is_alone and any(os.path.exists(absolute / name) for name in names) else beside
    )


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions are begun and ended by hand (isolation_level=None): sqlite3's implicit ones
    # leave DDL and PRAGMAs outside.
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_durable(connection: sqlite3.Connection) -> None:
    # WAL is refused on some network shares; SQLite then stays with its rollback journal, which is
    # as durable and a little slower. This writes to the file: only ever done to one of ours.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _connect_to_read(path: Path) -> sqlite3.Connection:
    mode = "mode=ro"
    if not _is_writable(path.parent) and not Path(f"{path}-wal").exists():
        mode += "&immutable=1"  # WAL files cannot be made beside it, and nobody can be writing.
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise ProjectError(sentence_for(error, path, "read")) from error
    if header[:16] != b"SQLite format 3\0" or len(header) < _HEADER_BYTES:
        reason = "it is empty" if not header else "it does not begin as one"
        raise ProjectError(
            f"{path} is not a Handful project, or it is damaged ({reason}); it was left as it is."
        )
    # Looked at before SQLite may touch the file, which could be anybody's (the offsets are from
    # https://www.sqlite.org/fileformat.html, section 1.3).
    _check_kind(path, int.from_bytes(header[68:72]), int.from_bytes(header[60:64]))


def _check_kind(path: Path, application: int, version: int) -> None:
    if application != APPLICATION_ID or version < 1:
        raise ProjectError(f"{path} is not a Handful project.")
    if version > FORMAT_VERSION:
        raise NewerProjectError(
            f"{path} was written by a newer Handful (format {version}; this one reads up to "
            f"{FORMAT_VERSION}); install the newer version to open it."
        )


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        reason = " ".join(result.replace("*** in database main ***", "").split())
        raise ProjectError(
            f"{path} is damaged ({reason}); it was left as it is, and nothing was written to it."
        )
    # Once more, with what the write-ahead log may hold.
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    _check_kind(path, application, version)


def _project_error(error: sqlite3.Error, path: Path, doing: str) -> ProjectError:
    text = str(error)
    if "full" in text:
        return ProjectError(
            f"Could not {doing} {path}: the disk is full; make room, and the change can be made "
            "again. Nothing saved before is lost."
        )
    if "readonly" in text:
        return ReadOnlyProjectError(f"Could not {doing} {path}: it is read-only.")
    if "locked" in text:
        return ProjectError(f"Could not {doing} {path}: another program is using it.")
    if "malformed" in text or "not a database" in text:
        return ProjectError(f"{path} is damaged ({text}); it was left as it is.")
    return ProjectError(f"Could not {doing} {path}: {text}.")


def _writable_copy(path: Path, fallback_folder: Path) -> Path:
    """The copy in the fallback folder: made now, or the one already worked in."""
    copy = _fallback_path(path, fallback_folder)
    if copy.exists():
        return copy
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(copy) as temporary:
            shutil.copyfile(path, temporary)
            log = Path(f"{path}-wal")
            if log.exists():  # It holds the newest labels of a program that did not end well.
                shutil.copyfile(log, f"{temporary}-wal")
            connection = _connect(temporary)
            try:
                _check_whole(connection, path)
                connection.executemany(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                    # The images stay where they are; "beside the project" now means elsewhere.
                    _folder_settings(_find_folder(connection, path.parent), copy),
                )
            finally:
                connection.close()
            temporary.replace(copy)
    except OSError as error:
        raise ReadOnlyProjectError(
            sentence_for(error, copy, "copy the read-only project to")
        ) from error
    except sqlite3.Error as error:
        raise _project_error(error, path, "copy") from error
    return copy


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    """A name in the same folder; what is left under it at the end, SQLite's files too, goes."""
    temporary = path.parent / f".handful-{uuid4().hex}.part"
    try:
        yield temporary
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{temporary}{suffix}").unlink(missing_ok=True)


def _fallback_path(original: Path, fallback_folder: Path) -> Path:
    mark = hashlib.blake2b(str(original.resolve()).encode("utf-8", "surrogatepass"), digest_size=4)
    return fallback_folder / f"{_short_stem(original.stem)}-{mark.hexdigest()}{SUFFIX}"


def _short_stem(name: str) -> str:
    stem = os.fsencode(name)[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
    return stem or "images"


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _folder_settings(folder: Path, project: Path) -> list[tuple[str, str]]:
    absolute, relative = str(folder.resolve()), _relative_folder(folder, project)
    if not _is_text(relative):
        shown = os.fsencode(absolute).decode(errors="replace")
        raise ProjectError(f"The folder {shown} has a name that is not UTF-8; please rename it.")
    return [("folder", absolute if _is_text(absolute) else ""), ("folder_relative", relative)]


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # Bytes that are no UTF-8; SQLite stores text only.
        return False
    return True


def class_name_key(name: str) -> str:
    """The same for names that look the same, however the letters were typed: one class."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def _relative_folder(folder: Path, project: Path) -> str:
    try:
        return os.path.relpath(folder.resolve(), project.resolve().parent)
    except ValueError:  # Another drive on Windows.
        return ""


def _check_class_names(changed: Sequence[ImageClass], current: Sequence[ImageClass]) -> None:
    after = {item.class_id: item for item in current}
    after.update({item.class_id: item for item in changed})
    seen: dict[str, str] = {}
    for item in after.values():
        if item.removed:
            continue
        if not item.name.strip():
            raise ProjectError("A class needs a name.")
        key = class_name_key(item.name)
        if key in seen:
            raise ProjectError(f"There is already a class “{seen[key]}”.")
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
