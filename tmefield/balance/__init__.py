"""The discrete balance of all species and its root: from a model to fields, with their derivatives."""

from .continuation import find_steady as find_steady
from .equations import Balance as Balance
from .equations import fill_fixed as fill_fixed
from .equations import residual as residual
from .equations import unknowns as unknowns
from .implicit import implicit as implicit
from .implicit import solve_jacobian as solve_jacobian
from .info import BalanceInfo as BalanceInfo
from .linear import solve_linear as solve_linear
from .newton import find_root as find_root
from .newton import solve_tangent as solve_tangent
