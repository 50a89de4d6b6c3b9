"""What a configuration asks of readouts that its species and cells cannot give."""

from ..errors import InputError
from .parameters import species_id
from .schema import CellFile, Config


def readout_problems(config: Config) -> list[tuple[str, str]]:
    """(key, message) of every response that is not known or has none of its ligands here, and of a table of cells where there are no cells to list."""
    problems = []
    if config.readouts.cells and not isinstance(config.cells, CellFile):
        problems.append(("readouts.cells", "needs cells with positions: [cells] with a 'file'"))
    if config.readouts.names is not None:
        # Here, since it takes JAX, which configurations without names need not load.
        from ..response.catalogue import definitions

        declared = [species_id(one.id) for one in config.species]
        for index, name in enumerate(config.readouts.names):
            try:
                definitions(declared, [name])
            except InputError as error:
                problems.append((f"readouts.responses[{index}]", str(error)))
    return problems
