"""Tabs of the blade."""
