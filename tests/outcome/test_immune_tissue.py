"""The standard tissue: which processes follow from its cells, what a switched-off edge does, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from outcome.small_tissue import CELLS, GRID, tissue
from tmefield.outcome.life import EXHAUSTED


def labels(one):
    return {process.label for process in one.model().processes}


def test_processes_follow_from_what_is_there():
    found = labels(tissue())
    assert {"growth of tumour", "death of tumour", "killing of tumour by CD8_T", "entry of CD8_T", "death of CD8_T"} == found  # no VEGF: vessels stay
    cells = tf.around_tumour(GRID, 120.0, {**CELLS, "M1": (1e-6, 1e-5), EXHAUSTED: (0.0, 0.0), "CD4_T": (1e-6, 1e-6), "Treg": (1e-6, 1e-6)})
    more = labels(tf.ImmuneTissue(GRID, cells, ("IL2", "TGFb", "IL10", "VEGF"), dtype="float64"))
    assert {"M1 to M2", "CD8_T to CD8_exhausted", "CD4_T to Treg", "growth of endothelial", "death of endothelial", "growth of CD8_T"} <= more
    assert "M2 to M1" not in more  # it takes IFN-g or IL-12


def test_margin_of_the_tumour():
    fields = tf.around_tumour(GRID, 120.0, {"tumour": (2e-4, 0.0), "NK": (1e-6, 3e-6)}, centre=(120.0, 120.0, 120.0), edge=1.0)
    assert fields["tumour"][1:3, 1:3, 1:3] == pytest.approx(2e-4) and fields["tumour"][0, 0, 0] == pytest.approx(0, abs=1e-12)
    assert fields["NK"][0, 0, 0] == pytest.approx(3e-6)


def test_wall_cells_make_the_wall_of_the_vessels():
    network = tf.VesselNetwork.generate(((0, 0, 0), GRID.upper), spacing=80.0, seed=1)
    vessels = network.embed(GRID)
    assert np.sum(tf.wall_cells(vessels)) * 1000.0 * GRID.voxel_volume == pytest.approx(vessels.area.sum())


def test_an_edge_is_off_by_its_value():
    """With the factor of an edge held at 1 a rate is what it is without the edge."""
    whole = tissue()
    off, absent = whole.without("IFNg-evasion").model(), whole.changed(network=whole.network.without("IFNg-evasion")).model()
    levels = {name: jnp.full((1, 1, 1), 0.02) for name in ("IFNg", "IL10", "TGFb", "anti-PD1")}

    def factor(model):
        (process,) = [one for one in model.processes if one.label == "killing of tumour by CD8_T"]
        return float(np.prod([float(one(levels)[0, 0, 0]) for one in process.modulations]))

    assert factor(off) == pytest.approx(factor(absent), rel=1e-6)
    assert factor(whole.model()) < 0.5 * factor(absent)


def test_a_competitor_for_a_receptor_is_off_by_its_affinity():
    """TGF-b no longer keeps IL-1b from making iCAF."""
    cells = {"CAF": 2e-5, "iCAF": 1e-5, "tumour": 1e-4}
    whole = tf.ImmuneTissue(tf.Grid((1, 1, 1), 60.0), cells, ("IL1b", "TGFb"), dtype="float64")
    levels = {"IL1b": jnp.full((1, 1, 1), 0.01), "TGFb": jnp.full((1, 1, 1), 0.07)}

    def pace(tissue):
        made = [one for one in tissue.model().processes if "iCAF" in one.label]
        return float(sum(jnp.sum(factor(levels)) for one in made for factor in one.modulations if "IL1b" in factor.reads))

    absent = whole.changed(network=whole.network.without("TGFb-IL1R1"))
    assert pace(whole.without("TGFb-IL1R1")) == pytest.approx(pace(absent), rel=1e-6)
    assert pace(whole) < 0.9 * pace(absent)


def test_what_lives_on_an_edge_stops_with_it():
    """Vessels divide by (Emax - 1) H of VEGF: H in the library, nothing where the edge is off; and CTL are not drawn where what draws them is off."""
    cells = tf.around_tumour(GRID, 120.0, {"tumour": (2e-4, 0.0), "CD8_T": (1e-6, 1e-6), "endothelial": (5e-6, 5e-6)})
    whole = tf.ImmuneTissue(GRID, cells, ("IFNg", "VEGF"), dtype="float64")

    def share(one):
        (growth,) = [process for process in one.model().processes if process.label == "growth of endothelial"]
        return float(growth.modulations[0]({"VEGF": jnp.full((1, 1, 1), 0.0238)})[0, 0, 0])

    assert share(whole) == pytest.approx(0.5, rel=0.01) and share(whole.without("VEGF-vessels")) == 0
    assert share(whole.changed(values={"VEGF-vessels.saturated": 4.0})) == pytest.approx(1.5, rel=0.01)

    def pull(one):
        (found,) = [each for each in one.model().populations if each.name == "CD8_T"]
        return float(found.attractions[0].sensitivity)

    assert pull(whole) > 0 and pull(whole.without("IFNg-CXCL9")) == 0


def test_growth_answers_to_vessels():
    """Factor 1 + H of the density of endothelium, half at 3.16e-6 cells/um3; off, or without endothelium, growth does not know vessels."""

    def factor(one, vessels):
        (growth,) = [process for process in one.model().processes if process.label == "growth of tumour"]
        levels = {"TGFb": jnp.zeros((1, 1, 1)), "endothelial": jnp.full((1, 1, 1), vessels)}
        return float(np.prod([float(one(levels)[0, 0, 0]) for one in growth.modulations])), "endothelial" in growth.reads

    for vessels, expected in ((0.0, 1.0), (3.16e-6, 1.5), (3.16e-4, 1 + 100 / 101)):
        assert factor(tissue(), vessels) == (pytest.approx(expected), True)
        assert factor(tissue().without("vessels-growth"), vessels)[0] == pytest.approx(1.0)
    bare = tissue().changed(cells={name: one for name, one in tissue().cells.items() if name != "endothelial"}, treatments={})
    assert factor(bare, 3.16e-6) == (pytest.approx(1.0), False)


def test_sensitivity_of_growth_to_TGFb():
    for sensitivity, at_saturation in ((1.0, 0.0), (0.0, 1.0), (0.3, 0.7)):
        growth = tissue(sensitivity=sensitivity).model().processes[0]
        (answer,) = [one for one in growth.modulations if "TGFb" in one.reads]
        assert float(answer.saturated) == pytest.approx(at_saturation)


def test_unknown_names():
    with pytest.raises(tf.InputError, match="no population 'CD8_exhaust'; did you mean 'CD8_exhausted'"):
        tf.ImmuneTissue(GRID, {"CD8_exhaust": 1e-6})
    with pytest.raises(tf.InputError, match="no treatment 'anti-PD2' in this tissue; there are anti-PD1, IFNg"):
        tissue().model({"anti-PD2": 1.0})
    with pytest.raises(tf.InputError, match="'CD8_exhausted' without 'CD8_T', from which they come: add CD8_T, or leave CD8_exhausted out"):
        tf.ImmuneTissue(GRID, {"tumour": 1e-4, EXHAUSTED: 1e-6})
    with pytest.raises(tf.InputError, match="'kill_rate_NK' has no effect without NK among the cells: add the population, or leave the value out"):
        tissue().changed(values={"kill_rate_NK": 1e-5})
    with pytest.raises(tf.InputError, match="'macrophage_switch' has no effect without M1 or M2 among the cells"):
        tf.ImmuneTissue(GRID, {"tumour": 1e-4}, values={"macrophage_switch": 1e-5})
    with pytest.raises(tf.InputError, match="'TNF-killing' does nothing here that could be switched off: TNF is not in the tissue; add it"):
        tissue().without("TNF-killing")
    with pytest.raises(tf.InputError, match="unknown value"):
        tissue(values={"TGFb.decays": 1.0})
    assert tissue(values={"IL6.decay": 1e-4}).changed(values={"TGFb.decay": 2e-4}).values == {"IL6.decay": 1e-4, "TGFb.decay": 2e-4}
