"""What a person is told of that happened without them: to files, folders, and the network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLocale, QObject

from app.look.notices import Notice, Remedy, Severity
from app.look.words import listed, told
from engine import Change, Project, messages


class SessionNotices(QObject):
    """Makes the notices, each in whole sentences of the language in use."""

    def folder_is_gone(self, folder: Path) -> Notice:
        """The folder of images is not there."""
        text = self.tr(
            "The folder {folder} is not there any more. Your labels are kept; show Handful where "
            "the images are now."
        ).format(folder=folder)
        return Notice(text, Severity.WARNING, Remedy.FIND_FOLDER)

    def folder_went_away(self, folder: Path) -> Notice:
        """The folder of images was there, and is not at the moment."""
        text = self.tr(
            "The folder {folder} cannot be reached at the moment. Your labels are kept, and "
            "Handful goes on when the folder is back."
        ).format(folder=folder)
        return Notice(text, Severity.WARNING, Remedy.FIND_FOLDER)

    def folder_is_back(self, folder: Path) -> Notice:
        """The folder of images is there again."""
        text = self.tr("The folder {folder} is back, and is read again.").format(folder=folder)
        return Notice(text, Severity.INFORMATION)

    def repaired(self, event: messages.ProjectRepaired) -> Notice:
        """A project was made whole again."""
        sentences = [told(sentence) for sentence in event.sentences]
        return Notice(" ".join(sentences), Severity.WARNING)

    def is_another_folder(self, folder: Path, example: str) -> Notice:
        """The folder that was named has none of the images."""
        text = self.tr(
            "None of the project's images is in {folder}, so nothing was changed; show the "
            "folder that holds {name}."
        ).format(folder=folder, name=example)
        return Notice(text, Severity.WARNING, Remedy.FIND_FOLDER)

    def kept_elsewhere(self, project: Project, asked: Path) -> Notice | None:
        """Where the project is, if it is not beside what was opened."""
        kept = project.path
        beside = asked if asked.is_dir() else asked.parent
        if kept.parent.resolve() == beside.resolve():
            return None
        if os.access(beside, os.W_OK):  # It was read-only when the project was made.
            text = self.tr("The labels of {folder} are kept in {kept}.")
            return Notice(text.format(folder=beside, kept=kept), Severity.INFORMATION)
        text = self.tr("Handful may not write in {folder}, so your labels are kept in {kept}.")
        return Notice(text.format(folder=beside, kept=kept), Severity.WARNING)

    def unreadable_folders(self, names: Sequence[str]) -> Notice:
        """Folders that the scan could not look into."""
        some = listed(names[:3])
        if len(names) > 3:
            some = listed((some, "…"))
        text = self.tr("Not everything in the folder could be read: {names}.").format(names=some)
        return Notice(text, Severity.WARNING, Remedy.RESCAN)

    def labels_moved(self, change: Change) -> Notice:
        """Labels have followed renamed files."""
        n_moved = sum(label is not None for label in change.labels.values())
        if not n_moved:
            n_kept = sum(change.set_aside.values())
            text = self.tr("{count} images were moved or renamed; they stay set aside.")
            if n_kept == 1:
                text = self.tr("1 image was moved or renamed; it stays set aside.")
            return Notice(text.format(count=QLocale().toString(n_kept)), Severity.INFORMATION)
        text = (
            self.tr("1 image was moved or renamed; its label came with it.")
            if n_moved == 1
            else self.tr(
                "{count} images were moved or renamed; their labels came with them."
            ).format(count=QLocale().toString(n_moved))
        )
        return Notice(text, Severity.INFORMATION)

    def labelled_changed(self, names: Sequence[str]) -> Notice:
        """Labelled files were edited by another program."""
        if len(names) == 1:
            text = self.tr(
                "The labelled image {name} was changed by another program; check that its label "
                "still fits."
            )
        else:
            text = self.tr(
                "{count} labelled images were changed by another program, {name} among them; "
                "check that their labels still fit."
            )
        count = QLocale().toString(len(names))
        return Notice(text.format(count=count, name=names[0]), Severity.WARNING)

    def engine_goes_on(self, reason: str) -> Notice:
        """The engine that was chosen could not begin, and another does."""
        text = self.tr(
            "{reason} Handful goes on with its own encoder and the device that it finds; your "
            "choice is kept in the settings."
        )
        return Notice(text.format(reason=reason), Severity.WARNING)

    def tuning_ended(self, event: messages.Event, *, has_other_labels: bool) -> Notice | None:
        """Fine-tuning is over; ``has_other_labels``: labels have changed since it began."""
        match event:
            case messages.FineTuned():
                text = self.tr(
                    "Fine-tuning is done: {now} % of held-out labels right, {before} % before."
                )
                if has_other_labels:
                    text = self.tr(
                        "Fine-tuning is done: {now} % of held-out labels right, {before} % before, "
                        "by the labels as they were when it began. It answers with those that you "
                        "have given since, too."
                    )
                text = text.format(
                    now=round(100 * event.held_out.accuracy),
                    before=round(100 * event.thorough.accuracy),
                )
                return Notice(text, Severity.INFORMATION, Remedy.FINETUNE)
            case messages.NotAdapted():
                return Notice(event.reason, Severity.INFORMATION)
            case messages.JobFailed():
                return Notice(event.message, Severity.ERROR, Remedy.FINETUNE)
            case _:
                return None
