import itertools

import pytest

from tmefield.grid import Grid
from tmefield.output.sheet import make_panels, make_sheet
from tmefield.output.slices import planes_through

SHAPES = {"cube": (64, 64, 64), "flat": (46, 104, 110), "section": (1, 160, 160), "strip": (20, 24, 200), "tower": (200, 20, 24)}


@pytest.mark.parametrize("species", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_panels_lie_on_the_page_apart_and_on_one_scale(species, shape):
    planes = planes_through(Grid(shape, (5.0, 5.0, 5.0)), (0, 0, 0))
    sheet = make_sheet(species, planes)
    assert len(sheet.slices) == len(sheet.bars) == len(sheet.profiles) == species
    boxes = [*itertools.chain(*sheet.slices), *sheet.bars, *sheet.profiles]
    for box in boxes:
        assert box.x >= sheet.left - 1e-9 and box.x + box.width <= sheet.right + 1e-9
        assert box.y >= 1.2 and box.y + box.height <= sheet.height - 0.5
    for one, other in itertools.combinations(boxes, 2):
        apart_across = one.x + one.width < other.x or other.x + other.width < one.x
        apart_down = one.y + one.height < other.y or other.y + other.height < one.y
        assert apart_across or apart_down
    for plane, box in zip(planes, sheet.slices[-1], strict=True):
        left, right, bottom, top = plane.extent
        assert box.width == pytest.approx((right - left) * sheet.um) and box.height == pytest.approx((top - bottom) * sheet.um)


def test_few_species_stand_in_rows_and_many_fill_a_wide_page():
    planes = planes_through(Grid((46, 104, 110), (5.0, 5.0, 5.0)), (0, 0, 0))
    assert [make_sheet(species, planes).in_rows for species in (1, 2, 3, 5)] == [True, True, False, False]
    page = make_sheet(5, planes)
    assert 1.5 < page.width / page.height < 2.0


@pytest.mark.parametrize("count", [1, 3, 4, 9])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_panels_of_maps_lie_in_rows_of_four(count, shape):
    (plane, *_) = planes_through(Grid(shape, (5.0, 5.0, 5.0)), (0, 0, 0))
    sheet = make_panels(count, plane)
    boxes = [slice for (slice,) in sheet.slices]
    assert len(boxes) == len(sheet.bars) == count and len({box.y for box in boxes}) == -(-count // 4)
    for box, bar in zip(boxes, sheet.bars, strict=True):
        assert min(box.x, bar.x) >= sheet.left - 1e-9 and max(box.x + box.width, bar.x + bar.width) <= sheet.right + 1e-9
        assert box.y >= 1.2 and box.y + box.height < bar.y and bar.y + bar.height <= sheet.height - 0.5
    for one, other in itertools.combinations(boxes, 2):
        assert one.x + one.width < other.x or other.x + other.width < one.x or one.y + one.height < other.y - 0.5
