"""Errors for the person who made the mistake; each class carries the exit code of the command line."""


class TmefieldError(Exception):
    """Base of all errors that tmefield raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(TmefieldError, ValueError):
    """A wrong argument, configuration key, unit or value (exit code 2)."""

    exit_code = 2


class NumericsError(TmefieldError, ArithmeticError):
    """A solve that did not converge or left the finite numbers (exit code 3)."""

    exit_code = 3


class FileError(TmefieldError, OSError):
    """A file that is missing, unreadable, damaged or cannot be written (exit code 4)."""

    exit_code = 4


class ResourceError(TmefieldError, MemoryError):
    """A run that needs more memory or disk than there is (exit code 5)."""

    exit_code = 5
