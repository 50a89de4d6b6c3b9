"""Memory and time of a run, told before anything is allocated."""

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import ResourceError
from ..grid import Grid
from .schema import Config

# Measured with `tmefield run` on a vessel network with five species, receptor uptake and seven cell types, 0.09 to 1.6 million
# voxels: peak resident memory 0.90, 1.04, 1.20, 2.09 GB where this says 0.88, 1.02, 1.25, 2.14.
BASE_BYTES = 800 * 10**6
FLOATS_PER_VALUE = 38
FLOATS_PER_VOXEL = 25
BASE_SECONDS = 16.0
NANOSECONDS_PER_VALUE = 5000.0
RESERVE = 0.9


@dataclass(frozen=True)
class Forecast:
    """What a run will take: bytes of memory at its peak, bytes on disk, seconds on two CPU cores (of a steady state without what `not_counted` names)."""

    voxels: int
    species: int
    memory: int
    disk: int
    seconds: float


def forecast(grid: Grid, species: int, *, precision: str) -> Forecast:
    """Memory and time of a steady solve on this grid; whole numbers of Python, which do not overflow."""
    width = 8 if precision == "float64" else 4
    voxels = grid.size
    memory = BASE_BYTES + voxels * width * (FLOATS_PER_VALUE * species + FLOATS_PER_VOXEL)
    disk = voxels * 4 * (species * 2 + 12)
    return Forecast(voxels, species, memory, disk, BASE_SECONDS + voxels * species * NANOSECONDS_PER_VALUE * 1e-9 * width / 4)


def not_counted(config: Config) -> list[str]:
    """What a run does that the seconds of its forecast leave out: they are those of a steady state of species that do not act on each other."""
    regulated = config.regulation.edges != "none" or bool(config.regulation.edge)
    parts = {"regulation": regulated, "the steps of [time]": config.time is not None, "drugs": bool(config.drugs), "readouts": bool(config.readouts.responses)}
    return [name for name, there in parts.items() if there]


def available_memory() -> int | None:
    """Bytes of memory that this process may still take; None where the system does not say."""
    candidates = [_meminfo(), _cgroup()]
    known = [one for one in candidates if one is not None]
    return min(known) if known else _physical()


def check_memory(need: Forecast, grid: Grid, limit: int | None) -> None:
    """Refuse a run that does not fit.

    **Raises** `ResourceError` with the need, the limit and the spacing that would fit.
    """
    allowed = limit
    if allowed is None:
        free = available_memory()
        allowed = None if free is None else int(RESERVE * free)
    if allowed is None or need.memory <= allowed:
        return
    shape = " x ".join(str(n) for n in grid.shape)
    wanted = f"a grid of {shape} voxels with {need.species} species needs about {need.memory / 1e9:,.1f} GB of memory, and {allowed / 1e9:,.1f} GB may be used"
    room = allowed - BASE_BYTES
    if room <= 0:
        raise ResourceError(f"{wanted}: even the smallest grid does not fit; raise solver.memory_limit or use a machine with more memory")
    fewer = (need.memory - BASE_BYTES) / room
    factor = fewer ** (1 / sum(n > 1 for n in grid.shape))
    fits = max(grid.spacing) * factor
    raise ResourceError(f"{wanted}; a spacing of {_round_up(fits):g} um would fit (set grid.spacing), or a smaller box (grid.size)")


def _round_up(value: float) -> float:
    """To two digits, upwards."""
    from math import ceil, floor, log10

    unit = 10 ** (floor(log10(value)) - 1)
    return ceil(value / unit - 1e-9) * unit


def _meminfo() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None


def _cgroup() -> int | None:
    """What the container allows, less what it uses and cannot give back (files in the cache do not count)."""
    for folder, names in (
        ("/sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")),
        ("/sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
    ):
        try:
            limit, used = ((Path(folder) / name).read_text().strip() for name in names[:2])
            statistics = dict(line.split() for line in (Path(folder) / "memory.stat").read_text().splitlines())
            if limit.isdecimal() and int(limit) < 2**60:
                return max(0, int(limit) - int(used) + int(statistics.get(names[2], 0)))
        except (OSError, ValueError):
            continue
    return None


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
