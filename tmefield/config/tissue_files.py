"""Files of cells and of labels in a configuration, and what has to be said of them."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .quantities import Fraction, Length
from .table import Name, PathText, Table

TissueName = Literal["stroma", "tumour", "necrotic_core"]


class Columns(Table):
    """Names of the columns (CSV) or of obs columns or obsm entries such as "spatial[0]" (h5ad)."""

    x: Name
    y: Name
    z: Name | None = None
    type: Name


def _share_tag(value: Any) -> str:
    return "types:table" if isinstance(value, dict) else "types:text"


Share = Annotated[Annotated[Name, Tag("types:text")] | Annotated[dict[Name, Fraction], Tag("types:table")], Discriminator(_share_tag)]


class CellFile(Table):
    """Cells from a file."""

    file: PathText
    columns: Columns | None = None
    preset: Literal["inform", "codex", "imc", "mibi", "physicell"] | None = None
    pixel_size: Length | None = None
    unit: Literal["um", "mm"] | None = None
    types: dict[Name, Share] = {}
    encoding: Name | None = None

    @model_validator(mode="after")
    def _columns_and_scale_are_given(self):
        name = self.file.casefold()
        if self.columns is not None and self.preset is not None:
            raise ValueError("give either 'columns' or 'preset'")
        if self.columns is None and self.preset is None and not name.endswith((".xml", ".h5ad")):
            raise ValueError("cells.columns is missing: name those of the positions and the type, or give the 'preset' of the program that wrote the file")
        says_its_unit = self.preset in ("inform", "physicell") or name.endswith(".xml")
        if (self.pixel_size is None) == (self.unit is None) and not (says_its_unit and self.unit is None):
            raise ValueError("give either 'pixel_size' (e.g. '0.5 um') or 'unit' ('um' or 'mm'): the file does not say in what its positions are")
        return self


class LabelFile(Table):
    """What kind of tissue each voxel is, from a label image; `classes` says which tissue a class (its name or value) stands for."""

    file: PathText
    pixel_size: Length | None = None
    voxel_size: tuple[Length, Length, Length] | None = None
    page: Annotated[int, Field(ge=0)] | None = None
    classes: dict[Name, TissueName] = {}
    outside: TissueName | None = None
