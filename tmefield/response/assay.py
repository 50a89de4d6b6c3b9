"""What an assay would read, in pg/mL: of a biopsy, of interstitial fluid, through a microdialysis probe, of plasma."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import library
from ..errors import InputError
from .responses import fields_of

PG_PER_ML = 1e3
"""Of 1 nM at 1 kDa: 1 pM is as many pg/mL as the molecular weight has kDa."""


@dataclass(frozen=True)
class AssayReading:
    """One species in one region, pg/mL; None where nothing was given to compute it from.

    - `biopsy`: per volume of tissue, free and bound to the matrix, and the latent forms named: MW mean(phi R c).
    - `interstitial_fluid`: free, per volume of fluid: MW mean(phi c)/mean(phi).
    - `dialysate`: recovery times the interstitial fluid.
    - `plasma`: the boundary value.
    - `below_limit`: those of the above that lie below the detection limit; None without one.
    """

    species: str
    region: str
    biopsy: float
    interstitial_fluid: float
    dialysate: float | None = None
    plasma: float | None = None
    limit: float | None = None
    below_limit: tuple[str, ...] | None = None

    def summary(self) -> dict[str, Any]:
        """The reading ready for JSON."""
        given = {f"{key}_pg_per_mL": value for key, value in asdict(self).items() if isinstance(value, float)}
        return given | ({} if self.below_limit is None else {"below_limit": list(self.below_limit)})


def assay_profile(
    model: Any,
    result: Any,
    regions: Mapping[str, Any] | None = None,
    *,
    species: Sequence[str] | None = None,
    latent: Mapping[str, Sequence[str]] | None = None,
    recovery: Mapping[str, float] | float | None = None,
    plasma: Mapping[str, float] | None = None,
    limits: Mapping[str, float] | None = None,
) -> list[AssayReading]:
    """The cytokine profile of fields as assays would read it.

    y = MW c with c in pM and MW in kDa; the volume fraction phi of interstitial fluid and the retardation R are the model's. An assay that activates its
    sample reads latent ligand as well: by molecules, so with the molecular weight of the active form.

    **Arguments**

    - `model`: the `Model`, for phi, R and molecular weights; `result`: its `Solution`, or fields by species, nM, [z, y, x].
    - `regions`: masks [z, y, x] by name; the whole box if not given.
    - `species`: which; all cytokines of the model that are not immobile if not given.
    - `latent`: by species those of the model that hold its latent forms and that the assay sees in the biopsy, a molecule for a molecule.
    - `recovery`: of a microdialysis probe, above 0 up to 1, one for all or by species.
    - `plasma`: plasma concentrations, nM, by species.
    - `limits`: detection limits, pg/mL, by species.

    **Raises** `InputError` for a species that is not in the model or has no molecular weight, an empty region, a recovery out of range.
    """
    fields = fields_of(result)
    by_name = {one.name: one for one in model.species}
    chosen = [one.name for one in model.species if one.species_class == "cytokine" and not one.immobile] if species is None else list(species)
    named = {*chosen, *(name for forms in (latent or {}).values() for name in forms), *(latent or {})}
    if unknown := sorted(named - set(by_name)):
        raise InputError(f"no species '{unknown[0]}' in this model; it has {', '.join(by_name)}")
    fraction = np.broadcast_to(np.asarray(model.volume_fraction, np.float64), model.grid.shape)
    readings = []
    for region, mask in _masks(regions, model.grid.shape).items():
        share = float(fraction[mask].mean())
        for name in chosen:
            mass = PG_PER_ML * _weight(by_name[name])
            held = sum(_held(fields[form], by_name[form], fraction, mask) for form in (name, *(latent or {}).get(name, ())))
            free = float((fraction * np.asarray(fields[name], np.float64))[mask].mean()) / share
            gain = _recovery(recovery, name)
            values = {"biopsy": mass * held, "interstitial_fluid": mass * free, "dialysate": None if gain is None else gain * mass * free}
            values["plasma"] = None if name not in (plasma or {}) else mass * float((plasma or {})[name])
            limit = (limits or {}).get(name)
            below = None if limit is None else tuple(key for key, value in values.items() if value is not None and value < limit)
            readings.append(AssayReading(name, region, **values, limit=limit, below_limit=below))
    return readings


def library_plasma(species: Sequence[str]) -> dict[str, float]:
    """Plasma concentrations of the library, nM, of those species for which it has one."""
    known = [name for name in species if name in library.species_ids()]
    return {name: value.internal for name in known if (value := library.species(name).parameters.get("plasma_concentration")) is not None}


def _masks(regions: Mapping[str, Any] | None, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    masks = {"all": np.ones(shape, bool)} if regions is None else {name: np.asarray(mask, bool) for name, mask in regions.items()}
    for name, mask in masks.items():
        if mask.shape != shape or not mask.any():
            raise InputError(f"region {name} must have the shape of the grid {shape} and some voxels; got {mask.shape} with {int(mask.sum())}")
    return masks


def _held(field: Any, species: Any, fraction: np.ndarray, mask: np.ndarray) -> float:
    """Molecules free and bound per volume of tissue, nM: mean of phi R c."""
    retardation = 1.0 if species.retardation is None else np.asarray(species.retardation, np.float64)
    return float((fraction * retardation * np.asarray(field, np.float64))[mask].mean())


def _weight(species: Any) -> float:
    if species.molecular_weight is None:
        raise InputError(f"{species.name} has no molecular_weight (kDa), without which there are no pg/mL; give it to the Species")
    return float(species.molecular_weight)


def _recovery(recovery: Mapping[str, float] | float | None, name: str) -> float | None:
    value = recovery.get(name) if isinstance(recovery, Mapping) else recovery
    if value is not None and not 0 < value <= 1:
        raise InputError(f"recovery of {name} must be above 0 and at most 1; got {value!r}")
    return value
