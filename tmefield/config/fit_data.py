"""Measurements of a configuration as observations of a fit: read, converted to internal units, sorted by time."""

from typing import Any

import numpy as np

from .. import units
from ..errors import FileError, InputError
from ..library.plausibility import check_measured
from .fit_files import Rows, read_rows
from .fit_regions import distance_to, region_of, side
from .fit_tables import AnyData, AssayTable, GaussianTable, LognormalTable, MarkerTable, PointsTable, PoissonTable, ProfileTable
from .inputs import locate
from .parameters import species_id
from .prepare import Inputs


def observations_of(inputs: Inputs) -> list:
    """The observations that `[[fit.data]]` describes, each under a name of its own.

    **Raises** `FileError` for a file, row or column that is not as it has to be, `InputError` for what does not fit the model; each names the table.
    """
    fit = inputs.loaded.config.fit
    found: list = []
    for index, table in enumerate(fit.data if fit else ()):
        where = f"{inputs.loaded.source}: fit.data[{index}]"
        try:
            name = table.name or _own_name(table)
            if name in [one.name for one in found]:
                name = f"{name} {index + 1}"
            found.append(_observation(inputs, table, name))
        except (FileError, InputError) as error:
            raise type(error)(f"{where}: {error}") from None
    return found


def _own_name(table: AnyData) -> str:
    """Species and kind, of a profile also from where its distances count."""
    target = f" from {table.distance if isinstance(table.distance, str) else 'a point'}" if isinstance(table, ProfileTable) else ""
    return f"{species_id(table.species)} {table.kind}{target}"


def _observation(inputs: Inputs, table: AnyData, name: str) -> Any:
    from ..response.assay import PG_PER_ML

    species = species_id(table.species)
    of_id = {one.id: one for one in inputs.species}
    if species not in of_id:
        raise InputError(f"species: no species '{table.species}' in this configuration; it has {', '.join(of_id)}")
    weight = of_id[species].molecular_weight
    names = {key: column for key, column in table.columns.model_dump().items() if column is not None}
    rows = read_rows(locate(inputs.loaded, table.file), names, encoding=table.encoding)
    scale = _Scale(table, weight, PG_PER_ML * weight if isinstance(table, AssayTable) else 1.0)
    if not isinstance(table, AssayTable | MarkerTable):  # a biopsy also holds what is bound, and intensities are no concentrations
        check_measured(scale.unit * float(np.min(rows.columns["value"])), of_id[species].species_class, where=str(rows.path))
    kinds = {"points": _points, "profile": _profile, "assay": _assay, "marker": _marker}
    return kinds[table.kind](inputs, table, rows, scale, {"species": species, "name": name})


class _Scale:
    """Data of one table in the unit of their observation: nM, pg/mL of an assay, or the plain numbers of intensities."""

    def __init__(self, table: AnyData, molecular_weight: float, factor: float):
        self.table, self.weight, self.factor = table, molecular_weight, factor
        noise = table.noise
        self.kind = "number" if isinstance(table, MarkerTable) else "concentration"
        one = "1" if table.unit is None else f"1 {table.unit}"
        self.unit = self.of_text(noise.count, "noise.count") if isinstance(noise, PoissonTable) else self.of_text(one, "unit")
        if not self.unit > 0:
            raise InputError(f"noise.count: must be above zero; got {table.noise.count!r}")  # type: ignore[union-attr]
        self.limit = None if table.limit is None else self.of_text(table.limit, "limit")

    def of_text(self, text: Any, key: str) -> float:
        return self.factor * units.parse(text, self.kind, key=key, molecular_weight=self.weight)

    def data(self, rows: Rows, order: np.ndarray) -> np.ndarray:
        data = self.unit * rows.columns["value"][order]
        if self.limit is None:
            return data
        # A datum below detection is written as the limit, and the two products may round apart.
        return np.where(np.isclose(data, self.limit, rtol=1e-9, atol=0.0), self.limit, data)

    def noise(self, rows: Rows, order: np.ndarray) -> Any:
        """The noise of data in this order."""
        from ..fitting.noise import Gaussian, Lognormal, Poisson

        table, limit = self.table, self.limit
        if isinstance(table.noise, LognormalTable):
            return Lognormal(table.noise.sigma, limit)
        if isinstance(table.noise, GaussianTable):
            sd = self.unit * rows.columns["sem"][order] if table.noise.sd is None else self.of_text(table.noise.sd, "noise.sd")
            return Gaussian(sd, limit)
        return Poisson(1 / self.unit)


def _points(inputs: Inputs, table: PointsTable, rows: Rows, scale: _Scale, common: dict) -> Any:
    from ..fitting.observations import PointSamples

    positions = _positions(inputs, table, rows)
    times, order = _by_time(table, rows, [positions[:, 0], positions[:, 1], positions[:, 2]], "point")
    count = len(order) // max(len(times or ()), 1)
    return PointSamples(positions=positions[order[:count]], data=scale.data(rows, order), noise=scale.noise(rows, order), times=times, **common)


def _positions(inputs: Inputs, table: PointsTable | MarkerTable, rows: Rows) -> np.ndarray:
    """Places x, y, z of the rows, um."""
    length = units.parse(table.pixel_size, "length") if table.pixel_size is not None else units.parse(f"1 {table.length_unit}", "length")
    flat = "z" not in rows.columns
    if flat and inputs.grid.shape[0] > 1:
        raise InputError("columns.z is missing: only in a section, one voxel deep, do points need no z")
    middle = np.full(rows.columns["x"].shape, 0.5 * (inputs.grid.origin[0] + inputs.grid.upper[0]))
    positions = np.stack([length * rows.columns["x"], length * rows.columns["y"], middle if flat else length * rows.columns["z"]], axis=1)
    lower, upper = np.array(inputs.grid.origin)[::-1], np.array(inputs.grid.upper)[::-1]
    outside = np.flatnonzero(((positions < lower) | (positions > upper)).any(axis=1))
    if outside.size:
        where = f"{rows.path}, {rows.place(int(outside[0]))}"
        at, box = (f"({', '.join(f'{one:g}' for one in corner)})" for corner in (positions[outside[0]], upper))
        raise FileError(
            f"{where}: the point {at} um (x, y, z) lies outside the box up to {box} um ({outside.size} such rows); is the unit or the origin another one?"
        )
    return positions


