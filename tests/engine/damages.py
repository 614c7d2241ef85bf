"""Projects that people worked in, and what disks, cards and programs do to their files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.messages import NONE_OF_THESE, FoundFile, ImageId
from engine.project import Change, Project

Labels = dict[str, str]  # Class names by the names of images.


@dataclass(frozen=True)
class Worked:
    """A project file as it was left, and its backups.

    Attributes:
        folder: has the project and its backups.
        in_backup, labels: what was labelled when the backup was made, and in the end.
    """

    folder: Path
    in_backup: Labels
    labels: Labels

    @property
    def path(self) -> Path:
        return self.folder / "photos" / "photos.handful"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def copy_of(self, folder: Path) -> Worked:
        """The same once more, at the same place: a trail knows where its project lies."""
        shutil.rmtree(self.folder)
        shutil.copytree(folder, self.folder)
        return self


def work(folder: Path, seed: int, n_images: int = 700, n_steps: int = 60) -> Worked:
    """A project that was worked in, closed, opened, worked in, and left without being closed."""
    chance = random.Random(seed)
    made = Worked(folder, {}, {})
    made.path.parent.mkdir(parents=True)
    project = Project.for_folder(made.path.parent, folder / "kept", made.backups)
    project.add_images(
        [FoundFile(f"trip {i % 7}/IMG_{i:05}.jpg", 1000 + i, 10**18 + i) for i in range(n_images)]
    )
    project.record_contents({ImageId(i): chance.randbytes(16) for i in range(1, n_images) if i % 5})
    classes = project.new_classes(["fox", "barn owl", "獾"])
    project.apply(Change("Add", {}, tuple(classes)))
    numbers = [*(item.class_id for item in classes), NONE_OF_THESE, None]

    def label(count: int) -> None:
        for _ in range(count):
            images = [ImageId(chance.randrange(1, n_images)) for _ in range(chance.randrange(1, 9))]
            project.apply(project.relabel(images, chance.choice(numbers)))

    label(n_steps)
    made.in_backup.update(labels_of(project))
    project.close()
    project = Project.for_folder(made.path.parent, folder / "kept", made.backups)
    label(n_steps // 2)
    project.add_images([FoundFile("later.jpg", 7, 7)])
    project.apply(project.relabel([ImageId(n_images + 1)], classes[0].class_id))
    made.labels.update(labels_of(project))
    assert project.wait_until_kept()
    # As a program that is killed leaves them: the log beside the file.
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{made.path}{suffix}", f"{made.path}{suffix}.left")
    project.close()
    for suffix in ("", "-wal"):
        Path(f"{made.path}{suffix}.left").rename(f"{made.path}{suffix}")
    return made


def labels_of(project: Project) -> Labels:
    """The labels of a project, by names."""
    names = {item.image_id: item.name for item in project.images()}
    classes = {item.class_id: item.name for item in project.classes(with_removed=True)}
    classes[NONE_OF_THESE] = "-"
    return {names[image]: classes[label] for image, label in project.labels().items()}


def _log(path: Path) -> Path:
    return Path(f"{path}-wal")


def flipped(path: Path, chance: random.Random) -> None:
    """Bits of the file."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 3, 30])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def flipped_log(path: Path, chance: random.Random) -> None:
    """Bits of the log."""
    flipped(_log(path), chance)


def bad_pages(path: Path, chance: random.Random) -> None:
    """Pages of zeros, or of what was on the disk before."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 2, 5])):
        start = chance.randrange(len(content) // 4096) * 4096
        other = bytes(4096) if chance.random() < 0.5 else chance.randbytes(4096)
        content[start : start + 4096] = other
    path.write_bytes(content)


def swapped_pages(path: Path, chance: random.Random) -> None:
    """Two pages that were written to each other's place."""
    content = bytearray(path.read_bytes())
    one, other = (chance.randrange(1, len(content) // 4096) * 4096 for _ in range(2))
    page = content[one : one + 4096]
    content[one : one + 4096] = content[other : other + 4096]
    content[other : other + 4096] = page
    path.write_bytes(content)


def cut_off(path: Path, chance: random.Random) -> None:
    """The end is missing."""
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def cut_off_log(path: Path, chance: random.Random) -> None:
    """The log's end is missing."""
    cut_off(_log(path), chance)


def no_header(path: Path, chance: random.Random) -> None:
    """The first bytes are zeros."""
    content = path.read_bytes()
    size = chance.choice([16, 100, 512, 4096])
    path.write_bytes(bytes(size) + content[size:])


def no_log(path: Path, _chance: random.Random) -> None:
    """Somebody has deleted the file beside the project."""
    _log(path).unlink()


def nothing_left(path: Path, chance: random.Random) -> None:
    """Other bytes altogether, or none, and no log."""
    path.write_bytes(chance.randbytes(chance.choice([0, 50, 5000])))
    _log(path).unlink()


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (
    flipped,
    flipped_log,
    bad_pages,
    swapped_pages,
    cut_off,
    cut_off_log,
    no_header,
    no_log,
    nothing_left,
)
