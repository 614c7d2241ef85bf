"""The Parquet files of a run: a row for every image, unreadable ones with the reason."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.cluster.storage import Storage
from engine.errors import EngineError
from engine.interchange.records import Record, Results
from engine.interchange.tables import parquet_rows, parquet_schema
from engine.messages import ImageId, ImageRef
from engine.words import say

if TYPE_CHECKING:
    import pyarrow

REASON: Final = "reason"
_NAME: Final = re.compile(r"part-[0-9a-f]{32}\.parquet")
_COUNTS: Final = "handful_counts"
_READ_AT_ONCE: Final = 16
_ROWS_PER_STEP: Final = 512


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are, and how many of them are unreadable or look like no class."""

    n_rows: int = 0
    n_unreadable: int = 0
    n_like_none: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.n_rows + other.n_rows,
            self.n_unreadable + other.n_unreadable,
            self.n_like_none + other.n_like_none,
        )


def part_name(model_id: str, names: Sequence[str]) -> str:
    """The name of the part with these images: who makes it twice writes the same file again."""
    digest = hashlib.blake2b("\0".join((model_id, *names)).encode(), digest_size=16)
    return f"part-{digest.hexdigest()}.parquet"


def is_part(name: str) -> bool:
    """Whether a file is one of a run's by its name."""
    return _NAME.fullmatch(name) is not None


def part_of(results: Results, records: Sequence[Record]) -> tuple[bytes, Counts]:
    """A part's file, with its counts also inside: a later run reads these alone."""
    import pyarrow.parquet

    answers = [results.answer(record) for record in records]
    counts = Counts(
        len(records),
        sum(bool(record.failure) for record in records),
        sum(answer is not None and answer.is_none and not answer.is_human for answer in answers),
    )
    told = json.dumps([counts.n_rows, counts.n_unreadable, counts.n_like_none])
    schema = parquet_schema(results, (REASON,))
    schema = schema.with_metadata({**schema.metadata, _COUNTS: told})
    reasons = [record.failure or None for record in records]
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(parquet_rows(results, records, schema, (reasons,)), buffer)
    return buffer.getvalue(), counts


def counts_of(out: Storage, names: Sequence[str]) -> dict[str, Counts]:
    """What is in parts by their names; those that are damaged are not among them."""

    def read(name: str) -> tuple[str, Counts] | None:
        import pyarrow
        import pyarrow.parquet

        try:
            with out.opened(name) as file:
                schema = pyarrow.parquet.read_schema(file)
            n_rows, n_unreadable, n_like_none = json.loads(schema.metadata[_COUNTS.encode()])
            return name, Counts(int(n_rows), int(n_unreadable), int(n_like_none))
        except (pyarrow.ArrowException, OSError, KeyError, TypeError, ValueError):
            return None

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        return dict(found for found in pool.map(read, names) if found is not None)


def images_in(out: Storage, parts: Sequence[str]) -> pyarrow.Array:
    """The names of the images that parts have rows of; large_string."""
    import pyarrow
    import pyarrow.parquet

    def read(name: str) -> Any:
        with out.opened(name) as file:
            table = pyarrow.parquet.read_table(file, columns=["file_name"])
        return table.column(0).cast(pyarrow.large_string())

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        columns = list(pool.map(read, parts))
    return pyarrow.concat_arrays([chunk for column in columns for chunk in column.chunks])


def collected(out: Storage, parts: Sequence[str], names: pyarrow.Array) -> Results:
    """All rows of images ``names``, which are in order, as whoever writes a table takes them.

    They are held in memory: some 100 bytes a row and four for each class.

    Raises:
        EngineError: a part is damaged.
    """
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    def read(name: str) -> Any:
        try:
            with out.opened(name) as file:
                return pyarrow.parquet.read_table(file)
        except (pyarrow.ArrowException, OSError) as error:
            raise EngineError(
                say("{path} is damaged; remove it and run again.", path=f"{out.address}/{name}")
            ) from error

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        tables = list(pool.map(read, parts))
    rows = pyarrow.concat_tables(tables)
    known = pyarrow.concat_arrays(rows.column("file_name").cast(names.type).chunks)
    # An image may be in two parts: a worker of a run whose driver was killed may have gone on.
    rows = rows.take(pyarrow.compute.index_in(names, value_set=known))
    metadata = tables[0].schema.metadata
    predicted = tuple(json.loads(metadata[b"class_names"]))
    n_first = rows.num_columns - len(predicted)

    def chunks() -> Iterator[Sequence[Record]]:
        for start in range(0, rows.num_rows, _ROWS_PER_STEP):
            chunk = rows.slice(start, _ROWS_PER_STEP)
            chances = [column.to_numpy() for column in chunk.columns[n_first:]]
            probabilities = np.stack(chances, axis=1).astype(np.float32)
            known = chunk.select(["file_name", "label", "label_source", "none_score", REASON])
            yield [
                _record(row, probabilities[number], start + number)
                for number, row in enumerate(known.to_pylist())
            ]

    return Results(
        folder=Path(),
        class_names=predicted,
        predicted=predicted,
        model_id=metadata[b"model_id"].decode(),
        n_images=rows.num_rows,
        chunks=chunks,
    )


def _record(row: dict[str, Any], probabilities: Any, number: int) -> Record:
    image = ImageRef(ImageId(number), Path(row["file_name"]), row["file_name"])
    label = row["label"] if row["label_source"] == "human" else None
    if row[REASON]:
        return Record(image, label, failure=row[REASON])
    return Record(image, label, probabilities, row["none_score"])
