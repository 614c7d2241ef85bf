"""Sees what the session's parts are at and lists it among the :class:`Works`."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QObject, QTimer

from app.session.classifier import Classifier
from app.session.folder_reader import FolderReader
from app.session.likeness import Likeness
from app.session.meta_run import MetaTraining, RunState
from app.session.tasks import Task
from app.session.works import LONG_S, Outcome, Rank, Work, Works
from engine import messages, sentence_of
from engine.messages import Effort


class WorkWatch(QObject):
    """Lists reading, the search for groups, the efforts above instant, training, and exports."""

    def __init__(
        self,
        works: Works,
        reader: FolderReader,
        classifier: Classifier,
        run: MetaTraining,
        likeness: Likeness,
    ) -> None:
        super().__init__()
        self._run = run
        self._tuning: Work | None = None
        self._training: Work | None = None
        self._works = works
        self._reader = reader
        self._classifier = classifier
        self._scan: Work | None = None
        self._reading: Work | None = None
        self._likeness = likeness
        self._grouping: Work | None = None
        self._effort: Work | None = None
        self._was_scanning = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._on_later)
        reader.status_changed.connect(self._on_reader)
        likeness.progressed.connect(self._on_likeness)
        classifier.state_changed.connect(self._on_classifier)
        run.changed.connect(self._on_training)

    def follow(self, task: Task, title: str, loss: str = "") -> Work:
        """List a task until it ends."""
        work = Work(title, stop=task.cancel, loss=loss, is_of_project=not task.is_lasting)

        def on_progressed(progress: messages.Progress) -> None:
            work.show(progress, is_stopping=task.is_cancelling)

        def on_succeeded() -> None:
            work.end(Outcome.DONE)

        def on_failed(message: str) -> None:
            work.end(Outcome.FAILED, message)

        def on_cancelled() -> None:
            work.end(Outcome.STOPPED)

        task.progressed.connect(on_progressed)
        task.succeeded.connect(on_succeeded)
        task.failed.connect(on_failed)
        task.cancelled.connect(on_cancelled)
        return self._works.begin(work)

    def let_go(self) -> None:
        """The project is closed, or read anew; tasks tell of their own end."""
        self._later.stop()
        for work in (self._scan, self._reading, self._grouping, self._effort, self._tuning):
            if work is not None:
                work.end(Outcome.STOPPED)
        self._scan = self._reading = self._grouping = self._effort = self._tuning = None
        self._was_scanning = False

    # --- Names ------------------------------------------------------------------------------------

    def tell_anew(self) -> None:
        """The language is another one: what is under way is named in it."""
        for work, name in (
            (self._reading, self._name_reading),
            (self._grouping, self._name_grouping),
            (self._effort, self._name_effort),
            (self._tuning, self._name_tuning),
            (self._training, self._name_training),
        ):
            if work is not None:
                name(work)
                work.changed.emit()
        self._on_reader()

    def _name_reading(self, work: Work) -> None:
        work.title = self.tr("Reading images")
        work.stop_text = self.tr("Stop this; what is done stays done")

    def _name_grouping(self, work: Work) -> None:
        work.title = self.tr("Looking for alike images")
        work.stop_text = self.tr("Stop; it begins again when you ask for groups")

    def _name_effort(self, work: Work) -> None:
        work.title = self.tr("Thorough effort")
        work.stop_text = self.tr("Stop, and stay with the instant answers")

    def _name_tuning(self, work: Work) -> None:
        work.title = self.tr("Fine-tuning")
        work.stop_text = self.tr("Stop fine-tuning; the answers stay as they are")
        work.loss = self.tr(
            "Fine-tuning is not done; what it has finished is kept for the next time."
        )

    def _name_training(self, work: Work) -> None:
        work.title = self.tr("Training an encoder")
        if self._run.is_learning or self._run.has_checkpoint:
            work.stop_text = self.tr("Stop the training; it can be gone on with later")
            work.loss = self.tr("The training of an encoder stops; you can go on with it later.")
        else:
            work.stop_text = self.tr("Stop the training; it has not taken a step yet")
            work.loss = self.tr(
                "The training of an encoder stops before its first step and begins anew later."
            )

    # --- Reading ----------------------------------------------------------------------------------

    def _on_reader(self) -> None:
        reader = self._reader
        self._show_scan()
        # At first there is nothing to tell but what the scan has found.
        is_known = reader.progress is not None or not reader.is_scanning
        is_reading = (reader.is_embedding and is_known) or reader.is_paused
        if is_reading and self._reading is None:
            work = Work("", stop=reader.pause, rank=Rank.READING)
            work.resume = reader.resume
            self._name_reading(work)
            self._reading = self._works.begin(work)
        if self._reading is not None and is_reading:
            progress = reader.progress
            self._reading.is_paused = reader.is_paused
            is_worth_asking = (
                progress is not None and not reader.is_paused and progress.seconds_left > LONG_S
            )
            self._reading.loss = (
                self.tr("Not all images are read yet; reading goes on when you open the folder.")
                if is_worth_asking
                else ""
            )
            self._reading.show(progress)
        elif self._reading is not None:
            if self._was_scanning:
                self._later.start()  # What the scan found last may have to be read still.
            else:
                self._end_reading()
        self._was_scanning = reader.is_scanning

    def _show_scan(self) -> None:
        reader = self._reader
        if not reader.is_scanning:
            if self._scan is not None:  # No news: reading what was found goes on.
                self._scan.end(Outcome.STOPPED)
                self._scan = None
            return
        if self._scan is None:
            self._scan = self._works.begin(Work("", rank=Rank.SCAN))
        found = QLocale().toString(reader.n_met)
        self._scan.title = self.tr("Looking for images · {count} found").format(count=found)
        self._scan.show(None)

    def _end_reading(self) -> None:
        work, self._reading = self._reading, None
        if work is not None:
            work.end(Outcome.DONE)

    def _on_likeness(self) -> None:
        likeness = self._likeness
        if likeness.told is None:  # It has not begun, or is over: no news that anyone waits for.
            if self._grouping is not None:
                self._grouping.end(Outcome.STOPPED)
                self._grouping = None
            return
        if self._grouping is None:
            work = Work("", stop=likeness.stop_finding, rank=Rank.SCAN)
            self._name_grouping(work)
            self._grouping = self._works.begin(work)
        self._grouping.show(likeness.told, is_stopping=likeness.is_stopping)

    # --- Efforts and training ---------------------------------------------------------------------

    def _on_classifier(self) -> None:
        self._show_tuning()
        is_raising = self._classifier.running is Effort.THOROUGH
        if self._effort is not None and not is_raising:
            self._effort.end(Outcome.STOPPED)  # No news: nobody waits for it.
            self._effort = None
        elif is_raising:
            if self._effort is None:
                work = Work("", stop=self._stop_effort, rank=Rank.BEHIND)
                self._name_effort(work)
                self._effort = self._works.begin(work)
            self._effort.show(self._classifier.progress)

    def _stop_effort(self) -> None:
        self._classifier.choose(Effort.INSTANT)

    def _show_tuning(self) -> None:
        tuning = self._classifier.tuning
        if tuning.is_running:
            if self._tuning is None:
                work = Work("", stop=self._classifier.cancel_tuning)
                self._name_tuning(work)
                self._tuning = self._works.begin(work)
            self._tuning.show(tuning.progress)
        elif self._tuning is not None:
            work, self._tuning = self._tuning, None
            match tuning.outcome:
                case messages.JobFailed(message=message):
                    work.end(Outcome.FAILED, message)
                case messages.NotAdapted(reason=reason):
                    work.end(Outcome.DONE, reason)
                case messages.FineTuned():
                    work.end(Outcome.DONE)
                case None:
                    work.end(Outcome.STOPPED)

    def _on_training(self) -> None:
        run = self._run
        if run.is_running:
            if self._training is None:
                work = Work("", stop=run.stop, needs_engine=False)
                self._training = self._works.begin(work)
            self._name_training(self._training)  # Whether it can go on is not known at first.
            told = run.progress
            progress = (
                None
                if told is None
                else messages.Progress(
                    0,
                    sentence_of(told.text),
                    told.done,
                    told.total,
                    told.rate_per_s,
                    told.seconds_left,
                )
            )
            self._training.show(progress, is_stopping=run.state is RunState.STOPPING)
        elif self._training is not None:
            work, self._training = self._training, None
            match run.state:
                case RunState.FINISHED:
                    work.end(Outcome.DONE)
                case RunState.FAILED:
                    work.end(Outcome.FAILED, run.message)
                case _:
                    work.end(Outcome.STOPPED)

    def _on_later(self) -> None:
        reader = self._reader
        if not (reader.is_scanning or reader.is_embedding or reader.is_paused):
            self._end_reading()
