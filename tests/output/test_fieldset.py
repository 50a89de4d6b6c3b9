import numpy as np
import pytest

from tmefield.errors import InputError
from tmefield.output import Variable, variable_name


def test_variable_names_are_lower_case_words():
    assert [variable_name(name) for name in ("IFNg", "IL-6", "CD8_T", "TGF β 1", "4-1BB")] == ["ifng", "il_6", "cd8_t", "tgf_1", "v_4_1bb"]
    with pytest.raises(InputError, match="no letter or digit"):
        variable_name("β")


@pytest.mark.parametrize("units", ["nmol L-1", "nmol L-1 s-1", "um2 s-1", "um s-1", "s-1", "um-3", "um-1", "g mol-1", "mm_Hg", "pg mL-1", "1"])
def test_units_that_udunits_reads_are_accepted(units):
    cf_units = pytest.importorskip("cf_units")
    assert Variable(np.float64(1.0), "x", units).units == units
    assert not cf_units.Unit(units).is_unknown()


@pytest.mark.parametrize("units", ["nM", "uM", "M", "kDa", "Da", "IU mL-1", "cell", "molecule s-1", "µm", "", "nmol  L-1", "1/s"])
def test_units_that_do_not_belong_in_a_file_are_refused(units):
    with pytest.raises(InputError, match="cannot go into a NetCDF file"):
        Variable(np.float64(1.0), "x", units)


def test_names_default_to_the_identifiers(make_fields):
    assert make_fields(names=()).names == ("IFNg", "IL6")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"concentration": np.zeros((1, 2, 4, 5, 6))}, r"\[t, species, z, y, x\] = \(2, 2, 4, 5, 6\)"),
        ({"times": [3.0, 3.0]}, "increasing"),
        ({"times": [0.0, np.nan]}, "finite"),
        ({"names": ("one",)}, "one display name for each"),
        ({"labels": np.full((4, 5, 6), 4, np.int8)}, "labels must be 0 to 3"),
        ({"labels": np.zeros((4, 5), np.int8)}, "labels must have the shape of the grid"),
        ({"cell_density": {"NK": np.zeros((6, 5, 4))}}, r"cell_density\['NK'\] must have the shape"),
        ({"scalars": {"k": Variable(np.zeros(2), "k", "s-1")}}, "belongs in maps"),
        ({"vessel_radii": None}, "both or neither"),
        ({"vessel_radii": np.ones(3)}, "vessel_segments must have the shape"),
        ({"vessel_arrays": {"flow": Variable(np.ones(3), "flow", "um3 s-1")}}, "must have one number for each of vessel_segments"),
        ({"vessel_arrays": {"radius": Variable(np.ones(1), "radius", "um")}}, "'vessel_radius' in the file, which has a variable of that name"),
        ({"species": ("IL6", "IL6")}, "rename one of them"),
        ({"species": ("t", "v_t")}, "rename one of them"),
        ({"scalars": {"IFNg_decay": Variable(np.float64(1), "k", "s-1")}}, "here 'ifng_decay'"),
    ],
)
def test_what_does_not_fit_together_is_refused(make_fields, changes, message):
    with pytest.raises(InputError, match=message):
        make_fields(**changes)


def test_time_index_counts_from_either_end(make_fields):
    assert [make_fields().time_index(time) for time in (0, 1, -1, -2)] == [0, 1, 1, 0]
    with pytest.raises(InputError, match="no time number 2: the fields have 2"):
        make_fields().time_index(2)


def test_a_species_may_be_called_x():
    """Its variable makes room for the coordinate of that name."""
    assert [variable_name(name) for name in ("X", "t", "IL-6", "x2")] == ["v_x", "v_t", "il_6", "x2"]
