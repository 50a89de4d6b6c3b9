"""Flow on the faces: rates by hand, what walls and held voxels make of it, what is refused, the mass budget."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import flowing
import tmefield as tf
from flowing import GRID, OPEN, SHAPE, SPACING, random_flow, random_model
from tmefield.budget import mass_budget
from tmefield.linalg.stencil import is_periodic
from tmefield.transport.flow import against_flow


def dense(stencil):
    return np.asarray(columns(stencil)).T


@jax.jit
def columns(stencil):
    return jax.vmap(lambda u: stencil.apply(u.reshape(SHAPE)).ravel())(jnp.eye(stencil.loss.size))


def test_diffusion_against_the_flow_has_its_two_limits():
    g, u = np.array([3.0, 3.0, 3.0, 0.0, 0.0, 1e-300]), np.array([0.0, 1.7, 600.0, 0.0, 2.0, 5.0])
    expected = [3.0, 1.7 / np.expm1(1.7 / 3.0), 0.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(against_flow(jnp.asarray(g), jnp.asarray(u)), expected, rtol=1e-14, atol=1e-80)
    assert np.isfinite(jax.vmap(jax.grad(against_flow, (0, 1)))(jnp.asarray(g), jnp.asarray(u))).all()


@pytest.mark.parametrize("x", [0.0999999, 0.1000001])
def test_diffusion_against_the_flow_is_smooth_where_its_formula_changes(x):
    here = jnp.asarray(x)
    pairs = [(lambda s: against_flow(jnp.asarray(1.0), s), lambda s: s / jnp.expm1(s))]
    pairs.append(tuple(jax.grad(f) for f in pairs[-1]))
    pairs.append(tuple(jax.grad(f) for f in pairs[-1]))
    for (ours, closed_form), accuracy in zip(pairs, (1e-14, 1e-12, 1e-8), strict=True):  # the closed form's own: it cancels
        assert float(ours(here)) == pytest.approx(float(closed_form(here)), rel=accuracy)


def test_the_rates_across_a_face_by_hand():
    model = tf.Model(
        tf.Grid((1, 1, 3), (1.0, 1.0, 10.0)), [tf.Species("a", 20.0)], [], walls=tf.Walls(x=(tf.FixedValue(2.0), tf.Outflow())), flow=tf.Flow(x=3.0)
    )
    channel = flowing.channel_of(model)
    slow = 0.3 / np.expm1(1.5)  # u/h against phi D/h2 = 0.2
    np.testing.assert_allclose(channel.stencil.faces[2].ravel(), slow + 0.3, rtol=1e-14)
    np.testing.assert_allclose(channel.stencil.back[2].ravel(), slow, rtol=1e-14)
    half = 0.3 / np.expm1(0.75)  # half a voxel to the wall: twice the conductance
    np.testing.assert_allclose(channel.production.ravel(), [(half + 0.3) * 2.0, 0, 0], rtol=1e-14)
    np.testing.assert_allclose(channel.stencil.loss.ravel(), [half, 0, 0.3], rtol=1e-14)


def test_a_robin_wall_carries_the_exact_flux_of_the_half_voxel():
    """One voxel, tissue from its centre to the wall: solved in closed form for the flow out and the flow in."""
    d, k, outside, h = 20.0, 3.0, 0.5, 10.0
    for v in (4.0, -4.0):
        model = tf.Model(tf.Grid((1, 1, 1), h), [tf.Species("a", d)], [], walls=tf.Walls(x=(tf.Robin(0.0, 0.0), tf.Robin(k, outside))), flow=tf.Flow(x=v))
        wall = model.transport().walls[5]
        near = 2.0
        # c = a + b e^(v s/d) with c(0) = near, and -d c' + v c = v a equal to k (c_wall - outside) + v (c_wall or outside) at s = h/2.
        e = np.exp(v * h / 2 / d)
        incoming = np.array([[1.0, 1.0], [k + max(v, 0) - v, (k + max(v, 0)) * e]])
        a, _ = np.linalg.solve(incoming, [near, (k + max(-v, 0)) * outside])
        assert float(wall.outflow(jnp.full((1, 1, 1), near)).squeeze()) == pytest.approx(v * a, rel=1e-13)


@pytest.mark.parametrize("held", [None, "open", "sealed"])
def test_the_operator_is_an_m_matrix_that_conserves(held):
    mask = np.random.default_rng(5).random(SHAPE) < 0.2
    fixed = None if held is None else tf.FixedConcentration(mask, 0.6, sealed=held == "sealed")
    model = random_model(fixed=fixed)
    stencil = flowing.channel_of(model).stencil
    matrix = dense(stencil)
    assert (matrix - np.diag(np.diag(matrix)) <= 0).all()
    assert float(stencil.loss.min()) >= 0
    np.testing.assert_allclose(matrix.sum(0), np.asarray(stencil.loss).ravel(), atol=1e-14)
    np.testing.assert_allclose(dense(stencil.transposed()), matrix.T, atol=1e-15)
    np.testing.assert_allclose(flowing.matrix_of(stencil).toarray(), matrix, atol=1e-15)
    assert is_periodic(stencil.faces[2], 2, SHAPE[2])


def test_a_uniform_field_at_the_outside_value_only_feels_the_divergence():
    model = random_model(walls=tf.Walls(z=tf.FixedValue(0.7), y=tf.Robin(0.4, 0.7), x=tf.Periodic()))
    channel = flowing.channel_of(model)
    f = channel.stencil.apply(jnp.full(SHAPE, 0.7)) - channel.production
    divergence = sum(jnp.diff(u, axis=axis) / SPACING[axis] for axis, u in enumerate((model.flow.z, model.flow.y, model.flow.x)))
    np.testing.assert_allclose(f, 0.7 * divergence, atol=1e-14)
    np.testing.assert_array_equal(model.transport().correction(jnp.full(model.shape, 0.7)), 0)


def test_without_flow_the_outflow_wall_is_a_mirror():
    walls = [tf.Walls(x=wall) for wall in (tf.Outflow(), tf.NoFlux())]
    outflow, mirror = (flowing.channel_of(tf.Model(GRID, [tf.Species("a", 3.0)], [], walls=w)) for w in walls)
    np.testing.assert_array_equal(outflow.stencil.loss, mirror.stencil.loss)
    assert outflow.stencil.back is None


def test_no_flow_and_a_flow_at_rest_agree():
    moving, still = (flowing.channel_of(random_model(flow=tf.Flow())), flowing.channel_of(random_model(size=0.0)))
    plain = random_model(flow=tf.Flow())
    plain = tf.Model(GRID, plain.species, plain.terms, walls=tf.Walls(**OPEN))
    expected = dense(flowing.channel_of(plain).stencil)
    np.testing.assert_allclose(dense(moving.stencil), expected, rtol=1e-14)
    np.testing.assert_allclose(dense(still.stencil), expected, rtol=1e-14)


def test_species_keep_their_own_walls():
    """One wraps around, the other does not; each as in a model of its own."""
    walls = {"a": tf.Walls(x=tf.Periodic()), "b": tf.Walls(x=(tf.FixedValue(1.0), tf.Robin(0.1, 0.2)))}
    species, flow = [tf.Species("a", 3.0), tf.Species("b", 3.0)], random_flow(2, closed=(0, 1))
    both = tf.Model(GRID, species, [], walls=walls, flow=flow)
    c = jnp.asarray(np.random.default_rng(1).random((2, *SHAPE)))
    corrected = both.transport().correction(c)
    for index, one in enumerate(species):
        alone = tf.Model(GRID, [one], [], walls=walls[one.name], flow=flow)
        mine, its = flowing.channel_of(both, index), flowing.channel_of(alone)
        np.testing.assert_allclose(dense(mine.stencil), dense(its.stencil), rtol=1e-14)
        np.testing.assert_allclose(mine.production, its.production, rtol=1e-14)
        np.testing.assert_allclose(corrected[index], alone.transport().correction(c[index : index + 1])[0], rtol=1e-14, atol=1e-16)


def test_held_voxels_give_their_own_value_to_the_flow_and_take_that_of_the_tissue():
    held = np.zeros((1, 1, 3), bool)
    held[0, 0, 1] = True
    walls = tf.Walls(x=(tf.Robin(0.0, 0.0), tf.Outflow()))
    for sealed in (False, True):
        fixed = tf.FixedConcentration(held, 5.0, sealed=sealed)
        channel = flowing.channel_of(tf.Model(tf.Grid((1, 1, 3), 10.0), [tf.Species("a", 0.0)], [], walls=walls, fixed=fixed, flow=tf.Flow(x=3.0)))
        crossing = 0.0 if sealed else 0.3
        np.testing.assert_allclose(channel.stencil.loss.ravel(), [crossing, 0, 0.3])
        np.testing.assert_allclose(channel.production.ravel(), [0, 0, crossing * 5.0])
        assert not np.asarray(channel.stencil.faces[2]).any()


def test_cell_peclet():
    d = np.full(SHAPE, 20.0)
    model = tf.Model(GRID, [tf.Species("a", d), tf.Species("b", 5.0)], [], walls=tf.Walls(x=tf.Periodic()), volume_fraction=0.5, flow=tf.Flow(x=-2.0))
    np.testing.assert_allclose(model.transport().cell_peclet(), [2 * 12 / 10, 2 * 12 / 2.5])
    d[1, 1, 1] = 0
    np.testing.assert_array_equal(
        tf.Model(GRID, [tf.Species("a", d)], [], walls=tf.Walls(x=tf.Periodic()), flow=tf.Flow(x=1.0)).transport().cell_peclet(), np.inf
    )
    np.testing.assert_array_equal(tf.Model(GRID, [tf.Species("a", d)], []).transport().cell_peclet(), 0)
    sealed = tf.FixedConcentration(d == 0, 0.0, sealed=True)
    model = tf.Model(GRID, [tf.Species("a", d)], [], walls=tf.Walls(x=tf.Periodic()), flow=tf.Flow(x=1.0), fixed=sealed)
    np.testing.assert_allclose(model.transport().cell_peclet(), 12 / 20)


def on_x(shape, index, value):
    out = np.zeros(shape)
    out[..., index] = value
    return out


@pytest.mark.parametrize(
    ("flow", "walls", "said"),
    [
        (
            tf.Flow(x=0.2),
            tf.NoFlux(),
            r"-?0.2 um/s at index \[0, 0\] of the wall crosses the lower x wall of a, which is no-flux.*Outflow, FixedValue or Robin",
        ),
        (tf.Flow(x=on_x((3, 4, 6), -1, -0.3)), tf.Walls(x=(tf.NoFlux(), tf.Outflow())), "enters through the upper x wall of a, which is Outflow.*FixedValue"),
        (tf.Flow(x=on_x((3, 4, 6), 0, 0.3)), tf.Walls(x=tf.Periodic()), "first and last faces must be equal"),
        (tf.Flow(y=np.ones(SHAPE)), tf.Periodic(), r"flow along y has shape \[3, 4, 5\], expected a number or \[3, 5, 5\], all faces with both walls .um/s."),
    ],
)
def test_what_does_not_fit_is_refused(flow, walls, said):
    with pytest.raises(tf.InputError, match=said):
        tf.Model(GRID, [tf.Species("a", 3.0)], [], walls=walls, flow=flow)


def test_a_velocity_must_be_finite():
    with pytest.raises(tf.InputError, match=r"flow along z must be finite .um/s.; got inf"):
        tf.Flow(z=np.inf)


def test_round_off_on_a_closed_wall_is_no_flow():
    velocity = np.broadcast_to(np.sin(np.linspace(0, np.pi, 6)), (3, 4, 6))  # sin(pi) is 1e-16
    model = tf.Model(GRID, [tf.Species("a", 3.0)], [], flow=tf.Flow(x=velocity))
    assert not np.asarray(flowing.channel_of(model).stencil.loss).any()


@pytest.mark.parametrize("sealed", [False, True])
def test_the_budget_closes_with_a_flow(sealed):
    mask = np.zeros(SHAPE, bool)
    mask[1, 1:3, 2] = mask[0, 0, 0] = True
    walls = tf.Walls(z=(tf.Robin(0.3, 0.1), tf.Robin(0.0, 0.4)), y=(tf.FixedValue(0.4), tf.Outflow()), x=tf.Periodic())
    flow = random_flow(4)
    outward = np.asarray(flow.y).copy()
    outward[:, -1] = np.abs(outward[:, -1])
    model = random_model(walls=walls, fixed=tf.FixedConcentration(mask, 0.6, sealed=sealed), flow=tf.Flow(flow.z, outward, flow.x))
    field = np.stack([flowing.steady(model), np.zeros(SHAPE)])
    budget = mass_budget(model, jnp.asarray(field))
    assert abs(float(budget.defect[0])) < 1e-9
    assert set(budget.walls) == {"lower z wall", "upper z wall", "lower y wall", "upper y wall"}
    assert all(float(flux[0]) != 0 for flux in budget.walls.values())
    assert (float(budget.fixed[0]) == 0) == sealed


def test_a_pocket_that_the_flow_drains_is_no_pocket():
    from tmefield.transport.pockets import cut_off_voxels

    d = np.full(SHAPE, 10.0)
    d[:, :, 2] = 0.0
    walls, still = tf.Walls(x=(tf.FixedValue(1.0), tf.Outflow())), np.zeros((3, 4, 6))
    still[..., 4] = 0.1
    for flow, cut in ((None, 24), (tf.Flow(x=1.0), 0), (tf.Flow(x=still), 24)):
        transport = tf.Model(GRID, [tf.Species("a", d)], [], walls=walls, flow=flow).transport()
        assert cut_off_voxels(transport, 0, np.zeros(SHAPE)).sum() == cut
