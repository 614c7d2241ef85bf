"""A run: what is missing of it is planned, handed out, counted, and collected if asked for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from engine.cluster.listing import Listing, rows_per_part
from engine.cluster.parts import Counts, counts_of, images_in
from engine.cluster.ray_pool import beginning, opened_cluster
from engine.cluster.run_folder import forget_all_attempts, parts_in
from engine.cluster.storage import Storage
from engine.errors import EngineError
from engine.jobs.progress import ProgressMeter
from engine.messages import EngineNews, Progress
from engine.words import say

_MOST_FAILED: Final = 8  # Then it is not the one part: the disk is full, the store is gone.


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is complete.

    ``counts`` are of all rows, ``n_done_before`` were there from an earlier run; ``n_workers`` is 0
    where nothing was left to do.
    """

    counts: Counts
    n_parts: int
    n_done_before: int
    n_workers: int


def classify_missing(
    listing: Listing, out: Storage, address: str, device: str, request_id: int
) -> Generator[Progress | EngineNews, None, Done]:
    """Classify on a cluster whatever images have no row yet in the run of ``out``.

    Raises:
        EngineError: no cluster answers; or some parts could not be written: those that could are
            kept, and another call goes on from there.
    """
    known = counts_of(out, parts_in(out))
    before = sum(known.values(), Counts())
    missing = listing
    if known:
        yield Progress(request_id, say("Looking for what is done"), 0, 0, 0.0, 0.0)
        missing = listing.without(images_in(out, list(known)))
    if not len(missing):
        return Done(before, len(known), before.n_rows, 0)
    yield EngineNews(beginning(address))
    starting = Progress(request_id, say("Starting the workers (a few seconds)"), 0, 0, 0.0, 0.0)
    yield starting
    with opened_cluster(address, device) as cluster:
        yield starting  # They load the model now; the first part to come is the end of it.
        n_rows = rows_per_part(len(missing), cluster.n_workers)
        meter = ProgressMeter(
            request_id,
            say("Classifying"),
            len(listing),
            len(listing) - len(missing),
            settling=n_rows * cluster.n_workers,
        )
        counts, failures = before, list[str]()
        for found, failure in cluster.classify(missing, n_rows, out):
            if failure:
                failures.append(failure)
                if len(failures) >= _MOST_FAILED:
                    break
            counts += found
            if (progress := meter.advance(found.n_rows)) is not None:
                yield progress
    if failures:
        raise EngineError(
            say(
                "{reason} {rows} of {total} images are done; the same command goes on from there.",
                reason=failures[0],
                rows=counts.n_rows,
                total=len(listing),
            )
        )
    forget_all_attempts(out)
    n_parts = len(known) + -(-len(missing) // n_rows)
    return Done(counts, n_parts, before.n_rows, cluster.n_workers)
