from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.azure.bodies import install_body
from hotpatch_gui.domain.installs import (
    FleetReview,
    InstallRequest,
    RequestError,
    RestartSetting,
    UpdateExclusion,
    harmless_kbs,
    plan,
)
from hotpatch_gui.domain.updates import Classification, RestartBehavior, Update
from hotpatch_gui.models.install_plan import Candidate, InstallCandidates, plan_all
from hotpatch_gui.simulator.guest import choose
from hotpatch_gui.simulator.install_parameters import parse_install_parameters

AUGUST = datetime(2026, 8, 11, 17, tzinfo=UTC)


def update(
    kb: str | None,
    classification: Classification,
    restart: RestartBehavior,
    published: datetime | None = AUGUST,
) -> Update:
    return Update(
        kb or "x", f"Update {kb}", kb, classification, classification.value, restart, published
    )


HOTPATCH = update("KB5120228", Classification.SECURITY, RestartBehavior.NEVER)
BASELINE = update("KB5099536", Classification.SECURITY, RestartBehavior.ALWAYS)
DOTNET = update("KB5120708", Classification.SECURITY, RestartBehavior.CAN_REQUEST)
DEFINITIONS = update("KB2267602", Classification.DEFINITION, RestartBehavior.NEVER)
SECURITY = frozenset({Classification.SECURITY})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "at least one classification"),
        (
            {"classifications": SECURITY, "include": ("KB5120228",), "exclude": ("KB5120228",)},
            "KB5120228 is on both lists",
        ),
        ({"classifications": SECURITY, "maximum_minutes": 24}, "between 25 and 235"),
        ({"classifications": SECURITY, "maximum_minutes": 236}, "between 25 and 235"),
    ],
)
def test_invalid_requests_are_rejected_with_a_reason(
    arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence):
        InstallRequest(**arguments)


def test_included_kbs_add_to_classifications_and_exclusions_win() -> None:
    request = InstallRequest(SECURITY, include=("KB2267602", "KB1111111"), exclude=("KB5120708",))
    found = plan(request, [HOTPATCH, DOTNET, DEFINITIONS])
    assert found.taken == (HOTPATCH, DEFINITIONS)
    assert found.left_out == ((DOTNET, UpdateExclusion.EXCLUDED),)
    assert found.not_offered == ("KB1111111",)
    assert found.restart_rank == 1
    assert found.restart_sentence == "The machine may restart for KB1111111."
    review = FleetReview(request, {"a": found, "b": found})
    assert review.may_restart
    assert "none of them needs a restart" not in review.sentence
    never = replace(found, restart_setting=RestartSetting.NEVER)
    assert never.restart_rank == 0


def test_without_classifications_only_included_kbs_are_installed() -> None:
    found = plan(InstallRequest(include=("KB2267602",)), [HOTPATCH, DEFINITIONS])
    assert found.taken == (DEFINITIONS,)
    assert found.left_out == ((HOTPATCH, UpdateExclusion.NOT_SELECTED),)


def test_excluding_restarts_excludes_unknown_restart_behavior() -> None:
    silent = update("KB5123303", Classification.SECURITY, RestartBehavior.UNKNOWN)
    found = plan(
        InstallRequest(SECURITY, exclude_restarting=True), [HOTPATCH, BASELINE, DOTNET, silent]
    )
    assert found.taken == (HOTPATCH,)
    assert {reason for _, reason in found.left_out} == {UpdateExclusion.RESTARTS}


def test_the_publication_date_limits_and_excludes_unknown_dates() -> None:
    undated = update("KB5000000", Classification.SECURITY, RestartBehavior.NEVER, None)
    request = InstallRequest(SECURITY, published_until=datetime(2026, 8, 1, tzinfo=UTC))
    reasons = [reason for _, reason in plan(request, [HOTPATCH, undated]).left_out]
    assert reasons == [UpdateExclusion.TOO_NEW, UpdateExclusion.NO_DATE]


