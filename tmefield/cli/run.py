"""`tmefield run`: from a configuration to fields, pictures and a summary."""

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .source import ForceOption, InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_any

OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results (default: output.folder, ./tmefield-output).")]


def run(
    source: InputArgument,
    out: OutOption = None,
    overrides: SetOption = None,
    spacing: SpacingOption = None,
    unit: UnitOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Solve for the steady fields, through time ([time] in the configuration) or for the outcome of a tumour ([outcome]), and write NetCDF and a picture."""
    from ..config.load import LoadedOutcome
    from .console import Progress
    from .outcome import run_outcome
    from .results import check_folder

    progress = Progress()
    loaded = load_any(source, overrides, out=out, spacing=spacing, unit=unit)
    if isinstance(loaded, LoadedOutcome):
        run_outcome(loaded, progress, json=json, force=force)
        return
    check_folder(loaded, force=force)
    about = None if loaded.config.time is None else _about(loaded, force=force)
    progress.note(loaded.config.title)
    hint = None
    if spacing is not None and source != "demo":
        hint = f"the cells are assumed; to change that: tmefield init my.toml --vessels {source} --spacing '{spacing}', edit, tmefield run my.toml"
    complete(loaded, progress, json=json, hint=hint, about=about)


def _about(loaded, *, force: bool) -> dict:
    """What a checkpoint has to know of a fresh run through time; an interrupted run is not thrown away unasked.

    **Raises** `InputError` where there is one.
    """
    from ..errors import InputError
    from .march import checkpoint_of

    folder = Path(loaded.config.output.folder)
    if checkpoint_of(folder).folder.exists() and not force:
        raise InputError(f"{folder} holds an interrupted run: go on with 'tmefield resume {folder}', or start afresh with --force")
    return {"config": loaded.resolved(), "inputs": str(loaded.folder.resolve()), "source": loaded.source, "command": _command()}


def complete(loaded, progress, *, json: bool, hint: str | None = None, about: dict | None = None) -> None:
    """From a checked configuration to results on disk and a report on stdout; `about` starts a run through time afresh."""
    from ..config.prepare import prepare
    from .console import print_json

    start = time.perf_counter()
    report = computed(prepare(loaded, progress.stage), progress, hint=hint, about=about)
    report["seconds"] = round(time.perf_counter() - start, 2)
    if json:
        print_json(report)
    elif loaded.config.time is None:
        _print_report(report)
    else:
        _print_course(report)


def computed(inputs, progress, *, hint: str | None = None, about: dict | None = None) -> dict:
    """From inputs to results on disk, and the report of them."""
    from ..config.estimate import not_counted
    from ..config.fields import field_set, summary, summary_in_time
    from ..config.readouts import readouts_of
    from ..config.timing import schedule
    from .results import write_results

    loaded = inputs.loaded
    shape = " x ".join(str(n) for n in inputs.grid.shape)
    besides = not_counted(loaded.config)
    without = f" (without {', '.join(besides)})" if besides else ""
    progress.note(f"  {shape} voxels, {len(inputs.species)} species, about {inputs.need.seconds:.0f} s{without} and {inputs.need.memory / 1e9:.1f} GB")
    for note in (*inputs.notes, *([hint] if hint else [])):
        progress.note(f"  note: {note}")

    plan = schedule(inputs)
    result = _solve(inputs, plan, progress, about)
    with progress.stage("budget and relaxation times" if plan is None else "summing up"):
        report = summary(inputs, result) if plan is None else summary_in_time(inputs, result)
        readouts = readouts_of(inputs, result)
        report |= {"readouts": readouts.numbers} if readouts.numbers else {}
    for note in report["notes"][len(inputs.notes) :]:
        progress.note(f"  note: {note}")
    with progress.stage("writing"):
        fields = field_set(inputs, result, command=_command())
        written = write_results(replace(fields, maps={**fields.maps, **readouts.maps}), report, loaded, readouts)
    if plan is not None:
        from .march import checkpoint_of

        checkpoint_of(Path(loaded.config.output.folder)).remove()
    report["files"] = [str(path) for path in written]
    return report


def _solve(inputs, plan, progress, about):
    """The steady solution or the trajectory, refused where it did not converge or where no tissue has such concentrations."""
    from ..config.build import build_model
    from ..config.fields import check_plausible

    with progress.stage("starting JAX, building the model"):
        import jax

        precision = inputs.loaded.config.solver.precision
        if precision != "float32":
            jax.config.update("jax_enable_x64", True)
        model = build_model(inputs)
    for term in model.terms:
        if getattr(term, "form", "lumped") == "operator":
            progress.note(f"  note: {term.acts_on[0]}: vessel walls hardly resist it; the exchange takes the operator form")
    if plan is not None:
        from .march import march

        trajectory = march(inputs, plan, model, progress, about)
        check_plausible(inputs, trajectory)
        return trajectory
    with progress.stage("compiling and solving"), warnings.catch_warnings():
        # Said below with the exit code that belongs to it.
        warnings.simplefilter("ignore")
        from ..steady import solve_steady

        solution = solve_steady(model, rtol=inputs.loaded.config.solver.rtol, precision="mixed" if precision == "mixed" else None)
        jax.block_until_ready(solution.concentration)
    _check_status(solution)
    check_plausible(inputs, solution)
    return solution


def _check_status(solution) -> None:
    from ..errors import NumericsError
    from ..solution import failures

    failed = failures(solution)
    if failed:
        raise NumericsError("the solve did not converge, nothing was written.\n  " + "\n  ".join(failed))


def _print_report(report: dict) -> None:
    from .console import human_seconds, table

    rows = []
    for name, one in report["species"].items():
        numbers = [f"{1e3 * one['mean_nM']:.4g}", f"{1e3 * one['max_nM']:.4g}", human_seconds(one["relaxation_time_s"])]
        rows.append([name, *numbers, f"{one['backward_error']:.0e}", f"{one['budget_defect']:+.0e}", _main_losses(one)])
    print(table(["species", "mean pM", "max pM", "relaxes in", "backward error", "budget defect", "main losses"], rows, text=(0, 6)))
    _print_responses(report)
    print(f"done in {report['seconds']:.1f} s")
    for path in report["files"]:
        print(f"  {path}")


def _print_course(report: dict) -> None:
    from .console import human_seconds, table

    rows = []
    for name, one in report["species"].items():
        numbers = [f"{1e3 * one[key]:.4g}" for key in ("mean_nM", "max_nM", "highest_nM")]
        rows.append([name, *numbers, human_seconds(one["highest_at_s"]), f"{1e3 * one['error_nM']:.1e}"])
    end = human_seconds(report["times_s"][-1])
    print(table(["species", f"mean pM at {end}", "max pM", "highest pM", "reached at", "error pM"], rows))
    print("highest: of the outputs, between which it may rise above; error: what the errors of all steps may sum to")
    _print_responses(report)
    print(f"{report['method']}, {report['steps']} steps, {report['rejected']} of them redone; done in {report['seconds']:.1f} s")
    for path in report["files"]:
        print(f"  {path}")


def _print_responses(report: dict) -> None:
    """Mean of each response, and where it is saturated and says nothing about the concentration."""
    from .console import table

    rows = []
    for name, one in report.get("readouts", {}).get("responses", {}).items():
        saturated = ", ".join(f"{ligand} {100 * share:.3g} %" for ligand, share in one["saturated_share_of_volume"].items())
        rows.append([name, f"{one['mean']:.3g}", saturated])
    if rows:
        print(table(["response", "mean in tissue", "tissue where H > 0.9"], rows, text=(0, 2)))


def _main_losses(one: dict) -> str:
    """The three greatest ways out, as shares of what came in."""
    income = one["income_molecules_per_s"]
    outward = {label: flow for label, flow in one["walls"].items() if flow > 0}
    greatest = sorted((one["lost"] | outward).items(), key=lambda entry: -entry[1])[:3]
    return ", ".join(f"{label} {100 * flow / income:.0f} %" for label, flow in greatest) if income else "none"


def _command() -> str:
    """The command as it was typed, for the file's history."""
    return " ".join(["tmefield", *sys.argv[1:]])
