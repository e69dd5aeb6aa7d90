"""A schedule as a file: Azure's JSON of a maintenance configuration, or Bicep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotpatch_gui.domain.bicep import bicep
from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.translation import translator

from . import parse, values
from .bodies import schedule_body

tr = translator("ScheduleFiles")

Json = Mapping[str, Any]

TYPE = "Microsoft.Maintenance/maintenanceConfigurations"
API_VERSION = "2023-04-01"
MAX_BYTES = 1_000_000


class ScheduleFileError(Exception):
    """The file isn't a schedule; ``str()`` is for the user."""


def json_text(schedule: Schedule) -> str:
    """The resource as Resource Manager returns it, without values that aren't set."""
    return json.dumps(_resource(schedule), ensure_ascii=False, indent=2) + "\n"


def bicep_text(schedule: Schedule) -> str:
    """The resource in Bicep."""
    resource = _resource(schedule)
    body = {key: value for key, value in resource.items() if key not in ("id", "type")}
    return f"resource schedule '{TYPE}@{API_VERSION}' = {bicep(body)}\n"


def write_file(path: Path, schedule: Schedule) -> None:
    """Write a schedule as JSON or, by the extension, as Bicep.

    Raises:
        ScheduleFileError: the extension is another one, or the file can't be written.
    """
    writer = WRITERS.get(path.suffix.casefold())
    if writer is None:
        raise ScheduleFileError(tr("{path} must end with .json or .bicep.", path=path))
    try:
        part = path.with_name(f".{path.name}.part")
        part.write_text(writer(schedule), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ScheduleFileError(
            tr("{path} can't be written: {why}.", path=path, why=error.strerror or error)
        ) from error


def _resource(schedule: Schedule) -> dict[str, Any]:
    body = schedule_body(schedule, schedule.location)
    window = body["properties"]["maintenanceWindow"]
    if window["expirationDateTime"] is None:
        del window["expirationDateTime"]
    head = {"id": schedule.azure_id} if schedule.azure_id else {}
    return {**head, "name": schedule.name, "type": TYPE, **body}


def read_file(path: Path) -> Schedule:
    """The schedule in a JSON file.

    Raises:
        ScheduleFileError: it can't be read, or isn't one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScheduleFileError(
            tr("{path} can't be read: {why}.", path=path, why=error.strerror or error)
        ) from error
    if len(content) > MAX_BYTES:
        raise ScheduleFileError(tr("{path} is too large to be a schedule.", path=path))
    return read_text(content)


WRITERS = {".json": json_text, ".bicep": bicep_text}


def read_text(content: bytes) -> Schedule:
    """The schedule in a JSON text.

    Raises:
        ScheduleFileError: it isn't one.
    """
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ScheduleFileError(tr("The file isn't valid JSON: {why}.", why=error)) from error
    try:
        properties = values.mapping(body["properties"])
        scope = str(properties.get("maintenanceScope") or "")
        row = {
            "id": body.get("id"),
            "name": body["name"],
            "location": body.get("location"),
            "window": properties["maintenanceWindow"],
            "install": properties.get("installPatches"),
        }
        found = parse.schedule(row)
    except (KeyError, values.MissingValueError) as error:
        name = error.args[0] if isinstance(error, KeyError) else error.name
        raise ScheduleFileError(
            tr("This isn't the JSON of a maintenance configuration: {name} is missing.", name=name)
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ScheduleFileError(
            tr("This isn't the JSON of a maintenance configuration: a value has another form.")
        ) from error
    _check_selection(values.mapping(properties.get("installPatches")))
    if scope.casefold() != "inguestpatch":
        raise ScheduleFileError(
            tr(
                "This maintenance configuration isn't for guests: its scope is “{scope}”.",
                scope=scope,
            )
        )
    return found


def _check_selection(install: Json) -> None:
    """Nothing that the file selects or excludes may get lost.

    Raises:
        ScheduleFileError: a KB number or a classification isn't one, or there are parameters for Linux.
    """
    windows = values.mapping(install.get("windowsParameters"))
    wrong = [
        str(text)
        for key in ("kbNumbersToInclude", "kbNumbersToExclude")
        for text in values.items(windows.get(key))
        if normalize_kb(str(text)) is None
    ]
    wrong += [
        str(text)
        for text in values.items(windows.get("classificationsToInclude"))
        if Classification.parse(str(text)) is None
    ]
    if wrong:
        raise ScheduleFileError(
            tr(
                "These aren't KB numbers or classifications: {wrong}. Correct or remove them.",
                wrong=", ".join(wrong),
            )
        )
    if install.get("linuxParameters"):
        raise ScheduleFileError(tr("Remove linuxParameters: this program manages Windows only."))
