"""Values as Bicep. Source: learn.microsoft.com/azure/azure-resource-manager/bicep/file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Expression(NamedTuple):
    """An expression, written as it is and not as a string: in Bicep and in a template's JSON."""

    bicep: str
    template: str


def bicep(value: Any, depth: int = 0) -> str:
    """A JSON value, possibly with expressions in it, as Bicep at an indentation of ``depth`` levels."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, Expression):
        return value.bicep
    if isinstance(value, Mapping):
        lines = [f"{inner}{_key(k)}: {bicep(v, depth + 1)}" for k, v in value.items()]
        return "\n".join(["{", *lines, f"{outer}}}"]) if lines else "{}"
    if isinstance(value, list):
        lines = [f"{inner}{bicep(v, depth + 1)}" for v in value]
        return "\n".join(["[", *lines, f"{outer}]"]) if lines else "[]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{text}'".replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else bicep(name)
