"""What has happened to the cache of images that a person should hear of, once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.words import Sentence


class CacheNews:
    """Sentences about the cache, each kind told once. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._untold: list[Sentence] = []
        self._listener: Callable[[Sentence], object] | None = None

    def tell(self, sentence: Sentence) -> None:
        """Tell something; of the same kind as before it is passed over, whatever its numbers."""
        with self._lock:
            if sentence.template in self._known:
                return
            self._known.add(sentence.template)
            if self._listener is None:
                self._untold.append(sentence)
                return
            listener = self._listener
        listener(sentence)

    def listen(self, listener: Callable[[Sentence], object]) -> None:
        """Have everything told to ``listener``, what was told before as well.

        Args:
            listener: called on any thread, which may hold the cache's locks; returns at once.
        """
        with self._lock:
            self._listener = listener
            untold, self._untold = self._untold, []
        for sentence in untold:
            listener(sentence)
