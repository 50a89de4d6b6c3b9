"""The interstitial fluid at steady state, with what says how far to trust it."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..balance import BalanceInfo
from ..grid import AXES, Grid
from ..status import Status
from ..transport.flow import Flow


class InterstitialFlow(eqx.Module):
    """Pressure, flow and exchange of the interstitial fluid (`interstitial_flow`).

    - `pressure`: p, [z, y, x], Pa; 0 in voxels where no fluid moves.
    - `flow`: u on the faces, for `Model(..., flow=...)`, um/s.
    - `filtration`: J_v, um/s, positive out of the vessel: one for each wall entry of the embedding, or for a given wall area a field or a number. For
      `VascularExchange(..., filtration=...)`.
    - `source`: the same per volume of tissue, [z, y, x], 1/s; negative where vessels take fluid back.
    - `drainage`: k (p - p_L), fluid that lymphatics take, [z, y, x], 1/s. For `LymphaticDrainage`.
    - `stats`: of the solve (`BalanceInfo`), its residual relative to the sources.
    """

    grid: Grid = eqx.field(static=True)
    pressure: Float[Array, "z y x"]
    flow: Flow
    filtration: Float[Array, "..."]
    source: Float[Array, "z y x"]
    drainage: Float[Array, "z y x"]
    stats: BalanceInfo

    @property
    def status(self) -> Status:
        """How the solve ended."""
        return Status(int(jnp.max(self.stats.status)))

    def divergence(self) -> Float[Array, "z y x"]:
        """Div u of the velocities on the faces, 1/s."""
        faces = self.flow.on_faces(self.grid.shape)
        return sum((jnp.diff(u, axis=axis) / h for axis, (u, h) in enumerate(zip(faces, self.grid.spacing, strict=True))), jnp.zeros_like(self.source))

    def mismatch(self) -> Float[Array, ""]:
        """The largest |div u - source + drainage| of any voxel, relative to the largest source or drainage of any."""
        largest = jnp.maximum(jnp.max(jnp.abs(self.source)), jnp.max(jnp.abs(self.drainage)))
        return jnp.max(jnp.abs(self.divergence() - self.source + self.drainage)) / jnp.where(largest > 0, largest, 1)

    def budget(self) -> dict[str, Float[Array, ""]]:
        """Volumes of fluid, um3/s, that come into the tissue and leave it.

        `filtered` into the tissue and `reabsorbed` by vessels (voxel by voxel), `drained` by lymphatics net, out through each wall of the box; and the
        `defect`, what is missing relative to what was filtered and came in.
        """
        volume, faces = self.grid.voxel_volume, self.flow.on_faces(self.grid.shape)
        out = {
            "filtered": volume * jnp.sum(jnp.maximum(self.source, 0)),
            "reabsorbed": volume * jnp.sum(jnp.maximum(-self.source, 0)),
            "drained": volume * jnp.sum(self.drainage),
        }
        for axis, (name, u) in enumerate(zip(AXES, faces, strict=True)):
            area = volume / self.grid.spacing[axis]
            for side, index, sign in (("lower", 0, -1), ("upper", -1, 1)):
                out[f"{side} {name} wall"] = sign * area * jnp.sum(jnp.take(u, index, axis=axis))
        leaving = jnp.stack([amount for key, amount in out.items() if key not in ("filtered", "reabsorbed")])
        income = out["filtered"] + jnp.sum(jnp.maximum(-leaving, 0))
        missing = out["filtered"] - out["reabsorbed"] - jnp.sum(leaving)
        return {**out, "defect": missing / jnp.where(income > 0, income, 1)}
