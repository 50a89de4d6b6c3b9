"""Row: the field on which BioFVM's method settles at its default step, against the exact one."""

import cases
import reference
from measure_onset import settled_bias
from rows import Measured, absent
from timing import Settings
from toolchain import Unavailable


def measure(settings: Settings) -> dict[str, Measured]:
    """The row."""
    n = settings.size(100, 24)
    errors = {}
    try:
        for name in "ABCP":
            errors[name] = 100 * settled_bias(cases.build(name, n), reference.steady(name, n, settings.cache), 0.01, settings)
    except Unavailable as error:
        return {"biofvm-bias": absent(str(error))}
    line = ", ".join(f"{name} {error:.1f} %" for name, error in errors.items())
    return {"biofvm-bias": Measured(max(errors.values()), "LOD with Thomas sweeps in C, float64", [f"{n}^3, dt = 0.01 min: {line}"], errors)}
