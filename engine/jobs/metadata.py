"""Classes as XMP keywords: written with a journal, or tried without writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.errors import EngineError, ExportError
from engine.files import clear_leftovers
from engine.interchange.metadata.journal import Journal
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.plan import FileEdit, plan_image, relative_to, sidecar_of
from engine.interchange.records import Record, Results
from engine.jobs.metadata_files import replace_file, rewritten
from engine.jobs.predictions import fit_snapshot, results_of
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import (
    Event,
    ImageRef,
    ImagesRewritten,
    MetadataChange,
    MetadataChoice,
    MetadataPlanned,
    MetadataWritten,
    SidecarNaming,
    WriteMetadata,
)
from engine.words import NOTHING, Sentence, say

_BATCH_FILES: Final = 32
_BATCH_BYTES: Final = 1 << 26
_MOST_CHANGES: Final = 500  # That are shown; all are written.

Wanted = Sequence[tuple[ImageRef, Keyword | None]]
"""Each image with the keyword it is to have; None: none of Handful's."""


def write_metadata(workspace: Workspace, command: WriteMetadata) -> Iterator[Event | None]:
    """Write keywords; see :class:`engine.messages.WriteMetadata`."""
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    results = results_of(workspace, fitted)
    yield from tag_results(results, command.choice, command.request_id)


def tag_results(
    results: Results, choice: MetadataChoice, request_id: int
) -> Iterator[Event | None]:
    """Give each image of any results the keyword of its class; see :func:`tag_images`."""
    meter = ProgressMeter(request_id, say("Choosing keywords"), results.n_images)
    wanted: list[tuple[ImageRef, Keyword | None]] = []
    for chunk in results.chunks():
        wanted += [(record.image, keyword_of(results, record, choice.above)) for record in chunk]
        yield meter.advance(len(chunk))
    yield from tag_images(results.folder, wanted, choice, request_id)


def keyword_of(results: Results, record: Record, above: float) -> Keyword | None:
    """A person's label, else a prediction that is sure enough; None of these gets none."""
    answer = results.answer(record)
    if answer is None or answer.is_none:
        return None
    if answer.is_human:
        return Keyword(answer.label, is_human=True)
    if answer.confidence < above:
        return None
    return Keyword(answer.label, False, answer.confidence, results.model_id)


def tag_images(
    folder: Path, wanted: Wanted, choice: MetadataChoice, request_id: int
) -> Iterator[Event | None]:
    """Make Handful's keywords of images what is wanted; those of others stay.

    Every file is changed under another name and renamed; before that its change is in the journal
    in ``folder``. A run that was interrupted is simply run again: what is done is found done, and
    both are undone as one.

    Args:
        folder: that of the images.
        wanted: every image of the run.
        choice: where keywords are written, or whether at all.
        request_id: of the events.

    Raises:
        ExportError: the journal cannot be written; nothing was changed then that it does not have.
    """
    text = say("Looking at metadata") if choice.is_dry_run else say("Writing metadata")
    meter = ProgressMeter(request_id, text, len(wanted))
    journal = Journal(folder)
    if journal.is_resumed and not choice.is_dry_run:
        for parent in {image.path.parent for image, _ in wanted}:
            clear_leftovers(parent, older_than_s=0)
    run = _Run(folder, choice)
    claims = _claims(wanted, choice)
    for image, keyword in wanted:
        changes = run.plan(image, keyword, claims)
        if choice.is_dry_run:
            if changes:
                yield MetadataPlanned(request_id, changes)
        elif run.is_full:
            yield from run.write(journal, request_id)
        yield meter.advance()
    yield from run.write(journal, request_id)
    if not choice.is_dry_run:
        journal.finish()
    yield run.written(request_id, journal.path if journal.path.exists() else None)


