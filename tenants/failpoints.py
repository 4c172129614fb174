"""Named places at which a fault drill kills the process, to prove that nothing is lost or doubled there.

A failpoint costs one comparison. It is armed by settings.FAILPOINT, which only a development machine reads
from its environment.
"""

from __future__ import annotations

import os

from django.conf import settings

KILLED = 137
"""Exit status of a process that was killed, as a shell reports SIGKILL."""


def reach(name: str) -> None:
    """End the process at once, without clean-up, when a drill armed the failpoint `name`."""
    if name == settings.FAILPOINT:
        os._exit(KILLED)
