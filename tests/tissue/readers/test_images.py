"""Label images of each format: round trips of a small array with voxels that are no cubes, and files that are broken."""

import gzip

import numpy as np
import pytest

import tmefield as tf
from data_files import data_file
from tmefield.errors import FileError, InputError
from tmefield.tissue.label_image import Labels

tifffile = pytest.importorskip("tifffile")
nibabel = pytest.importorskip("nibabel")
nrrd = pytest.importorskip("nrrd")

VALUES = np.random.default_rng(3).integers(0, 5, size=(3, 4, 6)).astype(np.uint16)
SIZE = (4.0, 1.5, 0.75)  # z, y, x, um


def ome(path, values=VALUES, axes="ZYX", unit="µm", factor=1.0, **more):
    keys = {f"PhysicalSize{axis}": size * factor for axis, size in zip("ZYX", SIZE, strict=True) if axis in axes}
    units = {f"PhysicalSize{axis}Unit": unit for axis in "ZYX" if axis in axes}
    tifffile.imwrite(path, values, ome=True, metadata={"axes": axes} | keys | units | more, photometric="minisblack")
    return path


def nifti(path, values=VALUES, unit="micron", factor=1.0, affine=None):
    z, y, x = SIZE
    image = nibabel.Nifti1Image(values.transpose(), np.diag([x * factor, y * factor, z * factor, 1.0]) if affine is None else affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


def nrrd_file(path, values=VALUES, unit="um", factor=1.0, **header):
    directions = np.diag(SIZE[::-1]) * factor
    nrrd.write(str(path), values.transpose(), {"space dimension": 3, "space directions": directions, **({"space units": [unit] * 3} if unit else {}), **header})
    return path


@pytest.mark.parametrize(
    ("write", "name", "unit", "factor"),
    [
        (ome, "a.ome.tif", "µm", 1.0),
        (ome, "a.ome.tif", "nm", 1e3),
        (nifti, "a.nii", "micron", 1.0),
        (nifti, "a.nii.gz", "mm", 1e-3),
        (nrrd_file, "a.nrrd", "um", 1.0),
        (nrrd_file, "a.nrrd", "mm", 1e-3),
        (nrrd_file, "a.nhdr", "um", 1.0),
    ],
)
def test_round_trip(tmp_path, write, name, unit, factor):
    labels = Labels.read(write(tmp_path / name, unit=unit, factor=factor))
    assert np.array_equal(labels.values, VALUES)
    assert labels.spacing == pytest.approx(SIZE, rel=1e-6) and not labels.planar and labels.origin == (0, 0, 0)
    assert labels.counts() == dict(zip(*(one.tolist() for one in np.unique(VALUES, return_counts=True)), strict=True))


def test_is_public():
    assert tf.Labels is Labels


@pytest.mark.parametrize(("write", "name", "unit"), [(nifti, "a.nii", "unknown"), (nrrd_file, "a.nrrd", None), (ome, "a.ome.tif", "pixel")])
def test_size_without_unit_is_asked_for(tmp_path, write, name, unit):
    path = write(tmp_path / name, unit=unit)
    with pytest.raises(InputError, match=r"does not say the size of its voxels along z, y, x; give voxel_size = \(z, y, x\)"):
        Labels.read(path)
    assert Labels.read(path, voxel_size=SIZE).spacing == SIZE
    with pytest.raises(InputError, match="3 layers in z; give voxel_size"):
        Labels.read(path, pixel_size=1.0)


def test_given_size_goes_before_the_file_and_is_reported(tmp_path):
    labels = Labels.read(nifti(tmp_path / "a.nii"), voxel_size=(4.0, 1.5, 0.5))
    assert labels.spacing == (4.0, 1.5, 0.5)
    assert "the file states other sizes of its voxels (x 0.75 um); those given are used" in labels.report()
    assert not Labels.read(tmp_path / "a.nii", voxel_size=SIZE).meta["notes"]


@pytest.mark.parametrize("size", [(1.0, 1.0), (1.0, 1.0, 0.0), (1.0, np.nan, 1.0)])
def test_size_must_make_sense(tmp_path, size):
    with pytest.raises(InputError, match="size of a voxel must be positive"):
        Labels.read(nifti(tmp_path / "a.nii"), voxel_size=size)
    with pytest.raises(InputError, match="only one of"):
        Labels.read(tmp_path / "a.nii", voxel_size=SIZE, pixel_size=1.0)


def test_planar_images(tmp_path):
    flat = VALUES[:1]
    for path in (ome(tmp_path / "a.ome.tif", flat[0], "YX"), nifti(tmp_path / "a.nii", flat)):
        labels = Labels.read(path)
        assert labels.planar and np.array_equal(labels.values, flat) and labels.spacing[1:] == SIZE[1:]


def test_turned_scanner_axes_are_told(tmp_path):
    z, y, x = SIZE
    labels = Labels.read(nifti(tmp_path / "a.nii", affine=np.array([[-x, 0, 0, 50], [0, y, 0, 0], [0, 0, z, 0], [0, 0, 0, 1.0]])))
    assert np.array_equal(labels.values, VALUES) and "place and turn in the scanner are left out" in labels.report()
    labels = Labels.read(nrrd_file(tmp_path / "a.nrrd", **{"space origin": [1.0, 2.0, 3.0]}))
    assert "origin and turn in a larger space are left out" in labels.report()


def test_nrrd_with_axes_that_are_not_at_right_angles(tmp_path):
    with pytest.raises(FileError, match="not at right angles"):
        Labels.read(nrrd_file(tmp_path / "a.nrrd", **{"space directions": [[1.0, 0.5, 0], [0, 1.0, 0], [0, 0, 1.0]]}))


def test_whole_floats_are_labels_and_others_are_not(tmp_path):
    assert Labels.read(nifti(tmp_path / "a.nii", VALUES.astype(np.float32))).values.dtype.kind == "i"
    for bad in (0.5, np.nan):
        values = VALUES.astype(np.float32)
        values[1, 2, 3] = bad
        with pytest.raises(FileError, match=r"holds (0\.5|nan) \(1 such in all\); labels are whole numbers"):
            Labels.read(nifti(tmp_path / "b.nii", values))


@pytest.mark.parametrize(
    ("write", "name", "keep"), [(ome, "a.ome.tif", 0.6), (nifti, "a.nii", 0.9), (nifti, "a.nii.gz", 0.7), (nrrd_file, "a.nrrd", 0.9), (ome, "b.ome.tif", 0.02)]
)
def test_cut_short(tmp_path, write, name, keep):
    path = write(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(FileError, match="cut short"):
        Labels.read(path, voxel_size=SIZE)


def test_other_files_missing_files_and_empty_ones(tmp_path):
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.nii").write_text("no image at all " * 50)
    (tmp_path / "text.tif").write_text("no image at all")
    for name, says in (("gone.tif", "no such file"), ("empty.tif", "0 bytes"), ("text.nii", "not a readable NIfTI"), ("text.tif", "not a TIFF, NIfTI")):
        with pytest.raises(FileError, match=says):
            Labels.read(tmp_path / name, pixel_size=1.0)
    with pytest.raises(FileError, match="is a folder"):
        Labels.read(tmp_path, pixel_size=1.0)


def test_nrrd_without_its_data_file(tmp_path):
    path = nrrd_file(tmp_path / "a.nhdr")
    next(one for one in tmp_path.iterdir() if one != path).unlink()
    with pytest.raises(FileError, match="whose data file is not beside it"):
        Labels.read(path)


def test_header_that_declares_too_much(tmp_path):
    path = tmp_path / "a.nrrd"
    path.write_bytes(b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 100000 100000 1000\nencoding: gzip\n\n" + gzip.compress(b"\0" * 1000))
    with pytest.raises(FileError, match="declared as 100000 x 100000 x 1000 voxels"):
        Labels.read(path, voxel_size=SIZE)


def test_pages_are_maps_unless_a_volume_is_asked_for(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match=r"choose a page with page .*2: 6 x 4 uint16"):
        Labels.read(path, pixel_size=1.0)
    with pytest.raises(InputError, match="there is no page 3"):
        Labels.read(path, pixel_size=1.0, page=3)
    assert np.array_equal(Labels.read(path, pixel_size=1.0, page=2).values, VALUES[2:])
    assert np.array_equal(Labels.read(path, voxel_size=SIZE).values, VALUES)
    with pytest.raises(InputError, match="page is for TIFF"):
        Labels.read(nifti(tmp_path / "a.nii"), page=0)


def test_channels_of_ome_are_chosen(tmp_path):
    path = ome(tmp_path / "a.ome.tif", VALUES[:, None].repeat(2, 1) + np.array([0, 10], np.uint16)[None, :, None, None], "ZCYX")
    with pytest.raises(InputError, match="choose a channel or time with page"):
        Labels.read(path)
    assert np.array_equal(Labels.read(path, page=1).values, VALUES + 10)


def test_colour_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 6, 3), np.uint8), photometric="rgb")
    with pytest.raises(FileError, match="colour image"):
        Labels.read(tmp_path / "a.tif", pixel_size=1.0)


