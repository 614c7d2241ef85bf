"""How long 100 MB of another program's JSON take, in how much memory, and who waits meanwhile.

python benchmarks/labels_import.py [MEGABYTES]
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

from engine.jobs.labels_in import read_labels
from engine.messages import ImageId, ImageRef, LabelsRead, ReadLabels


def main() -> None:
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        n_tasks = write_tasks(folder / "tasks.json", megabytes * 1e6)
        names = [f"card_{number % 50}/IMG_{number:07d}.JPG" for number in range(100_000)]
        images = tuple(
            ImageRef(ImageId(number + 1), folder / name, name) for number, name in enumerate(names)
        )
        longest, stop = [0.0], threading.Event()
        ticker = threading.Thread(target=tick, args=(longest, stop))
        before = peak_mb()
        ticker.start()
        started, last, longest_step = time.perf_counter(), time.perf_counter(), 0.0
        read: LabelsRead | None = None
        for event in read_labels(ReadLabels(1, folder / "tasks.json", "", folder, images)):
            longest_step = max(longest_step, time.perf_counter() - last)
            last = time.perf_counter()
            if isinstance(event, LabelsRead):
                read = event
        seconds = time.perf_counter() - started
        stop.set()
        ticker.join()
    assert read is not None
    print(
        f"{megabytes:.0f} MB, {n_tasks:,} tasks, 100,000 images: {seconds:.1f} s, "
        f"{peak_mb() - before:.0f} MB more at the most, {len(read.image_ids):,} labels, "
        f"{len(read.unmatched):,} not taken; another thread waited {1000 * longest[0]:.0f} ms at "
        f"the longest, the engine's {1000 * longest_step:.0f} ms"
    )


def write_tasks(path: Path, n_bytes: float) -> int:
    """Tasks as Label Studio exports them; every fifth is of an image that is not there."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        while file.tell() < n_bytes if count % 1_000 == 0 else True:
            number = count // 5 * 4 + count % 5 if count % 5 < 4 else 10_000_000 + count
            value = {"choices": ["fox" if count % 3 else "elk"]}
            choice = {"type": "choices", "from_name": "choice", "to_name": "image", "value": value}
            task = {
                "id": count,
                "data": {"image": f"/data/local-files/?d=card_{number % 50}/IMG_{number:07d}.JPG"},
                "annotations": [
                    {
                        "id": count,
                        "completed_by": 1,
                        "result": [choice | {"id": f"r{count}", "origin": "manual"}],
                        "was_cancelled": False,
                        "created_at": "2024-03-09T21:52:49.513742Z",
                        "lead_time": 4.288,
                    }
                ],
                "created_at": "2024-03-09T21:52:49.513742Z",
                "project": 83,
            }
            file.write((",\n" if count else "\n") + json.dumps(task))
            count += 1
        file.write("\n]\n")
    return count


def tick(longest: list[float], stop: threading.Event) -> None:
    """As a window does: a moment's work every 5 ms."""
    while not stop.is_set():
        started = time.perf_counter()
        time.sleep(0.005)
        longest[0] = max(longest[0], time.perf_counter() - started - 0.005)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
