"""What the pictures of outcomes and cohorts show: an arm in one colour on both, limits that fit, levels and slices at a telling day, nothing cut off."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from output.test_outcome_report import arm, cohort
from tmefield.output import FieldSet, cohort_picture, outcome_picture
from tmefield.output.arm_style import alike, arm_styles, in_lines
from tmefield.output.outcome_record import TUMOUR, OutcomeRecord
from tmefield.output.outcome_slices import Slices, telling_time
from tmefield.output.page import STYLE

DAY = 86400.0
LONG = "anti-IL6R + anti-PD1 + anti-TGFb"


def followed(ratio: float, ifng: tuple[float, ...], drug: float) -> FieldSet:
    """An arm at four stored days, with IFN-g at these levels (nM), IL-6 that is the same always, and a drug."""
    fields = arm(ratio)
    shape = fields.grid.shape
    level = np.ones(shape)
    concentration = np.stack([np.stack([one * level, 0.02 * level, drug * level]) for one in ifng]).astype(np.float32)
    density = {name: np.stack([column[0], column[0], column[1], column[1]]) for name, column in fields.cell_density.items()}
    return dataclasses.replace(
        fields, times=DAY * np.array([0.0, 1, 5, 20]), species=("IFNg", "IL6", "anti-PD1"), names=(), concentration=concentration, cell_density=density
    )


def treated() -> OutcomeRecord:
    """A depot that is over at the end, a drug that works, and one that is the control again."""
    arms = {
        "control": followed(2.0, (0.01, 0.01, 0.01, 0.01), 0.0),
        "depot": followed(1.5, (0.01, 0.05, 0.2, 0.01), 0.0),
        "anti-PD1": followed(0.5, (0.01, 0.01, 0.02, 0.01), 100.0),
        "half": followed(2.0, (0.01, 0.01, 0.01, 0.01), 0.0),
    }
    return OutcomeRecord("treated", arms)


def drawn(draw, record):
    """The page, in the style in which it is written."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with matplotlib.rc_context(STYLE):
        page = draw(record)
        FigureCanvasAgg(page.figure).draw()
    return page


def test_levels_in_the_tumour_are_weighted_by_its_cells():
    fields = followed(2.0, (0.01, 0.01, 0.01, 0.01), 0.0)
    density = np.array(fields.cell_density[TUMOUR])
    density[:, :, :, :3] = 0.0
    concentration = np.array(fields.concentration)
    concentration[1, 0, :, :, :3], concentration[1, 0, :, :, 3:] = 5.0, 0.3
    density[3] = 1e-9
    record = OutcomeRecord("one", {"control": dataclasses.replace(fields, concentration=concentration, cell_density={TUMOUR: density})})
    assert record.levels("control")[1, 0] == pytest.approx(0.3) and record.levels("control").shape == (4, 3)
    assert np.isnan(record.levels("control")[3]).all()  # less than one cell is left


def test_slices_show_levels_on_the_day_on_which_the_arms_differ_most():
    time, words = telling_time(treated(), list(treated().arms))
    assert time == 2 and words == "levels on day 5, when IFN-γ in the tumour differs most between these arms (depot: 20 × control)"
    time, words = telling_time(treated(), ["control", "half"])
    assert time == 3 and "day 20 (the end), alike" in words
    # What the control lacks decides where nothing else does: IFN-g is the same in all, the drug is there from day 1.
    level = (0.01, 0.01, 0.01, 0.01)
    drug = followed(0.5, level, 100.0)
    drug.concentration[0, 2] = 0.0
    record = OutcomeRecord("arms", {"control": followed(2.0, level, 0.0), "anti-PD1": drug})
    time, words = telling_time(record, list(record.arms))
    assert time == 1 and words == "levels on day 1, when anti-PD1 in the tumour differs most between these arms (anti-PD1: none in control)"
    # A level of nothing at the start is no divisor.
    late = OutcomeRecord("arms", {"control": followed(2.0, (0.0, 0.01, 0.01, 0.01), 0.0), "depot": followed(1.5, (0.2, 0.01, 0.01, 0.01), 0.0)})
    assert telling_time(late, list(late.arms)) == (0, "levels on day 0, when IFN-γ in the tumour differs most between these arms (depot: none in control)")
    slices = Slices(treated(), list(treated().arms), 14.0)
    by_name = {column.name: column for column in slices.columns}
    assert [cut is None for cut in by_name["anti-PD1"].cuts] == [True, True, False, True]
    assert by_name["IFN-γ"].cuts[1] == pytest.approx(0.2) and by_name["tumour cells"].cuts[1] == pytest.approx(1.5e7)


def test_an_arm_without_a_drug_is_left_out_of_it():
    page = drawn(outcome_picture._draw, treated())
    (drug,) = [axes for axes in page.figure.axes if axes.get_title(loc="right") == "anti-PD1 (nM)"]
    assert len(drug.lines) == 1 and drug.lines[0].get_ydata() == pytest.approx(100.0)
    blank = [axes for axes in page.figure.axes if [text.get_text() for text in axes.texts] == ["–"]]
    assert len(blank) == 3 and not any(axes.images for axes in blank)
    (level,) = [axes for axes in page.figure.axes if axes.get_title(loc="right") == "IFN-γ (pM)"]
    assert len(level.lines) == 4 and max(level.lines[1].get_ydata()) == pytest.approx(200.0)


