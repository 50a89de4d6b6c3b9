"""`tmefield info` tells of a vessel network all that is wrong in it."""

from command_line import tmefield

EDGES = "# unit: um\nid,a,b,radius\n1,p,q,2\n2,q,p,2\n3,q,r,0\n"
NODES = "# unit: um\nid,x,y,z\np,0,0,0\nq,10,0,0\nr,10,10,0\n"


def test_all_findings_are_counted(tmp_path):
    (tmp_path / "edges.csv").write_text(EDGES, encoding="utf-8")
    (tmp_path / "nodes.csv").write_text(NODES, encoding="utf-8")
    answer = tmefield("info", tmp_path / "edges.csv")
    assert answer.code == 0
    for said in ("2 segments, 3 nodes", "listed a second time: 1", "radii not positive, taken from the neighbours or the default: 1", "repair = true"):
        assert said in answer.out


def test_default_radius_is_a_length(tmp_path):
    (tmp_path / "edges.csv").write_text(EDGES.replace(",radius", "").replace(",2\n", "\n").replace(",0\n", "\n"), encoding="utf-8")
    (tmp_path / "nodes.csv").write_text(NODES, encoding="utf-8")
    answer = tmefield("info", tmp_path / "edges.csv", "--default-radius", "3 um")
    assert answer.code == 0 and "diameter 6..6 um" in answer.out
    assert tmefield("info", tmp_path / "edges.csv", "--default-radius", "3").code == 2
