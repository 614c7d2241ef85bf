"""Camtrap DP 1.0: a folder of three tables about images of camera traps, and what they are.

https://camtrap-dp.tdwg.org. A deployment is a camera in its place; here it is a folder directly in
that of the images. Nothing is invented: what Handful cannot know, such as where a camera stood, is
left empty and told.
"""

from __future__ import annotations

import csv
import mimetypes
import re
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from engine.decoding.heads import read_date
from engine.interchange.cells import text_of
from engine.interchange.formats.camera_trap_words import BLANK, HUMAN, VEHICLE
from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Answer, Results
from engine.interchange.writing import Tally, json_text
from engine.messages import NO_DATE, NONE_NAME
from engine.version import VERSION
from engine.words import Sentence, say

PACKAGE: Final = "datapackage.json"
OBSERVATIONS: Final = "observations.csv"
MEDIA: Final = "media.csv"
DEPLOYMENTS: Final = "deployments.csv"

_SCHEMAS: Final = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0"
# All of the schemas, in their order: readers take a table by its place as well as by its name.
_DEPLOYMENT_COLUMNS: Final = (
    *("deploymentID", "locationID", "locationName", "latitude", "longitude"),
    *("coordinateUncertainty", "deploymentStart", "deploymentEnd", "setupBy", "cameraID"),
    *("cameraModel", "cameraDelay", "cameraHeight", "cameraDepth", "cameraTilt", "cameraHeading"),
    *("detectionDistance", "timestampIssues", "baitUse", "featureType", "habitat"),
    *("deploymentGroups", "deploymentTags", "deploymentComments"),
)
_MEDIA_COLUMNS: Final = (
    *("mediaID", "deploymentID", "captureMethod", "timestamp", "filePath", "filePublic"),
    *("fileName", "fileMediatype", "exifData", "favorite", "mediaComments"),
)
_OBSERVATION_COLUMNS: Final = (
    *("observationID", "deploymentID", "mediaID", "eventID", "eventStart", "eventEnd"),
    *("observationLevel", "observationType", "cameraSetupType", "scientificName", "count"),
    *("lifeStage", "sex", "behavior", "individualID", "individualPositionRadius"),
    *("individualPositionAngle", "individualSpeed", "bboxX", "bboxY", "bboxWidth", "bboxHeight"),
    *("classificationMethod", "classifiedBy", "classificationTimestamp"),
    *("classificationProbability", "observationTags", "observationComments"),
)


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """An observation for each labelled image; with predictions for all that were classified.

    Times are those of the cameras' clocks, which know no time zone, written as UTC.
    """
    tally, counter = Tally(), _Counter()
    with (
        (out / MEDIA).open("w", encoding="utf-8", newline="") as media_file,
        (out / OBSERVATIONS).open("w", encoding="utf-8", newline="") as observation_file,
    ):
        media = _table(media_file, _MEDIA_COLUMNS)
        observations = _table(observation_file, _OBSERVATION_COLUMNS)
        for chunk in results.chunks():
            for record in chunk:
                answer = results.answer(record)
                if answer is not None and (answer.is_human or options.with_predictions):
                    name = text_of(record.image.name)
                    folder, slash, _ = name.partition("/")
                    deployment = folder if slash else text_of(results.folder.name) or "images"
                    taken = counter.taken(deployment, read_date(record.image.path))
                    shared = {"deploymentID": deployment, "mediaID": name}
                    media.writerow(shared | _medium(name, taken))
                    observations.writerow(
                        shared
                        | {"observationID": f"o{counter.n_images}", "observationLevel": "media"}
                        | {"eventStart": taken, "eventEnd": taken}
                        | _observed(answer, counter)
                        | _classified_by(answer, results.model_id)
                    )
                    tally.count(record)
                yield 1
    with (out / DEPLOYMENTS).open("w", encoding="utf-8", newline="") as file:
        deployments = _table(file, _DEPLOYMENT_COLUMNS)
        for name, (first, last) in counter.deployments.items():
            deployments.writerow(
                {
                    "deploymentID": name,
                    "locationName": name,
                    "deploymentStart": _moment(first),
                    "deploymentEnd": _moment(last),
                    "timestampIssues": "true",  # So a time zone that is not known is told.
                }
            )
    (out / PACKAGE).write_text(
        json_text(_package(results, counter), indent=2) + "\n", encoding="utf-8", newline="\n"
    )
    return tally.written(_notices(counter))


