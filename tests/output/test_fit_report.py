"""The page on a fit, and its arrays in a file of results."""

import dataclasses
from html.parser import HTMLParser

import netCDF4
import numpy as np
import pytest
from PIL import Image

from tmefield.errors import InputError
from tmefield.output import Listed, read_netcdf, write_netcdf
from tmefield.output.fit_page import fit_page
from tmefield.output.fit_record import Estimate, FitRecord, FittedData, record_lists, record_scalars
from tmefield.output.fit_report import fit_report, what_is_known
from tmefield.output.scales import figure
from written_files import compliance_messages


def some(n, **changes) -> FittedData:
    random = np.random.default_rng(n)
    predicted = np.linspace(0.02, 0.01, n)
    residual = random.normal(size=n)
    values = {"data": predicted * (1 - 0.1 * residual), "predicted": predicted, "residual": residual, "sd": 0.03 * predicted, "noise_sd": 0.1 * predicted}
    return FittedData(**{"name": "IFNg profile", "unit": "nM", "censored": np.zeros(n, bool), **values, **changes})


DATA = (
    some(4, x=np.array([10.0, 30.0, 50.0, 80.0]), x_name="distance, um", curve=np.zeros(4, int)),
    some(6, name="IFNg points", position=np.ones((6, 3)), censored=np.arange(6) > 4),
    some(6, name="probe", unit="pg/mL", x=np.repeat([3600.0, 7200.0, 14400.0], 2), x_name="time, s", curve=np.tile([0, 1], 3), curves=("place 1", "place 2")),
)
RATE = Estimate(
    "IFNg.secretion_by_CD8_T.rate", "molecule/cell/s", "s-1", 1.0, 9.3, 5.3, 16.5, 0.29, "fitted", 4.5, 1.0, 10.0, "doi:10.1/<script>alert(1)</script>"
)
DECAY = Estimate("IFNg.decay", "1/s", "s-1", 1e-4, 8.9e-5, None, None, None, "undetermined", tied=("IFNg.decay", "IL6.decay"))
RECORD = FitRecord(
    "A fit of $x & <b>y</b>",
    "converged",
    True,
    7,
    12.3,
    14,
    DATA,
    (RATE, DECAY),
    np.array([300.0, 1e-9]),
    np.array([[0.8, 0.6], [0.6, -0.8]]),
    0.7,
    ("only ratios are fixed",),
    ("add a second time",),
    ("only ratios are fixed", "chi^2 is <large>"),
    sources=("a paper",),
)


def test_the_picture_is_one_page(tmp_path):
    pages = [fit_report(RECORD, tmp_path / "all.png"), fit_report(dataclasses.replace(RECORD, data=DATA[:1]), tmp_path / "one.png")]
    large, small = (Image.open(page) for page in pages)
    assert large.width == small.width > 1000 and large.format == "PNG"
    ink = np.asarray(large.convert("L")) < 250
    assert 0.005 < ink.mean() < 0.3
    many = dataclasses.replace(RECORD, data=tuple(dataclasses.replace(DATA[0], name=f"p{i}") for i in range(5)))
    assert Image.open(fit_report(many, tmp_path / "many.png")).height > large.height


def test_the_head_claims_no_more_than_the_table():
    """A parameter may be open though the curvature bounds every direction."""
    assert what_is_known(RECORD) == "1 of 2 directions not determined by the data"
    bounded = dataclasses.replace(RECORD, undetermined=())
    assert what_is_known(bounded) == "1 of 2 parameters not determined"
    assert what_is_known(dataclasses.replace(bounded, estimates=(RATE, RATE))) == "the data determine every direction"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.policy, self.images = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag == "img":
            self.images.append(given["src"])
        assert not [name for name in given if name.startswith("on") or name == "href"]

    def handle_data(self, data):
        self.words.append(data)


def test_the_web_page_is_whole_escaped_and_closed(tmp_path):
    picture = fit_report(RECORD, tmp_path / "fit.png")
    page = Page(fit_page(RECORD, picture, tmp_path / "fit.html").read_text(encoding="utf-8"))
    assert not {"script", "link", "b", "iframe"} & set(page.tags)
    assert page.policy.startswith("default-src 'none'") and "script-src" not in page.policy
    assert len(page.images) == 1 and page.images[0].startswith("data:image/png;base64,iVBOR")
    words = "\n".join(page.words)
    for wanted in (
        "A fit of $x & <b>y</b>",
        "5.3 to 16.5",
        "undetermined",
        "4.5 (1 to 10)",
        "doi:10.1/<script>",
        "add a second time",
        "chi^2 is <large>",
        "a paper",
    ):
        assert wanted in words
    assert words.count("only ratios are fixed") == 1


def test_arrays_of_a_fit_go_into_a_file_and_come_back(make_fields, tmp_path):
    fields = make_fields(lists=record_lists(RECORD), scalars=record_scalars(RECORD))
    path = write_netcdf(fields, tmp_path / "fit.nc")
    assert compliance_messages(path)[1] == []
    with netCDF4.Dataset(path) as data:
        assert data["fit_ifng_profile_data"].units == "nmol L-1" and data["fit_probe_prediction"].units == "pg mL-1"
        assert data["fit_parameter"].flag_meanings == "IFNg.secretion_by_CD8_T.rate IFNg.decay"
        assert list(data["fit_status"][:]) == [0, 2]
        assert list(data["fit_ifng_profile_distance"][:]) == [10.0, 30.0, 50.0, 80.0]
        assert float(data["fit_ifng_secretion_by_cd8_t_rate_high"][...]) == 16.5 and np.isnan(float(data["fit_ifng_decay_low"][...]))
    back = read_netcdf(path)
    assert set(back.lists) == set(fields.lists)
    for name, entry in fields.lists.items():
        np.testing.assert_array_equal(back.lists[name].values, entry.values)
        assert (back.lists[name].dims, back.lists[name].units, back.lists[name].flags) == (entry.dims, entry.units, entry.flags)


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"a": Listed([1.0], ("segment",), "one")}, "another meaning"),
        ({"a": Listed([1.0, 2.0, 3.0], ("t",), "one for each time")}, "'t' is 3 long here and has another length"),
        ({"a": Listed([1.0], ("k",), "one"), "b": Listed([1.0, 2.0], ("k",), "two")}, "another length"),
        ({"ifng": Listed([1.0], ("k",), "one")}, "would be called 'ifng'"),
    ],
)
def test_lists_that_do_not_fit_are_refused(make_fields, lists, said):
    with pytest.raises(InputError, match=said):
        make_fields(lists=lists)


def test_a_list_has_names_units_and_words():
    for wrong, said in (
        ({"dims": ("k", "l")}, "a name in lower case for each dimension"),
        ({"dims": ("K",)}, "a name in lower case"),
        ({"units": "nM"}, "units 'nM'"),
        ({"flags": ("at bound",)}, "one word"),
    ):
        with pytest.raises(InputError, match=said):
            Listed(**{"values": [1.0], "dims": ("k",), "long_name": "one", **wrong})


def test_figures_read_as_people_write_them():
    assert [figure(one) for one in (0.0, 0.01345, 6294.0, 8.888e-5, 2.5e7, -1234.5)] == ["0", "0.0135", "6290", "8.89e-05", "2.5e+07", "-1230"]
