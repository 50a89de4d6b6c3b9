"""Fields against closed forms (V1, V3, V4, V5, V6, V14): absolute values, in infinite domains with exact values on the walls."""

import jax.numpy as jnp
import numpy as np
import pytest

import exact
import tmefield as tf


def radius_from_corner(grid):
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


def cell_surface_source(grid, radius, inside):
    """Share of a sphere's surface that each voxel touching it holds: faces of the staircase, weighted by their normals."""
    r = radius_from_corner(grid)
    share = np.zeros(grid.shape)
    for axis, coordinate in enumerate(grid.coordinates()):
        near, far = [slice(None)] * 3, [slice(None)] * 3
        near[axis], far[axis] = slice(None, -1), slice(1, None)
        boundary = inside[tuple(near)] & ~inside[tuple(far)]
        share[tuple(far)] += boundary * np.broadcast_to(coordinate / r, grid.shape)[tuple(far)]
    return share / share.sum()


@pytest.fixture(scope="module", params=[np.inf, 30.0, 100.0], ids=["unscreened", "30um", "100um"])
def sphere(request):
    """An eighth of a secreting cell: rate 10/s, D 10 um2/s, radius 5 um, in a box that reaches 104 um."""
    length, rate, diffusivity, radius = request.param, 10.0, 10.0, 5.0
    grid = tf.Grid((104, 104, 104), (1.0, 1.0, 1.0))
    r = radius_from_corner(grid)
    cell = r < radius
    source = cell_surface_source(grid, radius, cell) * rate / 8 / exact.NANOMOLAR / grid.voxel_volume
    decay = 0.0 if np.isinf(length) else diffusivity / length**2
    walls = far_walls(
        grid, lambda z, y, x: exact.secreting_sphere(np.sqrt(z**2 + y**2 + x**2), rate=rate, diffusivity=diffusivity, radius=radius, length=length)
    )
    model = tf.Model(
        grid,
        [tf.Species("c", diffusivity, decay)],
        [tf.Decay(), tf.Linear(production=source)],
        walls=walls,
        fixed=tf.FixedConcentration(cell, 0.0, sealed=True),
    )
    return grid, r, length, tf.solve_steady(model, rtol=1e-8)


# V1, pM at r = 5, 20, 50 um
V1 = {np.inf: (26.4283, 6.607075, 2.64283), 30.0: (22.65283, 3.434909, 0.5054529), 100.0: (25.16981, 5.415964, 1.604898)}


def test_secreting_sphere_field(sphere):
    grid, r, length, solution = sphere
    parameters = {"rate": 10.0, "diffusivity": 10.0, "radius": 5.0, "length": length}
    np.testing.assert_allclose(exact.secreting_sphere(np.array([5.0, 20.0, 50.0]), **parameters) * 1e3, V1[length], rtol=1e-6)
    field = np.asarray(solution["c"])
    for wanted in (5.0, 20.0, 50.0):
        shell = (r >= 5.0) & (np.abs(r - max(wanted, 5.6)) < 0.6)
        ratio = field[shell] / exact.secreting_sphere(r[shell], **parameters)
        assert abs(ratio.mean() - 1) < 0.01, (wanted, ratio.mean())


def test_secreting_sphere_budget(sphere):
    grid, r, length, solution = sphere
    assert abs(float(solution.budget.defect[0])) < 1e-6
    if np.isinf(length):
        return
    expected = {
        30.0: {20.0: 0.8664724, 50.0: 0.5100118, 100.0: 0.1565343},
        100.0: {20.0: 0.9836663, 50.0: 0.9108974, 100.0: 0.7366496},
    }[length]
    decay = 10.0 / length**2
    field = np.asarray(solution["c"]) * (r >= 5.0)
    for radius, share in expected.items():
        assert exact.flux_share(radius, radius=5.0, length=length) == pytest.approx(share, rel=1e-6)
        lost = 8 * decay * field[r < radius].sum() * exact.NANOMOLAR
        assert 1 - lost / 10.0 == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(
    ("radius", "length", "spacing", "values"),
    [(200.0, 100.0, 8.0, (0.593994, 0.263737, 0.0178464)), (100.0, 400.0, 5.0, (0.026499, 0.0163266, 0.0063576))],
)
def test_secreting_ball(radius, length, spacing, values):
    cells = int(2.2 * radius / spacing)
    grid = tf.Grid((cells,) * 3, (spacing,) * 3)
    r = radius_from_corner(grid)
    decay = 1e-3
    fine = (np.arange(4) + 0.5) / 4 - 0.5
    offsets = np.stack(np.meshgrid(fine, fine, fine), -1).reshape(-1, 3) * spacing
    z, y, x = grid.coordinates()
    share = np.mean([np.sqrt((z + a) ** 2 + (y + b) ** 2 + (x + c) ** 2) < radius for a, b, c in offsets], axis=0)
    walls = far_walls(grid, lambda z, y, x: exact.secreting_ball(np.sqrt(z**2 + y**2 + x**2), radius=radius, length=length))
    model = tf.Model(grid, [tf.Species("c", decay * length**2, decay)], [tf.Decay(), tf.Linear(production=share * decay)], walls=walls)
    field = np.asarray(tf.solve_steady(model, rtol=1e-8)["c"])
    np.testing.assert_allclose(exact.secreting_ball(np.array([0, radius, 2 * radius]), radius=radius, length=length), values, rtol=1e-5)
    wanted = exact.secreting_ball(r, radius=radius, length=length)
    for place in (0, radius, 2 * radius):
        near = np.abs(r - place) < spacing
        assert abs((field[near] / wanted[near]).mean() - 1) < 0.005
    assert np.abs(field / wanted - 1).max() < 0.02


