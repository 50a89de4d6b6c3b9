"""The commands put together. Nothing heavy is imported here: `tmefield --help` has to answer at once."""

import os
import sys
from typing import Annotated

import typer

from ..memory import reuse_memory
from .doctor import doctor
from .estimate import estimate
from .export import export
from .fit import fit
from .guard import INTERRUPTED, guarded
from .info import info
from .init import init
from .interrupt import listen
from .plot import plot
from .resume import resume
from .run import run
from .sweep import sweep
from .validate import validate

app = typer.Typer(
    name="tmefield",
    help="Cytokine fields around vascularised tumours in 3D: from vessels and cells to NetCDF and pictures. Start with: tmefield run demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # A flag that is not given counts as False, not as None: typer would load pydantic to make sense of that, and `run --help` take thrice as long.
    context_settings={"help_option_names": ["-h", "--help"], "default_map": {"help": False}},
)
for verb in (run, resume, fit, sweep, init, validate, estimate, info, plot, export, doctor):
    app.command(verb.__name__)(guarded(verb))


def _version(asked: bool) -> bool:
    if asked:
        from .. import __version__

        typer.echo(f"tmefield {__version__}")
        raise typer.Exit()
    return asked


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Options of the program itself."""


def main() -> None:
    """Run the command line; ends the process with the exit codes 0, 2 (input), 3 (numerics), 4 (files), 5 (memory), 130 (interrupted)."""
    listen()
    reuse_memory()
    try:
        app(prog_name="tmefield")
    except SystemExit as end:
        if end.code == INTERRUPTED and "jax" in sys.modules:
            # JAX's threads may still compile, and an orderly exit under them crashes.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise
