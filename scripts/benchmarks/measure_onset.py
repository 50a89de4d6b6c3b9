"""Rows: one hour of the onset of case A, against BioFVM's method and py-pde; each code at the step or tolerance that reaches the same error."""

import cases
import numpy as np
import ours
import reference
from reference import largest_error
from rival_biofvm import THREADS, Lod
from rows import Measured, absent
from timing import Settings, first_that_reaches, interleaved, timed
from toolchain import Unavailable
from worker import Worker

import tmefield as tf

TIMES = (1.0, 5.0, 60.0)
# Steps a minute of explicit Euler at its stability limit of 2 / (12 D / h^2 + largest loss), rounded up to a divisor of what follows.
EULER_LIMIT = 96


def wanted_error(settings: Settings) -> float:
    """Largest error over the largest value at each of the times; loose where the run only shows that all works."""
    return 1e-2 if settings.quick else 1e-3


def measure(settings: Settings) -> dict[str, Measured]:
    """The three rows."""
    n = settings.size(100, 24)
    exact = reference.onset(TIMES, n, settings.cache)
    model = cases.model(cases.build("A", n))
    tried: dict[str, list[float]] = {}

    def attempt(options) -> float:
        fields = np.asarray(tf.evolve(model, 0.0, (0.0, *TIMES), **options).concentration)[1:, 0]
        tried[ours.said(options)] = _errors(fields, exact)
        return max(tried[ours.said(options)])

    reached = first_that_reaches(wanted_error(settings), ours.transient_options(), attempt)
    if reached is None:
        reason = f"no tolerance of evolve reaches {wanted_error(settings):g}: {tried}"
        return {row: absent(reason) for row in ("onset-biofvm", "onset-pypde", "onset")}
    options = reached[0]
    mine = timed(lambda: tf.evolve(model, 0.0, (0.0, *TIMES), **options).concentration)
    seconds = interleaved({"tmefield": mine}, settings.rounds)["tmefield"]
    errors = tried[ours.said(options)]
    own = Measured(seconds, details=[f"evolve({ours.said(options)}), {n}^3, float32, errors {_said(errors)}"], numbers={"options": options, "errors": errors})
    return {"onset-biofvm": _against_biofvm(settings, n, exact, mine), "onset-pypde": _against_pypde(settings, n, exact, mine), "onset": own}


def _errors(fields: np.ndarray, exact: np.ndarray) -> list[float]:
    return [largest_error(field, true) for field, true in zip(fields, exact, strict=True)]


def _said(errors: list[float]) -> str:
    return ", ".join(f"{error:.1e}" for error in errors) + " at t = 1, 5, 60 min"


def _against_biofvm(settings: Settings, n: int, exact: np.ndarray, mine) -> Measured:
    case = cases.build("A", n)
    try:
        rival = Lod(case, 0.0, settings.cache)
    except Unavailable as error:
        return absent(str(error))
    steps = [0.01 / 2**k for k in range(10)]
    # The settled bias is first order in the step: two steps give the one that an hour needs, to be tested at 1 and 5 minutes.
    bias = {dt: settled_bias(case, exact[2], dt, settings) for dt in (0.01, 0.005)}
    slope = bias[0.005] / 0.005
    history: dict[float, list[float]] = {}

    def attempt(dt) -> float:
        fields, _ = rival.march(dt, (1.0,))
        history[dt] = [largest_error(fields[0], exact[0]), slope * dt]
        return max(history[dt])

    found = first_that_reaches(wanted_error(settings), steps, attempt)
    if found is None:
        return absent(f"no step of {steps} reaches {wanted_error(settings):g}: {history}")
    dt = found[0]
    five = largest_error(rival.march(dt, (5.0,))[0][0], exact[1])
    count = round(60 / dt)
    per_step = {"BioFVM": lambda: rival.march(dt, (200 * dt,))[1], "tmefield": mine}
    seconds = interleaved(per_step, settings.rounds)
    hour = count * seconds["BioFVM"]
    lines = [
        f"its step: {dt:g} min, found by halving; errors {history[dt][0]:.1e} and {five:.1e} at t = 1 and 5 min (measured), {slope * dt:.1e} settled "
        f"(extrapolated: {bias[0.01]:.1e} at 0.01 min, {bias[0.005]:.1e} at 0.005 min)",
        f"its hour: {count} steps x {1e3 * seconds['BioFVM']:.2f} ms (measured over 200) = {hour:.0f} s, not run whole; ours {seconds['tmefield']:.2f} s",
    ]
    against = f"LOD with Thomas sweeps in C, float64, {THREADS} threads, {n}^3"
    numbers = {"step": dt, "errors": {str(key): value for key, value in history.items()}, "error_5_minutes": five, "bias": {str(k): v for k, v in bias.items()}}
    numbers |= {"seconds_per_step": seconds["BioFVM"], "steps": count, "ours_seconds": seconds["tmefield"]}
    return Measured(hour / seconds["tmefield"], against, lines, numbers)


