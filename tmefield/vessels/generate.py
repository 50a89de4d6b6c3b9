"""Vessel networks made up: a bed, what a tumour makes of it, arterioles and venules, and the blood that flows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import InputError
from .bed import NARROWEST, check_lengths, checked_box, in_largest_part, in_no_dead_end, tessellated_bed
from .boundary import pressures_on_faces
from .coupling import PERFUSED
from .distance import branches
from .feeding import Feeders, feeders
from .invasion import invade
from .network import VesselNetwork
from .tumour_bed import TumourBed

WAVINESS = 0.075
"""Mean offset of a displaced midpoint, as a share of the segment's length; drawn between two and four thirds of it, 5 to 10 %."""
SPLITS = 2
"""How often each segment is halved."""


@dataclass(frozen=True)
class Preset:
    """What a preset stands for; see `generate`."""

    spacing: float
    diameter: float
    spread: float
    fraction: float


PRESETS = {"normal": Preset(80.0, 5.2, 0.2, 1.0), "tumour": Preset(100.0, 11.0, 0.45, 0.5)}


def generate(
    box: tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray],
    *,
    preset: str = "normal",
    spacing: float | None = None,
    diameter: float | None = None,
    spread: float | None = None,
    fraction: float | None = None,
    waviness: float = WAVINESS,
    feeding: int = 2,
    tumour: TumourBed | tuple[Sequence[float] | np.ndarray, float] | None = None,
    keep_unperfused: bool = False,
    seed: int,
) -> VesselNetwork:
    """A vessel network in the box (lower, upper), x, y, z in um, through which blood flows.

    The bed is a Voronoi tessellation (`tmefield.vessels.bed`), cut at the faces. Of a tumour's bed the part is kept that invasion
    percolation reaches (`tmefield.vessels.invasion`); a `tumour` is invaded from the host around it. Arterioles and venules run from
    the faces (`tmefield.vessels.feeding`). Each segment is halved twice, its midpoint moved at right angles to it. The flow is that at
    50 mmHg in arterioles, 15 in venules, and values between at the capillaries that end on faces.

    **Arguments**

    - `preset`: "normal" or "tumour", the values of what is left out below; both keep to the ranges in docs/vessel-beds.md.
    - `spacing`: of the lattice, um; the length per volume is about 3/spacing^2 times `fraction`.
    - `diameter`: median of the capillaries, um; `spread`: standard deviation of its logarithm; none is narrower than 4 um.
    - `fraction`: share of the bed's length that is invaded, 1 for all of it.
    - `waviness`: mean offset of a midpoint as a share of the segment's length, 0 for straight ones.
    - `feeding`: number of arterioles and of venules; with 0 blood enters at the lower x face and leaves at the upper.
    - `tumour`: (centre, radius) or a `TumourBed`, in a bed of preset "normal".
    - `keep_unperfused`: keep vessels without flow (|flow| at most 1e-6 of the largest), among them all that end blindly.
    - `seed`: the same seed gives the same network.

    **Raises** `InputError` for numbers out of range and a box too small for its vessels.
    """
    if preset not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    given = {name: value for name, value in (("spacing", spacing), ("diameter", diameter), ("spread", spread), ("fraction", fraction)) if value is not None}
    chosen = replace(PRESETS[preset], **given)
    low, high = checked_box(box)
    region = tumour if isinstance(tumour, TumourBed) or tumour is None else TumourBed(*tumour)
    _check(chosen, waviness, feeding, region)
    random = np.random.default_rng(seed)
    local = None if region is None else lambda points: region.spacing_at(points, chosen.spacing)
    nodes, edges, on_face = tessellated_bed(random, low, high, chosen.spacing, local)
    in_tumour = np.zeros(len(nodes), dtype=bool) if region is None else region.share(nodes) > 0
    if len(edges) and in_tumour[edges].all():
        raise InputError("the tumour fills the box, so that there is no host to feed it: use preset = 'tumour' for a piece of a tumour, or a larger box")
    supply = feeders(random, nodes, edges, on_face, feeding, in_tumour) if feeding else None
    kept = _invaded(random, nodes, edges, on_face, chosen.fraction, region, supply)
    number = len(kept)
    if not keep_unperfused:
        kept = kept[in_no_dead_end(edges[kept], on_face)]
    kept = kept[in_largest_part(len(nodes), edges[kept])]
    if not len(kept):
        raise InputError(f"no vessel with a spacing of {chosen.spacing:g} um fits into the box: use a smaller spacing or a larger fraction")
    bare = VesselNetwork(nodes, edges[kept], np.ones(len(kept)), box=(low, high))
    network = _with_pressures(_with_diameters(random, bare, chosen, region, None if supply is None else supply.diameter[kept]), supply)
    network = _part(network, np.ones(len(kept), dtype=bool) if keep_unperfused else _perfused(network))
    notes = [*network.meta["notes"], f"{number - len(network.edges)} of {number} vessels dropped: they end blindly, or no blood flows through them"]
    network = _wavy(random, network, waviness)
    network = network.perfuse().network
    meta = {**network.meta, "format": f"generated vessels, preset {preset}, seed {seed}", "preset": preset, "seed": seed, **vars(chosen), "notes": notes}
    meta |= {"waviness": waviness, "feeding": feeding, "tumour": None if region is None else vars(region), "keep_unperfused": keep_unperfused}
    return replace(network, branch_id=branches(network), meta=meta)


