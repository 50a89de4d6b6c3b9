import numpy as np
import pytest

from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.cells import Cells
from tmefield.tissue.readers.presets import fitting

INFORM = "Phenotype\tTissue Category\tCell ID\tCell X Position\tCell Y Position\tNucleus Area ({})\n"


def written(tmp_path, text, name="cells.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text(text, encoding=encoding, newline="")
    return path


@pytest.mark.parametrize(("encoding", "line_end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r\n")])
def test_inform_in_microns_with_marks_and_line_ends(tmp_path, encoding, line_end):
    text = INFORM.format("sq microns") + "CK+\tTumor\t7\t12.5\t3\t#N/A\nCD8+\tStroma\t9\t1\t2\t20\n"
    cells = Cells.read(written(tmp_path, text.replace("\n", line_end), encoding=encoding), preset="inform")
    assert cells.positions.tolist() == [[12.5, 3, 0], [1, 2, 0]]
    assert cells.types.tolist() == ["CK+", "CD8+"] and cells.ids.tolist() == ["7", "9"] and cells.planar


def test_inform_in_pixels_needs_their_size(tmp_path):
    path = written(tmp_path, INFORM.format("pixels") + "CK+\tTumor\t7\t12\t4\t9\n")
    assert Cells.read(path, preset="inform", pixel_size=0.5).positions.tolist() == [[6, 2, 0]]
    with pytest.raises(InputError, match="unit of the positions is missing"):
        Cells.read(path, preset="inform")
    with pytest.raises(InputError, match=r"are in pixels .*give pixel_size"):
        Cells.read(path, preset="inform", unit="um")


def test_inform_that_says_microns_takes_no_pixel_size(tmp_path):
    path = written(tmp_path, INFORM.format("sq microns") + "CK+\tTumor\t7\t12\t4\t9\n")
    assert len(Cells.read(path, preset="inform", unit="um")) == 1
    with pytest.raises(InputError, match="are in um; leave pixel_size out"):
        Cells.read(path, preset="inform", pixel_size=0.5)


def test_inform_with_both_units_is_not_guessed(tmp_path):
    text = "Phenotype,Cell X Position,Cell Y Position,Area (pixels),Distance (microns)\nCK+,1,2,3,4\n"
    with pytest.raises(InputError, match="'Distance \\(microns\\)' is in microns but 'Area \\(pixels\\)' in pixels"):
        Cells.read(written(tmp_path, text), preset="inform")


def test_inform_cells_without_phenotype_are_counted(tmp_path):
    text = INFORM.format("sq microns") + "#N/A\tTumor\t7\t1\t2\t3\n\tTumor\t8\t1\t2\t3\nCK+\tTumor\t9\t1\t2\t3\n"
    cells = Cells.read(written(tmp_path, text), preset="inform")
    assert cells.counts() == {"unclassified": 2, "CK+": 1}
    assert "2 cells without a type are called unclassified" in cells.report()


@pytest.mark.parametrize("field", ["#N/A", "nan", ""])
def test_inform_position_that_is_missing(tmp_path, field):
    path = written(tmp_path, INFORM.format("sq microns") + f"CK+\tTumor\t7\t1\t2\t3\nCK+\tTumor\t8\t{field}\t2\t3\n")
    with pytest.raises(FileError, match=r"line 3: column 'Cell X Position' (holds|is empty)"):
        Cells.read(path, preset="inform")


@pytest.mark.parametrize(
    ("preset", "header", "row", "position"),
    [
        ("codex", "CellID,X_centroid,Y_centroid,phenotype", "3,10,20,NK", (10, 20)),
        ("codex", "X_position,Y_position,ImageId,phenotype", "10,20,1,NK", (10, 20)),
        ("imc", "Object,area,centroid-0,centroid-1,cell_type", "3,5,20,10,NK", (10, 20)),
        ("mibi", "fov,label,cell_size,centroid-0,centroid-1,cell_meta_cluster", "a,3,5,20,10,NK", (10, 20)),
        ("mibi", "Person,x_px,y_px,cell_type", "5,10,20,NK", (10, 20)),
    ],
)
def test_pixel_presets(tmp_path, preset, header, row, position):
    path = written(tmp_path, f"{header}\n{row}\n")
    cells = Cells.read(path, preset=preset, pixel_size=2.0)
    assert cells.positions.tolist() == [[2 * position[0], 2 * position[1], 0]] and cells.types.tolist() == ["NK"]
    assert preset in fitting(header.split(","))
    with pytest.raises(InputError, match="unit of the positions is missing"):
        Cells.read(path, preset=preset)


