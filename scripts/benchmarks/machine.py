"""The machine that a table belongs to: processor, versions, and how fast it copies."""

import datetime
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import jax
import numpy as np

PACKAGES = ("tmefield", "jax", "jaxlib", "equinox", "numpy", "scipy")


def describe() -> dict:
    """Date, processor, cores, caches, system, versions, devices of JAX."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed as a package"
    devices = [f"{one.platform} {one.device_kind}" for one in jax.devices()]
    moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {
        "date": moment,
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "versions": versions,
        "devices": devices,
    }


def _processor() -> str:
    try:
        facts = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines())
    except (OSError, ValueError):
        return platform.processor() or platform.machine()
    named = {key.strip(): value.strip() for key, value in facts.items()}
    numbers = f"family {named.get('cpu family', '?')} model {named.get('model', '?')}"
    return f"{named.get('model name', platform.machine())} ({numbers}), {named.get('cache size', '?')} cache"


def copy_bandwidth(megabytes: float, threads: int, rounds: int = 5) -> float:
    """GB/s, read and written together, at which `threads` threads copy an array of that size: the median of the rounds."""
    size = int(megabytes * 250_000) // threads
    pairs = [(np.ones(size, np.float32), np.zeros(size, np.float32)) for _ in range(threads)]
    repeats = max(1, int(400 / megabytes))

    def copy(pair):
        for _ in range(repeats):
            np.copyto(pair[1], pair[0])

    rates = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds + 1):
            start = time.perf_counter()
            list(pool.map(copy, pairs))
            rates.append(2 * repeats * threads * size * 4 / (time.perf_counter() - start) / 1e9)
    return float(np.median(rates[1:]))


def copy_table(megabytes: tuple[float, ...]) -> list[dict]:
    """The bandwidth with one and with two threads, for sizes in a cache and out of it."""
    return [{"megabytes": size, "one_thread": copy_bandwidth(size, 1), "two_threads": copy_bandwidth(size, 2)} for size in megabytes]


def bandwidth_line(table: list[dict]) -> str:
    """The table in one line."""
    each = ", ".join(f"{row['megabytes']:g} MB {row['one_thread']:.0f} / {row['two_threads']:.0f}" for row in table)
    return f"copy bandwidth in GB/s, 1 / 2 threads: {each}"
