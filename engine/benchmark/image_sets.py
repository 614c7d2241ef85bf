"""Image sets as the program sees a folder: real files, embedded once through its cache."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from engine.encoder.encoder_file import open_encoder
from engine.encoder.runtime import load_runtime
from engine.errors import EngineError, sentence_for
from engine.image_cache import ImageCache
from engine.jobs.embedding import embed
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace, cache_key
from engine.messages import ImageId, ImageRef, Progress
from engine.metatraining.datasets import (
    ImageSet,
    open_image_set,
    paths_of_sets,
    refuse_same_names,
)
from engine.method.heads import Floats
from engine.words import sentence_of


class UnusableSetError(EngineError):
    """Too few of a set's images can be read; the others' turn comes all the same."""


@dataclass(frozen=True, slots=True)
class SetSource:
    """A set that was opened, and where."""

    path: Path
    images: ImageSet


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedSet:
    """The readable images of classes that have at least two.

    Attributes:
        name: of the set.
        folder: that the files lie in.
        images: the files.
        class_names: sorted.
        labels: (n_images,) indices into ``class_names``.
        embeddings: (n_images, d) float32, as the encoder emits them.
        hashes: (n_images,) uint64 perceptual hashes.
        start: (n_images, c) float32, raw pooled activations of the untouched network, or None.
        sha256: over names and contents of the images.
        n_unreadable: images that could not be read.
        notes: sentences on what was left out.
    """

    name: str
    folder: Path
    images: tuple[ImageRef, ...]
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    embeddings: Floats
    hashes: NDArray[np.uint64]
    start: Floats | None
    sha256: str
    n_unreadable: int
    notes: tuple[str, ...]


def open_sets(paths: Sequence[Path]) -> tuple[list[SetSource], list[str]]:
    """The sets that can be used, and a sentence on each that cannot.

    Raises:
        EngineError: a path does not exist, no set can be used, or two have the same name.
    """
    opened: list[SetSource] = []
    unusable: list[str] = []
    for path in paths:
        if not path.exists():
            raise EngineError(f"Could not read {path}: there is no such file or folder.")
        for found in paths_of_sets(path):
            try:
                opened.append(SetSource(found, open_image_set(found)))
            except EngineError as error:
                unusable.append(str(error))
    if not opened:
        raise EngineError(unusable[0] if unusable else "No image sets were given.")
    refuse_same_names([source.images.name for source in opened])
    return opened, [f"{sentence.removesuffix('.')}; it is left out." for sentence in unusable]


def open_start(path: Path, cache_folder: Path, device: str) -> Workspace:
    """A workspace of the untouched network, on the same cache.

    Args:
        path: bare weights, or an encoder file.
        cache_folder: of the program.
        device: auto, cpu or cuda.

    Raises:
        EncoderError: it cannot be used.
    """
    encoder = open_encoder(path, "start")
    runtime = load_runtime(encoder, cache_folder / "encoders", device)
    cache = ImageCache(cache_folder, cache_key(runtime), encoder.embedding_size)
    return Workspace(runtime, cache)


def embed_set(
    workspace: Workspace,
    start: Workspace | None,
    source: SetSource,
    scratch: Path,
    first_id: int,
    title: str,
) -> Generator[Progress | None, None, EmbeddedSet]:
    """Embed all images of a set, those of a tar file once they are unpacked into ``scratch``.

    Args:
        workspace: whose encoder is measured; its store is left empty.
        start: of the untouched network, or None.
        source: the set.
        scratch: an empty folder that lives as long as the set is worked on.
        first_id: of the images; no two sets share one.
        title: what progress calls the set.

    Raises:
        UnusableSetError: fewer than two classes have two readable images.
        EngineError: the disk is full.
    """
    images = source.images
    if source.path.is_dir():
        folder, files = source.path, list(images.image_names)
    else:
        folder, files = scratch, _unpacked_names(images)
        yield from _unpack(images, [scratch / file for file in files], title)
    refs = [
        ImageRef(ImageId(first_id + index), folder / file, name)
        for index, (file, name) in enumerate(zip(files, images.image_names, strict=True))
    ]
    contents: dict[ImageId, bytes] = {}
    reasons: dict[ImageId, str] = {}
    for space in (workspace, *(() if start is None else (start,))):
        space.forget()
        meter = ProgressMeter(
            0, sentence_of(f"{title}: embedding, {space.runtime.encoder.name}"), len(refs)
        )
        for results in embed(space, refs):
            for item in results:
                contents[item.image.image_id] = item.entry.content
                if item.entry.reason:
                    reasons[item.image.image_id] = item.entry.reason
            yield meter.advance(len(results)) if results else None
    chosen, class_names, notes = _usable(images, refs, reasons)
    kept = [refs[index] for index in chosen]
    ids = [ref.image_id for ref in kept]
    activations: Floats | None = None
    if start is not None:
        activations = start.store.select(ids)
        if start.runtime.encoder.emits_roots:
            activations **= 2  # Such an encoder emits the root of its pooled activation.
        start.forget()
    embeddings = workspace.store.select(ids)
    hashes = workspace.store.perceptual_hashes(ids)
    workspace.forget()
    digest = hashlib.sha256()
    for index in chosen:
        digest.update(f"{images.image_names[index]}\n".encode())
        digest.update(contents[refs[index].image_id])
    renumbered = {int(old): new for new, old in enumerate(np.unique(images.labels[chosen]))}
    return EmbeddedSet(
        name=images.name,
        folder=folder,
        images=tuple(kept),
        class_names=class_names,
        labels=np.array([renumbered[int(label)] for label in images.labels[chosen]], np.int64),
        embeddings=embeddings,
        hashes=hashes,
        start=activations,
        sha256=digest.hexdigest(),
        n_unreadable=len(reasons),
        notes=notes,
    )


def _unpacked_names(images: ImageSet) -> list[str]:
    """Numbers: two folders of a tar file may end alike, and systems refuse some names."""
    return [
        f"{index:06d}{PurePosixPath(name).suffix.lower()}"
        for index, name in enumerate(images.image_names)
    ]


def _unpack(
    images: ImageSet, files: Sequence[Path], title: str
) -> Generator[Progress | None, None, None]:
    meter = ProgressMeter(0, sentence_of(f"{title}: unpacking"), len(files))
    for index, file in enumerate(files):
        try:
            file.write_bytes(images.read(index))
        except OSError as error:
            raise EngineError(sentence_for(error, file, "write")) from error
        yield meter.advance()


def _usable(
    images: ImageSet, refs: Sequence[ImageRef], reasons: dict[ImageId, str]
) -> tuple[list[int], tuple[str, ...], tuple[str, ...]]:
    """Indices of the images that take part, the names of their classes, sentences on the rest."""
    notes = [
        f"{images.name}: {name} could not be read ({reasons[ref.image_id]}); it is left out."
        for name, ref in zip(images.image_names, refs, strict=True)
        if ref.image_id in reasons
    ]
    readable = np.array([ref.image_id not in reasons for ref in refs])
    counts = np.bincount(images.labels[readable], minlength=len(images.class_names))
    for label in np.flatnonzero(counts < 2):
        found = "a single readable image" if counts[label] else "no readable image"
        name = images.class_names[label]
        notes.append(f"{images.name}: the class “{name}” has {found}; it is left out.")
    usable = np.flatnonzero(counts >= 2)
    if len(usable) < 2:
        raise UnusableSetError(
            f"{images.name} has {len(usable)} classes of at least 2 readable images, one to label "
            "and one to classify; at least 2 such classes are needed."
        )
    chosen = np.flatnonzero(readable & np.isin(images.labels, usable))
    return chosen.tolist(), tuple(images.class_names[label] for label in usable), tuple(notes)
