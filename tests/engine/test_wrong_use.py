"""What is said to somebody who used a command wrongly: one sentence, and where to read on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.cli import main


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "classify x --out y --effort foo",
            "--effort takes instant, thorough or finetune, not 'foo'.",
        ),
        (
            "classify x --out y --device=gpu",
            "--device takes auto, cpu, openvino or cuda, not 'gpu'.",
        ),
        (
            "meta-evaluate x --data d --out r --split s",
            "--split takes train, val, trainval or test, not 's'.",
        ),
        (
            "meta-evaluate x --data d --out r --combine c",
            "--combine takes average or vote, not 'c'.",
        ),
        ("benchmark x --out r --trials 0", "--trials takes a whole number, 1 or more, not '0'."),
        ("benchmark x --out r --seed many", "--seed takes a whole number, 0 or more, not 'many'."),
        (
            "benchmark x --out r --wrong-labels 3",
            "--wrong-labels takes a number from 0 to 1, not '3'.",
        ),
        (
            "benchmark x --out r --effort slow",
            "--effort takes instant, thorough, finetune, parted by commas, not 'slow'.",
        ),
        ("classify x --outt y", "handful classify has no option --outt; did you mean --out?"),
        ("classify x --nonsense y", "handful classify has no option --nonsense."),
        ("classify", "handful classify needs IMAGES."),
        ("benchmark x", "handful benchmark needs --out."),
        ("clasify x", "handful has no command 'clasify'; did you mean classify?"),
        (
            "encoder drop x",
            "handful encoder has no command 'drop'; there are add, list and remove.",
        ),
        ("encoder add", "Give the name of a network, or --weights with an encoder file."),
    ],
)
def test_wrong_use_is_told_in_one_sentence_that_names_the_choices(
    capfd: pytest.CaptureFixture[str], typed: str, sentence: str
) -> None:
    assert main(typed.split()) == 2
    printed = capfd.readouterr()
    told, where, *more = printed.err.splitlines()
    assert told == sentence
    assert where.endswith(" --help says more.")
    assert (more, printed.out) == ([], "")


def test_an_option_without_its_value_is_no_crash(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", "x", "--out"]) == 2
    assert "--out" in capfd.readouterr().err.splitlines()[0]


def test_what_is_wrong_with_files_is_told_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    Image.new("RGB", (8, 8)).save("images/a.png")
    Path("labels.csv").write_text("file_name,label\nb.png,cat\n")
    Path("bytes.toml").write_bytes(b"\xff\xfe\x00")
    Path("file").write_text("text")
    classify = ["classify", "images", "--out", "o.csv"]
    for arguments, sentence in (
        (
            [*classify, "--labels", "labels.csv"],
            "No row of labels.csv names a file in images and its label; the first one names "
            "images/b.png, which is not there.",
        ),
        ([*classify, "--labels", "images"], "Could not read images: it is a folder."),
        ([*classify, "--model", "images"], "images is no bundle: there is no model.onnx in it."),
        (
            [*classify, "--support", "file"],
            "file is a file; examples are a folder with a folder of images for each class.",
        ),
        (
            ["meta-train", "bytes.toml", "--data", "images", "--out", "run"],
            "bytes.toml is not a text file in UTF-8.",
        ),
        (
            ["demo", "--dir", "file"],
            "Could not create file/pictures: what should be a folder on the way to it is a file.",
        ),
    ):
        assert main(arguments) == 1
        printed = capfd.readouterr()
        assert (printed.err, printed.out) == (f"{sentence}\n", "")
    assert not Path("o.csv").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_a_place_that_takes_no_files_is_known_before_the_work(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # The images are not there either: what comes first was looked at first.
    arguments = ["classify", str(tmp_path / "none"), "--support", str(tmp_path)]
    assert main([*arguments, "--out", "/proc/self/o.csv"]) == 1
    assert capfd.readouterr().err.startswith("Could not write /proc/self/o.csv: ")


def test_nothing_that_is_read_is_written_over_however_a_path_leads_to_it(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(f"images/{name}")
    Path("images/b.png").rename("images/raw.csv")
    Path("labels.csv").write_text("file_name,label\na.png,cat\nraw.csv,dog\n")
    Path("whole.csv").write_text("file_name,label\nimages/a.png,cat\nimages/raw.csv,dog\n")
    Path("list.txt").write_text("images/a.png\nimages/raw.csv\n")
    Path("work.handful").write_text("a project")
    Path("folder").symlink_to(".")
    for link, target in (
        ("labels_link.csv", "labels.csv"),
        ("list_link.csv", "list.txt"),
        ("image_link.csv", "images/a.png"),
        ("raw_link.csv", "images/raw.csv"),
        ("project_link.csv", "work.handful"),
    ):
        Path(link).symlink_to(target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    image, project = "that is the name of an image.", "that is the name of a project."
    for images, out, told in (
        ("images", "labels_link.csv", "--out would overwrite the file of --labels."),
        ("images", "folder/labels.csv", "--out would overwrite the file of --labels."),
        ("list.txt", "list_link.csv", "--out would overwrite the file of IMAGES."),
        ("images", "images/a.png", f"Could not write images/a.png: {image}"),
        ("images", "new.jpeg", f"Could not write new.jpeg: {image}"),
        ("images", "image_link.csv", f"Could not write {tmp_path}/images/a.png: {image}"),
        ("images", "work.handful", f"Could not write work.handful: {project}"),
        ("images", "project_link.csv", f"Could not write {tmp_path}/work.handful: {project}"),
        (
            "images",
            "images/raw.csv",
            "Could not write images/raw.csv: it is one of the images.",
        ),
        ("list.txt", "raw_link.csv", "Could not write raw_link.csv: it is one of the images."),
    ):
        for command in (
            ["classify", images],
            ["export", images],
            ["labels", "export", images, "--format", "csv"],
        ):
            labels = "labels.csv" if images == "images" else "whole.csv"
            assert main([*command, "--labels", labels, "--out", out]) in (1, 2)
            assert told in capfd.readouterr().err.splitlines()
    assert {path: path.read_bytes() for path in before} == before


def test_what_is_too_much_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "here (now)"]) == 2
    told = capsys.readouterr().err
    assert "handful demo takes nothing after what it was given: here (now)." in told
