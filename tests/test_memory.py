"""The settings of memory do what they say, in a process of their own."""

import json
import subprocess
import sys

import pytest

SHARE = """
import json, sys, threading, time
from emotion.memory import share_heaps

share_heaps()
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
FREEZE = """
import gc, json, time
from emotion.memory import keep_collections_short

def seconds():
    start = time.perf_counter()
    gc.collect()
    return time.perf_counter() - start

import pandas
before = seconds()
keep_collections_short()
print(json.dumps([before, seconds(), gc.get_freeze_count()]))
"""


def run(code: str) -> object:
    return json.loads(subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_threads_share_heaps() -> None:
    assert run(SHARE) < run(SHARE.replace("share_heaps()\n", "", 1))


def test_what_is_loaded_is_not_walked_through_again() -> None:
    before, after, frozen = run(FREEZE)
    assert frozen > 10_000 and after < before / 3


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_freed_memory_is_kept_for_the_next_array() -> None:
    before, after = run(KEEP)
    assert before > 10 and after < before / 5