def test_classes_of_inform_come_from_its_description(tmp_path):
    entries = "".join(f"<Entry><Name>{name}</Name></Entry>" for name in ("Tumor", "Stroma"))
    text = f'<?xml version="1.0" encoding="utf-16"?>\n<TissueClassMap>{entries}</TissueClassMap>'
    tifffile.imwrite(tmp_path / "a.tif", VALUES[0] % 2, description=text, metadata=None)
    assert Labels.read(tmp_path / "a.tif", pixel_size=1.0).classes == {0: "Tumor", 1: "Stroma"}
    assert Labels.read(tmp_path / "a.tif", pixel_size=1.0, classes={0: "tumour"}).classes == {0: "tumour"}
    tifffile.imwrite(tmp_path / "b.tif", VALUES[0] % 2, description=text.replace("</Entry>", ""), metadata=None)
    broken = Labels.read(tmp_path / "b.tif", pixel_size=1.0)
    assert not broken.classes and "list of tissue classes is damaged" in broken.report()


@pytest.mark.data
def test_segmentation_maps():
    path = data_file("labels/phenoptr_Set4_6plex_seg_maps.tif")
    with pytest.raises(InputError, match=r"0: 1868 x 1400 uint16, tissue classes; 1: 1868 x 1400 uint16, Nucleus; 2: .* Cytoplasm; 3: .* Membrane"):
        Labels.read(path, pixel_size=0.5)
    with pytest.raises(InputError, match="does not say the size of its voxels along y, x; give pixel_size"):
        Labels.read(path, page=0)
    tissue = Labels.read(path, page=0, pixel_size=0.5)
    assert tissue.values.shape == (1, 1400, 1868) and tissue.classes == {0: "Tumor", 1: "Stroma", 2: "Background"} and set(tissue.counts()) == {0, 1, 2}
    nuclei = Labels.read(path, page=1, pixel_size=0.5)
    assert nuclei.values.max() == 6183 and len(nuclei.counts()) == 6072 + 1 and not nuclei.classes
    assert set(Labels.read(path, page=3, pixel_size=0.5).counts()) == {0, 1}


