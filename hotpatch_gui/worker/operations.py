"""One operation from the queue to its true end: sent once, followed by its token, never sent twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hotpatch_gui.azure import parse
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.azure.operations import Look
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import assessments, installations, machines, operations
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import transaction
from hotpatch_gui.store.times import to_text

from .context import Context
from .scheduler import Job
from .sync import read_machine, read_view

log = logging.getLogger(__name__)
MAX_BACK_OFF_S = 60.0
FIRST_BACK_OFF_S = 2.0
UNKNOWN_LOOKS = 30
"""How often Azure is asked what became of a request whose answer was lost, with growing pauses."""
CLOCK_SKEW = timedelta(minutes=2)


def follow(context: Context, operation_id: int) -> Job:
    """Carry one operation on from whatever state its row is in."""
    operation = operations.read(context.db, operation_id)
    machine = machines.read(context.db, operation.machine_id)
    if machine is None:
        return
    run = _Following(context, operation, machine)
    if operation.state is OperationState.QUEUED:
        yield from run.send()
    elif operation.token is None:
        run.lost(operation.state)
    else:
        run.token = operation.token
    if run.token is not None:
        yield from run.look_until_done()
    if run.is_unknown:
        yield from run.find_out()


class _Following:
    def __init__(self, context: Context, operation: Operation, machine: Machine) -> None:
        self._c = context
        self._op = operation
        self._machine = machine
        self.token: str | None = None
        self.is_unknown = False

    def send(self) -> Job:
        """Mark the row sent, commit, then send: killed in between, it is unknown and not repeated."""
        sent_at = self._c.clock()
        if not self._move(OperationState.SENT, at=sent_at, note="Sending the request to Azure."):
            return
        try:
            look = self._gateway.begin(self._op.kind, self._machine, self._op.request)
        except ProblemError as error:
            yield from self._not_accepted(error.problem)
            return
        self.token = look.token
        latest = self._latest_end(sent_at)
        self._move(
            OperationState.RUNNING,
            token=look.token,
            latest_end=latest,
            note="Azure has taken the request.",
        )
        if look.done:
            self.token = None
            yield from self._done(look.result)
            return
        self._read_view()
        yield look.delay_s

    def look_until_done(self) -> Job:
        """Ask when due until Azure says how it ended; trouble on the way only lengthens the pauses."""
        back_off = FIRST_BACK_OFF_S
        while not self._c.stopping.is_set():
            try:
                look = self._look()
            except ProblemError as error:
                problem = error.problem
                if problem.kind is ProblemKind.NOT_FOUND:
                    self.lost(OperationState.RUNNING)
                    return
                if problem.ended:
                    yield from self._end(OperationState.FAILED, problem.sentence, problem)
                    return
                note = f"{problem.sentence} The operation goes on in Azure; asking again."
                self._move(OperationState.RUNNING, note=note)
                yield max(problem.retry_after_s or 0.0, back_off)
                back_off = min(back_off * 2, MAX_BACK_OFF_S)
                continue
            back_off = FIRST_BACK_OFF_S
            if look.done:
                yield from self._done(look.result)
                return
            self._show_progress()
            yield look.delay_s

    def lost(self, state: OperationState) -> None:
        """No answer and no token: only Azure can say whether the request arrived."""
        self.is_unknown = True
        if state is not OperationState.UNKNOWN:
            note = "No answer came back, so it is not known whether Azure took the request. It is not sent again."
            self._move(OperationState.UNKNOWN, note=note)

    def find_out(self) -> Job:
        """Read Azure until it shows what became of the request."""
        pause = FIRST_BACK_OFF_S
        for _ in range(UNKNOWN_LOOKS):
            if self._c.stopping.is_set():
                return
            try:
                yield from read_machine(self._c, self._op.machine_id)
                if self._found():
                    return
            except ProblemError as error:
                log.info("cannot find out about operation %s yet: %s", self._op.id, error)
            yield pause
            pause = min(pause * 1.5, MAX_BACK_OFF_S)
        self._move(
            OperationState.UNKNOWN,
            note="Azure shows no trace of this request. Check the machine in the portal before asking again.",
        )

    def _found(self) -> bool:
        """Whether what was read shows how the request ended."""
        db, op = self._c.db, operations.read(self._c.db, self._op.id)
        since = to_text((op.sent or op.created) - CLOCK_SKEW) or ""
        if op.kind is OperationKind.INSTALL:
            row = installations.run_after(db, op.machine_id, since)
            status = RunStatus.parse(row["status"]) if row else RunStatus.UNKNOWN
            if row is None or status in (
                RunStatus.IN_PROGRESS,
                RunStatus.NOT_STARTED,
                RunStatus.UNKNOWN,
            ):
                return False
            state = (
                OperationState.FAILED if status is RunStatus.FAILED else OperationState.SUCCEEDED
            )
            return self._move(
                state, at=self._c.clock(), run_id=row["run_id"],
                note=f"Azure shows the installation: {status.label.lower()}.",
            )  # fmt: skip
        if op.kind is OperationKind.ASSESS and assessments.assessed_after(db, op.machine_id, since):
            return self._move(
                OperationState.SUCCEEDED, at=self._c.clock(), note="Azure shows the assessment."
            )
        if op.kind is OperationKind.SETTINGS and self._settings_are_so(op):
            return self._move(
                OperationState.SUCCEEDED,
                at=self._c.clock(),
                note="The machine has the settings asked for.",
            )
        return False

    def _settings_are_so(self, op: Operation) -> bool:
        machine = machines.read(self._c.db, op.machine_id)
        wanted = parse.mapping(json.loads(op.request or "{}"))
        windows = parse.mapping(
            parse.mapping(parse.mapping(wanted.get("properties")).get("osProfile")).get(
                "windowsConfiguration"
            )
        )
        asked = parse.settings(windows)
        return machine is not None and (
            machine.settings.patch_mode is asked.patch_mode
            and machine.settings.hotpatch_enabled == asked.hotpatch_enabled
            and machine.settings.assessment_mode is asked.assessment_mode
        )

    def _not_accepted(self, problem: Problem) -> Job:
        if problem.kind is ProblemKind.THROTTLED:
            self._move(OperationState.QUEUED, note=problem.text)
            yield problem.retry_after_s or FIRST_BACK_OFF_S
            yield from self.send()
        elif problem.reached and problem.kind in (
            ProblemKind.OFFLINE, ProblemKind.AZURE_FAILED, ProblemKind.NONSENSE,
        ):  # fmt: skip
            self.lost(OperationState.SENT)
        else:
            self._move(
                OperationState.FAILED, at=self._c.clock(), note=problem.text, code=problem.code,
                request_id=problem.request_id,
            )  # fmt: skip

    def _done(self, result: Mapping[str, Any]) -> Job:
        try:
            failure, run_id = self._take(result)
        except (parse.UnreadableError, ValueError, TypeError) as error:
            log.warning("result of operation %s could not be read: %s", self._op.id, error)
            failure, run_id = None, None
        if failure is None:
            yield from self._end(OperationState.SUCCEEDED, self._success_text(), run_id=run_id)
        else:
            yield from self._end(OperationState.FAILED, failure, run_id=run_id)

    def _take(self, result: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Write the operation's own result; (why it failed or None, run id or None)."""
        db, machine_id, now = self._c.db, self._op.machine_id, self._c.clock()
        if self._op.kind is OperationKind.ASSESS:
            found = parse.arm_assessment(result, now)
            with transaction(db):
                assessments.save(db, [(machine_id, found)], now)
                if found.status is not RunStatus.FAILED and found.updates is not None:
                    number = assessments.next_pass(db)
                    assessments.save_updates(
                        db, [(machine_id, u) for u in found.updates], now, number
                    )
                    assessments.drop_unseen(db, [machine_id], number)
                    assessments.set_in_graph(db, [machine_id])
            return (
                found.error or "Azure gave no reason."
            ) if found.status is RunStatus.FAILED else None, None
        if self._op.kind is OperationKind.INSTALL:
            run = parse.graph_run(result, None)
            with transaction(db):
                installations.save(db, [(machine_id, run)], now)
                row = installations.run_row_ids(db, [(machine_id, run.run_id)])[
                    machine_id, run.run_id.casefold()
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
            state, at=self._c.clock(), note=note, run_id=run_id,
            code=problem.code if problem else None, request_id=problem.request_id if problem else None,
        )  # fmt: skip

    def _success_text(self) -> str:
        return {
            OperationKind.ASSESS: "Assessed.",
            OperationKind.INSTALL: "The installation has ended.",
            OperationKind.RESTART: "Restarted.",
            OperationKind.SETTINGS: "The settings are changed.",
        }[self._op.kind]

    def _show_progress(self) -> None:
        """Where the operation is, as far as the machine's instance view tells."""
        run = self._read_view() if self._op.kind is OperationKind.INSTALL else None
        if run is None or run.status is not RunStatus.IN_PROGRESS:
            return
        done = (run.installed or 0) + (run.failed or 0)
        total = done + (run.pending or 0)
        note = f"{done} of {total} updates done." if total else "Looking for updates."
        with transaction(self._c.db):
            operations.progress(self._c.db, self._op.id, done, total, note)
        self._c.changed(Changes.to("operations"))

    def _read_view(self) -> Any:
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
        if self._op.kind is not OperationKind.INSTALL:
            return None
        duration = str(json.loads(self._op.request or "{}").get("maximumDuration", ""))
        minutes = duration.removeprefix("PT").removesuffix("M")
        return sent_at + timedelta(minutes=int(minutes)) if minutes.isdigit() else None

    def _move(self, state: OperationState, **fields: Any) -> bool:
        with transaction(self._c.db):
            moved = operations.move(self._c.db, self._op.id, state, **fields)
        self._c.changed(Changes.to("operations"))
        return moved

    @property
    def _gateway(self) -> Gateway:
        return self._c.gateway
