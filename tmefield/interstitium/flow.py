"""The steady pressure and flow of the interstitial fluid, from one discrete balance."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter, concrete
from ..errors import InputError
from ..grid import AXES, Grid
from ..model import Model
from ..solution import Solution
from ..species import Species
from ..steady import solve_steady
from ..terms.exchange import wall_entries
from ..transport.assemble import Transport
from ..transport.faces import neighbours
from ..transport.fixed import FixedConcentration
from ..transport.flow import Flow
from ..transport.walls import AbstractWall, NoFlux, Outflow, Walls, walls_of
from .result import InterstitialFlow
from .starling import Leak, Lymphatics

PRESSURE = "interstitial pressure"


def interstitial_flow(
    grid: Grid,
    vessels: Any,
    *,
    hydraulic_conductivity: ArrayLike,
    filtration_coefficient: ArrayLike,
    vessel_pressure: ArrayLike,
    reflection: ArrayLike = 1.0,
    plasma_oncotic_pressure: ArrayLike = 0.0,
    tissue_oncotic_pressure: ArrayLike = 0.0,
    lymph_conductance: ArrayLike = 0.0,
    lymph_pressure: ArrayLike = 0.0,
    walls: AbstractWall | Walls | None = None,
    rtol: float = 1e-12,
) -> InterstitialFlow:
    """The pressure p and the velocity u of the interstitial fluid: Darcy flow with Starling exchange,

        u = -K grad p,   div u = sum over walls of (area / voxel volume) J_v - k (p - p_L),
        J_v = L_p (p_v - p_w - sigma (pi_v - pi_i)),

    p_w the pressure on the wall: for vessels thinner than the voxels it differs from that of the voxel by J_v path/K, the closure of `VascularExchange`
    (Peaceman 1978, doi:10.2118/6893-PA). Baxter & Jain 1989, doi:10.1016/0026-2862(89)90074-5, have the equations and parameters of tumours.

    The velocities on the faces are differences of the pressures of the solve itself, made in float64 ("mixed" precision): div u equals the sources voxel by
    voxel to round-off. The result is in JAX's default type. It can be differentiated like `solve_steady`,
    once 64-bit JAX is on.

    **Arguments**

    - `vessels`: an embedded network (`VesselNetwork.embed(grid)`), or the wall area per volume of tissue, 1/um, as a number or a field [z, y, x].
    - `hydraulic_conductivity`: K of the tissue, um2/(Pa s); a number or a field. Where it is 0, as in the lumen of wide vessels, no fluid moves.
    - `filtration_coefficient`: L_p of the vessel walls, um/(Pa s); `vessel_pressure`: p_v, Pa; `reflection`: sigma of the plasma's proteins, 0 to 1;
      `plasma_oncotic_pressure`, `tissue_oncotic_pressure`: pi_v and pi_i, Pa. Each a number, a field [z, y, x], or one for each segment of the network.
    - `lymph_conductance`: k = L_pL S_L/V, 1/(Pa s), and `lymph_pressure`: p_L, Pa; numbers or fields.
    - `walls`: of the box, pressures in Pa: `NoFlux` (the default), `FixedValue`, `Robin` (transfer in um/(Pa s)), `Periodic`.
    - `rtol`: of the solve.

    Pressures count from any one zero (mostly that of the atmosphere); those of a wall may not be below it.

    **Raises** `InputError` for shapes, signs or walls that do not fit, and for walls too permeable for the grid.
    """
    dtype = jnp.result_type(float)
    with jax.enable_x64(True):
        tissue = _wide(as_parameter(hydraulic_conductivity, "hydraulic_conductivity", "um2/(Pa s)", shapes=((), grid.shape)))
        leak = _leak(grid, vessels, tissue, filtration_coefficient, vessel_pressure, reflection, plasma_oncotic_pressure, tissue_oncotic_pressure)
        allowed = ((), grid.shape)
        lymphatics = Lymphatics(
            (PRESSURE,),
            _wide(as_parameter(lymph_conductance, "lymph_conductance", "1/(Pa s)", shapes=allowed)),
            _wide(as_parameter(lymph_pressure, "lymph_pressure", "Pa", shapes=allowed, signed=True)),
        )
        lowest = jax.lax.stop_gradient(jnp.minimum(0.0, jnp.minimum(jnp.min(leak.driving), jnp.min(lymphatics.pressure))))
        model = _model(grid, tissue, leak, lymphatics, walls, lowest, _closed(vessels, tissue))
        result = _fluid(solve_steady(model, rtol=rtol, precision="mixed"), leak, lymphatics, lowest)
        return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, dtype) if eqx.is_inexact_array(leaf) else leaf, result)


def _wide(value: Array) -> Array:
    return value.astype("float64")


def _leak(grid: Grid, vessels: Any, tissue: Array, coefficient, pressure, reflection, plasma, interstitial) -> Leak:
    voxel, area, path, _ = wall_entries(vessels, "the interstitial fluid")
    if voxel is None:
        as_parameter(area, "vessel surface density", "1/um", shapes=((), grid.shape))
    elif vessels.grid != grid:
        raise InputError(f"the vessels are embedded in a grid of {list(vessels.grid.shape)} voxels, not in this one of {list(grid.shape)}: embed them again")

    def at_entries(value: ArrayLike, name: str, unit: str, *, signed: bool = True) -> Array:
        return _wide(_at_entries(grid, vessels, None if voxel is None else voxel, as_parameter(value, name, unit, signed=signed), name, unit))

    conductivity = at_entries(coefficient, "filtration_coefficient", "um/(Pa s)", signed=False)
    share = at_entries(reflection, "reflection", "1", signed=False)
    if (known := concrete(share)) is not None and (known > 1).any():
        raise InputError(f"reflection must lie between 0 and 1; got {float(known.max()):g}")
    oncotic = at_entries(plasma, "plasma_oncotic_pressure", "Pa") - at_entries(interstitial, "tissue_oncotic_pressure", "Pa")
    driving = at_entries(pressure, "vessel_pressure", "Pa") - share * oncotic
    leak = Leak((PRESSURE,), voxel, _wide(area), _wide(path), conductivity, driving)
    _check_closure(leak, tissue)
    return leak


def _at_entries(grid: Grid, vessels: Any, voxel: Array | None, value: Array, name: str, unit: str) -> Array:
    """A number as it is; a field at the voxels of the walls; one for each segment at the walls of the segments."""
    if value.ndim == 0:
        return value
    if value.shape == grid.shape:
        return value if voxel is None else value.reshape(-1)[voxel]
    if voxel is None:
        raise InputError(f"{name} has shape {list(value.shape)}, expected a number or {list(grid.shape)} ({unit}); per segment it needs an embedded network")
    segments = vessels.report["segments"] + vessels.report["segments_outside"]
    if value.shape != (segments,):
        raise InputError(f"{name} has shape {list(value.shape)}, expected a number, {list(grid.shape)} or one for each of {segments} segments ({unit})")
    return value[jnp.asarray(vessels.segment)]


def _check_closure(leak: Leak, tissue: Array) -> None:
    near = concrete(tissue if leak.voxel is None or tissue.ndim == 0 else tissue.reshape(-1)[leak.voxel])
    resistance = concrete(leak.conductivity * leak.path)
    if leak.voxel is None or near is None or resistance is None:
        return
    refused = (near + resistance <= 0) & (near > 0)
    if refused.any():
        raise InputError(
            f"the walls of {int(refused.sum())} vessel pieces are too permeable to fluid for this grid (K + L_p path = {float((near + resistance).min()):.3g} "
            "um2/(Pa s) at worst): use voxels smaller than about half the vessel radius, or wide vessels as lumen voxels"
        )


def _closed(vessels: Any, tissue: Array) -> Array | None:
    """Voxels in which no fluid moves, or None where there are none."""
    inside = getattr(vessels, "lumen", None)
    lumen = None if inside is None or not inside.any() else jnp.asarray(inside)
    if tissue.ndim == 0:
        return lumen
    dense = tissue <= 0
    known = concrete(dense)
    if known is not None and not known.any():
        return lumen
    return dense if lumen is None else dense | lumen


def _model(grid: Grid, tissue: Array, leak: Leak, lymphatics: Lymphatics, walls, lowest: Array, closed: Array | None) -> Model:
    """The balance of the pressure above the lowest one that drives it, which is nowhere negative."""
    (given,) = walls_of(NoFlux() if walls is None else walls, (PRESSURE,))

    def lifted(wall: AbstractWall) -> AbstractWall:
        if isinstance(wall, Outflow):
            raise InputError("Outflow is no condition for a pressure: give the wall a FixedValue (Pa), a Robin exchange, or NoFlux")
        return wall if wall.outside is None else eqx.tree_at(lambda w: w.outside, wall, _wide(wall.outside) - lowest)

    raised = jax.tree.map(lifted, given, is_leaf=lambda node: isinstance(node, AbstractWall))
    terms = [
        eqx.tree_at(lambda t: t.driving, leak, leak.driving - lowest),
        eqx.tree_at(lambda t: t.pressure, lymphatics, lymphatics.pressure - lowest),
    ]
    fixed = None if closed is None else FixedConcentration(closed, 0.0, sealed=True)
    return Model(grid, [Species(PRESSURE, tissue)], terms, walls=raised, fixed=fixed, dtype="float64")


@eqx.filter_jit
def _fluid(solution: Solution, leak: Leak, lymphatics: Lymphatics, lowest: Array) -> InterstitialFlow:
    model, grid = solution.model, solution.model.grid
    transport = model.transport()
    above = solution.concentration[0]
    free = jnp.ones(grid.shape, above.dtype) if transport.held is None else 1 - transport.held[0].astype(above.dtype)
    pressure = above + lowest
    tissue = model.species[0].diffusivity
    jv = leak.filtration(pressure, tissue) * (free if leak.voxel is None else free.reshape(-1)[leak.voxel])
    source = jnp.broadcast_to(leak.per_volume(jv, grid.shape, grid.voxel_volume), grid.shape)
    drainage = free * lymphatics.conductance * (pressure - lymphatics.pressure)
    return InterstitialFlow(grid, free * pressure, Flow(*_velocities(transport, above)), jv, source, drainage, solution.stats)


def _velocities(transport: Transport, above: Float[Array, "z y x"]) -> list[Array]:
    """Through all faces normal to z, y and x, walls included: the fluxes of the discrete balance, um/s."""
    batched = jax.tree.map(lambda leaf: leaf[0], transport.batched())
    stencil, velocities = transport.channel(batched).stencil, []
    for axis in range(len(AXES)):
        ring = transport.ring[axis]
        low, high = neighbours(above, axis, periodic=ring)
        inner = stencil.faces[axis] * transport.grid.spacing[axis] * (low - high)
        sides = [_through_wall(transport, above, axis, upper=upper) for upper in (False, True)]
        if ring:
            inner, wrap = jnp.split(inner, [inner.shape[axis] - 1], axis)
            sides = [wrap, wrap]
        velocities.append(jnp.concatenate([sides[0], inner, sides[1]], axis))
    return velocities


def _through_wall(transport: Transport, above: Array, axis: int, *, upper: bool) -> Array:
    """Through one wall of the box, positive towards increasing index."""
    near = jax.lax.index_in_dim(above, -1 if upper else 0, axis)
    wall = transport.walls[2 * axis + int(upper)]
    if wall is None:
        return jnp.zeros_like(near)
    outward = wall.outflow(jnp.squeeze(near, axis)[None])[0]
    if transport.held is not None:
        outward = jnp.where(jax.lax.index_in_dim(transport.held[0], -1 if upper else 0, axis, keepdims=False), 0, outward)
    return jnp.expand_dims(outward if upper else -outward, axis)
