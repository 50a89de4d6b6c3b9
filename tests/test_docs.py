"""The examples of README and docs run as they stand, in a process of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = {
    "docs/drugs.md": "occupancy after a week",
    "docs/fitting.md": "degrees of freedom",
    "docs/outcome.md": "anti-PD1 {'volume_mm3'",
    "docs/populations.md": "[1. ",
    "docs/regulation.md": "without regulation",
    "README.md": "hypoxic:",
    "docs/extending.md": "defect",
    "docs/vessel-beds.md": "connected part",
    "docs/interstitium.md": "mmHg",
    "docs/chemistry.md": "activated",
    "docs/library.md": "fold apart",
    "docs/readouts.md": "shares by cause",
    "docs/sweep.md": "0.05 1000 3.04 pM",
    "docs/uncertainty.md": "the model is better than shuffled labels",
}


@pytest.mark.parametrize(("page", "says"), PAGES.items())
def test_the_python_of_a_page_runs(page, says, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    around = {name: value for name, value in os.environ.items() if page != "README.md" or name != "XLA_FLAGS"}  # see conftest
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], capture_output=True, text=True, cwd=tmp_path, timeout=280, env=around)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


@pytest.mark.parametrize("page", sorted(path.relative_to(REPOSITORY).as_posix() for path in [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]))
def test_links_lead_somewhere(page):
    here = (REPOSITORY / page).parent
    for target in re.findall(r"\]\(([^)#]+)\)", (REPOSITORY / page).read_text(encoding="utf-8")):
        if not target.startswith(("http", "mailto")):
            assert (here / target).exists(), f"{page} links to {target}"
