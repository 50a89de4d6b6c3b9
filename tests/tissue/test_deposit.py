import numpy as np
import pytest

from data_files import data_file
from tmefield import Grid
from tmefield.errors import InputError
from tmefield.tissue.cells import Cells
from tmefield.tissue.deposit import Section, deposit


def one_cell(x, y, z, **more):
    return Cells(np.array([[x, y, z]], float), np.array(["a"]), **more)


def test_cell_at_a_voxel_centre_stays_in_its_voxel():
    grid = Grid((3, 4, 5), (2.0, 3.0, 4.0), (10.0, 20.0, 30.0))
    density = deposit(one_cell(30 + 2.5 * 4, 20 + 1.5 * 3, 10 + 0.5 * 2), grid)["a"]
    expected = np.zeros(grid.shape)
    expected[0, 1, 2] = 1 / 24
    assert np.allclose(density, expected, atol=1e-16)


def test_trilinear_weights():
    grid = Grid((4, 4, 4), (1.0, 1.0, 1.0))
    density = deposit(one_cell(1.75, 2.5, 0.9), grid)["a"]
    assert density[0, 2, 1] == pytest.approx(0.75 * 0.6) and density[1, 2, 2] == pytest.approx(0.25 * 0.4)
    assert density.sum() == pytest.approx(1, abs=1e-15)


def test_cells_at_walls_are_mirrored_inward():
    grid = Grid((2, 2, 2), (1.0, 1.0, 1.0))
    density = deposit(Cells(np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]), np.array(["low", "high"])), grid)
    assert density["low"][0, 0, 0] == 1 and density["high"][1, 1, 1] == 1


@pytest.mark.parametrize("shape", [(7, 9, 11), (1, 8, 8), (1, 1, 1), (5, 1, 3)])
def test_counts_are_conserved(shape):
    grid = Grid(shape, (3.0, 5.0, 7.0), (-4.0, 2.0, 1.0))
    random = np.random.default_rng(3)
    upper = np.array(grid.upper[::-1])
    positions = random.uniform(grid.origin[::-1], upper, size=(3000, 3))
    types = random.choice(["a", "b", "c"], size=3000, p=[0.7, 0.2, 0.1])
    densities = deposit(Cells(positions, types), grid)
    for name in "abc":
        count = (types == name).sum()
        assert abs(densities[name].sum() * grid.voxel_volume / count - 1) < 1e-12
        assert densities[name].min() >= 0 and densities[name].shape == grid.shape


def test_first_moment_is_kept_inside():
    grid = Grid((16, 16, 16), (2.0, 2.0, 2.0))
    positions = np.random.default_rng(5).uniform(4, 28, size=(200, 3))
    density = deposit(Cells(positions, np.full(200, "a")), grid)["a"] * grid.voxel_volume
    means = [float((density * axis).sum() / 200) for axis in grid.coordinates()]
    assert means == pytest.approx(positions.mean(axis=0)[::-1].tolist(), rel=1e-12)


def test_shares_split_cells_and_add_up():
    cells = Cells(np.full((4, 3), 1.0), np.array(["mac", "mac", "M1", "other"]), shares={"mac": {"M1": 0.25, "M2": 0.75}, "other": {"stroma": 1.0}})
    grid = Grid((2, 2, 2), (1.0, 1.0, 1.0))
    counts = {name: float(density.sum()) for name, density in deposit(cells, grid).items()}
    assert counts == pytest.approx({"M1": 1.5, "M2": 1.5, "stroma": 1.0}, rel=1e-14)
    assert list(counts) == sorted(counts)


def test_section_density_counts_the_layer_that_is_seen():
    grid = Grid((1, 10, 10), (5.0, 10.0, 10.0))
    positions = np.column_stack([np.random.default_rng(1).uniform(0, 100, size=(60, 2)), np.zeros(60)])
    cells = Cells(positions, np.full(60, "a"), planar=True)
    seen = deposit(cells, grid, section=Section(thickness=5.0, cell_diameter=10.0))["a"]
    assert seen.mean() == pytest.approx(60 / (100 * 100 * (5 + 10)), rel=1e-12)
    # Without the section's correction the same cells would be three times as dense: 1 + d/t.
    assert deposit(cells, grid)["a"].mean() == pytest.approx(3 * seen.mean(), rel=1e-12)


