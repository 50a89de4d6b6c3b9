"""Names, dimensions, attributes and types of the variables in a file (CF-1.11), in one place for every writer."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from .. import __version__
from ..grid import AXES
from .fieldset import CELL_DENSITY_UNITS, CONCENTRATION_UNITS, TISSUES, VESSEL_AREA_UNITS, FieldSet, Listed, density_name, variable_name, vessel_name

# Raised when a file of the old layout can no longer be read by the new code.
SCHEMA = 1
CHUNK_EDGE = 64
_WHOLE_CHUNK_VOXELS = 128**3


@dataclass(frozen=True)
class Entry:
    """A variable of the file: `values` with named `dims` and `attributes`; `packed` ones are fields, compressed and in chunks."""

    name: str
    dims: tuple[str, ...]
    values: np.ndarray
    attributes: dict
    packed: bool = False


def entries(fields: FieldSet) -> Iterator[Entry]:
    """All variables of the file, coordinates first."""
    yield from _coordinates(fields)
    for index, (species, shown) in enumerate(zip(fields.species, fields.names, strict=True)):
        # `kind`, `identifier` and `display_name` are what reading back needs; CF leaves such attributes to the writer.
        attributes = {"long_name": f"{shown} concentration", "units": CONCENTRATION_UNITS, "cell_methods": "t: point z: y: x: mean"}
        attributes |= {"kind": "concentration", "identifier": species, "display_name": shown}
        yield Entry(variable_name(species), ("t", *AXES), fields.concentration[:, index].astype(np.float32), attributes, packed=True)
    yield from _tissue(fields)
    for name, entry in fields.maps.items():
        yield _map(name, entry.values, entry.long_name, entry.units, kind="map")
    for name, entry in fields.scalars.items():
        yield Entry(name, (), entry.values.astype(np.float64), {"long_name": entry.long_name, "units": entry.units, "kind": "scalar", **entry.origin})
    for name, entry in fields.lists.items():
        yield _listed(name, entry)


def global_attributes(fields: FieldSet) -> dict[str, str | int]:
    """Attributes of the whole file: those of the FieldSet, the rest of what CF recommends filled in."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    defaults = {
        "title": "Cytokine concentration fields around tumour vessels",
        "institution": "not stated",
        "source": f"tmefield {__version__} (JAX {_jax_version()})",
        "history": f"{now} written by tmefield",
        "references": "not stated",
        "comment": "Local Cartesian frame in micrometres; no geographic reference.",
    }
    return {"Conventions": "CF-1.11", **defaults, **fields.attributes, "tmefield_schema": SCHEMA}


def chunk_shape(entry: Entry) -> tuple[int, ...]:
    """Chunks (1, Z, Y, X): one record whole, or pieces of 64 voxels an edge where the grid is large."""
    grid_shape = entry.values.shape[-3:]
    if np.prod(grid_shape, dtype=np.int64) > _WHOLE_CHUNK_VOXELS:
        grid_shape = tuple(min(n, CHUNK_EDGE) for n in grid_shape)
    return (1,) * (entry.values.ndim - 3) + tuple(grid_shape)


def _coordinates(fields: FieldSet) -> Iterator[Entry]:
    # No axis, standard_name or positive: with them readers take the box for a piece of the globe.
    yield Entry("t", ("t",), fields.times, {"long_name": "elapsed simulation time", "units": "s"})
    for axis, name in enumerate(AXES):
        attributes = {"long_name": f"{name} coordinate of voxel centre", "units": "um", "bounds": f"{name}_bnds"}
        yield Entry(name, (name,), fields.grid.centres(axis), attributes)
        edges = fields.grid.edges(axis)
        yield Entry(f"{name}_bnds", (name, "nv"), np.stack([edges[:-1], edges[1:]], axis=1), {})


def _tissue(fields: FieldSet) -> Iterator[Entry]:
    if fields.labels is not None:
        flags = {"flag_values": np.arange(len(TISSUES), dtype=np.int8), "flag_meanings": " ".join(TISSUES)}
        yield Entry("tissue", AXES, fields.labels.astype(np.int8), {"long_name": "tissue compartment", **flags, "kind": "tissue"}, packed=True)
    for kind, density in fields.cell_density.items():
        words = f"number of {kind} cells per volume"
        if density.ndim == 4:
            attributes = {"long_name": words, "units": CELL_DENSITY_UNITS, "cell_methods": "t: point z: y: x: mean", "kind": "cell_density", "identifier": kind}
            yield Entry(density_name(kind), ("t", *AXES), density.astype(np.float32), attributes, packed=True)
        else:
            yield _map(density_name(kind), density, words, CELL_DENSITY_UNITS, kind="cell_density", identifier=kind)
    if fields.vessel_area is not None:
        yield _map("vessel_area", fields.vessel_area, "vessel wall area per volume", VESSEL_AREA_UNITS, kind="vessel_area")
    if fields.vessel_segments is not None and fields.vessel_radii is not None:
        attributes = {"long_name": "both ends (x, y, z) of each vessel segment", "units": "um", "kind": "vessels"}
        yield Entry("vessel_segment", ("segment", "end", "component"), fields.vessel_segments.astype(np.float64), attributes)
        yield Entry("vessel_radius", ("segment",), fields.vessel_radii.astype(np.float64), {"long_name": "vessel radius", "units": "um", "kind": "vessels"})
    for name, entry in fields.vessel_arrays.items():
        attributes = {"long_name": entry.long_name, "units": entry.units, "kind": "vessel_array", "identifier": name}
        yield Entry(vessel_name(name), ("segment",), entry.values.astype(np.float64), attributes)


def _listed(name: str, entry: Listed) -> Entry:
    if entry.flags:
        flags = {"flag_values": np.arange(len(entry.flags), dtype=np.int16), "flag_meanings": " ".join(entry.flags)}
        return Entry(name, entry.dims, entry.values.astype(np.int16), {"long_name": entry.long_name, **flags, "kind": "list"})
    return Entry(name, entry.dims, entry.values.astype(np.float64), {"long_name": entry.long_name, "units": entry.units, "kind": "list"})


def _map(name: str, values: np.ndarray, long_name: str, units: str, **extra: str) -> Entry:
    attributes = {"long_name": long_name, "units": units, "cell_methods": "z: y: x: mean", **extra}
    return Entry(name, AXES, np.asarray(values).astype(np.float32), attributes, packed=True)


def _jax_version() -> str:
    # From the metadata of the installation: importing JAX takes a second.
    try:
        return metadata.version("jax")
    except metadata.PackageNotFoundError:
        return "not installed"
