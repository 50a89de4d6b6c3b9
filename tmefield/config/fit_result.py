"""A fit as the record that reports show, as fields for a file, and as JSON."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from ..output.fieldset import FieldSet
from ..output.fit_record import Estimate, FitRecord, FittedData, record_lists, record_scalars
from .fields import field_set, sources
from .fitting import FitPlan
from .prepare import Inputs
from .versions import versions

FEW_CURVES = 6
"""Time courses at up to so many points are drawn as curves; more are drawn against the prediction."""


def fit_record(inputs: Inputs, plan: FitPlan, fit: Any) -> FitRecord:
    """What a report of this fit shows."""
    from ..fitting.identifiability import LOOSEST, RESOLUTION

    found = fit.identifiability
    floor = max(1 / LOOSEST**2, RESOLUTION * float(found.eigenvalues[0]))
    estimates = tuple(_estimate(one, fit.intervals[one.name], plan) for one in plan.parameters)
    known = [one.source for one in estimates if one.source]
    return FitRecord(
        title=inputs.loaded.config.title,
        outcome=fit.progress.reason,
        converged=fit.converged,
        steps=fit.progress.step,
        chi2=fit.chi2,
        freedom=fit.freedom,
        data=tuple(_data(one, fit, deviations) for one, deviations in zip(plan.observations, _prediction_deviations(plan, fit), strict=True)),
        estimates=estimates,
        eigenvalues=found.eigenvalues,
        directions=found.directions,
        threshold=floor,
        undetermined=tuple(found.words()),
        suggestions=tuple(found.suggestions()),
        warnings=fit.warnings,
        notes=inputs.notes,
        sources=tuple(dict.fromkeys([*known, *sources(inputs)])),
    )


def _prediction_deviations(plan: FitPlan, fit: Any) -> list[np.ndarray]:
    """Standard deviation of each prediction, the square root of the diagonal of J C J^T, by observation; what data and priors leave open moves none of them."""
    from ..fitting.identifiability import RESOLUTION
    from ..fitting.problem import sensitivities

    found, free = fit.identifiability, fit.problem.parameters
    slopes = np.asarray(sensitivities(fit.problem, free.natural(fit.z))[1], np.float64)[:, list(free.numbers)] * found.scales
    values, vectors = np.linalg.eigh(found.information + found.prior)
    kept = values > RESOLUTION * values[-1]
    reach = slopes @ (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    scatter = fit.inflation * found.information + found.prior
    sd = np.sqrt(np.maximum(np.einsum("di,ij,dj->d", reach, scatter, reach), 0.0))
    return np.split(sd, np.cumsum([one.data.size for one in plan.observations])[:-1])


def _data(one: Any, fit: Any, deviations: np.ndarray) -> FittedData:
    import jax.numpy as jnp

    predicted, data = np.asarray(fit.predictions[one.name], np.float64), np.asarray(one.data, np.float64)
    information = np.asarray(_uncensored(one.noise).information(jnp.asarray(predicted)), np.float64)
    limit = getattr(one.noise, "limit", None)
    x, x_name, curve, curves = _against(one)
    return FittedData(
        name=one.name,
        unit=one.unit,
        data=data,
        predicted=predicted,
        residual=np.asarray(fit.residuals[one.name], np.float64),
        sd=deviations,
        noise_sd=1 / np.sqrt(information),
        censored=np.zeros(data.size, bool) if limit is None else data <= float(limit),
        x=x,
        x_name=x_name,
        curve=curve,
        curves=curves,
        time=np.repeat(np.asarray(one.times), data.size // len(one.times)) if one.times else None,
        position=np.tile(np.asarray(one.positions), (max(len(one.times), 1), 1)) if hasattr(one, "positions") else None,
    )


def _uncensored(noise: Any) -> Any:
    import equinox as eqx

    return noise if getattr(noise, "limit", None) is None else eqx.tree_at(lambda one: one.limit, noise, None)


def _against(one: Any) -> tuple[np.ndarray | None, str, np.ndarray | None, tuple[str, ...]]:
    """What the data are drawn against: distance, one curve a time; or time, one curve a place; or nothing."""
    times, distance = one.times, one.abscissa()
    count = one.data.size // max(len(times), 1)
    if distance is not None:
        name, x = distance
        return np.tile(np.asarray(x), max(len(times), 1)), name, np.repeat(np.arange(max(len(times), 1)), count), tuple(_time(time) for time in times)
    if len(times) > 1 and count <= FEW_CURVES:
        labels = tuple(f"place {i + 1}" for i in range(count)) if count > 1 else ()
        return np.repeat(np.asarray(times), count), "time, s", np.tile(np.arange(count), len(times)), labels
    return None, "", None, ()


def _time(seconds: float) -> str:
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _estimate(one: Any, interval: Any, plan: FitPlan) -> Estimate:
    own = plan.meanings[one.name]
    prior = None if own.known is None else own.known.prior()
    low, high = (None, None) if own.known is None or own.known.range is None else _range(own.known)
    if low is None and prior is not None:
        low, high = prior.interval()
    return Estimate(
        name=one.name,
        unit=one.unit,
        file_unit=own.file_unit,
        start=float(one.start),
        value=interval.value,
        low=interval.low,
        high=interval.high,
        deviation=interval.deviation,
        status=interval.status,
        known=None if own.known is None else own.known.internal,
        known_low=low,
        known_high=high,
        source="" if own.known is None else own.known.source,
        tied=one.leaves if len(one.leaves) > 1 else (),
    )


def _range(known: Any) -> tuple[float, float]:
    from .. import units

    low, high = (units.to_internal(end, known.unit, known.kind, known.molecular_weight) for end in known.range)
    return low, high


def fitted_fields(inputs: Inputs, plan: FitPlan, fit: Any, record: FitRecord, result: Any, *, command: str) -> FieldSet:
    """The fields at the estimate with the data, predictions and estimates; numbers of the model that were fitted are the estimates and say so."""
    fields = field_set(_with_estimates(inputs, result.model), result, command=command)
    fitted = {own for one in plan.parameters for own in _scalars_of(one)}
    scalars = {name: replace(entry, origin={"source": "estimate of this fit"}) if name in fitted else entry for name, entry in fields.scalars.items()}
    attributes = {**fields.attributes, "fit": json.dumps(fit_summary(inputs, fit, record), sort_keys=True)}
    return replace(fields, scalars={**scalars, **record_scalars(record)}, lists=record_lists(record), attributes=attributes)


def _scalars_of(parameter: Any) -> list[str]:
    from .fit_leaves import meaning

    return [own for leaf in parameter.leaves if (own := meaning(leaf).scalar)]


def _with_estimates(inputs: Inputs, model: Any) -> Inputs:
    """The inputs with the numbers of the fitted model for each species, from which a file takes its parameters."""
    from ..fitting.leaves import leaf_names, leaf_value

    names = set(leaf_names(model))

    def number(leaf: str, otherwise: float) -> float:
        value = np.asarray(leaf_value(model, leaf)) if leaf in names else None
        return float(value) if value is not None and value.ndim == 0 else otherwise

    species = []
    for one in inputs.species:
        exchange = f"{one.id}.vascular_exchange"
        uptake = next((f"{one.id}.uptake_by_{cell}" for cell in one.receptors), "")
        secreted = {cell: f"{one.id}.secretion_by_{cell}" for cell in one.secretion}
        species.append(
            replace(
                one,
                diffusivity=number(f"{one.id}.diffusivity", one.diffusivity),
                decay=number(f"{one.id}.decay", one.decay),
                permeability=number(f"{exchange}.permeability", one.permeability),
                plasma_concentration=number(f"{exchange}.plasma_concentration", one.plasma_concentration),
                internalisation=number(f"{uptake}.internalisation", one.internalisation),
                half_saturation=number(f"{uptake}.half_saturation", one.half_saturation),
                secretion={
                    cell: (number(f"{secreted[cell]}.rate", rate), number(f"{secreted[cell]}.active_fraction", share))
                    for cell, (rate, share) in one.secretion.items()
                },
                receptors={cell: number(f"{one.id}.uptake_by_{cell}.receptors", count) for cell, count in one.receptors.items()},
            )
        )
    return replace(inputs, species=tuple(species))


def fit_summary(inputs: Inputs, fit: Any, record: FitRecord) -> dict[str, Any]:
    """The fit in numbers, ready for JSON."""
    summary = fit.summary()
    for one in record.estimates:
        known = None if one.known is None else {"value": one.known, "low": one.known_low, "high": one.known_high, "source": one.source}
        summary["parameters"][one.name] |= {"unit": one.unit, "start": one.start, "library": known, "leaves": list(one.tied) or [one.name]}
    observations = {
        one.name: {"data": int(np.size(one.data)), "censored": int(np.sum(one.censored)), "unit": one.unit, "chi2": one.chi2} for one in record.data
    }
    about = {"notes": list(inputs.notes), "config_sha256": inputs.loaded.sha256(), "versions": versions()}
    return _finite({"title": record.title, **summary, "observations": observations, **about})


def _finite(value: Any) -> Any:
    """Numbers that are not finite as null, which JSON has no other word for."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
