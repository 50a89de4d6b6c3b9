"""`tmefield validate`: everything a run would read and check, without solving."""

from .source import InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_any


def validate(source: InputArgument, overrides: SetOption = None, spacing: SpacingOption = None, unit: UnitOption = None, json: JsonOption = False) -> None:
    """Check a configuration and the files that it names, and say what was understood."""
    from ..config.load import LoadedOutcome
    from ..config.prepare import prepare
    from ..config.tell import describe, describe_text
    from .console import print_json

    loaded = load_any(source, overrides, spacing=spacing, unit=unit)
    if isinstance(loaded, LoadedOutcome):
        _outcome(loaded, json=json)
        return
    inputs = prepare(loaded)
    fit = {} if loaded.config.fit is None else _fit(inputs)
    if json:
        print_json({"valid": True, **describe(inputs), **fit})
    else:
        print(describe_text(inputs))
        for one in fit.get("fit", {}).get("data", ()):
            print(f"measured: {one['name']}, {one['count']} data")
        for name, start in fit.get("fit", {}).get("free", {}).items():
            print(f"free: {name} from {start['value']:.4g} {start['unit']}".rstrip())
        print(f"{loaded.source} is valid")


def _fit(inputs) -> dict:
    """The numbers that a fit would change and the data that it would read, all looked up and read."""
    from .fit import model_and_plan

    _, plan = model_and_plan(inputs)
    free = {one.name: {"value": float(one.start), "unit": one.unit} for one in plan.parameters}
    return {"fit": {"free": free, "data": [{"name": one.name, "count": int(one.data.size)} for one in plan.observations]}}


def _outcome(loaded, *, json: bool) -> None:
    from ..config.outcome_result import describe_outcome, describe_outcome_text
    from .console import print_json
    from .outcome import plan_of

    plan = plan_of(loaded)
    if json:
        print_json({"valid": True, **describe_outcome(plan)})
    else:
        print(describe_outcome_text(plan))
        print(f"{loaded.source} is valid")
