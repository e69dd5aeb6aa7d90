"""Azure through its official SDKs, in the domain's terms. Certificates are believed as the system believes them."""

from hotpatch_gui.system.runtime_tuning import trust_as_the_system_does

trust_as_the_system_does()
