"""Connections, their sign-in and their subscriptions."""

from __future__ import annotations

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.store import connections, sync_state
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .connection_state import needs_sign_in
from .source import DataSource

tr = translator("ConnectionList")


def read_all(source: DataSource) -> list[tuple[Connection, SyncState]]:
    """Each connection with its last sync."""
    states = {s.connection_id: s for s in source.read_list(sync_state.sync_states)}
    return [(c, states.get(c.id, SyncState())) for c in source.read_list(connections.read_all)]


def subscriptions(source: DataSource, connection_id: int) -> list[tuple[str, str, bool]]:
    """(ID, name, whether it is selected) of the account's subscriptions."""
    return source.read_list(lambda db: connections.subscriptions(db, connection_id))


def works(source: DataSource, connection_id: int) -> bool:
    """Whether no problem of its sync is stored, as before the first one."""
    states = source.read_list(sync_state.sync_states)
    return any(s.connection_id == connection_id and not s.problem for s in states)


def name_of(source: DataSource, connection_id: int) -> str:
    """The connection's name; empty if there is none."""
    found = source.read(lambda db: connections.read(db, connection_id), None)
    return found.name if found is not None else ""


def id_of(source: DataSource, name: str) -> int:
    """The newest connection with this name; 0 if there is none."""
    found = [c.id for c in source.read_list(connections.read_all) if c.name == name]
    return max(found, default=0)


def sign_in_text(connection: Connection, state: SyncState) -> str:
    """The sign-in's state as text."""
    if not connection.cloud.needs_sign_in:
        return tr("No sign-in needed")
    if needs_sign_in(state):
        return tr("Sign-in has expired") if connection.account else tr("Not signed in")
    if state.problem and not connection.account:
        return state.problem
    return (
        f"{connection.account} ({connection.method.label})"
        if connection.account
        else tr("Not signed in yet")
    )


def sign_in_glyph(connection: Connection, state: SyncState) -> Glyph:
    """The sign-in's state as a glyph."""
    if needs_sign_in(state):
        return Glyph.WARNING
    if state.problem:
        return Glyph.ERROR
    is_known = bool(connection.account) or not connection.cloud.needs_sign_in
    return Glyph.OK if is_known else Glyph.UNKNOWN
