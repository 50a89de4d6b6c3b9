"""Strict numerics for all tests, and shapes of arrays checked at every call into tmefield.

The import hook has to stand before the first import of tmefield; the device count before the first use of JAX.
"""

import os

import jaxtyping
import pytest

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("MPLBACKEND", "Agg")

# Most of a test's time is the compiler's, for programs that run for an instant: without its dearest passes it takes half as long, here and in
# the processes that tests start. What a user gets is compiled in full, as is the example of the README (test_docs).
QUICK_COMPILATION = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_disable_hlo_passes=simplify-while-loops,while-loop-invariant-code-motion",
)
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *QUICK_COMPILATION]).strip()

jaxtyping.install_import_hook("tmefield", "runtime_types.check")

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
# Fake devices for the tests of sharding; a run on one of them is as fast as with a single device (measured).
jax.config.update("jax_num_cpu_devices", 8)


@pytest.fixture(autouse=True, scope="module")
def _programs_go_with_their_module():
    """Compiled programs of a whole suite would exhaust the memory maps that Linux grants a process (65,530), and the compiler aborts then."""
    yield
    jax.clear_caches()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch):
    """No colours and a fixed width, whatever terminal the tests are started from."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
