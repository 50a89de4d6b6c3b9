"""The network of a mask of vessels: its skeleton with the distance to the background as radius."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .network import VesselNetwork
from .skeleton_graph import Faces, SkeletonGraph


def network_from_mask(mask: np.ndarray, voxel_size: float | tuple[float, ...], *, shortest_spur: float = 1.5) -> VesselNetwork:
    """A network from a mask of vessels by thinning (scikit-image: Zhang & Suen 1984, doi:10.1145/357994.358023, in 2D; Lee, Kashyap &
    Chu 1994, doi:10.1006/cgip.1994.1042, in 3D).

    Junctions are the centres of touching voxels with three or more neighbours. Between them a branch is smoothed over a radius and
    straightened to within one voxel, and each segment has the mean radius of its voxels: the distance to the nearest voxel of the
    background less an eighth of a voxel (which keeps the mean of a vessel within half a voxel, for flat and round walls). Vessels that
    leave the mask keep their course up to its face; ends inside it lie within a radius of the vessel's. Voxel i reaches from i
    to i + 1 voxel sizes; a 2D mask lies at z = 0.

    **Arguments**

    - `mask`: bool [z, y, x] or [y, x], True in vessels. Masks of other types hold two values, the greater one in vessels.
    - `voxel_size`: um, one number or one for each axis of the mask. The thinning itself counts voxels, so where they are far from
      cubic the centreline of a thick vessel is off its middle.
    - `shortest_spur`: ends of branches shorter than this many radii of the junction that they leave are roughness of the wall, not
      vessels; they are left out and counted in `meta`. 0 keeps them all.

    **Raises** `InputError` for a mask that is neither 2D nor 3D, has more than two values or nothing to follow, for sizes that are not
    positive, and where scikit-image is missing.
    """
    inside, size = _checked(mask, voxel_size)
    if not shortest_spur >= 0:
        raise InputError(f"shortest_spur must not be negative, in radii; got {shortest_spur!r}")
    thinned, faces, spurs = _thinned(inside, size), Faces(inside, size), 0
    skeleton = thinned.skeleton
    while True:
        voxels = np.argwhere(skeleton)
        graph = SkeletonGraph(voxels, thinned.first + voxels * thinned.step, thinned.radius[skeleton], float(thinned.step.min()), faces)
        dropped = graph.spurs(shortest_spur)
        if not dropped:
            break
        spurs += len(dropped)
        skeleton[tuple(voxels[[one for chain in dropped for one in chain]].T)] = False
        skeleton = _skeletonize(skeleton)  # a junction that lost its branch is thinner now
    if not graph.chains:
        raise InputError(f"no vessel can be followed in the mask: its skeleton has {len(voxels)} voxels and no branch")
    nodes, edges, width, branch = graph.segments(float(size.max()))
    upper = np.array(inside.shape) * size
    # Axes of the mask run z, y, x; positions are x, y, z.
    nodes = np.column_stack([nodes[:, ::-1], np.zeros((len(nodes), 3 - nodes.shape[1]))])
    box = (np.zeros(3), np.append(upper[::-1], 0.0)[:3])
    repairs = {"spurs left out": spurs, "spots without a branch left out": graph.spots}
    notes = [f"{what}: {number}" for what, number in repairs.items() if number]
    if thinned.lost:
        notes.append(f"{thinned.lost:.2%} of the middles of vessels lie far (two radii) from the centrelines found")
    meta = {"format": f"skeleton of a mask, {inside.mean():.1%} vessel", "repairs": repairs, "notes": notes}
    return VesselNetwork(nodes, edges, width, branch_id=branch, box=box, meta=meta)


def _checked(mask: np.ndarray, voxel_size: float | tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    mask = np.asarray(mask)
    if mask.ndim not in (2, 3):
        raise InputError(f"a mask of vessels is 2D [y, x] or 3D [z, y, x]; got shape {mask.shape}")
    size = np.asarray(voxel_size, dtype=np.float64)
    if size.shape not in ((), (mask.ndim,)) or not (np.isfinite(size) & (size > 0)).all():
        raise InputError(f"voxel_size must be one positive number or {mask.ndim}, in um; got {voxel_size!r}")
    if mask.dtype != bool:
        values = np.unique(mask)
        if len(values) > 2:
            raise InputError(f"a mask holds two values; this one holds {len(values)} ({values[0]} to {values[-1]}): compare it with a threshold first")
        mask = mask == values[-1] if len(values) == 2 else mask != 0
    if mask.all() or not mask.any():
        raise InputError(f"the mask is {'all' if mask.any() else 'no'} vessel")
    return mask, np.broadcast_to(size, (mask.ndim,)).copy()


@dataclass(frozen=True)
class _Thinned:
    """A skeleton on a grid of `step` (um) whose first voxel is centred at `first`, with the distance of each voxel to the wall (um).

    `lost` is the share of the vessels' middles that lie farther from it than two radii there.
    """

    skeleton: np.ndarray
    radius: np.ndarray
    first: np.ndarray
    step: np.ndarray
    lost: float


def _thinned(inside: np.ndarray, size: np.ndarray) -> _Thinned:
    """The skeleton of the voxels; where parts of vessels were lost, that of half-voxels, on which every width is odd.

    3D thinning in scikit-image eats vessels of even width from their ends (its issue 3757).
    """
    coarse = _on_grid(inside, size, size / 2, size)
    if inside.ndim == 2 or not coarse.lost:
        return coarse
    doubled = inside
    for axis in range(inside.ndim):
        doubled = np.repeat(doubled, 2, axis=axis)
    doubled = np.pad(doubled, (0, 1))
    for axis in range(inside.ndim):
        doubled = doubled | np.roll(doubled, 1, axis=axis)
    return _on_grid(doubled, size / 2, np.zeros(inside.ndim), size)


def _on_grid(inside: np.ndarray, step: np.ndarray, first: np.ndarray, size: np.ndarray) -> _Thinned:
    from scipy.ndimage import distance_transform_edt, maximum_filter
    from scipy.spatial import KDTree

    # The nearest voxel outside is centred half a voxel beyond a flat wall, but about on a round one; and skeletons wander by a voxel.
    distance = np.asarray(distance_transform_edt(inside, sampling=step))
    highest = np.asarray(maximum_filter(distance, size=3))
    radius = np.maximum(highest - size.min() / 8, size.min() / 2)
    skeleton = _skeletonize(inside)
    found, middle = np.argwhere(skeleton), np.argwhere(inside & (distance == highest))
    if not len(found):
        return _Thinned(skeleton, radius, first, step, 1.0)
    away, nearest = KDTree(found * step).query(middle * step)
    far = away > 2 * radius[skeleton][nearest] + 2 * size.max()
    return _Thinned(skeleton, radius, first, step, float(far.mean()))


def _skeletonize(inside: np.ndarray) -> np.ndarray:
    try:
        from skimage.morphology import skeletonize
    except ImportError:
        raise InputError('a network from a mask needs scikit-image: pip install "tmefield[images]"') from None
    return np.asarray(skeletonize(inside), dtype=bool)
