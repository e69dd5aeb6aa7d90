"""Hotpatch Dashboard: hotpatch status, assessments and installations of Windows Server machines in Azure."""

__version__ = "0.1.0"
