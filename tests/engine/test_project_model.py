"""The project against a plain dictionary: any edits in any order, undo, reopening and crashes.

Hypothesis invents the runs and shortens the ones that fail. What a crash leaves is what lies in the
files at that moment: they are copied while the project is open, and the copy is gone on with.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.errors import ClassNameError
from engine.interchange.label_import import import_change, plan_import
from engine.messages import NONE_NAME, NONE_OF_THESE, ClassId, FoundFile, ImageId, LabelsRead
from engine.project import Change, Project, class_name_key, is_none_name

N_IMAGES = 8
SETTINGS = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# Names that collide, that look alike, and that files and sheets would take amiss.
names = st.one_of(
    st.sampled_from(
        ("fox", "Fox", " fox ", "hare", "é", "e\u0301", "none of these", "None-of_these")
    ),
    st.sampled_from(("", " ", "\0", "\ud800", "=1+1", "<b>x</b>", "../..", "a/b", "x" * 200)),
    st.text(max_size=5),
)
images = st.lists(st.integers(1, N_IMAGES).map(ImageId), min_size=1, max_size=4, unique=True)
places = st.integers(0, 20)


@dataclass
class Model:
    """All that a project should know, without a file."""

    classes: dict[ClassId, str] = field(default_factory=dict)
    order: list[ClassId] = field(default_factory=list)
    labels: dict[ImageId, ClassId] = field(default_factory=dict)
    aside: set[ImageId] = field(default_factory=set)

    def label(self, chosen: list[ImageId], class_id: ClassId | None) -> None:
        for image in chosen:
            if class_id is None:
                self.labels.pop(image, None)
            else:
                self.labels[image] = class_id
                self.aside.discard(image)

    def refuses(self, name: str, besides: ClassId | None = None) -> bool:
        """Whether no class can be called so."""
        taken = {class_name_key(n) for key, n in self.classes.items() if key != besides}
        is_text = not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)
        return (
            not name.strip() or not is_text or is_none_name(name) or class_name_key(name) in taken
        )


class ProjectAgainstModel(RuleBasedStateMachine):
    """Every rule does the same to both; the invariant compares them."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="handful-model-"))
        self.abandoned: list[Project] = []
        self.model = Model()
        self.done: list[tuple[Change, Change, Model, Model]] = []
        self.undone: list[tuple[Change, Change, Model, Model]] = []
        self.n_changes = 0

    @initialize()
    def create(self) -> None:
        folder = self.home / "images"
        folder.mkdir()
        self.project = Project.create(self.home / "p.handful", folder)
        self.project.add_images([FoundFile(f"{n}.jpg", n, n) for n in range(1, N_IMAGES + 1)])

    def teardown(self) -> None:
        for project in (*self.abandoned, self.project):
            project.close()
        shutil.rmtree(self.home)

    # --- Edits ------------------------------------------------------------------------------------

    def _apply(self, change: Change, edit: Callable[[Model], None]) -> None:
        before = deepcopy(self.model)
        undo = self.project.apply(change)
        edit(self.model)
        self.done.append((change, undo, before, deepcopy(self.model)))
        self.undone.clear()
        self.n_changes += 1

    def _class(self, place: int) -> ClassId:
        return self.model.order[place % len(self.model.order)]

    @rule(name=names)
    def add(self, name: str) -> None:
        added = self.project.new_class(name)
        change = Change("add", {}, (added,))
        if self.model.refuses(name):
            with pytest.raises(ClassNameError):
                self.project.apply(change)
            return

        def edit(model: Model) -> None:
            model.classes[added.class_id] = name
            model.order.append(added.class_id)

        self._apply(change, edit)

    @precondition(lambda self: self.model.order)
    @rule(place=places, name=names)
    def rename(self, place: int, name: str) -> None:
        class_id = self._class(place)
        item = next(one for one in self.project.classes() if one.class_id == class_id)
        change = Change("rename", {}, (replace(item, name=name),))
        if self.model.refuses(name, class_id):
            with pytest.raises(ClassNameError):
                self.project.apply(change)
            return
        self._apply(change, lambda model: model.classes.update({class_id: name}))

    @rule(chosen=images, place=places)
    def label(self, chosen: list[ImageId], place: int) -> None:
        known = [*self.model.order, NONE_OF_THESE, None]
        class_id = known[place % len(known)]
        change = self.project.relabel(chosen, class_id)
        self._apply(change, lambda model: model.label(chosen, class_id))

    @rule(chosen=images, is_set_aside=st.booleans())
    def set_aside(self, chosen: list[ImageId], is_set_aside: bool) -> None:
        def edit(model: Model) -> None:
            for image in chosen:
                if not is_set_aside:
                    model.aside.discard(image)
                elif image not in model.labels:
                    model.aside.add(image)

        self._apply(self.project.setting_aside(chosen, is_set_aside=is_set_aside), edit)

    @precondition(lambda self: self.model.order)
    @rule(place=places, other=places)
    def merge(self, place: int, other: int) -> None:
        source = self._class(place)
        targets = [item for item in (*self.model.order, NONE_OF_THESE) if item != source]
        target = targets[other % len(targets)]

        def edit(model: Model) -> None:
            model.labels = {
                image: target if label == source else label for image, label in model.labels.items()
            }
            model.order.remove(source)
            del model.classes[source]

        self._apply(self.project.merger(source, target), edit)

    @precondition(lambda self: self.model.labels)
    @rule(place=places, chosen=images, name=names)
    def split(self, place: int, chosen: list[ImageId], name: str) -> None:
        leaving = [image for image in chosen if self.model.labels.get(image) in self.model.classes]
        added = self.project.new_class(name)
        change = Change("split", dict.fromkeys(leaving, added.class_id), (added,))
        if self.model.refuses(name):
            with pytest.raises(ClassNameError):
                self.project.apply(change)
            return

        def edit(model: Model) -> None:
            model.classes[added.class_id] = name
            model.order.append(added.class_id)
            model.label(leaving, added.class_id)

        self._apply(change, edit)

    @precondition(lambda self: self.model.order)
    @rule(place=places)
    def delete(self, place: int) -> None:
        class_id = self._class(place)

        def edit(model: Model) -> None:
            model.labels = {i: label for i, label in model.labels.items() if label != class_id}
            model.order.remove(class_id)
            del model.classes[class_id]

        self._apply(self.project.removal(class_id), edit)

    @rule(
        chosen=images,
        said=st.lists(st.sampled_from(("fox", "Hare ", NONE_NAME, "owl")), min_size=4, max_size=4),
        is_replacing=st.booleans(),
    )
    def import_labels(self, chosen: list[ImageId], said: list[str], is_replacing: bool) -> None:
        by_key: dict[str, str] = {}
        given = [by_key.setdefault(class_name_key(name), name.strip()) for name in said]
        found = tuple(dict.fromkeys(given))
        read = LabelsRead(
            1,
            self.home / "labels.csv",
            "CSV",
            found,
            np.array(chosen, np.int64),
            np.array([found.index(given[number]) for number in range(len(chosen))], np.int32),
            np.zeros(len(chosen), np.bool_),
            (),
            (),
            (),
        )
        plan = plan_import(
            read, self.project.labels(), self.project.classes(), is_replacing=is_replacing
        )
        change = import_change(plan, self.project)
        made = {item.name: item.class_id for item in change.classes}

        def edit(model: Model) -> None:
            for name, class_id in made.items():
                model.classes[class_id] = name
                model.order.append(class_id)
            ids = {class_name_key(name): key for key, name in model.classes.items()}
            ids[class_name_key(NONE_NAME)] = NONE_OF_THESE
            for image, name in zip(chosen, given, strict=False):
                if is_replacing or image not in model.labels:
                    model.label([image], ids[class_name_key(name)])

        self._apply(change, edit)

    # --- Back and forth ---------------------------------------------------------------------------

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        change, undo, before, after = self.done.pop()
        redo = self.project.apply(undo)
        self.model = deepcopy(before)
        self.undone.append((redo, undo, before, after))
        self.n_changes += 1
        assert dict(redo.labels) == dict(change.labels)

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        change, _, before, after = self.undone.pop()
        undo = self.project.apply(change)
        self.model = deepcopy(after)
        self.done.append((change, undo, before, after))
        self.n_changes += 1

    @rule()
    def reopen(self) -> None:
        self.project.close()
        self._open(self.project.path)

    @rule()
    def crash(self) -> None:
        """What is on disk now is all there is; the old program never ends well."""
        self.abandoned.append(self.project)
        old, new = self.project.path, self.home / str(len(self.abandoned)) / "p.handful"
        new.parent.mkdir()
        for suffix in ("", "-wal"):
            if Path(f"{old}{suffix}").exists():
                shutil.copyfile(f"{old}{suffix}", f"{new}{suffix}")
        self._open(new)

    def _open(self, path: Path) -> None:
        self.project = Project.open(path)
        self.done.clear()
        self.undone.clear()

    # --- What must hold ---------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "project"):
            return
        classes = self.project.classes()
        assert [item.class_id for item in classes] == self.model.order
        assert {item.class_id: item.name for item in classes} == self.model.classes
        assert self.project.labels() == self.model.labels
        assert set(self.project.set_aside()) == self.model.aside
        present = [item.hotkey for item in classes if item.hotkey is not None]
        assert len(set(present)) == len(present)
        known = self.project.images_after(ImageId(0), 100)
        assert known.labels == self.model.labels
        assert len(known.images) == N_IMAGES


def test_a_project_is_what_a_dictionary_would_be() -> None:
    run_state_machine_as_test(ProjectAgainstModel, settings=SETTINGS)
