"""What others see in a NetCDF file that tmefield wrote: the CF checker, and VTK."""

import json
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

CHECK = """
import sys
from compliance_checker.runner import CheckSuite, ComplianceChecker
CheckSuite.load_all_available_checkers()
ComplianceChecker.run_checker(sys.argv[1], ["cf:1.11"], 0, "strict", output_filename=sys.argv[2], output_format="json")
"""


def compliance_messages(path) -> tuple[int, list[str]]:
    """Points given and messages of compliance-checker, cf:1.11, strict, for a file."""
    pytest.importorskip("compliance_checker")
    report = path.with_suffix(".compliance.json")
    done = subprocess.run([sys.executable, "-c", CHECK, str(path), str(report)], capture_output=True, text=True, timeout=120)
    assert report.exists(), done.stderr
    result = json.loads(report.read_text())["cf:1.11"]
    assert result["scored_points"] == result["possible_points"]
    lists = ("high_priorities", "medium_priorities", "low_priorities")
    return result["possible_points"], [f"{check['name']}: {message}" for name in lists for check in result[name] for message in check["msgs"]]


@contextmanager
def vtk_says_nothing():
    """VTK's warnings off for a while: they hold for the whole process, and other tests count on them."""
    from vtkmodules.vtkCommonCore import vtkObject

    vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtkObject.GlobalWarningDisplayOn()


def vtk_image(path, names) -> tuple[tuple[float, ...], dict[str, np.ndarray]]:
    """Bounds and the named fields, flat, as VTK's CF reader gives them with its default settings."""
    pytest.importorskip("vtk")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIONetCDF import vtkNetCDFCFReader

    reader = vtkNetCDFCFReader()
    reader.SetFileName(str(path))
    with vtk_says_nothing():
        reader.Update()
    image = reader.GetOutput()
    assert image.GetClassName() == "vtkImageData"
    return image.GetBounds(), {name: vtk_to_numpy(image.GetPointData().GetArray(name)) for name in names}
