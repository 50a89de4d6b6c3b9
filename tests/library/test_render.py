import re

import pytest

from tmefield.library import cell_type, cell_type_ids, species, species_ids
from tmefield.library.render import render_cell_type, render_index, render_species


@pytest.mark.parametrize("name", species_ids())
def test_a_sheet_holds_every_source_with_its_number(name):
    record = species(name)
    text = render_species(record)
    joined = " ".join(text.split())
    parameters = [*record.parameters.values(), *record.receptors.values()]
    parameters += [one for entry in record.secretion.values() for one in (entry.rate, entry.active_fraction)]
    for parameter in parameters:
        for one in (parameter, *parameter.alternatives):
            assert one.source in joined
            assert f"{one.value:.5g}" in joined
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", text)}
    listed = [int(number) for number in re.findall(r"^  \[(\d+)\] ", text, re.MULTILINE)]
    assert listed == list(range(1, len(listed) + 1))
    assert cited == set(listed)
    assert max(len(line) for line in text.splitlines()) <= 132


def test_the_sheet_of_ifng():
    text = render_species(species("IFNg"))
    assert "7.68 1/day = 8.89e-05 1/s" in text
    assert "131.6 pM" in text
    assert "PMID 9806748" in text
    assert "10.1073/pnas.1117194109" in text
    assert re.search(r"diffusivity +39\.7 um2/s \(10 to 60\) +computed", text)
    assert re.search(r"active fraction +0\.25 ", text)


@pytest.mark.parametrize("name", cell_type_ids())
def test_the_sheet_of_a_cell_type_tells_what_it_secretes_and_takes_up(name):
    text = render_cell_type(cell_type(name))
    secretes, takes_up = re.search(r"Secretes[^\n]*\n(.*?)\n\nTakes up[^\n]*\n(.*?)(?:\n\n|$)", text, re.DOTALL).groups()
    assert re.findall(r"^  (\w+) +[\d.]", secretes, re.MULTILINE) == [one for one in species_ids() if name in species(one).secretion]
    assert re.findall(r"^  (\w+) +[\d.]", takes_up, re.MULTILINE) == [one for one in species_ids() if name in species(one).receptors]


def test_a_value_that_is_not_known_is_said_to_be_so():
    assert re.search(r"diameter +no sourced value", render_cell_type(cell_type("tumour")))


def test_the_index_lists_everything():
    text = render_index()
    for one in (*species_ids(), *cell_type_ids()):
        assert re.search(rf"^  {one} ", text, re.MULTILINE)
    assert re.search(r"CD8_T +CD8 T cell +secretes TNF, IFNg", text)
