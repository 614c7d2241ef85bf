"""Options that several commands have, what is wrong with those given, and what they open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import EngineError, sentence_for
from engine.messages import Effort, Snapshot
from engine.sources import short_path
from engine.terminal import tell
from engine.worker import default_cache_folder

if TYPE_CHECKING:
    from engine.jobs.workspace import Workspace

# typer brings a click of its own or, in older versions, takes the registry's; its public exception
# leads to either's base classes.
UsageError: Any = typer.BadParameter.__mro__[1]
ClickException: Any = typer.BadParameter.__mro__[2]


class Device(StrEnum):
    """Where the encoder runs."""

    AUTO = "auto"
    CPU = "cpu"
    OPENVINO = "openvino"
    CUDA = "cuda"


Images = Annotated[
    Path,
    typer.Argument(
        help="A folder, walked with its sub-folders, or a text file with a path a line."
    ),
]
OptionalImages = Annotated[
    Path | None, typer.Argument(help="The folder that the examples come from or belong to.")
]
Support = Annotated[
    Path | None,
    typer.Option(
        "--support",
        help="A folder of examples: DIR/CLASS/images. Those in DIR/none_of_these show none of the "
        "classes; they make none_score better.",
        rich_help_panel="Examples",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="A CSV file with the columns file_name (relative to IMAGES) and label, which may be "
        "“None of these”.",
        rich_help_panel="Examples",
    ),
]
ProjectFile = Annotated[
    Path | None,
    typer.Option("--project", help="A project made in the window.", rich_help_panel="Examples"),
]
ModelFile = Annotated[
    Path | None,
    typer.Option(
        "--model",
        help="A model exported before: an ONNX file, or a bundle (its folder or zip file).",
        rich_help_panel="Examples",
    ),
]
FromBundle = Annotated[
    Path | None,
    typer.Option(
        "--from-bundle",
        help="Go on from the labelled examples that a bundle keeps (its folder or zip file), alone "
        "or beside one of the others.",
        rich_help_panel="Examples",
    ),
]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where the encoder runs.")]
EffortOption = Annotated[
    Effort,
    typer.Option(
        "--effort",
        help="How hard to adapt to the examples: at once; with the folder's other images and, up "
        "to 2,000 of them, three views of each; or by training the network on them, too.",
    ),
]
EncoderFile = Annotated[
    Path | None,
    typer.Option(
        "--encoder",
        help="Another encoder than the shipped one, from meta-train or handful encoder add.",
    ),
]
# An empty metavar: typer would write <bool>, as if a flag took a value.
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON object about the run on standard output.", metavar=""
    ),
]


def _try_to_write(path: Path) -> None:
    """Rights, read-only disks and folders that are none of files: only trying tells all of them."""
    try:
        with tempfile.TemporaryFile(dir=path.parent, prefix=".handful-"):
            pass
    except OSError as error:
        raise EngineError(sentence_for(error, Path(short_path(path)), "write")) from error


@contextmanager
def opened_workspace(device: Device, encoder: Path | None = None) -> Iterator[Workspace]:
    from engine.jobs.workspace import open_workspace

    workspace = open_workspace(
        default_cache_folder(),
        device=device.value,
        encoder_path=encoder,
        embeddings_in_file=True,
    )
    if workspace.runtime.notice:
        tell(workspace.runtime.notice)
    workspace.cache.listen(tell)
    try:
        yield workspace
    finally:
        for runtime in workspace.runtimes():
            if runtime.failure:
                tell(runtime.failure)
        workspace.close()


def exactly_one(options: dict[str, Path | None]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if len(given) != 1:
        names = ", ".join(options)
        raise UsageError(
            f"Give exactly one of {names}; {len(given) or 'none'} "
            f"{'was' if len(given) < 2 else 'were'} given."
        )


def one_or_bundle(options: dict[str, Path | None], from_bundle: Path | None) -> None:
    """Exactly one, or none where a bundle has the examples."""
    if from_bundle is not None and not any(value is not None for value in options.values()):
        return
    try:
        exactly_one(options)
    except UsageError:
        if from_bundle is None and not any(value is not None for value in options.values()):
            exactly_one({**options, "--from-bundle": None})
        if from_bundle is None:
            raise
        raise UsageError(
            f"Beside --from-bundle give one of {', '.join(options)} at most."
        ) from None


def check_outputs(outputs: dict[str, Path | None], inputs: dict[str, Path | None]) -> None:
    """What cannot be written is known before an hour of work rather than after it.

    A folder of images among ``inputs`` stands for itself alone; see :func:`check_images_kept`.
    """
    from engine.jobs.files import check_target, is_same_file

    read = [(path, name) for name, path in inputs.items() if path is not None]
    for name, path in outputs.items():
        if path is None:
            continue
        if path.is_dir():
            raise EngineError(f"Could not write {short_path(path)}: it is a folder.")
        if not path.parent.is_dir():
            folder = short_path(path.parent)
            raise EngineError(f"Could not write {short_path(path)}: there is no folder {folder}.")
        _try_to_write(path)
        for other, option in read:
            if is_same_file(path, other):
                raise UsageError(f"{name} would overwrite the file of {option}.")
        check_target(path)
        read.append((path, name))


def check_images_kept(outputs: Sequence[Path | None], snapshot: Snapshot) -> None:
    """Refuse to write over an image, whatever it is called and however a path leads to it."""
    from engine.jobs.files import check_target

    for path in outputs:
        if path is not None:
            check_target(path, snapshot.paths)


def numbers(option: str, text: str, least: int) -> tuple[int, ...]:
    """Whole numbers parted by commas, each once, ascending."""
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise UsageError(f"{option} takes whole numbers parted by commas, not {text!r}.") from None
    if numbers[0] < least:
        raise UsageError(f"{option} must be at least {least}, not {numbers[0]}.")
    return tuple(numbers)
