"""Order of accuracy in space and time, by manufactured and exact semi-discrete solutions."""

import numpy as np
import pytest

from validation.cases import manufactured, march


@pytest.mark.parametrize(("varying", "saturable"), manufactured.MEDIA)
def test_second_order_in_space(varying, saturable):
    """Over four grids, for every wall kind."""
    sizes = manufactured.LENGTH / np.array(manufactured.CELLS)
    table = np.stack([manufactured.errors(cells, varying, saturable) for cells in manufactured.CELLS])
    for index, wall in enumerate(manufactured.WALLS):
        error = table[:, index]
        assert manufactured.order(sizes, error) == pytest.approx(2.0, abs=0.1), (wall, error)
        assert manufactured.order(sizes[-2:], error[-2:]) == pytest.approx(2.0, abs=0.1), (wall, error)


@pytest.mark.parametrize("method", march.METHODS)
@pytest.mark.parametrize("problem", march.PROBLEMS)
def test_second_order_in_time(method, problem):
    steps, error = march.errors(method, problem)
    orders = np.log(error[:-1] / error[1:]) / np.log(np.array(steps[1:]) / steps[:-1])
    assert orders == pytest.approx(2.0, abs=0.1), error
    assert manufactured.order(1 / np.array(steps), error) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("method", march.METHODS)
def test_second_order_in_space_and_time_together(method):
    """A manufactured field in 3D whose amplitude changes in time: voxels and steps halved together."""
    sizes, error = march.manufactured_errors(method)
    assert manufactured.order(sizes, error) == pytest.approx(2.0, abs=0.1), error
