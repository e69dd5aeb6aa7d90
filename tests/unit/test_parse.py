"""Whatever Azure answers becomes an object, None, or one known error."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.azure import parse, results, values
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.simulator.fleet import EPOCH

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "id",
        "name",
        "type",
        "properties",
        "image",
        "windows",
        "zones",
        "status",
        "startDateTime",
        "lastModifiedDateTime",
        "kbId",
        "patchName",
        "classifications",
        "patchSettings",
        "patchMode",
        "errorDetails",
        "error",
        "details",
        "power",
        "subscriptionId",
        "resourceGroup",
        "assessmentActivityId",
        "availablePatches",
        "installedPatchCount",
        "statuses",
        "vmAgent",
        "tags",
    ]
)
OBJECTS = st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=6), max_size=10)


@given(OBJECTS)
def test_any_response_is_read_or_rejected(row) -> None:
    readers = (
        lambda: parse.machine(row, EPOCH),
        lambda: results.graph_assessment(row, row.get("name")),
        lambda: results.graph_update(row),
        lambda: results.graph_run(row, row.get("name")),
        lambda: results.run_update(row),
        lambda: results.arm_assessment(row, EPOCH),
        lambda: results.view_assessment(row),
        lambda: parse.resource_row(row, "s"),
        lambda: values.error_text(row),
        lambda: parse.agent_ready(row),
        lambda: parse.power_of(row),
        lambda: parse.arc_machine(row, EPOCH),
        lambda: parse.arc_row(row, "s"),
    )
    for read in readers:
        try:
            read()
        except values.UnreadableError as error:
            assert "missing" in str(error) or "not a" in str(error)


def test_seven_digits_of_a_second_and_zones_are_read() -> None:
    assert values.moment("2026-08-20T09:00:00.1234567Z") == datetime(
        2026, 8, 20, 9, 0, 0, 123456, tzinfo=UTC
    )
    assert values.moment("2026-08-20T11:00:00+02:00") == datetime(2026, 8, 20, 9, tzinfo=UTC)
    assert values.moment("yesterday") is None
    assert values.moment(5) is None


@pytest.mark.parametrize("casing", [str.lower, str.upper, str])
def test_ids_are_compared_without_case(casing) -> None:
    resource = casing(
        "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/V"
    )
    assert (
        parse.machine_id_of(f"{resource}/patchAssessmentResults/latest/softwarePatches/x")
        == resource.lower()
    )


def test_errors_keep_codes_and_the_success_code_is_none() -> None:
    error = {
        "code": "1",
        "message": "one",
        "details": [{"code": "0x80070005", "message": "denied"}, None],
    }
    assert values.error_list(error) == (("1", "one"), ("0x80070005", "denied"))
    assert values.error_text({"code": "Success", "message": ""}) is None
    assert values.error_text(None) is None
    assert values.error_text({"code": "0x80240022", "message": None}) == "0x80240022"
    assert values.error_text({"code": "", "message": "No code."}) == "No code."


@pytest.mark.parametrize("pair", [(True, 1), (1, True)])
def test_earlier_rows_do_not_affect_later_ones(pair) -> None:
    flags = [parse.settings({"provisionVMAgent": v}).provision_agent for v in pair]
    assert flags == [v if isinstance(v, bool) else None for v in pair]


@pytest.mark.parametrize(("given", "kept"), [("\x00", None), ("a\x00b\x00", "ab")])
def test_text_is_kept_in_full(given: str, kept: str | None) -> None:
    assert values.text(given) == kept


def test_a_long_text_is_cut() -> None:
    row = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
        "name": "x" * 9999,
        "subscriptionId": "s",
        "resourceGroup": "g",
    }
    found = parse.machine(json.loads(json.dumps(row)), EPOCH)
    assert isinstance(found, Machine)
    assert len(found.name) == values.MAX_TEXT


@pytest.mark.parametrize(
    ("tags", "pairs"),
    [
        (
            {"env": "prod", "app": "shop", "legacy": None},
            (("app", "shop"), ("env", "prod"), ("legacy", "")),
        ),
        ({"a": "x, b:y", "c:d": "1"}, (("a", "x, b:y"), ("c:d", "1"))),
        ({"owner": "\ud800"}, (("owner", "?"),)),
        (["app"], ()),
        (None, ()),
    ],
)
def test_tags_are_pairs_in_the_order_of_their_names(tags, pairs) -> None:
    assert parse.tags(tags) == pairs
