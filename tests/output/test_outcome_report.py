"""Picture and page of an outcome and of its cohort, from made-up records."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest

from output.conftest import small_fields
from tmefield.errors import InputError
from tmefield.output import Variable
from tmefield.output.cohort_page import cohort_part, with_interval
from tmefield.output.cohort_picture import cohort_picture
from tmefield.output.cohort_record import CohortRecord, level_words
from tmefield.output.fieldset import Listed, variable_name
from tmefield.output.outcome_page import outcome_page
from tmefield.output.outcome_picture import outcome_picture
from tmefield.output.outcome_record import BALANCE, TUMOUR, OutcomeRecord, endpoint_scalars

EDGE = ("TGFb-CTL", "killing of tumour by CD8_T", "TGFb", "0.5 pM", "140 pM", "0.996", "1 to 0", "model")
LEVELS = ("IFNg_pg_per_mL", "IL10_pg_per_mL", "CD8_T_per_mm3")


def arm(ratio):
    """The fields of an arm whose tumour ends at this share of its volume."""
    fields = small_fields()
    steps = fields.times
    density = {name: np.stack([1e-2 * np.ones(fields.grid.shape), ratio * 1e-2 * np.ones(fields.grid.shape)]) for name in (TUMOUR, "CD8_T")}
    ends = {"growth_ratio": ratio, "volume_mm3": ratio / 10, "time_to_progression_d": np.inf, "killed_per_d": 0.2, "invasion_per_mm2_d": 3.0}
    return dataclasses.replace(
        fields,
        cell_density=density,
        maps={BALANCE: Variable(np.full(fields.grid.shape, 1e-10), "tumour cells killed less those made at the last time", "um-3 s-1")},
        scalars={**endpoint_scalars(ends), "tumour_cell_volume": Variable(np.float64(1767.0), "volume of a tumour cell", "um3")},
        lists={"step_time": Listed(steps, ("step",), "end of a step", "s")}
        | {f"cells_{variable_name(name)}": Listed(np.array([1e3, ratio * 1e3]), ("step",), f"{name} cells", "1") for name in (TUMOUR, "CD8_T")},
    )


def case():
    return OutcomeRecord("A small <tumour>", {"control": arm(2.0), "anti-PD1": arm(0.5)}, ("a note",))


def cohort(**changes):
    """A cohort of twenty tumours: anti-PD1 first, then half of it."""
    stream = np.random.default_rng(1)
    control = np.exp(stream.normal(size=20))
    growth = {"control": control, "anti-PD1": control * 0.2, "half": control * 0.5}
    ranks = [
        SimpleNamespace(arm="anti-PD1", mean_log_ratio=-1.6, interval=(-1.9, -1.3), best_share=0.9, better_share=1.0),
        SimpleNamespace(arm="half", mean_log_ratio=-0.7, interval=(-0.9, -0.5), best_share=0.1, better_share=0.95),
        SimpleNamespace(arm="control", mean_log_ratio=0.0, interval=(0.0, 0.0), best_share=0.0, better_share=0.0),
    ]
    slopes = [
        SimpleNamespace(level=level, arm=one, prognostic=0.2, prognostic_interval=(-0.1, 0.5), predictive=-2.5 + place, predictive_interval=(-3.0, -2.0))
        for place, level in enumerate(LEVELS)
        for one in ("anti-PD1", "half")
    ]
    predictions = {
        "progression, untreated": "not computed: scikit-learn is not installed (pip install 'tmefield[cohort]')",
        "response to anti-PD1": SimpleNamespace(auc=0.87, interval=(0.8, 0.92), by_chance=0.6, positives=12, patients=20),
    }
    drivers = [
        SimpleNamespace(key="kill_rate_CTL", first=0.5, total=0.7, first_interval=(0.3, 0.7), total_interval=(0.5, 0.9)),
        SimpleNamespace(key="cells.CD8_T", first=float("nan"), total=0.1, first_interval=(float("nan"), float("nan")), total_interval=(0.0, 0.2)),
    ]
    given = {"growth": growth, "ranks": ranks, "response": 0.7, "responds": {"anti-PD1": 1.0, "half": 0.6}, "slopes": slopes, "predictions": predictions}
    return CohortRecord(**(given | {"drivers": drivers, "samples": 64, "notes": ("2 tumours were left <out>",)} | changes))


def texts(html):
    return re.sub(r'src="data:[^"]*"', "", html)


def test_the_page_of_an_outcome_alone(tmp_path):
    picture = outcome_picture(case(), tmp_path / "outcome.png")
    page = texts(outcome_page(case(), picture, tmp_path / "outcome.html", [EDGE]).read_text(encoding="utf-8"))
    assert picture.stat().st_size > 20_000 and "cohort" not in page
    assert "A small &lt;tumour&gt;" in page and "the smallest tumour at the end: anti-PD1" in page and "not reached" in page and "a note" in page
    assert "<td>anti-PD1 &lt; control</td>" in page and "A research model, not clinical advice" in page
    assert "<td>control = anti-PD1</td>" in page  # neither progressed
    assert '<td class="n">0.5 pM</td>' in page and "<td>killing of tumour by CD8_T</td>" in page


def test_what_does_not_differ_is_not_ranked():
    record = OutcomeRecord("arms", {"control": arm(2.0), "a": arm(1.0), "b": arm(1.005), "c": arm(1.02)})
    assert record.order("growth_ratio") == "a = b < c < control" and record.order("killed_per_d") == "control = a = b = c"


def test_how_much_less_than_one_cell_is_left_does_not_rank(tmp_path):
    """A thousand cells at the start: 1e-9 and 1e-20 of them are no tumour both, two of them are one."""
    record = OutcomeRecord("arms", {"control": arm(2.0), "a": arm(1e-9), "b": arm(1e-20), "c": arm(2e-3)})
    assert record.order("growth_ratio") == "a = b < c < control" and record.order("volume_mm3").startswith("a = b < c")
    assert record.compared("a", "growth_ratio") == record.compared("b", "growth_ratio") == pytest.approx(1e-3)
    assert record.order("killed_per_d") == "a = b > control = c" and record.order("invasion_per_mm2_d") == "a = b < control = c"
    assert record.places("growth_ratio") == {"a": 1, "b": 1, "c": 3, "control": 4} and record.smallest == "a = b"
    assert [record.cleared(one) for one in record.arms] == [False, True, True, False]
    page = texts(outcome_page(record, outcome_picture(record, tmp_path / "outcome.png"), tmp_path / "outcome.html", []).read_text(encoding="utf-8"))
    assert page.count('<td class="n">cleared</td>') == 4 and "1e-20" not in page


def test_few_tumours_are_cautioned_about_on_the_page(tmp_path):
    few = cohort(growth={name: column[:19] for name, column in cohort().growth.items()})
    assert 'class="warn">only 19 tumours' in "".join(cohort_part(few, cohort_picture(few, tmp_path / "few.png")))
    assert "only" not in texts("".join(cohort_part(cohort(), tmp_path / "few.png")))


def test_the_page_holds_the_cohort_and_its_typical_tumour(tmp_path):
    record = cohort()
    part = cohort_part(record, cohort_picture(record, tmp_path / "cohort.png"))
    page = outcome_page(case(), outcome_picture(case(), tmp_path / "outcome.png"), tmp_path / "outcome.html", [], part).read_text(encoding="utf-8")
    assert page.count('src="data:image/png') == 2
    words = texts(page)
    assert words.index("The cohort: 20 tumours in 3 arms") < words.index("The typical tumour of the cohort")
    assert '<td>anti-PD1</td><td class="n">-1.6 (-1.9 to -1.3)</td><td class="n">90 %</td><td class="n">100 %</td><td class="n">100 %</td>' in words
    assert '<td>kill_rate_CTL</td><td class="n">+0.7 (+0.5 to +0.9)</td>' in words and "by 64 samples" in words
    assert "not computed: scikit-learn is not installed" in words and '<td class="n">12 of 20</td>' in words
    assert '<td>IL-10 (pg/mL)</td><td class="n">+0.2 (-0.1 to +0.5)</td><td class="n">-1.5 (-3 to -2)</td>' in words
    assert "2 tumours were left &lt;out&gt;" in words and "<script" not in page


def test_without_drivers_predictions_or_treatments_the_rest_is_drawn(tmp_path):
    bare = cohort(drivers=[], predictions={"progression, untreated": "not computed: too few"})
    assert cohort_picture(bare, tmp_path / "bare.png").stat().st_size > 20_000
    page = "".join(cohort_part(bare, tmp_path / "bare.png"))
    assert "What drives" not in page and "too few" in page
    alone = cohort(growth={"control": np.ones(3)}, ranks=cohort().ranks[2:], responds={}, slopes=[], predictions={}, drivers=[])
    assert cohort_picture(alone, tmp_path / "alone.png").stat().st_size > 10_000
    assert "Profile at the start" not in "".join(cohort_part(alone, tmp_path / "alone.png"))


def test_a_page_is_as_high_as_what_it_holds(tmp_path):
    """The page grows with what it holds, and nothing is cut off at its edges."""
    from matplotlib.image import imread

    tall = imread(cohort_picture(cohort(), tmp_path / "all.png"))
    low = imread(cohort_picture(cohort(drivers=[], predictions={}), tmp_path / "few.png"))
    assert tall.shape[0] > low.shape[0] and tall.shape[1] == low.shape[1] == 14 * 130
    for edge in (tall[:4], tall[-4:], tall[:, :4], tall[:, -4:]):
        assert (edge[..., :3] == 1).all()


def test_names_and_numbers():
    assert [level_words(level) for level in LEVELS] == ["IFN-γ (pg/mL)", "IL-10 (pg/mL)", "CD8 T (cells/mm³)"] and level_words("other") == "other"
    assert with_interval(0.1999, (0.0712, 0.34)) == "+0.2 (+0.0712 to +0.34)"
    assert cohort().levels == LEVELS and cohort().treated == ("anti-PD1", "half")


def test_a_cohort_without_a_control_is_refused():
    with pytest.raises(InputError, match="an arm 'control'; got anti-PD1"):
        cohort(growth={"anti-PD1": np.ones(3)})
    with pytest.raises(InputError, match="an outcome of every tumour in each arm"):
        cohort(growth={"control": np.ones(3), "anti-PD1": np.ones(2)})
