"""A NetCDF file of ours back into fields, with care for files that are damaged, foreign or hostile."""

import os
from pathlib import Path

import numpy as np

from ..errors import FileError, InputError, ResourceError
from ..grid import AXES, Grid
from .fieldset import ORIGIN_KEYS, FieldSet, Listed, Variable
from .layout import SCHEMA

READ_LIMIT = 16 * 1024**3
# Deflate packs at most 1032:1, so a file that claims to unpack to more was not written by anyone's honest data.
_PACKING_LIMIT = 1100
_PACKING_SLACK = 1024**2
_MAGIC = b"\x89HDF\r\n\x1a\n"


def read_netcdf(path: str | os.PathLike, *, limit: int = READ_LIMIT) -> FieldSet:
    """Read a file that `write_netcdf` made.

    **Arguments**

    - `path`: the file.
    - `limit`: bytes of arrays that may be read; checked from the declared shapes before any array is read.

    **Raises** `FileError` if the file is missing, empty, truncated, or not one of ours; `ResourceError` above `limit`.
    """
    import netCDF4

    source = Path(path)
    _check_file(source)
    try:
        with netCDF4.Dataset(str(source), "r") as dataset:
            dataset.set_auto_mask(False)
            _check_origin(dataset, source)
            _check_size(dataset, source, limit)
            return _fields(dataset, source)
    except (OSError, RuntimeError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{source} is damaged or truncated ({error}); write it again or take another copy") from error


def _check_file(source: Path) -> None:
    if not source.exists():
        raise FileError(f"{source} does not exist; check the name and the folder")
    if not source.is_file():
        raise FileError(f"{source} is not a file; give the .nc file itself")
    try:
        with open(source, "rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise FileError(f"{source} cannot be read: {error.strerror}") from error
    if not start:
        raise FileError(f"{source} is empty (0 bytes); write it again or take another copy")
    if start != _MAGIC:
        raise FileError(f"{source} is not a NetCDF-4 file; give a .nc file that tmefield wrote")


def _check_origin(dataset, source: Path) -> None:
    if "tmefield_schema" not in dataset.ncattrs():
        raise FileError(f"{source} is a NetCDF file, but not one that tmefield wrote (it has no attribute 'tmefield_schema')")
    if dataset.tmefield_schema != SCHEMA:
        raise FileError(f"{source} has layout {dataset.tmefield_schema}, this version of tmefield reads layout {SCHEMA}; use the version that wrote it")


def _check_size(dataset, source: Path, limit: int) -> None:
    # Python integers: products of numpy integers overflow.
    declared = 0
    for name, variable in dataset.variables.items():
        if not isinstance(variable.datatype, np.dtype) or variable.dtype.kind not in "fiu":
            raise FileError(f"{source}: variable {name!r} is of a type that tmefield does not write; the file was changed or damaged")
        elements = variable.dtype.itemsize
        for n in variable.shape:
            elements *= int(n)
        declared += elements
    if declared > _PACKING_LIMIT * source.stat().st_size + _PACKING_SLACK:
        raise FileError(f"{source} claims {_gibibytes(declared)}, far more than its {source.stat().st_size} bytes can hold; it is damaged or not what it seems")
    if declared > limit:
        raise ResourceError(f"{source} holds {_gibibytes(declared)} of arrays, more than the limit of {_gibibytes(limit)}; read it in parts with xarray")


def _gibibytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"


def _fields(dataset, source: Path) -> FieldSet:
    try:
        variables = dataset.variables
        kinds: dict[str, list] = {}
        for variable in variables.values():
            kinds.setdefault(getattr(variable, "kind", ""), []).append(variable)
        concentrations = kinds["concentration"]
        attributes = {name: str(dataset.getncattr(name)) for name in dataset.ncattrs() if name not in ("Conventions", "tmefield_schema")}
        has_vessels = "vessels" in kinds
        return FieldSet(
            grid=_grid(variables),
            times=variables["t"][...],
            species=tuple(variable.identifier for variable in concentrations),
            concentration=np.stack([variable[...] for variable in concentrations], axis=1),
            names=tuple(variable.display_name for variable in concentrations),
            labels=variables["tissue"][...] if "tissue" in kinds else None,
            cell_density={variable.identifier: variable[...] for variable in kinds.get("cell_density", [])},
            vessel_area=variables["vessel_area"][...] if "vessel_area" in kinds else None,
            maps={variable.name: _variable(variable) for variable in kinds.get("map", [])},
            scalars={variable.name: _variable(variable) for variable in kinds.get("scalar", [])},
            lists={variable.name: _listed(variable) for variable in kinds.get("list", [])},
            attributes=attributes,
            vessel_segments=variables["vessel_segment"][...] if has_vessels else None,
            vessel_radii=variables["vessel_radius"][...] if has_vessels else None,
            vessel_arrays={variable.identifier: _variable(variable) for variable in kinds.get("vessel_array", [])},
        )
    except KeyError as error:
        raise FileError(f"{source} lacks {error}, which every file of tmefield has; it was changed after it was written") from error
    except (AttributeError, InputError) as error:
        raise FileError(f"{source} is not as tmefield wrote it: {error}") from error


def _variable(variable) -> Variable:
    origin = {key: str(variable.getncattr(key)) for key in variable.ncattrs() if key in ORIGIN_KEYS}
    return Variable(np.asarray(variable[...]), variable.long_name, variable.units, origin)


def _listed(variable) -> Listed:
    flags = tuple(str(variable.flag_meanings).split()) if "flag_meanings" in variable.ncattrs() else ()
    return Listed(np.asarray(variable[...]), tuple(variable.dimensions), variable.long_name, getattr(variable, "units", "1"), flags)


def _grid(variables) -> Grid:
    lower, spacing, shape = [], [], []
    for name in AXES:
        bounds = np.asarray(variables[f"{name}_bnds"][...])
        widths = bounds[:, 1] - bounds[:, 0]
        step = (bounds[-1, 1] - bounds[0, 0]) / len(bounds)
        if not np.allclose(widths, step, rtol=1e-9, atol=0) or not np.array_equal(bounds[1:, 0], bounds[:-1, 1]):
            raise InputError(f"{name}_bnds are not evenly spaced")
        lower.append(float(bounds[0, 0]))
        # Twelve digits take off the rounding of the division: 5.0 comes back as 5.0.
        spacing.append(float(f"{step:.12g}"))
        shape.append(len(bounds))
    return Grid(tuple(shape), tuple(spacing), tuple(lower))
