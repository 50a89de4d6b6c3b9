"""The arrows of the layout, lazy imports, and what every file has to keep to."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tmefield"
FILES = sorted(PACKAGE.rglob("*.py"))

# What each part (a folder or a file of the package) may import of the others.
BASE = {"errors"}
GIVEN = BASE | {"grid", "units", "library"}
ARROWS = {
    "errors": set(),
    "memory": set(),
    "dependence": set(),
    "status": set(),
    "grid": BASE,
    "units": BASE,
    "checks": BASE,
    "library": BASE | {"units"},
    "species": GIVEN | {"checks"},
    "tissue": GIVEN,
    "vessels": GIVEN,
    "linalg": BASE,
    "transport": BASE | {"grid", "species", "linalg", "checks"},
    "course": BASE | {"checks"},
    "terms": BASE | {"grid", "units", "species", "checks", "course"},
    "pharmacology": GIVEN | {"species", "checks", "course", "terms"},
    "regulation": BASE | {"library", "terms", "checks"},
    "model": BASE | {"grid", "species", "terms", "transport", "linalg", "checks", "dependence"},
    "output": BASE | {"grid", "units"},
    "response": BASE | {"grid", "library", "terms", "output"},
}
SOLVED = ARROWS["model"] | {"model", "status", "balance", "budget", "solution", "output", "units"}
ARROWS |= dict.fromkeys(("balance", "budget", "solution", "steady", "stepping"), SOLVED)
ARROWS["stepping"] = SOLVED | {"steady", "dependence"}
ARROWS["interstitium"] = SOLVED | {"steady"}
ARROWS["populations"] = SOLVED
ARROWS["outcome"] = SOLVED | {"populations", "library", "regulation", "pharmacology", "course", "response"}
ARROWS["fitting"] = SOLVED | {"steady", "stepping", "library", "response"}
ARROWS["config"] = set(ARROWS)
ARROWS["cli"] = set(ARROWS)
ARROWS["__main__"] = {"cli"}
WITHOUT_JAX = {"errors", "memory", "grid", "units", "library", "tissue", "vessels", "output", "config", "cli"}
LAZY = {
    "netCDF4",
    "pydantic",
    "typer",
    "rich",
    "xarray",
    "pint",
    "matplotlib",
    "vtk",
    "vtkmodules",
    "anndata",
    "pandas",
    "h5py",
    "tifffile",
    "imagecodecs",
    "nibabel",
    "nrrd",
    "sklearn",
}
# The models and the commands are written in these; nobody imports those modules before they are needed.
LAZY_EXCEPT = {"config": {"pydantic"}, "cli": {"typer", "rich"}}


def part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imported_modules(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Absolute dotted names of what a file imports; with `top_level_only`, not what its functions import when called."""
    package = ["tmefield", *path.relative_to(PACKAGE).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _nodes(tree, inside_functions=not top_level_only)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def _nodes(node, *, inside_functions: bool):
    """Everything that runs; what stands under TYPE_CHECKING is for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if _is_type_checking(child) or (isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and not inside_functions):
            continue
        yield child
        yield from _nodes(child, inside_functions=inside_functions)


def _is_type_checking(node) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=240)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    own = part(path)
    if own == "__init__":
        return
    assert own in ARROWS, f"new part {own}: give it a place in ARROWS"
    others = {name.split(".")[1] for name in imported_modules(path) if name.startswith("tmefield.")} - {own}
    # A name that is no part is one that tmefield/__init__.py re-exports (its version).
    forbidden = {other for other in others if (PACKAGE / other).is_dir() or (PACKAGE / f"{other}.py").exists()} - ARROWS[own]
    assert not forbidden, f"{path.relative_to(ROOT)} may not import {sorted(forbidden)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_inside_functions(path):
    own = part(path)
    tops = {name.split(".")[0] for name in imported_modules(path, top_level_only=True)}
    allowed = LAZY_EXCEPT.get(own, set())
    assert not (tops & LAZY) - allowed, f"import {sorted((tops & LAZY) - allowed)} inside the functions that use it"
    if own in WITHOUT_JAX | {"__init__"}:
        assert not tops & {"jax", "equinox", "optax"}, f"{own} must be importable without JAX"


@pytest.mark.parametrize(
    "path", [*FILES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "scripts").rglob("*.py"))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_file_is_short_and_keeps_its_shape_checks(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, "split it: no code file over 400 lines"
    futures = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert not futures, "__future__ annotations switch the run-time shape checks off"


def test_import_loads_nothing_heavy():
    done = run_python("import sys, json, tmefield; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))")
    assert done.returncode == 0, done.stderr
    heavy = set(json.loads(done.stdout)) & (LAZY | {"jax", "jaxlib", "equinox", "optax", "scipy"})
    assert not heavy


CORE_WITHOUT_OPTIONAL = """
import sys
blocked = set(sys.argv[1].split(","))
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
import numpy as np
import tmefield as tf
grid = tf.Grid(shape=(6, 8, 8), spacing=(10.0, 10.0, 10.0))
species = tf.Species("X", diffusivity=40.0, decay=1e-3, molecular_weight=34.0)
cells = np.zeros(grid.shape)
cells[3, 4, 4] = 1e-4
model = tf.Model(grid, species=[species], terms=[tf.Decay(), tf.Secretion("X", cells, 10.0)], walls=tf.NoFlux())
solution = tf.solve_steady(model, rtol=1e-5)
made = 1e-4 * 10.0 / 0.602214076 / grid.size
assert abs(float(np.mean(solution.concentration)) / (made / 1e-3) - 1) < 1e-3, solution.concentration
trajectory = tf.evolve(model, np.zeros((1, *grid.shape)), times=[0.0, 60.0])
assert trajectory.concentration.shape == (2, 1, *grid.shape)
"""


def test_core_works_without_the_optional_libraries():
    blocked = "netCDF4,pydantic,typer,rich,xarray,pint,matplotlib,vtk,anndata,pandas,h5py,tifffile,nibabel,nrrd"
    done = run_python(CORE_WITHOUT_OPTIONAL, blocked)
    assert done.returncode == 0, done.stderr


PUBLIC_NAMES = """
import importlib, json, pkgutil, types
import tmefield as tf
first = {name: getattr(tf, name) for name in tf.__all__}
for module in pkgutil.walk_packages(tf.__path__, "tmefield."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
wrong = [name for name, value in first.items() if getattr(tf, name) is not value or isinstance(value, types.ModuleType)]
print(json.dumps({"names": sorted(first), "wrong": wrong}))
"""


def test_public_names_survive_the_import_of_every_submodule():
    done = run_python(PUBLIC_NAMES)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["wrong"] == []
    promised = "Grid Species Cells VesselNetwork Model Decay Secretion ReceptorUptake VascularExchange Linear NoFlux FixedConcentration solve_steady evolve"
    assert set(promised.split()) <= set(answer["names"])


def test_no_submodule_takes_a_public_name():
    import tmefield as tf

    modules = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert not modules & set(tf.__all__)


def test_every_test_file_stands_where_its_module_does():
    strays = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        folder = path.relative_to(ROOT / "tests").parent
        if folder.parts and folder.parts[0] not in {"validation", "scripts", "experiments"} and not (PACKAGE / folder).is_dir():
            strays.append(str(path.relative_to(ROOT)))
    assert not strays
    assert importlib.util.find_spec("data_files"), "tests/ is on the path of pytest"
