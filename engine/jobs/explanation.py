"""Why an image has its score for a class."""

from __future__ import annotations

from collections.abc import Iterator

from engine.jobs.workspace import Workspace
from engine.messages import Event, Explain


def explain(workspace: Workspace, command: Explain) -> Iterator[Event | None]:
    """Explain; see :class:`engine.messages.Explain`."""
    raise NotImplementedError
