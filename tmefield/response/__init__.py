"""Readouts: what a computed field means for cells, in the units in which it is measured."""

from .balance_index import balance_index as balance_index
from .balance_index import balance_summary as balance_summary
from .catalogue import response_names as response_names
from .niches import Niches as Niches
from .niches import suppressed_niches as suppressed_niches
from .report import ResponseReport as ResponseReport
from .report import response_report as response_report
from .responses import Response as Response
from .responses import response_functions as response_functions
from .responses import responses as responses
