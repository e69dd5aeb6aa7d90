"""Deployments of new machines as the window shows them."""

from __future__ import annotations

from collections.abc import Sequence

from hotpatch_gui.domain.deployments import Effect, WhatIfChange
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store import deployments
from hotpatch_gui.store.deployments import StoredDeployment
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .checked import CheckedRow
from .source import DataSource

tr = translator("DeploymentsModel")

HEADS = (tr.mark("Resource"), tr.mark("Type"), tr.mark("Change"))
MAX_ROWS = 200
"""Resources that are listed."""
_GLYPHS = {
    OperationState.SUCCEEDED: Glyph.OK,
    OperationState.FAILED: Glyph.ERROR,
    OperationState.CANCELED: Glyph.OFF,
    OperationState.UNKNOWN: Glyph.UNKNOWN,
    OperationState.DISMISSED: Glyph.UNKNOWN,
}


def what_if_rows(changes: Sequence[WhatIfChange]) -> list[CheckedRow]:
    """The effects of a deployment, a row per resource: the deployment's own ones first."""
    ordered = sorted(
        changes, key=lambda one: (one.effect is Effect.IGNORE, one.effect is Effect.NO_CHANGE)
    )
    rows = [
        CheckedRow(n, (one.name, one.kind, one.effect.label), True)
        for n, one in enumerate(ordered[:MAX_ROWS])
    ]
    if len(ordered) > MAX_ROWS:
        more = tr("and %n more", len(ordered) - MAX_ROWS)
        rows.append(CheckedRow(MAX_ROWS, (more, "", ""), True))
    return rows


def glyph_of(row: StoredDeployment) -> Glyph:
    """The state's symbol."""
    return _GLYPHS.get(row.state, Glyph.RUNNING)


def title_of(row: StoredDeployment) -> str:
    """How it ended, in a few words."""
    return tr("Create {machine}: {state}", machine=row.deployment.machine, state=row.state.label)


def latest(source: DataSource, resource_id: str) -> StoredDeployment | None:
    """The last deployment with this resource ID; None if it isn't stored."""
    return source.read(lambda db: deployments.latest(db, resource_id), None)
