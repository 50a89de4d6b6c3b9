"""What `tmefield info` tells of the regulation network and of effects: tables, a picture."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..output.signed_graph import Arc, SignedGraph


def print_network(out: Path | None, *, force: bool, json: bool) -> None:
    """The table of all edges; with `out` their picture instead."""
    from .. import library
    from ..library.render_network import render_network
    from .console import print_json

    if out is not None:
        _draw(out, force)
    elif json:
        print_json({"edges": [asdict(one) for one in library.edges()]})
    else:
        print(render_network())


def print_effects(*, json: bool) -> None:
    """The table of all effects."""
    from .. import library
    from ..library.render_network import render_effects
    from .console import print_json

    if json:
        print_json({"effects": [asdict(one) for one in library.effects()]})
    else:
        print(render_effects())


def _draw(out: Path, force: bool) -> None:
    from ..output.regulation_picture import draw_regulation
    from .targets import checked_target

    draw_regulation(_graph(), checked_target(out, force=force))
    print(out)


def _graph() -> "SignedGraph":
    """The network and the effects as arcs; effects whose part the network carries are drawn once."""
    from .. import library
    from ..output.signed_graph import SignedGraph

    edges = library.edges()
    secretion = [arc for one in edges if one.kind == "secretion" for arc in _arcs(one)]
    carried = {(arc.source, target) for one in edges for arc in _arcs(one) for target in one.on}
    named_elsewhere = ("IFN-gamma secretion", "VEGF secretion", "CTL function")
    effects = [arc for one in library.effects() for arc in _arcs(one) if (arc.source, arc.target) not in carried and arc.target not in named_elsewhere]
    on_cells = [arc for one in edges if one.kind in ("switch", "response", "rate") for arc in _arcs(one)]
    makers = {}
    for name in dict.fromkeys(species for arc in secretion for species in (arc.source, arc.target)):
        known = name in library.species_ids()
        makers[name] = tuple(cell for cell, entry in library.species(name).secretion.items() if entry.rate.value > 0) if known else ()
    rivals = tuple(f"{one.ligands[0]} competes for the receptor in {' and '.join(one.on)}" for one in edges if one.kind == "receptor")
    return SignedGraph(tuple(secretion), (*on_cells, *effects), makers, rivals)


def _arcs(edge) -> "list[Arc]":
    from ..output.signed_graph import Arc

    free = "Emax" in edge.placeholders
    return [Arc(ligand, target, edge.sign == "+", free, edge.by_lack, len(edge.ligands) > 1) for ligand in edge.ligands for target in edge.on]