def test_preset_that_does_not_fit_lists_the_columns(tmp_path):
    path = written(tmp_path, "left,top,kind\n1,2,NK\n")
    with pytest.raises(InputError, match=r"preset 'inform' does not fit: none of its columns for the positions .*columns: 'left', 'top', 'kind'"):
        Cells.read(path, preset="inform")
    with pytest.raises(InputError, match=r"say which columns .*columns: 'left', 'top', 'kind'"):
        Cells.read(path, unit="um")


def test_two_choices_are_refused(tmp_path):
    path = written(tmp_path, "X_centroid,Y_centroid,X_position,Y_position,phenotype\n1,2,3,4,NK\n")
    with pytest.raises(InputError, match="more than one choice for the positions"):
        Cells.read(path, preset="codex", pixel_size=1.0)


def test_several_images_do_not_lie_on_top_of_each_other(tmp_path):
    path = written(tmp_path, "fov,label,centroid-0,centroid-1,cell_type\nfov2,1,2,3,NK\nfov1,1,2,3,NK\n")
    with pytest.raises(InputError, match="cells of 2 images \\(column 'fov': fov1, fov2\\)"):
        Cells.read(path, preset="mibi", pixel_size=1.0)


def test_unknown_preset_and_preset_with_columns(tmp_path):
    path = written(tmp_path, "x,y,cell_type\n1,2,NK\n")
    with pytest.raises(InputError, match="no preset 'visium'; it is one of inform, codex"):
        Cells.read(path, preset="visium")
    with pytest.raises(InputError, match="either a preset or the columns"):
        Cells.read(path, preset="imc", x="x", y="y", type="cell_type", unit="um")
    with pytest.raises(InputError, match="columns for type are missing"):
        Cells.read(path, x="x", y="y", unit="um")


def test_no_columns_names_the_preset_that_fits(tmp_path):
    with pytest.raises(InputError, match="preset = 'physicell' fits it"):
        Cells.read(written(tmp_path, "x,y,z,type\n1,2,3,NK\n"))


@pytest.mark.data
def test_immunofluorescence_with_its_preset():
    cells = Cells.read(data_file("cells/phenoptr_Set4_6plex_6072.csv"), preset="inform")
    assert cells.counts() == {"other": 2942, "CK+": 2257, "CD68+": 417, "CD8+": 228, "FoxP3+": 228}
    assert np.unique(cells.ids).size == 6072 and cells.box()[1].tolist() == [926.0, 692.5, 0.0]


@pytest.mark.data
def test_mibi_with_its_preset():
    cells = Cells.read(data_file("cells/mibi_tnbc_keren2018_person05.csv"), preset="mibi", pixel_size=800 / 2048)
    assert len(cells) == 5406 and len(cells.counts()) == 16 and cells.counts()["Treg"] == 48


def shuffled(text):
    header, *rows = text.splitlines(keepends=True)
    return header + "".join(np.random.default_rng(1).permutation(rows).tolist())


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cells/phenoptr_Set4_6plex_6072.csv", {"preset": "inform"}),
        ("cells/mibi_tnbc_keren2018_person05.csv", {"preset": "mibi", "pixel_size": 1.0}),
        ("physicell/cells_v2_rules_sample.csv", {"preset": "physicell"}),
        ("physicell/cells_v2_mechano_shell.csv", {"preset": "physicell"}),
    ],
)
class TestBrokenTwins:
    def test_shuffled_rows_bom_and_crlf_change_nothing(self, tmp_path, name, options):
        source = data_file(name)
        whole = Cells.read(source, **options)
        twin = written(tmp_path, shuffled(source.read_text()).replace("\n", "\r\n"), encoding="utf-8-sig")
        cells = Cells.read(twin, **options)
        assert cells.counts() == whole.counts()
        assert np.array_equal(np.sort(cells.positions, axis=0), np.sort(whole.positions, axis=0))

    def test_cut_short_in_a_row(self, tmp_path, name, options):
        source = data_file(name)
        twin = written(tmp_path, source.read_text()[:20000].rpartition("\n")[0] + "\n12.5,")
        with pytest.raises(FileError, match=r"cells\.csv, line \d+: "):
            Cells.read(twin, **options)

    def test_nan_is_named_with_its_line(self, tmp_path, name, options):
        source = data_file(name)
        lines = source.read_text().splitlines()
        column = {"inform": 3, "mibi": 1, "physicell": 0}[options["preset"]]
        fields = lines[7].split(",")
        lines[7] = ",".join([*fields[:column], "NaN", *fields[column + 1 :]])
        with pytest.raises(FileError, match=r"cells\.csv, line 8: column .* holds NaN"):
            Cells.read(written(tmp_path, "\n".join(lines)), **options)

    def test_wrong_header(self, tmp_path, name, options):
        text = data_file(name).read_text()
        with pytest.raises((FileError, InputError), match=r"columns:|starts with x,y,z,type"):
            Cells.read(written(tmp_path, "X coordinate,b,c,d\n".replace("X coordinate", "x") + text.partition("\n")[2]), **options)
