"""A mechanism of cells whose density changes: the rates of one cell, times how many there are."""

from collections.abc import Mapping

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from .exchange import VascularExchange
from .term import AbstractTerm, Medium, Rates, not_negative
from .wrapper import AbstractWrapper, unwrapped


class PerCell(AbstractWrapper):
    """P = (n/n_0) P_0 and L = (n/n_0) L_0: the rates P_0, L_0 of `term`, which is made for the density n_0, in a population of density n.

    So what a population secretes and takes up follows it, and so does what a bed of vessels exchanges that grows or is lost:
    `PerCell("CD8_T", tf.Secretion("IFNg", 1.0, rate))` with n_0 = 1 cell/um3, and
    `PerCell("endothelial", tf.VascularExchange("IFNg", 0.01, permeability), reference=1e-5)`, where 1e-5 cells/um3 make a wall area of 0.01/um.

    **Arguments**

    - `population`: whose density it is; `tf.evolve_populations` puts it there.
    - `term`: the mechanism at the density n_0, in proportion to the density.
    - `density`: n, cells/um3, a number or a field [z, y, x], for a steady field by itself.
    - `reference`: n_0, cells/um3.

    **Raises** `InputError` for an exchange with wide vessels or a filtration, whose walls are where they are.
    """

    population: str = eqx.field(static=True)
    term: AbstractTerm
    density: Float[Array, "..."]
    reference: Float[Array, ""]

    def __init__(self, population: str, term: AbstractTerm, density: ArrayLike = 0.0, reference: ArrayLike = 1.0):
        inner = unwrapped(term)
        if isinstance(inner, VascularExchange) and (inner.lumen is not None or inner.filtration is not None):
            raise InputError(f"PerCell('{population}', VascularExchange): wide vessels and filtration belong to walls that stay; give a wall area per volume")
        self.population, self.term = population, term
        self.density = as_parameter(density, f"density of {population}", "cells/um3")
        self.reference = as_parameter(reference, f"reference density of {population}", "cells/um3", shapes=((),), positive=True)

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return self.term.label if self.term.label.split()[-1] == self.population else f"{self.term.label} by {self.population}"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        times = not_negative(self.density) / self.reference
        return {name: Rates(times * made, times * lost) for name, (made, lost) in self.term.rates(concentration, medium).items()}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"density of {self.population}", "cells/um3", shapes=((), shape))
        super().check(shape, medium)
