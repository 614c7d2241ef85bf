"""Near-duplicates: which images show the same thing twice, and so count once.

A burst of a camera, a copy saved at another quality, the same view cropped a little: labelled or
predicted as many, they are one example, and one of them judged by the others is judged by itself.

Two images are near-duplicates if the directions of their embeddings, centred on the folder's mean,
have a cosine of at least 0.9, or of at least 0.75 while the perceptual hashes of their pictures
differ in at most 6 of 64 bits. Centred, because in a folder of alike pictures (steel, X-rays) the
embeddings as they are lie within a cosine of 0.9 of each other.

Measured on ten real sets against copies made of their images: the first rule alone finds 60 % of
the copies at JPEG quality 60 and 82 % of those that lost 3 % at the border; with the second 94 and
99 %. Of pictures at once cropped by 5 %, lighter and noisier only 22 % are found: in homogeneous
folders they lie as far apart as different images do, and a limit that finds half of them (10 bits)
takes like hands for one. Both rules leave at least 95 % of the images alone in nine sets; in the
tenth, small crops of drawn circuit boards, one in sixteen has a twin that differs in a few pixels.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats

SAME_VIEW: Final = 0.90
SAME_LAYOUT: Final = 0.75
# Hashes of another version of the program lie 1.5 bits off on average, and up to 12. Those in the
# cache are made again (engine.cache_hashes). Of examples that came with a model they cannot be: a
# copy of one of them that is missed for it counts as one more example.
SAME_LAYOUT_BITS: Final = 6

_BLOCK: Final = 512
_COLUMNS: Final = 2048  # With a block of rows a step of some 10 ms.


def near_duplicate_groups(
    directions: Floats, hashes: NDArray[np.uint64] | None = None
) -> NDArray[np.int64]:
    """The group of each image; near-duplicates share one.

    Every group has an image that all its others are near-duplicates of: it cannot grow along a
    chain of small differences until it spans a class.

    Args:
        directions: (n, d) embeddings, centred and of length one.
        hashes: (n,) perceptual hashes, see :func:`engine.images.perceptual_hash`; where there
            are none, or one is 0, the embeddings alone decide.

    Returns:
        (n,) group numbers 0, 1, ... in the order of each group's first image.
    """
    steps = near_duplicate_steps(directions, hashes)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            groups: NDArray[np.int64] = finished.value
            return groups


def near_duplicate_steps(
    directions: Floats, hashes: NDArray[np.uint64] | None = None
) -> Generator[None, None, NDArray[np.int64]]:
    """:func:`near_duplicate_groups` in steps of some 10 ms, for a whole folder.

    Blocks of images are compared with the leaders of the groups found so far, then among
    themselves: at most n^2 / 2 comparisons, fewer where there are many duplicates.
    """
    n_images = len(directions)
    groups = np.full(n_images, -1, np.int64)
    leaders = np.zeros(n_images, np.int64)
    n_groups = 0
    for start in range(0, n_images, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n_images))
        nearest = np.full(n_images, -np.inf, np.float32)
        for first in range(0, n_groups, _COLUMNS):
            columns = leaders[first : min(first + _COLUMNS, n_groups)]
            members, of, cosines = near_duplicate_pairs(directions, hashes, rows, columns)
            # The nearest leader has the last word.
            order = np.argsort(cosines, kind="stable")
            members, of, cosines = members[order], of[order], cosines[order]
            closer = cosines > nearest[members]
            groups[members[closer]] = groups[of[closer]]
            nearest[members[closer]] = cosines[closer]
            yield None
        rest = rows[groups[rows] < 0]
        centres, stars = _stars(rest, *near_duplicate_pairs(directions, hashes, rest, rest)[:2])
        groups[rest] = n_groups + stars
        leaders[n_groups : n_groups + len(centres)] = centres
        n_groups += len(centres)
        yield None
    return _numbered(groups)


def near_duplicate_pairs(
    directions: Floats,
    hashes: NDArray[np.uint64] | None,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Near-duplicates among images ``rows`` and ``columns``: an image is its own, too.

    Args:
        directions: (n, d), see :func:`near_duplicate_groups`.
        hashes: (n,), as there.
        rows: (n_rows,) indices.
        columns: (n_columns,) indices.

    Returns:
        The row's image, the column's image and their cosine, (n_pairs,) each, in the order of rows.
    """
    similarity = directions[rows] @ directions[columns].T
    # One pass over all pairs leaves the few that matter.
    limit = SAME_VIEW if hashes is None else SAME_LAYOUT
    first, second = np.divmod(np.flatnonzero(similarity >= limit), max(len(columns), 1))
    cosines = similarity[first, second]
    first, second = rows[first], columns[second]
    if hashes is not None:
        bits = np.bitwise_count(hashes[first] ^ hashes[second])
        layout = (hashes[first] != 0) & (hashes[second] != 0) & (bits <= SAME_LAYOUT_BITS)
        same = (cosines >= SAME_VIEW) | layout
        first, second, cosines = first[same], second[same], cosines[same]
    return first, second, cosines


def _stars(
    images: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups of images: each in turn, those with most near-duplicates first, takes what is left.

    Args:
        images: (n,) ascending.
        first, second: (n_pairs,) near-duplicates among them, ordered by ``first``, both ways.

    Returns:
        The image in the middle of each group (n_groups,), and the group of each image (n,).
    """
    starts = np.searchsorted(first, images)
    ends = np.searchsorted(first, images, side="right")
    stars = np.full(len(images), -1, np.int64)
    centres: list[int] = []
    # An image without direction is not even like itself: no pair, as good as one.
    paired = np.flatnonzero(ends - starts > 1)
    for index in paired[np.argsort(starts[paired] - ends[paired], kind="stable")]:
        if stars[index] < 0:
            near = np.searchsorted(images, second[starts[index] : ends[index]])
            stars[near[stars[near] < 0]] = len(centres)
            centres.append(int(index))
    alone = np.flatnonzero(stars < 0)
    stars[alone] = len(centres) + np.arange(len(alone))
    return images[np.concatenate([np.array(centres, np.int64), alone])], stars


def _numbered(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