@pytest.mark.parametrize(
    ("setting", "offered", "sentence"),
    [
        (
            RestartSetting.IF_REQUIRED,
            [HOTPATCH],
            "No restart: none of the selected updates needs one.",
        ),
        (RestartSetting.IF_REQUIRED, [BASELINE, HOTPATCH], "The machine restarts for KB5099536."),
        (RestartSetting.IF_REQUIRED, [DOTNET], "The machine may restart for KB5120708."),
        (
            RestartSetting.NEVER,
            [BASELINE],
            "Azure will not restart it; KB5099536 may remain incomplete until you do.",
        ),
        (
            RestartSetting.ALWAYS,
            [HOTPATCH],
            "The machine always restarts, because Always restart is selected.",
        ),
    ],
)
def test_the_restart_sentence_promises_only_what_is_known(
    setting: RestartSetting, offered: list[Update], sentence: str
) -> None:
    assert plan(InstallRequest(SECURITY, restart=setting), offered).restart_sentence == sentence


def test_the_review_counts_machines_that_go_down() -> None:
    request = InstallRequest(SECURITY)
    plans = {
        "a": plan(request, [HOTPATCH]),
        "b": plan(request, [BASELINE]),
        "c": plan(request, [DOTNET]),
    }
    review = FleetReview(request, plans)
    assert (
        review.sentence
        == "3 updates on 3 machines. 1 machine restarts and 1 may restart. 1 won't restart."
    )


def test_the_review_of_an_empty_selection_says_that_nothing_is_installed() -> None:
    request = InstallRequest(frozenset({Classification.TOOLS}))
    assert FleetReview(request, {"a": plan(request, [HOTPATCH])}).sentence.startswith(
        "No update of the last assessments is selected"
    )


UPDATES = st.lists(
    st.builds(
        update,
        st.sampled_from([None, "KB5120228", "KB5099536", "KB2267602"]),
        st.sampled_from(Classification),
        st.sampled_from(RestartBehavior),
        st.sampled_from([None, AUGUST]),
    ),
    max_size=8,
)
REQUESTS = st.builds(
    InstallRequest,
    classifications=st.frozensets(st.sampled_from(Classification), min_size=1),
    include=st.sampled_from([(), ("KB5120228",)]),
    exclude=st.sampled_from([(), ("KB5099536",)]),
    exclude_restarting=st.booleans(),
    published_until=st.sampled_from(
        [None, datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)]
    ),
    restart=st.sampled_from([RestartSetting.IF_REQUIRED, RestartSetting.NEVER]),
    maximum_minutes=st.integers(25, 235),
)


@given(REQUESTS, UPDATES)
def test_each_available_update_is_included_or_excluded_with_a_reason(
    request: InstallRequest, offered: list[Update]
) -> None:
    found = plan(request, offered)
    assert len(found.taken) + len(found.left_out) == len(offered)
    assert all(u.kb not in request.exclude or u.kb is None for u in found.taken)
    if request.exclude_restarting:
        assert all(u.restart is RestartBehavior.NEVER for u in found.taken)
    if request.restart is RestartSetting.NEVER:
        assert "restarts" not in found.restart_sentence


@given(REQUESTS, UPDATES)
def test_the_preview_agrees_with_what_azure_does(
    request: InstallRequest, offered: list[Update]
) -> None:
    """Our plan and the simulated Azure read the same request the same way."""
    from hotpatch_gui.simulator.catalog import Patch

    parameters = parse_install_parameters(install_body(request))
    for one in offered:
        if one.kb is None or one.published is None or one.classification is None:
            continue
        patch = Patch(one.kb, one.name, one.classification, one.restart, one.published.date(), 1.0)
        assert (choose(parameters, patch) is None) == (one in plan(request, [one]).taken)


