"""Azure's rule of what an account may do, and the role that names what this program needs."""

from __future__ import annotations

import re

import pytest

from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.permissions import READ, Grant, acting, allows, custom_role, needed

INSTALL = "Microsoft.Compute/virtualMachines/installPatches/action"
OWNER = Grant(("*",))


@pytest.mark.parametrize(
    ("grants", "is_allowed"),
    [
        ([OWNER], True),
        ([Grant(("microsoft.compute/*",))], True),
        ([Grant(("Microsoft.Compute/virtualMachines/*",))], True),
        ([Grant(("Microsoft.Compute/*/installpatches/action",))], True),
        ([Grant((INSTALL.upper(),))], True),
        ([Grant(("*/read",))], False),
        ([Grant(("Microsoft.Compute/virtualMachines/installPatches",))], False),
        ([Grant(("*",), ("Microsoft.Compute/virtualMachines/installPatches/action",))], False),
        ([Grant(("*",), ("*/installPatches/*",)), Grant((INSTALL,))], True),
        ([Grant(("*",), ("*",))], False),
        ([], False),
    ],
)
def test_a_grants_exceptions_are_subtracted_from_the_same_grant(
    grants: list[Grant], is_allowed: bool
) -> None:
    assert allows(grants, INSTALL) is is_allowed


def test_a_dot_in_an_action_is_literal() -> None:
    assert not allows([Grant(("MicrosoftxCompute/*",))], INSTALL)


def test_every_operation_has_its_action_and_azure_restarts_no_arc_server() -> None:
    for kind in OperationKind:
        assert needed(kind, is_arc=False) or needed(kind, is_arc=True)
    assert needed(OperationKind.RESTART, is_arc=True) is None
    assert needed(OperationKind.START, is_arc=True) is None
    assert len(acting()) == 15


def test_the_role_contains_exactly_the_required_actions() -> None:
    reader, operator = (custom_role(["s1", "s2"], changes_allowed=act) for act in (False, True))
    assert reader["Actions"] == list(READ)
    assert all(action.endswith("/read") for action in reader["Actions"])
    assert not any("*" in action for action in operator["Actions"])
    assert set(operator["Actions"]) == {*READ, *acting()}
    assert operator["AssignableScopes"] == ["/subscriptions/s1", "/subscriptions/s2"]
    for kind in OperationKind:
        for is_arc in (False, True):
            action = needed(kind, is_arc=is_arc)
            assert action is None or allows([Grant(tuple(operator["Actions"]))], action)
            assert action is None or not allows([Grant(tuple(reader["Actions"]))], action)


def test_action_names_are_in_azures_list_of_operations() -> None:
    """One unknown action makes Azure refuse a whole custom role (InvalidActionOrNotAction)."""
    for space in ("Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines"):
        assert f"{space}/patchAssessmentResults/latest/read" in READ
        assert f"{space}/patchAssessmentResults/latest/softwarePatches/read" in READ
        assert f"{space}/patchAssessmentResults/read" not in READ
        assert f"{space}/patchInstallationResults/softwarePatches/read" in READ
    # as in Azure's built-in role Scheduled Patching Contributor
    for resource in ("maintenanceConfigurations", "configurationAssignments"):
        assert f"Microsoft.Maintenance/{resource}/read" in READ
        for verb in ("write", "delete"):
            assert f"Microsoft.Maintenance/{resource}/{verb}" in acting()
    followed = {
        f"Microsoft.HybridCompute/locations/{what}/read"
        for what in ("operationstatus", "operationresults")
    }
    assert followed <= set(acting())


def test_the_actions_are_spelled_as_providers_spell_them() -> None:
    spelling = re.compile(r"Microsoft\.[A-Za-z]+(/[a-z][A-Za-z]*)+/(read|write|delete|action)")
    assert all(spelling.fullmatch(action) for action in (*READ, *acting()))
