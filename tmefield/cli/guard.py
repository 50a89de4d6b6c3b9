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
        except TmefieldError as error:
            say(str(error))
            raise typer.Exit(error.exit_code) from None
        except MemoryError:
            say("out of memory; 'tmefield estimate' tells what a run needs, a larger grid.spacing needs less")
            raise typer.Exit(ResourceError.exit_code) from None
        except OSError as error:
            say(_file_message(error))
            raise typer.Exit(FileError.exit_code) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")):
                raise  # a usage error, which typer prints itself
            traceback.print_exc()
            say(
                f"this is a fault in tmefield, not in your input ({type(error).__name__}). Please report it with the lines above, "
                "the command, and what 'tmefield doctor' prints; your data are not needed"
            )
            raise typer.Exit(BUG) from None

    return run


def say(message: str) -> None:
    """One message on stderr."""
    print(f"tmefield: {message}", file=sys.stderr)


def _file_message(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; nothing was written. Free some space or choose another folder with --out"
    return f"{where}{error.strerror or error}"
