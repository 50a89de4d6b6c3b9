"""From a configuration to numbers and to a model."""

from pathlib import Path

import numpy as np
import pytest

import tmefield as tf
from tmefield import units
from tmefield.config.build import build_model
from tmefield.config.load import parse_config
from tmefield.config.population import out_of_lumen
from tmefield.config.prepare import prepare
from tmefield.grid import Grid
from tmefield.library import species

CASE = """
[grid]
spacing = "20 um"
size = ["100 um", "80 um", "120 um"]
[cells]
uniform = { tumour = "1e-4 /um3", CD8_T = "2e4 cells/mm3" }
[[species]]
id = "IFNg"
"""


def prepared(*overrides, text=CASE):
    return prepare(parse_config(text, overrides, folder=Path(), source="case.toml"))


def test_box_and_densities():
    inputs = prepared()
    assert inputs.grid == Grid((5, 4, 6), (20.0, 20.0, 20.0))
    np.testing.assert_allclose(inputs.densities["CD8_T"], 2e-5)
    assert inputs.embedding is None


def test_numbers_come_from_the_library():
    (one,) = prepared().species
    record = species("IFNg")
    assert one.diffusivity == record.parameters["diffusivity"].internal
    assert one.decay == record.parameters["decay"].internal
    assert one.half_saturation == pytest.approx(record.half_saturation())
    assert set(one.secretion) <= {"CD8_T", "tumour"} and "CD8_T" in one.secretion


def test_configuration_takes_the_place_of_the_library():
    (one,) = prepared(
        "species.0.diffusivity=10 um2/s",
        "species.0.decay=0.36/h",
        "species.0.plasma_concentration=20 pM",
        "species.0.permeability=1e-6 cm/s",
        "species.0.secretion.CD8_T={rate='4.5 molecule/cell/s',active_fraction=0.25}",
        "species.0.receptors.tumour=5000",
        "species.0.half_saturation=50 pM",
        "species.0.internalisation=2e-4/s",
    ).species
    assert one.diffusivity == pytest.approx(10.0)
    assert one.decay == pytest.approx(1e-4)
    assert one.plasma_concentration == pytest.approx(0.02)
    assert one.permeability == pytest.approx(0.01)
    assert one.secretion["CD8_T"] == pytest.approx((4.5, 0.25))
    assert one.receptors["tumour"] == 5000
    assert (one.internalisation, one.half_saturation) == pytest.approx((2e-4, 0.05))


def test_internalisation_alone_moves_the_half_saturation():
    (one,) = prepared("species.0.internalisation=1e-3/s").species
    record = species("IFNg").parameters
    assert one.half_saturation == pytest.approx(record["K_D"].internal + 1e-3 / record["k_on"].internal)


def test_cells_can_be_switched_off():
    (one,) = prepared("species.0.receptors.tumour=false", "species.0.secretion.CD8_T={rate='1 molecule/cell/s'}", "species.0.uptake=true").species
    assert "tumour" not in one.receptors
    (one,) = prepared("species.0.uptake=false").species
    assert one.receptors == {}


def test_unknown_cell_type_of_a_rate():
    with pytest.raises(tf.InputError, match=r"secretion.CD8TT.*CD8_T"):
        prepared("species.0.secretion.CD8TT={rate='1 molecule/cell/s'}")


def test_own_species_needs_what_uptake_needs():
    own = CASE + '[[species]]\nid = "Drug"\nmolecular_weight = "150 kDa"\ndiffusivity = "10 um2/s"\ndecay = "0 /s"\n'
    assert prepared("species.Drug.plasma_concentration=10 nM", text=own).species[1].permeability > 0
    with pytest.raises(tf.InputError, match="internalisation is missing"):
        prepared("species.Drug.receptors.tumour=1000", text=own)


