"""`tmefield estimate`: memory and time of a run, before it."""

from .source import InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_input


def estimate(source: InputArgument, overrides: SetOption = None, spacing: SpacingOption = None, unit: UnitOption = None, json: JsonOption = False) -> None:
    """Tell how much memory, disk and time a run needs. Exit code 5 where the memory does not suffice."""
    from dataclasses import asdict

    from ..config.estimate import available_memory, check_memory, forecast, not_counted
    from ..config.inputs import make_grid, read_cells, read_network
    from ..config.quantities import parse_memory
    from .console import human_bytes, human_seconds, print_json

    loaded = load_input(source, overrides, spacing=spacing, unit=unit)
    config = loaded.config
    cells = read_cells(loaded)
    grid = make_grid(config, read_network(loaded, cells), cells)
    need = forecast(grid, len(config.species) + 2 * len(config.drugs), precision=config.solver.precision)
    free = available_memory()
    besides = not_counted(config)
    if json:
        print_json({**asdict(need), "shape_zyx": list(grid.shape), "available_memory": free, "not_counted_in_seconds": besides})
    else:
        print(f"grid    {' x '.join(str(n) for n in grid.shape)} voxels (z, y, x), {need.species} species, {config.solver.precision}")
        print(f"memory  {human_bytes(need.memory)}" + (f" of {human_bytes(free)} available" if free else ""))
        print(f"disk    up to {human_bytes(need.disk)}")
        print(f"time    about {human_seconds(need.seconds)} on two CPU cores, start and compilation included")
        if besides:
            print(f"        not counted, and it may take longer than all of that: {', '.join(besides)}")
    check_memory(need, grid, None if config.solver.memory_limit is None else parse_memory(config.solver.memory_limit))
