"""Random fleets, rolled out to by the domain's rules: none of the rules is broken."""

from __future__ import annotations

from hypothesis import HealthCheck, given, seed, settings

from helpers.rollout_rules import Fleet, broken, fleets, play


def roll_out_often(count: int, begun_with: int) -> str:
    """Raises AssertionError with the fleet that broke a rule."""

    @seed(begun_with)
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(fleets())
    def keeps_the_rules(fleet: Fleet) -> None:
        assert broken(play(fleet)) == set()

    keeps_the_rules()
    return f"{count:,} fleets were rolled out to by the rules"
