"""The rows of the table: what is to be reached, what was measured, and how both are printed."""

import math
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Target:
    """A row of the table: `reach` and `stretch` in `unit`, None where the row only informs; `faster` where a greater value is better."""

    text: str
    unit: str
    reach: float | None = None
    stretch: float | None = None
    greater_is_better: bool = False


@dataclass(frozen=True)
class Measured:
    """A figure, what it was compared with, lines of detail, and the numbers behind them for the JSON file; or the reason why there is no figure."""

    value: float | None = None
    against: str = ""
    details: list[str] = field(default_factory=list)
    numbers: dict = field(default_factory=dict)
    reason: str = ""


def absent(reason: str) -> Measured:
    """A row that could not be measured."""
    return Measured(reason=reason)


# In the order of the table. Times are warm unless the row says otherwise.
TARGETS = {
    "steady": Target("steady A, B, C, P, float32, error <= 1e-3: the slowest", "s", 0.35, 0.1),
    "steady-mixed": Target("the same to 1e-10, mixed precision", "s", 1.2, 0.5),
    "network": Target("five regulated cytokines, 96^3, float32", "s", 3),
    "dosing": Target("thirty days of antibody dosing, 48^3, three species, float32", "s", 30),
    "populations": Target("sixty days of eight populations with five regulated cytokines, 48^3, float32", "s", 90),
    "hypre": Target("hypre PFMG-PCG (double) / float32, error 1e-5: the closest case", "x", 5, 12, True),
    "hypre-mixed": Target("the same at 1e-10, mixed precision", "x", 3, 6, True),
    "stage-constant": Target("one RKC stage, constant D", "ns/voxel", 2, 0.8),
    "stage-variable": Target("one RKC stage, variable D", "ns/voxel", 2.5, 1.2),
    "stencil": Target("one fused stencil update, constant D, for comparison", "ns/voxel"),
    "scipy": Target("SciPy DCT-PCG / float32, A, B, C, error 1e-5: the closest case", "x", 3, 8, True),
    "scipy-mixed": Target("the same at 1e-10, mixed precision", "x", 2, 4, True),
    "scipy-others": Target("SciPy Jacobi-CG, pyamg / float32: the closest case", "x", greater_is_better=True),
    "onset-biofvm": Target("onset, one hour, error 1e-3: BioFVM's method in fast C / ours", "x", 100, 500, True),
    "onset-pypde": Target("the same: py-pde (JAX) / ours", "x", 10, 30, True),
    "onset": Target("the same: our time", "s"),
    "biofvm-bias": Target("settled field of BioFVM's method at 0.01 min, error / max: the worst case", "%"),
    "gradient-steady": Target("gradient of a steady loss / forward", "x", 2.2, 1.9),
    "gradient-transient": Target("gradient of a transient loss / forward", "x", 4, 3),
    "fit": Target("fit of eight rates, 64^3, from ten times off, with compilation", "s", 90),
    "fit-least-squares": Target("the same by SciPy least squares with finite differences / ours, warm", "x", greater_is_better=True),
    "fit-lbfgsb": Target("the same by SciPy L-BFGS-B with finite differences / ours, warm", "x", greater_is_better=True),
    "fit-nelder-mead": Target("the same by SciPy Nelder-Mead / ours, warm", "x", greater_is_better=True),
    "memory": Target("memory, steady, float32: slope of peak resident size", "B/voxel", 150, 80),
    "ensemble": Target("ensemble by vmap / the same number of calls", "x", 1.1, 0.7),
    "cold-start": Target("import, compile and run of the demo, cold", "s", 30, 15),
    "linear-cost": Target("cost per voxel over all sizes: largest / smallest - 1", "%", 25),
    "gpu": Target("share of the GPU's memory bandwidth that a stage reaches", "%", 70, greater_is_better=True),
}


def verdict(name: str, measured: Measured, quick: bool) -> str:
    """Whether a row is met: stretch, reach or missed; a dash where nothing is to be judged."""
    target = TARGETS[name]
    if measured.value is None or target.reach is None or quick:
        return "-"
    sign = -1 if target.greater_is_better else 1
    if target.stretch is not None and sign * measured.value <= sign * target.stretch:
        return "stretch"
    return "reach" if sign * measured.value <= sign * target.reach else "missed"


def as_record(name: str, measured: Measured, quick: bool) -> dict:
    """The row for the JSON file."""
    return {"name": name, **asdict(TARGETS[name]), "measured": asdict(measured), "verdict": verdict(name, measured, quick)}


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if not math.isfinite(value) or value == 0:
        return f"{value}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(abs(value))))}f}"


def print_row(name: str, measured: Measured, quick: bool) -> None:
    """One row, its details below it."""
    target = TARGETS[name]
    figures = f"{_number(target.reach):>5} {_number(target.stretch):>7}  {_number(measured.value):>8} {target.unit:<8} {verdict(name, measured, quick):<7}"
    print(f"{name:<19}{figures}  {target.text}", flush=True)
    if measured.reason:
        print(f"{'':19}not measured: {measured.reason}", flush=True)
    for line in ([f"against {measured.against}"] if measured.against else []) + measured.details:
        print(f"{'':19}{line}", flush=True)


HEADING = f"{'':19}{'reach':>5} {'stretch':>7}  {'measured':>8} {'':8} {'met':<7}"
