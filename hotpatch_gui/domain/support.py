"""A support request about hotpatch at Microsoft: where it is filed, and what it should name.

Source: learn.microsoft.com/azure/automanage/automanage-hotpatch, "How can I get troubleshooting support for hotpatching?".
"""

from __future__ import annotations

NEW_REQUEST = (
    "https://portal.azure.com/#blade/Microsoft_Azure_Support/HelpAndSupportBlade/newsupportrequest"
)
CHOICES = (
    ("Service", "Virtual Machine running Windows (under Compute)"),
    ("Problem type", "Azure Features"),
    ("Problem subtype", "Automatic VM Guest Patching"),
)
"""The choices that the article names, in the portal's own words, for Azure virtual machines."""
