"""What labels a project should have: a plain dictionary, and random edits of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from engine import Change, ImageClass, Project
from engine.messages import NONE_OF_THESE, ClassId, ImageId

Effects = dict[str, dict[str, Any]]
"""By what is changed: ``classes`` by number (a name, None: removed), ``labels`` by image's name (a
class's number or None), ``aside`` by image's name. JSON keeps it as it is."""


@dataclass
class Labels:
    """Classes, labels and what is set aside, as they should be."""

    classes: dict[str, str | None] = field(default_factory=dict)
    labels: dict[str, int | None] = field(default_factory=dict)
    aside: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> Labels:
        """Those that a project has."""
        names = {record.image_id: record.name for record in project.images()}
        return cls(
            {
                str(item.class_id): None if item.removed else item.name
                for item in project.classes(with_removed=True)
            },
            {names[image]: int(class_id) for image, class_id in project.labels().items()},
            {names[image]: True for image in project.set_aside()},
        )

    def after(self, effects: Effects) -> Labels:
        """What they are once an edit is made."""
        labels = {**self.labels, **effects.get("labels", {})}
        aside = {**self.aside, **effects.get("aside", {})}
        return Labels(
            {**self.classes, **effects.get("classes", {})},
            {name: label for name, label in labels.items() if label is not None},
            {name: True for name, mark in aside.items() if mark},
        )

    def before(self, effects: Effects) -> Effects:
        """The effects that take an edit back which is not made yet."""
        return {
            "classes": {number: self.classes.get(number) for number in effects.get("classes", {})},
            "labels": {name: self.labels.get(name) for name in effects.get("labels", {})},
            "aside": {name: name in self.aside for name in effects.get("aside", {})},
        }


class Editor:
    """Makes random edits of a project, each of which it can say the effects of beforehand."""

    def __init__(self, project: Project, known: Labels, seed: int) -> None:
        self._project = project
        self._random = random.Random(seed)
        self._numbers = {record.name: record.image_id for record in project.images()}
        self._undo: list[tuple[Change, Effects]] = []
        self.known = known

    def next_edit(self) -> tuple[Change, Effects]:
        """An edit and what it does."""
        present = [number for number, name in self.known.classes.items() if name is not None]
        draw = self._random.random()
        if len(present) < 2 or (draw < 0.08 and len(present) < 9):
            return self._new_class()
        if draw < 0.16 and self._undo:
            return self._undo[-1]
        if draw < 0.20:
            return self._renaming(self._random.choice(present))
        if draw < 0.23 and len(present) > 2:
            return self._removal(self._random.choice(present))
        if draw < 0.26 and len(present) > 2:
            return self._merger(*self._random.sample(present, 2))
        if draw < 0.36:
            return self._setting_aside()
        names = self._some()
        label = self._random.choice([*present, str(int(NONE_OF_THESE)), None])
        number = None if label is None else ClassId(int(label))
        change = self._project.relabel([self._numbers[name] for name in names], number)
        return change, self._labelled(dict.fromkeys(names, number))

    def made(self, effects: Effects, backward: Change) -> None:
        """The edit is on disk: ``backward`` takes it back."""
        if self._undo and effects is self._undo[-1][1]:
            self._undo.pop()
        else:
            self._undo.append((backward, self.known.before(effects)))
        self.known = self.known.after(effects)

    def _some(self) -> list[str]:
        return self._random.sample(sorted(self._numbers), self._random.randint(1, 4))

    def _labelled(self, labels: dict[str, Any]) -> Effects:
        """A label takes the mark of what is set aside away."""
        given = [name for name, label in labels.items() if label is not None]
        return {
            "labels": labels,
            "aside": {name: False for name in given if name in self.known.aside},
        }

    def _new_class(self) -> tuple[Change, Effects]:
        new = self._project.new_class(f"class {self._random.randrange(10**9)}")
        return Change("Add", {}, (new,)), {"classes": {str(new.class_id): new.name}}

    def _renaming(self, number: str) -> tuple[Change, Effects]:
        item = self._class(number)
        name = f"class {self._random.randrange(10**9)}"
        renamed = ImageClass(item.class_id, name, item.colour, item.hotkey, item.position)
        return Change("Rename", {}, (renamed,)), {"classes": {number: name}}

    def _removal(self, number: str) -> tuple[Change, Effects]:
        change = self._project.removal(ClassId(int(number)))
        labels = dict.fromkeys(self._labelled_as(number))
        return change, {"classes": {number: None}, "labels": labels}

    def _merger(self, source: str, target: str) -> tuple[Change, Effects]:
        change = self._project.merger(ClassId(int(source)), ClassId(int(target)))
        labels = dict.fromkeys(self._labelled_as(source), int(target))
        return change, {"classes": {source: None}, "labels": labels}

    def _setting_aside(self) -> tuple[Change, Effects]:
        is_aside = self._random.random() < 0.6
        names = [name for name in self._some() if name not in self.known.labels]
        change = self._project.setting_aside(
            [ImageId(self._numbers[name]) for name in names], is_set_aside=is_aside
        )
        return change, {"aside": dict.fromkeys(names, is_aside)}

    def _labelled_as(self, number: str) -> list[str]:
        return [name for name, label in self.known.labels.items() if label == int(number)]

    def _class(self, number: str) -> ImageClass:
        return next(item for item in self._project.classes() if item.class_id == int(number))
