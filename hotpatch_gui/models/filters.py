"""Machine filters in the window: the values to choose from, and filters as stored text."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hotpatch_gui.domain.machine_filter import (
    Choice,
    Condition,
    Dimension,
    LastAssessed,
    MachineFilter,
)
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.store import overview
from hotpatch_gui.translation import translator

from .source import DataSource

tr = translator("Filters")

MAX_NAMES = 2
"""Values that a choice names."""


class Value(NamedTuple):
    """A value of a dimension, and how many machines have it."""

    key: str
    label: str
    machines: int


def read_values(
    db: sqlite3.Connection, dimension: Dimension, now: datetime, tag: str = ""
) -> list[Value]:
    """The values in the fleet, by name; times from the latest."""
    machines: Counter[tuple[str, str]] = Counter()
    for group in overview.grouped(db, dimension, now, tag):
        machines[(group.key, group.value)] += group.machines
    found = [Value(key, label or tr("(none)"), n) for (key, label), n in machines.items()]
    if dimension is Dimension.ASSESSED:
        return sorted(found, key=lambda v: list(LastAssessed).index(LastAssessed(v.key)))
    return sorted(found, key=lambda v: (v.label.casefold(), v.key))


def tag_names(source: DataSource) -> list[str]:
    """The names of all tags in the fleet."""
    return source.read_list(overview.tag_names)


def choice_of(dimension: Dimension, tag: str, values: list[Value]) -> Choice:
    """The choice of some values, which names the first ones."""
    names = ", ".join(v.label for v in values[:MAX_NAMES])
    more = len(values) - MAX_NAMES
    label = tr("{names} and %n more", more, names=names) if more > 0 else names
    return Choice(dimension, tuple(v.key for v in values), label, tag)


def to_text(machine_filter: MachineFilter) -> str:
    """A filter as JSON."""
    return json.dumps(
        {
            "text": machine_filter.text,
            "situations": machine_filter.situations,
            "choices": [c._asdict() for c in machine_filter.choices],
            "condition": machine_filter.condition,
        }
    )


def from_text(text: str) -> MachineFilter | None:
    """The filter in ``to_text``; None for text that this version can't read."""
    try:
        read = json.loads(text)
        condition, words = read["condition"], str(read.get("text", ""))
        words.encode()  # a lone surrogate is no text
        return MachineFilter(
            text=words,
            situations=tuple(map(_situation, read["situations"])),
            choices=tuple(map(_choice, read["choices"])),
            condition=Condition(condition) if condition is not None else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _situation(text: str) -> str:
    return Situation(text).value if text else ""


def _choice(read: Mapping[str, Any]) -> Choice:
    keys = tuple(map(str, read["keys"]))
    choice = Choice(Dimension(read["dimension"]), keys, str(read["label"]), str(read["tag"]))
    "\n".join((*choice.keys, choice.label, choice.tag)).encode()  # a lone surrogate is no text
    return choice