@pytest.mark.data
def test_vessel_mask():
    labels = Labels.read(data_file("labels/chaste_bio_vessel_mask_2d.tif"), pixel_size=1.0)
    assert labels.values.shape == (1, 625, 568) and set(labels.counts()) == {0, 255}
    assert labels.mask().mean() == pytest.approx(0.391, abs=5e-4)
    with pytest.raises(InputError, match="does not say the size"):
        Labels.read(data_file("labels/chaste_bio_vessel_mask_2d.tif"))


@pytest.mark.data
@pytest.mark.parametrize("name", ["phenoptr_Set4_6plex_seg_maps", "chaste_bio_vessel_mask_2d"])
def test_real_images_cut_short(tmp_path, name):
    path = tmp_path / "cut.tif"
    data = data_file(f"labels/{name}.tif").read_bytes()
    for keep in (0.95, 0.5):
        path.write_bytes(data[: int(keep * len(data))])
        with pytest.raises(FileError, match="cut short"):
            Labels.read(path, pixel_size=1.0, page=0)


def test_missing_package_names_the_extra(tmp_path, monkeypatch):
    path = nifti(tmp_path / "a.nii")
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    with pytest.raises(InputError, match=r"needs nibabel; install it with: pip install 'tmefield\[images\]'"):
        Labels.read(path)
