"""The engine of Handful: everything but the window.

This is its public face. The names below import quickly (no torch, no onnxruntime); the heavy
libraries are loaded by the engine's own thread when it starts.
"""

from engine import messages
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
from engine.project import CLASS_COLOURS, Change, ImageClass, ImageRecord, Project

__version__ = "0.1.0"

__all__ = [
    "CLASS_COLOURS",
    "Change",
    "EncoderError",
    "EngineError",
    "ExportError",
    "ImageClass",
    "ImageRecord",
    "LabelsError",
    "NewerProjectError",
    "Project",
    "ProjectError",
    "ReadOnlyProjectError",
    "UnreadableImageError",
    "__version__",
    "messages",
]
