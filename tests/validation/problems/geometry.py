"""What several cases share: an eighth of a box around a centre, its walls, shells around the centre, and the radial cone."""

import numpy as np

import tmefield as tf


def radius_from_corner(grid):
    """Distance of every voxel centre from the lower corner, [z, y, x]."""
    z, y, x = grid.coordinates()
    return np.sqrt(z**2 + y**2 + x**2)


def far_walls(grid, value):
    """Mirrors on the three lower walls, exact values on the three upper ones; `value(z, y, x)` in nM."""
    z, y, x = (grid.centres(axis) for axis in range(3))
    upper = grid.upper
    mirror = tf.NoFlux()
    return tf.Walls(
        z=(mirror, tf.FixedValue(value(upper[0], y[:, None], x[None, :]))),
        y=(mirror, tf.FixedValue(value(z[:, None], upper[1], x[None, :]))),
        x=(mirror, tf.FixedValue(value(z[:, None], y[None, :], upper[2]))),
    )


def open_walls(grid, diffusivity, inverse_length, unit=1.0):
    """Mirrors on the lower walls; on the upper ones the exchange under which exp(-r/length)/r leaves the box undisturbed.

    There -D dc/dn = D (1/length + 1/r) (n.r/r) c: a Robin wall with outside value 0, exact for the steady far field of a point.
    `unit` is the length in um that the grid counts in.
    """
    z, y, x = (grid.centres(axis) for axis in range(3))
    sides = {}
    for axis, (name, (a, b)) in enumerate({"z": (y, x), "y": (z, x), "x": (z, y)}.items()):
        far = unit * grid.upper[axis]
        r = np.sqrt(far**2 + (unit * a[:, None]) ** 2 + (unit * b[None, :]) ** 2)
        sides[name] = (tf.NoFlux(), tf.Robin(diffusivity * (inverse_length + 1 / r) * far / r / unit))
    return tf.Walls(**sides)


def corner_source(grid, rate, unit=1.0):
    """Production (nM/s) of an eighth of a point source, spread over the voxel in the lower corner; `unit` as in `open_walls`."""
    production = np.zeros(grid.shape)
    production[0, 0, 0] = rate / 8 / 0.602214076 / (grid.voxel_volume * unit**3)
    return production


def ball_share(grid, radius, divisions=4):
    """Share of every voxel that lies within `radius` of the lower corner, by `divisions`^3 points."""
    fine = (np.arange(divisions) + 0.5) / divisions - 0.5
    z, y, x = grid.coordinates()
    hz, hy, hx = grid.spacing
    points = [(a, b, c) for a in fine for b in fine for c in fine]
    return np.mean([np.sqrt((z + a * hz) ** 2 + (y + b * hy) ** 2 + (x + c * hx) ** 2) < radius for a, b, c in points], axis=0)


def shell_ratio(field, form, r, place, width):
    """Mean of field/form over the voxels within `width` of the distance `place`."""
    near = np.abs(r - place) < width
    return float((field[near] / form(r[near])).mean())


def radial_profile(field, r, edges):
    """Mean distance and mean value of the voxels between successive `edges`."""
    index = np.digitize(r.ravel(), edges) - 1
    inside = (index >= 0) & (index < len(edges) - 1)
    count = np.bincount(index[inside], minlength=len(edges) - 1)
    used = count > 0
    sums = [np.bincount(index[inside], weights=values.ravel()[inside], minlength=len(edges) - 1) for values in (r, field)]
    return sums[0][used] / count[used], sums[1][used] / count[used]


def cone(inner, outer, cells):
    """A grid along r from `inner` to `outer`, and the share of area (r/outer)^2 at its centres.

    Given as the volume fraction, with densities of cells scaled by it, it makes the balance of a flat column that of a sphere:
    r^2 dc/dt = d/dr (r^2 D dc/dr) + r^2 (P - L c).
    """
    grid = tf.Grid((1, 1, cells), (1.0, 1.0, (outer - inner) / cells), (0.0, 0.0, inner))
    return grid, (grid.centres(2) / outer)[None, None] ** 2


def source_in_cone(grid, rate):
    """Production (nM/s) in the first voxel of a cone of a point that makes `rate` molecules a second."""
    production = np.zeros(grid.shape)
    production[0, 0, 0] = rate / (4 * np.pi * grid.upper[2] ** 2) / grid.spacing[2] / 0.602214076
    return production
