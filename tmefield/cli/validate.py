"""`tmefield validate`: everything a run would read and check, without solving."""

from .source import InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_input


def validate(source: InputArgument, overrides: SetOption = None, spacing: SpacingOption = None, unit: UnitOption = None, json: JsonOption = False) -> None:
    """Check a configuration and the files that it names, and say what was understood."""
    from ..config.prepare import prepare
    from ..config.tell import describe, describe_text
    from .console import print_json

    loaded = load_input(source, overrides, spacing=spacing, unit=unit)
    inputs = prepare(loaded)
    if json:
        print_json({"valid": True, **describe(inputs)})
    else:
        print(describe_text(inputs))
        print(f"{loaded.source} is valid")
