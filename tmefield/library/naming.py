"""What a misspelt name may have meant. Two members of a family (IL-10 and IL-17) differ by a letter too, but neither is a slip of the other."""

import difflib
import re
from collections.abc import Mapping

_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma"}
_MARKS = r"\d+(?:[a-g]$)?|alpha|beta|gamma|delta|epsilon|kappa|lambda|omega"
# An abbreviation this short ends in a letter that tells members apart: VEGF-C, TNF-b, IFN-a.
_LONGEST_ABBREVIATION = 5
_CUTOFF = 0.75


def plain(name: str) -> str:
    """Lower case, Greek letters by name, nothing but letters and digits."""
    spelled = "".join(_GREEK.get(letter, letter) for letter in name.casefold())
    return "".join(letter for letter in spelled if letter.isalnum())


def spelling_slip(name: str, names: Mapping[str, str]) -> str | None:
    """Id of the known name (`names`: plain name to id) of which `name` is probably a misspelling; None where it rather is something else.

    A name with numbers, Greek letters or a member letter of its own (IL-17, IFN-alpha, VEGF-C) is no slip of a name that has others, nor of one of
    another family (TNF-alpha).
    """
    asked = plain(name)
    mistyped = {identifier for one, identifier in names.items() if _is_mistyped(asked, one)}
    if len(mistyped) == 1:
        return mistyped.pop()
    stem, member = _parts(asked)
    kin = {}
    for one, identifier in names.items():
        its_stem, its_member = _parts(one)
        if member in ((), its_member) and _likeness(stem, its_stem) >= _CUTOFF:
            kin[one] = identifier
    near = difflib.get_close_matches(asked, list(kin), n=1, cutoff=_CUTOFF)
    if not near:
        return None
    # A name without a member (macrophage) may be any of its family: none of them is what was meant more than the others.
    meant = {identifier for one, identifier in kin.items() if _parts(one)[0] == _parts(near[0])[0]}
    return kin[near[0]] if len(meant) == 1 else None


def _is_mistyped(asked: str, known: str) -> bool:
    """Whether two letters of a known name changed places (TFN), or a long one lost a letter at its end or inside (IFNgamm); numbers are as they were."""
    if len(asked) == len(known):
        differ = [i for i, (a, b) in enumerate(zip(asked, known, strict=True)) if a != b]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1 and asked[differ[0]] + asked[differ[1]] == known[differ[1]] + known[differ[0]]
        return swapped and all(known[i].isalpha() for i in differ)
    if len(asked) != len(known) - 1 or len(asked) <= _LONGEST_ABBREVIATION:
        return False
    return any(known[i].isalpha() and known[:i] + known[i + 1 :] == asked for i in range(len(known)))


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _parts(name: str) -> tuple[str, tuple[str, ...]]:
    """A name without, and what tells a member of its family apart: its numbers, Greek letters, and the last letter of an abbreviation."""
    marks = tuple(re.findall(_MARKS, name))
    if not marks and len(name) <= _LONGEST_ABBREVIATION and name[-1:] in "abcdeg":
        return name[:-1], (name[-1:],)
    return re.sub(_MARKS, "", name), marks