def test_a_pending_restart_counts_although_nothing_is_installed_on_its_machine() -> None:
    """The banner must count what the rows below it show."""
    request = InstallRequest(frozenset({Classification.SECURITY}))
    pending = plan(request, [], restart_pending=True)
    other = plan(request, [])
    assert FleetReview(request, {1: pending, 2: other}).sentence.endswith(
        "1 machine restarts. 1 won't restart."
    )
    only_one = FleetReview(request, {1: pending}).sentence
    assert only_one.endswith("The machine restarts, because a restart is already pending on it.")
    always = InstallRequest(frozenset({Classification.SECURITY}), restart=RestartSetting.ALWAYS)
    plans = {1: plan(always, []), 2: plan(always, [])}
    assert "All of them restart" in FleetReview(always, plans).sentence


def test_only_a_machine_with_an_update_that_restarts_may_stay_unfinished() -> None:
    """The summary counts the machines whose own sentence reports it."""
    request = InstallRequest(SECURITY, exclude_restarting=True)
    plans = {
        1: plan(request, [HOTPATCH], restart_pending=True),
        2: plan(request, [HOTPATCH]),
    }
    assert FleetReview(request, plans).sentence.endswith(
        "By their last assessments, none of them needs a restart."
    )
    never = InstallRequest(SECURITY, restart=RestartSetting.NEVER)
    plans = {
        1: plan(never, [HOTPATCH], restart_pending=True),
        2: plan(never, [BASELINE], restart_pending=True),
    }
    assert "updates on 1 machine may remain incomplete" in FleetReview(never, plans).sentence


def test_excluding_updates_that_restart_leaves_no_restart_pending() -> None:
    """With If required, Azure restarts a machine on which one is pending, whatever it installs."""
    request = InstallRequest(SECURITY, exclude_restarting=True)
    assert install_body(request)["rebootSetting"] == "Never"
    assert not plan(request, [], restart_pending=True).restart_sentence.startswith("The machine")
    with pytest.raises(RequestError, match="can't exclude updates"):
        InstallRequest(SECURITY, exclude_restarting=True, restart=RestartSetting.ALWAYS)


def test_the_sentence_adds_up_to_all_machines() -> None:
    request = InstallRequest(SECURITY)
    plans = {
        1: plan(request, [HOTPATCH], restart_pending=False),
        2: plan(request, [], restart_pending=True),
        3: plan(request, [], restart_pending=False, is_known=False),
    }
    review = FleetReview(request, plans)
    assert review.sentence.startswith(
        "1 update on 1 of 3 machines. 1 machine restarts. 1 won't restart."
    )
    assert "known what would be installed on 1 more" in review.sentence
    assert not review.is_foreseen


def test_the_preview_counts_excluded_machines(qapp) -> None:
    fields = (True, False, AUGUST, "", "rg", {})
    of_first = Candidate(1, "first", "", "both", *fields)
    of_second = Candidate(2, "second", "", "definitions", *fields)
    candidates = InstallCandidates(
        (of_first, of_second), (), {"both": (HOTPATCH,), "definitions": (DEFINITIONS,)}, {}
    )
    planned = plan_all(candidates, [1, 2], InstallRequest(SECURITY), leaves_idle=True)
    assert [(line.update, line.machines) for line in planned.taken] == [(HOTPATCH, 1)]
    assert [(line.update, line.machines) for line in planned.left_out] == [(DEFINITIONS, 1)]


def test_a_kb_that_never_restarts_elsewhere_is_no_reason_to_expect_a_restart() -> None:
    """It may be offered after all, but wherever it is offered, it needs no restart."""
    request = InstallRequest(include=("KB1111111",))
    elsewhere = replace(HOTPATCH, kb="KB1111111", restart=RestartBehavior.NEVER)
    unsure = plan(request, [])
    assert (unsure.not_offered, unsure.restart_rank) == (("KB1111111",), 1)
    sure = plan(request, [], harmless=harmless_kbs([elsewhere]))
    assert (sure.not_offered, sure.restart_rank) == (("KB1111111",), 0)
    mixed = [elsewhere, replace(elsewhere, restart=RestartBehavior.UNKNOWN)]
    assert plan(request, [], harmless=harmless_kbs(mixed)).restart_rank == 1
