"""`tmefield info FILE`: which kind of file it is, and who describes it."""

from pathlib import Path

from .description import Description

# Files that belong to a network or a simulation but hold no geometry themselves, by the start of their name.
_COMPANIONS = {
    "SoluteParams": "solutes of a Secomb simulation",
    "ContourParams": "plotting parameters of a Secomb simulation",
    "IntravascRes": "intravascular resistances of a Secomb simulation",
    "RheolParams": "constants of blood flow of a Secomb simulation",
    "WashoutRate": "a table of washout rates of a Secomb simulation",
}
_TEXT_TABLES = (".csv", ".tsv", ".txt")


def describe(path: Path, *, unit: str | None, pixel_size: float | None, radius_field: str | None = None, default_radius: float | None = None) -> Description:
    """What a file of any kind holds; a unit that is missing is said, not guessed.

    **Raises** `FileError` for a file that is damaged or of no kind that is read, `InputError` for options that do not fit it.
    """
    from .targets import result_file

    if path.is_dir():
        path = result_file(path)
    name = path.name.casefold()
    if name.endswith(".nc"):
        from .describe_result import describe_result

        return describe_result(path)
    if (belongs := _companion(path)) is not None:
        return belongs
    if name.endswith(".xml"):
        from .describe_cells import describe_snapshot

        return describe_snapshot(path)
    from ..tissue.readers.images import SUFFIXES

    if name.endswith(SUFFIXES):
        from .describe_labels import describe_labels

        return describe_labels(path, pixel_size)
    if name.endswith(".h5ad") or (name.endswith(_TEXT_TABLES) and not _is_network_table(path)):
        from .describe_cells import describe_cells

        return describe_cells(path, unit, pixel_size)
    from .describe_network import describe_network

    return describe_network(path, unit, pixel_size, radius_field, default_radius)


def _is_network_table(path: Path) -> bool:
    """Whether a text table lists segments, nodes or branches rather than cells."""
    from ..tissue.readers.csv_table import table_header

    names = {one.casefold() for one in table_header(path, path.read_bytes())}
    branches, edges, nodes = {"v1 x", "v2 x"}, {"a", "b"}, {"node1id", "node2id"}
    return branches <= names or edges <= names or nodes <= names or not names - {"id", "x", "y", "z", "bc_kind", "bc_value", "hd"}


def _companion(path: Path) -> Description | None:
    """What a file without geometry is and to which it belongs, None for other files."""
    for start, what in _COMPANIONS.items():
        if start in path.stem:
            return Description(f"{path.name}: {what}, no geometry; give the network file that it belongs to", {"kind": "parameters"})
    if path.suffix.casefold() == ".mat":
        return _matrices(path)
    if path.suffix.casefold() == ".xml" and b"<PhysiCell_settings" in path.read_bytes()[:4096]:
        return Description(
            f"{path.name}: settings of a PhysiCell simulation, no geometry; give one of its output files, e.g. output00000000.xml", {"kind": "settings"}
        )
    return None


def _matrices(path: Path) -> Description:
    from scipy.io import whosmat

    from ..errors import FileError

    try:
        found = {str(name): [int(one) for one in shape] for name, shape, _ in whosmat(path)}
    except Exception as error:  # whatever a damaged file leads the reader to
        raise FileError(f"{path}: not a readable .mat file ({str(error)[:80]})") from None
    listed = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in found.items())
    return Description(f"{path.name}: {listed}; read through the XML file of the same output, so give that", {"kind": "matrices", "matrices": found})
