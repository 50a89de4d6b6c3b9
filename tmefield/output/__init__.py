"""Fields to files and pictures: NetCDF (CF-1.11), xarray, VTK images and PNG. Sees fields, never a solver."""

from .dataset import to_dataset as to_dataset
from .fieldset import FieldSet as FieldSet
from .fieldset import Listed as Listed
from .fieldset import Variable as Variable
from .fieldset import variable_name as variable_name
from .netcdf import write_netcdf as write_netcdf
from .network_picture import draw_network as draw_network
from .plots import overview as overview
from .profiles import profile as profile
from .reading import read_netcdf as read_netcdf
from .readout_picture import Panel as Panel
from .readout_picture import readout_maps as readout_maps
from .vessel_lines import VesselLines as VesselLines
from .vti import write_vti as write_vti
from .vtp import write_vtp as write_vtp
from .vtp import write_vtu as write_vtu
