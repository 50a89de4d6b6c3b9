"""What a configuration may say about readouts: which responses of cells are written, and whether cell by cell."""

from typing import Annotated, Literal

from pydantic import Field

from .table import Name, Table


class ReadoutsTable(Table):
    """Readouts of the fields: responses (all of them, or those named), with the balance of killing and suppressed niches; a table of the cells."""

    responses: bool | Annotated[tuple[Name, ...], Field(min_length=1)] = False
    cells: bool | Literal["csv", "h5ad"] = False

    @property
    def names(self) -> tuple[str, ...] | None:
        """The responses that are named; None for all."""
        return None if isinstance(self.responses, bool) else self.responses
