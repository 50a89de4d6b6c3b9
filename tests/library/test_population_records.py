"""Rates of populations: values in internal units, their marks, and what is refused."""

import pytest

from tmefield import library
from tmefield.errors import InputError
from tmefield.library.population_records import read_population_rates

GOOD = '[decay_of_T]\nwhat = "death of T cells"\nvalue = 0.1\nunit = "1/d"\nrange = [0.05, 0.2]\nplaceholder = true\nsource = "none"\n'


def read(tmp_path, text):
    path = tmp_path / "populations.toml"
    path.write_text(text, encoding="utf-8")
    return read_population_rates(path, {})


def test_rates_of_the_library():
    """Ranges as recalled of the literature: CTL kill 1 to 16 targets a day and die at 0.01 to 0.1 a day; mouse tumours double in one to two days."""
    killing = library.population_rate("Kill-rate CTL")
    assert killing.id == "kill_rate_CTL" and killing.value.range == (1, 16) and killing.value.internal == pytest.approx(4 / 86400) and not killing.placeholder
    assert library.population_rate("CTL_death").value.range == (0.01, 0.1)
    assert library.population_rate("tumour_growth_mouse").value.range == (0.4, 0.7)
    entry, death = library.population_rate("CTL_entry"), library.population_rate("CTL_death")
    # by its own source the entry keeps 1958 cells/mm3 at a wall area of 0.01/um
    assert entry.placeholder and 0.01 * entry.value.internal / death.value.internal == pytest.approx(1958e-9, rel=0.02)
    assert all(one.value.prior() is not None for one in library.population_rates().values())


def test_what_is_refused(tmp_path):
    (one,) = read(tmp_path, GOOD).values()
    assert one.placeholder and one.what == "death of T cells" and one.value.internal == pytest.approx(0.1 / 86400)
    with pytest.raises(InputError, match=r"populations.toml: decay_of_T: what is missing"):
        read(tmp_path, GOOD.replace('what = "death of T cells"\n', ""))
    with pytest.raises(InputError, match=r"unit must be one of 1/d.*; got '1/h'"):
        read(tmp_path, GOOD.replace("1/d", "1/h"))
    with pytest.raises(InputError, match=r"source is missing"):
        read(tmp_path, GOOD.replace('source = "none"\n', ""))
    with pytest.raises(InputError, match=r"unknown rate 'kill_rate_CLT' of a population; did you mean 'kill_rate_CTL'\?"):
        library.population_rate("kill_rate_CLT")
