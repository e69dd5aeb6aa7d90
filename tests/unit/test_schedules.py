from datetime import UTC, datetime

import pytest

from hotpatch_gui.azure import parse
from hotpatch_gui.domain.schedules import (
    AssignmentKind,
    FollowedSchedule,
    MachineSchedules,
    Schedule,
    Scope,
    ScopeTarget,
    matches,
    next_run,
    soonest,
)
from hotpatch_gui.models import schedule_text

PACIFIC = "Pacific Standard Time"
AUGUST = datetime(2026, 8, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recurs", "run"),
    [
        ("Day", "2026-08-21T05:00"),
        ("3Days", "2026-08-23T05:00"),
        ("Week", "2026-08-23T05:00"),
        ("Week Saturday,Sunday", "2026-08-23T05:00"),
        ("2Weeks Friday", "2026-08-29T05:00"),
        ("1Week Saturday", "2026-08-23T05:00"),
        ("Month Third Sunday", "2026-09-21T05:00"),
        ("Month Second Tuesday Offset4", "2026-09-13T05:00"),
        ("Month Last Monday", "2026-09-01T05:00"),
        ("Month day23,day24", "2026-08-24T05:00"),
        ("Month day-1", "2026-09-01T05:00"),
        ("2Months", "2026-10-02T05:00"),
        ("6Hour", "2026-08-20T11:00"),
        ("7Hours", "2026-08-20T14:00"),
        ("Hour", "2026-08-20T10:00"),
        ("Month day23, day24", "2026-08-24T05:00"),
        ("1Month day 1, day 25", "2026-08-26T05:00"),
        ("  month   LAST Sunday  Offset4 ", "2026-09-04T05:00"),
        ("2Months Last Sunday Offset4", "2026-09-04T05:00"),
        ("Week Saturday, Sunday", "2026-08-23T05:00"),
        ("1 Week saturday", "2026-08-23T05:00"),
    ],
)
def test_the_next_occurrence_follows_the_recurrence(recurs: str, run: str) -> None:
    found = next_run(Schedule("s", "2026-08-01 22:00", 180, PACIFIC, recurs), AUGUST)
    assert found is not None
    assert found.isoformat()[:16] == run


def test_the_hour_is_that_of_the_time_zone_in_summer_and_winter() -> None:
    schedule = Schedule("s", "2026-08-01 22:00", 180, PACIFIC, "Week Saturday")
    winter = next_run(schedule, datetime(2026, 12, 1, tzinfo=UTC))
    assert winter == datetime(2026, 12, 6, 6, tzinfo=UTC)


def test_it_does_not_run_before_its_start_or_at_the_given_moment() -> None:
    schedule = Schedule("s", "2026-12-05 22:00", 180, "UTC", "Week")
    first = datetime(2026, 12, 5, 22, tzinfo=UTC)
    assert next_run(schedule, AUGUST) == first
    assert next_run(schedule, first) == datetime(2026, 12, 12, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "recurs", ["", "Fortnight", "Week Someday", "Month Fifth Sunday", "Month day", "Day Monday"]
)
def test_an_unknown_recurrence_has_no_next_occurrence(recurs: str) -> None:
    assert next_run(Schedule("s", "2026-08-01 22:00", 180, PACIFIC, recurs), AUGUST) is None


def test_an_invalid_start_has_no_next_occurrence() -> None:
    assert next_run(Schedule("s", "soon", 180, None, "Day"), AUGUST) is None


def of(**changed: object) -> Schedule:
    return Schedule("s", "2026-08-01 22:00", 235, "UTC", "Day")._replace(**changed)


@pytest.mark.parametrize(
    "zone",
    [
        "Pacific Standard Time",
        "PACIFIC STANDARD TIME",
        "pacific standard time ",
        "america/los_angeles",
    ],
)
def test_time_zones_are_compared_without_case(zone: str) -> None:
    found = of(time_zone=zone)
    assert next_run(found, AUGUST) == datetime(2026, 8, 21, 5, tzinfo=UTC)
    assert not found.assumes_utc


def test_an_unknown_time_zone_counts_as_utc_and_is_reported() -> None:
    found = of(time_zone="Middle Earth Standard Time")
    assert next_run(found, AUGUST) == datetime(2026, 8, 20, 22, tzinfo=UTC)
    assert found.assumes_utc
    ((_, _, _, detail),) = schedule_text.points(
        MachineSchedules((FollowedSchedule(found),)), AUGUST, is_followed=True
    )
    assert "“Middle Earth Standard Time” isn't known, so UTC is assumed" in detail
    assert not of(time_zone=None).assumes_utc, "none was named"


