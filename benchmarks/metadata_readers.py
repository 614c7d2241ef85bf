"""Write keywords into images and sidecars, and let exiftool and exiv2 read them.

    python benchmarks/metadata_readers.py > docs/results/metadata.md

Needs exiftool and exiv2 (Debian: libimage-exiftool-perl, exiv2).
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from PIL import Image

from engine.interchange.metadata.keywords import Keyword
from engine.jobs.metadata import tag_images, undo_last_run
from engine.messages import ImageId, ImageRef, MetadataChoice

KEYWORD = Keyword("red fox | Vulpes/vulpes", False, 0.9312, "0123456789abcdef")
N_IMAGES = 60


def main() -> None:
    """Print the report."""
    print("# Metadata in other programs\n\n`python benchmarks/metadata_readers.py`.", end=" ")
    print(f"exiftool {_run('exiftool', '-ver')}, {_run('exiv2', '--version').splitlines()[0]}.\n")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number in range(N_IMAGES):
            ending = ("jpg", "png")[number % 2]
            Image.effect_noise((320, 240), 60).convert("RGB").save(folder / f"{number}.{ending}")
            if number == 0:
                _run(
                    *("exiftool", "-q", "-overwrite_original", "-XMP-dc:Subject=mine"),
                    *("-XMP-xmp:Rating=4", "-EXIF:Make=Maker", str(folder / "0.jpg")),
                )
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        paths = sorted(folder.iterdir())
        wanted = [(ImageRef(ImageId(n), path, path.name), KEYWORD) for n, path in enumerate(paths)]
        for is_embedded in (False, True):
            started = time.perf_counter()
            for _ in tag_images(folder, wanted, MetadataChoice(is_embedded=is_embedded), 0):
                pass
            seconds = time.perf_counter() - started
            kind = "in the images" if is_embedded else "sidecars"
            print(f"## {kind.capitalize()}\n\n{N_IMAGES} in {seconds:.1f} s.\n\n```")
            for name in ("0.jpg", "1.png"):
                file = folder / (name if is_embedded else f"{name}.xmp")
                print(_run("exiftool", "-G1", "-s", "-XMP:all", "-validate", "-a", str(file)))
                print(_run("exiv2", "-px", str(file)) + "\n")
            print("```\n")
        for _ in range(2):
            for _ in undo_last_run(folder, 0):
                pass
        after = {path.name: path.read_bytes() for path in folder.iterdir()}
        print(f"After both were undone the folder has the bytes it had: {after == before}.")


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


if __name__ == "__main__":
    main()
