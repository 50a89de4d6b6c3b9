"""The interstitial fluid of tumours: Baxter & Jain 1989 as a sphere (along r: P10 in test_closed_forms.py), order of accuracy, a tumour in normal tissue."""

import numpy as np
import pytest

import exact
import tmefield as tf
from tmefield import units
from validation.problems.tumour import along_radius, sphere

TABLE = {
    1.0: (0.14908, 0.11318, 0.02946, 0.31304),
    5.0: (0.93262, 0.83693, 0.32613, 4.00045),
    10.0: (0.99909, 0.98652, 0.59125, 9.0),
    40.0: (1.0, 1.0, 0.97965, 39.0),
}


@pytest.mark.parametrize("alpha", TABLE)
def test_closed_form(alpha):
    """The values for r/R 0, 0.5, 0.9 and the velocity at the surface, by hand."""
    places = np.array([0.0, 0.5, 0.9])
    np.testing.assert_allclose(exact.tumour_pressure(places, radius=1.0, alpha=alpha), TABLE[alpha][:3], atol=6e-6)
    assert exact.surface_flow(radius=1.0, alpha=alpha, conductivity=1.0) == pytest.approx(TABLE[alpha][3], abs=6e-6)


def test_the_divergence_along_the_radius_is_the_sources():
    assert float(along_radius().mismatch()) < 1e-10


def errors(cells):
    r, pressure, through = sphere(cells)
    return np.abs(pressure - exact.tumour_pressure(r, radius=1.0, alpha=5.0)), abs(through - 1)


def test_a_sphere_of_forty_cells_per_diameter():
    """Pressure within 1 % everywhere, the volume through the surface within 1 %."""
    r, pressure, through = sphere(20)
    off, _ = errors(20)
    assert off.max() < 0.01
    for share in (0.0, 0.5, 0.9):
        near = np.abs(r - share) < 0.05
        assert (pressure[near] / exact.tumour_pressure(r[near], radius=1.0, alpha=5.0)).mean() == pytest.approx(1.0, rel=0.01)
    assert through == pytest.approx(1.0, rel=0.01)


def test_the_error_falls_with_the_square_of_the_voxel():
    coarse, fine = (np.sqrt((errors(cells)[0] ** 2).mean()) for cells in (10, 40))
    assert np.log2(coarse / fine) / 2 > 1.8


def test_a_tumour_in_normal_tissue_has_a_plateau_and_a_flow_out_of_its_rim():
    """Baxter & Jain's tumour of 2.4 mm in their normal tissue with lymphatics; an eighth of it. The rim lets fluid out, the host drains it."""
    h, radius = 60.0, 1200.0
    grid = tf.Grid((32,) * 3, h)
    r = np.sqrt(sum(x**2 for x in grid.coordinates()))
    tumour = r < radius

    def of(inside, outside, unit):
        return np.where(tumour, inside, outside) * unit

    fluid = tf.interstitial_flow(
        grid,
        of(200e-4, 70e-4, 1.0),
        hydraulic_conductivity=of(4.13e-8, 8.53e-9, units.CM2_PER_MMHG_S),
        filtration_coefficient=of(2.8e-7, 0.36e-7, units.CM_PER_MMHG_S),
        vessel_pressure=15.6 * units.MMHG,
        reflection=of(0.82, 0.91, 1.0),
        plasma_oncotic_pressure=20.0 * units.MMHG,
        tissue_oncotic_pressure=of(15.0, 10.0, units.MMHG),
        lymph_conductance=of(0.0, 1.33e-5, 1 / units.MMHG),
    )
    pressure = np.asarray(fluid.pressure) / units.MMHG
    centre, host = pressure[0, 0, 0], pressure[-1, -1, -1]
    alpha = radius * np.sqrt(2.8e-7 * 200e-4 * 1e4 / 4.13e-8 / 1e8)  # cm to um
    alone = 11.5 * float(exact.tumour_pressure(0.0, radius=radius, alpha=alpha))
    assert alone < centre < 11.5
    leak = 0.36e-7 * 70
    assert host == pytest.approx(leak * (15.6 - 0.91 * 10) / (leak + 1.33e-5), rel=0.01)  # far away filtration and drainage are equal
    assert pressure[tumour].min() > host
    outward = np.asarray(fluid.flow.x)[0, 0]
    assert int(np.argmax(outward)) == radius / h  # fastest through the face of the rim
    assert 0.01 < outward.max() < 1.0
    budget = fluid.budget()
    assert abs(float(budget["defect"])) < 1e-9 and 0 < float(budget["drained"]) <= float(budget["filtered"])
