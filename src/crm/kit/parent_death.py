"""Makes the kernel end a child when its parent is gone, so that kill -9 of the parent leaves no orphans."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

# linux/prctl.h
_PR_SET_PDEATHSIG = 1


def end_with_parent(signal_number: signal.Signals) -> Callable[[], None] | None:
    """Returns what to pass as `preexec_fn`: the child gets `signal_number` when the starting *thread* ends.

    So start children from the main thread. It must run after any change of user, which clears the request
    (prctl(2)); subprocess changes the user first. None where the kernel cannot do it (macOS): there a
    second start adopts what is still alive.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: a forked child must not load libraries
    parent = os.getpid()

    def ask_kernel() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:  # the parent died between the fork and the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel
