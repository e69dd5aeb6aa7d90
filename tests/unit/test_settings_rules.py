from dataclasses import replace

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.machines import Image, PatchMode
from hotpatch_gui.domain.settings import Orchestration, SettingsChange, skip_reason

O = Orchestration  # noqa: E741 - short in a table
NOW = GOOD.settings


@pytest.mark.parametrize(
    ("now", "wanted", "words"),
    [
        (NOW, SettingsChange(O.SAFE_DEPLOYMENT, True, True), None),
        (NOW, SettingsChange(O.SAFE_DEPLOYMENT, False, False), None),
        (NOW, SettingsChange(O.WINDOWS_AUTOMATIC, False, True), None),
        (NOW, SettingsChange(O.CUSTOMER_SCHEDULES, False, True), None),
        (NOW, SettingsChange(O.CUSTOMER_SCHEDULES, True, True), "safety checks"),
        (NOW, SettingsChange(O.WINDOWS_AUTOMATIC, True, True), "Azure to orchestrate"),
        (NOW, SettingsChange(O.MANUAL, False, True), "enableAutomaticUpdates"),
        (replace(NOW, automatic_updates=False), SettingsChange(O.MANUAL, False, True), None),
        (
            replace(NOW, automatic_updates=False),
            SettingsChange(O.WINDOWS_AUTOMATIC, False, True),
            "enableAutomaticUpdates",
        ),
        (
            replace(NOW, patch_mode=PatchMode.AUTOMATIC_BY_OS),
            SettingsChange(O.MANUAL, False, True),
            "doesn't switch",
        ),
        (
            replace(NOW, patch_mode=PatchMode.MANUAL),
            SettingsChange(O.WINDOWS_AUTOMATIC, False, True),
            "doesn't switch",
        ),
        (
            replace(NOW, provision_agent=False),
            SettingsChange(O.SAFE_DEPLOYMENT, True, True),
            "VM agent",
        ),
    ],
)
def test_changes_that_azure_rejects_are_reported_beforehand(
    now, wanted: SettingsChange, words: str | None
) -> None:
    found = skip_reason(GOOD.image, now, wanted)
    assert (found is None) if words is None else (found is not None and words in found)


def test_an_unsupported_image_cannot_be_hotpatched() -> None:
    found = skip_reason(Image(), NOW, SettingsChange(O.SAFE_DEPLOYMENT, True, True))
    assert found is not None
    assert "image" in found
