"""The section and its model: cells, intensities and phenotypes of one core, and interleukin 6 between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tmefield as tf
from tmefield import library
from tmefield.tissue.deposit import Section, deposit

FILE = "cells/scimap_lymphoma_3029.h5ad"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / FILE
PIXEL = 0.65  # um, ASSUMED: no file says it; the core is then 0.64 mm wide (cores of 0.6 mm are common) and a cell 8.9 um
THICKNESS, DIAMETER = 5.0, 9.0  # um, of the section, ASSUMED, and of a cell
MARGIN = 20.0  # um of empty voxels around the core
FAINT = 1e4  # by which all secretion is lowered, so that responses are proportional to it: intensities do not know its scale, which the gain takes
SIDE = 3  # blocks along each side of the section
MACROPHAGES = ("M2 Macrophages", "CD68+ Macrophages", "M1 Macrophages")
T_CELLS = ("PD1+ T cells", "CD8 T cells", "Follicular Helper T cells", "CD4 T cells", "Regulatory T cells", "T cells")
TUMOUR = ("Tumor CD45- CD30+", "Tumor CD30+", "Tumor CD30+ KI67+", "Tumor CD4+ CD8+")
FIBROBLASTS = ("ASMA+ cells",)  # the library's CAF
GROUPS = {"macrophage": MACROPHAGES, "T": T_CELLS, "tumour": TUMOUR, "CAF": FIBROBLASTS}


@dataclass(frozen=True)
class Table:
    """Places (n, 3), x, y, z, um; phenotypes; raw intensities [n, markers] with the names of the markers."""

    positions: np.ndarray
    phenotypes: np.ndarray
    intensities: np.ndarray
    markers: tuple[str, ...]

    def are(self, phenotypes: Sequence[str]) -> np.ndarray:
        """Which cells are of one of these phenotypes."""
        return np.isin(self.phenotypes, phenotypes)

    def marker(self, name: str) -> np.ndarray:
        """Intensities above a floor just below the darkest cell: most of what a camera reads is its own background, and the fit has an offset for the rest."""
        seen = self.intensities[:, self.markers.index(name)].astype(np.float64)
        return seen - (seen.min() - 0.1 * (np.median(seen) - seen.min()))

    @property
    def blocks(self) -> np.ndarray:
        """The block of each cell: a square of side by side blocks over the core, 0 to SIDE^2 - 1."""
        plane = self.positions[:, :2]
        place = np.clip(SIDE * (plane - plane.min(axis=0)) / np.ptp(plane, axis=0), 0, SIDE - 1e-9).astype(int)
        return SIDE * place[:, 1] + place[:, 0]


def read(path: Path) -> Table:
    """The table of the section; the raw intensities, not those rescaled to a gate."""
    import anndata

    if not path.is_file():
        raise SystemExit(f"{path} is not there: give the table with --data, the file {Path(FILE).name} of scimap's tests (README.md says where it is from)")
    data = anndata.read_h5ad(path)
    plane = PIXEL * data.obs[["X_position", "Y_position"]].to_numpy(np.float64)
    plane = plane - plane.min(axis=0) + MARGIN
    positions = np.column_stack([plane, np.full(len(plane), (THICKNESS + DIAMETER) / 2)])
    return Table(positions, data.obs["phenotype"].to_numpy(str), np.asarray(data.raw.X), tuple(data.raw.var_names))


def value(key: str) -> float:
    """A number of interleukin 6 of the library, in internal units."""
    return library.species("IL6").parameters[key].internal


def rate(cell: str) -> float:
    """Molecules per cell and second: the library's over `FAINT`."""
    return library.species("IL6").secretion[cell].rate.internal / FAINT


def model(table: Table, spacing: float, phenotypes: np.ndarray | None = None) -> tf.Model:
    """Interleukin 6 in a section one voxel deep: secreted by tumour cells and fibroblasts, taken up by macrophages and T cells, who alone have receptors in
    the library.

    One voxel, since the density of cells in a section is N/[A (t + d)] and nothing is known of the planes above and below: they count as being like this one.
    """
    kinds = table.phenotypes if phenotypes is None else phenotypes
    plane = table.positions[:, :2].max(axis=0) + MARGIN
    shape = (1, *(int(np.ceil(size / spacing)) for size in plane[::-1]))
    grid = tf.Grid(shape, (THICKNESS + DIAMETER, spacing, spacing))
    named = {one: kind for kind, group in GROUPS.items() for one in group}
    cells = tf.Cells(table.positions, np.array([named.get(one, "other") for one in kinds]), planar=True)
    density = deposit(cells, grid, section=Section(THICKNESS, DIAMETER))
    receptors = library.species("IL6").receptors
    most = receptors["M2"].internal
    takers = density["macrophage"] + receptors["CD8_T"].internal / most * density["T"]  # in macrophages, so that one number scales both
    half = value("K_D") + value("k_endo") / value("k_on")
    terms = [
        tf.Decay(),
        tf.Secretion("IL6", density["tumour"], rate("tumour"), source="tumour"),
        tf.Secretion("IL6", density["CAF"], rate("CAF"), source="CAF"),
        tf.ReceptorUptake("IL6", takers, most, value("k_endo"), half),
    ]
    return tf.Model(grid, [tf.Species("IL6", value("diffusivity"), value("decay"), value("molecular_weight"))], terms)
