"""The neutral record that every writer and picture takes: fields on a grid, in real units, and where they came from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from ..grid import Grid

# What may be given is anything that numpy takes in (lists, JAX arrays, numbers); what is kept is a numpy array.
ArrayLike = Any

# Codes of `FieldSet.labels`, in order 0, 1, 2, 3.
TISSUES = ("stroma", "tumour", "necrotic_core", "vessel_lumen")

CONCENTRATION_UNITS = "nmol L-1"
CELL_DENSITY_UNITS = "um-3"
VESSEL_AREA_UNITS = "um-1"

# One word of units that udunits reads, such as nmol, L-1 or um2. It refuses nM, M, Da, kDa, IU and cell.
_UNIT_WORD = re.compile(r"1|(?:[munpf]?mol|m?L|[cmun]?m|[kmunpf]?g|k?Pa|mm_Hg|[shdK])(?:-?[1-9])?")


def variable_name(name: str) -> str:
    """The name that a species, cell type or parameter has in a file: lower case letters, digits and single underscores.

    `IFNg` -> `ifng`, `IL-6` -> `il_6`, `CD8_T` -> `cd8_t`; `X` -> `v_x`, since every file has a
    coordinate `x`. Raises `InputError` if no letter or digit is left.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not plain:
        raise InputError(f"The name {name!r} has no letter or digit to make a variable name of; rename it")
    return plain if plain[0].isalpha() and plain not in RESERVED_NAMES else f"v_{plain}"


def check_units(units: str, where: str) -> str:
    """Return `units` if udunits can read it, written as in `nmol L-1 s-1`; raise `InputError` naming `where` if not."""
    if not all(_UNIT_WORD.fullmatch(word) for word in units.split(" ")):
        raise InputError(f"{where}: units {units!r} cannot go into a NetCDF file; write them like 'nmol L-1 s-1', 'um2 s-1' or '1'")
    return units


ORIGIN_KEYS = ("source", "mark", "confidence")
"""What a file says of a value that comes from the library."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A map on the grid or a single number, with its meaning and its units.

    **Arguments**

    - `values`: array [z, y, x], or a scalar.
    - `long_name`: what it is, in words.
    - `units`: as udunits reads them, for example `nmol L-1 s-1`.
    - `origin`: for a value of the library its `source`, `mark` (measured, model, recalled, computed) and `confidence`, as far as it has them.

    **Raises** `InputError` for units that udunits cannot read, and for other keys of `origin`.
    """

    values: ArrayLike
    long_name: str
    units: str
    origin: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "values", np.asarray(self.values))
        check_units(self.units, self.long_name)
        if unknown := sorted(set(self.origin) - set(ORIGIN_KEYS)):
            raise InputError(f"{self.long_name}: unknown key '{unknown[0]}' of origin; known: {', '.join(ORIGIN_KEYS)}")


@dataclass(frozen=True, eq=False)
class Listed:
    """Numbers along dimensions of their own or along time (`t`), not on the grid: data of a fit, a spectrum, a mean over a part of the tissue.

    **Arguments**

    - `values`: array; `dims`: a name for each of its dimensions, in lower case.
    - `long_name`, `units`: as of a `Variable`.
    - `flags`: what the codes 0, 1, ... mean, a word each (no spaces); then `values` are such codes and have no units.

    **Raises** `InputError` for units that udunits cannot read, dims that do not fit, and flags with spaces.
    """

    values: ArrayLike
    dims: tuple[str, ...]
    long_name: str
    units: str = "1"
    flags: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "values", np.asarray(self.values))
        check_units(self.units, self.long_name)
        if self.values.ndim != len(self.dims) or any(dim not in ("t", variable_name(dim)) for dim in self.dims):
            raise InputError(f"{self.long_name}: values of shape {self.values.shape} need a name in lower case for each dimension; got {self.dims}")
        if any(not re.fullmatch(r"[\w.+@-]+", flag) for flag in self.flags):
            raise InputError(f"{self.long_name}: a flag is one word of letters, digits and _ . + @ -; got {self.flags}")


