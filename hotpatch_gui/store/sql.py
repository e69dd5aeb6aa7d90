"""SQL lists made from enums, so that each rule is stated once."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hotpatch_gui.domain.operations import OperationKind, OperationState

IN_JSON = "(SELECT value FROM json_each(?))"
"""Any number of IDs, bound as one value by ``as_list``."""


def as_list(ids: Iterable[int | str]) -> str:
    """The parameter of IN_JSON for these IDs."""
    return json.dumps(list(ids))


def quoted(values: Iterable[str]) -> str:
    """Enum values as an SQL list."""
    doubled = (value.replace("'", "''") for value in values)
    return "(" + ", ".join(f"'{value}'" for value in doubled) + ")"


OPEN = quoted(s.value for s in OperationState if not s.is_final)
"""States of unfinished operations."""
UNDER_WAY = quoted(s.value for s in OperationState if s.is_under_way)
"""States in which Azure may be working on an operation's machine."""
BEFORE_OTHERS = quoted(
    s.value for s in OperationState if not s.is_final and s is not OperationState.UNKNOWN
)
"""States of operations for which later ones on the same machine wait."""
FAILED_OR_UNKNOWN = quoted(s.value for s in OperationState if s.is_failed_or_unknown)
"""States of operations that failed or have an unknown result."""
KINDS = quoted(k.value for k in OperationKind)
