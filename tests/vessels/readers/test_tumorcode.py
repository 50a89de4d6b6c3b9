import netCDF4
import numpy as np
import pytest

from tmefield.errors import FileError, InputError
from tmefield.vessels.network import Boundary, VesselNetwork

NODES = {"world_pos": [[0, 0, 0], [30, 0, 0], [30, 40, 0]], "roots": [0, 2], "bc_type": [1, 2], "bc_value": [2.0, 500.0]}
EDGES = {"node_a_index": [0, 1], "node_b_index": [1, 2], "radius": [3.0, 2.5], "flow": [500.0, 500.0], "hematocrit": [0.4, 0.45]}


def write(folder, nodes=NODES, edges=EDGES, group="vessels"):
    path = folder / "net.h5"
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        for part, columns in (("nodes", nodes), ("edges", edges)):
            place = file.createGroup(f"{group}/{part}")
            for name, values in columns.items():
                array = np.asarray(values)
                dimensions = [f"{name}_{axis}" for axis in range(array.ndim)]
                for dimension, size in zip(dimensions, array.shape, strict=True):
                    place.createDimension(dimension, size)
                place.createVariable(name, array.dtype, dimensions)[...] = array
    return path


def test_units_and_signs_are_those_of_the_package(tmp_path):
    network = VesselNetwork.read(write(tmp_path))
    assert network.lengths.tolist() == [30, 40] and network.radius.tolist() == [3, 2.5]
    assert network.flow is not None and network.flow.tolist() == [500, 500]
    assert network.hd is not None and network.hd.tolist() == [0.4, 0.45]
    assert network.boundary == (Boundary(0, "pressure", 2000.0), Boundary(2, "flow", -500.0))
    with pytest.raises(InputError, match="does not go with unit 'mm'"):
        VesselNetwork.read(tmp_path / "net.h5", unit="mm")


def test_flow_and_boundary_values_may_be_missing(tmp_path):
    path = write(tmp_path, {"world_pos": NODES["world_pos"]}, {name: EDGES[name] for name in ("node_a_index", "node_b_index", "radius")})
    network = VesselNetwork.read(path)
    assert network.flow is None and network.hd is None and network.boundary == ()


@pytest.mark.parametrize(
    ("nodes", "edges", "said"),
    [
        ({"world_pos": None, "lattice_pos": [0, 1, 2]}, {}, "holds no world_pos .only places on a lattice"),
        ({"world_pos": None}, {}, "holds no world_pos$"),
        ({"world_pos": [[0, 0], [1, 1], [2, 2]]}, {}, "must have three columns"),
        ({"world_pos": [[0.0, 0, 0], [1, np.nan, 1], [2, 2, 2]]}, {}, "node 1: node 1 is not at a finite position"),
        ({"bc_type": [1, 7]}, {}, "root 2 has bc_type 7"),
        ({"bc_type": [1]}, {}, "2 roots, 1 bc_type and 2 bc_value"),
        ({"roots": None}, {}, "bc_type but no roots"),
        ({"roots": [0, 9]}, {}, "node 9: a boundary value is given for node 9"),
        ({}, {"radius": None}, "holds no radius"),
        ({}, {"radius": [3.0]}, "differ in shape"),
        ({}, {"radius": [3.0, 0.0]}, "edge 1: segment from node 1 to 2 has radius 0"),
        ({}, {"node_b_index": [1, 5]}, r"edge 1: segment from node 1 to 5 names a node that is not in the file"),
        ({}, {"flow": [1.0, np.inf]}, "edge 1: the flow of a segment is inf"),
    ],
)
def test_damage_is_told(tmp_path, nodes, edges, said):
    parts = [{name: values for name, values in (whole | change).items() if values is not None} for whole, change in ((NODES, nodes), (EDGES, edges))]
    with pytest.raises(FileError, match=said):
        VesselNetwork.read(write(tmp_path, *parts))


def test_other_hdf5_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"no group 'vessels' with 'nodes' and 'edges' in this HDF5 file \(it holds trees\)"):
        VesselNetwork.read(write(tmp_path, group="trees"))


@pytest.mark.parametrize("size", [8, 200, 3000])
def test_file_cut_short_is_refused(tmp_path, size):
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(FileError, match=r"HDF5 that cannot be opened .* is it cut short"):
        VesselNetwork.read(path)
