"""The tabs of the blade."""
