"""What cytokines are said to do, sentence by sentence: the edges of the library that say it, the sign that the model gives, and the command that shows it.

`docs/claims.md` has the same table for people. The sign of an edge is what it does to a rate of the cells, at the same levels, against the edge switched off.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import pytest

import tmefield as tf
from tmefield import library
from tmefield.populations.entry import Entry
from tmefield.populations.growth import Growth
from tmefield.populations.killing import Killing
from tmefield.populations.process import Surroundings

REPOSITORY = Path(__file__).resolve().parents[2]
LOW, HIGH = 1e-3, 0.1
"""nM, of every cytokine and of the one whose edge is seen: below and about the half maxima."""


@dataclass(frozen=True)
class Sign:
    """An edge, the sign of its effect on what is measured, and the cytokine that is there to see it."""

    edge: str
    sign: int
    measured: str
    present: str


@dataclass(frozen=True)
class Claim:
    """A sentence, its edges, and the commands (a folder of `experiments/` each) that show it."""

    sentence: str
    signs: tuple[Sign, ...]
    commands: tuple[str, ...]


CLAIMS = (
    Claim(
        "IFN-gamma, TNF and IL-6 activate the response against the tumour",
        (
            Sign("IFNg-killing", +1, "killing per CTL", "IFNg"),
            Sign("IFNg-killing", +1, "killing per NK cell", "IFNg"),
            Sign("IFNg-M1", +1, "M2 that become M1", "IFNg"),
            Sign("TNF-killing", +1, "killing per CTL", "TNF"),
            Sign("TNF-killing", +1, "tumour death", "TNF"),
            Sign("TNF-entry", +1, "entry of CTL", "TNF"),
            Sign("IL6-entry", +1, "entry of CTL", "IL6"),
        ),
        ("cytokine_therapy", "il6_dual_role"),
    ),
    Claim(
        "IFN-gamma enhances cytotoxicity and antigen presentation",
        (Sign("IFNg-killing", +1, "killing per CTL", "IFNg"), Sign("MHC_I-killing_CTL", +1, "killing per CTL", "IFNg")),
        ("cytokine_therapy",),
    ),
    Claim(
        "Chronic IL-6 supports the tumour by inflammation, angiogenesis and immune evasion",
        (
            Sign("IL6-growth", +1, "tumour growth", "IL6"),
            Sign("IL6-iCAF", +1, "CAF that become iCAF", "IL6"),
            Sign("IL6-VEGF", +1, "VEGF made", "IL6"),
            Sign("VEGF-vessels", +1, "vessel growth", "VEGF"),
            Sign("IL6-M2", +1, "M1 that become M2", "IL6"),
            Sign("IL6-IL10", +1, "IL10 made", "IL6"),
        ),
        ("il6_dual_role", "angiogenesis_il6"),
    ),
    Claim(
        "IL-10 and TGF-beta suppress CTL and NK cells and create a niche in which tumours escape",
        (
            Sign("IL10-CTL", -1, "killing per CTL", "IL10"),
            Sign("IL10-NK", -1, "killing per NK cell", "IL10"),
            Sign("TGFb-CTL", -1, "killing per CTL", "TGFb"),
            Sign("TGFb-NK", -1, "killing per NK cell", "TGFb"),
            Sign("TGFb-Treg", +1, "CD4 that become Treg", "TGFb"),
        ),
        ("suppressed_niches", "cytokine_balance"),
    ),
    Claim(
        "TGF-beta inhibits early tumour development and later drives evasion, EMT and metastasis",
        (
            Sign("TGFb-growth", -1, "tumour growth", "TGFb"),
            Sign("TGFb-exclusion", -1, "entry of CTL", "TGFb"),
            Sign("TGFb-CTL", -1, "killing per CTL", "TGFb"),
            Sign("TGFb-EMT", +1, "tumour motility", "TGFb"),
        ),
        ("tgfb_early_late",),
    ),
    Claim("The balance determines whether the tumour is destroyed or progresses", (), ("cytokine_balance",)),
    Claim(
        "Cytokine therapy, blocking TGF-beta or IL-10, and combinations tip it",
        (Sign("PD_L1-killing", -1, "killing per CTL", "IFNg"), Sign("TGFb-exclusion", -1, "entry of CTL", "TGFb")),
        ("cytokine_therapy", "tgfb_blockade", "il10_blockade", "combination_therapy"),
    ),
    Claim("Cytokine profiles give prognosis and predict who responds", (), ("virtual_cohort", "patient_profile")),
)

CELLS = {name: 2e-5 for name in ("CD8_T", "CD4_T", "NK", "Treg", "M1", "M2", "CAF", "iCAF", "endothelial")} | {"tumour": 1e-4}


@pytest.fixture(scope="module")
def whole(tissue):
    """By cytokine, the surroundings where it is present, with every edge on."""
    return functools.cache(lambda name: surroundings(tissue, name))


@pytest.fixture(scope="module")
def tissue():
    return tf.ImmuneTissue(tf.Grid((1, 1, 2), 60.0), CELLS, dtype="float64")


def surroundings(tissue, present: str) -> tuple[tf.PopulationModel, Surroundings]:
    """The cells among low levels of all cytokines and a high one of the one that is present."""
    model = tissue.model()
    density = dict(zip(model.names, model.densities(dict(tissue.cells)), strict=True))
    levels = jnp.stack([jnp.full(model.model.grid.shape, HIGH if name == present else LOW) for name in model.model.names])
    return model, model.around(density, levels)


def _turnover(kind: type, target: str, **named: str) -> Callable:
    """What a process of this kind does to a population: production plus loss times density, cells/um3/s."""

    def measured(model, around):
        found = [one for one in model.processes if isinstance(one, kind) and all(getattr(one, key) == name for key, name in named.items())]
        made = [one.turnover(around)[target] for one in found if target in one.turnover(around)]
        assert made, f"no {kind.__name__} of {target}"
        return sum(jnp.mean(one.production + one.loss * around.density[target]) for one in made)

    return measured


def _transfer(source: str, product: str) -> Callable:
    def measured(model, around):
        found = [one.coefficient for process in model.processes for one in process.transfers(around) if (one.source, one.product) == (source, product)]
        return sum(jnp.mean(one) for one in found)

    return measured


def _made(name: str) -> Callable:
    """Secretion and what vessels bring, nM/s."""

    def measured(model, around):
        cytokines = model.cytokines(around.density)
        index = cytokines.names.index(name)
        return jnp.mean(cytokines.rates(jnp.stack([around.concentration[one] for one in cytokines.names])).production[index])

    return measured


def _motility(model, around):
    (tumour,) = [one for one in model.populations if one.name == "tumour"]
    factor = 1.0
    for one in tumour.motility_modulations:
        factor = factor * one(around.levels)
    return jnp.mean(tumour.motility * factor)


MEASURED = {
    "killing per CTL": _turnover(Killing, "tumour", killer="CD8_T"),
    "killing per NK cell": _turnover(Killing, "tumour", killer="NK"),
    "tumour growth": _turnover(Growth, "tumour"),
    "tumour death": _turnover(tf.Death, "tumour"),
    "entry of CTL": _turnover(Entry, "CD8_T"),
    "vessel growth": _turnover(Growth, "endothelial"),
    "M2 that become M1": _transfer("M2", "M1"),
    "M1 that become M2": _transfer("M1", "M2"),
    "CAF that become iCAF": _transfer("CAF", "iCAF"),
    "CD4 that become Treg": _transfer("CD4_T", "Treg"),
    "tumour motility": _motility,
    "VEGF made": _made("VEGF"),
    "IL10 made": _made("IL10"),
}

SIGNS = {f"{one.edge}: {one.measured}": one for claim in CLAIMS for one in claim.signs}


@pytest.mark.parametrize("one", SIGNS.values(), ids=SIGNS)
def test_the_sign_of_an_edge(one, tissue, whole):
    """With the edge, more or less than without it, by a tenth at least; and the library has it under the same sign."""
    assert library.edge(one.edge).sign == ("+" if one.sign > 0 else "-")
    measure = MEASURED[one.measured]
    on, off = (float(measure(*found)) for found in (whole(one.present), surroundings(tissue.without(one.edge), one.present)))
    assert one.sign * (on - off) > 0.1 * max(on, off) > 0, (on, off)


def test_who_secretes_what_suppresses():
    """TGF-beta comes from tumour cells and Treg. IL-10 in the library does not: canonical Treg make about none, tumour cells none; M2 and Breg do."""
    tgfb, il10 = library.species("TGFb").secretion, library.species("IL10").secretion
    assert tgfb["tumour"].rate.internal > 0 and tgfb["Treg"].rate.internal > 0
    assert "tumour" not in il10 and il10["Treg"].rate.internal == 0 and il10["M2"].rate.internal > 0 and il10["Breg"].rate.internal > 0


def test_the_docs_count_the_placeholders():
    on_cells = {one.id: one for one in (*library.edges(), *library.effects()) if one.kind in ("rate", "switch")}.values()
    rates = [library.population_rate(id).value for id in library.population_rates()]
    placeholders = [sum(one.mark == "placeholder" for one in many) for many in ([one.saturated for one in on_cells], rates)]
    edges = f"{len(on_cells)} edges on rates and changes of cells {placeholders[0]} have a placeholder for a factor"
    words = f"{edges}, and of the {len(rates)} rates of cells {placeholders[1]} are placeholders"
    assert words in " ".join((REPOSITORY / "docs" / "claims.md").read_text(encoding="utf-8").split())


SOURCED = ("measured", "label", "model")


def _rows() -> list[tuple[Claim, list[str]]]:
    """The second table of the page, a row for each sentence in their order: the cells after the first."""
    page = (REPOSITORY / "docs" / "claims.md").read_text(encoding="utf-8")
    table = page.split("| sentence | marks of the library |")[1].split("\n\n")[0]
    return list(zip(CLAIMS, [[cell.strip() for cell in line.split("|")[2:-1]] for line in table.splitlines() if line.startswith("| ")], strict=True))


def test_the_docs_give_the_marks_of_the_library():
    """Row by row: which half maxima and factors are sourced, and which are not."""
    for claim, cells in _rows():
        edges = {one.edge for one in claim.signs}
        if edges:
            for key, words in zip(("half maximum", "Emax"), cells[0].split("Factor:"), strict=True):
                marks = {id: library.edge(id).values[key].mark for id in edges}
                assert _marks(words) == {id: "sourced" if mark in SOURCED else mark for id, mark in marks.items()}, (claim.sentence, key)


def _marks(words: str) -> dict[str, str]:
    """ "recalled `A`, `B`; placeholder `C`" as a mark for each edge."""
    found = {}
    for part in words.split(";"):
        (mark,) = [one for one in ("sourced", "computed", "recalled", "placeholder") if one in part]
        found |= dict.fromkeys(part.split("`")[1::2], mark)
    return found


def test_times_are_those_of_the_experiments():
    """Minutes, as the README of each experiment states them for its full run."""
    for claim, cells in _rows():
        stated = {name: _readme(name).split("The full run takes ")[1].split(" minutes as one of two on two cores")[0] for name in claim.commands}
        assert cells[-1] == ", ".join(f"`{name}` {minutes} min" for name, minutes in stated.items()), claim.sentence


def _readme(name: str) -> str:
    return " ".join((REPOSITORY / "experiments" / name / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("claim", CLAIMS, ids=[one.sentence for one in CLAIMS])
def test_each_sentence_has_a_command_and_stands_in_the_docs(claim):
    page = (REPOSITORY / "docs" / "claims.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {claim.sentence} |")]
    for name in claim.commands:
        folder = REPOSITORY / "experiments" / name
        assert (folder / "run.py").is_file() and (folder / "expected.toml").is_file(), name
        assert f"../experiments/{name}/README.md" in row, name
    for one in claim.signs:
        assert f"`{one.edge}`" in row, one.edge
