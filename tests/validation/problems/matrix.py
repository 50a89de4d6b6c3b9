"""V15, V16: latent ligand stored in the matrix, and ligand that binds to it."""

from functools import cache
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import corner_source, open_walls, radius_from_corner
from validation.problems.result import Curve, Result, Row


class Conversion(tf.AbstractTerm):
    """P_to = phi rate (sum of the sources); what the sources lose is for them to say."""

    acts_on: tuple[str, ...] = eqx.field(static=True)
    sources: tuple[str, ...] = eqx.field(static=True)
    rate: jnp.ndarray
    saturable: ClassVar[bool] = True

    def __init__(self, to, sources, rate):
        self.acts_on, self.sources, self.rate = (to,), sources, jnp.asarray(rate, float)

    @property
    def label(self):
        return "conversion"

    @property
    def monotone(self):
        """Linear, and nothing returns: there is but one steady state."""
        return True

    @property
    def reads(self):
        return self.sources

    def rates(self, concentration, medium):
        made = medium.volume_fraction * self.rate * sum(concentration[name] for name in self.sources)
        return {self.acts_on[0]: tf.Rates(made, jnp.zeros_like(made))}

    def check(self, shape, medium):
        pass


SUPPLY, DEPOSITION, ACTIVATION, LATENT_LOSS, ACTIVE_LOSS = 1e-5, 1e-4, 1e-5, 5e-5, 1e-3


def latent_chain(grid, supply, dtype=None):
    """Latent L diffuses and is deposited, the store M stands still, both become active A."""
    losses = {"L": DEPOSITION + ACTIVATION + LATENT_LOSS, "M": ACTIVATION, "A": ACTIVE_LOSS}
    species = [tf.Species("L", 10.0, losses["L"]), tf.Species("M", 0.0, losses["M"]), tf.Species("A", 26.0, losses["A"])]
    chain = [Conversion("M", ("L",), DEPOSITION), Conversion("A", ("L", "M"), ACTIVATION)]
    return tf.Model(grid, species, [tf.Decay(), tf.Linear(supply, species="L"), *chain], dtype=dtype)


def latent_store(dtype=None) -> Result:
    """V15: the uniform steady state, and the flux of activation from the fields."""
    solution = tf.solve_steady(latent_chain(tf.Grid((2, 3, 4), 10.0), SUPPLY, dtype), rtol=1e-9 if dtype is None else 1e-6)
    latent, store, active = (float(np.mean(solution[name])) for name in ("L", "M", "A"))
    flux = ACTIVATION * (latent + store)
    expected = {"L_nM": 0.0625, "M_nM": 0.625, "A_nM": 0.006875, "active_flux_nM_s": 6.875e-6}
    found = (latent, store, active, flux)
    rows = [Row(name, "uniform", value, one, 1e-3) for (name, value), one in zip(expected.items(), found, strict=True)]
    spread = max(float(np.ptp(np.asarray(solution[name]))) / float(np.mean(solution[name])) for name in ("L", "M", "A"))
    return Result((*rows, Row("uniformity", "uniform", 1.0, 1.0 + spread, 1e-3)))


RATE, DIFFUSIVITY, DECAY, PLACE, RETARDATIONS, MOMENTS = 10.0, 10.0, 1e-3, 50.0, (1.0, 5.0), (300.0, 1500.0, 7500.0)


@cache
def bound_onset(spacing=6.0, cells=40):
    """An eighth of a point source switched on at t = 0, one species for each retardation; the last entry of the fields is the steady one."""
    grid = tf.Grid((cells,) * 3, 1.0)
    diffusivity = DIFFUSIVITY / spacing**2
    walls = open_walls(grid, diffusivity * spacing, np.sqrt(DECAY / DIFFUSIVITY), spacing)
    species = [tf.Species(f"r{r:g}", diffusivity, DECAY, retardation=r) for r in RETARDATIONS]
    model = tf.Model(grid, species, [tf.Decay(), tf.Linear(corner_source(grid, RATE, spacing))], walls=walls)
    trajectory = tf.evolve(model, 0.0, (0.0, *MOMENTS), method="tr-bdf2", fixed_steps=10, rtol=1e-5)
    steady = tf.solve_steady(model, rtol=1e-8)
    return spacing * radius_from_corner(grid), [(np.asarray(trajectory[one.name])[1:], np.asarray(steady[one.name])) for one in species]


def matrix_binding() -> Result:
    """V16: share of the steady field reached at 50 um, with and without binding."""
    r, fields = bound_onset()
    near = np.abs(r - PLACE) < 6.0
    medium = {"rate": RATE, "diffusivity": DIFFUSIVITY, "decay": DECAY}
    rows, curves = [], []
    for retardation, (series, steady) in zip(RETARDATIONS, fields, strict=True):
        shares = []
        for time, field in zip(MOMENTS, series, strict=True):

            def form(d, time=time, retardation=retardation):
                return exact.transient_point_source(d, time / retardation, **medium) / exact.point_source(d, **medium)

            value = float(form(PLACE))
            shares.append(value * float((field[near] / steady[near] / form(r[near])).mean()))
            rows.append(Row("fraction_of_steady", f"retardation {retardation:g}, {time:g} s", value, shares[-1], 0.01))
        fine = np.geomspace(100, 1e4, 100)
        line = exact.transient_point_source(PLACE, fine / retardation, **medium) / exact.point_source(PLACE, **medium)
        curves.append(Curve("V16 share of steady at 50 um against s", f"retardation {retardation:g}", np.array(MOMENTS), np.array(shares), fine, line))
    return Result(tuple(rows), tuple(curves))
