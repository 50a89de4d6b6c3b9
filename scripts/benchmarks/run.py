"""The table of speeds and sizes, measured on this machine:

    python scripts/benchmarks/run.py [--quick] [--only NAME ...] [--out results.json] [--plot results.png]

Each row has what is to be reached, what was measured, whether that meets it, and what it was compared with. Contenders of a row take turns in one
run and count by their median. What is not installed (hypre, a C compiler, py-pde, pyamg, a GPU) is said in its row.
"""

import argparse
import importlib
import json
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# So that rivals and child processes import the copy of tmefield that stands beside this folder, installed or not.
sys.path.insert(1, str(HERE.parents[1]))

import rows as table  # noqa: E402
from timing import Settings  # noqa: E402

# Which module measures which rows; memory and cold start first, before this process fills the machine's memory.
GROUPS = {
    "cold": ("measure_cold", ["cold-start"]),
    "memory": ("measure_memory", ["memory"]),
    "steady": ("measure_steady", ["steady", "steady-mixed"]),
    "network": ("measure_network", ["network"]),
    "dosing": ("measure_dosing", ["dosing"]),
    "populations": ("measure_populations", ["populations"]),
    "hypre": ("measure_hypre", ["hypre", "hypre-mixed"]),
    "stage": ("measure_stage", ["stage-constant", "stage-variable", "stencil", "gpu"]),
    "scipy": ("measure_scipy", ["scipy", "scipy-mixed", "scipy-others"]),
    "onset": ("measure_onset", ["onset-biofvm", "onset-pypde", "onset"]),
    "bias": ("measure_bias", ["biofvm-bias"]),
    "gradient": ("measure_gradient", ["gradient-steady", "gradient-transient"]),
    "fit": ("measure_fit", ["fit", "fit-least-squares", "fit-lbfgsb", "fit-nelder-mead"]),
    "ensemble": ("measure_ensemble", ["ensemble"]),
    "cost": ("measure_cost", ["linear-cost"]),
}


def chosen(only: list[str] | None) -> list[str]:
    """The groups that hold the named rows or groups; all by default."""
    if not only:
        return list(GROUPS)
    known = {row: group for group, (_, rows) in GROUPS.items() for row in rows} | {group: group for group in GROUPS}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise SystemExit(f"no row or group {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [group for group in GROUPS if group in {known[name] for name in only}]


def main() -> int:
    """Measure, print, write; 1 where a measurement failed."""
    options = _arguments()
    groups = chosen(options.only)
    import machine

    import tmefield

    tmefield.reuse_memory()
    settings = Settings(options.quick, options.cache.expanduser().resolve(), options.rivals)
    settings.cache.mkdir(parents=True, exist_ok=True)
    begin, about = time.perf_counter(), machine.describe()
    copies = machine.copy_table((1, 8, 64) if options.quick else (1, 8, 64, 256))
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    print(f"{about['date']}  {about['processor']}, {about['cores']} cores, load {about['load']:.1f}\n{versions}; {', '.join(about['devices'])}")
    print(machine.bandwidth_line(copies) + ("\nquick: small sizes that judge nothing" if options.quick else "") + "\n")
    print(table.HEADING, flush=True)
    measured, failed = {}, []
    for group in groups:
        started = time.perf_counter()
        found, error = _measure(group, settings)
        failed += [group] if error else []
        for name in GROUPS[group][1]:
            measured[name] = found[name]
            table.print_row(name, found[name], options.quick)
        print(f"{'':19}({group}: {time.perf_counter() - started:.0f} s)\n", flush=True)
    measured = {name: measured[name] for name in table.TARGETS if name in measured}
    print(f"{time.perf_counter() - begin:.0f} s in all" + (f"; failed: {', '.join(failed)}" if failed else ""))
    records = [table.as_record(name, row, options.quick) for name, row in measured.items()]
    if options.out:
        options.out.write_text(json.dumps({"machine": about, "copy_bandwidth": copies, "quick": options.quick, "rows": records}, indent=1))
    if options.plot:
        import plot

        verdicts = {name: table.verdict(name, row, options.quick) for name, row in measured.items()}
        plot.draw(measured, verdicts, str(options.plot), f"{about['date']}, {about['processor']}, {about['cores']} cores")
    return 1 if failed else 0


def _measure(group: str, settings: Settings) -> tuple[dict[str, table.Measured], bool]:
    module, names = GROUPS[group]
    try:
        return importlib.import_module(module).measure(settings), False
    except Exception as error:
        # One rival that breaks must not cost the rows of an hour; the exit status tells.
        traceback.print_exc()
        return {name: table.absent(f"failed: {type(error).__name__}: {error}") for name in names}, True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the table of speeds and sizes.")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that all works")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"rows, or groups of rows: {', '.join(GROUPS)}")
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    parser.add_argument("--plot", type=Path, help="picture of the results")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/tmefield-benchmarks"), help="folder for reference fields and compiled rivals")
    parser.add_argument("--rivals", default=sys.executable, metavar="PYTHON", help="a Python that has py-pde and pyamg (default: this one)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
