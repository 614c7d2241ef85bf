"""The engine of Handful: everything but the window.

This is its public face. The names below import quickly (no torch, no onnxruntime); the heavy
libraries are loaded by the engine's own thread when it starts.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

# Newer versions of onnxruntime (1.31 was seen to) keep a number of the device and a list of events,
# the path of the program among them, and look for a server to tell. Here all stays on the computer.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from engine import messages
from engine.cache import (
    CacheWorth,
    cache_size,
    cache_worth,
    clean_cache,
    move_cache,
    shrink_cache,
)
from engine.cache_limit import has_limit, keep_limit, kept_limit, limit_in_force
from engine.class_list import check_class_names, names_in, read_class_list
from engine.encoder.catalogue import EncoderInfo, list_encoders, remove_encoder
from engine.encoder.devices import has_nvidia_device, has_openvino
from engine.errors import (
    ClassNameError,
    DamagedProjectError,
    EncoderError,
    EngineError,
    ExportError,
    LabelsError,
    NewerProjectError,
    ProjectError,
    ProjectInUseError,
    ReadOnlyProjectError,
    UnreadableImageError,
)
from engine.files import write_whole
from engine.interchange.crop_folder import has_crops
from engine.interchange.label_import import (
    ImportPlan,
    import_change,
    plan_import,
    unmatched_table,
    why_text,
)
from engine.interchange.metadata.journal import last_run as last_metadata_run
from engine.interchange.sorting.journal import has_something_to_undo as has_sorting_to_undo
from engine.interchange.sorting.journal import has_unfinished as has_unfinished_sorting
from engine.method.audit import SHOWN_ODDS
from engine.method.coverage import ShareRight, share_right, wilson_interval
from engine.method.evaluation import (
    ClassScore,
    Estimate,
    Evaluation,
    ReliabilityBin,
    evaluate,
    held_out_images,
)
from engine.method.learning_curve import carried_over, expected_accuracy
from engine.project import (
    CLASS_COLOURS,
    NONE_CLASS,
    Change,
    ImageClass,
    ImageRecord,
    Project,
    ProjectNews,
    class_name_key,
    is_none_name,
)
from engine.version import VERSION
from engine.watching.folder import Look as FolderLook
from engine.watching.watcher import FolderWatcher
from engine.words import NOTHING, Sentence, say, sentence_of
from engine.worker import Engine, default_cache_folder, default_encoders_folder

if TYPE_CHECKING:
    from engine.interchange.formats.interface import Format

__version__ = VERSION

COMMANDS: Final = (
    "gui",
    "demo",
    "classify",
    "export",
    "sort",
    "tag",
    "labels",
    "crops",
    "benchmark",
    "meta-train",
    "meta-evaluate",
    "recover",
    "encoder",
    "cache",
    "doctor",
)
"""What :func:`run_command_line` knows; a test compares it with the command line itself."""


def looks_like_detections(path: Path) -> bool:
    """Whether a file seems to hold results of MegaDetector, from its first 64 KiB alone."""
    from engine.interchange.formats import megadetector  # Here: the window starts without.

    return megadetector.looks_like_detections(path)


def label_formats() -> "tuple[Format, ...]":
    """The formats of labels, in the order in which they are offered."""
    from engine.interchange.formats.registry import FORMATS  # Here: the window starts without.

    return FORMATS


def run_command_line(
    arguments: Sequence[str], open_window: Callable[[Path | None], int] | None = None
) -> int:
    """Run one command of the command line and return its exit status.

    Args:
        arguments: as typed, without the program's name.
        open_window: opens the window on a folder or project; None where there is none.
    """
    try:
        from engine.cli import main  # Here: typer and rich would slow the window's start.

        return main(arguments, open_window)
    except KeyboardInterrupt:  # Before or after the command itself, which tells of it.
        return 130


__all__ = [
    "CLASS_COLOURS",
    "COMMANDS",
    "NONE_CLASS",
    "NOTHING",
    "SHOWN_ODDS",
    "CacheWorth",
    "Change",
    "ClassNameError",
    "ClassScore",
    "DamagedProjectError",
    "EncoderError",
    "EncoderInfo",
    "Engine",
    "EngineError",
    "Estimate",
    "Evaluation",
    "ExportError",
    "FolderLook",
    "FolderWatcher",
    "ImageClass",
    "ImageRecord",
    "ImportPlan",
    "LabelsError",
    "NewerProjectError",
    "Project",
    "ProjectError",
    "ProjectInUseError",
    "ProjectNews",
    "ReadOnlyProjectError",
    "ReliabilityBin",
    "Sentence",
    "ShareRight",
    "UnreadableImageError",
    "__version__",
    "cache_size",
    "cache_worth",
    "carried_over",
    "check_class_names",
    "class_name_key",
    "clean_cache",
    "default_cache_folder",
    "default_encoders_folder",
    "evaluate",
    "expected_accuracy",
    "has_crops",
    "has_limit",
    "has_nvidia_device",
    "has_openvino",
    "has_sorting_to_undo",
    "has_unfinished_sorting",
    "held_out_images",
    "import_change",
    "is_none_name",
    "keep_limit",
    "kept_limit",
    "label_formats",
    "last_metadata_run",
    "limit_in_force",
    "list_encoders",
    "looks_like_detections",
    "messages",
    "move_cache",
    "names_in",
    "plan_import",
    "read_class_list",
    "remove_encoder",
    "run_command_line",
    "say",
    "sentence_of",
    "share_right",
    "shrink_cache",
    "unmatched_table",
    "why_text",
    "wilson_interval",
    "write_whole",
]
