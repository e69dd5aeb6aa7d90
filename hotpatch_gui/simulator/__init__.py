"""A small Azure that speaks the real one's wire: virtual machines, guest patching, Resource Graph.

Only app, demo and tests may import it; nothing above ``azure/`` can tell it from the real one.
"""
