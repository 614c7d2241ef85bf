"""What jobs share while a folder is open: the encoder, the cache, the embeddings, the model."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.decoding.decoders import DECODERS
from engine.embeddings import EmbeddingStore
from engine.encoder.activations import Activations, TappedEncoder
from engine.encoder.description import Encoder
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.graph import GRAPH_VERSION, load_or_build_graph
from engine.encoder.runtime import EncoderRuntime, load_runtime
from engine.encoder.views import VIEWS_VERSION, View, cut
from engine.errors import NoMapError, UnreadableImageError
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.image_list import ImagesRead, ids_of
from engine.images import DECODE_RULE_VERSION, Look, content_hash, read_file
from engine.jobs.unreadable import UnreadableImages
from engine.messages import (
    ClassId,
    Effort,
    ImageId,
    ImageRef,
    ImagesEmbedded,
    ImageUnreadable,
    PredictionsReady,
)
from engine.method.adaptation import AdaptedModel
from engine.method.answering import Answering, Answers, NearestKept
from engine.method.folder import SAMPLE_SIZE, FolderShape, folder_mean
from engine.method.heads import normalise
from engine.words import Sentence, say

_log = logging.getLogger(__name__)
_S = TypeVar("_S")
_T = TypeVar("_T")
STRETCH_S: Final = 0.1  # How long a thread of the pool is at steps before others may have it.

TOP_CLASSES: Final = 5

# Images under way per core: enough that none idles while the engine thread does other things, few
# enough that work is soon ordered anew.
_IN_FLIGHT_PER_CORE: Final = 4
# Results are kept so many at a time, or after so long: a transaction for each would cost a tenth of
# the rate. An interruption loses no more than these.
_BATCH: Final = 32
_BATCH_S: Final = 0.2
# How long a job may wait for the pool before it lets the engine thread look at new commands.
_WAIT_S: Final = 0.005
_NICENESS: Final = 5  # The pool gives way to the window when cores are scarce.


@dataclass(frozen=True, slots=True, eq=False)
class CurrentModel:
    """The model whose predictions are on screen.

    ``request_id``: of which Adapt; ``class_ids``: which class each column is; ``seen``: whose
    embeddings it classifies; ``answering``: the model, ready for them.
    """

    request_id: int
    model: AdaptedModel
    class_ids: NDArray[np.int64]
    seen: Workspace
    answering: Answering

    def told(self, image_ids: NDArray[np.int64], answers: Answers) -> PredictionsReady:
        """What the window is told of answers for images (n,)."""
        class_ids = self.class_ids[answers.columns]
        arrays = image_ids, class_ids, answers.probabilities, answers.none_scores
        for array in arrays:
            array.setflags(write=False)
        return PredictionsReady(self.request_id, *arrays)


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """What reading one image gave; ``entry.reason`` is set if it cannot be read."""

    image: ImageRef
    key: FileKey | None
    entry: CacheEntry
    from_cache: bool


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An image between its two stages: what one decode gave, not embedded yet."""

    image: ImageRef
    key: FileKey | None
    content: bytes
    look: Look
    known: NDArray[np.float16] | None = None
    """Its embedding, where the cache has let go of the thumbnail alone."""

    def embedded(self, embedding: NDArray[np.float16]) -> Processed:
        """The finished image; ``embedding`` (embedding_size,)."""
        entry = CacheEntry(
            self.content,
            embedding,
            self.look.thumbnail,
            perceptual_hash=self.look.perceptual_hash,
            taken_s=self.look.decoded.taken_s,
        )
        return Processed(self.image, self.key, entry, from_cache=False)


