"""Azure through its official SDKs, in the domain's terms."""

from hotpatch_gui.system.runtime_tuning import trust_as_the_system_does

trust_as_the_system_does()
