"""What `info` tells of a file: a text for people, facts for programs."""

import re
from typing import Any, NamedTuple


class Description(NamedTuple):
    """One screen of text, and the same as plain values for JSON."""

    text: str
    facts: dict[str, Any]


def with_notes(text: str, notes: list[str]) -> str:
    """The text with notes of the command above it."""
    return "\n".join([*(f"note: {note}" for note in notes), text])


def in_file_units(report: str) -> str:
    """A report whose lengths were taken as um, of a file that does not say its unit."""
    return re.sub(r"\bum(?=\d?\b)", "units", report)
