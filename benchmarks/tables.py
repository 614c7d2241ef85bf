"""Tables of predictions with hostile names, read by LibreOffice, pandas and pyarrow.

    python benchmarks/tables.py        # soffice on the path: apt install libreoffice-calc-nogui

Prints what docs/results/interchange.md keeps: whether each program reads back what was written,
and whether any cell became a formula.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas
import pyarrow.parquet

from engine.interchange.cells import plain_label, plain_name
from engine.interchange.records import Record, Results
from engine.interchange.tables import write_table
from engine.messages import ImageId, ImageRef, TableFormat

CLASSES = ("=cmd|' /C calc'!A0", "'=marked", 'say "hi"', "a,b;c", "日本", "-")
NAMES = (
    *("=1+1.png", "+1.png", "-1.png", "@SUM(1).png", "\ttab.png", "\rreturn.png", "\nl.png"),
    *("＝wide.png", "a\nb.png", 'say "hi".png', "a,b;c.png", f"{'x' * 251}.png"),
    *("\u202egnp.evil.png", "שלום.png", "日本語/写真.png", "\u00e9.png", "e\u0301.png"),
    *("Case.png", "case.png", " leading.png", "trailing.png ", "'quoted'.png", "001", "1e5"),
)
N_ROWS = 20_000


def results_of(names: tuple[str, ...]) -> Results:
    generator = np.random.default_rng(0)
    chances = generator.dirichlet(np.ones(len(CLASSES)), len(names)).astype(np.float32)
    records = [
        Record(
            ImageRef(ImageId(number), Path(name), name),
            CLASSES[number % 5] if number % 3 == 0 else None,
            chances[number],
            0.25,
        )
        for number, name in enumerate(sorted(names))
    ]
    chunks = [records[start : start + 512] for start in range(0, len(records), 512)]
    return Results(Path(), CLASSES, CLASSES, "id", len(records), lambda: iter(chunks))


def write(results: Results, out: Path, table_format: TableFormat) -> float:
    started = time.perf_counter()
    for _ in write_table(results, out, table_format):
        pass
    return time.perf_counter() - started


def main() -> None:
    version = subprocess.run(["soffice", "--version"], capture_output=True, text=True, check=True)
    print(f"- {version.stdout.strip()}")
    print(f"- pandas {pandas.__version__}, pyarrow {pyarrow.__version__}")
    print(f"- Python {platform.python_version()}, {platform.platform()}\n")
    results = results_of(NAMES)
    labels = [answer.label for record in records(results) if (answer := results.answer(record))]
    print("| table | read by | rows | names as written | labels as written | formulas |")
    print("|---|---|---|---|---|---|")
    is_good = True
    told: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for table_format in TableFormat:
            out = Path(place) / f"{table_format}{table_format.suffix}"
            write(results, out, table_format)
            for reader, (frame, n_formulas) in read(out, table_format).items():
                names, found = list(frame["file_name"]), list(frame["label"])
                if table_format.suffix == ".csv":  # Others need no marks against formulas.
                    names, found = [*map(plain_name, names)], [*map(plain_label, found)]
                n_names = sum(a == b for a, b in zip(names, sorted(NAMES), strict=False))
                n_labels = sum(a == b for a, b in zip(found, labels, strict=False))
                of = f"of {len(NAMES)}"
                others = [
                    f"{sorted(NAMES)[place]!r} read as {name!r}"
                    for place, name in enumerate(names)
                    if name != sorted(NAMES)[place]
                ]
                if others:
                    told.append(f"{reader}, {table_format}: {', '.join(others)}")
                # LibreOffice shows a carriage return within a cell as a line feed.
                n_known = sum("\r" in name for name in NAMES) if reader == "LibreOffice" else 0
                is_good &= len(frame) == n_names + n_known == n_labels == len(NAMES)
                is_good &= not n_formulas
                print(
                    f"| {table_format} | {reader} | {len(frame)} {of} | {n_names} {of} "
                    f"| {n_labels} {of} | {n_formulas} |"
                )
        print("".join(f"\n- {line}" for line in told))
        print(f"\n| {N_ROWS:,} rows, {len(CLASSES)} classes | seconds | MB | row groups |")
        print("|---|---|---|---|")
        many = results_of(tuple(f"site {n % 97}/IMG_{n:06}.JPG" for n in range(N_ROWS)))
        for table_format in TableFormat:
            out = Path(place) / f"many{table_format.suffix}"
            seconds = write(many, out, table_format)
            groups = ""
            if table_format is TableFormat.PARQUET:
                groups = str(pyarrow.parquet.read_metadata(out).num_row_groups)
            print(f"| {table_format} | {seconds:.1f} | {out.stat().st_size / 1e6:.1f} | {groups} |")
    sys.exit(not is_good)


def records(results: Results) -> list[Record]:
    return [record for chunk in results.chunks() for record in chunk]


def read(out: Path, table_format: TableFormat) -> dict[str, tuple[pandas.DataFrame, int]]:
    """What each program reads, and how many formulas it sees."""
    text = {"file_name": str, "label": str}
    if table_format is TableFormat.PARQUET:
        table = pyarrow.parquet.read_table(out)
        return {"pyarrow": (table.to_pandas(), 0), "pandas": (pandas.read_parquet(out), 0)}
    if table_format is TableFormat.JSON_LINES:
        return {"pandas": (pandas.read_json(out, lines=True, dtype=text), 0)}
    is_semicolon = table_format is TableFormat.EXCEL_CSV_SEMICOLON
    mark = ";" if is_semicolon else ","
    frame = pandas.read_csv(out, sep=mark, dtype=text, keep_default_na=False)
    return {"pandas": (frame, 0), "LibreOffice": by_libreoffice(out, mark)}


def by_libreoffice(out: Path, mark: str) -> tuple[pandas.DataFrame, int]:
    """Open the table as a spreadsheet (cells as text or numbers, as it finds them), save it."""
    folder = out.parent / f"office-{out.stem}"
    # Field separator, text delimiter, UTF-8, first line; file_name (column 1) is text.
    options = f"CSV:{ord(mark)},34,76,1,1/2"
    for kind in ("ods", "csv:Text - txt - csv (StarCalc):44,34,76"):
        command = ["soffice", f"-env:UserInstallation=file://{out.parent}/profile", "--headless"]
        command += [f"--infilter={options}", "--convert-to", kind]
        command += ["--outdir", str(folder), str(out)]
        subprocess.run(command, capture_output=True, check=True)
    with zipfile.ZipFile(folder / f"{out.stem}.ods") as archive:
        n_formulas = archive.read("content.xml").count(b"table:formula=")
    text = {"file_name": str, "label": str}
    return pandas.read_csv(folder / out.name, dtype=text, keep_default_na=False), n_formulas


if __name__ == "__main__":
    main()