class Workspace:
    """The engine's state. Engine thread only, save for what the pool does inside.

    A workspace has one way of embedding. Others of the same folder (from several views, with a
    fine-tuned encoder) lie beside it and share its pool, see :meth:`beside`.
    """

    def __init__(
        self,
        runtime: EncoderRuntime,
        cache: ImageCache,
        *,
        pools: Pools | None = None,
        graph_folder: Path | None = None,
        device: str = "auto",
        embeddings_in: Path | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            pools: of another workspace, to share; None: some of its own.
            graph_folder: where graphs of other encoders are kept; None: beside the cache.
            device: where other encoders run, see ``runtime.load_runtime``.
            embeddings_in: a folder for a file with the embeddings; None: they lie in memory.
        """
        self.runtime = runtime
        self.cache = cache
        self._embeddings_in = embeddings_in
        self.store = EmbeddingStore(runtime.encoder.embedding_size, embeddings_in)
        self.nearest = NearestKept()
        """How near the store's images are to labelled ones, as of the last click."""
        self.refs = ImagesRead()
        """Every image that was read, as it was asked for last."""
        self.fits: dict[Effort, tuple[Hashable, Any]] = {}
        """The last fit of each effort above instant and what it was made of, see ``fitted``."""
        self.layout: tuple[NDArray[np.int64], NDArray[np.float32]] | None = None
        """The map as it was made last, see ``layout``: images (n,) and positions (n, 2)."""
        self.tunings: dict[str, Any] = {}
        """Fine-tuned networks by the fingerprint of their encoders, see ``tuned``."""
        self._graph_folder = graph_folder or cache.folder / "encoders"
        self._device = device
        self._beside: dict[tuple[str, bool], Workspace] = {}
        self._making = threading.Lock()
        self._shape: tuple[EmbeddingStore, int, FolderShape] | None = None
        self.unreadable = UnreadableImages()
        self.current: CurrentModel | None = None
        self._gone: tuple[ImageId, ...] = ()
        self._gone_among: frozenset[ImageId] = frozenset()
        self._has_gone = False
        self._owns_pools = pools is None
        self._pools = pools or Pools.of(runtime.n_callers)
        self.pool = self._pools.urgent
        # With two threads OpenBLAS waits spinning for a core that is decoding: classifying 10,000
        # images took 50 to 365 ms beside other work, and 23 ms with one thread in any case.
        self._blas_limits = threadpool_limits(1, user_api="blas")
        self._under_way: dict[ImageId, Future[Processed]] = {}
        self._claiming = threading.Lock()
        self._reasons: dict[str, Sentence] = {}
        self._closing = threading.Event()
        # By the encoder's fingerprint; or that it has no map, so that this is found out once.
        self._tapped: tuple[str, TappedEncoder | NoMapError] | None = None
        self._looked_at: tuple[FileKey, list[Activations]] | None = None
        self._looking = threading.Lock()

    def close(self) -> None:
        """Stop the pool after the images it is at, and close the cache."""
        self._closing.set()
        if self._owns_pools:
            self._pools.close()
        for other in self._beside.values():
            other.close()
        self._blas_limits.restore_original_limits()
        self.store.close()
        self.cache.close()

    def forget(self) -> None:
        """Drop all that belongs to the open folder."""
        for future in self._under_way.values():
            future.cancel()
        self._under_way.clear()
        self.store.close()
        self.store = EmbeddingStore(self.runtime.encoder.embedding_size, self._embeddings_in)
        self.nearest.forget()
        self.unreadable = UnreadableImages()
        self.refs.clear()
        self.fits.clear()
        self.tunings.clear()
        self.current = None
        self.layout = None
        self._looked_at = None
        self._shape = None
        self._gone, self._gone_among = (), frozenset()
        self.drop_tuned([])  # They were tuned to the labels of a project that is closed.
        for other in list(self._beside.values()):
            other.forget()

    def beside(self, encoder: Encoder | None = None, *, viewed: bool = True) -> Workspace:
        """The workspace that embeds the same images otherwise; takes up to some seconds at first.

        Args:
            encoder: another encoder; None: this one.
            viewed: from several views.

        Raises:
            EncoderError: its graph cannot be had.
        """
        encoder = encoder or self.runtime.encoder
        key = encoder.fingerprint, viewed
        # A job that was cancelled may still be at it on the pool.
        with self._making:
            if key not in self._beside:
                self._beside[key] = self._make_beside(encoder, viewed)
            return self._beside[key]

    def _make_beside(self, encoder: Encoder, viewed: bool) -> Workspace:
        runtime = load_runtime(encoder, self._graph_folder, self._device, viewed=viewed)
        cache = self.cache.beside(cache_key(runtime), runtime.encoder.embedding_size)
        return Workspace(
            runtime,
            cache,
            pools=self._pools,
            graph_folder=self._graph_folder,
            device=self._device,
            embeddings_in=self._embeddings_in,
        )

    def runtimes(self) -> list[EncoderRuntime]:
        """Its own and those of the workspaces beside it."""
        return [self.runtime, *(other.runtime for other in list(self._beside.values()))]

    def drop_tuned(self, kept: Sequence[Workspace]) -> None:
        """Let go of fine-tuned encoders but those whose workspaces are ``kept``."""
        for key, other in list(self._beside.items()):
            if key[0] != self.runtime.encoder.fingerprint and other not in kept:
                del self._beside[key]
                other.close()

    def keep_only(self, *images: Sequence[ImageRef]) -> None:
        """Drop the embeddings of all other images: they would still move the folder's mean."""
        if len(self.store) or self.refs:
            kept = {ImageId(item) for some in images for item in ids_of(some).tolist()}
            self.drop({*self.store.image_ids(), *self.refs} - kept)

    def drop(self, images: Iterable[ImageId]) -> None:
        """Drop the embeddings of images; those that have none are passed over."""
        for image_id in images:
            self.store.discard([image_id])
            self.refs.pop(image_id, None)

    def drop_gone(self, images: tuple[ImageId, ...]) -> None:
        """As :meth:`drop`, for the missing images, of which every click tells.

        Where that is the same tuple and nothing was read since, there is nothing to do; half a
        million of them would cost a click 0.2 s.
        """
        if images is not self._gone:
            self._gone, self._gone_among, self._has_gone = images, frozenset(images), True
        if self._has_gone:
            self.drop(self.refs.keys() & self._gone_among)
            self._has_gone = False

    def folder_shape(self) -> FolderShape:
        """Mean and metric of the embedded images.

        The mean is that of now; the metric is computed again once a quarter of the images are
        others (some 100 ms), which a click need not wait for at any other time.
        """
        n_images = len(self.store)
        mean = folder_mean(self.store.sum(), n_images, self.runtime.encoder.feature_mean)
        if self._shape is not None and self._shape[0] is self.store:
            _, version, known = self._shape
            # Images that were replaced count as well as those that came or went.
            if abs(self.store.version - version) <= 0.25 * known.n_images:
                return replace(known, mean=mean)
        shape = FolderShape.of(self.store.sample(SAMPLE_SIZE), mean, n_images)
        self._shape = self.store, self.store.version, shape
        return shape

    def settle_shape(self) -> Generator[None, None, None]:
        """Bring the metric to the images as they are now, on the pool.

        What is shown while images come may have a metric of some of them; what is shown in the end
        may not, or it would depend on which image was read when.
        """
        store, version = self.store, self.store.version
        if version == self.shape_version or not len(store):
            return
        mean = folder_mean(store.sum(), len(store), self.runtime.encoder.feature_mean)
        # Of the sample no more is kept than that: it would be a tenth of what is needed at most.
        directions, n_images = normalise(store.sample(SAMPLE_SIZE), mean), len(store)
        shape = yield from self.on_pool(
            lambda: FolderShape.of_directions(directions, mean, n_images)
        )
        if store is self.store and version >= self.shape_version:
            self._shape = store, version, shape

    @property
    def shape_version(self) -> int:
        """Of the store, as it was when its metric was computed; -1 before."""
        known = self._shape
        return known[1] if known is not None and known[0] is self.store else -1

    def on_pool(self, work: Callable[[], _T]) -> Generator[None, None, _T]:
        """Let a thread of the pool do something and return what it gave, or raise what it raised.

        Yields while it is at it, so that the caller can let other jobs run.
        """
        future = self.pool.submit(work)
        try:
            while not future.done():
                wait([future], timeout=_WAIT_S)
                yield None
            return future.result()
        finally:
            future.cancel()

    def steps_on_pool(self, steps: Generator[object, None, _T]) -> Generator[None, None, _T]:
        """What a generator returns, its steps taken by a thread of the pool.

        A step may take a second where there are thousands of labels; a click does not wait for it.
        The generator must not touch what jobs change.
        """
        while True:
            _, result = yield from self.on_pool(partial(take_steps, steps, STRETCH_S))
            if result:
                return result[0]

    def shared_out(self, work: Callable[[_S], _T], items: Sequence[_S]) -> list[_T]:
        """What ``work`` gives for each item: this thread and those of the pool that are idle.

        Threads take one item after the other, so whoever is decoding an image holds nobody up.
        """
        results: dict[int, _T] = {}
        places = iter(range(len(items)))
        taking = threading.Lock()

        def take_some() -> None:
            while True:
                with taking:
                    place = next(places, None)
                if place is None:
                    return
                results[place] = work(items[place])

        n_helpers = min(self.runtime.n_threads, len(items)) - 1
        helpers = [self.pool.submit(take_some) for _ in range(n_helpers)]
        try:
            take_some()
        finally:
            # One that has not begun is not waited for; one that has is at its last item.
            begun = [helper for helper in helpers if not helper.cancel()]
            wait(begun)
        for helper in begun:
            helper.result()
        return [results[place] for place in range(len(items))]

    def activations_of(
        self, path: Path, encoder: Encoder, views: Sequence[View]
    ) -> list[Activations]:
        """What is inside an encoder for views of an image file. Any thread.

        Those of the last image are kept, so that another question about it costs no decoding; the
        first call for an encoder opens its own graph, that of one view, which takes some tenths of
        a second.

        Raises:
            UnreadableImageError: the file cannot become pixels.
            NoMapError: the encoder does not average over the places of an image.
            EncoderError: the graph does not show its activations.
        """
        key = FileKey.of(path)
        with self._looking:
            if self._tapped is None or self._tapped[0] != encoder.fingerprint:
                self._tapped, self._looked_at = None, None
                graph_path = load_or_build_graph(encoder, self._graph_folder)
                try:
                    self._tapped = encoder.fingerprint, TappedEncoder(encoder, graph_path)
                except NoMapError as error:
                    self._tapped = encoder.fingerprint, error
            tapped = self._tapped[1]
            if isinstance(tapped, NoMapError):
                raise NoMapError(str(tapped))
            known = self._looked_at
            if known is not None and known[0] == key and len(known[1]) == len(views):
                return known[1]
            pixels = self.pixels_of(path)
            seen = [tapped.run(cut(pixels, view)) for view in views]
            self._looked_at = None if key is None else (key, seen)
            return seen

    def pixels_of(self, path: Path) -> NDArray[np.uint8]:
        """The pixels (height, width, 3) of a file. Any thread.

        Raises:
            UnreadableImageError: the file cannot become pixels.
        """
        return self.decode(read_file(path))

    def decode(self, content: bytes) -> NDArray[np.uint8]:
        """As :meth:`pixels_of`, of a file's bytes."""
        return DECODERS.decode(content).pixels

    def reason_of(self, image_id: ImageId) -> Sentence:
        """Why an image has no embedding."""
        known_bad = self.unreadable.get(image_id)
        return known_bad.reason if known_bad is not None else say("it was not read")

    def process(
        self, images: Iterable[ImageRef], *, urgent: bool = False
    ) -> Iterator[list[Processed]]:
        """Read, decode, embed and make thumbnails of images on the pools.

        No more images are begun than are soon taken from here, so memory does not grow with their
        number. What comes out goes into the store and the cache before it is yielded. Two jobs that
        want the same image share the work.

        Args:
            urgent: somebody waits for these images: they do not queue behind others, and are
                yielded as they come.

        Yields:
            What has finished since the last batch, in no order; empty lists while that is little,
            so that the caller can let other jobs run.
        """
        pool = self._pools.urgent if urgent else self._pools.bulk
        in_flight = _IN_FLIGHT_PER_CORE * self.runtime.n_callers
        waiting: dict[Future[Processed], ImageRef] = {}
        done: SimpleQueue[Future[Processed]] = SimpleQueue()
        finished: dict[Future[Processed], ImageRef] = {}
        coming = iter(images)
        coming_next = next(coming, None)
        last_s = time.monotonic()
        while coming_next is not None or waiting:
            while coming_next is not None and len(waiting) < in_flight:
                image, coming_next = coming_next, next(coming, None)
                future = self._under_way.get(image.image_id)
                if future is not None and future.done() and not _still_holds(future, image):
                    future = None  # Left by a job that was cancelled; the file has changed since.
                if future is None:
                    future = self._under_way[image.image_id] = Future()
                    pool.submit(self._process_into, future, image)
                elif urgent:  # It may queue behind others there.
                    pool.submit(self._process_into, future, image)
                if future not in waiting:  # The same image may be asked for twice.
                    waiting[future] = image
                    future.add_done_callback(done.put)
            for future in _taken(done):
                finished[future] = waiting.pop(future)
            now = time.monotonic()
            if urgent or len(finished) >= _BATCH or now - last_s >= _BATCH_S or not waiting:
                results = [future.result() for future in finished if not future.cancelled()]
                self.take(results)
                # Not before: until the cache has a result, another job finds it under way only.
                for future, image in finished.items():
                    if self._under_way.get(image.image_id) is future:
                        del self._under_way[image.image_id]
                yield results
                finished, last_s = {}, now
            else:
                yield []

    def process_cached(
        self, images: Sequence[ImageRef], *, with_thumbnails: bool
    ) -> list[Processed]:
        """Those of at most 500 images that the cache knows, taken into the store."""
        keys = {image: FileKey.of(image.path) for image in images}
        known = self.cache.find_many(
            [key for key in keys.values() if key is not None], with_thumbnails=with_thumbnails
        )
        found = [
            Processed(image, key, known[key.path], from_cache=True)
            for image, key in keys.items()
            if key is not None
            and key.path in known
            and known[key.path].embedding is not None
            and (known[key.path].thumbnail is not None or not with_thumbnails)
        ]
        self.take(found)
        return found

    def take(self, results: Sequence[Processed]) -> None:
        """Put results into the store and, where they are new, into the cache."""
        good = [item for item in results if item.entry.embedding is not None]
        self._has_gone = True  # Maybe: what was asked for before it went.
        for item in results:
            self.refs[item.image.image_id] = item.image
            if item.entry.reason:
                self.unreadable.put(item.image.image_id, item.entry.reason, item.key)
                self.store.discard([item.image.image_id])
            else:
                self.unreadable.pop(item.image.image_id)
        if good:
            self.store.add(
                [item.image.image_id for item in good],
                np.stack([_embedding(item) for item in good]),
                [item.entry.perceptual_hash for item in good],
            )
        new = {
            item.key: item.entry for item in good if item.key is not None and not item.from_cache
        }
        if new:
            self.cache.add(new)

    def events_for(
        self, request_id: int, results: Sequence[Processed]
    ) -> Iterator[ImagesEmbedded | ImageUnreadable | PredictionsReady]:
        """What the window is told about results that were taken."""
        good = [item for item in results if not item.entry.reason]
        for item in results:
            if item.entry.reason:
                yield ImageUnreadable(request_id, item.image.image_id, item.entry.reason)
        if good:
            ids = tuple(item.image.image_id for item in good)
            contents = tuple(item.entry.content for item in good)
            taken_s = tuple(item.entry.taken_s for item in good)
            yield ImagesEmbedded(request_id, ids, contents, taken_s)
            if self.current is not None and self.current.seen is self:
                embeddings = np.stack([_embedding(item) for item in good])
                yield self.predictions(self.current, np.array(ids, np.int64), embeddings)

    def predictions(
        self,
        current: CurrentModel,
        image_ids: NDArray[np.int64],
        embeddings: NDArray[np.float16] | NDArray[np.float32],
    ) -> PredictionsReady:
        """The most likely classes of images, from their embeddings (n, embedding_size)."""
        return current.told(image_ids, current.answering.of(embeddings))

    def set_model(
        self,
        request_id: int,
        model: AdaptedModel,
        class_ids: Sequence[ClassId],
        seen: Workspace,
    ) -> CurrentModel:
        """Make a model the current one; ``class_ids`` are those of the labels it was given."""
        columns = np.array([class_ids[index] for index in model.classes], np.int64)
        answering = Answering(model, TOP_CLASSES)
        self.current = CurrentModel(request_id, model, columns, seen, answering)
        return self.current

    def _process_into(self, future: Future[Processed], image: ImageRef) -> None:
        """On a thread of a pool: :meth:`_process_one`, unless that is done with or under way."""
        with self._claiming:
            if future.running() or future.done():
                return
            future.set_running_or_notify_cancel()
        try:
            future.set_result(self._process_one(image))
        except BaseException as error:
            future.set_exception(error)
            raise

    def _process_one(self, image: ImageRef) -> Processed:
        """On a thread of a pool: from the file to its embedding and thumbnail."""
        if self._closing.is_set():
            return self._failed(image, None, say("the engine is closing"))
        key = FileKey.of(image.path)
        try:
            read = self._read(image, key)
            if isinstance(read, Processed):
                return read
            if read.known is not None:
                return read.embedded(read.known)
            with self._pools.cores:
                return read.embedded(self.runtime.embed(read.look.decoded.pixels))
        except UnreadableImageError as error:
            return self._failed(image, key, error.sentence)
        except Exception as error:
            # A device out of memory, or a bug: either way this image's, not the folder's.
            _log.exception("Could not embed %s", image.path)
            return self._failed(image, key, say("the encoder failed on it ({error})", error=error))

    def _failed(self, image: ImageRef, key: FileKey | None, reason: Sentence) -> Processed:
        # Of the same words one sentence: a folder may have a hundred thousand broken files.
        known = self._reasons.setdefault(reason, reason)
        return Processed(image, key, CacheEntry(b"", None, None, known), from_cache=False)

    def _read(self, image: ImageRef, key: FileKey | None) -> Processed | Decoded:
        """The stage before embedding: the file read, known by its content or else decoded.

        Raises:
            UnreadableImageError: it cannot become pixels.
        """
        content = read_file(image.path)
        digest = content_hash(content)
        known = self.cache.find_content(digest)
        if known is not None and known.embedding is not None and known.thumbnail is not None:
            # The same bytes under another name or time: only the path is news to the cache.
            return Processed(image, key, known, from_cache=False)
        embedding = None if known is None else known.embedding
        return Decoded(image, key, digest, DECODERS.look(content), embedding)


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """The threads of a workspace and of those beside it.

    Attributes:
        bulk: for folders. A thread more than cores: while one waits for the process that decodes
            for it, another computes.
        urgent: for what somebody waits for, and for numerical steps.
        cores: held while an image is embedded in bulk or for a person, by as many as there are
            cores.
    """

    bulk: ThreadPoolExecutor
    urgent: ThreadPoolExecutor
    cores: threading.Semaphore

    @classmethod
    def of(cls, n_cores: int) -> Pools:
        """Those for so many cores."""
        bulk = ThreadPoolExecutor(n_cores + 1, "handful-images", initializer=_give_way)
        urgent = ThreadPoolExecutor(n_cores, "handful-urgent", initializer=_give_way)
        return cls(bulk, urgent, threading.Semaphore(n_cores))

    def close(self) -> None:
        """Stop after what the threads are at."""
        for pool in (self.bulk, self.urgent):
            pool.shutdown(cancel_futures=True)


def open_workspace(
    cache_folder: Path,
    *,
    device: str = "auto",
    encoder_path: Path | None = None,
    embeddings_in_file: bool = False,
) -> Workspace:
    """Load the encoder and open the cache.

    Args:
        embeddings_in_file: for what looks at each once, a command: its memory does not grow with
            them. They lie beside the cache.

    Raises:
        EncoderError: the encoder cannot be used.
    """
    encoder = load_encoder(encoder_path or shipped_encoder_path())
    runtime = load_runtime(encoder, cache_folder / "encoders", device)
    cache = ImageCache(cache_folder, cache_key(runtime), encoder.embedding_size)
    beside = cache_folder if embeddings_in_file else None
    return Workspace(runtime, cache, device=device, embeddings_in=beside)


def cache_key(runtime: EncoderRuntime) -> str:
    """Whatever decides on an embedding beside the image."""
    key = f"{runtime.encoder.fingerprint}:{GRAPH_VERSION}:{DECODE_RULE_VERSION}"
    if runtime.is_approximate:
        key += ":approximate"
    return f"{key}:views{VIEWS_VERSION}" if runtime.is_viewed else key


def _still_holds(future: Future[Processed], image: ImageRef) -> bool:
    """Whether what was found is about the file as it is now."""
    if future.cancelled() or future.exception() is not None:
        return False
    key = future.result().key
    return key is not None and key == FileKey.of(image.path)


def _taken(done: SimpleQueue[Future[_T]]) -> Iterator[Future[_T]]:
    """What has finished, or does within a moment."""
    try:
        yield done.get(timeout=_WAIT_S)
        while True:
            yield done.get_nowait()
    except Empty:
        return


def _embedding(item: Processed) -> NDArray[np.float16]:
    if item.entry.embedding is None:
        raise ValueError(f"{item.image.name} has no embedding")
    return item.entry.embedding


def _give_way() -> None:
    """On Linux each thread has a priority of its own; elsewhere the pool keeps the process's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def take_steps(steps: Generator[object, None, _T], seconds: float) -> tuple[int, list[_T]]:
    """Take steps for a while; how many, and the result, if there is one by then."""
    until = time.perf_counter() + seconds
    count = 0
    try:
        while time.perf_counter() < until:
            next(steps)
            count += 1
    except StopIteration as end:
        return count, [end.value]
    return count, []
