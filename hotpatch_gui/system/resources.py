"""Files in ``resources/``, from source, a wheel or a frozen build."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotpatch_gui.domain.release_calendar import Calendar


def _root() -> Path:
    package = Path(__file__).resolve().parents[1]
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [Path(frozen) / "resources"] if frozen else []
    candidates += [package / "_resources", package.parent / "resources"]
    return next(path for path in candidates if path.is_dir())


def resource(name: str) -> Path:
    """The path of a resource by its relative name.

    Raises:
        ValueError: the name is absolute or contains ``..``.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or ":" in name or "\\" in name:
        raise ValueError(f"Not a resource name: {name}")
    return _root().joinpath(*relative.parts)


def read_text(name: str) -> str:
    return resource(name).read_text(encoding="utf-8")


def read_json(name: str) -> Any:
    import json  # noqa: PLC0415 - not before the first paint

    return json.loads(read_text(name))


@cache
def calendar() -> Calendar:
    """The release calendar shipped with the program."""
    from hotpatch_gui.domain.release_calendar import Calendar  # noqa: PLC0415 - after the first paint

    return Calendar.from_rows(read_json("releases.json"), read_json("releases-planned.json"))
