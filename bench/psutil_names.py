"""CPU microseconds of psutil's process_iter(['name']), as often as each line of input says."""
import sys
import time

import psutil

for line in sys.stdin:
    runs = int(line)
    before = time.process_time()
    for _ in range(runs):
        for process in psutil.process_iter(["name"]):
            if process.info["name"] == "bench-absent":
                raise SystemExit(1)
    print((time.process_time() - before) / runs * 1e6, flush=True)
