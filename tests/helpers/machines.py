"""A machine that fulfils every prerequisite of hotpatching."""

from datetime import UTC, datetime

from hotpatch_gui.domain.machines import AssessmentMode, Image, Machine, PatchMode, PatchSettings
from hotpatch_gui.domain.power import PowerState

GOOD = Machine(
    resource_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
    name="v",
    subscription_id="s",
    resource_group="g",
    location="westus2",
    fetched=datetime(2026, 8, 20, tzinfo=UTC),
    image=Image("MicrosoftWindowsServer", "WindowsServer", "2025-Datacenter-Azure-Edition-Core"),
    settings=PatchSettings(
        patch_mode=PatchMode.AUTOMATIC_BY_PLATFORM,
        hotpatch_enabled=True,
        assessment_mode=AssessmentMode.AUTOMATIC_BY_PLATFORM,
        bypass_safety_checks=False,
        automatic_updates=True,
        provision_agent=True,
    ),
    power=PowerState.RUNNING,
    generation="V2",
    os_version="10.0.26100.33222",
    allow_extensions=True,
    agent_ready=True,
)
