"""`tmefield validate`: everything a run would read and check, without solving."""

from .source import InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_input


def validate(source: InputArgument, overrides: SetOption = None, spacing: SpacingOption = None, unit: UnitOption = None, json: JsonOption = False) -> None:
    """Check a configuration and the files that it names, and say what was understood."""
    from ..config.prepare import prepare
    from ..config.tell import describe, describe_text
    from .console import print_json

    loaded = load_input(source, overrides, spacing=spacing, unit=unit)
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
