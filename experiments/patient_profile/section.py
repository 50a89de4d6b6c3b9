"""The patient's section as a tissue: cells in place or dealt out again, and where its nests, margin and stroma are."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units
from tmefield.library.prior import Prior
from tmefield.outcome import cohort
from tmefield.outcome.values import Values
from tmefield.response.assay import assay_profile
from tmefield.tissue.deposit import Section, deposit
from tmefield.tissue.labels import TUMOUR, tumour_labels

FILE = "cells/mibi_tnbc_keren2018_person05.csv"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / FILE
SPLIT = "M1 share"
SEEN_BY = ("CD8_T", "Treg", "tumour")  # cells whose surroundings are reported beside the regions
PG_PER_ML = 1e3  # of 1 nM of 1 kDa


@dataclass(frozen=True)
class Case:
    """The table of one section on its grid, and what parameters.toml says of it.

    - `stands_for`: by type of the table, the population; "Macrophage" is split by the draw.
    - `regions`: masks [z, y, x] of the section as it is.
    """

    given: dict[str, Any]
    cells: tf.Cells
    grid: tf.Grid
    stands_for: dict[str, str]
    regions: dict[str, np.ndarray]

    def shuffled(self, seed: int) -> "Case":
        """The same places and the same cells, dealt out again at random over all places, those of cells that the model leaves out included."""
        types = np.random.default_rng([self.given["course"]["seed"], seed]).permutation(self.cells.types)
        return replace(self, cells=replace(self.cells, types=types))

    def densities(self, share: float) -> dict[str, np.ndarray]:
        """Cells/um3 [z, y, x] with this share of M1 among macrophages."""
        shares = {"Macrophage": {"M1": share, "M2": 1 - share}} | {name: {one: 1.0} for name, one in self.stands_for.items()}
        kept = np.isin(self.cells.types, list(shares))
        known = tf.Cells(self.cells.positions[kept], self.cells.types[kept], shares, planar=True)
        return deposit(known, self.grid, section=_section(self.given))

    def tissue(self, drawn: dict[str, float]) -> tf.ImmuneTissue:
        """The tissue with the values of a draw."""
        values = {key: value for key, value in drawn.items() if key != SPLIT}
        found = tf.ImmuneTissue(self.grid, self.densities(drawn[SPLIT]), tuple(self.given["course"]["cytokines"]), treatments=treatments(self.given))
        return found.changed(values=Values({**self.given["values"]}).given | values)

    def levels(self, course: tf.PopulationCourse) -> dict[str, float]:
        """pg/mL at the start in each region of the section as it is, "nest: IL6", and around cells of a type, "at CD8_T: IL6"."""
        model = course.tissue.model
        fields = {name: np.asarray(course[name][0], float) for name in model.names}
        found = {f"{one.region}: {one.species}": one.interstitial_fluid for one in assay_profile(model, fields, self.regions)}
        weights = {one.name: float(one.molecular_weight) for one in model.species if one.species_class == "cytokine"}
        for cell in SEEN_BY:
            density = np.asarray(course[cell][0], float)
            found |= {f"at {cell}: {name}": PG_PER_ML * weight * float((density * fields[name]).sum() / density.sum()) for name, weight in weights.items()}
        return found


def read(given: dict[str, Any], path: Path, voxels: int) -> Case:
    """The section on a grid one voxel deep: nothing is known of the planes above and below, which count as being like this one."""
    if not path.is_file():
        raise SystemExit(f"{path} is not there: give the table with --data, the file {Path(FILE).name} (README.md says where it is from)")
    what = given["section"]
    cells = tf.Cells.read(path, preset="mibi", pixel_size=units.parse(what["pixel"], "length"))
    box = units.parse(what["box"], "length")
    grid = tf.Grid((1, voxels, voxels), (_section(given).layer, box / voxels, box / voxels))
    case = Case(given, cells, grid, given["types"], {})
    return replace(case, regions=_regions(case.densities(0.5), grid, given))


def _section(given: dict[str, Any]) -> Section:
    return Section(*(units.parse(given["section"][key], "length") for key in ("thickness", "cell_diameter")))


def _regions(densities: dict[str, np.ndarray], grid: tf.Grid, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """Nests, their margin to both sides of the border, and the stroma beyond."""
    from scipy.ndimage import distance_transform_edt

    smoothing, reach = (units.parse(given["section"][key], "length") for key in ("smoothing", "margin"))
    inside = tumour_labels(densities, grid, smoothing=smoothing) == TUMOUR
    from_border = np.where(inside, distance_transform_edt(inside, grid.spacing), distance_transform_edt(~inside, grid.spacing)) - 0.5 * grid.spacing[1]
    margin = np.asarray(from_border < reach)
    return {"nest": inside & ~margin, "margin": margin, "stroma": ~inside & ~margin}


def treatments(given: dict[str, Any]) -> dict[str, tf.DrugTreatment]:
    """Antibodies at plasma levels that are held."""
    return {name: tf.DrugTreatment.held(**arm) for name, arm in given["arms"].items()}


def draws(given: dict[str, Any], count: int) -> list[dict[str, float]]:
    """Values of the members of the ensemble, the share of M1 among them; the first are the same whatever the count."""
    spread = given["spread"]
    priors = cohort.library_priors(spread["library"]) | {SPLIT: _flat(spread["macrophages"])}
    priors |= {key: Prior("lognormal", Values({key: median}).given[key], sigma) for key, (median, sigma) in spread["lognormal"].items()}
    priors |= {key: _flat(bounds) for key, bounds in spread["uniform"].items()}
    columns = cohort.draw(priors, count, given["course"]["seed"])
    return [{key: float(column[index]) for key, column in columns.items()} for index in range(count)]


def _flat(bounds: list[float]) -> Prior:
    low, high = bounds
    return Prior("uniform", 0.5 * (low + high), bounds=(low, high))