@dataclass(eq=False)
class _Run:
    """What one run has found and done so far."""

    folder: Path
    choice: MetadataChoice
    count: Counter[str] = field(default_factory=Counter)
    changes: list[MetadataChange] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)
    batch: list[FileEdit] = field(default_factory=list)
    paths: set[Path] = field(default_factory=set)  # Of the batch.

    @property
    def is_full(self) -> bool:
        size = sum(len(edit.after or b"") for edit in self.batch)
        return len(self.batch) >= _BATCH_FILES or size >= _BATCH_BYTES

    def plan(
        self, image: ImageRef, keyword: Keyword | None, claims: dict[Path, list[str]]
    ) -> tuple[MetadataChange, ...]:
        """Find out what becomes of one image."""
        choice = self.choice
        self.count["silent"] += int(keyword is None)
        try:
            if not image.path.is_file():
                if keyword is not None:
                    raise ExportError(say("{name} is not there any more.", name=image.name))
                return ()
            shared = sidecar_of(image.path, choice.naming)
            labels = claims.get(shared, [])
            # Of one class they may share it, and of none it stays as the other one's.
            others = labels if keyword is None else labels[1:]
            if len(set(labels)) > 1 and keyword is not None and not choice.is_embedded:
                raise _shared_error(image, shared)
            found = plan_image(
                image.path,
                keyword,
                self.folder,
                choice.naming,
                is_embedded=choice.is_embedded,
                keeps_own=bool(others),
            )
            if len(set(labels)) > 1 and found.instead is not None:
                raise _shared_error(image, shared)
        except EngineError as error:
            self.problems.append(error.sentence)
            return ()
        if keyword is not None:
            self.count["tagged"] += 1
            self.count["human"] += int(keyword.is_human)
            self.count["instead"] += int(found.instead is not None)
            self.count["unchanged"] += int(not found.edits)
        fresh = [edit for edit in found.edits if edit.path not in self.paths]
        changes = tuple(self._change(image, edit, found.instead or NOTHING) for edit in fresh)
        self.changes += changes[: _MOST_CHANGES - len(self.changes)]
        for edit in fresh:
            if choice.is_dry_run:
                self._count_file(edit)
            else:
                self.batch.append(edit)
                self.paths.add(edit.path)
        return changes

    def write(self, journal: Journal, request_id: int) -> Iterator[Event | None]:
        """Do what is planned: first the journal, then the files."""
        batch, self.batch = self.batch, []
        self.paths.clear()
        if batch:
            journal.write(edit.entry for edit in batch)
        for edit in batch:
            try:
                replace_file(edit.path, edit.after, edit.entry)
            except ExportError as error:
                self.problems.append(error.sentence)
                continue
            self._count_file(edit)
            if edit.entry.is_image:
                yield ImagesRewritten(request_id, (rewritten(edit.entry),))
            else:
                yield None

    def written(self, request_id: int, journal: Path | None) -> MetadataWritten:
        count = self.count
        return MetadataWritten(
            request_id,
            folder=self.folder,
            is_dry_run=self.choice.is_dry_run,
            n_tagged=count["tagged"],
            n_human=count["human"],
            n_unchanged=count["unchanged"],
            n_created=count["created"],
            n_merged=count["merged"],
            n_removed=count["removed"],
            n_embedded=count["embedded"],
            n_instead=count["instead"],
            n_silent=count["silent"],
            changes=tuple(self.changes),
            problems=tuple(self.problems),
            journal=journal,
        )

    def _change(self, image: ImageRef, edit: FileEdit, instead: Sentence) -> MetadataChange:
        is_embedded = edit.entry.is_image
        return MetadataChange(
            image.name,
            relative_to(edit.path, self.folder),
            edit.merge.added,
            edit.merge.removed,
            edit.is_new,
            is_embedded,
            instead,
        )

    def _count_file(self, edit: FileEdit) -> None:
        kind = "embedded" if edit.entry.is_image else "created" if edit.is_new else "merged"
        self.count["removed" if edit.after is None else kind] += 1


def remove_metadata(
    folder: Path, images: Iterable[ImageRef], request_id: int, *, is_dry_run: bool
) -> Iterator[Event | None]:
    """Take all of Handful's keywords out of images and sidecars; see :func:`tag_images`."""
    wanted = [(image, None) for image in images]
    choice = MetadataChoice(is_embedded=True, is_dry_run=is_dry_run)
    yield from tag_images(folder, wanted, choice, request_id)


def _shared_error(image: ImageRef, sidecar: Path) -> ExportError:
    return ExportError(
        say(
            "{name} got no keyword: other images of the same name with another ending "
            "would share its {sidecar} and have other classes.",
            name=image.name,
            sidecar=sidecar.name,
        )
    )


def _claims(wanted: Wanted, choice: MetadataChoice) -> dict[Path, list[str]]:
    """Which classes want each sidecar whose name leaves the image's ending out."""
    claims: dict[Path, list[str]] = {}
    if choice.naming is SidecarNaming.STEM:
        for image, keyword in wanted:
            if keyword is not None:
                claims.setdefault(sidecar_of(image.path, choice.naming), []).append(keyword.label)
    return claims
