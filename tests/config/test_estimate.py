"""Memory and time told beforehand."""

import pytest

from tmefield.config.estimate import available_memory, check_memory, forecast
from tmefield.config.quantities import parse_memory
from tmefield.errors import ResourceError
from tmefield.grid import Grid


def test_forecast_of_a_huge_grid_is_a_positive_whole_number():
    need = forecast(Grid((200_000, 200_000, 200_000), (1.0, 1.0, 1.0)), 32, precision="float64")
    assert isinstance(need.memory, int)
    assert need.memory > 8 * 32 * 200_000**3


def test_forecast_grows_with_voxels_species_and_precision():
    small, large = Grid((50, 50, 50), (5.0, 5.0, 5.0)), Grid((100, 100, 100), (5.0, 5.0, 5.0))
    one = forecast(large, 1, precision="float32")
    assert forecast(small, 1, precision="float32").memory < one.memory < forecast(large, 5, precision="float32").memory
    assert one.memory < forecast(large, 1, precision="float64").memory


@pytest.mark.parametrize("shape", [(300, 300, 300), (1, 5000, 5000)])
def test_suggested_spacing_fits(shape):
    grid = Grid(shape, (5.0, 5.0, 5.0))
    need, limit = forecast(grid, 5, precision="float32"), 2 * 10**9
    assert need.memory > limit
    with pytest.raises(ResourceError, match=r"a spacing of ([0-9.]+) um would fit") as caught:
        check_memory(need, grid, limit)
    spacing = float(str(caught.value).split("a spacing of ")[1].split()[0])
    coarser = Grid.from_box(grid.origin, grid.upper if shape[0] > 1 else (spacing, *grid.upper[1:]), (spacing,) * 3)
    assert forecast(coarser, 5, precision="float32").memory < 1.05 * limit
    finer = Grid.from_box(grid.origin, grid.upper if shape[0] > 1 else (spacing, *grid.upper[1:]), (0.8 * spacing,) * 3)
    assert forecast(finer, 5, precision="float32").memory > limit


def test_limit_below_the_base_says_so():
    grid = Grid((10, 10, 10), (5.0, 5.0, 5.0))
    with pytest.raises(ResourceError, match="even the smallest grid"):
        check_memory(forecast(grid, 1, precision="float32"), grid, 10**8)


def test_what_fits_is_let_through():
    grid = Grid((10, 10, 10), (5.0, 5.0, 5.0))
    check_memory(forecast(grid, 1, precision="float32"), grid, 2 * 10**9)


def test_available_memory_is_plausible():
    free = available_memory()
    assert free is None or 10**6 < free < 10**14


@pytest.mark.parametrize(("text", "count"), [("8 GiB", 8 * 2**30), ("1.5GB", 1_500_000_000), (" 500 MB ", 500_000_000)])
def test_memory_text(text, count):
    assert parse_memory(text) == count


@pytest.mark.parametrize("text", ["8", "GB", "8 gb", "-1 GB", "0 GB", "8 G B"])
def test_memory_text_that_is_refused(text):
    with pytest.raises(ValueError, match="8 GiB"):
        parse_memory(text)
