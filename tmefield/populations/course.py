"""Densities and concentrations at a series of times, with everything that says how far to trust them."""

import equinox as eqx
from jaxtyping import Array, Float, Int

from ..errors import InputError
from .population_model import PopulationModel


class PopulationCourse(eqx.Module):
    """The course of populations and cytokines.

    - `times`: of output, s; `density`: [time, population, z, y, x], cells/um3; `concentration`: [time, species, z, y, x], nM.
    - `step_times`: the end of every step, s; `cells`: [step, population], how many there are in the box.
    - `change`: [step, population], the greatest change in a step against its greatest density in the course: a large one asks for a shorter step.
    - `status`: the worst `Status` of any steady solve, per species.
    """

    tissue: PopulationModel
    times: Float[Array, " t"]
    density: Float[Array, "t p z y x"]
    concentration: Float[Array, "t s z y x"]
    step_times: Float[Array, " n"]
    cells: Float[Array, "n p"]
    change: Float[Array, "n p"]
    status: Int[Array, " s"]

    def __getitem__(self, name: str) -> Float[Array, "t z y x"]:
        """Densities of a population (cells/um3), or concentrations of a species (nM), at `times`."""
        if name in self.tissue.names:
            return self.density[:, self.tissue.names.index(name)]
        if name in self.tissue.model.names:
            return self.concentration[:, self.tissue.model.names.index(name)]
        raise InputError(f"no population or species {name!r}; there are {', '.join((*self.tissue.names, *self.tissue.model.names))}")

    def number(self, name: str) -> Float[Array, " n"]:
        """How many cells of a population there are after every step."""
        if name not in self.tissue.names:
            raise InputError(f"no population {name!r}; there are {', '.join(self.tissue.names)}")
        return self.cells[:, self.tissue.names.index(name)]

    def volume(self, name: str) -> Float[Array, " n"]:
        """What the cells of a population fill, um3, after every step: of tumour cells the volume of the tumour."""
        return self.number(name) * self.tissue.populations[self.tissue.names.index(name)].volume

    def to_dataset(self, **extra):
        """The course as an `xarray.Dataset` with CF metadata; `extra` as in `tmefield.output.collect.collect_course`."""
        from ..output.collect import collect_course
        from ..output.netcdf import to_dataset

        return to_dataset(collect_course(self, **extra))

    def to_netcdf(self, path, **extra) -> None:
        """Write the course as CF-1.11 NetCDF, atomically: densities and concentrations at `times`, numbers of cells after every step (dimension `step`)."""
        from ..output.collect import collect_course
        from ..output.netcdf import write_netcdf

        write_netcdf(collect_course(self, **extra), path)