def _check(chosen: Preset, waviness: float, feeding: int, region: TumourBed | None) -> None:
    check_lengths(spacing=chosen.spacing, diameter=chosen.diameter)
    limits: tuple[tuple[str, Any, float, float], ...] = (("spread", chosen.spread, 0.0, 2.0), ("waviness", waviness, 0.0, 0.3), ("feeding", feeding, 0, 100))
    for name, value, least, most in limits:
        if not (np.isfinite(value) and least <= value <= most):
            raise InputError(f"{name} must lie in {least:g}..{most:g}; got {value!r}")
    if not 0 < chosen.fraction <= 1:
        raise InputError(f"fraction must lie in 0..1, above 0; got {chosen.fraction!r}")
    if region is not None and chosen.fraction != 1:
        raise InputError("a tumour lies in a bed that is whole: use preset = 'normal' and no fraction; the fractions in the tumour are those of TumourBed")


def _invaded(
    random: np.random.Generator,
    nodes: np.ndarray,
    edges: np.ndarray,
    on_face: np.ndarray,
    fraction: float,
    region: TumourBed | None,
    supply: Feeders | None,
) -> np.ndarray:
    """Indices of the edges of the host, and of those of the tumour that are invaded; arterioles and venules are always among them."""
    if (fraction == 1 and region is None) or not len(edges):
        return np.arange(len(edges))
    length = np.linalg.norm(nodes[edges[:, 1]] - nodes[edges[:, 0]], axis=1)
    feeds = np.zeros(len(edges), dtype=bool) if supply is None else ~np.isnan(supply.diameter)
    strength = random.random(len(edges))
    none = np.zeros(0, dtype=np.int64)
    if region is not None:
        middle = nodes[edges].mean(axis=1)
        share = region.fraction_at(middle)
        # A strength over the share that is wanted makes the vessels dense at the rim and sparse in the core.
        there = np.flatnonzero(feeds | (region.share(middle) == 0))
        # Scraps of the host cut off by the tumour are invaded like it: to wait until each is joined would take nearly the whole bed.
        host = np.isin(np.arange(len(edges)), there[in_largest_part(len(nodes), edges[there])])
        taken = invade(edges, length, strength / share, host, none, float((share * length).sum()))
    else:
        entrances = np.intersect1d(np.flatnonzero(on_face), edges)
        start = entrances[random.integers(len(entrances))][None] if supply is None and len(entrances) else none
        taken = invade(edges, length, strength, feeds, start, fraction * float(length.sum()))
    return np.flatnonzero(taken)


def _with_diameters(random: np.random.Generator, bare: VesselNetwork, chosen: Preset, region: TumourBed | None, feeding: np.ndarray | None) -> VesselNetwork:
    """A diameter for each branch of the bed; arterioles and venules have their own, NaN elsewhere."""
    branch = branches(bare)
    number, length = int(branch.max()) + 1, bare.lengths
    share = np.zeros(len(length)) if region is None else region.share(bare.nodes[bare.edges].mean(axis=1))
    share = (np.bincount(branch, share * length) / np.bincount(branch, length))[branch]
    dilation, spread = (1.0, chosen.spread) if region is None else (region.dilation, region.spread)
    logarithm = (chosen.spread + share * (spread - chosen.spread)) * random.standard_normal(number)[branch]
    width = np.maximum(NARROWEST, chosen.diameter * (1 + share * (dilation - 1)) * np.exp(logarithm))
    if feeding is not None:
        width = np.where(np.isnan(feeding), width, feeding)
    return replace(bare, radius=width / 2)


def _with_pressures(network: VesselNetwork, supply: Feeders | None) -> VesselNetwork:
    assert network.box is not None
    if supply is None:
        return pressures_on_faces(network, network.box)
    return pressures_on_faces(network, network.box, inlet=supply.inlets.tolist(), outlet=supply.outlets.tolist())


def _perfused(network: VesselNetwork) -> np.ndarray:
    """Which segments blood flows through, but for pieces that hung on the rest by a segment without flow alone."""
    flow = np.abs(network.perfuse().flow)
    kept = np.flatnonzero(flow > PERFUSED * flow.max())
    kept = kept[in_largest_part(len(network.nodes), network.edges[kept])]
    return np.isin(np.arange(len(flow)), kept)


def _part(network: VesselNetwork, kept: np.ndarray) -> VesselNetwork:
    """The network of the segments that are kept, with only the nodes that these use."""
    used, place = np.unique(network.edges[kept], return_inverse=True)
    index = np.full(len(network.nodes), -1)
    index[used] = np.arange(len(used))
    boundary = tuple(replace(one, node=int(index[one.node])) for one in network.boundary if index[one.node] >= 0)
    return replace(network, nodes=network.nodes[used], edges=place.reshape(-1, 2), radius=network.radius[kept], boundary=boundary)


def _wavy(random: np.random.Generator, network: VesselNetwork, waviness: float) -> VesselNetwork:
    """Each segment halved, its midpoint moved at right angles to it; nodes keep their places and numbers."""
    nodes, edges, radius = network.nodes, network.edges, network.radius
    assert network.box is not None
    for _ in range(SPLITS if waviness > 0 else 0):
        start, end = nodes[edges[:, 0]], nodes[edges[:, 1]]
        step = end - start
        length = np.linalg.norm(step, axis=1)
        sideways = np.cross(step, random.standard_normal(step.shape))
        sideways *= (waviness * random.uniform(2 / 3, 4 / 3, len(step)) * length / np.linalg.norm(sideways, axis=1))[:, None]
        middle = np.clip((start + end) / 2 + sideways, *network.box)
        new = len(nodes) + np.arange(len(middle))
        nodes = np.vstack([nodes, middle])
        edges = np.column_stack([edges[:, 0], new, new, edges[:, 1]]).reshape(-1, 2)
        radius = np.repeat(radius, 2)
    return replace(network, nodes=nodes, edges=edges, radius=radius)
