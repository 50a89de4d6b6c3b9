"""Methods of minimisation, one a file."""

from .adam import Adam as Adam
from .lbfgs import LBFGS as LBFGS
from .levenberg_marquardt import LevenbergMarquardt as LevenbergMarquardt
from .optimiser import AbstractOptimiser as AbstractOptimiser
from .optimiser import Point as Point
