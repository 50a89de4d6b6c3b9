"""What `tmefield info` tells of responses of cells: a line each, or one whole."""

from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..response.catalogue import Definition


def response_named(name: str) -> "Definition":
    """The response of this name, in any spelling of case, hyphens and underscores.

    **Raises** `InputError` with what may have been meant.
    """
    from ..library.naming import plain, spelling_slip
    from ..response.catalogue import definition, response_names

    known = {plain(one): one for one in response_names()}
    if plain(name) in known:
        return definition(known[plain(name)])
    meant = spelling_slip(name, known)
    raise InputError(f"unknown response '{name}'" + (f"; did you mean '{meant}'?" if meant else ""))


def response_text(one: "Definition") -> str:
    """A response whole, with its sources."""
    from ..response.render import render_response

    return render_response(one)


def response_lines() -> list[str]:
    """All responses, a line each."""
    from ..response.catalogue import definition, response_names

    return ["Responses of cells", *(f"  {name:<14} {definition(name).words}" for name in response_names())]
