"""The engine of Handful: everything but the window.

This is its public face. The names below import quickly (no torch, no onnxruntime); the heavy
libraries are loaded by the engine's own thread when it starts.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

# Newer versions of onnxruntime (1.31 was seen to) keep a number of the device and a list of events,
# the path of the program among them, and look for a server to tell. Here all stays on the computer.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from engine import messages
from engine.cache import cache_size, clean_cache, move_cache
from engine.class_list import names_in, read_class_list
from engine.encoder.catalogue import EncoderInfo, list_encoders, remove_encoder
from engine.encoder.devices import has_nvidia_device
from engine.errors import (
    EncoderError,
    EngineError,
    ExportError,
    LabelsError,
    NewerProjectError,
    ProjectError,
    ReadOnlyProjectError,
    UnreadableImageError,
)
from engine.method.coverage import ShareRight, share_right, wilson_interval
from engine.method.evaluation import (
    ClassScore,
    Estimate,
    Evaluation,
    ReliabilityBin,
    evaluate,
    held_out_images,
)
from engine.method.learning_curve import expected_accuracy
from engine.project import (
    CLASS_COLOURS,
    NONE_CLASS,
    Change,
    ImageClass,
    ImageRecord,
    Project,
    class_name_key,
    is_none_name,
)
from engine.version import VERSION
from engine.words import NOTHING, Sentence, say, sentence_of
from engine.worker import Engine, default_cache_folder, default_encoders_folder

__version__ = VERSION

COMMANDS: Final = (
    "gui",
    "demo",
    "classify",
    "export",
    "benchmark",
    "meta-train",
    "meta-evaluate",
    "encoder",
    "doctor",
)
"""What :func:`run_command_line` knows; a test compares it with the command line itself."""


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
    "Change",
    "ClassScore",
    "EncoderError",
    "EncoderInfo",
    "Engine",
    "EngineError",
    "Estimate",
    "Evaluation",
    "ExportError",
    "ImageClass",
    "ImageRecord",
    "LabelsError",
    "NewerProjectError",
    "Project",
    "ProjectError",
    "ReadOnlyProjectError",
    "ReliabilityBin",
    "Sentence",
    "ShareRight",
    "UnreadableImageError",
    "__version__",
    "cache_size",
    "class_name_key",
    "clean_cache",
    "default_cache_folder",
    "default_encoders_folder",
    "evaluate",
    "expected_accuracy",
    "has_nvidia_device",
    "held_out_images",
    "is_none_name",
    "list_encoders",
    "messages",
    "move_cache",
    "names_in",
    "read_class_list",
    "remove_encoder",
    "run_command_line",
    "say",
    "sentence_of",
    "share_right",
    "wilson_interval",
]
