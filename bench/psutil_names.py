"""Answers each line read by the CPU nanoseconds of one psutil pass over all names."""

import sys
import time

import psutil

for _ in sys.stdin:
    before = time.process_time_ns()
    names = [process.info["name"] for process in psutil.process_iter(["name"])]
    assert "procseek-absent" not in names
    print(time.process_time_ns() - before, len(names), flush=True)
