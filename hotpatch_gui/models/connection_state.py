"""The state of connections and their last sync, for the window's frame. In the first paint."""

from __future__ import annotations

from typing import NamedTuple

from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.store import additional_lists, sync_state
from hotpatch_gui.translation import translator

from .display_text import list_text
from .source import DataSource

tr = translator("State")


def combined_sync_state(source: DataSource) -> SyncState:
    """The state of all connections as one."""
    return source.read(sync_state.sync_state, SyncState())


def sync_states(source: DataSource) -> list[SyncState]:
    """The state of each connection."""
    return source.read_list(sync_state.sync_states)


def needs_sign_in(state: SyncState) -> bool:
    """Whether signing in may solve the last sync's problem."""
    return state.problem_kind in (ProblemKind.NOT_SIGNED_IN, ProblemKind.TOKEN_REJECTED)


def problem_level(state: SyncState) -> Level:
    """How serious the last sync's problem is: what another try or a sign-in may solve is a warning."""
    passes = state.problem_kind == ProblemKind.OFFLINE or needs_sign_in(state)
    return Level.WARNING if passes else Level.ERROR


def is_connected(source: DataSource) -> bool:
    """Whether there is a connection; True while the file can't be read."""
    return source.read(lambda db: bool(sync_state.sync_states(db)), instead=True)


def connection_names(source: DataSource) -> str:
    """Connections with their subscriptions in one line."""
    return " · ".join(source.read_list(sync_state.connection_names))


class Missing(NamedTuple):
    """Lists that the last syncs couldn't read: names and sentences."""

    names: str = ""
    sentences: str = ""


def missing(source: DataSource) -> Missing:
    """Lists that the last syncs couldn't read."""
    found = source.read_list(additional_lists.missing)
    return Missing(
        ", ".join(dict.fromkeys(list_text(m.what) for m in found)),
        "\n".join(
            tr(
                "{connection}, {what}: {problem} Showing earlier data.",
                connection=m.connection,
                what=list_text(m.what),
                problem=m.problem,
            )
            for m in found
        ),
    )
