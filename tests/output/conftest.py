"""A small set of fields with everything in it."""

import dataclasses

import numpy as np
import pytest

from tmefield.grid import Grid
from tmefield.output import FieldSet, Variable


def small_fields(**changes) -> FieldSet:
    grid = Grid((4, 5, 6), (5.0, 4.0, 3.0), (-10.0, 0.0, 7.5))
    rng = np.random.default_rng(4)
    labels = np.zeros(grid.shape, np.int8)
    labels[1:3, 1:4, 1:5] = 1
    labels[2, 2, 2] = 2
    labels[0, 0, 0] = 3
    fields = FieldSet(
        grid=grid,
        times=np.array([0.0, 3600.0]),
        species=("IFNg", "IL6"),
        concentration=rng.random((2, 2, *grid.shape)).astype(np.float32),
        names=("IFN-γ", "IL-6"),
        labels=labels,
        cell_density={"CD8_T": rng.random(grid.shape).astype(np.float32) * 1e-4},
        vessel_area=rng.random(grid.shape).astype(np.float32),
        maps={"ifng_secretion": Variable(rng.random(grid.shape).astype(np.float32), "IFN-γ secretion", "nmol L-1 s-1")},
        scalars={
            "ifng_diffusivity": Variable(np.float64(39.0625), "IFN-γ diffusivity", "um2 s-1"),
            "ifng_plasma": Variable(np.float64(3e-4), "IFN-γ in plasma", "nmol L-1", {"source": "a paper", "mark": "recalled", "confidence": "low-med"}),
        },
        attributes={"title": "A small tumour", "config": 'species = ["IFNg"]\n', "state": "transient"},
        vessel_segments=np.array([[[8.0, 1.0, -9.0], [24.0, 18.0, 8.0]]]),
        vessel_radii=np.array([2.5]),
        vessel_arrays={"flow": Variable(np.array([-1.5e4]), "blood flow", "um3 s-1")},
    )
    return dataclasses.replace(fields, **changes)


@pytest.fixture
def make_fields():
    return small_fields
