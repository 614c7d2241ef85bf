"""Label Studio: its tasks with annotations and predictions, and the labelling interface for them.

Images stay where they are; Label Studio serves them by its local files, whose address of an image
is its path below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT. The folder of images must lie in that
root and must not be it, so addresses begin with the folder's name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Record, Results
from engine.interchange.writing import Tally, json_text
from engine.messages import NONE_NAME
from engine.words import say

_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STEPS: Final = """\
How Label Studio takes this in

1. Start it so that it may show files of this computer:
   LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true
   LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={root}
2. Make a project; under Settings, Labeling Interface, Code, put in what labeling_config.xml holds.
3. Under Settings, Cloud Storage, Add Source Storage, Local Files, give the path
   {folder}
   and save without synchronizing.
4. Import tasks.json.
"""


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """tasks.json, labeling_config.xml and a text that says how they are taken in.

    A person's label is an annotation, the machine's answer a prediction with its score.
    """
    tally, has_none, n_tasks = Tally(), False, 0
    folder = results.folder.absolute()
    with (out / "tasks.json").open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for chunk in results.chunks():
            for record in chunk:
                task = _task(results, record, folder.name, n_tasks + 1, options)
                if task is None:
                    continue
                has_none = has_none or record.label == NONE_NAME
                file.write(",\n" if n_tasks else "\n")
                file.write(json_text(task))
                n_tasks += 1
                tally.count(record)
            yield len(chunk)
        file.write("\n]\n")
    choices = [*results.class_names, *([NONE_NAME] if has_none else [])]
    (out / "labeling_config.xml").write_text(_config(choices), encoding="utf-8", newline="\n")
    steps = _STEPS.format(root=folder.parent, folder=folder)
    (out / "README.txt").write_bytes(steps.encode("utf-8", "surrogateescape"))
    return tally.written()


def _task(
    results: Results, record: Record, folder: str, number: int, options: WriteOptions
) -> dict[str, Any] | None:
    machine = results.machine_label(record) if options.with_predictions else None
    if record.label is None and machine is None:
        return None
    path = "/".join(part for part in (folder, record.image.name) if part)
    data: dict[str, Any] = {
        "image": f"/data/local-files/?d={quote(path, errors='surrogateescape')}",
        "file_name": record.image.name,
    }
    task: dict[str, Any] = {"data": data}
    if record.label is not None:
        task["annotations"] = [{"result": [_choice(f"h{number}a", record.label)]}]
    if machine is not None:
        label, score = machine
        if record.none_score is not None:
            data["none_score"] = round(record.none_score, 6)
        task["predictions"] = [
            {
                "model_version": results.model_id,
                "score": round(score, 6),
                "result": [_choice(f"h{number}p", label)],
            }
        ]
    return task


def _choice(key: str, label: str) -> dict[str, Any]:
    return {
        "id": key,
        "type": "choices",
        "from_name": "choice",
        "to_name": "image",
        "value": {"choices": [_xml_safe(label)]},
    }


def _config(choices: list[str]) -> str:
    lines = [f'    <Choice value="{_attribute(name)}"/>' for name in choices]
    return "\n".join(
        [
            "<View>",
            '  <Image name="image" value="$image"/>',
            '  <Choices name="choice" toName="image" choice="single">',
            *lines,
            "  </Choices>",
            "</View>",
            "",
        ]
    )


def _attribute(name: str) -> str:
    # Not xml.sax.saxutils, which loads all that opens connections, and the window waits for it.
    text = html.escape(_xml_safe(name))
    return text.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")


def _xml_safe(name: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", name)


FORMAT: Final = Format(
    key="labelstudio",
    title="Label Studio",
    suffix="",
    consumer=say("Tasks to import, and the labelling interface for them"),
    write=write,
    marks_predictions=True,
)
