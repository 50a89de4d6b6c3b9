"""`tmefield info conflicts`: values of the literature that cannot all be right."""


def print_conflicts(json: bool) -> None:
    """All conflicts as text or, with `json`, as a list with values in their own units and how far they are apart."""
    from dataclasses import asdict

    from ..library.conflicts import conflicts
    from ..library.render_conflicts import render_conflicts
    from .console import print_json

    if json:
        print_json({"conflicts": [{**asdict(one), "factor": one.factor()} for one in conflicts()]})
    else:
        print(render_conflicts())
