"""`tmefield fit`: numbers of the model from measurements, with what the data can determine said before and after."""

import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

from .guard import INTERRUPTED
from .source import ForceOption, JsonOption, SetOption, load_input

ConfigArgument = Annotated[str, typer.Argument(metavar="CONFIG", help="A configuration (.toml) with a table [fit].")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results (default: output.folder, ./tmefield-output).")]
ListOption = Annotated[bool, typer.Option("--list", help="Print every number of the model that can be free, with its value and unit, and stop.")]
NOT_CONVERGED = 3


def fit(
    config: ConfigArgument,
    out: OutOption = None,
    overrides: SetOption = None,
    names: ListOption = False,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Fit numbers of the model to the measurements named under [fit]: estimates with intervals, NetCDF, and a report as PNG and HTML."""
    from ..config.prepare import prepare
    from .console import Progress
    from .fit_files import check_fit_folder

    loaded = load_input(config, overrides, out=out)
    progress = Progress()
    if names:
        _print_names(prepare(loaded), json=json)
        return
    check_fit_folder(loaded, force=force)
    progress.note(loaded.config.title)
    start = time.perf_counter()
    report = fitted(prepare(loaded, progress.stage), progress)
    report["seconds"] = round(time.perf_counter() - start, 2)
    _print(report, json=json)
    if not report["converged"]:
        more = f"go on with more steps: the same command with --set fit.max_steps={2 * report['steps']}"
        progress.note(f"tmefield: the fit has not converged; {more if report['reason'].startswith('stopped') else report['reason']}")
        raise typer.Exit(NOT_CONVERGED)


def fitted(inputs, progress) -> dict:
    """From inputs to the results of their fit on disk, and the report of it."""
    from .fit_files import checkpoint_path

    folder = Path(inputs.loaded.config.output.folder)
    for note in inputs.notes:
        progress.note(f"  note: {note}")
    with progress.stage("starting JAX, building the model, reading data"):
        model, plan = model_and_plan(inputs)
    _tell_before(model, plan, progress)
    found = _search(folder, model, plan, progress)
    report = _write(inputs, plan, found, inputs.loaded, progress)
    if found.converged:
        checkpoint_path(folder).unlink(missing_ok=True)
    return report


def model_and_plan(inputs):
    """The model in float64, whatever the configuration says: estimates and intervals live on small differences."""
    from dataclasses import replace

    import jax

    from ..config.build import build_model
    from ..config.fitting import fit_plan

    jax.config.update("jax_enable_x64", True)
    config = inputs.loaded.config
    double = config.model_copy(update={"solver": config.solver.model_copy(update={"precision": "float64"})})
    model = build_model(replace(inputs, loaded=replace(inputs.loaded, config=double)))
    return model, fit_plan(inputs, model)


def _tell_before(model, plan, progress) -> None:
    """What the data can determine at the start, before any time is spent."""
    from ..errors import NumericsError
    from ..fitting.identifiability import identifiability
    from ..fitting.problem import make_problem

    count = sum(one.data.size for one in plan.observations)
    with progress.stage("what the data can determine"):
        problem = make_problem(model, plan.parameters, plan.observations, **plan.problem)
        try:
            found = identifiability(problem)
        except NumericsError as error:
            found = error
    free, seen = len(plan.parameters), len(plan.observations)
    progress.note(f"  {free} free parameter{'s' * (free > 1)}, {count} data of {seen} observation{'s' * (seen > 1)}")
    if isinstance(found, NumericsError):  # other starts may do
        progress.note(f"  at the start {found}")
        return
    if not found.undetermined:
        progress.note("  at the start the data determine every parameter")
    for sentence in found.words():
        progress.note(f"  not determined: {sentence}")
    for sentence in found.suggestions():
        progress.note(f"  what would help: {sentence}")


def _search(folder: Path, model, plan, progress):
    """The fit, kept on disk after each step; an interruption says how to go on."""
    from ..fitting.fit import fit as estimate
    from ..output.lock import alone
    from .fit_files import LOCK, checkpoint_path
    from .fit_progress import Steps

    kept, new = checkpoint_path(folder), not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if kept.exists():
        progress.note(f"  going on from {kept}")
    steps = Steps(progress, plan.settings["max_steps"], plan.settings["max_seconds"])
    try:
        with alone(folder / LOCK), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told with the results
            return estimate(model, plan.parameters, plan.observations, **plan.problem, **plan.settings, checkpoint=kept, on_progress=steps)
    except KeyboardInterrupt:
        if not kept.exists():
            raise
        progress.note(f"tmefield: interrupted after step {steps.last}; the state is kept in {kept}: go on with the same command")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if new and not any(folder.iterdir()):
            folder.rmdir()


def _write(inputs, plan, found, loaded, progress) -> dict:
    from ..config.fields import check_plausible
    from ..config.fit_result import fit_record, fit_summary, fitted_fields
    from .fit_files import write_fit

    with progress.stage("fields and intervals at the estimate"):
        record = fit_record(inputs, plan, found)
        result = _fields(plan, found)
        check_plausible(inputs, result)
    with progress.stage("writing"):
        fields = fitted_fields(inputs, plan, found, record, result, command=" ".join(["tmefield", *sys.argv[1:]]))
        report = fit_summary(inputs, found, record)
        report["files"] = [str(path) for path in write_fit(fields, record, report, loaded)]
    return report


def _fields(plan, found):
    """The steady fields at the estimate, or those at the times of measurement where nothing was measured at steady state."""
    import numpy as np

    from ..steady import solve_steady
    from ..stepping.march import evolve

    model = found.models()[None]
    if any(not one.times for one in plan.observations):
        return solve_steady(model, rtol=plan.problem["rtol"])
    times = np.unique([0.0, *(time for one in plan.observations for time in one.times)])
    return evolve(model, found.problem.initial[0], times, rtol=plan.problem["time_rtol"])


def _print_names(inputs, *, json: bool) -> None:
    from ..config.fitting import numbers_of
    from .console import print_json, table

    model = _bare_model(inputs)
    found = numbers_of(model)
    if json:
        print_json({name: {"value": value, "unit": unit} for name, value, unit in found})
    else:
        print(table(["name", "value", "unit"], [[name, f"{value:.6g}", unit] for name, value, unit in found], text=(0, 2)))


def _bare_model(inputs):
    import jax

    from ..config.build import build_model

    jax.config.update("jax_enable_x64", True)
    return build_model(inputs)


def _print(report: dict, *, json: bool) -> None:
    from .console import print_json, table

    if json:
        print_json(report)
        return
    rows = []
    for name, one in report["parameters"].items():
        interval = "none" if one["low"] is None else f"{one['low']:.4g} to {one['high']:.4g}"
        rows.append([name, f"{one['value']:.4g}", interval, one["unit"], one["status"], *_library(one["library"])])
    print(table(["parameter", "estimate", "95 % interval", "unit", "status", "library", "range", "source"], rows, text=(0, 3, 4, 7)))
    fits = f"chi^2 {report['chi2']:.4g} for {report['degrees_of_freedom']} degrees of freedom"
    print(f"{report['reason']}, {report['steps']} steps; {fits}; done in {report['seconds']:.1f} s")
    for sentence in report["warnings"]:
        print(f"  warning: {sentence}")
    for path in report["files"]:
        print(f"  {path}")


def _library(known: dict | None) -> list[str]:
    """Value, range and source of the library's entry."""
    if known is None:
        return ["none", "", ""]
    return [f"{known['value']:.3g}", "" if known["low"] is None else f"{known['low']:.3g} to {known['high']:.3g}", known["source"][:60]]
