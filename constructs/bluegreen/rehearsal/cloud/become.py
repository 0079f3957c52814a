"""Run as a script in a new child: tie its life to its parent's, drop root when asked, become the program.

    become.py PARENT_PID USER PROGRAM ARGUMENT…        (USER "-" keeps whoever runs it)

A `preexec_fn` would run Python between fork and exec, which deadlocks beside other threads; this runs after exec.
"""

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1

_CANNOT_EXECUTE = 127


def drop_root(libc: ctypes.CDLL, user: str) -> None:
    """Become `user`, but keep root's way through folders that are closed to others.

    PostgreSQL refuses to run as root; its programs and its data may lie in root's own home.
    """
    entry = pwd.getpwnam(user)
    libc.prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    mask = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable; then the upper halves
    # Both may be denied in a container; then only folders open to everybody can be used.
    libc.capset(header, sets)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def main(parent: int, user: str, command: list[str]) -> int:
    """Become the program; return only when it cannot be executed."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if user != "-":
            drop_root(libc, user)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of user, which clears it
        if os.getppid() != parent:
            return 1
    try:
        os.execvp(command[0], command)  # noqa: S606 - a command from the user's own bluegreen.toml
    except OSError as error:
        sys.stderr.write(f"cannot execute {command[0]}: {error.strerror}\n")
    return _CANNOT_EXECUTE


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
