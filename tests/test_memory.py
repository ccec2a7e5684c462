"""The settings of memory do what they say, in a process of their own."""

import json
import os
import subprocess
import sys

import pytest

from emotion.homes import REPOSITORY
from emotion.memory import SHARED_HEAPS

SHARE = """
import json, sys, threading, time
ended = threading.Event()
threads = [threading.Thread(target=lambda: (bytearray(2000), ended.wait())) for _ in range(12)]
for thread in threads:
    thread.start()
time.sleep(0.2)
with open("/proc/self/maps") as maps:
    heaps = [line for line in maps if line.split("-")[0].endswith("000000") and len(line.split()) == 5]
ended.set()
print(json.dumps(len(heaps)))
"""
KEEP = """
import json, resource
import numpy as np
from emotion.memory import keep_pages

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**26, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
before = faults()
keep_pages()
faults()
print(json.dumps([before, faults()]))
"""
GIVE = """
import json
import psutil
from emotion.memory import give_back

held = lambda: psutil.Process().memory_info().rss / 2**20
pieces = [bytearray(100_000) for _ in range(1000)]
last = bytearray(100_000)  # Above all others: without a call the heap can't shrink.
del pieces
before = held()
give_back()
print(json.dumps(before - held()))
"""
FREEZE = """
import gc, json, time
from emotion import memory

def seconds():
    start = time.perf_counter()
    gc.collect()
    return time.perf_counter() - start

import pandas
before = seconds()
memory._LONG = 0.0  # However fast the machine is.
memory.keep_collections_short()
seconds()
print(json.dumps([before, seconds(), gc.get_freeze_count()]))
"""
THAW = """
import gc, json, weakref
from emotion import memory

class Circle:
    def __init__(self):
        self.me = self

memory._LONG = 0  # Every collection is a long one.
memory.keep_collections_short()
one = Circle()
there = weakref.ref(one)
seen = [there() is not None]
gc.collect()  # Frozen.
del one
gc.collect()
seen.append(there() is not None)
memory._THAWED_AFTER = 0
gc.collect()
gc.collect()
print(json.dumps([*seen, there() is not None]))
"""


def run(code: str, settings: dict[str, str] | None = None) -> object:
    command, environment = [sys.executable, "-c", code], {**os.environ, **(settings or {})}
    if not settings:
        for name in SHARED_HEAPS:
            environment.pop(name, None)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_threads_share_heaps() -> None:
    assert run(SHARE, SHARED_HEAPS) < run(SHARE)


def test_make_run_starts_the_server_with_shared_heaps() -> None:
    ((name, value),) = SHARED_HEAPS.items()
    assert f"\t{name}={value} $(BIN)/streamlit run app.py\n" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def test_what_is_loaded_is_not_walked_through_again() -> None:
    before, after, frozen = run(FREEZE)
    assert frozen > 10_000 and after < before / 3


def test_circles_that_were_frozen_are_collected_in_the_end() -> None:
    assert run(THAW) == [True, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_freed_memory_is_kept_for_the_next_array() -> None:
    before, after = run(KEEP)
    assert before > 10 and after < before / 5


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_freed_memory_is_given_back_on_a_call() -> None:
    assert run(GIVE) > 80
    assert abs(run(GIVE.replace("give_back()\n", "", 1))) < 10
