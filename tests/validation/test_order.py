"""Order of accuracy in space and time, by manufactured and exact semi-discrete solutions."""

import numpy as np
import pytest

from validation.problems import manufactured, march


@pytest.mark.parametrize("combination", manufactured.COMBINATIONS, ids=str)
def test_second_order_in_space(combination):
    """Over four grids: wall kind, varying diffusivity, saturable loss."""
    sizes, error = manufactured.errors_on_all_grids(combination)
    assert manufactured.order(sizes, error) == pytest.approx(2.0, abs=0.1), error
    assert manufactured.order(sizes[-2:], error[-2:]) == pytest.approx(2.0, abs=0.1), error


@pytest.mark.parametrize("method", march.METHODS)
@pytest.mark.parametrize("problem", march.PROBLEMS)
def test_second_order_in_time(method, problem):
    steps, error = march.errors(method, problem)
    orders = np.log(error[:-1] / error[1:]) / np.log(np.array(steps[1:]) / steps[:-1])
    assert orders == pytest.approx(2.0, abs=0.1), error
    assert manufactured.order(1 / np.array(steps), error) == pytest.approx(2.0, abs=0.1)
