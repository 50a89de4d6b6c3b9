"""Receptor-mediated uptake by cells."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..units import NANOMOLAR
from .modulation import Blockade
from .term import AbstractTerm, Medium, Rates, not_negative

FORMS = ("K_M", "K_D")
FULLEST = 0.98
"""Greatest radius of a cell in radii of its share of the tissue: beyond it hardly any fluid is left, and diffusion no obstacle."""

SPARSEST = 1e-12
"""Density, cells/um3, below which cells are alone."""


class ReceptorUptake(AbstractTerm):
    """L = n R k_endo / (K + c) / 0.602214: saturable uptake by receptors in quasi-steady binding.

    K = K_M = (k_off + k_endo)/k_on is the half-saturation concentration of binding, unbinding and internalisation with the
    number of receptors held constant; `from_binding` makes it, and K_D = k_off/k_on for comparison. Below c = 0, where an iterate may stand for a moment, L
    stays at its value at 0: the law's other branch, beyond c = -K, has roots of its own.

    *Cells smaller than a voxel* see less than the mean c: diffusion has to bring what they take. With `cell_radius` the law holds at the cell's surface,
    k_D (c - c_s) = k_endo R/(K + c_s) c_s, so

        c_s = (c - K - v + sqrt((c - K - v)^2 + 4 K c))/2,   v = k_endo R/k_D,
        1/k_D = [b^3 (1/rho - <1/r>) - (<r^2> - rho^2)/2]/(3 D V),   V = 4 pi/3 (b^3 - rho^3),   4 pi/3 b^3 = 1/n

    for a cell of radius rho in the middle of its share of the tissue (Wigner & Seitz), < > the mean over the fluid around it; 4 pi D rho where cells are
    far apart.

    **Arguments**

    - `species`: the ligand.
    - `density`: n, cells/um3 of tissue, a number or a field [z, y, x].
    - `receptors`: R, receptors per cell.
    - `internalisation`: k_endo, 1/s.
    - `half_saturation`: K, nM.
    - `sink`: which cells, for the budget ("uptake by Treg").
    - `blockade`: a drug that competes for the receptor: K (1 + A/K_d) takes the place of K.
    - `cell_radius`: rho, um; None where the voxels resolve what surrounds a cell, or n R k_endo/K is small.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    density: Float[Array, "..."]
    receptors: Float[Array, ""]
    internalisation: Float[Array, ""]
    half_saturation: Float[Array, ""]
    sink: str | None = eqx.field(static=True)
    blockade: Blockade | None
    cell_radius: Float[Array, ""] | None
    saturable: ClassVar[bool] = True

    def __init__(
        self,
        species: str,
        density: ArrayLike,
        receptors: ArrayLike,
        internalisation: ArrayLike,
        half_saturation: ArrayLike,
        sink: str | None = None,
        blockade: Blockade | None = None,
        cell_radius: ArrayLike | None = None,
    ):
        who = f"uptake of {species}"
        self.acts_on = (species,)
        self.density = as_parameter(density, f"cell density for the {who}", "cells/um3")
        self.receptors = as_parameter(receptors, f"receptors for the {who}", "molecules/cell", shapes=((),))
        self.internalisation = as_parameter(internalisation, f"internalisation rate for the {who}", "1/s", shapes=((),))
        self.half_saturation = as_parameter(half_saturation, f"half saturation of the {who}", "nM", shapes=((),), positive=True)
        self.sink = sink
        self.blockade = blockade
        self.cell_radius = None if cell_radius is None else as_parameter(cell_radius, f"cell radius for the {who}", "um", shapes=((),), positive=True)

    @classmethod
    def from_binding(
        cls, species: str, density: ArrayLike, receptors: ArrayLike, k_on: ArrayLike, k_off: ArrayLike, k_endo: ArrayLike, form: str = "K_M", **more: Any
    ) -> "ReceptorUptake":
        """Uptake with K from the rates of binding: `k_on` 1/(nM s), `k_off` and `k_endo` 1/s.

        `form` "K_M" is K = (k_off + k_endo)/k_on; "K_D", K = k_off/k_on, is what some published runs take: where k_endo is not small against k_off it takes up
        more than the receptors can bind. `more` as in `ReceptorUptake`.
        """
        if form not in FORMS:
            raise InputError(f"form of the uptake of {species} must be {' or '.join(FORMS)}; got {form!r}")
        on = as_parameter(k_on, f"k_on of {species}", "1/(nM s)", shapes=((),), positive=True)
        off, endo = (as_parameter(value, f"{name} of {species}", "1/s", shapes=((),)) for name, value in (("k_off", k_off), ("k_endo", k_endo)))
        return cls(species, density, receptors, endo, (off + endo if form == "K_M" else off) / on, **more)

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: uptake grows with the concentration, ever more slowly."""
        return True

    @property
    def reads(self) -> tuple[str, ...]:
        """See `AbstractTerm`: the drug that blocks the receptor."""
        return () if self.blockade is None else (self.blockade.drug,)

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return f"uptake by {self.sink}" if self.sink else "uptake"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        c = not_negative(concentration[name])
        half = self.half_saturation if self.blockade is None else self.half_saturation * self.blockade.factor(concentration)
        per_cell = self.receptors * self.internalisation / NANOMOLAR
        if self.cell_radius is None:
            loss = self.density * per_cell / (half + c)
        else:
            loss = self.density * per_cell / _surface_half(c, half, per_cell / self._delivery(medium))
        return {name: Rates(jnp.zeros_like(self.receptors), loss)}

    def _delivery(self, medium: Medium) -> Array:
        """k_D, um3/s: what diffusion brings to a cell per concentration."""
        assert self.cell_radius is not None
        diffusivity = medium.species[self.acts_on[0]].diffusivity
        # rho/b. The cube root of no cells would have no derivative.
        a = jnp.minimum(jnp.cbrt(4 * math.pi / 3 * jnp.maximum(self.density, SPARSEST)) * self.cell_radius, FULLEST)
        fluid = 1 - a**3
        mean_inverse, mean_square = 1.5 * (1 - a**2) / fluid, 0.6 * (1 - a**5) / fluid  # <1/r> b and <r^2>/b^2
        return 4 * math.pi * diffusivity * self.cell_radius * fluid / (1 - a * mean_inverse - a * (mean_square - a**2) / 2)

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"cell density for the uptake of {self.acts_on[0]}", "cells/um3", shapes=((), shape))


def _surface_half(c: Array, half: Array, v: Array) -> Array:
    """(K + c_s) c/c_s, which takes the place of K + c where the law holds at the cell's surface."""
    x = c - half - v
    q = (jnp.abs(x) + jnp.sqrt(x**2 + 4 * half * c)) / 2  # no cancellation: c_s is q for x >= 0 and K c/q below
    below = x < 0
    share = jnp.where(below, half / q, q / jnp.where(below, 1, c))  # c_s/c
    return (half + share * c) / share
