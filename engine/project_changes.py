"""One change of a project, from what was before to what takes it back, within a transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engine import project_examples, project_reading
from engine.errors import ClassNameError
from engine.messages import NONE_NAME, NONE_OF_THESE, ClassId, ImageId
from engine.project_journal import (
    JournalEntry,
    class_json,
    examples_json,
    label_json,
    set_aside_json,
)
from engine.project_records import Change, ImageClass, class_name_key, is_none_name, is_text
from engine.project_schema import (
    has_table,
    make_room_for_notes,
    make_room_for_set_aside,
    take_in_none,
)
from engine.words import say


@dataclass(frozen=True, slots=True)
class Before:
    """What a change finds: all classes, removed ones among them, and its images' labels."""

    classes: dict[ClassId, ImageClass]
    labels: dict[ImageId, tuple[ClassId, bytes | None]]


def look_before(connection: sqlite3.Connection, change: Change, none_named: set[ClassId]) -> Before:
    """What ``change`` will find. Raises ProjectError where a name of it is refused.

    Args:
        none_named: classes that were called "none of these" once; those that are now are added.
    """
    known = project_reading.read_classes(connection, with_removed=True)
    before_classes = {item.class_id: item for item in known}
    none_named.update(item.class_id for item in before_classes.values() if is_none_name(item.name))
    _check_class_names(change.classes, before_classes, none_named)
    return Before(before_classes, project_reading.labels_of(connection, change.labels))


def write_change(connection: sqlite3.Connection, change: Change, found: Before) -> Change:
    """Write a change and its trace in the journal; return the change that undoes it."""
    before_classes, before = found.classes, found.labels
    before_labels = {image: class_id for image, (class_id, _) in before.items()}
    undo_classes = tuple(
        before_classes.get(item.class_id, replace(item, removed=True, hotkey=None))
        for item in change.classes
    )
    names = {item.class_id: item.name for item in before_classes.values()}
    names.update({item.class_id: item.name for item in change.classes})
    names[NONE_OF_THESE] = NONE_NAME
    entry = JournalEntry(connection, change.action)
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
    entry.tell(
        "class",
        (
            (item.name, class_json(before_classes.get(item.class_id)), class_json(item))
            for item in change.classes
        ),
    )
    given = [item for item in change.labels.items() if item[1] is not None]
    if any(label == NONE_OF_THESE for _, label in given):
        take_in_none(connection)
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
    marks = _write_set_aside(connection, change, before_labels)
    image_names = project_reading.names_of(connection, change.images)
    told = {
        label: label_json(label, names)
        for label in {*before_labels.values(), *change.labels.values(), None}
    }
    entry.tell(
        "image",
        (
            (image_names[image], told[before_labels.get(image)], told[label])
            for image, label in change.labels.items()
        ),
    )
    entry.tell(
        "image",
        (
            (
                image_names[image],
                set_aside_json(was is not None),
                set_aside_json(is_set_aside),
            )
            for image, (was, is_set_aside) in marks.items()
            if (was is not None) != is_set_aside
        ),
    )
    undo_examples = _write_examples(connection, change, entry, names)
    undo_labels = {image: before_labels.get(image) for image in change.labels}
    undo_contents = {image: content for image, (_, content) in before.items()}
    mark_contents = {image: was[0] for image, (was, _) in marks.items() if was is not None}
    undo_contents = {**mark_contents, **undo_contents}
    if change.is_carrying:
        undo_contents = {}
    undo_marks = {image: was is not None for image, (was, _) in marks.items()}
    return Change(
        change.action,
        undo_labels,
        undo_classes,
        undo_contents,
        set_aside=undo_marks,
        examples=undo_examples,
    )


def _write_examples(
    connection: sqlite3.Connection,
    change: Change,
    entry: JournalEntry,
    names: Mapping[ClassId, str],
) -> dict[int, ClassId | None]:
    """Give examples of models their classes, within a transaction; return those they had."""
    if not change.examples:
        return {}
    before = project_examples.classes_of_examples(connection, change.examples)
    connection.executemany(
        "UPDATE model_examples SET class_id = ? WHERE example_id = ?",
        [(class_id, example) for example, class_id in change.examples.items()],
    )
    moved = Counter(
        (before[example][1], before[example][0], class_id)
        for example, class_id in change.examples.items()
        if example in before
    )
    entry.tell(
        "model",
        (
            (model, examples_json(was, count, names), examples_json(now, count, names))
            for (model, was, now), count in moved.items()
        ),
    )
    return {example: class_id for example, (class_id, _) in before.items()}


def _write_set_aside(
    connection: sqlite3.Connection, change: Change, labels_before: Mapping[ImageId, ClassId]
) -> dict[ImageId, tuple[tuple[bytes | None] | None, bool]]:
    """Keep which images are set aside, within a transaction, when the labels are written.

    Returns:
        By image: the hash that its mark had, in a tuple, or None without a mark; whether it is set
        aside now. Only images of which something was written.
    """
    if not change.set_aside and not has_table(connection, "set_aside"):
        return {}
    labelled = project_reading.labels_of(connection, change.set_aside)
    wanted = {image: mark and image not in labelled for image, mark in change.set_aside.items()}
    before = project_reading.set_aside_among(connection, change.images)
    for image, label in change.labels.items():
        # Also where a mark lies under an older program's label, which is taken off now.
        if image in before and (label is not None or image in labels_before):
            wanted.setdefault(image, False)
    due = {image: mark for image, mark in wanted.items() if mark or image in before}
    if not due:
        return {}
    make_room_for_set_aside(connection)
    connection.executemany(
        "INSERT INTO set_aside VALUES (?1, (SELECT content FROM images WHERE image_id = ?1 "
        "AND missing = 0)) ON CONFLICT DO UPDATE SET content = excluded.content",
        [(image,) for image, mark in due.items() if mark],
    )
    connection.executemany(
        "UPDATE set_aside SET content = ? WHERE image_id = ?",
        [
            (change.contents[image], image)
            for image, mark in due.items()
            if mark and image in change.contents
        ],
    )
    connection.executemany(
        "DELETE FROM set_aside WHERE image_id = ?",
        [(image,) for image, mark in due.items() if not mark],
    )
    return {
        image: ((before[image],) if image in before else None, mark) for image, mark in due.items()
    }


def _write_notes(
    connection: sqlite3.Connection,
    classes: Sequence[ImageClass],
    before: Mapping[ClassId, ImageClass],
) -> None:
    """Keep the notes that are new, within a transaction."""
    due = [
        item
        for item in classes
        if item.note != (before[item.class_id].note if item.class_id in before else "")
    ]
    if not due:
        return
    make_room_for_notes(connection)
    connection.executemany(
        "INSERT INTO class_notes VALUES (?, ?) ON CONFLICT DO UPDATE SET note = excluded.note",
        [(item.class_id, item.note) for item in due],
    )


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
            raise ClassNameError(say("“{none}” is no class and cannot be changed.", none=NONE_NAME))
        if not is_text(item.name):
            raise ClassNameError(
                say(
                    "A class cannot be called “{name}”: a letter of it is no text.",
                    name=item.name.encode(errors="replace").decode(),
                )
            )
        if is_none_name(item.name) and item.class_id not in none_named:
            raise ClassNameError(
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
            raise ClassNameError(say("A class needs a name."))
        key = class_name_key(item.name)
        if key in seen:
            raise ClassNameError(say("There is already a class “{name}”.", name=seen[key]))
        seen[key] = item.name
