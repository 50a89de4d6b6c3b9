"""Fields to files and pictures: NetCDF (CF-1.11), xarray, VTK images and PNG. Sees fields, never a solver."""

from .dataset import to_dataset as to_dataset
from .fieldset import FieldSet as FieldSet
from .fieldset import Variable as Variable
from .fieldset import variable_name as variable_name
from .netcdf import write_netcdf as write_netcdf
from .plots import overview as overview
from .profiles import profile as profile
from .reading import read_netcdf as read_netcdf
from .vti import write_vti as write_vti