def _marker(inputs: Inputs, table: MarkerTable, rows: Rows, scale: _Scale, common: dict) -> Any:
    from ..fitting.observations import MarkerIntensity

    if "time" in rows.columns or table.at is not None:
        raise InputError("intensities of a section are of one time, the steady state: leave out columns.time and 'at'")
    active = rows.columns.get("responds")
    if active is not None and (bad := np.flatnonzero((active != 0) & (active != 1))).size:
        raise rows.refuse(int(bad[0]), "responds", f"{active[bad[0]]:g}; 1 is a cell that can respond, 0 one that cannot")
    order = np.arange(rows.columns["value"].size)

    def length(key: str) -> float:
        return 0.0 if getattr(table, key) is None else units.parse(getattr(table, key), "length", key=key)

    return MarkerIntensity(
        positions=_positions(inputs, table, rows),
        data=scale.data(rows, order),
        noise=scale.noise(rows, order),
        half_maximum=_number_or_name(table.half_maximum, scale.weight),
        exponent=table.exponent,
        gain=table.gain,
        offset=table.offset,
        spillover=table.spillover,
        misassigned=table.misassigned,
        responds=active,
        contact=length("contact") or None,
        blur=length("blur"),
        thickness=length("thickness"),
        **common,
    )


def _number_or_name(text: Any, molecular_weight: float | None) -> float | str:
    """A concentration (it starts with a digit), else the name of a free parameter."""
    starts_as_number = str(text).lstrip()[:1] in "0123456789.+-"
    return units.parse(text, "concentration", key="half_maximum", molecular_weight=molecular_weight) if starts_as_number else str(text)


def _profile(inputs: Inputs, table: ProfileTable, rows: Rows, scale: _Scale, common: dict) -> Any:
    from ..fitting.observations import DistanceProfile

    edges = np.array([units.parse(one, "length") for one in table.edges])
    if (np.diff(edges) <= 0).any():
        raise InputError(f"edges must increase; got {', '.join(map(str, table.edges))}")
    at = units.parse(f"1 {table.length_unit}", "length") * rows.columns["distance"]
    place = np.searchsorted(edges, at, side="right") - 1
    outside = np.flatnonzero((place < 0) | (place >= edges.size - 1))
    if outside.size:
        raise rows.refuse(int(outside[0]), "distance", f"{at[outside[0]]:g} um lies in no bin of the edges {edges[0]:g} to {edges[-1]:g} um")
    times, order = _by_time(table, rows, [place], "bin")
    count = len(order) // max(len(times or ()), 1)
    first = place[order[:count]]
    if not np.array_equal(first, np.arange(edges.size - 1)):
        doubled = np.flatnonzero(np.bincount(first, minlength=edges.size - 1) != 1)[0]
        rest = "" if times is None else " and time"
        raise InputError(
            f"{rows.path}: {int((first == doubled).sum())} rows for the bin {edges[doubled]:g} to {edges[doubled + 1]:g} um; one a bin{rest} is needed"
        )
    distance, where = distance_to(inputs, table.distance), side(inputs, table.where)
    return DistanceProfile(distance=distance, edges=edges, data=scale.data(rows, order), noise=scale.noise(rows, order), where=where, times=times, **common)


def _assay(inputs: Inputs, table: AssayTable, rows: Rows, scale: _Scale, common: dict) -> Any:
    from ..fitting.observations import Assay

    times, order = _by_time(table, rows, [], "region")
    if len(order) != max(len(times or ()), 1):
        raise InputError(
            f"{rows.path}: {len(order)} rows of one region; an assay is one datum (a time): give the mean of replicates with its standard error, "
            "or a [[fit.data]] table for each region"
        )
    return Assay(
        region=region_of(inputs, table.region),
        data=scale.data(rows, order),
        noise=scale.noise(rows, order),
        sample=table.sample,
        latent=tuple(species_id(one) for one in table.latent),
        recovery=table.recovery,
        times=times,
        **common,
    )


def _by_time(table: AnyData, rows: Rows, keys: list[np.ndarray], what: str) -> tuple[list[float] | None, np.ndarray]:
    """Times of measurement in s (None for a steady state), and the rows in order: time after time, within each by `keys`.

    **Raises** `InputError` where not every time has the same keys.
    """
    if "time" not in rows.columns:
        order = np.lexsort([*keys[::-1]]) if what == "bin" else np.arange(rows.columns["value"].size)
        return (None if table.at is None else [units.parse(table.at, "time")]), order
    given = np.array([units.parse(f"{one!r} {table.time_unit}", "time", key="time_unit") for one in rows.columns["time"].tolist()])
    order = np.lexsort([*keys[::-1], given])
    times = np.unique(given)
    groups = [order[given[order] == one] for one in times]
    for time, group in zip(times, groups, strict=True):
        if len(group) != len(groups[0]) or any(not np.array_equal(key[group], key[groups[0]]) for key in keys):
            raise InputError(
                f"{rows.path}: the {what}s at {time:g} s are not those at {times[0]:g} s; every {what} needs a row at every time "
                f"(put {what}s with times of their own into another [[fit.data]])"
            )
    return times.tolist(), order
