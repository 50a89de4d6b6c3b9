"""A place that was made serves the next configuration where that has the same tissue, and no other."""

import numpy as np
import pytest

from command_line import CONFIG, write_case
from tmefield.config.load import load_config
from tmefield.config.prepare import prepare
from tmefield.errors import ResourceError


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    path = write_case(tmp_path_factory.mktemp("place"), config=CONFIG.replace("[output]", "[tissue]\n[output]"))
    return path, prepare(load_config(path))


def test_other_numbers_of_a_species_keep_the_place(case):
    path, first = case
    changed = load_config(path, ["species.IFNg.decay=1/h", "solver.rtol=1e-5"])
    with_it, alone = prepare(changed, known=first.place), prepare(changed)
    assert with_it.place is first.place and alone.place is not first.place
    assert with_it.species == alone.species and with_it.notes == alone.notes and with_it.need == alone.need
    assert with_it.species[0].decay == pytest.approx(1 / 3600)
    np.testing.assert_array_equal(with_it.densities["tumour"], alone.densities["tumour"])


@pytest.mark.parametrize("change", ["grid.spacing=20 um", "cells.types={Treg='NK'}", "tissue.tumour_smoothing=30 um", "vessels.repair=true"])
def test_another_tissue_is_another_place(case, change):
    path, first = case
    changed = load_config(path, [change])
    assert not first.place.serves(changed)
    assert prepare(changed, known=first.place).place is not first.place


def test_a_species_that_passes_walls_freely_is_another_place(case):
    """Oxygen resolves vessels as lumens from a smaller radius on."""
    path, first = case
    fast = load_config(path, ["species.IFNg.permeability=1000 um/s", "species.IFNg.diffusivity=2000 um2/s", "grid.spacing=10 um"])
    again = prepare(fast, known=first.place)
    assert again.place is not first.place
    assert any("IFNg passes vessel walls freely" in note for note in again.notes)


def test_the_same_case_elsewhere_is_another_place(case, tmp_path):
    path = write_case(tmp_path, config=case[0].read_text(encoding="utf-8"))
    assert not case[1].place.serves(load_config(path))


def test_memory_is_checked_again(case):
    path, first = case
    with pytest.raises(ResourceError, match=r"solver\.memory_limit"):
        prepare(load_config(path, ["solver.memory_limit=100 MB"]), known=first.place)
