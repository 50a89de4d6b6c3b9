"""Cytokines as drugs, at reduced size."""

import json

import pytest

from experiments.test_experiments import EXPERIMENTS, expected, run
from written_files import compliance_messages


@pytest.mark.timeout(600)
def test_cytokine_therapy(tmp_path):
    """A low dose of IL-2 feeds Treg and the tumour, a high one CD8 T cells; a depot spares without the plasma; IFN-g needs its brake off; what combines."""
    run(EXPERIMENTS / "cytokine_therapy" / "run.py", "--quick", "--out", tmp_path, cwd=tmp_path, timeout=560)
    found, wanted = json.loads((tmp_path / "numbers.json").read_text()), expected("cytokine_therapy")
    told = {name: {f"{row['dose']:g}": row for row in rows} for name, rows in found["doses"].items()}
    for name, doses in wanted["doses"].items():
        for dose, values in doses.items():
            _alike(told[name][dose], values, wanted, f"{name} {dose}")
    _by_dose(told)
    _by_route(found["routes"], wanted)
    _interferon(found["interferon"], wanted)
    _arms(found["ranking"])
    rows = [row for one in found["doses"].values() for row in one]
    assert found["ranking"]["status"] == 0 and all(row["status"] == 0 for row in rows)
    assert (tmp_path / "cytokine_therapy.png").stat().st_size > 10_000
    for name in ("control", "IL-2_high", "IL-2_depot"):
        assert compliance_messages(tmp_path / f"{name}.nc")[1] == []


def _alike(found, values, wanted, where):
    """What is spared of the volume to its absolute tolerance, the rest to the relative one."""
    for key, value in values.items():
        close = {"abs": wanted["tolerance"]["spared"]} if key == "spared" else {"rel": wanted["tolerance"]["rest"]}
        assert found[key] == pytest.approx(value, **close), f"{where} {key}"


def _by_dose(told):
    whole, silent, blind, sink = (told[name] for name in ("all edges", "no IL-10 from Treg", "IL10-CTL off", "Treg take up no IL-2"))
    low, high = whole["1"], whole["18"]
    for when in ("first", "second"):
        assert low[f"Treg_{when}"] > 3.5 * low[f"CD8_T_{when}"] and low[f"CD8_T_{when}"] < 1.1 < 2.5 < high[f"CD8_T_{when}"]
    assert high["Treg_to_CD8_first"] < 0.8 * low["Treg_to_CD8_first"]
    assert low["spared"] < -0.05 and high["spared"] > 0.3
    # The harm is IL-10 of Treg at CD8 T cells, not their TGF-b; what Treg take up keeps a high dose from CD8 T cells.
    assert silent["1"]["spared"] > 0 and blind["1"]["spared"] > 0
    assert told["no TGF-b from Treg"]["1"]["spared"] == pytest.approx(low["spared"], abs=0.002)
    assert sink["18"]["CD8_T_second"] > 1.8 * high["CD8_T_second"] and sink["18"]["spared"] > high["spared"] + 0.05


def _by_route(routes, wanted):
    depot, amount, area = (routes["compared"][name] for name in ("depot", "vein, same amount", "vein, same area"))
    assert depot["nmol"] == pytest.approx(amount["nmol"], rel=1e-6) and depot["area_nM_h"] == pytest.approx(area["area_nM_h"], rel=1e-6)
    assert depot["spared"] > 0.4 and abs(area["spared"]) < 1e-4
    assert 0 < depot["spared"] - amount["spared"] < 0.1 and depot["area_nM_h"] < 1e-6 * amount["area_nM_h"]
    assert 0 < depot["left_share"] < 1
    for name, values in wanted["routes"].items():
        _alike(routes["compared"][name], values, wanted, name)


def _interferon(interferon, wanted):
    alone, released, off, none, freed = (
        {row["dose"]: row["growth"] for row in interferon["brakes"][name][which]}
        for name, which in (
            ("all edges", "alone"),
            ("all edges", "with anti-PD1"),
            ("PD_L1-killing off", "alone"),
            ("library's 0", "alone"),
            ("library's 0", "with anti-PD1"),
        )
    )
    assert alone[1.0] < 0.9 * alone[0.0]  # floor 0.5: it spares,
    assert released[1.0] / released[0.0] < 0.9 * alone[1.0] / alone[0.0]  # and more with the antibody
    assert none[1.0] > 1.05 * none[0.0] and freed[1.0] < 0.8 * freed[0.0]  # floor 0 of the library: it harms, and spares with the antibody
    assert released == pytest.approx(off, rel=5e-3)  # all that the antibody does is to hold that edge off
    for name, values in wanted["growth"].items():
        assert alone[float(name)] == pytest.approx(values, rel=wanted["tolerance"]["growth"])
    killers, without = interferon["killers"]["all edges"], interferon["killers"]["MHC_I-killing_NK off"]
    assert killers["CD8_T"] > 1.2 and killers["NK"] < 0.6 and without["NK"] > 1.1


def _arms(ranking):
    middle = {one["arm"]: one["mean_log_ratio"] for one in ranking["ranks"]}
    assert middle["IL-2 low"] > 0 > middle["IL-2 low + anti-IL10R"]
    for name in ("anti-TGFb", "anti-IL10R", "anti-PD1", "IFN-g depot"):
        assert middle[name] < 0, name
    for arm in ranking["beats"]:
        cytokine, antibody = arm.split(" + ")
        assert middle[arm] < middle[cytokine], arm
        # Where Treg divide faster than CD8 T cells, as in these, IL-2 takes from what anti-TGFb spares.
        assert middle[arm] < middle[antibody] or antibody == "anti-TGFb", arm
