#!/usr/bin/env python3
"""Classify images with the model in this folder.

Needs Python 3.9 or newer with onnxruntime, numpy and Pillow, and nothing else (to have them:
python -m pip install onnxruntime numpy Pillow). Opens no connection.

    python predict.py IMAGES... --out predictions.csv    folders (with their sub-folders) or files
    python predict.py --self-test                        is this copy whole and right here?

The table has one row per image, with the columns of Handful's own tables: file_name, label,
confidence, label_source ("machine"), is_verified, second_label, second_confidence, none_score (how
much the image looks like none of the classes, 0 to 1), machine_label, machine_confidence, model_id
and a column for each class's probability. A spreadsheet takes no cell for a formula: such a name
gets ./ before it, such a label an apostrophe; a byte of a name that is no text is written as \\xff.
Without --out the table goes to standard output. Files that cannot be read are told on standard
error and left out. The exit status is 0; 1 where something failed (with --self-test: where an
answer is another one); 2 for wrong use.
"""

import argparse
import csv
import json
import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Or onnxruntime tells its maker that it was used.

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
SUFFIXES = [
    ".avif",
    ".bmp",
    ".dib",
    ".gif",
    ".j2k",
    ".jfif",
    ".jp2",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".jpx",
    ".mpo",
    ".pbm",
    ".pgm",
    ".png",
    ".pnm",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
]
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def decode(path, shrink_to_px=448):
    """An image file as uint8 RGB (height, width, 3), by the rule that the model was made with.

    The EXIF orientation is applied; of several frames the first is taken; transparency is laid over
    white; more than 8 bits become 8. An image larger than need be is shrunk by the largest power of
    two that leaves each side at least ``shrink_to_px``; None: not at all.
    """
    with Image.open(path) as image:
        stored = image.size
        factor = 1
        if shrink_to_px is not None:
            factor = 1 << (max(1, min(stored) // shrink_to_px).bit_length() - 1)
        if factor > 1:
            image.draft(None, (shrink_to_px, shrink_to_px))  # JPEG: shrink while decoding.
            factor //= max(1, round(stored[0] / image.size[0]))
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):  # More than 8 bits: the largest value fills the range.
            grey = np.maximum(np.asarray(image), 0)
            shift = max(0, int(grey.max()).bit_length() - 8)
            image = Image.fromarray((grey >> shift).astype(np.uint8))
        elif image.mode == "F":  # [0, 1] and [0, 255] are taken as such, others are stretched.
            grey = np.asarray(image).astype(np.float32)
            finite = grey[np.isfinite(grey)]
            low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
            grey[~np.isfinite(grey)] = low
            if low >= 0 and high <= 1:
                grey *= 255
            elif low < 0 or high > 255:
                grey = (grey - low) * np.float32(255 / (high - low) if high > low else 1)
            image = Image.fromarray(np.rint(grey).astype(np.uint8))
        elif image.has_transparency_data and image.mode not in ("LA", "La", "RGBa"):
            image = image.convert("RGBA")
        elif image.mode in ("1", "P"):
            image = image.convert("RGB")
        if factor > 1:
            image = image.reduce(factor)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image.convert("RGB"))


def resized(pixels, size_px, is_cubic):
    """What the float variant is given: float32 (3, size_px, size_px) in [0, 1], from ``decode``.

    Stretched to the square by Pillow's antialiased filter, each colour as floats.
    """
    kind = Image.Resampling.BICUBIC if is_cubic else Image.Resampling.BILINEAR
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32)).resize(
                (size_px, size_px), kind
            )
        )
        for channel in range(3)
    ]
    return np.clip(np.stack(planes), 0, 255) / np.float32(255)


class Model:
    """One of the model files; ``names`` are the classes in the order of the probabilities."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.names = json.loads(metadata["class_names"])
        self.preprocess = json.loads(metadata["preprocess"])
        self.model_id = metadata.get("model_id", "")
        self.is_float = self.session.get_inputs()[0].type == "tensor(float)"

    def predict(self, pixels):
        """Probabilities (n_classes,) and none_score of pixels as ``decode`` gives them."""
        given = pixels
        if self.is_float:
            is_cubic = self.preprocess["filter"].startswith("bicubic")
            given = resized(pixels, self.preprocess["size"], is_cubic)
        answers = self.session.run(["probabilities", "none_score"], {"image": given[None]})
        return answers[0][0], float(answers[1][0])


def find_images(given):
    """(path, name) of files and of those in folders, whose names are relative to the folder."""
    for item in given:
        if item.is_dir():
            for folder, folders, names in os.walk(item):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                        path = Path(folder, name)
                        yield path, path.relative_to(item).as_posix()
        else:
            yield item, item.as_posix()


def text_of(name):
    r"""A name as text that every file can hold: what is none in it as \xff or \ud800."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(map(escaped, name))
    return name


def escaped(character):
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # Python's way of keeping a byte that is no text.
        return f"\\x{number - 0xDC00:02x}"
    return f"\\u{number:04x}" if 0xD800 <= number <= 0xDFFF else character


def name_cell(name):
    name = text_of(name)
    return "./" + name if name.startswith(FORMULA_STARTS) else name


