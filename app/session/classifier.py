"""Asks for a new classifier whenever the labels or the known images change, and for a better one.

Every edit is answered by the instant effort. When the person pauses, the thorough effort is asked
for behind it; its answers replace the instant ones once the engine has found them better. Fine-
tuning is asked for by the person alone and goes on whatever is labelled meanwhile; once it has
helped, what is asked for in a pause is the vote behind its network, fitted to the newest labels.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.look.words import told, told_event
from app.session.engine_bridge import EngineBridge
from app.session.image_table import NO_CLASS, ImageTable, Rows
from app.session.tuning import Tuning
from engine import ImageClass, messages
from engine.messages import ClassId, Effort, ImageId

_READAPT_MS: Final = 500
_PAUSE_MS: Final = 1500  # Without an edit; then there is time for the thorough effort.
_log = logging.getLogger(__name__)


class Classifier(QObject):
    """Keeps the predictions in the table those of the newest labels.

    Attributes:
        adapted: what the engine said of the model whose predictions are on screen.
        hint: why there is none, and what to do about it.
        examples: that came with a model, beside the labelled images.
        preferred: what the person wants to look at; FINETUNE once that has helped.
        tuning: the fine-tuning, under way or over, and its network.
        note: why the thorough effort left the instant answers, empty where it did not.

    Signals:
        predicted: rows with new predictions, or None for all (they were cleared).
        state_changed: any of the attributes is new.
        read: :class:`messages.ImagesEmbedded` or ImageUnreadable, of an example.
        failed: one sentence.
        tuning_ended: how fine-tuning ended: :class:`messages.FineTuned`, NotAdapted or JobFailed.
    """

    predicted = Signal(object)
    read = Signal(object)
    state_changed = Signal()
    failed = Signal(object)
    tuning_ended = Signal(object)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._table = ImageTable()
        self._classes: tuple[ImageClass, ...] = ()
        self._instant_id = 0  # The newest Adapt with the instant effort.
        self._higher_id = 0  # The Adapt of ``running``.
        self._shown_id = 0  # Whose predictions are taken in.
        self._is_answered = False  # ``adapted`` speaks of the labels as they are now.
        self._is_instant_done = False
        self._is_tried = False  # The effort above instant brought nothing for these labels.
        self._n_embedded_at_adapt = 0
        self._has_read_since = False  # Images, also such as were read before and have changed.
        self._gone_asked: tuple[ImageId, ...] = ()  # By the newest Adapt.
        self._asked_for: tuple[tuple[messages.ImageRef, ClassId], ...] = ()  # By the newest Adapt.
        self._examples_asked: messages.ModelExamples | None = None
        self.examples: messages.ModelExamples | None = None
        self._has_told_unused = False
        self.visible: Rows = np.zeros(0, np.intp)
        self.adapted: messages.Adapted | None = None
        self.hint = ""
        self.preferred = Effort.THOROUGH
        self._raised: Effort | None = None  # What ``_higher_id`` asks for, until it is answered.
        self._raised_progress: messages.Progress | None = None
        self.note = ""
        self.tuning = Tuning(bridge)
        self.tuning.changed.connect(self.state_changed)
        self.tuning.read.connect(self.read)
        self.tuning.ended.connect(self._on_tuning_ended)
        self._engine_failure = ""
        self._last_failure = ""
        self._tuning_asked = self._tuning_on_screen = ""  # Networks, by name.
        bridge.engine_failed.connect(self._on_engine_failed)
        self._readapt_timer = QTimer(self)
        self._readapt_timer.setSingleShot(True)
        self._readapt_timer.timeout.connect(self._on_readapt)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)

    @property
    def effort(self) -> Effort:
        """The effort that the answers on screen come from."""
        return Effort.INSTANT if self.adapted is None else self.adapted.effort

    @property
    def is_complete(self) -> bool:
        """Whether there are answers to the labels as they are now, for every known image."""
        return self.adapted is not None and self._is_answered and self._is_instant_done

    @property
    def is_checking(self) -> bool:
        """Whether the effort above instant is still to say how good answers to these labels are."""
        is_instant = self.effort is Effort.INSTANT or not self._is_answered
        return (
            self.adapted is not None
            and self._wanted() is not Effort.INSTANT
            and is_instant
            and not self._is_tried
        )

    @property
    def running(self) -> Effort | None:
        """FINETUNE while a network learns, THOROUGH while a vote is fitted behind any network."""
        if self.tuning.is_running:
            return Effort.FINETUNE
        return None if self._raised is None else Effort.THOROUGH

    @property
    def progress(self) -> messages.Progress | None:
        """How far ``running`` is."""
        return self.tuning.progress if self.tuning.is_running else self._raised_progress

    @property
    def is_tuned(self) -> bool:
        """Whether a network was fine-tuned to just these labels."""
        tuning = self.tuning
        return tuning.found is not None and not tuning.n_changed_since(self.support(), found=True)

    @property
    def can_finetune(self) -> bool:
        """Whether there are answers to start from, all of them there and not fine-tuned yet."""
        return self.is_complete and not self.tuning.is_running and not self.is_tuned

    @property
    def tuning_name(self) -> str:
        """Of the network behind the answers on screen; empty where that is not a fine-tuned one."""
        return self._tuning_on_screen if self.effort is Effort.FINETUNE else ""

    def start(self, table: ImageTable) -> None:
        """Begin with a project's images."""
        self._table = table

    def stop(self) -> None:
        """Let go of the project; what the person prefers stays."""
        self._readapt_timer.stop()
        self._pause.stop()
        for request_id in (self._instant_id, self._higher_id, self._shown_id):
            self._bridge.release(request_id)
        self._instant_id = self._higher_id = self._shown_id = 0
        self._is_answered = self._is_instant_done = self._is_tried = False
        self._n_embedded_at_adapt = 0
        self._has_read_since = False
        self._gone_asked = ()
        self._asked_for = ()
        self._table = ImageTable()
        self.adapted, self.hint, self.note = None, "", ""
        self._raised, self._raised_progress = None, None
        self._last_failure = ""
        self._has_told_unused = False
        self.tuning.stop()
        if self.preferred is Effort.FINETUNE:
            self.preferred = Effort.THOROUGH

    def tell_anew(self) -> None:
        """The language is another one: tell what the engine said in it."""
        self.hint, self.note = told(self.hint), told(self.note)
        self._engine_failure = told(self._engine_failure)
        self._last_failure = told(self._last_failure)
        if self.adapted is not None:
            self.adapted = told_event(self.adapted)
        if self._raised_progress is not None:
            self._raised_progress = told_event(self._raised_progress)
        self.tuning.tell_anew()

    def set_classes(self, classes: tuple[ImageClass, ...]) -> None:
        """The classes as they are now."""
        self._classes = classes

    def set_examples(self, examples: messages.ModelExamples | None) -> None:
        """The examples that came with a model, as they are now."""
        before = self.examples
        if examples is None or before is None or not examples.teach_the_same(before):
            self.examples = examples

    def classes_without_examples(self) -> frozenset[ClassId]:
        """Classes that are never predicted: without a label, or without one that can be read.

        Which labelled images cannot be read is known once the newest labels are answered.
        """
        table = self._table
        labelled = set(table.labelled_as)
        if self.examples is not None:
            labelled |= self.examples.counts().keys()
        without = {item.class_id for item in self._classes if item.class_id not in labelled}
        if self.adapted is not None and self._is_answered:
            without.update(self.adapted.empty_classes)
        return frozenset(without)

    def specs(self) -> tuple[messages.ClassSpec, ...]:
        """The classes as the engine needs them."""
        return tuple(messages.ClassSpec(item.class_id, item.name) for item in self._classes)

    def support(self) -> tuple[tuple[messages.ImageRef, ClassId], ...]:
        """The labelled images that are there, with their classes; negative examples, too."""
        table = self._table
        rows = np.flatnonzero((table.labels != NO_CLASS) & ~table.missing)
        labels = table.labels[rows].tolist()
        return tuple(
            (ref, ClassId(label)) for ref, label in zip(table.refs(rows), labels, strict=True)
        )

    # --- What is asked for ------------------------------------------------------------------------

    def adapt(self) -> None:
        """Ask for a classifier of the labels as they are now; answers to older ones are dropped."""
        self._readapt_timer.stop()
        self._n_embedded_at_adapt = int(np.count_nonzero(self._table.embedded))
        support = self._asked_for = self.support()
        self._examples_asked = self.examples
        if not self._instant_id and not support and self.examples is None:
            return  # Nothing labelled yet and nothing predicted: nothing to tell the engine.
        for request_id in (self._instant_id, self._higher_id, self._shown_id):
            self._bridge.release(request_id)
        self._higher_id = self._shown_id = 0
        self._raised, self._raised_progress, self.note = None, None, ""
        self._is_answered = self._is_instant_done = self._is_tried = False
        self._instant_id = self._ask(Effort.INSTANT, support)
        self._pause.start()
        self.state_changed.emit()

    def adapt_if_changed(self) -> None:
        """Ask anew only where there is something else to learn from than was asked for last.

        A class that came or went without an example leaves every answer as it is, the thorough one
        on screen or under way, too.
        """
        is_same = self.examples is self._examples_asked and self.support() == self._asked_for
        if self.adapted is not None and self._is_answered and is_same:
            without = self.classes_without_examples()
            empty = tuple(item.class_id for item in self._classes if item.class_id in without)
            self.adapted = replace(self.adapted, empty_classes=empty)
            self.state_changed.emit()
        else:
            self.adapt()

    def choose(self, effort: Effort) -> None:
        """Look at the instant answers, at the thorough ones where they are better, or fine-tuned.

        The last is for when a network was fine-tuned; it is then the one that answers.
        """
        self.preferred = effort
        if effort is Effort.INSTANT:
            if self._raised is not None:
                self._drop_higher()
            if self.effort is not Effort.INSTANT:
                self.adapt()
        elif effort is Effort.THOROUGH and self.effort is Effort.FINETUNE:
            # The thorough effort leaves what is on screen where it is no better than instant.
            self.adapt()
            self._pause.stop()
        else:
            self._is_tried = False
            self._pause.stop()
            self._raise_if_due()
        self.state_changed.emit()

    def finetune(self) -> None:
        """Fine-tune the encoder on the labels as they are now."""
        if self.can_finetune:
            seconds = 0.0 if self.adapted is None else self.adapted.finetune_seconds
            self.tuning.start(self.specs(), self.support(), seconds, self.examples)

    def cancel_tuning(self) -> None:
        """End fine-tuning; the answers on screen stay."""
        self.tuning.cancel()

    def on_embedded(self) -> None:
        """More images are known: the mean of the folder moves, and with it every embedding."""
        self._has_read_since = True
        n_embedded = int(np.count_nonzero(self._table.embedded))
        if n_embedded >= 2 * max(1, self._n_embedded_at_adapt):
            self._readapt_soon()

    def on_embedding_finished(self) -> None:
        """All images are known."""
        n_embedded = int(np.count_nonzero(self._table.embedded))
        if self._has_read_since or n_embedded != self._n_embedded_at_adapt:
            self._readapt_soon()

    def on_scanned(self) -> None:
        """The folder was walked: images may be gone, or back."""
        if self.support() != self._asked_for:
            self.adapt()
        elif self.adapted is not None and self._table.gone != self._gone_asked:
            self._readapt_soon()

    def _readapt_soon(self) -> None:
        if not self._readapt_timer.isActive():
            self._readapt_timer.start(_READAPT_MS)

    def _on_readapt(self) -> None:
        if self.effort is not Effort.INSTANT and self._is_answered:
            # Not the instant answers in between: they would come and go before one's eyes. The
            # engine knows what it fine-tuned, and only looks at the images that it has not seen.
            self._raise(self.effort)
        else:
            self.adapt()

    def _on_pause(self) -> None:
        self._raise_if_due()

    def _raise_if_due(self) -> None:
        """Ask for the effort above instant that is wanted, if the instant answers are all there."""
        wanted = self._wanted()
        if (
            wanted not in (Effort.INSTANT, self.effort)
            and self.effort is not Effort.FINETUNE
            and self.adapted is not None
            and self._is_instant_done
            and self._raised is None
            and not self._is_tried
            and not self._pause.isActive()
        ):
            self._raise(wanted)

    def _wanted(self) -> Effort:
        if self.preferred is Effort.FINETUNE and self.tuning.found is None:
            return Effort.THOROUGH
        return self.preferred

    def _raise(self, effort: Effort) -> None:
        if self._higher_id != self._shown_id:
            self._bridge.release(self._higher_id)
        self._raised, self._raised_progress = effort, None
        self._n_embedded_at_adapt = int(np.count_nonzero(self._table.embedded))
        self._higher_id = self._ask(effort, self.support())
        self.state_changed.emit()

    def _drop_higher(self) -> None:
        self._bridge.cancel(self._higher_id)
        self._end_higher()

    def _end_higher(self) -> None:
        if self._higher_id != self._shown_id:
            self._bridge.release(self._higher_id)
        self._higher_id = 0
        self._raised, self._raised_progress = None, None

    def _ask(self, effort: Effort, support: tuple[tuple[messages.ImageRef, ClassId], ...]) -> int:
        table = self._table
        request_id = self._bridge.next_id()
        visible = self.visible[self.visible < table.n_rows]
        ids = tuple(ImageId(image) for image in table.ids[visible].tolist())
        self._has_read_since, self._gone_asked = False, table.gone
        found = self.tuning.found
        tuning = found.tuning if effort is Effort.FINETUNE and found is not None else ""
        self._tuning_asked = tuning or self._tuning_asked
        command = messages.Adapt(
            request_id,
            self.specs(),
            support,
            ids,
            effort,
            tuning,
            self.examples,
            self._gone_asked,
        )
        self._bridge.ask(command, self._on_event)
        return request_id

    # --- What is answered -------------------------------------------------------------------------

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self.read.emit(event)  # Examples that were not known yet; true of any request.
            case messages.PredictionsReady():
                if event.request_id == self._shown_id:
                    self.predicted.emit(self._table.set_predictions(event))
            case messages.Adapted():
                self._show(event)
            case messages.NotAdapted():
                self._on_not_adapted(event)
            case messages.Progress():
                if event.request_id == self._higher_id:
                    self._raised_progress = event
                    self.state_changed.emit()
            case messages.JobFailed():
                self._on_failed(event)
            case messages.JobFinished() | messages.JobCancelled():
                self._on_ended(event)
            case _:
                _log.warning("unexpected answer to adapting: %r", event)

    def _show(self, event: messages.Adapted) -> None:
        """From now on the predictions of this model are those on screen."""
        if event.request_id not in (self._instant_id, self._higher_id):
            return
        if self._shown_id not in (event.request_id, self._instant_id):
            self._bridge.release(self._shown_id)
        self._shown_id = event.request_id
        if event.request_id == self._higher_id:
            self._bridge.release(self._instant_id)
            self._raised, self._raised_progress = None, None
            self._is_tried = True  # Whatever came of it: it is not asked for twice.
        if event.effort is Effort.FINETUNE:
            self._tuning_on_screen = self._tuning_asked
        self.adapted, self.hint, self._is_answered = event, "", True
        self.state_changed.emit()
        if event.n_unused_examples and not self._has_told_unused:
            self._has_told_unused = True
            text = self.tr(
                "The examples that came with the model were seen by another encoder and do not "
                "count now; choose that encoder in the settings to have them again."
            )
            self.failed.emit(text)
        if event.effort is Effort.FINETUNE:
            self.on_embedding_finished()  # Images that were read meanwhile.

    def _on_not_adapted(self, event: messages.NotAdapted) -> None:
        if event.effort is Effort.INSTANT:
            self._is_answered = True
            self.adapted, self.hint = None, event.reason
            self._table.clear_predictions()
            self.predicted.emit(None)
        elif event.effort is Effort.THOROUGH:
            if self.effort is Effort.THOROUGH:
                self.adapt()  # With more of the folder known it is no better any more.
            self._is_tried, self.note = True, event.reason
        else:  # The network is gone, or the labels are too few; what is on screen stays.
            self._end_higher()
            self.tuning.lose()
            self.preferred, self.note = Effort.THOROUGH, event.reason
            if self.effort is Effort.FINETUNE:
                self.adapt()
            self._raise_if_due()
        self.state_changed.emit()

    def _on_tuning_ended(self, event: messages.Event) -> None:
        """A network that helped answers from now on, fitted to the labels as they are now."""
        if isinstance(event, messages.FineTuned):
            self.preferred, self._is_tried = Effort.FINETUNE, False
            if self._raised is not None:
                self._drop_higher()
            if self.effort is Effort.FINETUNE:
                self._raise(Effort.FINETUNE)  # The answers of an older network stay till then.
            else:
                self._raise_if_due()
        self.tuning_ended.emit(event)

    def _on_failed(self, event: messages.JobFailed) -> None:
        failed = self._raised if event.request_id == self._higher_id else Effort.INSTANT
        is_told = event.message == self._engine_failure
        if failed is not Effort.INSTANT:
            self._end_higher()
            self.state_changed.emit()
        if failed in (Effort.THOROUGH, Effort.FINETUNE):
            # Nobody asked for it, and it is tried at every pause: the same is not told twice.
            is_told = is_told or event.message == self._last_failure
            self._is_tried, self._last_failure = True, event.message
        if not is_told:
            self.failed.emit(event.message)

    def _on_ended(self, event: messages.JobFinished | messages.JobCancelled) -> None:
        if event.request_id == self._higher_id:
            self._end_higher()
            self._raise_if_due()
            self.state_changed.emit()
        elif event.request_id == self._instant_id and isinstance(event, messages.JobFinished):
            self._is_instant_done = True
            self._raise_if_due()
            self.state_changed.emit()

    def _on_engine_failed(self, event: messages.EngineFailed) -> None:
        self._engine_failure = event.message
