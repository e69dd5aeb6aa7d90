"""One operation from the queue to its true end: sent once, followed by its token, never sent twice."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any

from hotpatch_gui.azure import parse
from hotpatch_gui.azure.gateway import Gateway, Reading
from hotpatch_gui.azure.operations import Look
from hotpatch_gui.domain.arc import EXPIRED, RECONNECT
from hotpatch_gui.domain.installs import asked_minutes
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState, Standby
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import assessments, audit, checks, installations, machines, operations
from hotpatch_gui.store.audit import Event
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import transaction

from . import findings
from .context import Context
from .findings import NotYet
from .patience import patiently
from .scheduler import Job
from .sync import read_machine, read_view

log = logging.getLogger(__name__)
MAX_BACK_OFF_S = 60.0
FIRST_BACK_OFF_S = 2.0
UNKNOWN_LOOKS = 30
"""How many answers without a trace of a lost request are enough, with growing pauses between them."""
TURN_S, BUSY_S = 2.0, 60.0
"""Between looks at whether a request may go: after an earlier one of ours, and after what others asked for."""
TRY_FOR_S = 600.0
"""How long a request that did not reach Azure is tried again; nobody expects one at a later hour."""
SAID_PAUSE_S = 1.0
"""A pause for fewer requests that is worth a word."""
MAX_REFUSED = 10
"""How many answers in a row that do not pass by themselves end the following by the token."""
LOST = (
    "No answer came back, so it is not known whether Azure took the request. It is not sent again."
)


def follow(context: Context, operation_id: int) -> Job:
    """Carry one operation on from whatever state its row is in."""
    operation = operations.read(context.db, operation_id)
    machine = machines.read(context.db, operation.machine_id)
    if machine is None:
        return
    run = _Following(context, operation, machine)
    if operation.state is OperationState.QUEUED and not context.gateway.connection.may_act:
        run.refuse()
    elif operation.state is OperationState.QUEUED:
        yield from run.send()
    elif operation.token is None or operation.state is OperationState.UNKNOWN:
        run.lost(operation.note if operation.state is OperationState.UNKNOWN else LOST)
    else:
        run.token = operation.token
    if run.token is not None:
        yield from run.look_until_done()
    if run.is_unknown:
        yield from run.find_out()


_MOMENTARY = (ProblemKind.OFFLINE, ProblemKind.AZURE_FAILED, ProblemKind.NONSENSE)
"""What may be over in a moment: no network, an Azure that failed, an answer that was cut."""


def _must_have_ended(status: RunStatus) -> None:
    if not status.is_final:
        raise parse.UnreadableError(f"a result that is {status.label.lower()}")


class _Following:
    def __init__(self, context: Context, operation: Operation, machine: Machine) -> None:
        self._c = context
        self._op = operation
        self._machine = machine
        self.token: str | None = None
        self.is_unknown = False
        self._trouble_at: float | None = None
        self._pause_s = FIRST_BACK_OFF_S

    def send(self) -> Job:
        """Claim the row, commit, then send: killed in between, it is unknown and not repeated.

        An installation is only asked for where the machine's last run could be read, so that it can be
        told apart from those before should its answer be lost.
        """
        look: Look | None = None
        while look is None:
            if not (yield from self._is_my_turn()):
                return
            try:
                yield from self._make_ready()
                sent_at = self._c.clock()
                if not self._claim(sent_at):
                    return
                look = self._gateway.begin(self._op.kind, self._machine, self._op.request)
            except ProblemError as error:
                if not (yield from self._is_asked_again(error.problem)):
                    return
        yield from self._keep(look, self._latest_end(sent_at))
        if look.done:
            yield from self._done(look.result)
            return
        self.token = look.token
        self._read_view()
        yield look.delay_s

    def _is_my_turn(self) -> Generator[float, None, bool]:
        """Wait for what was asked for earlier on the machine, as Azure takes one at a time, and where the user
        wants it for what others have asked for; False where somebody cancelled it meanwhile."""
        db, op, said = self._c.db, self._op, ""
        while operations.read(db, op.id).state is OperationState.QUEUED:
            earlier = operations.before(db, op.id)
            if earlier is not None:
                what, pause = f"“{earlier.label}” on this machine", TURN_S
            else:
                what, pause = self._at_work() if op.standby is Standby.WAITS else "", BUSY_S
            if not what:
                return True
            if what != said:
                self._say(f"Waits until {what} has ended.")
                said = what
            yield pause
        return False

    def _at_work(self) -> str:
        """What Azure shows at work on the machine, to be put into a sentence; empty where it shows nothing."""
        reading = self._read_view()
        if reading is None:
            return ""
        run, assessment = reading.run, reading.assessment
        if run is not None and run.status is RunStatus.IN_PROGRESS:
            by = (
                " that Azure"
                if (run.started_by or "").casefold() == "platform"
                else " that somebody"
            )
            return f"an installation{by} began on {run.started:%d %b at %H:%M} UTC"
        if assessment is not None and assessment.status is RunStatus.IN_PROGRESS:
            return "an assessment"
        return ""

    def _is_asked_again(self, problem: Problem) -> Generator[float, None, bool]:
        """Whether a request that Azure did not take goes back into the queue, after the pause that is due."""
        was_sent = operations.read(self._c.db, self._op.id).state is OperationState.SENT
        pause, event, note = BUSY_S, Event.REFUSED, problem.text
        if problem.kind is ProblemKind.THROTTLED:
            pause = problem.retry_after_s or FIRST_BACK_OFF_S
        elif problem.kind is ProblemKind.CONFLICT and self._op.standby is Standby.WAITS:
            note = f"{problem.sentence} It is asked again every minute."
        elif not (was_sent and problem.reached) and self._is_worth_a_try(problem):
            pause, self._pause_s = self._pause_s, min(self._pause_s * 2, MAX_BACK_OFF_S)
            event, note = Event.NOT_SENT, f"{problem.sentence} Nothing was sent yet; trying again."
        else:
            (self._not_accepted if was_sent else self._not_sent)(problem)
            return False
        if was_sent:
            self._move(OperationState.QUEUED, (event, problem.sentence, problem), note=note)
        else:
            self._say(note)
        yield pause
        return True

    def _is_worth_a_try(self, problem: Problem) -> bool:
        """Whether the network's or Azure's trouble is a young one."""
        if problem.kind not in _MOMENTARY:
            return False
        now = time.monotonic()
        self._trouble_at = now if self._trouble_at is None else self._trouble_at
        return now - self._trouble_at < TRY_FOR_S

    def _make_ready(self) -> Job:
        """Read what tells this request's run from those before, and wait until Azure takes another request.

        Raises:
            ProblemError: the reading cannot be, and the request is one that needs it.
        """
        if self._op.kind in (OperationKind.INSTALL, OperationKind.ASSESS):
            try:
                yield from self._read_before()
            except ProblemError:
                if self._op.kind is OperationKind.INSTALL:
                    raise
        if self._op.kind is OperationKind.ENROL:
            yield from self._make_enrolment()
        while (pause := self._gateway.wait_s) > 0:
            yield pause

    def _make_enrolment(self) -> Job:
        """Decide by the licence profile that is there how it is changed."""
        request = yield from patiently(partial(self._gateway.enrol_request, self._machine))
        with transaction(self._c.db):
            operations.set_request(self._c.db, self._op.id, request)
        self._op = self._op._replace(request=request)

    def _claim(self, at: datetime) -> bool:
        """Mark the row as sent, on the disk; False where somebody cancelled it or turned actions off meanwhile."""
        if not self._gateway.connection.may_act:
            self.refuse()
            return False
        if self._machine.arc is not None and self._machine.arc.is_expired:
            self._not_sent(Problem(ProblemKind.REJECTED, EXPIRED, RECONNECT, reached=False))
            return False
        with transaction(self._c.db, durable=True):
            mine = operations.claim(self._c.db, self._op.id, at, "Sending the request to Azure.")
            if mine:
                self._note(Event.SENDING)
        self._c.changed(Changes.to("operations", "calls"))
        return mine

    def refuse(self) -> None:
        """The user has turned actions off, so nothing is sent, whoever queued it."""
        name = self._c.gateway.connection.name
        self._not_sent(
            Problem(
                ProblemKind.FORBIDDEN,
                f"Actions are off for {name}.",
                "Settings › Connections turns them on.",
                reached=False,
            )
        )

    def _read_before(self) -> Job:
        """What the machine's history is, so that what comes of a request can be told apart. The last run of an
        Arc-enabled server is in Resource Graph alone."""
        if self._machine.arc is not None:
            yield from read_machine(self._c, self._op.machine_id)
        else:
            yield from patiently(
                partial(read_view, self._c, self._op.machine_id, self._machine), most=inf
            )

    def _keep(self, look: Look, latest_end: datetime | None) -> Job:
        """Store the token: without it nobody could follow the operation, so a locked file is waited out."""
        while True:
            try:
                self._move(
                    OperationState.RUNNING, (Event.ACCEPTED, "", look), durable=True, token=look.token,
                    latest_end=latest_end, note="Azure has taken the request.",
                    request_id=look.request_id,
                )  # fmt: skip
            except sqlite3.OperationalError as error:
                log.warning("operation %s: its token is not stored yet: %s", self._op.id, error)
                yield FIRST_BACK_OFF_S
            else:
                return

    def look_until_done(self) -> Job:
        """Ask when due until Azure says how it ended; trouble on the way only lengthens the pauses."""
        back_off = FIRST_BACK_OFF_S
        refused = 0
        while not self._c.stopping.is_set():
            try:
                look = yield from patiently(self._look, self._say_slow)
            except ProblemError as error:
                problem = error.problem
                if problem.ended:
                    yield from self._end(OperationState.FAILED, problem.sentence, problem)
                    return
                refused = 0 if problem.kind.passes else refused + 1
                if problem.kind is ProblemKind.NOT_FOUND or refused >= MAX_REFUSED:
                    self.lost(
                        f"{problem.sentence} What became of the request is read from the machine."
                    )
                    return
                note = f"{problem.sentence} The operation goes on in Azure; asking again."
                self._move(OperationState.RUNNING, note=note)
                yield max(problem.retry_after_s or 0.0, back_off)
                back_off = min(back_off * 2, MAX_BACK_OFF_S)
                continue
            back_off, refused = FIRST_BACK_OFF_S, 0
            if look.done:
                yield from self._done(look.result)
                return
            if look.token != self.token:
                self.token = look.token
                self._move(OperationState.RUNNING, token=look.token)
            self._show_progress()
            yield look.delay_s

    def _say_slow(self, pause: float) -> None:
        if pause >= SAID_PAUSE_S:
            note = f"Azure wants fewer requests; asked again in {pause:.0f} s. The operation goes on in Azure."
            self._move(OperationState.RUNNING, note=note)

    def lost(self, note: str = LOST) -> None:
        """Only what Azure shows of the machine can say what became of the request."""
        self.is_unknown = True
        is_news = operations.read(self._c.db, self._op.id).state is not OperationState.UNKNOWN
        event = (Event.LOST, note, None) if is_news else None
        self._move(OperationState.UNKNOWN, event, note=note)

    def find_out(self) -> Job:
        """Read the machine until it shows what became of the request, or the user dismisses it."""
        pause, answered = FIRST_BACK_OFF_S, 0
        while not self._c.stopping.is_set():
            if operations.read(self._c.db, self._op.id).state.is_final:
                return
            try:
                yield from read_machine(self._c, self._op.machine_id)
                finding = findings.read(self._c.db, self._op.id)
                if isinstance(finding, findings.Found):
                    self._move(
                        finding.state, (Event.ENDED, f"{finding.state}: {finding.note}", None),
                        at=self._c.clock(), note=finding.note, run_id=finding.run_id,
                    )  # fmt: skip
                    return
                answered = 0 if finding is NotYet.GOES_ON else answered + 1
                if finding is NotYet.GOES_ON:
                    self._move(
                        OperationState.UNKNOWN,
                        note="No answer came back, but Azure shows it at work. It is not sent again.",
                    )
                elif finding is NotYet.UNTOLD or answered >= UNKNOWN_LOOKS:
                    self._move(OperationState.UNKNOWN, note=finding.value)
                    return
            except ProblemError as error:
                log.info("cannot find out about operation %s yet: %s", self._op.id, error)
            yield pause
            pause = min(pause * 1.5, MAX_BACK_OFF_S)

    def _not_accepted(self, problem: Problem) -> None:
        if problem.reached and problem.kind in (
            ProblemKind.OFFLINE, ProblemKind.AZURE_FAILED, ProblemKind.NONSENSE,
        ):  # fmt: skip
            self.lost()
        elif problem.kind is ProblemKind.CONFLICT:
            what = self._at_work()
            named = f" At work there is {what}." if what else ""
            self._not_sent(
                problem._replace(sentence=f"{problem.sentence}{named}"), standby=Standby.OFFERED
            )
        else:
            self._not_sent(problem)

    def _not_sent(self, problem: Problem, **fields: Any) -> None:
        if problem.kind is ProblemKind.NOT_SIGNED_IN:
            self._c.failed(problem._replace(connection_id=self._c.connection_id))
        was_sent = operations.read(self._c.db, self._op.id).state is OperationState.SENT
        event = Event.REFUSED if was_sent else Event.NOT_SENT
        self._move(
            OperationState.FAILED, (event, problem.sentence, problem), at=self._c.clock(),
            code=problem.code, request_id=problem.request_id,
            note=f"{problem.sentence} Nothing was started." if problem.kind.passes else problem.text,
            **fields,
        )  # fmt: skip

    def _done(self, result: Mapping[str, Any]) -> Job:
        try:
            failure, run_id = self._take(result)
        except (parse.UnreadableError, ValueError, TypeError) as error:
            log.warning("result of operation %s could not be read: %s", self._op.id, error)
            self.lost(
                "Azure says that it has ended, but its result cannot be read; the machine is read instead."
            )
            return
        if failure is None:
            yield from self._end(OperationState.SUCCEEDED, self._success_text(), run_id=run_id)
        else:
            yield from self._end(OperationState.FAILED, failure, run_id=run_id)

    def _take(self, result: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Write the operation's own result; (why it failed or None, run id or None).

        Raises:
            UnreadableError, ValueError, TypeError: it is no result, or not one that has ended.
        """
        db, machine_id, now = self._c.db, self._op.machine_id, self._c.clock()
        if self._op.kind is OperationKind.ASSESS:
            is_arc = self._machine.arc is not None
            found = parse.arc_assessment(result) if is_arc else parse.arm_assessment(result, now)
            _must_have_ended(found.status)
            with transaction(db):
                assessments.save(db, [(machine_id, found)], now)
                if found.status.is_good:
                    number = assessments.next_pass(db)
                    listed = [(machine_id, u) for u in found.updates or ()]
                    assessments.save_updates(db, listed, now, number)
                    assessments.drop_unseen(db, [machine_id], number)
                    assessments.set_in_graph(db, [machine_id])
            return (
                found.error or "Azure gave no reason."
            ) if found.status is RunStatus.FAILED else None, None
        if self._op.kind is OperationKind.INSTALL:
            run = parse.graph_run(result, None)
            _must_have_ended(run.status)
            with transaction(db):
                installations.save(db, [(machine_id, run)], now)
                row = installations.run_row_ids(db, [(machine_id, run.run_id)])[
                    machine_id, run.run_id.lower()
                ]
                updates = [
                    parse.run_update(parse.mapping(p)) for p in parse.items(result.get("patches"))
                ]
                installations.save_updates(db, [(row, u) for u in updates])
            failed = run.status is RunStatus.FAILED
            why = "; ".join(m for _, m in run.errors) or "Azure gave no reason."
            return (why if failed else None), run.run_id
        return None, None

    def _end(
        self,
        state: OperationState,
        note: str,
        problem: Problem | None = None,
        run_id: str | None = None,
    ) -> Job:
        """Read the machine again, then write the end: who sees the end sees what is now true."""
        try:
            yield from read_machine(self._c, self._op.machine_id)
        except ProblemError as error:
            note = f"{note} The machine could not be read again: {error.problem.sentence}"
        self._move(
            state, (Event.ENDED, f"{state.value.capitalize()}: {note}", problem), at=self._c.clock(), note=note, run_id=run_id,
            code=problem.code if problem else None, request_id=problem.request_id if problem else None,
        )  # fmt: skip
        if self._op.kind is OperationKind.RESTART and state is OperationState.SUCCEEDED:
            # only an assessment tells whether a restart is still pending
            operations.follow_up(
                self._c.db, OperationKind.ASSESS, self._op.machine_id, self._c.clock()
            )
            self._c.changed(Changes.to("operations"))
            self._c.take_operations()

    def _success_text(self) -> str:
        return {
            OperationKind.ASSESS: "Assessed.",
            OperationKind.INSTALL: "The installation has ended.",
            OperationKind.RESTART: "Restarted; an assessment follows, to see what is still pending.",
            OperationKind.SETTINGS: "The settings are changed.",
            OperationKind.ENROL: "Enrolled; hotpatches come from the next baseline on.",
            OperationKind.DISENROL: "The enrolment has ended.",
        }[self._op.kind]

    def _show_progress(self) -> None:
        """Where the operation is, as far as the machine's instance view tells."""
        reading = self._read_view() if self._op.kind is OperationKind.INSTALL else None
        run = reading.run if reading is not None else None
        if run is None or run.status is not RunStatus.IN_PROGRESS:
            return
        done = (run.installed or 0) + (run.failed or 0)
        total = done + (run.pending or 0)
        note = f"{done} of {total} updates done." if total else "Looking for updates."
        self._say(note, done, total)

    def _say(self, note: str, done: int | None = None, total: int | None = None) -> None:
        """Where the operation is, in its row; the state stays."""
        with transaction(self._c.db):
            operations.progress(self._c.db, self._op.id, done, total, note)
        self._c.changed(Changes.to("operations"))

    def _read_view(self) -> Reading | None:
        try:
            return read_view(self._c, self._op.machine_id, self._machine)
        except ProblemError as error:
            log.info("no instance view of %s now: %s", self._machine.name, error)
            return None

    def _look(self) -> Look:
        assert self.token is not None
        return self._gateway.look(self._op.kind, self._machine, self._op.request, self.token)

    def _latest_end(self, sent_at: datetime) -> datetime | None:
        """Until when Azure may go on with an installation, if the request limits it."""
        minutes = (
            asked_minutes(self._op.request) if self._op.kind is OperationKind.INSTALL else None
        )
        return sent_at + timedelta(minutes=minutes) if minutes is not None else None

    def _move(
        self, state: OperationState, event: tuple[Event, str, Problem | Look | None] | None = None,
        *, durable: bool = False, **fields: Any,
    ) -> bool:  # fmt: skip
        """Change the row's state, with the line of the audit log that belongs to it; at the end, hold the machine's
        runs against what is known of it now."""
        touched = ["operations", *(["calls"] if event else [])]
        with transaction(self._c.db, durable=durable):
            moved = operations.move(self._c.db, self._op.id, state, **fields)
            if moved and event is not None:
                self._note(*event)
            if moved and state.is_final and checks.check_runs(self._c.db, [self._op.machine_id]):
                touched.append("installations")
        self._c.changed(Changes.to(*touched))
        return moved

    def _note(self, event: Event, result: str = "", of: Problem | Look | None = None) -> None:
        """A line of the audit log, inside the caller's transaction."""
        code = of.code if isinstance(of, Problem) else ""
        request_id = of.request_id if of is not None else ""
        log.info(
            "operation %s, %s on %s: %s %s %s (request %s)", self._op.id, self._op.kind, self._machine.name, event,
            result, code, request_id or "without an ID",
        )  # fmt: skip
        audit.add(
            self._c.db, self._op.id, self._gateway.connection, event, self._c.clock(),
            result=result, code=code, request_id=request_id,
        )  # fmt: skip

    @property
    def _gateway(self) -> Gateway:
        return self._c.gateway
