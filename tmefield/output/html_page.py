"""What the self-contained web pages share: the head with its policy and style, tables, lists of sentences. Every text is escaped."""

import base64
import html
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from .atomic import write_bytes

# Nothing is fetched and nothing runs: pictures are in the page, styles too, and there are no scripts.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CSS = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
img { width: 100%; height: auto; border: 1px solid #ddd; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; } th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.warn { background: #fdf0ef; border-left: 4px solid #b2182b; padding: .4rem 1rem; }
.help { background: #eef4fb; border-left: 4px solid #2c6fbb; padding: .4rem 1rem; }
.sub { color: #555; } .source { font-size: .8rem; color: #555; max-width: 22rem; overflow-wrap: anywhere; } .undetermined, .at.bound { color: #b2182b; }
"""


def write_page(title: str, body: Iterable[str], path: str | os.PathLike) -> Path:
    """Write a page of these parts (HTML; empty ones are left out); returns the path. Its policy allows neither scripts nor anything from elsewhere.

    **Raises** `FileError` if it cannot be written.
    """
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
    head += f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escaped(title)}</title><style>{_CSS}</style>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(part for part in body if part) + "\n</body></html>\n"
    return write_bytes(path, iter([page.encode("utf-8")]))


def image(picture: str | os.PathLike, words: str) -> str:
    """A PNG within the page; `words` say what it shows."""
    data = base64.b64encode(Path(picture).read_bytes()).decode("ascii")
    return f'<img alt="{escaped(words)}" src="data:image/png;base64,{data}">'


def sentences(kind: str, title: str, said: Sequence[str]) -> str:
    """A list under a title, nothing where there is none; `kind` is a class of the style."""
    if not said:
        return ""
    return (
        f"<h2>{escaped(title)}</h2><div" + (f' class="{kind}"' if kind else "") + "><ul>" + "".join(f"<li>{escaped(one)}</li>" for one in said) + "</ul></div>"
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: tuple[int, ...]) -> str:
    """A table; columns counted in `numbers` stand to the right."""

    def cell(tag: str, index: int, words: str) -> str:
        kind = (
            "n" if index in numbers else "source" if headers[index] == "source" and tag == "td" else words if headers[index] == "status" and tag == "td" else ""
        )
        return f"<{tag}{f' class={chr(34)}{escaped(kind)}{chr(34)}' if kind else ''}>{escaped(words)}</{tag}>"

    lines = ["".join(cell(tag, index, words) for index, words in enumerate(row)) for tag, row in [("th", headers), *(("td", row) for row in rows)]]
    return '<div class="wide"><table>' + "".join(f"<tr>{line}</tr>" for line in lines) + "</table></div>"


def escaped(words: str) -> str:
    """Text as HTML."""
    return html.escape(str(words), quote=True)
