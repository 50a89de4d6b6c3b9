"""Errors as a person should see them: one message on stderr and an exit code, no traceback for mistakes of the user."""

import errno
import functools
import sys
import traceback
from collections.abc import Callable

import typer

from ..errors import FileError, ResourceError, TmefieldError

INTERRUPTED = 130
BUG = 70


def guarded(command: Callable) -> Callable:
    """The command with its errors turned into messages and exit codes."""

    @functools.wraps(command)
    def run(*arguments, **options):
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            say("interrupted; no result was written")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise typer.Exit(0) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            known = understood(error)
            if known is not None:
                say(known[0])
                raise typer.Exit(known[1]) from None
            if type(error).__module__.startswith(("typer", "click")):
                raise  # a usage error, which typer prints itself
            traceback.print_exc()
            say(fault(error))
            raise typer.Exit(BUG) from None

    return run


def understood(error: Exception) -> tuple[str, int] | None:
    """The message of an error and its exit code; None where it is a fault of the program."""
    if isinstance(error, TmefieldError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory; 'tmefield estimate' tells what a run needs, a larger grid.spacing needs less", ResourceError.exit_code
    return (_file_message(error), FileError.exit_code) if isinstance(error, OSError) else None


def fault(error: Exception) -> str:
    """What to say of an error that is a fault of the program, below its traceback."""
    return (
        f"this is a fault in tmefield, not in your input ({type(error).__name__}). Please report it with the lines above, "
        "the command, and what 'tmefield doctor' prints; your data are not needed"
    )


def say(message: str) -> None:
    """One message on stderr."""
    print(f"tmefield: {message}", file=sys.stderr)


def _file_message(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; nothing was written. Free some space or choose another folder with --out"
    return f"{where}{error.strerror or error}"
