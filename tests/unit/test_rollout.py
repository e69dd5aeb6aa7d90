"""Availability-first: no rule is ever broken, and each check is shown to find its rule broken."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpers.rollout_rules import PAIRS, REGIONS, RULES, Fleet, broken, play
from hotpatch_gui.domain import rollout
from hotpatch_gui.domain.off_peak import is_off_peak
from hotpatch_gui.domain.rollout import AttemptResult, Rollout, RolloutMachine, phases, timetable
from hotpatch_gui.system import resources
from torture.rollouts import roll_out_often

RELEASED = datetime(2026, 8, 11, 17, 0, tzinfo=UTC)
PACIFIC = "Pacific Standard Time"


def test_random_fleets_follow_each_rule() -> None:
    """``make torture`` simulates thousands."""
    assert roll_out_often(60, 1) == "60 fleets were rolled out to by the rules"


def _crowded() -> Fleet:
    """A fleet to which every rule applies: region pairs, zones, sets, failures, stopped machines."""
    members = [
        RolloutMachine(f"{region}-{zone}-{n}", region, zone, time_zone=PACIFIC)
        for region in REGIONS
        for zone in ("1", "2")
        for n in range(10)
    ]
    for region in ("eastus", "westus"):
        members += [
            RolloutMachine(f"{region}-set-{n}", region, None, f"{region}/big", n % 3, PACIFIC)
            for n in range(12)
        ]
    chance = random.Random(4)
    late = [[AttemptResult.NOT_RUNNING] * 6, [AttemptResult.FAILED] * 6]
    fates = {m.key: [*chance.choice([[], [], [], *late]), AttemptResult.UPDATED] for m in members}
    fates["italynorth-1-3"] = [AttemptResult.FAILED]
    return Fleet(members, RELEASED, fates)


def _sick() -> Fleet:
    fleet = _crowded()
    first = play(fleet).begun[0][1]
    fleet.fates[first.key] = [AttemptResult.UNHEALTHY]
    return fleet


def _all_zones(self: Rollout, region: str, hour: datetime) -> list[RolloutMachine]:
    begun: list[RolloutMachine] = []
    for zone, queue in self._fresh[region].items():
        limit = rollout.batch_limit(self._loose[region, zone])
        begun += self._pick(queue.values(), limit, {m.time_zone for m in queue.values()})
    for member in begun:
        del self._fresh[region][member.zone][member.key]
    return begun


def _everything_open(self: Rollout, _: datetime) -> None:
    self.open_phase = len(self.phases) - 1


def _twice(record_attempt: Callable[..., None]) -> Callable[..., None]:
    def again(self: Rollout, key: str, outcome: AttemptResult, hour: datetime) -> None:
        record_attempt(self, key, outcome, hour)
        if outcome is AttemptResult.UPDATED and key.endswith("-1-3"):
            record_attempt(self, key, AttemptResult.FAILED, hour)

    return again


def _forgetful(record_attempt: Callable[..., None]) -> Callable[..., None]:
    def forget(self: Rollout, key: str, outcome: AttemptResult, hour: datetime) -> None:
        record_attempt(
            self, key, AttemptResult.UPDATED if outcome is AttemptResult.FAILED else outcome, hour
        )

    return forget


BREAKS: dict[str, tuple[str, Any]] = {
    "paired regions are in different phases": ("partners_of", lambda _: {}),
    "paired regions are never patched at once": ("partners_of", lambda _: {}),
    "one zone of a region at a time": ("Rollout._admit_fresh", _all_zones),
    "outside sets a batch at a time": ("batch_limit", lambda n: n),
    "one update domain of a set at a time": ("domain_of", lambda _: 0),
    "a fifth of a set at a time": ("set_limit", lambda n: n),
    "off-peak only": ("is_off_peak", lambda *_: True),
    "the next phase waits for the one before": ("Rollout.open_until", _everything_open),
    "a bad update stops it": ("is_healthy", lambda *_: True),
    "within 30 days": ("PERIOD", timedelta(days=35)),
    "one attempt a night": ("RETRY_AFTER", timedelta(hours=1)),
    "nobody is patched twice": ("Rollout.record_attempt", _twice(Rollout.record_attempt)),
    "everyone is reached": ("batch_limit", lambda _: 0),
    "failures are tried again soon": ("Rollout.record_attempt", _forgetful(Rollout.record_attempt)),
}


def test_each_rule_has_a_violation() -> None:
    assert set(BREAKS) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_deliberate_violations_are_found(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = _sick() if rule == "a bad update stops it" else _crowded()
    assert broken(play(fleet)) == set()
    where, instead = BREAKS[rule]
    monkeypatch.setattr(f"hotpatch_gui.domain.rollout.{where}", instead)
    assert rule in broken(play(fleet))


def test_paired_regions_of_azure_are_never_in_one_phase() -> None:
    table = resources.read_json("region-pairs.json")["pairs"]
    regions = {region for pair in table for region in pair}
    made = phases(dict.fromkeys(regions, 5), table)
    assert {r for phase in made for r in phase} == regions
    assert not any(set(pair) <= set(phase) for pair in table for phase in made)
    assert len(made) <= 5


def test_the_smallest_region_goes_first() -> None:
    made = phases({"eastus": 9, "northeurope": 2, "westus": 5, "uksouth": 3}, PAIRS)
    assert made[0] == ("northeurope",)
    assert made[1] == ("uksouth", "westus")
    assert made[2] == ("eastus",)


def test_a_bad_update_halts_the_rollout_and_names_its_phase() -> None:
    members = [
        RolloutMachine(f"vm-{n:02}", "eastus", str(n % 3), time_zone=PACIFIC) for n in range(15)
    ]
    rolling = Rollout(members, PAIRS, RELEASED)
    patched = timetable(
        rolling,
        RELEASED,
        lambda m, _: AttemptResult.UNHEALTHY if m.key == "vm-06" else AttemptResult.UPDATED,
    )
    assert rolling.halted is not None
    assert [m.key for m in rolling.halted.unhealthy] == ["vm-06"]
    assert rolling.halted.phase == 0
    assert len(patched) == rolling.halted.patched < len(members)


def test_a_stopped_machine_is_attempted_after_its_next_assessment() -> None:
    rolling = Rollout([RolloutMachine("vm", "eastus", time_zone="UTC")], PAIRS, RELEASED)
    night = datetime(2026, 8, 11, 22, tzinfo=UTC)
    assert [m.key for m in rolling.admit(night)] == ["vm"]
    rolling.record_attempt(
        "vm", AttemptResult.NOT_RUNNING, night, again=night + timedelta(days=3, hours=5)
    )
    patched = timetable(rolling, night + timedelta(hours=1))
    assert patched == {"vm": datetime(2026, 8, 15, 3, tzinfo=UTC)}


def test_off_peak_is_the_night_of_the_machine_and_not_of_the_reader() -> None:
    assert is_off_peak(PACIFIC, datetime(2026, 8, 20, 5, tzinfo=UTC))  # 22:00 there, in summer
    assert not is_off_peak(PACIFIC, datetime(2026, 12, 20, 5, tzinfo=UTC))  # 21:00 there, in winter
    assert not is_off_peak("India Standard Time", datetime(2026, 8, 20, 0, tzinfo=UTC))  # till 6:30
    assert not is_off_peak("Tokyo Standard Time", datetime(2026, 8, 20, 12, tzinfo=UTC))
    assert is_off_peak("Tokyo Standard Time", datetime(2026, 8, 20, 13, tzinfo=UTC))
    assert is_off_peak("Tokyo Standard Time", datetime(2026, 8, 20, 20, tzinfo=UTC))
    assert not is_off_peak("Tokyo Standard Time", datetime(2026, 8, 20, 21, tzinfo=UTC))
    unknown = datetime(2026, 8, 20, 23, tzinfo=UTC)
    assert is_off_peak("Nowhere Standard Time", unknown) is True
    assert is_off_peak(None, unknown) is True
