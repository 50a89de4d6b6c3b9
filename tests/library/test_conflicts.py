"""Values of the literature that cannot all be right."""

import pytest

from tmefield.errors import InputError
from tmefield.library import species
from tmefield.library.conflicts import conflicts, conflicts_of, parameter_at, read_conflicts
from tmefield.library.render import render_species
from tmefield.library.render_conflicts import render_conflicts

SOURCES = 'PAPER = "Roe 1999 10.1000/xyz"\n'
GOOD = """
[[conflict]]
parameter = "TGFb.secretion.tumour"
what = "A unit slip."
why = "it was measured."
rejected = [{ value = 1e-7, unit = "pmol/cell/s", mark = "model", source = "{PAPER}" }]
"""


def read(tmp_path, text):
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "conflicts.toml").write_text(text, encoding="utf-8")
    return read_conflicts(tmp_path / "conflicts.toml", tmp_path / "sources.toml")


@pytest.mark.parametrize(
    ("name", "parameter", "factor"),
    [
        ("IL10", "diffusivity", 27.6),
        ("IL12", "diffusivity", 29.2),
        ("IL12", "decay", 10.0),
        ("IL12", "EC50", 107.0),
        ("TGFb", "decay", 23.4),
        ("TGFb", "secretion.tumour", 1e6),
        ("IL2", "EC50_Treg", 100.0),
        ("IFNg", "EC50_M1", 345.0),
        ("IL6", "secretion.B", 6.79e5),
        ("IL10", "secretion.Breg", 2.05e6),
        ("IgG", "secretion.plasma_cell", 3145.0),
    ],
)
def test_how_far_the_known_conflicts_are_apart(name, parameter, factor):
    (one,) = [one for one in conflicts_of(name) if one.parameter == parameter]
    assert one.factor() == pytest.approx(factor, rel=5e-3)


def test_the_default_is_the_value_of_the_library_and_the_mean_of_none():
    for one in conflicts():
        path = f"{one.species}.{one.parameter}"
        assert parameter_at(path) == (one.species, one.default)
        role, value, row = one.values()[0]
        assert (role, row) == ("default", one.default) and value == one.default.internal


def test_rejected_values_are_offered_nowhere():
    (slip,) = [one for one in conflicts_of("IL10") if one.parameter == "secretion.Breg"]
    assert [row.value for role, _, row in slip.values() if role == "rejected"] == [1e-7]
    assert all(one.value != 1e-7 for one in slip.default.alternatives)


def test_all_of_them_in_words():
    text = render_conflicts()
    joined = " ".join(text.split())
    for one in conflicts():
        assert f"{one.species} {one.parameter}, " in text
        assert one.what in joined and f"Default because {one.why}" in joined
        for _, _, row in one.values():
            assert row.source in joined
    assert max(len(line) for line in text.splitlines()) <= 132


def test_a_sheet_ends_with_the_conflicts_of_its_species():
    text = " ".join(render_species(species("IL10")).split())
    assert "Conflicts in the literature" in text and "implausibly low for a dimer of 37 kDa" in text
    assert text.index("Conflicts in the literature") > text.index("Receptors are given to immune cells alone")
    assert "Conflicts" not in render_species(species("CCL5"))


def test_a_conflict_is_read(tmp_path):
    (one,) = read(tmp_path, GOOD)
    assert (one.species, one.parameter) == ("TGFb", "secretion.tumour")
    assert one.rejected[0].source == "Roe 1999 10.1000/xyz"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"TGFb.secretion.tumour"', '"IL17.decay"', r"conflict\[0\]: parameter 'IL17.decay' names no species"),
        ('"TGFb.secretion.tumour"', '"TGFb.secretion.NK"', "'TGFb.secretion.NK' names no value of the library"),
        ('"TGFb.secretion.tumour"', '"TGFb.decoy"', "'TGFb.decoy' names no value"),
        ('why = "it was measured."', "", r"conflict\[0\]: why is missing"),
        ('what = "A unit slip."', 'what = ""', "what is missing"),
        ('mark = "model", ', "", r"rejected\[0\]: mark is missing"),
        ('source = "{PAPER}"', 'source = "{PEPPER}"', "no source 'PEPPER'"),
        ("pmol/cell/s", "pM", "'pM' is not the unit"),
        ("rejected", "refused", "unknown key 'refused'"),
    ],
)
def test_a_conflict_that_lacks_something_is_refused(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        read(tmp_path, GOOD.replace(old, new, 1))


def test_one_value_is_no_conflict(tmp_path):
    text = '[[conflict]]\nparameter = "IL10.k_on"\nwhat = "Nothing."\nwhy = "it is alone."\n'
    with pytest.raises(InputError, match="needs two different values"):
        read(tmp_path, text)
