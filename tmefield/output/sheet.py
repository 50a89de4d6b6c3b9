"""Where the panels of the overview go on the page."""

from dataclasses import dataclass
from itertools import accumulate

from .slices import Plane

# With so few species their slices stand side by side; with more, each species has a column, which suits a wide screen.
_SPECIES_IN_ROWS = 2
_LEFT, _RIGHT, _BOTTOM = 1.15, 0.3, 0.65
_GAP, _BETWEEN, _BAR, _PROFILE = 0.72, 0.14, 0.78, 1.9
_NARROW = 13.0
_PANELS_IN_A_ROW = 4
_NARROWEST_PANEL, _PANEL_TITLE, _PANEL_BAR = 3.1, 0.3, 0.95


@dataclass(frozen=True)
class Box:
    """A rectangle on the page in inches: its upper left corner, measured from that of the page, and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Sheet:
    """The page, all lengths in inches; `um` is the length on paper of 1 um, the same in every slice."""

    width: float
    height: float
    um: float
    in_rows: bool
    slices: tuple[tuple[Box, ...], ...]
    bars: tuple[Box, ...]
    profiles: tuple[Box, ...]

    @property
    def left(self) -> float:
        """Left edge of the first panels."""
        return _LEFT

    @property
    def right(self) -> float:
        """Right edge of the last panels."""
        return self.width - _RIGHT

    @property
    def is_narrow(self) -> bool:
        """Whether the legend needs a line of its own."""
        return self.width < _NARROW

    def axes(self, figure, box: Box):
        """Axes in a box of the page."""
        return figure.add_axes((box.x / self.width, 1 - (box.y + box.height) / self.height, box.width / self.width, box.height / self.height))

    def text(self, figure, x: float, y: float, words: str, **style):
        """Text at a place on the page."""
        return figure.text(x / self.width, 1 - y / self.height, words, **style)


def make_sheet(species: int, planes: list[Plane]) -> Sheet:
    """Lay out slices, a colour bar and a profile for each species."""
    widths = [plane.extent[1] - plane.extent[0] for plane in planes]
    heights = [plane.extent[3] - plane.extent[2] for plane in planes]
    return _rows(species, widths, heights) if species <= _SPECIES_IN_ROWS else _columns(species, widths, heights)


def make_panels(count: int, plane: Plane) -> Sheet:
    """Lay out one slice with a bar below it for each of several maps, from left to right and down."""
    across, up = plane.extent[1] - plane.extent[0], plane.extent[3] - plane.extent[2]
    in_a_row = min(count, _PANELS_IN_A_ROW)
    um = min(3.4 / across, 3.4 / up)
    column = max(_NARROWEST_PANEL, um * across)
    row = _PANEL_TITLE + um * up + _PANEL_BAR
    # One panel alone would leave no room for the legend over it.
    width = _LEFT + max(in_a_row, 2) * (column + _GAP) - _GAP + _RIGHT
    corners = [(_LEFT + (index % in_a_row) * (column + _GAP), _head(width) + (index // in_a_row) * row) for index in range(count)]
    return Sheet(
        width=width,
        height=_head(width) + -(-count // in_a_row) * row + 0.1,
        um=um,
        in_rows=False,
        slices=tuple((Box(x + (column - um * across) / 2, y + _PANEL_TITLE, um * across, um * up),) for x, y in corners),
        bars=tuple(Box(x + 0.05, y + _PANEL_TITLE + um * up + 0.12, column - 0.1, 0.13) for x, y in corners),
        profiles=(),
    )


def _columns(species: int, widths: list[float], heights: list[float]) -> Sheet:
    column = min(max(15.0 / species, 2.5), 4.2)
    um = min(column / max(widths), 9.0 / sum(heights))
    column = max(2.5, um * max(widths))
    lefts = [_LEFT + index * (column + _GAP) for index in range(species)]
    width = lefts[-1] + column + _RIGHT
    head = _head(width)
    tops = _edges(head, [um * h + _BETWEEN for h in heights])
    below = tops[-1] - _BETWEEN
    return Sheet(
        width=width,
        height=below + _BAR + _PROFILE + _BOTTOM,
        um=um,
        in_rows=False,
        slices=tuple(tuple(Box(x + (column - um * w) / 2, y, um * w, um * h) for w, h, y in zip(widths, heights, tops, strict=False)) for x in lefts),
        bars=tuple(Box(x + 0.05, below + 0.12, column - 0.1, 0.13) for x in lefts),
        profiles=tuple(Box(x, below + _BAR, column, _PROFILE) for x in lefts),
    )


def _rows(species: int, widths: list[float], heights: list[float]) -> Sheet:
    um = min(3.4 / max(heights), 10.2 / sum(widths))
    panel = max(um * max(heights), 1.6)
    row = panel + 1.35
    lefts = _edges(_LEFT, [um * w + 0.2 for w in widths])
    end = lefts[-1] - 0.2
    profile = 3.6
    width = end + 0.95 + profile + _RIGHT
    head = _head(width)
    tops = [head + index * row for index in range(species)]
    return Sheet(
        width=width,
        height=head + species * row,
        um=um,
        in_rows=True,
        slices=tuple(tuple(Box(x, y + (panel - um * h) / 2, um * w, um * h) for w, h, x in zip(widths, heights, lefts, strict=False)) for y in tops),
        bars=tuple(Box(_LEFT, y + panel + 0.14, min(end - _LEFT, 4.2), 0.13) for y in tops),
        profiles=tuple(Box(end + 0.95, y, profile, panel) for y in tops),
    )


def _head(page_width: float) -> float:
    return 1.35 if page_width >= _NARROW else 1.7


def _edges(start: float, sizes: list[float]) -> list[float]:
    return list(accumulate(sizes, initial=start))
