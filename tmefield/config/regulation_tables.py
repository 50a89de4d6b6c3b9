"""What a configuration may say about regulation: which edges of the library are on, and edges of one's own."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .quantities import Text, bounded, quantity
from .table import Name, Table

MAX_EDGES = 200
_CONCENTRATION = quantity("concentration", positive=True, maximum=1e7).func


def _half_maxima(value: Any, info: Any) -> Any:
    """One concentration, or one for each ligand of an AND gate."""
    parts = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return tuple(_CONCENTRATION(part, info) for part in parts)  # type: ignore[call-arg]


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


class EdgeTable(Table):
    """An edge of one's own: what `from` does to the secretion of the species `on` by the cells `by`, or by all."""

    ligands: Names = Field(alias="from")
    on: Names
    half_maximum: Annotated[tuple[Text, ...], BeforeValidator(_half_maxima)]
    sign: Literal["+", "-"] | None = None
    Emax: Annotated[float, bounded(high=1e3)] | None = None
    basal: Annotated[float, bounded(high=1e3)] = 1.0
    exponent: Annotated[float, bounded(low=1.0, high=20.0)] = 1.0
    by: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more)] = ()
    source: Annotated[str, Field(min_length=1, max_length=500)] = "this configuration"
    id: Name | None = None

    @model_validator(mode="after")
    def _parts_fit(self):
        if self.sign is None and self.Emax is None:
            raise ValueError("give 'Emax' (the factor at saturating ligand) or 'sign' ('+' or '-', then Emax is the placeholder 2 or 0)")
        if self.sign is not None and self.Emax is not None and (self.sign == "+") != (self.Emax > self.basal):
            raise ValueError(f"sign '{self.sign}' does not fit Emax {self.Emax:g} beside basal {self.basal:g}; leave one of them out")
        if len(self.half_maximum) not in (1, len(self.ligands)):
            raise ValueError(f"half_maximum has {len(self.half_maximum)} concentrations for {len(self.ligands)} ligands in 'from'; give one for each")
        return self


class RegulationTable(Table):
    """Which edges act on the secretion of the species."""

    edges: Literal["library", "none"] = "none"
    off: tuple[Name, ...] = ()
    edge: Annotated[tuple[EdgeTable, ...], Field(max_length=MAX_EDGES)] = ()

    @model_validator(mode="after")
    def _something_to_switch(self):
        if self.off and self.edges == "none":
            raise ValueError("'off' switches edges of the library off: it needs edges = \"library\" beside it")
        return self