def test_secreting_ball_far_away():
    """The third case, radius 500 and length 40 um: c falls to 8.6e-7 at 1000 um, in a column along x with exact walls around it."""
    radius, length, decay = 500.0, 40.0, 1e-3
    grid = tf.Grid((6, 6, 320), (4.0, 4.0, 3.2))
    z, y, x = grid.coordinates()
    fine = (np.arange(4) + 0.5) / 4 - 0.5
    share = np.mean([np.sqrt(z**2 + y**2 + (x + 3.2 * a) ** 2) * np.ones(grid.shape) < radius for a in fine], axis=0)
    walls = far_walls(grid, lambda z, y, x: exact.secreting_ball(np.sqrt(z**2 + y**2 + x**2), radius=radius, length=length))
    model = tf.Model(grid, [tf.Species("c", decay * length**2, decay)], [tf.Decay(), tf.Linear(production=share * decay)], walls=walls)
    field = np.asarray(tf.solve_steady(model, rtol=1e-13)["c"])[0, 0]
    r = np.sqrt(2 * 2.0**2 + grid.centres(2) ** 2)
    wanted = exact.secreting_ball(r, radius=radius, length=length)
    np.testing.assert_allclose(exact.secreting_ball(np.array([0, 500.0, 1000.0]), radius=radius, length=length), (0.99995, 0.46, 8.571302e-7), rtol=1e-5)
    for place in (0.0, 500.0, 1000.0):
        assert np.interp(place, r, np.log(field / wanted)) == pytest.approx(0, abs=0.005), place


def slab(cells, decay=1e-3):
    grid = tf.Grid((1, 1, cells), (1.0, 1.0, 600.0 / cells))
    x = grid.centres(2)
    diffusivity = np.where(x < 100, 50.0, 5.0)[None, None]
    model = tf.Model(grid, [tf.Species("c", diffusivity, decay)], [tf.Decay()], walls=tf.Walls(x=(tf.FixedValue(1.0), tf.NoFlux())))
    return grid, tf.solve_steady(model, rtol=1e-12)


def test_diffusivity_jump():
    grid, solution = slab(600)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    places, values = np.array([50.0, 100.0, 200.0]), np.array([0.8786284, 0.8013716, 0.1948268])
    exactly = exact.two_layer_slab(places, near=50.0, far=5.0, interface=100.0, decay=1e-3)
    np.testing.assert_allclose(exactly, values, rtol=1e-6)
    wanted = exact.two_layer_slab(x, near=50.0, far=5.0, interface=100.0, decay=1e-3)
    for place in places:
        index = int(np.argmin(np.abs(x - place)))
        assert field[index] == pytest.approx(wanted[index], rel=0.005)
    inflow = -float(solution.budget.walls["lower x wall"][0]) / exact.NANOMOLAR
    assert inflow == pytest.approx(0.1452624, rel=0.005)


def test_an_arithmetic_face_mean_misses_the_jump():
    """The harmonic mean is what makes V4 come out; with an arithmetic one the far side is off by more than the tolerance."""
    grid, solution = slab(30)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    wanted = exact.two_layer_slab(x, near=50.0, far=5.0, interface=100.0, decay=1e-3)
    h, d = grid.spacing[2], np.where(x < 100, 50.0, 5.0)
    faces = 0.5 * (d[1:] + d[:-1]) / h**2
    matrix = np.diag(np.r_[faces, 0] + np.r_[0, faces] + 1e-3) - np.diag(faces, 1) - np.diag(faces, -1)
    matrix[0, 0] += 2 * d[0] / h**2
    right = np.r_[2 * d[0] / h**2, np.zeros(x.size - 1)]
    arithmetic = np.linalg.solve(matrix, right)
    beyond = x > 100
    harmonic_error, arithmetic_error = (np.abs(f / wanted - 1)[beyond].max() for f in (field, arithmetic))
    near = int(np.argmax(beyond))
    assert abs(field[near] / wanted[near] - 1) < 0.02 < abs(arithmetic[near] / wanted[near] - 1), (harmonic_error, arithmetic_error)


