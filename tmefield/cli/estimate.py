"""`tmefield estimate`: memory and time of a run, before it."""

from .source import InputArgument, JsonOption, SetOption, SpacingOption, UnitOption, load_any


def estimate(source: InputArgument, overrides: SetOption = None, spacing: SpacingOption = None, unit: UnitOption = None, json: JsonOption = False) -> None:
    """Tell how much memory, disk and time a run needs. Exit code 5 where the memory does not suffice."""
    from dataclasses import asdict

    from ..config.load import LoadedOutcome

    loaded = load_any(source, overrides, spacing=spacing, unit=unit)
    if isinstance(loaded, LoadedOutcome):
        _outcome(loaded, json=json)
        return

    from ..config.estimate import available_memory, check_memory, forecast, not_counted
    from ..config.inputs import make_grid, read_cells, read_network
    from ..config.quantities import parse_memory
    from .console import human_bytes, human_seconds, print_json

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


def _outcome(loaded, *, json: bool) -> None:
    """Arms, steps, memory and time of an outcome, with its cohort."""
    from ..config.estimate import available_memory
    from ..config.outcome import check_need
    from ..config.outcome_estimate import outcome_forecast
    from .console import human_bytes, human_seconds, print_json

    config = loaded.config
    told, free = outcome_forecast(loaded), available_memory()
    if json:
        counts = {"arms": told.arms, "courses": told.courses, "steps": told.steps}
        sizes = {"voxels": told.need.voxels, "memory": told.need.memory, "disk": told.need.disk, "seconds": told.seconds}
        print_json({**counts, **sizes, "shape_zyx": list(told.grid.shape), "available_memory": free})
    else:
        shape = " x ".join(str(n) for n in told.grid.shape)
        cells, cytokines = len(config.outcome.cells), len(config.outcome.cytokines)
        print(f"grid    {shape} voxels (z, y, x), {cells} populations, {cytokines} cytokines, {config.solver.precision}")
        print(f"arms    {told.arms} arms, {told.steps} steps each at least")
        if config.cohort is not None:
            print(
                f"cohort  {config.cohort.patients} tumours in {told.arms} arms: {told.courses} courses in all, with those of the typical tumour and the drivers"
            )
        print(f"memory  {human_bytes(told.need.memory)}" + (f" of {human_bytes(free)} available" if free else ""))
        print(f"disk    up to {human_bytes(told.need.disk)}")
        print(f"time    about {human_seconds(told.seconds)} on two CPU cores, start and compilation included")
        print("        from boxes of 16 and 48 voxels along each side; solves that converge slowly take longer")
    check_need(config, told.need, told.grid)