def settled_bias(case: cases.Case, exact: np.ndarray, dt: float, settings: Settings) -> float:
    """Error of the field on which BioFVM's method settles at a step, from the exact one, until a minute changes less than 1e-4 of its maximum."""
    fields, _ = Lod(case, exact, settings.cache).march(dt, tuple(float(t) for t in range(1, 31)), 1e-4)
    return largest_error(fields[-1], exact)


def _against_pypde(settings: Settings, n: int, exact: np.ndarray, mine) -> Measured:
    try:
        worker = Worker(settings.rivals, "rival_pypde.py", n=n, backend="jax")
    except Unavailable as error:
        return absent(str(error))
    out = str((settings.cache / "pypde.npy").resolve())

    def segments(rate):
        # Only the first minute needs small steps: after it, Euler at its stability limit is good enough (checked at 5 and 60 min).
        return [[0, 1, rate], [1, 5, EULER_LIMIT], [5, 60, EULER_LIMIT]]

    def attempt(rate) -> float:
        worker.ask(segments=segments(rate)[:2], out=out)
        return max(_errors(np.load(out), exact[:2]))

    try:
        found = first_that_reaches(wanted_error(settings), [EULER_LIMIT * 2**k for k in range(6)], attempt)
        if found is None:
            return absent(f"its Euler method does not reach {wanted_error(settings):g}")
        rate = found[0]
        worker.ask(segments=segments(rate), out=out)
        errors = _errors(np.load(out), exact)
        coarse = worker.ask(segments=segments(EULER_LIMIT)[:1], out=out)["seconds"]
        plain = largest_error(np.load(out)[0], exact[0])
        contenders = {"py-pde": lambda: worker.ask(segments=segments(rate), out=None)["seconds"], "tmefield": mine}
        seconds = interleaved(contenders, settings.rounds)
    finally:
        worker.close()
    lines = [
        f"{rate} Euler steps in the first minute, {EULER_LIMIT} (its stability limit) in each later one: {seconds['py-pde']:.2f} s, errors {_said(errors)}; "
        f"ours {seconds['tmefield']:.2f} s",
        f"at the stability limit from the start: {coarse:.2f} s for the first minute, error {plain:.1e} at its end",
        *_numba(settings, n),
    ]
    return Measured(
        seconds["py-pde"] / seconds["tmefield"], f"py-pde, JAX backend, float64, {n}^3", lines, {"rate": rate, "errors": errors, "seconds": seconds}
    )


def _numba(settings: Settings, n: int) -> list[str]:
    if settings.quick:
        return []
    try:
        worker = Worker(settings.rivals, "rival_pypde.py", n=n, backend="numba")
    except Unavailable as error:
        return [f"numba backend: {error}"]
    seconds = worker.ask(segments=[[0, 1, EULER_LIMIT]], out=None)["seconds"]
    worker.close()
    return [f"numba backend: {1e3 * seconds / EULER_LIMIT:.1f} ms a step, {60 * seconds:.0f} s for the hour at the stability limit (from one minute of it)"]