def test_section_formula_recovers_the_density_of_a_volume():
    # Spheres of diameter d in a volume; a cut of thickness t meets those whose centres are within t/2 + d/2 of its middle.
    random = np.random.default_rng(11)
    density, thickness, diameter = 1e-4, 5.0, 10.0
    points = random.uniform(0, 400, size=(random.poisson(density * 400**3), 3))
    met = points[np.abs(points[:, 2] - 200) < (thickness + diameter) / 2]
    met[:, 2] = 0.0
    grid = Grid((1, 8, 8), (thickness, 50.0, 50.0))
    found = deposit(Cells(met, np.full(len(met), "a"), planar=True), grid, section=Section(thickness, diameter))["a"].mean()
    assert found == pytest.approx(density, rel=4 / np.sqrt(len(met)))


@pytest.mark.parametrize("numbers", [(0.0, 10.0), (5.0, -1.0), (float("nan"), 10.0), (5.0, float("inf"))])
def test_section_numbers_must_be_positive(numbers):
    with pytest.raises(InputError, match=r"section (thickness|cell_diameter) must be positive"):
        Section(*numbers)


def test_flat_cells_and_sections_need_a_flat_grid():
    deep = Grid((2, 2, 2), (1.0, 1.0, 1.0))
    with pytest.raises(InputError, match=r"cells have no z, but the grid is 2 voxels deep"):
        deposit(one_cell(1, 1, 0, planar=True), deep)
    with pytest.raises(InputError, match="section needs a grid one voxel deep"):
        deposit(one_cell(1, 1, 0), deep, section=Section(5.0, 10.0))


def test_flat_cells_fit_a_layer_anywhere_in_z():
    grid = Grid((1, 2, 2), (5.0, 1.0, 1.0), (100.0, 0.0, 0.0))
    assert deposit(one_cell(1, 1, 0, planar=True), grid)["a"].sum() * 5 == pytest.approx(1)


def test_cells_outside_are_counted_and_the_first_is_named():
    grid = Grid((2, 2, 2), (10.0, 10.0, 10.0))
    cells = Cells(np.array([[5, 5, 5], [25, 5, 5], [5, -3, 5]], float), np.array(["a", "b", "c"]), meta={"file": "mine.csv"})
    with pytest.raises(InputError) as caught:
        deposit(cells, grid)
    text = str(caught.value)
    assert "mine.csv: 2 of 3 cells lie outside" in text and "cell 2 ('b') at x = 25, y = 5, z = 5 um" in text
    assert "x 0 to 20" in text and "pixel_size" in text


def test_rounding_at_the_face_is_no_outside():
    grid = Grid((2, 2, 2), (100.0, 100.0, 100.0))
    density = deposit(one_cell(200 * (1 + 5e-10), -5e-8, 100), grid)["a"]
    assert density.sum() * grid.voxel_volume == pytest.approx(1, abs=1e-12)


@pytest.mark.data
def test_mibi_section_density():
    path = data_file("cells/mibi_tnbc_keren2018_person05.csv")
    cells = Cells.read(path, x="x_px", y="y_px", type="cell_type", pixel_size=800 / 2048, types={"Tumor": "tumour", "Macrophage": {"M1": 0.5, "M2": 0.5}})
    grid = Grid((1, 80, 80), (5.0, 10.0, 10.0))
    densities = deposit(cells, grid, section=Section(5.0, 10.0))
    area = 800.0 * 800.0
    assert densities["tumour"].mean() == pytest.approx(2140 / (area * 15), rel=1e-12)
    assert densities["M1"].mean() == pytest.approx(532 / (area * 15), rel=1e-12)
    assert sum(density.mean() for density in densities.values()) == pytest.approx(5406 / (area * 15), rel=1e-12)
