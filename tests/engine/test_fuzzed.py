"""What the fuzzer found is refused in a sentence now, and what it starts from is understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.fuzz import readers
from benchmarks.fuzz.readers import READERS, read_once, reader_called
from engine.bundle.support import KeptSupport
from engine.encoder.encoder_file import load_encoder
from engine.errors import EncoderError, EngineError

DEEP = b"[" * 100_000


def in_safetensors(header: dict[str, object]) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


# Of each reader: what once ended in a traceback.
FOUND: dict[str, tuple[bytes, ...]] = {
    "csv": (
        b"file_name\r,label\nx,y\n",
        b"annotation_id\r,annotator\n",
        b"file_name,label\n" + b"x" * 200_000 + b",fox\n",
        b'file_name,label\n"' + b"x" * 200_000,
    ),
    "xmp": (
        "\0 <rdf:RDF".encode("utf-16-le"),
        b"<a>" * 5_000,
        b"",
        b"\xff\xfe",
    ),
    "json": (
        b"\x05" + json.dumps({"flags": {"a": True}, "imagePath": "x" * 300, "shapes": []}).encode(),
        b"\x05" + json.dumps({"flags": {"a": True}, "imagePath": "\0", "shapes": []}).encode(),
        b"\x02" + json.dumps({"file_name": "x" * 300, "label": "a"}).encode(),
        b"\x08"
        + json.dumps(
            {
                "detection_categories": {},
                "images": [
                    {"file": "a", "detections": [{"conf": 10**400, "bbox": [0, 0, 10**400, 1]}]}
                ],
            }
        ).encode(),
        *(bytes([number]) + DEEP for number in range(10)),
        b"\x01" + b'{"classes": [], "labels": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
    ),
    "encoder": (
        (1 << 63).to_bytes(8, "little") + b"{}",
        len(DEEP).to_bytes(8, "little") + DEEP,
        in_safetensors({"__metadata__": {"format": "handful-encoder-1", "metadata": "[" * 9_999}}),
        in_safetensors({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}}),
        in_safetensors({"a": {"dtype": "F32", "shape": [], "data_offsets": [9, 3]}}),
    ),
    "journals": (
        b'{"run": 5, "version": 1, "how": "copy", "folder": "/", "project": null}\n',
        b'{"run": "a", "version": 1e999, "how": "copy"}\n' + DEEP,
        b'{"file": ["/a/fox.jpg", "fox/fox.jpg", 20, 0, false], "number": 0}\n'
        b'{"planned": 1, "of": {"run": "a", "version": 1, "how": "copy", "folder": "/", '
        b'"project": null, "made_target": true, "n_files": 1}}\n{"made": ["\\u0000"]}\n',
        b'{"file": ["/a/fox.jpg", "fox/fox.jpg", 20, 0, false], "number": 0}\n'
        b'{"planned": 1, "of": {"run": "a", "version": 1, "how": "copy", "folder": "/", '
        b'"project": null, "made_target": true, "n_files": 1}}\n{"made": ["\\ud800"]}\n',
        b"file_name,label,size_bytes\r,modified_s\n",
        DEEP,
    ),
    "archives": (b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"\xff" * 60),
    "onnx": (b"", b"\x08\x0a"),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_raises_nothing_any_more(name: str, tmp_path: Path) -> None:
    for content in FOUND[name]:
        read_once(reader_called(name), content, tmp_path)


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "fuzzed").iterdir()))
def test_files_that_were_found_raise_nothing_any_more(path: Path, tmp_path: Path) -> None:
    read_once(reader_called(path.name.partition("-")[0]), path.read_bytes(), tmp_path)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_seeds_are_read_without_a_word(reader: readers.Reader, tmp_path: Path) -> None:
    seeds = reader.seeds(tmp_path / "seeds" if (tmp_path / "seeds").mkdir() is None else tmp_path)
    assert len(seeds) >= 1
    for content in seeds:
        assert len(content) <= reader.longest_bytes
        read_once(reader, content, tmp_path)


def test_seeds_of_labels_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A harness that has every file refused would find nothing and look well."""
    taken: list[str] = []
    real = readers.read_and_match

    def spy(command: readers.ReadLabels, report: object) -> object:
        found = real(command, lambda done, total: None)
        taken.append(command.format_key)
        return found

    monkeypatch.setattr(readers, "read_and_match", spy)
    for name in ("csv", "json"):
        for content in reader_called(name).seeds(tmp_path):
            read_once(reader_called(name), content, tmp_path)
    known = {"csv", "labelstudio", "fiftyone", "huggingface", "coco-camera-traps", "camtrap-dp"}
    assert known | {"labelme", "lobe"} <= set(taken)


def test_an_encoder_file_that_names_a_place_on_the_network_builds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("timm")
    from engine.encoder.libraries import structure

    for model in ("hf-hub:someone/network", "local-dir:/tmp", "../x", "hf_hub:a/b", ""):
        with pytest.raises(EncoderError, match="cannot build"):
            structure("timm", model, 224)


@pytest.mark.parametrize("names", ["5", '{"a": 1}', "[1, 2]", "[" * 5_000, "null", '["\\ud800"]'])
def test_examples_with_impossible_classes_are_damaged(names: str, tmp_path: Path) -> None:
    whole = reader_called("encoder").seeds(tmp_path)[1]
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    header["__metadata__"]["class_names"] = names
    path = tmp_path / "support.safetensors"
    path.write_bytes(in_safetensors(header) + whole[8 + length :])
    with pytest.raises(EngineError, match="is damaged"):
        KeptSupport.read(path)


def test_the_seed_of_an_encoder_is_one(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    path.write_bytes(reader_called("encoder").seeds(tmp_path)[0])
    assert load_encoder(path).name == "seed"