def label_cell(label):
    """A label that looks as if it had its apostrophe already gets another, so it can be told."""
    label = text_of(label)
    return "'" + label if label.lstrip("'").startswith(FORMULA_STARTS) else label


def header_of(names):
    return [
        *("file_name", "label", "confidence", "label_source", "is_verified"),
        *("second_label", "second_confidence", "none_score"),
        *("machine_label", "machine_confidence", "model_id"),
        *("prob_" + text_of(name) for name in names),
    ]


def row_of(model, name, pixels):
    """A row of the table."""
    probabilities, none_score = model.predict(pixels)
    best, second = np.argsort(-probabilities, kind="stable")[:2]
    numbers = [f"{value:.6f}" for value in probabilities]
    answer = [label_cell(model.names[best]), numbers[best]]
    return [
        name_cell(name),
        *answer,
        "machine",
        "FALSE",
        label_cell(model.names[second]),
        numbers[second],
        f"{none_score:.6f}",
        *answer,
        model.model_id,
        *numbers,
    ]


def classify(model, given, file, shrink_to_px):
    """Write the table; return how many were classified and how many could not be read."""
    writer = csv.writer(file)
    writer.writerow(header_of(model.names))
    n_rows = n_failed = 0
    for path, name in find_images(given):
        try:
            row = row_of(model, name, decode(path, shrink_to_px))
        except Exception as error:  # Whatever Pillow makes of damaged files; the others go on.
            tell(f"{path} could not be read: {error}")
            n_failed += 1
            continue
        writer.writerow(row)
        n_rows += 1
    return n_rows, n_failed


def self_test(models):
    """Run the images in selftest/ and compare with what they gave when the bundle was made."""
    expected = json.loads((HERE / "selftest" / "expected.json").read_text(encoding="utf-8"))
    n_failed = n_asked = 0
    for file_name in models or list(expected["limits"]):
        model = Model(HERE / file_name)
        if expected["class_names"] != model.names:
            tell(f"{file_name} has other classes than the self-test.")
            return 1
        limit = expected["limits"][file_name]
        for case in expected["images"]:
            probabilities, _ = model.predict(decode(HERE / "selftest" / case["file"]))
            told = np.array(case["probabilities"][file_name])
            difference = float(np.abs(probabilities - told).max())
            ordered = np.sort(told)
            is_clear = ordered[-1] - ordered[-2] > 2 * limit
            same = not is_clear or int(probabilities.argmax()) == int(told.argmax())
            is_good = same and difference <= limit
            n_failed += not is_good
            n_asked += 1
            label = json.dumps(model.names[int(probabilities.argmax())], ensure_ascii=False)
            verdict = "ok" if is_good else f"FAILED (allowed {limit:g})"
            show(f"{file_name}, {case['file']}: {label}, difference {difference:.1e}: {verdict}")
    show(f"{n_asked - n_failed} of {n_asked} as expected.")
    return 1 if n_failed or not n_asked else 0


def show(text):
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def tell(text):
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description="Classify images with the model in this folder.",
        epilog="Needs onnxruntime, numpy and Pillow, and nothing else; opens no connection.",
    )
    parser.add_argument("images", nargs="*", type=Path, help="folders or image files")
    parser.add_argument("--out", type=Path, help="the CSV file to write (default: the screen)")
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="which of the model files here to run (default: model.onnx; self-test: all)",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="decode large images in full, as programs do that do not know the rule",
    )
    parser.add_argument(
        "--self-test", action="store_true", help="check this copy with the images in selftest/"
    )
    options = parser.parse_args()
    if bool(options.images) == options.self_test:
        parser.error("give images, or --self-test")
    missing = [path for path in options.images if not path.exists()]
    if missing:
        parser.error(f"there is no {missing[0]}")
    if options.out is not None and options.out.suffix.lower() in SUFFIXES:
        parser.error(f"--out is a table; {options.out.name} is the name of an image")
    is_there = options.out is not None and options.out.exists()
    if is_there and any(os.path.samefile(options.out, path) for path in options.images):
        parser.error(f"--out would overwrite {options.out}, which is to be classified")
    try:
        if options.self_test:
            return self_test([options.model] if options.model else [])
        model = Model(HERE / (options.model or "model.onnx"))
    except Exception as error:  # onnxruntime has exception classes of its own.
        tell(f"The model in {HERE} cannot be used: {error}")
        return 1
    shrink_to_px = None if options.full else model.preprocess.get("shrink_to_px", 448)
    if options.out is None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        n_rows, n_failed = classify(model, options.images, sys.stdout, shrink_to_px)
    else:
        temporary = options.out.with_name(f".handful-{os.getpid()}.part")
        try:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                n_rows, n_failed = classify(model, options.images, file, shrink_to_px)
            os.replace(temporary, options.out)  # Under its name only when whole.
        except OSError as error:
            tell(f"{options.out} could not be written: {error}")
            return 1
        finally:
            if temporary.exists():
                temporary.unlink()
    tell(f"{n_rows} classified, {n_failed} could not be read.")
    return 0 if n_rows else 1


if __name__ == "__main__":
    sys.exit(main())
