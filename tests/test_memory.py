"""What a solve finds in place: page faults of a large solve, counted by the system in a process of its own."""

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import tmefield as tf

took = sys.argv[1] == "reuse" and tf.reuse_memory()
grid = tf.Grid((96, 96, 96), 10.0)
model = tf.Model(grid, [tf.Species("a", 40.0, 1e-3)], [tf.Decay(), tf.Linear(production=1e-3)])
counts = []
for _ in range(13):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    tf.solve_steady(model, 1e-3).concentration.block_until_ready()
    counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(took, sorted(counts[4:])[4])  # the median: now and then the heap still grows by a block
"""


def faults(how):
    done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True, env={**os.environ, "JAX_PLATFORMS": "cpu"})
    took, count = done.stdout.split()
    return took == "True", int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_a_solve_touches_no_new_pages_once_memory_is_kept():
    took, kept = faults("reuse")
    _, fresh = faults("leave")
    assert took
    assert kept < 0.25 * fresh


def test_other_c_libraries_are_left_alone(monkeypatch):
    import tmefield as tf

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert tf.reuse_memory() is False
