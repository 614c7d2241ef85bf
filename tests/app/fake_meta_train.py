"""Stands in for ``python -m engine meta-train``: says and writes what that would, at once.

How it goes on is asked for by files in the folder of the data: ``fail`` is a sentence to fail with,
``wait`` makes it stop at step 3 until its input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def tell(step: int, n_steps: int) -> None:
    measured = {"loss": 2.0 - step / 10, "accuracy": 0.5 + step / 40}
    line = {
        "text": "Meta-training",
        "done": step,
        "total": n_steps,
        "rate_per_s": 2.0,
        "seconds_left": (n_steps - step) / 2,
        "measured": measured,
    }
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def main() -> int:
    arguments = sys.argv[1:]
    data = Path(arguments[arguments.index("--data") + 1])
    out = Path(arguments[arguments.index("--out") + 1])
    assert "--piped" in arguments
    assert "--json" in arguments
    if (data / "fail").exists():
        sys.stderr.write((data / "fail").read_text() + "\n")
        return 1
    if "--estimate" in arguments:
        estimate = {
            "low_s": 600.0,
            "high_s": 1260.0,
            "steps_per_s": 0.5,
            "views_per_s": 40.0,
            "n_steps": 100,
            "n_images": 3200,
            "n_classes": 40,
            "n_validation": 24,
            "bytes_on_disk": 400_000_000,
        }
        sys.stdout.write(json.dumps(estimate))
        return 0
    checkpoint = out / "checkpoint.safetensors"
    first = 3 if "--resume" in arguments else 0
    assert checkpoint.exists() == bool(first)
    n_steps = 6
    sys.stderr.write("A sentence that is no progress.\n")
    for step in range(first + 1, n_steps + 1):
        tell(step, n_steps)
        if step == 3:
            scores = {"step": 3, "loss": 1.8, "accuracy": 0.5}
            scores |= {"validation_accuracy": 0.6, "validation_ci95": 0.05, "seconds": 1.0}
            (out / "scores.jsonl").write_text(json.dumps(scores) + "\n")
            if (data / "wait").exists() and not first:
                sys.stdin.read()
                checkpoint.touch()
                sys.stderr.write("Interrupted. With --resume the run goes on.\n")
                return 130
    accuracies = [("pets", 0.80), ("coins", 0.70)], [("pets", 0.84), ("coins", 0.71)]
    record = {
        "share": 0.5,
        "projection_share": None,
        "candidates": [
            {
                "share": share,
                "projection_share": None,
                "accuracy": [
                    {"set": name, "head": "ridge", "n_shot": n_shot, "mean": mean}
                    for name, mean in cells
                    for n_shot in (1, 5)
                ],
            }
            for share, cells in ((0.0, accuracies[0]), (0.5, accuracies[1]))
        ],
    }
    (out / "record.json").write_text(json.dumps(record))
    (out / "encoder.safetensors").touch()
    summary = {
        "encoder_path": str(out / "encoder.safetensors"),
        "record_path": str(out / "record.json"),
        "share": 0.5,
        "projection_share": None,
        "validation_gain": 0.025,
        "is_start": False,
    }
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
