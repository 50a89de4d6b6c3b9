"""Readouts: what a computed field means for cells, in the units in which it is measured."""

from .assay import AssayReading as AssayReading
from .assay import assay_profile as assay_profile
from .balance_index import balance_index as balance_index
from .balance_index import balance_summary as balance_summary
from .catalogue import response_names as response_names
from .cell_table import CellTable as CellTable
from .cell_table import at_positions as at_positions
from .cell_table import cell_table as cell_table
from .niches import Niches as Niches
from .niches import suppressed_niches as suppressed_niches
from .report import ResponseReport as ResponseReport
from .report import response_report as response_report
from .responses import Response as Response
from .responses import response_functions as response_functions
from .responses import responses as responses
from .spread import Spread as Spread
from .spread import by_distance as by_distance
from .spread import by_region as by_region
from .spread import distance_to_edge as distance_to_edge
from .spread import distance_to_points as distance_to_points
from .spread import distance_to_walls as distance_to_walls