@dataclass(frozen=True, eq=False)
class FieldSet:
    """Concentrations of several species on one grid at one or more times, with everything needed to read and draw them.

    **Arguments**

    - `grid`: the box of voxels, um.
    - `times`: [t] s, increasing; one value for a steady field.
    - `species`: identifiers, for example `("IL6", "IFNg")`.
    - `concentration`: [t, species, z, y, x] nmol/L.
    - `names`: display names, for example `("IL-6", "IFN-γ")`; the identifiers if not given.
    - `labels`: int8 [z, y, x], codes as in `TISSUES`.
    - `cell_density`: per cell type [z, y, x], or [t, z, y, x] where the cells change; cells/um3.
    - `vessel_area`: [z, y, x] vessel wall area per volume, 1/um.
    - `maps`: further fields [z, y, x] by file name, for example `ifng_secretion`.
    - `scalars`: further single numbers by file name, for example `ifng_diffusivity`.
    - `lists`: further arrays that are not on the grid, by file name, for example `fit_eigenvalue`.
    - `attributes`: text on the whole (title, history, references, state, config, config_sha256, versions, ...).
    - `vessel_segments`: [segment, 2, 3] both ends (x, y, z) of each vessel segment, um, for drawing.
    - `vessel_radii`: [segment] um.
    - `vessel_arrays`: further numbers [segment] by name, for example `flow`; in a file `vessel_flow`.

    **Raises** `InputError` for shapes that do not fit together, or two entries that would have the same name in a file.
    """

    grid: Grid
    times: ArrayLike
    species: tuple[str, ...]
    concentration: ArrayLike
    names: tuple[str, ...] = ()
    labels: ArrayLike = None
    cell_density: Mapping[str, ArrayLike] = field(default_factory=dict)
    vessel_area: ArrayLike = None
    maps: Mapping[str, Variable] = field(default_factory=dict)
    scalars: Mapping[str, Variable] = field(default_factory=dict)
    lists: Mapping[str, Listed] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    vessel_segments: ArrayLike = None
    vessel_radii: ArrayLike = None
    vessel_arrays: Mapping[str, Variable] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "times", np.atleast_1d(np.asarray(self.times, dtype=np.float64)))
        object.__setattr__(self, "species", tuple(self.species))
        object.__setattr__(self, "names", tuple(self.names) or self.species)
        for name in ("concentration", "labels", "vessel_area", "vessel_segments", "vessel_radii"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name)))
        object.__setattr__(self, "cell_density", {kind: np.asarray(density) for kind, density in self.cell_density.items()})
        self._check_times()
        self._check_fields()
        self._check_vessels()
        self._check_names()

    def time_index(self, time: int) -> int:
        """`time` as an index from 0, where -1 is the last; raises `InputError` if there is no such time."""
        count = self.times.size
        if not -count <= time < count:
            raise InputError(f"There is no time number {time}: the fields have {count} (0 to {count - 1}, or -1 for the last)")
        return time % count

    def _check_times(self):
        if self.times.ndim != 1 or self.times.size == 0 or not np.all(np.isfinite(self.times)) or np.any(np.diff(self.times) <= 0):
            raise InputError("FieldSet times must be a list of finite, increasing numbers in s with at least one entry")
        if not self.species or len(self.names) != len(self.species):
            raise InputError(f"FieldSet needs at least one species and one display name for each; got {self.species} and {self.names}")

    def _check_fields(self):
        expected = (self.times.size, len(self.species), *self.grid.shape)
        if self.concentration.shape != expected:
            raise InputError(f"FieldSet concentration must have the shape [t, species, z, y, x] = {expected}; got {self.concentration.shape}")
        fields = {"labels": self.labels, "vessel_area": self.vessel_area}
        # Cells that change have a field for every time.
        moving = (self.times.size, *self.grid.shape)
        fields |= {f"cell_density[{kind!r}]": density for kind, density in self.cell_density.items() if density.shape != moving}
        fields |= {f"maps[{key!r}]": entry.values for key, entry in self.maps.items()}
        for where, values in fields.items():
            if values is not None and np.shape(values) != self.grid.shape:
                raise InputError(f"FieldSet {where} must have the shape of the grid {self.grid.shape}; got {np.shape(values)}")
        for key, entry in self.scalars.items():
            if entry.values.shape != ():
                raise InputError(f"FieldSet scalars[{key!r}] must be a single number; got the shape {entry.values.shape}; a field belongs in maps")
        if self.labels is not None and self.labels.size and not (self.labels.min() >= 0 and self.labels.max() < len(TISSUES)):
            raise InputError(f"FieldSet labels must be 0 to {len(TISSUES) - 1} ({', '.join(TISSUES)})")

    def _check_vessels(self):
        segments, radii = self.vessel_segments, self.vessel_radii
        if (segments is None) != (radii is None):
            raise InputError("FieldSet vessel_segments and vessel_radii go together: give both or neither")
        if segments is not None and radii is not None and (segments.ndim != 3 or segments.shape[1:] != (2, 3) or radii.shape != segments.shape[:1]):
            raise InputError(f"FieldSet vessel_segments must have the shape [segment, 2, 3] and vessel_radii [segment]; got {segments.shape}, {radii.shape}")
        for key, entry in self.vessel_arrays.items():
            if vessel_name(key) in RESERVED_NAMES:
                raise InputError(f"FieldSet vessel_arrays[{key!r}] would be {vessel_name(key)!r} in the file, which has a variable of that name; rename it")
            if radii is None or entry.values.shape != radii.shape:
                raise InputError(f"FieldSet vessel_arrays[{key!r}] must have one number for each of vessel_segments; got the shape {entry.values.shape}")

    def _check_names(self):
        owner: dict[str, str] = dict.fromkeys(RESERVED_NAMES, "a variable that every file has")
        entries = [(variable_name(name), f"species {name!r}") for name in self.species]
        entries += [(density_name(kind), f"cell type {kind!r}") for kind in self.cell_density]
        entries += [(vessel_name(key), f"vessel_arrays[{key!r}]") for key in self.vessel_arrays]
        entries += [(key, f"maps[{key!r}]") for key in self.maps] + [(key, f"scalars[{key!r}]") for key in self.scalars]
        entries += [(key, f"lists[{key!r}]") for key in self.lists]
        sizes: dict[str, int] = dict.fromkeys(("z", "y", "x", "nv", "segment", "end", "component"), -1) | {"t": self.times.size}
        for key, entry in self.lists.items():
            for dim, size in zip(entry.dims, entry.values.shape, strict=True):
                if sizes.setdefault(dim, size) != size:
                    raise InputError(
                        f"FieldSet lists[{key!r}]: the dimension {dim!r} is {size} long here and has another length, or another meaning, elsewhere"
                    )
        for name, what in entries:
            if name != variable_name(name):
                raise InputError(f"FieldSet {what}: a variable in a file is named in lower case, here {variable_name(name)!r}")
            if name in owner:
                raise InputError(f"FieldSet {what} would be called {name!r} in the file, as is {owner[name]}; rename one of them")
            owner[name] = what


RESERVED_NAMES = ("t", "z", "y", "x", "nv", "z_bnds", "y_bnds", "x_bnds", "tissue", "vessel_area", "vessel_segment", "vessel_radius")


def density_name(cell_type: str) -> str:
    """The name of a cell type's density in a file: `CD8_T` -> `density_cd8_t`."""
    return f"density_{variable_name(cell_type)}"


def vessel_name(name: str) -> str:
    """The name of an array of the vessel segments in a file: `flow` -> `vessel_flow`."""
    return f"vessel_{variable_name(name)}"