def test_an_arm_has_one_colour_in_both_pictures_and_can_be_seen_under_another():
    arms = {name: arm(ratio) for name, ratio in (("control", 2.0), ("anti-PD1", 0.5), ("half", 1.0))}
    outcome = drawn(outcome_picture._draw, OutcomeRecord("arms", arms)).figure.axes[0]
    tumours = drawn(cohort_picture._draw, cohort()).figure.axes[0]
    assert [one.get_color() for one in outcome.lines[:3]] == [one.get_color() for one in tumours.lines[:3]]
    styles = arm_styles([f"arm {index}" for index in range(12)])
    assert len({style["color"] for style in styles.values()}) == 12
    widths = [style["linewidth"] for style in styles.values()]
    assert widths == sorted(widths, reverse=True) and [style["linestyle"] for style in styles.values()][:2].count("-") == 1
    assert arm_styles(["control", "a", "b"], ["control", "b"])["b"]["color"] == arm_styles(["control", "a", "b"])["b"]["color"]


def test_an_arm_that_is_as_another_is_named():
    assert outcome_picture._legend(treated(), list(treated().arms)) == ["control", "depot", "anti-PD1", "half (volume = control)"]
    gone = OutcomeRecord("arms", {"control": arm(2e-3), "a": arm(1e-6)})  # within 1 % of the greatest volume, but one is cleared
    assert outcome_picture._legend(gone, list(gone.arms)) == ["control", "a"]
    ramp = np.linspace(0, 1, 5)
    assert alike({"a": ramp, "b": 1.005 * ramp, "c": 1.1 * ramp, "d": ramp}) == {"b": "a", "d": "a"}


@pytest.mark.parametrize(("low", "high"), [(0.4, 3.0), (2e-6, 0.5), (3.0, 3.0), (1.8, 1.9), (2.2, 4.5)])
def test_limits_of_the_cohort_fit_its_volumes(low, high):
    growth = {"control": np.linspace(low, high, 20), "anti-PD1": np.linspace(low, high, 20), "half": np.linspace(low, high, 20)}
    axes = drawn(cohort_picture._draw, cohort(growth=growth)).figure.axes[0]
    left, right = axes.get_xlim()
    least, most = (one(value, cohort_picture.LONGER) for one, value in ((min, low), (max, high)))  # the threshold is always to be seen
    assert 0.5 * least < left < least and most < right < 2 * most
    assert any(left < tick < right for tick in axes.get_xticks())
    assert all(line.get_ydata()[-1] == 1 for line in axes.lines[:3])


def test_long_names_are_not_cut_off(tmp_path):
    """With long names of arms and many populations nothing runs over the edges, and names of arms stand whole in the legend."""
    from matplotlib.image import imread

    names = ["control", "anti-IL6R", "anti-PD1", "anti-TGFb", "anti-IL6R + anti-PD1", "anti-PD1 + anti-TGFb", LONG]
    cells = ("tumour", "CD8_T", "CD8_exhausted", "NK", "Treg", "M1", "M2", "myCAF", "endothelial")
    fields = followed(2.0, (0.01, 0.01, 0.01, 0.01), 0.0)
    lists = fields.lists | {f"cells_{name.lower()}": fields.lists["cells_cd8_t"] for name in cells[1:]}
    fields = dataclasses.replace(fields, lists=lists, cell_density=dict.fromkeys(cells, fields.cell_density[TUMOUR]))
    stream = np.random.default_rng(2)
    growth = {name: np.exp(stream.normal(size=20)) for name in names}
    rank = cohort().ranks[0]
    slope = cohort().slopes[0]
    levels = [f"{name}_per_mm3" for name in cells]
    many = cohort(
        growth=growth,
        ranks=[SimpleNamespace(**(vars(rank) | {"arm": name})) for name in reversed(names)],
        responds=dict.fromkeys(names[1:], 0.5),
        slopes=[SimpleNamespace(**(vars(slope) | {"arm": name, "level": level})) for name in names[1:] for level in levels],
        predictions={f"response to {name}": cohort().predictions["response to anti-PD1"] for name in names[1:]},
        drivers_of=LONG,
    )
    for draw, write, record in (
        (outcome_picture._draw, outcome_picture.outcome_picture, OutcomeRecord("long", dict.fromkeys(names, fields))),
        (cohort_picture._draw, cohort_picture.cohort_picture, many),
    ):
        said = [text.get_text() for text in drawn(draw, record).figure.texts]
        assert all(any(text.startswith(name) for text in said) for name in names)
        seen = imread(write(record, tmp_path / "long.png"))[..., :3]
        for edge in (seen[:4], seen[-4:], seen[:, :4], seen[:, -4:]):
            assert (edge == 1).all()


def test_names_in_lines():
    assert in_lines("anti-PD1", 18, 3) == "anti-PD1" and in_lines("anti-IL6R + anti-PD1", 18, 3) == "anti-IL6R +\nanti-PD1"
    assert in_lines("a + b + c + d", 5, 2) == "a + b\n+ c …"
