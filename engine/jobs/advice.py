"""What to label next, which labels look wrong, and how far the labels reach."""

from __future__ import annotations

from collections.abc import Iterator

from engine.jobs.workspace import Workspace
from engine.messages import Event, ProposeSplit, ReviewLabels, Suggest


def suggest(workspace: Workspace, command: Suggest) -> Iterator[Event | None]:
    """Choose; see :class:`engine.messages.Suggest`."""
    raise NotImplementedError


def review_labels(workspace: Workspace, command: ReviewLabels) -> Iterator[Event | None]:
    """Review; see :class:`engine.messages.ReviewLabels`."""
    raise NotImplementedError


def propose_split(workspace: Workspace, command: ProposeSplit) -> Iterator[Event | None]:
    """Propose; see :class:`engine.messages.ProposeSplit`."""
    raise NotImplementedError
