"""Another device, encoder or cache: one engine is ended, and another begun in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from app.session.engine_bridge import EngineBridge, EngineFace, Publish
from app.session.engine_choice import EngineChoice
from app.session.preferences import Preferences
from app.session.works import Outcome, Rank, Work, Works
from engine import messages

StartEngine = Callable[[Publish, EngineChoice], EngineFace]


class EngineRestart(QObject):
    """Which engine is in use, and the way from it to the next.

    Attributes:
        choice: what the engine in use was made of.

    Signals:
        progressed: what is done between the two is further.
        ended: the next engine has begun; one sentence where what came before it failed, or "".
    """

    progressed = Signal()
    ended = Signal(str)

    def __init__(
        self,
        bridge: EngineBridge,
        preferences: Preferences,
        works: Works,
        start_engine: StartEngine | None,
    ) -> None:
        super().__init__()
        self.choice = preferences.engine_choice
        self._bridge, self._preferences, self._works = bridge, preferences, works
        self._start_engine = start_engine
        self._work: Work | None = None
        bridge.between_engines.connect(self._on_between_engines)
        bridge.restarted.connect(self._on_restarted)

    @property
    def is_possible(self) -> bool:
        """Whether another engine can be begun now."""
        return self._start_engine is not None and not self._bridge.is_restarting

    def begin(
        self,
        choice: EngineChoice,
        steps: Iterable[messages.Progress] = (),
        before: EngineChoice | None = None,
    ) -> None:
        """End the engine, do the ``steps``, begin the next.

        Args:
            choice: what the next engine is made of.
            steps: what is done while no engine has the cache open.
            before: what it is made of where they fail, and what is remembered then.
        """
        start_engine = self._start_engine
        if start_engine is None:
            return
        self._work = self._works.begin(Work(self.tr("Restarting the engine"), rank=Rank.ENGINE))

        def start_next(publish: Publish, failure: str) -> EngineFace:
            self.choice = choice
            if before is not None:
                self.choice = self._preferences.engine_choice = before if failure else choice
            return start_engine(publish, self.choice)

        self._bridge.restart(start_next, steps)

    def _on_between_engines(self, progress: messages.Progress) -> None:
        if self._work is not None:
            self._work.show(progress)
            self.progressed.emit()

    def _on_restarted(self, failure: str) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.end(Outcome.FAILED if failure else Outcome.DONE, failure)
        self.ended.emit(failure)
