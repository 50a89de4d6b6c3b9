"""Mechanisms, one a file, each giving a production and a loss; a new one is a new file and a line here."""

from .binding import Binding as Binding
from .blood import Blood as Blood
from .blood import Haemoglobin as Haemoglobin
from .consumption import Consumption as Consumption
from .conversion import Conversion as Conversion
from .decay import Decay as Decay
from .drainage import LymphaticDrainage as LymphaticDrainage
from .exchange import VascularExchange as VascularExchange
from .injection import Injection as Injection
from .linear import Linear as Linear
from .modulation import Blockade as Blockade
from .modulation import Hill as Hill
from .modulation import Modulation as Modulation
from .neutralisation import Neutralisation as Neutralisation
from .per_cell import PerCell as PerCell
from .receptor_pools import ReceptorPools as ReceptorPools
from .scheduled import Scheduled as Scheduled
from .secretion import Secretion as Secretion
from .term import AbstractTerm as AbstractTerm
from .term import Medium as Medium
from .term import Moment as Moment
from .term import Rates as Rates
from .uptake import ReceptorUptake as ReceptorUptake
