"""The closed forms that the tests compare fields with, and the functions of the package, against the tabulated reference values."""

import json

import numpy as np
import pytest

import exact
from data_files import reference_file
from tmefield import units
from tmefield.library.permeability import two_pore_permeability, water_diffusivity
from validation.problems import antibody

pytestmark = pytest.mark.data


def rows(case):
    cases = json.loads(reference_file("closed_forms.json").read_text(encoding="utf-8"))["cases"]
    return [(row["inputs"], row["quantity"], row["expected"], row["rel_tol"]) for row in cases[case]["values"]]


def length_of(inputs):
    return np.inf if inputs["lam_um"] is None else inputs["lam_um"]


def sphere(inputs, quantity):
    if quantity == "flux_fraction":
        return exact.flux_share(inputs["r_um"], radius=inputs["rho_um"], length=length_of(inputs))
    parameters = {"rate": inputs["q_per_s"], "diffusivity": inputs["D_um2_s"], "radius": inputs["rho_um"], "length": length_of(inputs)}
    return 1e3 * exact.secreting_sphere(inputs["r_um"], **parameters)


def ball(inputs, quantity):
    return float(exact.secreting_ball(np.asarray(float(inputs["r_um"])), radius=inputs["a_um"], length=inputs["lam_um"]))


def slab(inputs, quantity):
    layers = {"near": inputs["D1_um2_s"], "far": inputs["D2_um2_s"], "interface": inputs["L1_um"], "decay": inputs["k_per_s"]}
    if quantity == "c_over_c0":
        return float(exact.two_layer_slab(inputs["x_um"], **layers))
    step = 1e-4
    return inputs["D1_um2_s"] * (1 - float(exact.two_layer_slab(step, **layers))) / step


def wall(inputs, quantity):
    parameters = {"wall_radius": inputs["Rv_um"], "diffusivity": inputs["D_um2_s"], "decay": inputs["k_per_s"], "permeability": 1e4 * inputs["P_cm_s"]}
    return float(exact.vessel(inputs["r_um"], outer=inputs.get("Rt_um"), **parameters))


def saturable(inputs, quantity):
    return exact.saturable_flux(inputs["c0"], half_saturation=inputs["Km"], greatest=inputs["Vm_per_s"], diffusivity=inputs["D_um2_s"])


@pytest.mark.parametrize(("case", "form"), [("V1", sphere), ("V14", sphere), ("V3", ball), ("V4", slab), ("V5", wall)])
def test_closed_form(case, form):
    for inputs, quantity, expected, _ in rows(case):
        assert form(inputs, quantity) == pytest.approx(expected, rel=1e-5), (inputs, quantity)


def test_saturable_flux():
    expected = {quantity: value for _, quantity, value, _ in rows("V6")}
    inputs = rows("V6")[0][0]
    assert saturable(inputs, "flux") == pytest.approx(expected["flux"], rel=1e-10)


def test_permeability_by_size():
    for inputs, quantity, expected, tolerance in rows("S1"):
        weight, form = inputs["MW_kDa"], inputs["form"].replace("_", "-")
        value = water_diffusivity(weight) if quantity == "Dfree_um2_s" else 1e-4 * two_pore_permeability(weight, form)
        assert value == pytest.approx(expected, rel=tolerance), inputs


CONVERSIONS = {
    "cm2_per_s_in_um2_per_s": ("1 cm2/s", "diffusivity"),
    "cm2_per_day_in_um2_per_s": ("1 cm2/day", "diffusivity"),
    "nmol_per_cell_per_day_in_molecules_per_cell_per_s": ("1 nmol/cell/day", "secretion"),
    "pmol_per_cell_per_s_in_molecules_per_cell_per_s": ("1 pmol/cell/s", "secretion"),
    "pg_per_cell_per_day_in_molecules_per_cell_per_s": ("1 pg/cell/day", "secretion"),
    "ng_per_cell_per_s_in_molecules_per_cell_per_s": ("1 ng/cell/s", "secretion"),
}


def test_unit_conversions():
    for inputs, quantity, expected, tolerance in rows("U1"):
        if quantity in CONVERSIONS:
            value = units.parse(*CONVERSIONS[quantity], molecular_weight=inputs["MW_kDa"])
        elif quantity == "nM_in_molecules_per_um3":
            value = units.NANOMOLAR
        elif quantity == "molecule_per_um3_in_nM":
            value = 1 / units.NANOMOLAR
        elif quantity == "cm_per_s_in_um_per_s":
            value = units.parse("1 cm/s", "permeability")
        elif quantity == "pM_in_pg_per_mL":
            value = 1e-3 / units.parse("1 pg/mL", "concentration", molecular_weight=inputs["MW_kDa"])
        else:
            assert quantity == "per_M_per_s_in_um3_per_s"
            value = units.parse("1 1/(M s)", "on_rate") / units.NANOMOLAR
        assert value == pytest.approx(expected, rel=tolerance), quantity


def test_on_rate_of_absorbing_cells():
    (expected,) = {value for _, quantity, value, _ in rows("V8") if quantity == "kon_um3_s"}
    assert units.parse("3.1e7 1/(M s)", "on_rate") / units.NANOMOLAR == pytest.approx(expected, rel=1e-9)


def test_lengths_of_ligand_and_antibody():
    expected = {quantity: value for _, quantity, value, _ in rows("V10s")}
    short, long = exact.yukawa_lengths(antibody.exchange(10.0, 1e-6))
    assert short == pytest.approx(expected["lam_short_um"], rel=1e-9)
    assert long == pytest.approx(expected["lam_long_um"], rel=1e-9)
