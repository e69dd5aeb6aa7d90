"""The state of a rollout, inferred from its machines, and why each machine waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.arc import Arc
from hotpatch_gui.domain.machines import Image, Machine, PatchMode
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.rollout_progress import (
    MachineFacts,
    RolloutState,
    RolloutStatus,
    exclusion_reason,
    infer_rollout,
)
from hotpatch_gui.domain.schedules import (
    NO_SCHEDULES,
    AssignmentKind,
    FollowedSchedule,
    MachineSchedules,
    Schedule,
)
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.models import rollout

RELEASED = datetime(2026, 9, 8, 17, tzinfo=UTC)
PAIRS = [["eastus", "westus"]]
SATURDAYS = Schedule("Saturdays", "2026-01-03 22:00", 180, "UTC", "Week Saturday")


def machine(name: str, region: str = "eastus", **changed: object) -> Machine:
    return replace(GOOD, name=name, location=region, zone=None, time_zone="UTC", **changed)


def facts(name: str, region: str = "eastus", **known: object) -> MachineFacts:
    return MachineFacts(name, machine(name, region))._replace(**known)


def at(*of: MachineFacts, now: datetime) -> RolloutState:
    return infer_rollout(RELEASED, of, PAIRS, now)


def unhealthy_after(patched: datetime) -> MachineFacts:
    """A machine that became unhealthy nine minutes after it was patched."""
    since = patched + timedelta(minutes=9)
    return facts("ill", patched=patched, resource_health="Unavailable", resource_health_since=since)


def test_each_machine_has_its_turn_in_the_order_of_the_rules() -> None:
    found = at(
        facts("a"),
        facts("b"),
        facts("c", "westus"),
        facts("d", "westus"),
        facts("e", "westus"),
        now=RELEASED,
    )
    assert found.phases == (("eastus",), ("westus",))
    turns = {key: slot.window for key, slot in found.positions.items()}
    night = datetime(2026, 9, 8, 22, tzinfo=UTC)
    assert (turns["a"], turns["b"]) == (night, night + timedelta(hours=1))
    assert turns["c"] == night + timedelta(hours=25), "a day after the last of phase 1"
    assert (
        "It is assumed that phase 2 starts one day after Azure has attempted every machine in eastus."
        in found.positions["c"].reason
    )
    assert {p.status for p in found.positions.values()} == {RolloutStatus.WAITING}


def test_a_patched_machine_with_another_security_update_has_another_turn() -> None:
    night = datetime(2026, 9, 8, 22, tzinfo=UTC)
    patched = {"patched": night, "assessed": night, "restart_pending": False}
    some = facts(
        "a", **patched, is_incomplete=True, restart_of_important=RestartBehavior.CAN_REQUEST
    )
    others = [facts(name, "westus") for name in "cde"]
    found = at(some, facts("b", **patched), *others, now=night + timedelta(hours=30))
    again = found.positions["a"]
    assert (again.status, again.restart) == (RolloutStatus.PATCHED, RestartBehavior.CAN_REQUEST)
    assert again.window is not None
    assert again.window >= night + timedelta(hours=30)
    assert "offers further Critical or Security updates" in again.reason
    assert found.positions["b"].window is None
    assert found.open_phase == 1, "a second turn doesn't delay the next phase"


def test_a_machine_that_waits_for_a_restart_has_no_turn_and_delays_no_other() -> None:
    night = datetime(2026, 9, 8, 22, tzinfo=UTC)
    waits = facts("a", assessed=night, only_restart=True, restart_pending=True)
    found = at(waits, facts("b", "westus"), now=night + timedelta(hours=30))
    position = found.positions["a"]
    assert (position.status, position.window) == (RolloutStatus.WAITING, None)
    assert "a restart is pending" in position.reason
    assert found.open_phase == 1


def test_patched_running_failed_and_stopped_machines_are_distinguished() -> None:
    night = datetime(2026, 9, 8, 22, 10, tzinfo=UTC)
    off = facts("off", assessed=night)._replace(
        machine=machine("off", power=PowerState.DEALLOCATED)
    )
    found = at(
        facts("done", patched=night),
        facts("hand", patched=night, requested_by_user=True),
        facts("now", in_progress_since=night),
        facts("bad", failed=night),
        off,
        now=night + timedelta(minutes=20),
    )
    status = {key: slot.status for key, slot in found.positions.items()}
    assert status == {
        "done": RolloutStatus.PATCHED,
        "hand": RolloutStatus.PATCHED,
        "now": RolloutStatus.BEING_PATCHED,
        "bad": RolloutStatus.FAILED,
        "off": RolloutStatus.NOT_RUNNING,
    }
    assert "on demand" in found.positions["hand"].reason
    assert found.positions["bad"].window == datetime(2026, 9, 9, 22, tzinfo=UTC), "the next window"
    again = found.positions["off"].window
    assert again is not None
    assert again >= night + timedelta(hours=24), "after its next periodic assessment"


def test_a_machine_patched_in_a_later_phase_shows_that_the_phase_has_begun() -> None:
    second = datetime(2026, 9, 10, 22, tzinfo=UTC)
    found = at(
        facts("a", patched=RELEASED + timedelta(hours=5)),
        facts("c", "westus", patched=second),
        facts("d", "westus"),
        now=second + timedelta(minutes=10),
    )
    assert found.open_phase == 1
    assert found.positions["d"].window == second + timedelta(hours=1)


def test_only_machines_that_became_unhealthy_after_patching_halt_the_rollout() -> None:
    patched = RELEASED + timedelta(hours=5)
    ill = unhealthy_after(patched)
    now = patched + timedelta(hours=1)
    found = at(ill, facts("waits"), now=now)
    assert found.halted is not None
    assert [f.key for f in found.unhealthy_machines] == ["ill"]
    assert found.positions["waits"].status is RolloutStatus.ON_HOLD
    since_when = ill._replace(resource_health_since=None)
    before = ill._replace(resource_health_since=RELEASED - timedelta(days=1))
    by_hand = ill._replace(requested_by_user=True)
    off = ill._replace(machine=machine("ill", power=PowerState.DEALLOCATED))
    nothing = ill._replace(by_assessment=True)
    for other in (before, by_hand, off, nothing, since_when):
        assert at(other, facts("waits"), now=now).halted is None


@pytest.mark.parametrize(
    ("changed", "schedule", "says"),
    [
        ({"patch_mode": PatchMode.MANUAL}, None, "nothing is installed until someone requests it"),
        (
            {"patch_mode": PatchMode.AUTOMATIC_BY_OS},
            None,
            "Windows Update on the machine decides",
        ),
        ({"bypass_safety_checks": True}, SATURDAYS, "patched by 1 schedule: Saturdays"),
        (
            {"bypass_safety_checks": True},
            None,
            "nothing patches it, because no schedule is assigned",
        ),
        (
            {"bypass_safety_checks": False},
            SATURDAYS,
            "neither a schedule nor automatic guest patching",
        ),
        ({"provision_agent": False}, None, "without the VM agent"),
        ({"patch_mode": None}, None, "n't known"),
    ],
)
def test_reasons_for_exclusion(
    changed: dict[str, object], schedule: Schedule | None, says: str
) -> None:
    settings = replace(GOOD.settings, **changed)
    followed = MachineSchedules((FollowedSchedule(schedule),)) if schedule else NO_SCHEDULES
    reason = exclusion_reason(replace(GOOD, settings=settings), followed, NIGHT)
    assert reason is not None
    assert says in reason
    assert exclusion_reason(GOOD, NO_SCHEDULES, NIGHT) is None
    assert (
        "custom image"
        in str(exclusion_reason(replace(GOOD, image=Image()), NO_SCHEDULES, NIGHT)).casefold()
    )


def test_a_machine_with_its_own_schedule_has_the_next_window_of_that_schedule() -> None:
    own = replace(GOOD.settings, bypass_safety_checks=True)
    of = facts("own", schedules=MachineSchedules((FollowedSchedule(SATURDAYS),)))._replace(
        machine=machine("own", settings=own)
    )
    found = at(of, now=RELEASED)
    assert found.positions["own"].status is RolloutStatus.NOT_INCLUDED
    assert found.positions["own"].window == datetime(2026, 9, 12, 22, tzinfo=UTC)


NIGHT = RELEASED + timedelta(hours=3)


def test_a_machine_that_windows_patches_has_no_time_but_may_restart() -> None:
    by_windows = replace(GOOD.settings, patch_mode=PatchMode.AUTOMATIC_BY_OS)
    one = facts(
        "w", assessed=NIGHT, restart_pending=False, restart_of_important=RestartBehavior.ALWAYS
    )
    found = at(one._replace(machine=machine("w", settings=by_windows)), now=NIGHT).positions["w"]
    assert (found.window, found.restart) == (None, RestartBehavior.ALWAYS)
    manual = replace(GOOD.settings, patch_mode=PatchMode.MANUAL)
    found = at(one._replace(machine=machine("w", settings=manual)), now=NIGHT).positions["w"]
    assert (found.window, found.restart) == (None, None)


def restart_of(**known: object) -> RestartBehavior | None:
    """How a machine that was assessed after the release restarts at its expected start."""
    one = facts(
        "a", assessed=NIGHT, restart_pending=False, restart_of_important=RestartBehavior.NEVER
    )
    setting = known.pop("setting", None)
    settings = replace(one.machine.settings, restart_setting=setting)
    one = one._replace(machine=replace(one.machine, settings=settings), **known)
    return at(one, now=NIGHT).positions["a"].restart


@pytest.mark.parametrize("behavior", RestartBehavior)
def test_an_expected_start_restarts_by_the_missing_updates(behavior: RestartBehavior) -> None:
    assert restart_of(restart_of_important=behavior) is behavior


def test_settings_and_a_pending_restart_decide_before_updates() -> None:
    always, never = RestartBehavior.ALWAYS, RestartBehavior.NEVER
    assert restart_of(setting="Never", restart_of_important=always, restart_pending=True) is never
    assert restart_of(setting="Always") is always
    assert restart_of(restart_pending=True) is always


def test_facts_older_than_the_release_are_unknown() -> None:
    unknown = RestartBehavior.UNKNOWN
    assert restart_of(assessed=RELEASED - timedelta(hours=1)) is unknown
    assert restart_of(assessed=None) is unknown
    assert restart_of(restart_pending=None) is unknown
    assert (
        restart_of(assessed=None, restart_of_important=RestartBehavior.ALWAYS)
        is RestartBehavior.ALWAYS
    )
    assert restart_of(patched=NIGHT) is None, "no start is expected"


def test_a_baseline_restarts_also_machines_that_were_not_assessed_since() -> None:
    old = RELEASED - timedelta(hours=1)
    product = facts("a").machine.product
    assert product is not None
    for baselines, restart in (((product,), RestartBehavior.ALWAYS), ((), RestartBehavior.UNKNOWN)):
        one = facts(
            "a", assessed=old, restart_pending=False, restart_of_important=RestartBehavior.NEVER
        )
        found = infer_rollout(RELEASED, [one], PAIRS, NIGHT, baselines=baselines).positions["a"]
        assert found.restart is restart
    settings = replace(facts("a").machine.settings, hotpatch_enabled=False)
    off = one._replace(machine=replace(one.machine, settings=settings))
    assert (
        infer_rollout(RELEASED, [off], PAIRS, NIGHT).positions["a"].restart
        is RestartBehavior.ALWAYS
    )


def own_restart(
    restart: str | None, *, exclude_restarting: bool = False, **known: object
) -> RestartBehavior | None:
    """Like ``restart_of``, for a machine with its own schedule."""
    own = SATURDAYS._replace(restart=restart, exclude_restarting=exclude_restarting)
    one = facts("a", assessed=NIGHT, restart_pending=False, restart_of_all=RestartBehavior.NEVER)
    settings = replace(one.machine.settings, bypass_safety_checks=True, restart_setting="Never")
    follows = MachineSchedules((FollowedSchedule(own, AssignmentKind.DIRECT),))
    one = one._replace(machine=replace(one.machine, settings=settings), schedules=follows, **known)
    found = at(one, now=NIGHT).positions["a"]
    assert found.status is RolloutStatus.NOT_INCLUDED
    return found.restart


def test_a_schedule_has_its_own_restart_setting_and_may_select_other_updates() -> None:
    always = RestartBehavior.ALWAYS
    assert own_restart("Always") is always
    assert own_restart("Never", restart_of_all=always) is RestartBehavior.NEVER
    assert own_restart("IfRequired") is RestartBehavior.NEVER
    assert own_restart("IfRequired", restart_of_all=always) is RestartBehavior.CAN_REQUEST
    assert own_restart(None, restart_pending=True) is always
    assert (
        own_restart(None, exclude_restarting=True, restart_of_all=always) is RestartBehavior.NEVER
    )


def test_a_start_after_the_next_release_does_not_claim_to_need_no_restart() -> None:
    now = datetime(2026, 10, 13, 14, tzinfo=UTC)
    waits = facts(
        "a", assessed=now, restart_pending=False, restart_of_important=RestartBehavior.NEVER
    )
    due = datetime(2026, 10, 13, 17, tzinfo=UTC)
    released = now - timedelta(days=20)
    known = infer_rollout(released, (waits,), PAIRS, now).positions["a"]
    assert (known.restart, known.window) == (RestartBehavior.NEVER, now.replace(hour=22))
    unknown = infer_rollout(released, (waits,), PAIRS, now, next_release=due).positions["a"]
    assert (unknown.restart, unknown.window) == (RestartBehavior.UNKNOWN, known.window)
    certain = waits._replace(restart_pending=True)
    found = infer_rollout(released, (certain,), PAIRS, now, next_release=due).positions["a"]
    assert found.restart is RestartBehavior.ALWAYS


def test_an_arc_enabled_server_follows_its_schedules_without_a_setting() -> None:
    followed = MachineSchedules((FollowedSchedule(SATURDAYS, AssignmentKind.DIRECT),))
    server = facts("s")._replace(machine=machine("s", arc=Arc("serverdatacenter")))
    now = datetime(2026, 9, 10, tzinfo=UTC)
    found = at(server._replace(schedules=followed), server._replace(key="t"), now=now)
    on_schedule, without = found.positions["s"], found.positions["t"]
    assert on_schedule.window == datetime(2026, 9, 12, 22, tzinfo=UTC)
    assert on_schedule.restart is not None
    assert "patched by 1 schedule: Saturdays" in on_schedule.reason
    assert (without.window, without.restart) == (None, None)
    assert "only for virtual machines" in without.reason


def test_a_schedule_restarts_by_what_it_selects() -> None:
    always, never, may = (
        RestartBehavior.ALWAYS,
        RestartBehavior.NEVER,
        RestartBehavior.CAN_REQUEST,
    )
    missing = (
        ("Security", "KB1", never),
        ("Critical", "KB2", always),
        ("UpdateRollUp", "KB3", may),
    )
    for changed, restart in (
        ({"classifications": ("Security",)}, never),
        ({"classifications": ("security", "Critical")}, always),
        ({"classifications": ("UpdateRollup",)}, may),
        ({"classifications": ("Security",), "include": ("KB2",)}, always),
        ({"classifications": ("Critical", "UpdateRollup"), "exclude": ("KB2",)}, may),
        ({"classifications": ("Critical",), "exclude_restarting": True}, never),
    ):
        own = SATURDAYS._replace(restart="IfRequired", **changed)
        one = facts(
            "a", assessed=NIGHT, restart_pending=False, restart_of_all=always, missing=missing
        )
        settings = replace(one.machine.settings, bypass_safety_checks=True)
        one = one._replace(
            machine=replace(one.machine, settings=settings),
            schedules=MachineSchedules((FollowedSchedule(own, AssignmentKind.DIRECT),)),
        )
        assert at(one, now=NIGHT).positions["a"].restart is restart, changed
    product = facts("a").machine.product
    assert product is not None
    stale = one._replace(assessed=None, missing=())
    found = infer_rollout(RELEASED, [stale], PAIRS, NIGHT, baselines=[product]).positions["a"]
    assert found.restart is never, "it leaves out what restarts"


def test_a_halted_rollout_promises_nothing_to_a_machine_with_more_to_install() -> None:
    patched = RELEASED + timedelta(hours=5)
    ill = facts(
        "ill", patched=patched, resource_health="Unavailable", resource_health_since=patched
    )
    more = facts("more", patched=patched, assessed=patched, is_incomplete=True)
    position = at(ill, more, now=patched + timedelta(hours=1)).positions["more"]
    assert position.window is None
    assert "Halted in phase 1" in position.reason
    assert "off-peak window" not in position.reason


def test_after_the_last_off_peak_hour_no_turn_is_promised() -> None:
    now = RELEASED + timedelta(days=29, hours=14)
    found = at(facts("waits"), facts("bad", failed=now - timedelta(days=1)), now=now)
    for key, status in (("waits", RolloutStatus.WAITING), ("bad", RolloutStatus.FAILED)):
        position = found.positions[key]
        assert (position.status, position.window) == (status, None)
        assert (
            "It isn't expected to start before the rollout ends on 8 Oct 2026." in position.reason
        )
        assert "off-peak" not in position.reason


def test_a_setting_that_never_restarts_stays_certain_after_the_next_release() -> None:
    never = replace(machine("a").settings, restart_setting="Never")
    found = infer_rollout(
        RELEASED,
        [MachineFacts("a", machine("a", settings=never)), facts("b")],
        PAIRS,
        RELEASED,
        next_release=RELEASED + timedelta(hours=1),
    )
    assert found.positions["a"].restart is RestartBehavior.NEVER
    assert found.positions["b"].restart is RestartBehavior.UNKNOWN


def test_a_tolerated_unhealthy_machine_is_named_and_nothing_is_green() -> None:
    patched = RELEASED + timedelta(hours=5)
    ill = unhealthy_after(patched)
    others = [facts(f"m{n}", patched=patched) for n in range(25)]
    found = at(ill, *others, now=patched + timedelta(hours=1))
    assert found.halted is None
    level, _, detail = rollout._sentence(found, [ill, *others], [])
    assert level is Level.WARNING
    assert ": 1 unhealthy since" in detail
    counts = Counter(position.status for position in found.positions.values())
    assert rollout._state(found, 0, counts) == ("Done", Level.OK)
