"""Voxels that are closed off from every sink: the steady balance does not say what stands in them."""

import numpy as np
from scipy.ndimage import binary_dilation, label

from .assemble import Transport


def cut_off_voxels(transport: Transport, species: int, loss: np.ndarray) -> np.ndarray:
    """Voxels of one species in regions without any loss and without a way out, bool [z, y, x].

    A region is what diffusion and flow connect: free voxels with a diffusivity above zero or a flow through a face. A way out is an open
    wall, a periodic one (which may lead to another region) or a held voxel behind an open face. `loss` is the loss coefficient of the
    terms, 1/s.
    """
    shape = transport.grid.shape
    held = np.zeros(shape, bool) if transport.held is None else np.asarray(transport.held)[species]
    conducting = (np.broadcast_to(np.asarray(transport.conductivity)[species] > 0, shape) | (_flushed(transport) & transport.carried[species])) & ~held
    drained = (loss > 0) | _beside_open_walls(transport, species)
    if not transport.sealed:
        drained = drained | np.asarray(binary_dilation(held), dtype=bool)
    regions = np.empty(shape, np.int32)
    count: int = label(conducting, output=regions)  # type: ignore[assignment]
    alive = np.zeros(count + 1, bool)
    alive[np.unique(regions[conducting & drained])] = True
    return conducting & ~alive[regions]


def _flushed(transport: Transport) -> np.ndarray:
    """Voxels with a flow through any of their faces."""
    out = np.zeros(transport.grid.shape, bool)
    if transport.flow is not None:
        for axis, velocity in enumerate(transport.flow.on_faces(transport.grid.shape)):
            moving = np.moveaxis(np.asarray(velocity) != 0, axis, 0)
            out |= np.moveaxis(moving[:-1] | moving[1:], 0, axis)
    return out


def _beside_open_walls(transport: Transport, species: int) -> np.ndarray:
    out = np.zeros(transport.grid.shape, bool)
    for side, wall in enumerate(transport.walls):
        axis, upper = divmod(side, 2)
        is_open = transport.periodic[axis][species] or (wall is not None and bool(np.any(np.asarray(wall.leaving[species]) > 0)))
        if is_open:
            index: list = [slice(None)] * 3
            index[axis] = -1 if upper else 0
            out[tuple(index)] = True
    return out
