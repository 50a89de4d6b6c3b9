"""Versions of what the numbers depend on."""

import platform
from importlib import metadata

from .. import __version__

PACKAGES = ("jax", "jaxlib", "equinox", "numpy", "scipy", "netCDF4")


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {"python": platform.python_version(), "tmefield": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
