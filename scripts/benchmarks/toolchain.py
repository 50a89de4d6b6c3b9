"""Compiles the rivals written in C, and starts programs in an environment without settings meant for others."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Unavailable(Exception):
    """A rival that is not here; the message says what is missing."""


def environment(**extra: str) -> dict[str, str]:
    """The environment of this process without the settings of OpenBLAS, and with `extra`."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}, **extra}


def compiled(source: str, compiler: str, options: list[str], folder: Path) -> Path:
    """The program from a C file beside this one, compiled unless that has been done.

    Raises `Unavailable` where the compiler or a library is missing.
    """
    if shutil.which(compiler) is None:
        raise Unavailable(f"no {compiler} found")
    text = (HERE / source).read_bytes()
    mark = hashlib.sha256(text + " ".join([compiler, *options]).encode()).hexdigest()[:12]
    program = folder / f"{Path(source).stem}-{mark}"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # -march=native belongs to this machine: the cache folder is not for sharing between machines.
        done = subprocess.run(
            [compiler, "-O3", "-march=native", str(HERE / source), "-o", str(program), *options], capture_output=True, text=True, env=environment()
        )
        if done.returncode:
            raise Unavailable(f"{compiler} cannot compile {source}: {_first_error(done.stderr)}")
    return program


def _first_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line or "cannot find" in line]
    return lines[0].strip() if lines else text.strip()[-200:]


def output_of(command: list[str], **extra: str) -> str:
    """What a program prints; RuntimeError with its message where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**extra))
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout
