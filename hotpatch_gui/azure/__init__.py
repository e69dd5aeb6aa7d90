"""Azure through its official SDKs, in the domain's terms."""

from hotpatch_gui.system.runtime_tuning import use_system_certificates

use_system_certificates()
