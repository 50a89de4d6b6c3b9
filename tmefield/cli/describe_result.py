"""What the results of a run hold."""

from pathlib import Path

from .description import Description


def describe_result(path: Path) -> Description:
    """Grid, species and provenance of a NetCDF file of results."""
    from ..output.fieldset import TISSUES
    from ..output.reading import read_netcdf
    from .console import table

    fields = read_netcdf(path)
    rows = {}
    for index, one in enumerate(fields.species):
        last = fields.concentration[-1, index]
        if fields.labels is not None:  # the tissue: a lumen holds plasma
            last = last[fields.labels != TISSUES.index("vessel_lumen")]
        rows[one] = {"mean_nM": float(last.mean()), "min_nM": float(last.min()), "max_nM": float(last.max())}
    facts = {"shape_zyx": list(fields.grid.shape), "spacing_um_zyx": list(fields.grid.spacing), "species": rows, "attributes": dict(fields.attributes)}
    shape = " x ".join(str(n) for n in fields.grid.shape)
    lines = [f"{fields.attributes.get('title', path.name)}\n{shape} voxels (z, y, x) of {fields.grid.spacing} um, {fields.times.size} time(s)"]
    lines += [f"{key}: {fields.attributes[key]}" for key in ("history", "source", "config_sha256") if key in fields.attributes]
    lines.append(table(["species", "mean pM", "min pM", "max pM"], [[one, *(f"{1e3 * value:.4g}" for value in row.values())] for one, row in rows.items()]))
    return Description("\n".join(lines), facts)
