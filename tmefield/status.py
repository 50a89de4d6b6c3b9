"""How a solve ended."""

from enum import IntEnum


class Status(IntEnum):
    """The outcome of a solve, one per species."""

    CONVERGED = 0
    ITERATION_LIMIT = 1
    BREAKDOWN = 2
    NON_FINITE = 3
    STALLED = 4
    NEGATIVE = 5
    NO_STEADY_STATE = 6
    UNSTABLE = 7
    SMALLEST_STEP = 8
    STEP_LIMIT = 9
    UNRESOLVED = 10

    @property
    def explanation(self) -> str:
        """What happened, and what to do."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Status.CONVERGED: "converged to the asked tolerance, or to the round-off of the number type",
    Status.ITERATION_LIMIT: "stopped at the iteration limit: raise max_steps, loosen rtol, or check that every source has a sink",
    Status.BREAKDOWN: "a search direction had no positive energy: the operator is not positive definite (no loss anywhere and no-flux walls?)",
    Status.STALLED: "the residual stopped falling above the tolerance: check rates and start, or ask for less",
    Status.NEGATIVE: "the residual is small but a concentration is negative: a term has a second root below zero; start from zero or a smaller field",
    Status.NO_STEADY_STATE: "there is no steady state: more is produced than decay, saturated uptake and open walls can ever remove",
    Status.UNSTABLE: "a steady state that the smallest disturbance would leave (a watershed between two branches): start further to one side of it",
    Status.SMALLEST_STEP: "no step was short enough for the tolerance: loosen rtol, give an atol, or look for rates that jump without saying so",
    Status.STEP_LIMIT: "stopped at the step limit: raise max_steps, or loosen rtol",
    Status.UNRESOLVED: "a fixed step left an error as large as the field: it is unstable or far too long; take more fixed_steps, or steps that the "
    "tolerance chooses",
    Status.NON_FINITE: "a value is not finite: look for extreme rates or diffusivities",
}
