"""Configurations: what is accepted, what a mistake says, and what overrides do."""

from pathlib import Path

import pytest

from tmefield.config.load import parse_config
from tmefield.config.schema import CellFile, FixedWall, VesselBed
from tmefield.errors import InputError

MINIMAL = """
[grid]
spacing = "10 um"
size = ["100 um", "100 um", "100 um"]
[vessels]
bed = { spacing = "50 um" }
[[species]]
id = "IFNg"
[[species]]
id = "IL6"
"""


def load(text=MINIMAL, *overrides):
    return parse_config(text, overrides, folder=Path(), source="case.toml")


def refusal(text=MINIMAL, *overrides):
    with pytest.raises(InputError) as caught:
        load(text, *overrides)
    return str(caught.value)


def test_defaults_are_filled_in():
    config = load().config
    assert isinstance(config.vessels, VesselBed)
    assert config.vessels.bed.diameter == "8 um"
    assert config.tissue.volume_fraction == 1.0
    assert [one.id for one in config.species] == ["IFNg", "IL6"]


def test_resolved_text_holds_every_default_and_its_hash_follows_the_values():
    same, other = load(), load(MINIMAL, "grid.spacing=11 um")
    assert '"precision": "float32"' in same.resolved()
    assert load().sha256() == same.sha256() != other.sha256()


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("grid.spacing=5 um", lambda config: config.grid.spacing == "5 um"),
        ("grid.spacing=['5 um','6 um','6 um']", lambda config: config.grid.spacing == ("5 um", "6 um", "6 um")),
        ("species.IL6.decay=0.2/h", lambda config: config.species[1].decay == "0.2/h"),
        ("species.0.uptake=false", lambda config: config.species[0].uptake is False),
        ("walls.x_lower={fixed='1 nM'}", lambda config: isinstance(config.walls.x_lower, FixedWall)),
        ("walls.all=periodic", lambda config: config.walls.all == "periodic"),
        (
            "species.IFNg.secretion.CD8_T={rate='4 molecule/cell/s',active_fraction=0.5}",
            lambda config: config.species[0].secretion["CD8_T"].active_fraction == 0.5,
        ),
        ("species.IFNg.receptors={tumour=5000,CAF=false}", lambda config: config.species[0].receptors["CAF"] is False),
        ("solver.memory_limit=8 GiB", lambda config: config.solver.memory_limit == "8 GiB"),
    ],
)
def test_override(override, read):
    assert read(load(MINIMAL, override).config)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("grid.spaceing=5 um", ["grid.spaceing", "did you mean 'spacing'"]),
        ("vessels.bed.diametre=5 um", ["vessels.bed.diametre", "did you mean 'diameter'"]),
        ("species.IFNg.walls.x_uper=periodic", ["species[0].walls.x_uper", "x_upper"]),
        ("species.IFNg.secretion.NK={rat='1 molecule/cell/s'}", ["species[0].secretion.NK.rat:", "did you mean 'rate'", "species[0].secretion.NK.rate"]),
        ("walls.all=noflux", ["walls.all", "no-flux"]),
        ("walls.all={fix='1 nM'}", ["walls.all", "'fixed' or 'robin'"]),
        ("grid.spacing=-5 um", ["grid.spacing", "above zero"]),
        ("grid.spacing=['5 um','5 um']", ["grid.spacing", "three"]),
        ("grid.spacing=true", ["grid.spacing"]),
        ("grid.margin=-5 um", ["grid.margin", "not negative"]),
        ("species.IFNg.diffusivity=4 um", ["species[0].diffusivity"]),
        ("species.IFNg.receptors.tumour=-3", ["species[0].receptors.tumour", "not negative"]),
        ("tissue.volume_fraction=0", ["tissue.volume_fraction", "not included"]),
        ("tissue.volume_fraction=1.2", ["tissue.volume_fraction", "between"]),
        ("solver.rtol=1", ["solver.rtol", "between"]),
        ("solver.precision=double", ["solver.precision", "float64"]),
        ("solver.memory_limit=8", ["solver.memory_limit", "GiB"]),
        ("vessels.bed.seed=-1", ["vessels.bed.seed"]),
        ("vessels.file=net.dat", ["vessels", "exactly one of", "'bed'"]),
        ("cells={}", ["cells", "exactly one of", "'spheroid'"]),
        ("cells.file=c.csv", ["cells.columns", "missing"]),
        ("output=3", ["output", "expected a table"]),
        ("species.IFNg.plasma_concentration=3 IU/mL", ["species[0].plasma_concentration"]),
        ("title=3", ["title"]),
    ],
)
def test_mistake_names_its_key(override, words):
    message = refusal(MINIMAL, override)
    assert message.startswith("case.toml: ")
    for word in words:
        assert word in message, message
    assert "vessels:file" not in message and "function-" not in message and "union" not in message


def test_mass_concentration_uses_the_molecular_weight_of_the_species():
    assert load(MINIMAL, "species.IL6.plasma_concentration=25 pg/mL").config.species[1].plasma_concentration == "25 pg/mL"


def test_own_species_is_accepted_when_it_is_described_in_full():
    own = MINIMAL + '[[species]]\nid = "Drug"\nmolecular_weight = "150 kDa"\ndiffusivity = "10 um2/s"\ndecay = "0 /s"\n'
    assert load(own).config.species[2].id == "Drug"
    assert "diffusivity, decay and molecular_weight" in refusal(own.replace('decay = "0 /s"\n', ""))


def test_species_named_twice():
    assert "ifng" in refusal(MINIMAL + '[[species]]\nid = "ifng"\n').lower()


def test_cells_need_exactly_one_scale():
    cells = '[cells]\nfile = "c.csv"\ncolumns = { x = "x", y = "y", type = "t" }\n'
    assert "pixel_size" in refusal(MINIMAL + cells)
    assert "pixel_size" in refusal(MINIMAL + cells + 'unit = "um"\npixel_size = "1 um"\n')
    assert isinstance(load(MINIMAL + cells + 'unit = "um"\n').config.cells, CellFile)


def test_box_is_required_without_files():
    assert "grid.size" in refusal(MINIMAL.replace('size = ["100 um", "100 um", "100 um"]\n', ""))


def test_section_has_no_defaults():
    message = refusal(MINIMAL + '[section]\nthickness = "5 um"\n')
    for key in ("cell_diameter", "vessel_radius", "permeability"):
        assert f"section.{key}: is missing" in message


def test_vessels_from_cells_need_a_section():
    text = MINIMAL.replace('bed = { spacing = "50 um" }', 'from_cells = "endothelial"')
    assert "section" in refusal(text)


def test_byte_order_mark_and_crlf_are_accepted(tmp_path):
    from tmefield.config.load import load_config

    path = tmp_path / "case.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_config(path).config == load().config


def test_configuration_of_absurd_size_is_refused(tmp_path):
    from tmefield.config.load import load_config

    path = tmp_path / "case.toml"
    path.write_text("#" * 2_100_000)
    with pytest.raises(InputError, match="larger than"):
        load_config(path)
