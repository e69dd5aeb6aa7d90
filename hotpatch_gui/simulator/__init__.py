"""A small Azure behind the same wire protocol: virtual machines, guest patching, Resource Graph.

Only ``application``, ``captures``, ``commands``, ``demo`` and tests import it; nothing above ``azure/``
can distinguish it from the real one.
"""
