"""Adding an encoder: weights by name or from a file become an encoder file with its graph.

The work is done by a thread of its own, beside the pool that looks at images: whoever waits for a
download goes on labelling.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from engine.encoder.catalogue import place_of
from engine.encoder.description import Encoder
from engine.encoder.encoder_file import (
    holds_bare_weights,
    load_encoder,
    save_encoder,
    shipped_encoder_path,
)
from engine.encoder.graph import load_or_build_graph
from engine.errors import EncoderError, sentence_for
from engine.jobs.progress import ProgressMeter
from engine.messages import AddEncoder, EncoderAdded, Event, Progress
from engine.words import Sentence, say

if TYPE_CHECKING:
    from engine.encoder.download import Download
    from engine.encoder.libraries import NamedNetwork

_T = TypeVar("_T")
_WAIT_S: Final = 0.005
_OF_TORCH: Final = (".pth", ".pt", ".bin", ".ckpt")
_MB: Final = 1_000_000


def add_encoder(
    command: AddEncoder, encoders_folder: Path, cache_folder: Path
) -> Iterator[Event | None]:
    """Add an encoder; see :class:`engine.messages.AddEncoder`.

    Args:
        encoders_folder: gets the encoder file.
        cache_folder: gets its graph and, while it comes, the download.

    Raises:
        EncoderError: no such network, no connection, weights that are not its, a full disk.
    """
    with_one_thread = ThreadPoolExecutor(1, thread_name_prefix="handful-encoder")
    try:
        job = _Adding(command, encoders_folder, cache_folder, with_one_thread)
        encoder = yield from job.made()
        path = yield from job.kept(encoder)
    finally:
        # Not waited for: an export under way cannot be stopped, and what it gives is good later.
        with_one_thread.shutdown(wait=False, cancel_futures=True)
    yield EncoderAdded(command.request_id, path, encoder.name)


class _Adding:
    def __init__(
        self, command: AddEncoder, folder: Path, cache_folder: Path, thread: ThreadPoolExecutor
    ) -> None:
        self._command = command
        self._folder = folder
        self._cache_folder = cache_folder
        self._thread = thread

    def made(self) -> Generator[Event | None, None, Encoder]:
        name, weights = self._command.name, self._command.weights
        if not name:
            if weights is None:
                raise EncoderError(
                    say("Neither the name of a network nor an encoder file was given.")
                )
            return (yield from self._on_thread(lambda: _encoder_in(weights)))
        yield self._saying(say("Loading torch, which takes some seconds"))
        network = yield from self._on_thread(lambda: _look_up(name))
        if weights is not None:
            # The library's own file may have been fetched some other way.
            is_published = yield from self._on_thread(lambda: network.is_published(weights))
            source = network.urls[0] if is_published else ""
            return (yield from self._built(network, weights, source))
        if not network.urls:
            raise EncoderError(
                say(
                    "Nobody gives weights of {name} for download; get a file with some and give it "
                    "as the weights.",
                    name=network.name,
                )
            )
        if network.kept is not None:  # Downloaded by the library before.
            return (yield from self._built(network, network.kept, network.urls[0]))
        fetched = yield from self._downloaded(network)
        try:
            return (yield from self._built(network, fetched, network.urls[0]))
        finally:
            fetched.unlink(missing_ok=True)  # All that is needed of it is in the encoder file.

    def kept(self, encoder: Encoder) -> Generator[Event | None, None, Path]:
        """The encoder in its folder, once its graph is there and gives what torch gave."""
        yield self._saying(say("Building the graph, which can take a minute"))
        graphs = self._cache_folder / "encoders"
        yield from self._on_thread(lambda: load_or_build_graph(encoder, graphs))
        if encoder.fingerprint == load_encoder(shipped_encoder_path()).fingerprint:
            return shipped_encoder_path()
        path = place_of(encoder, self._folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EncoderError(sentence_for(error, self._folder, say("make the folder"))) from error
        yield from self._on_thread(lambda: save_encoder(encoder, path))
        return path

    def _built(
        self, network: NamedNetwork, weights: Path, source: str
    ) -> Generator[Event | None, None, Encoder]:
        from engine.encoder.library_network import make_encoder

        yield self._saying(say("Reading the weights, which takes some seconds"))
        return (yield from self._on_thread(lambda: make_encoder(network, weights, source)))

    def _downloaded(self, network: NamedNetwork) -> Generator[Event | None, None, Path]:
        from engine.encoder.download import Download

        download = Download(network.urls, self._cache_folder / "downloads", network.sha256)
        future = self._thread.submit(download.run)
        yield self._saying(say("Asking {host} for the weights", host=download.host))
        report = _reports_of(
            download,
            self._command.request_id,
            say("Downloading {model}, MB", model=network.model),
        )
        try:
            while not future.done():
                wait([future], timeout=_WAIT_S)
                yield report()
            fetched = future.result()
            yield report()
            return fetched
        finally:
            if not future.done():
                download.stop()

    def _on_thread(self, work: Callable[[], _T]) -> Generator[None, None, _T]:
        future = self._thread.submit(work)
        while not future.done():
            wait([future], timeout=_WAIT_S)
            yield None
        return future.result()

    def _saying(self, text: Sentence) -> Progress:
        return Progress(self._command.request_id, text, 0, 0, 0.0, 0.0)


def _encoder_in(path: Path) -> Encoder:
    try:
        return load_encoder(path)
    except EncoderError:
        is_of_torch = path.is_file() and path.suffix.lower() in _OF_TORCH
        if is_of_torch or holds_bare_weights(path):
            raise EncoderError(
                say(
                    "{path} is no encoder of Handful's; where it holds a network's weights, give "
                    "the name of the network, too, as in timm:resnet18.",
                    path=path,
                )
            ) from None
        raise


def _look_up(name: str) -> NamedNetwork:
    from engine.encoder.libraries import look_up  # torch takes seconds to load.

    return look_up(name)


def _reports_of(
    download: Download, request_id: int, text: Sentence
) -> Callable[[], Progress | None]:
    """Progress now and then, in megabytes."""
    meter: ProgressMeter | None = None

    def report() -> Progress | None:
        nonlocal meter
        done, total = download.done_bytes, download.total_bytes
        if meter is None:
            if not total:
                return None
            meter = ProgressMeter(request_id, text, total, done)
            told: Progress | None = meter.report()
        else:
            told = meter.advance(done - meter.done) if done > meter.done else None
        if told is None:
            return None
        return replace(
            told,
            done=round(told.done / _MB),
            total=max(1, round(told.total / _MB)),
            rate_per_s=told.rate_per_s / _MB,
        )

    return report
