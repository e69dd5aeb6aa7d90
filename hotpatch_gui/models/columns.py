"""Columns of every table, with the portal's words and order."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.titles import short_title
from hotpatch_gui.domain.update_errors import explained
from hotpatch_gui.domain.updates import Classification, outside_program
from hotpatch_gui.store.history_rows import KbRow, UpdateRow
from hotpatch_gui.store.rows import OperationRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.translation import translator

from . import discrepancies, display_text, operation_text, update_text
from .row_model import Column, field, time_of

tr = translator("Columns")


def _program_tip(row: UpdateRow | KbRow, _: datetime) -> str:
    if row.release_kind:
        release_kind = update_text.release_text(row.release_kind)
        return tr("Kind in the hotpatch calendar: {release_kind}", release_kind=release_kind)
    return outside_program(row.name, Classification.parse(row.classification))


def _name_tip(row: UpdateRow | KbRow, now: datetime) -> str:
    return f"{row.name}\n{_program_tip(row, now)}"


def _short_name(row: UpdateRow | KbRow) -> str:
    """The title without its KB, which has a column."""
    return row.name.removesuffix(f" ({row.kb})")


def _took(row: OperationRow, now: datetime) -> str:
    if row.sent_at is None:
        return display_text.NOTHING
    ended = row.ended_at
    if ended is not None:
        return display_text.duration_text(row.sent_at, ended)
    begun = from_text(row.sent_at)
    return display_text.span_text(max(now - begun, timedelta(0))) if begun else display_text.NOTHING


_NAME = Column(
    "name",
    tr.mark("Update"),
    194,
    lambda r, _: short_title(r.name, r.kb),
    tip=_name_tip,
    sort="name",
    raw=_short_name,
)
_KB = Column("kb", "KB", 100, lambda r, _: r.kb or display_text.NOTHING, sort="kb")
_CLASS = Column(
    "classification",
    tr.mark("Classification"),
    108,
    lambda r, _: update_text.classification_text(r.classification),
    sort="classification",
)
_SEVERITY = Column(
    "severity",
    tr.mark("Severity"),
    86,
    lambda r, _: r.severity or display_text.NOTHING,
    sort="severity",
)
_AGE = Column(
    "age",
    tr.mark("Age"),
    64,
    lambda r, now: display_text.age_days(r.published_at, now),
    tip=lambda r, _: tr("Published {day}", day=display_text.day_text(r.published_at)),
    right=True,
    sort="published",
)
_RESTART = Column(
    "restart",
    tr.mark("Restart"),
    118,
    lambda r, _: update_text.restart_of(r).label,
    glyph=lambda r: update_text.RESTART_GLYPHS.get(update_text.restart_of(r)),
    sort="restart",
)
_PUBLISHED = Column(
    "published",
    tr.mark("Published"),
    100,
    lambda r, _: display_text.day_text(r.published_at),
    sort="published",
    raw=time_of("published_at"),
)
_RELEASE = Column(
    "release",
    tr.mark("Release"),
    130,
    lambda r, _: update_text.release_text(r.release_kind),
    tip=_program_tip,
    hidden=True,
)

COMPLIANCE = (
    Column(
        "machine", tr.mark("Machine"), 120, lambda r, _: r.machine_name, sort="machine", hidden=True
    ),
    _NAME,
    _KB,
    _CLASS,
    _SEVERITY,
    _RESTART,
    _PUBLISHED,
    _AGE,
    Column(
        "by",
        tr.mark("Installed by"),
        94,
        lambda r, _: update_text.installed_by(r),
        tip=lambda r, _: update_text.installed_by_tip(r),
    ),
    _RELEASE,
)

KBS = (
    _NAME._replace(width_px=236),
    _KB,
    Column("product", tr.mark("Product"), 104, lambda r, _: update_text.servers_text(r.products)),
    _CLASS,
    _SEVERITY._replace(hidden=True),
    _RESTART._replace(width_px=110),
    Column(
        "machines",
        tr.mark("Missing on"),
        84,
        lambda r, _: display_text.number(r.machines),
        right=True,
        raw=field("machines"),
        sort="machines",
    ),
    Column(
        "running",
        tr.mark("Missing, running"),
        124,
        lambda r, _: display_text.number(r.running),
        right=True,
        raw=field("running"),
        hidden=True,
    ),
    Column(
        "installed",
        tr.mark("Installed on"),
        92,
        lambda r, _: display_text.number(r.installed),
        right=True,
        raw=field("installed"),
    ),
    Column(
        "failed",
        tr.mark("Failed on"),
        76,
        lambda r, _: display_text.number(r.failed),
        right=True,
        raw=field("failed"),
    ),
    _PUBLISHED._replace(hidden=True),
    _AGE,
    _RELEASE._replace(hidden=False, width_px=126),
)

KB_MACHINES = (
    Column("name", tr.mark("Machine"), 180, lambda r, _: r.name, sort="name"),
    Column(
        "state",
        tr.mark("State"),
        150,
        lambda r, _: update_text.kb_state_text(r),
        glyph=update_text.kb_state_glyph,
    ),
    Column(
        "run",
        tr.mark("Last run"),
        140,
        lambda r, _: display_text.time_text(r.run_at),
        sort="run_at",
        raw=time_of("run_at"),
    ),
    Column(
        "error",
        tr.mark("Error"),
        300,
        lambda r, _: r.error or display_text.NOTHING,
        tip=lambda r, _: f"{r.error}\n{explained(r.error)}".strip() if r.error else "",
        sort="error",
    ),
    Column(
        "group",
        tr.mark("Resource group"),
        128,
        lambda r, _: r.resource_group,
        sort="resource_group",
    ),
    Column("power", tr.mark("Power state"), 104, lambda r, _: PowerState.parse(r.power).label),
    Column(
        "hotpatch",
        tr.mark("Hotpatch"),
        120,
        lambda r, _: display_text.hotpatch_text(r.hotpatch_status),
        sort="hotpatch_status",
    ),
)

HISTORY = (
    Column(
        "machine", tr.mark("Machine"), 120, lambda r, _: r.machine_name, sort="machine", hidden=True
    ),
    Column(
        "started",
        tr.mark("Started"),
        148,
        lambda r, _: display_text.time_text(r.started_at),
        raw=time_of("started_at"),
        tip=lambda r, now: display_text.time_tip(r.started_at, now),
        sort="started",
    ),
    Column(
        "status",
        tr.mark("Status"),
        200,
        lambda r, _: update_text.run_status_text(r),
        tip=lambda r, _: update_text.run_error_text(r),
        glyph=update_text.run_glyph,
        sort="status",
    ),
    Column(
        "started_by",
        tr.mark("Started by"),
        132,
        lambda r, _: update_text.started_by_text(r.started_by),
        sort="started_by",
    ),
    Column(
        "installed",
        tr.mark("Installed"),
        78,
        lambda r, _: display_text.number(r.installed),
        right=True,
        raw=field("installed"),
        sort="installed",
    ),
    Column(
        "failed",
        tr.mark("Failed"),
        62,
        lambda r, _: display_text.number(r.failed),
        right=True,
        raw=field("failed"),
        sort="failed",
    ),
    Column(
        "pending",
        tr.mark("Pending"),
        72,
        lambda r, _: display_text.number(r.pending),
        right=True,
        raw=field("pending"),
        sort="pending",
    ),
    Column(
        "restart",
        tr.mark("Restart"),
        104,
        lambda r, _: update_text.restart_status_text(r.restart_status),
        sort="restart",
    ),
    Column(
        "duration",
        tr.mark("Duration"),
        78,
        lambda r, _: display_text.duration_text(r.started_at, r.modified_at),
        right=True,
        sort="duration",
        raw=lambda r: display_text.minutes_between(r.started_at, r.modified_at),
        export_title=tr.mark("Duration (min)"),
    ),
    Column(
        "discrepancies",
        tr.mark("Verified"),
        190,
        lambda r, _: discrepancies.text(r),
        glyph=discrepancies.glyph,
        tip=lambda r, _: "\n".join(discrepancies.sentences(r)),
        sort="discrepancies",
    ),
    Column(
        "error",
        tr.mark("Error"),
        240,
        lambda r, _: update_text.run_error_text(r) or display_text.NOTHING,
        tip=lambda r, _: update_text.run_error_text(r),
        sort="error",
        hidden=True,
    ),
    Column("run", tr.mark("Run ID"), 270, lambda r, _: r.run_id, sort="run", hidden=True),
)

REQUEST_TIMES = (
    Column(
        "created",
        tr.mark("Requested"),
        148,
        lambda r, _: display_text.time_text(r.created_at),
        raw=time_of("created_at"),
        tip=lambda r, now: display_text.time_tip(r.created_at, now),
        sort="created",
    ),
    Column(
        "ended",
        tr.mark("Finished"),
        148,
        lambda r, _: display_text.time_text(r.ended_at),
        raw=time_of("ended_at"),
        tip=lambda r, now: display_text.time_tip(r.ended_at, now),
        sort="ended",
    ),
    Column(
        "took",
        tr.mark("Duration"),
        84,
        _took,
        right=True,
        raw=lambda r: display_text.minutes_between(r.sent_at, r.ended_at),
        export_title=tr.mark("Duration (min)"),
    ),
)
"""When it was requested, when it finished, and how long it took."""

STATE = Column(
    "state",
    tr.mark("State"),
    150,
    lambda r, _: operation_text.text(r),
    glyph=operation_text.glyph,
    sort="state",
)
REQUESTED_BY = Column(
    "requested_by",
    tr.mark("Requested by"),
    112,
    lambda r, _: r.requested_by or display_text.NOTHING,
    sort="requested_by",
)

OPERATIONS = (
    STATE,
    Column("kind", tr.mark("Operation"), 152, lambda r, _: operation_text.kind(r), sort="kind"),
    Column("machine", tr.mark("Machine"), 130, lambda r, _: r.machine_name, sort="machine"),
    Column(
        "note",
        tr.mark("Details"),
        300,
        lambda r, _: operation_text.note(r),
        tip=lambda r, _: r.note,
    ),
    Column(
        "wave", tr.mark("Wave"), 110, lambda r, _: operation_text.wave(r), sort="wave", hidden=True
    ),
    *REQUEST_TIMES,
)

CALLS = (
    Column(
        "at",
        tr.mark("When"),
        150,
        lambda r, _: display_text.time_text(r.at),
        raw=time_of("at"),
        tip=lambda r, now: display_text.time_tip(r.at, now),
        sort="at",
    ),
    Column(
        "event",
        tr.mark("Event"),
        116,
        lambda r, _: operation_text.event(r),
        glyph=operation_text.call_glyph,
        sort="event",
    ),
    Column("kind", tr.mark("Call"), 150, lambda r, _: operation_text.kind(r), sort="kind"),
    Column("machine", tr.mark("Machine"), 120, lambda r, _: r.machine, sort="machine"),
    Column(
        "account",
        tr.mark("Account"),
        122,
        lambda r, _: r.account or tr("No sign-in"),
        sort="account",
    ),
    Column(
        "requested_by",
        tr.mark("Requested by"),
        108,
        lambda r, _: r.requested_by or display_text.NOTHING,
    ),
    Column(
        "result",
        tr.mark("Result"),
        180,
        lambda r, _: r.result or display_text.NOTHING,
        tip=lambda r, _: r.result,
    ),
    Column(
        "connection",
        tr.mark("Connection"),
        120,
        lambda r, _: r.connection,
        sort="connection",
        hidden=True,
    ),
    Column("code", tr.mark("Code"), 120, lambda r, _: r.code or display_text.NOTHING, hidden=True),
    Column(
        "request_id", tr.mark("Request ID"), 256, lambda r, _: r.request_id or display_text.NOTHING
    ),
    Column(
        "body",
        tr.mark("Body"),
        260,
        lambda r, _: r.body or display_text.NOTHING,
        tip=lambda r, _: r.body,
        hidden=True,
    ),
    Column("resource_id", tr.mark("Resource ID"), 300, lambda r, _: r.resource_id, hidden=True),
)
