"""Fields cut along z over several of the fake devices."""

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec


def placed(tree, devices, planes):
    """Arrays of `planes` planes along their third axis from the end are cut along it, everything else is on every device."""
    mesh = jax.make_mesh((devices,), ("z",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices])

    def place(array):
        cut = array.ndim >= 3 and array.shape[-3] == planes
        return jax.device_put(array, NamedSharding(mesh, PartitionSpec(*[None] * (array.ndim - 3), "z") if cut else PartitionSpec()))

    return jax.tree.map(place, tree)
