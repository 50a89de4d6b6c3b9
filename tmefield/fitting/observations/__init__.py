"""Kinds of measurements, one a file."""

from .assay import Assay as Assay
from .flux import SecretionFlux as SecretionFlux
from .markers import MarkerIntensity as MarkerIntensity
from .observation import AbstractObservation as AbstractObservation
from .points import PointSamples as PointSamples
from .profile import DistanceProfile as DistanceProfile
