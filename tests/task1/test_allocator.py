"""glibc keeps large blocks once asked to: the next one of that size costs no page faults."""

import platform
import subprocess
import sys

import pytest

CODE = """
import resource, sys
import numpy as np
from task1.allocator import keep_freed_memory, memory_as_started
if sys.argv[1] != "as started":
    assert keep_freed_memory()
if sys.argv[1] == "give back":
    assert memory_as_started()
def block():
    np.ones(16 << 20)  # 128 MB
block()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    block()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is no glibc to ask")
def test_freed_blocks_are_used_again() -> None:
    faults = {how: int(subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True,
                                      check=True).stdout) for how in ("keep", "give back", "as started")}
    assert faults["keep"] * 10 < faults["as started"]
    assert faults["keep"] * 10 < faults["give back"]
