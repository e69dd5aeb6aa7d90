import pytest

from hotpatch_gui.domain.updates import (
    Classification,
    RestartBehavior,
    Update,
    outside_program,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Critical", Classification.CRITICAL),
        ("Critical Updates", Classification.CRITICAL),
        ("security updates", Classification.SECURITY),
        ("Update Rollups", Classification.UPDATE_ROLLUP),
        ("UpdateRollup", Classification.UPDATE_ROLLUP),
        ("updateRollup", Classification.UPDATE_ROLLUP),
        ("Feature Packs", Classification.FEATURE_PACK),
        ("ServicePack", Classification.SERVICE_PACK),
        ("Definition Updates", Classification.DEFINITION),
        ("Tools", Classification.TOOLS),
        ("Updates", Classification.UPDATES),
        ("Drivers", None),
        (None, None),
    ],
)
def test_azures_many_spellings_are_one_classification(text: str | None, expected: object) -> None:
    assert Classification.parse(text) is expected


def test_there_are_eight_classifications_and_two_are_installed_automatically() -> None:
    assert len(Classification) == 8
    automatic = {c for c in Classification if c.installed_automatically}
    assert automatic == {Classification.CRITICAL, Classification.SECURITY}


@pytest.mark.parametrize("text", ["", None, "Sometimes"])
def test_unknown_restart_behavior_stays_unknown(text: str | None) -> None:
    assert RestartBehavior.parse(text) is RestartBehavior.UNKNOWN


def test_an_update_without_kb_or_id_still_has_an_identity() -> None:
    update = Update.from_azure(
        patch_id=None,
        name="Driver",
        kb_id=None,
        classification="Drivers",
        reboot_behavior=None,
        published=None,
    )
    assert update.patch_id == "|Driver"
    assert update.kb is None
    assert update.classification is None
    assert update.classification_text == "Drivers"


def test_an_update_outside_the_hotpatch_program_has_a_reason() -> None:
    assert ".NET" in outside_program("2026-08 Cumulative Update for .NET", Classification.SECURITY)
    assert "Defender" in outside_program("Intelligence", Classification.DEFINITION)
    assert "never a hotpatch" in outside_program("Removal tool", Classification.UPDATE_ROLLUP)
