"""Become another program that does not outlive the process that started it.

Run as a script (`python -I -S launcher.py …`), so that it starts in milliseconds and needs nothing installed.
The kernel forgets a parent-death signal whenever the user changes, so the user is changed here first, not by the caller.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tied_command(
    command: Sequence[str],
    *,
    stop_signal: int = signal.SIGTERM,
    user: tuple[int, int] | None = None,
) -> list[str]:
    """Return the command line that runs `command` tied to the life of the calling process.

    On Linux the kernel sends `stop_signal` to it when the caller dies, however it dies. Elsewhere it is only started.
    """
    launcher = [sys.executable, "-I", "-S", __file__]
    launcher += ["--parent", str(os.getpid()), "--stop-signal", str(int(stop_signal))]
    if user is not None:
        launcher += ["--uid", str(user[0]), "--gid", str(user[1])]
    return [*launcher, "--", *command]


def _become_user(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with_parent(parent: int, stop_signal: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died before the line above took effect.
    if os.getppid() != parent:
        sys.exit(1)


def main() -> None:
    """Tie this process to its parent, then become the program that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--stop-signal", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    # A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops everything in order.
    os.setpgid(0, 0)
    if options.uid is not None:
        _become_user(options.uid, options.gid)
    _die_with_parent(options.parent, options.stop_signal)
    os.execv(options.command[0], options.command)


if __name__ == "__main__":
    main()