def test_an_hour_skipped_by_daylight_saving_still_has_its_occurrence() -> None:
    """2:30 does not exist on 8 Mar 2026 in Los Angeles, and 1:30 comes twice on 1 November."""
    spring = of(starts="2026-03-01 02:30", time_zone="Pacific Standard Time")
    assert next_run(spring, datetime(2026, 3, 8, 9, tzinfo=UTC)) == datetime(
        2026, 3, 8, 10, 30, tzinfo=UTC
    )
    autumn = of(starts="2026-10-01 01:30", time_zone="Pacific Standard Time")
    first = next_run(autumn, datetime(2026, 11, 1, 7, tzinfo=UTC))
    assert first == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert first is not None
    assert next_run(autumn, first) == datetime(2026, 11, 2, 9, 30, tzinfo=UTC), "once a day"


def test_an_ended_schedule_has_no_next_occurrence() -> None:
    ended = of(expires="2026-08-15 00:00")
    assert ended.has_ended(AUGUST)
    assert next_run(ended, AUGUST) is None
    assert next_run(of(expires="2026-08-20 23:00"), AUGUST) == datetime(2026, 8, 20, 22, tzinfo=UTC)
    assert next_run(of(expires="2026-08-20 21:00"), AUGUST) is None, (
        "the next one comes after its end"
    )
    for endless in ("9999-12-31 23:59:59", None, "soon"):
        assert not of(expires=endless).has_ended(AUGUST)
    text = schedule_text.when(MachineSchedules((FollowedSchedule(ended),)), AUGUST)
    assert text == "Never: all of its schedules have ended"


@pytest.mark.parametrize("starts", ["0001-01-01 00:00", "9999-12-31 23:59", "2026-13-01 00:00", ""])
@pytest.mark.parametrize(
    "recurs", ["Day", "6Hour", "999999999999Hours", "Month Last Sunday", "99999Weeks"]
)
def test_schedules_at_the_limits_of_dates_raise_no_error(starts: str, recurs: str) -> None:
    for now in (AUGUST, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        found = next_run(of(starts=starts, recurs=recurs, time_zone="Pacific Standard Time"), now)
        assert found is None or found > now


def test_several_schedules_are_listed_the_soonest_first() -> None:
    late, soon, ended, odd = (
        of(name="late", recurs="Month day1"),
        of(name="soon"),
        of(name="ended", expires="2026-08-02 00:00"),
        of(name="odd", recurs="Fortnight"),
    )
    found = MachineSchedules(tuple(map(FollowedSchedule, (late, ended, odd, soon))))
    assert [f.schedule.name for f in soonest(found.follows, AUGUST)] == [
        "soon",
        "late",
        "odd",
        "ended",
    ]
    assert schedule_text.when(found, AUGUST).startswith("soon, next ")
    points = list(schedule_text.points(found, AUGUST, is_followed=True))
    assert [p[2] for p in points] == ["soon", "late", "odd", "ended (ended)"]
    assert "“Fortnight”" in points[2][3]
    assert "isn't supported" in points[2][3]


def test_the_updates_of_a_schedule_are_named() -> None:
    row = {
        "name": "Nights",
        "window": {
            "startDateTime": "2026-08-01 22:00",
            "duration": "03:55",
            "recurEvery": "Day",
            "timeZone": "UTC",
            "expirationDateTime": "2027-01-01 00:00",
        },
        "install": {
            "rebootSetting": "NeverReboot",
            "windowsParameters": {
                "classificationsToInclude": ["critical", "SECURITY", "UpdateRollup"],
                "kbNumbersToInclude": ["5120228"],
                "kbNumbersToExclude": ["KB5120233", "x"],
                "excludeKbsRequiringReboot": "true",
            },
        },
    }
    found = parse.schedule(row)
    assert (found.minutes, found.restart, found.exclude_restarting) == (235, "Never", True)
    assert found.classifications == ("Critical", "Security", "UpdateRollUp")
    assert (found.include, found.exclude) == (("KB5120228",), ("KB5120233",))
    ((_, _, _, detail),) = schedule_text.points(
        MachineSchedules((FollowedSchedule(found),)), AUGUST, is_followed=True
    )
    for words in (
        "3 h 55 min",
        "Installs Critical, Security, Update rollup.",
        "Also KB5120228.",
        "Never KB5120233.",
        "Excludes updates that restart.",
        "Never restart.",
        "It ends on 1 Jan 2027",
    ):
        assert words in detail, detail


@pytest.mark.parametrize(
    ("spelling", "setting"),
    [
        ("IfRequired", "IfRequired"),
        ("ifrequired", "IfRequired"),
        ("Never", "Never"),
        ("NeverReboot", "Never"),
        ("NeverReboots", "Never"),
        ("Always", "Always"),
        ("AlwaysReboot", "Always"),
        ("RebootIfRequired", "RebootIfRequired"),
        (None, None),
    ],
)
def test_restart_settings_have_two_spellings(spelling: str | None, setting: str | None) -> None:
    assert parse.schedule({"name": "s", "install": {"rebootSetting": spelling}}).restart == setting


VM = ScopeTarget(
    "/subscriptions/s/resourcegroups/rg-web/providers/microsoft.compute/virtualmachines/vm",
    "microsoft.compute/virtualmachines",
    "RG-Web",
    "westus2",
    {"Env": "prod", "app": "shop"},
)
SCOPE = Scope("nights", "c", "/subscriptions/S")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"below": "/subscriptions/other"}, False),
        ({"below": "/subscriptions/s/resourceGroups/rg-web"}, True),
        ({"below": "/subscriptions/s/resourceGroups/rg"}, False),
        ({"os_types": ("Windows",)}, True),
        ({"os_types": ("Linux",)}, False),
        ({"resource_groups": ("rg-web", "x")}, True),
        ({"resource_groups": ("x",)}, False),
        ({"resource_types": ("Microsoft.Compute/virtualMachines",)}, True),
        ({"resource_types": ("Microsoft.HybridCompute/machines",)}, False),
        ({"locations": ("West US 2",)}, True),
        ({"locations": ("eastus",)}, False),
        ({"tags": (("env", ("prod", "test")),)}, True),
        ({"tags": (("env", ("test",)),)}, False),
        ({"tags": (("env", ("test",)), ("app", ("shop",)))}, True),
        ({"tags": (("env", ("test",)), ("app", ("shop",))), "all_tags": True}, False),
        ({"tags": (("env", ()),)}, True),
        ({"unknown": ("moonPhase",)}, None),
        ({"unknown": ("moonPhase",), "locations": ("eastus",)}, False),
    ],
)
def test_a_dynamic_scope_is_evaluated_if_everything_its_filter_needs_is_known(
    changed: dict[str, object], found: bool | None
) -> None:
    assert matches(SCOPE._replace(**changed), VM) is found
    if "tags" in changed:
        assert matches(SCOPE._replace(**changed), VM._replace(tags=None)) is None


@pytest.mark.parametrize(
    "given",
    [
        {"osTypes": "Linux"},
        {"locations": "westus2"},
        {"osTypes": [5]},
        {"locations": [{"name": "westus2"}]},
        {"tagSettings": "env=prod"},
        {"tagSettings": {"tags": ["env"]}},
        {"tagSettings": {"tags": {"env": "prod"}}},
        {"tagSettings": {"tags": {"env": ["prod"]}, "filterOperator": "None"}},
        "westus2",
        ["westus2"],
        {"moonPhase": ["full"]},
    ],
)
def test_a_filter_of_another_shape_is_not_evaluated(given: object) -> None:
    row = {"name": "s", "schedule": "/c", "machine": "/subscriptions/s", "filter": given}
    target = ScopeTarget(
        "/subscriptions/s/resourcegroups/g/vm", "t", "g", "westus2", {"env": "prod"}
    )
    assert matches(parse.scope(row), target) is not True


def test_a_scope_that_may_include_a_machine_is_uncertain() -> None:
    perhaps = MachineSchedules((FollowedSchedule(of(), AssignmentKind.PERHAPS, "night scope"),))
    assert schedule_text.when(perhaps, AUGUST).startswith("Perhaps: s, next ")
    ((_, spoken, _, detail),) = schedule_text.points(perhaps, AUGUST, is_followed=True)
    assert spoken == "not known"
    assert "Perhaps, by the dynamic scope night scope" in detail
    unread = MachineSchedules(unread_reason="Access denied (403).")
    assert schedule_text.when(unread, AUGUST) == "Not known: the schedules couldn't be read"
    assert (
        schedule_text.when(MachineSchedules(), AUGUST)
        == "Never: no maintenance configuration is assigned"
    )


def test_spelling_and_order_do_not_change_a_schedule() -> None:
    one = Schedule(
        "s",
        "2026-08-22 22:00",
        120,
        "UTC",
        "Week Saturday,Sunday",
        None,
        ("Critical", "Security"),
        ("KB1", "KB2"),
    )
    two = one._replace(
        starts="2026-08-22T22:00:00",
        time_zone="utc",
        recurs="1week sunday, saturday",
        classifications=("security", "Critical"),
        include=("KB2", "KB1"),
        exclude_restarting=False,
        restart="ifrequired",
    )
    assert one.canonical == two.canonical
    for other in ("2Weeks Saturday,Sunday", "Week Saturday", "Day", "Month Third Sunday"):
        assert one._replace(recurs=other).canonical != one.canonical
    assert one._replace(exclude_restarting=True).canonical != one.canonical
    assert one._replace(restart="Never").canonical != one.canonical


def test_spelling_and_order_do_not_change_a_scope() -> None:
    one = Scope(
        "s",
        "/A",
        "/Subscriptions/X",
        ("Windows",),
        ("rg-a", "rg-b"),
        (),
        ("East US",),
        (("Env", ("a", "b")),),
    )
    two = one._replace(
        schedule_id="/a",
        below="/subscriptions/x",
        os_types=("windows",),
        resource_groups=("RG-B", "rg-a"),
        locations=("eastus",),
        tags=(("env", ("b", "a")),),
    )
    assert one.canonical == two.canonical
    assert one._replace(locations=("westus",)).canonical != one.canonical
    assert one._replace(all_tags=True).canonical != one.canonical
