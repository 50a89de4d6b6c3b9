"""Memory that a process keeps between solves."""

import ctypes
import platform

# Parameters of glibc's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def reuse_memory() -> bool:
    """Let this process keep the memory it frees, so that the next solve finds it in place: call it once, before the first solve.

    The C library hands large blocks back to the system, which clears every page again when the next solve touches it: a third of the time of a
    steady solve of 128^3 voxels on Linux (`docs/speed.md`). Afterwards the process stays as large as it has ever been, and its threads allocate one
    after the other. These are settings of the whole process, therefore no import makes them; the command `tmefield` does.

    **Returns** whether the C library took it: glibc does; elsewhere nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    wanted = ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1))  # -1: never
    return all([library.mallopt(parameter, value) == 1 for parameter, value in wanted])