class _Counter:
    """What is known of all images together."""

    def __init__(self) -> None:
        self.n_images = 0
        self.n_without_date = 0
        self.species: dict[str, None] = {}
        self.deployments: dict[str, tuple[int, int]] = {}  # Seconds of the first and last image.

    def taken(self, deployment: str, taken_s: int) -> str:
        """Count an image; when it was taken, empty where that is not known."""
        self.n_images += 1
        first, last = self.deployments.get(deployment, (NO_DATE, NO_DATE))
        if taken_s == NO_DATE:
            self.n_without_date += 1
        else:
            first = taken_s if first == NO_DATE else min(first, taken_s)
            last = max(last, taken_s)
        self.deployments[deployment] = first, last
        return _moment(taken_s)


def _table(file: TextIO, columns: Sequence[str]) -> csv.DictWriter[str]:
    table = csv.DictWriter(file, columns)
    table.writeheader()
    return table


def _medium(name: str, taken: str) -> dict[str, str]:
    return {
        "timestamp": taken,
        "filePath": name,
        "filePublic": "false",
        "fileName": name.rpartition("/")[2],
        "fileMediatype": mimetypes.guess_type(name)[0] or "application/octet-stream",
    }


def _observed(answer: Answer, counter: _Counter) -> dict[str, str]:
    label = text_of(str(answer.label))
    key = label.casefold()
    if answer.is_none:
        # By its name it is known when it is read again.
        about = f"Most like {label}, but like none of the classes."
        comment = str(NONE_NAME) if answer.is_human else about
        return {"observationType": "unknown", "observationComments": comment}
    for kind, words in (("blank", BLANK), ("human", HUMAN), ("vehicle", VEHICLE)):
        if key in words:
            return {"observationType": kind}
    if key in ("unknown", "unclassified"):
        return {"observationType": key}
    counter.species[label] = None
    return {"observationType": "animal", "scientificName": label}


def _classified_by(answer: Answer, model_id: str) -> dict[str, str]:
    if answer.is_human:
        return {"classificationMethod": "human"}
    return {
        "classificationMethod": "machine",
        "classifiedBy": f"Handful {VERSION} {model_id}".rstrip(),
        "classificationProbability": f"{answer.confidence:.4f}",
    }


def _package(results: Results, counter: _Counter) -> dict[str, Any]:
    name = results.folder.name or "images"
    moments = [moment for pair in counter.deployments.values() for moment in pair]
    known = [moment for moment in moments if moment != NO_DATE]
    slug = re.sub(r"[^a-z0-9._-]+", "-", name.casefold()).strip("-") or "images"
    package: dict[str, Any] = {
        "name": slug,
        "title": text_of(name),
        "description": "Made with Handful. Media are named relative to the folder of the images; "
        "times are those of the cameras' clocks, written as UTC.",
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "profile": f"{_SCHEMAS}/camtrap-dp-profile.json",
        "contributors": [],
        "project": {"title": text_of(name), "observationLevel": ["media"]},
        "taxonomic": [{"scientificName": name} for name in counter.species],
        "resources": [
            {
                "name": table,
                "path": f"{table}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": f"{_SCHEMAS}/{table}-table-schema.json",
            }
            for table in ("deployments", "media", "observations")
        ],
    }
    if known:
        package["temporal"] = {"start": _moment(min(known))[:10], "end": _moment(max(known))[:10]}
    return package


def _notices(counter: _Counter) -> list[Sentence]:
    found = [
        say(
            "Before it is published it needs what Handful cannot know: where the cameras stood "
            "(deployments.csv), the contributors and the project's design (datapackage.json)."
        )
    ]
    if counter.n_without_date == 1:
        found.append(say("1 image does not tell when it was taken; its time is left empty."))
    elif counter.n_without_date:
        found.append(
            say(
                "{count} images do not tell when they were taken; their times are left empty.",
                count=counter.n_without_date,
            )
        )
    return found


def _moment(taken_s: int) -> str:
    if taken_s == NO_DATE:
        return ""
    return datetime.fromtimestamp(taken_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


FORMAT: Final = Format(
    key="camtrap-dp",
    title="Camtrap DP",
    suffix="",
    consumer=say("GBIF and the R packages camtrapdp and camtraptor"),
    write=write,
    marks_predictions=True,
)