def saturable(cells, reach=60.0):
    """V6: Km = Vmax = 1, D 10 um2/s, surface at 10; the loss is an uptake term with n R k_endo = 1 nM/s."""
    grid = tf.Grid((1, 1, cells), (1.0, 1.0, reach / cells))
    uptake = tf.ReceptorUptake("c", exact.NANOMOLAR * 1e-3, 1e6, 1e-3, 1.0)
    walls = tf.Walls(x=(tf.FixedValue(10.0), tf.NoFlux()))
    return grid, tf.solve_steady(tf.Model(grid, [tf.Species("c", 10.0)], [uptake], walls=walls), rtol=1e-11)


def test_saturable_half_space():
    grid, solution = saturable(480)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    assert exact.saturable_flux(10.0, half_saturation=1.0, greatest=1.0, diffusivity=10.0) == pytest.approx(12.330535, rel=1e-6)
    assert -float(solution.budget.walls["lower x wall"][0]) / exact.NANOMOLAR == pytest.approx(12.330535, rel=0.005)
    for level, place in ((5.0, 4.9311), (1.0, 12.8942), (0.1, 21.0248)):
        found = np.exp(np.interp(-np.log(level), -np.log(field), np.log(x)))
        assert found == pytest.approx(place, rel=0.01)


def test_the_exact_vessel_form_has_the_tabulated_values():
    rows = [
        (0.001, 5.0, None, 0.0015617385),
        (0.01, 50.0, None, 0.0045715573),
        (0.1, 5.0, None, 0.1352608767),
        (0.01, 5.0, 75.0, 0.0268545467),
        (0.1, 75.0, 75.0, 0.1309517825),
    ]
    for permeability, r, outer, value in rows:
        assert exact.vessel(r, wall_radius=5.0, diffusivity=10.0, decay=1e-3, permeability=permeability, outer=outer) == pytest.approx(value, rel=1e-6)


def box_walls(grid, half, parameters):
    """The exact values of the infinite medium on the four walls around a vessel in the middle."""
    along = np.sqrt(half**2 + (grid.centres(1) - half) ** 2)[None, :]
    wall = tf.FixedValue(exact.vessel(along, **parameters))
    return tf.Walls(y=wall, x=wall)


@pytest.mark.parametrize(
    ("permeability", "outer", "diffusivity", "decay"),
    [(p, outer, 10.0, 1e-3) for p in (0.001, 0.01, 0.1) for outer in (None, 75.0)] + [(0.01, None, 50.0, 1e-4)],
)
def test_vessel_with_permeability(permeability, outer, diffusivity, decay):
    """V5: values at the wall, at 50 um and at the edge within 2 %, the vessel as lumen voxels of an imported network."""
    spacing, half = 1.25, 75.0
    cells = int(2 * half / spacing)
    grid = tf.Grid((1, cells, cells), (spacing,) * 3)
    network = tf.VesselNetwork.crossing(np.array([[half, half]]), radius=5.0, thickness=spacing)
    embedding = network.embed(grid)
    _, y, x = grid.coordinates()
    r = np.sqrt((y - half) ** 2 + (x - half) ** 2) * np.ones(grid.shape)
    parameters = {"wall_radius": 5.0, "diffusivity": diffusivity, "decay": decay, "permeability": permeability, "outer": outer}
    held, values = np.asarray(embedding.lumen).copy(), np.where(embedding.lumen, 1.0, 0.0)
    if outer:
        held |= r > outer  # outside the Krogh cylinder: sealed off, which is its no-flux edge
    model = tf.Model(
        grid,
        [tf.Species("c", diffusivity, decay)],
        [tf.Decay(), tf.VascularExchange("c", embedding, permeability, 1.0)],
        fixed=tf.FixedConcentration(held, values, sealed=True),
        walls=tf.NoFlux() if outer else box_walls(grid, half, parameters),
    )
    solution = tf.solve_steady(model, rtol=1e-11)
    field = np.asarray(solution["c"])
    free = ~held
    for place in (5.0 + 1.5 * spacing, 50.0, 74.0):
        ring = free & (np.abs(r - place) < spacing)
        ratio = field[ring] / exact.vessel(r[ring], **parameters)
        assert abs(ratio.mean() - 1) < 0.02, (place, ratio.mean())
    # The wall value: the voxel's own concentration plus the fall over the closure's path, averaged over the wall's area.
    beside = field.ravel()[embedding.voxel]
    flux = (1 - beside) / (1 / permeability + embedding.path / diffusivity)
    at_wall = np.average(beside + flux * embedding.path / diffusivity, weights=embedding.area)
    assert at_wall == pytest.approx(float(exact.vessel(5.0, **parameters)), rel=0.02)
    assert jnp.all(jnp.abs(solution.budget.defect) < 1e-9)
