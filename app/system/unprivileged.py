"""Run a program that refuses root, when this process is root: ``python -m app.system.unprivileged PROGRAM ARG…``.

PostgreSQL does not start as root. The program runs as the machine's ``nobody`` instead, with one capability kept: to
pass directories that only root may enter. So a checkout below ``/root`` works, no user is made, and no permission is
widened.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
# Without this bit access(2) forgets the kept capability, and PostgreSQL asks access(2) whether it can run itself.
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def nobody() -> pwd.struct_passwd:
    """The machine's user without rights.

    Raises LookupError where there is none: start the bridge as an ordinary user there.
    """
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise LookupError(
            "PostgreSQL does not run as root, and this machine has no user 'nobody': start as an ordinary user."
        ) from None


def wrapped(command: list[str]) -> list[str]:
    """The command as it has to be started here: itself, or, for root, through this module."""
    return [sys.executable, "-P", "-m", "app.system.unprivileged", *command] if is_root() else command


def own(path: str | os.PathLike[str]) -> None:
    """Give a file or directory to the user that wrapped commands run as."""
    if is_root():
        user = nobody()
        os.chown(path, user.pw_uid, user.pw_gid)


def drop_root() -> None:
    """Become nobody, keeping the right to pass closed directories where the kernel allows it (Linux)."""
    user = nobody()
    libc = ctypes.CDLL(None, use_errno=True)
    keep = sys.platform == "linux" and libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if keep:
        _keep_only(libc, _CAP_DAC_OVERRIDE)


def _keep_only(libc: ctypes.CDLL, capability: int) -> None:
    """Give up every capability but one, and hand that one through exec; where a container has none, none is left."""
    bit = 1 << capability
    header, none = _Header(_CAPABILITY_VERSION_3, 0), _Sets(0, 0, 0)
    if libc.capset(ctypes.byref(header), (_Sets * 2)(_Sets(bit, bit, bit), none)) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    elif libc.capset(ctypes.byref(header), (_Sets * 2)(none, none)) != 0:
        raise OSError(ctypes.get_errno(), "capset refused to give up root's capabilities")


if __name__ == "__main__":
    drop_root()
    os.execv(sys.argv[1], sys.argv[1:])