def test_species_without_a_source_is_said():
    inputs = prepared("cells.uniform={tumour='1e-4 /um3',CD8_T='1e-5 /um3'}", "species.0.plasma_concentration=1 pM", text=CASE)
    assert not any("no source" in note for note in inputs.notes)
    with pytest.raises(tf.InputError, match="no source of IFNg"):
        prepared("species.0.plasma_concentration=0 nM", "species.0.secretion.CD8_T=false", "cells.uniform={CD8_T='1e-5 /um3'}")


def test_most_specific_wall_wins():
    inputs = prepared("walls.all=periodic", "walls.x={fixed='2 nM'}", "walls.x_upper=no-flux", "species.0.walls.y={robin='1 um/s',outside='17 pg/mL'}")
    (walls,) = build_model(inputs).walls
    assert [type(side).__name__ for side in (*walls.z, *walls.y, *walls.x)] == ["Periodic", "Periodic", "Robin", "Robin", "FixedValue", "NoFlux"]
    assert float(walls.x[0].outside) == pytest.approx(2.0)
    weight = species("IFNg").parameters["molecular_weight"].internal
    assert float(walls.y[0].outside) == pytest.approx(units.parse("17 pg/mL", "concentration", molecular_weight=weight))


def test_even_secretion_against_decay_gives_the_known_concentration():
    inputs = prepared("species.0.uptake=false", "species.0.secretion.CD8_T={rate='2 molecule/cell/s',active_fraction=0.5}", "tissue.volume_fraction=0.4")
    model = build_model(inputs)
    assert model.dtype == np.float32
    solution = tf.solve_steady(model)
    (one,) = inputs.species
    made = sum(inputs.densities[cell].mean() * rate * fraction for cell, (rate, fraction) in one.secretion.items()) / units.NANOMOLAR
    np.testing.assert_allclose(solution.concentration[0], made / (0.4 * one.decay), rtol=1e-4)


def test_cells_in_a_lumen_go_to_the_nearest_tissue():
    grid = Grid((3, 6, 6), (5.0, 5.0, 5.0))
    rng = np.random.default_rng(0)
    density, lumen = rng.random(grid.shape), np.zeros(grid.shape, bool)
    lumen[:, 2:4, 2:4] = True
    moved = out_of_lumen(density, lumen, grid)
    assert moved[lumen].max() == 0
    assert moved.sum() == pytest.approx(density.sum(), rel=1e-12)
    np.testing.assert_array_equal(moved[:, 0], density[:, 0])


def test_necrotic_core_has_no_vessels():
    text = CASE.replace('uniform = { tumour = "1e-4 /um3", CD8_T = "2e4 cells/mm3" }', 'spheroid = { radius = "90 um", necrotic_fraction = 0.6 }')
    inputs = prepared("grid.size=['240 um','240 um','240 um']", "grid.spacing=12 um", "vessels.bed={spacing='60 um',diameter='6 um'}", text=text)
    assert inputs.network is not None and inputs.embedding is not None
    distance = np.linalg.norm(inputs.network.nodes[inputs.network.edges].mean(axis=1) - 120.0, axis=1)
    assert len(distance) > 50
    assert distance.min() > 0.6 * 90.0 * 0.7
    assert set(np.unique(inputs.labels)) == {0, 1, 2}


def test_cells_near_vessels_need_vessels():
    text = CASE.replace("uniform = {", "scatter = { near_vessels = { CD8_T = '60 um' }, densities = {").replace('"2e4 cells/mm3" }', '"2e4 cells/mm3" } }')
    with pytest.raises(tf.InputError, match="near_vessels"):
        prepared(text=text)
    assert prepared("vessels.bed={spacing='40 um'}", text=text).embedding is not None


def test_layer_of_voxels_is_not_added_by_rounding_in_the_file(tmp_path):
    from command_line import network_text, write_case
    from tmefield.config.load import load_config

    points = ("1 0. 50. 30.", "2 50. 50. 30.", "3 100.000009 50. 30.")
    assert prepare(load_config(write_case(tmp_path, network=network_text(points=points)))).grid.shape == (6, 10, 10)
