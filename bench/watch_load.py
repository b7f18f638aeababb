"""Starts and kills processes at a steady rate, and says when.

    python3 watch_load.py TARGET EXECS_PER_SECOND SECONDS

Most of them are /bin/true; ten a second are TARGET, which is killed a moment later. For each of these
prints its PID and, by the monotonic clock in nanoseconds, when it was about to be started and killed.
"""
import os
import signal
import sys
import time

target, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
begun = time.monotonic_ns()
step = 1_000_000_000 // rate
every = max(rate // 10, 1)
number = 0
alive = []
while time.monotonic_ns() - begun < seconds * 1e9:
    due = begun + number * step
    now = time.monotonic_ns()
    if now < due:
        time.sleep((due - now) / 1e9)
    number += 1
    if number % every == 0:
        started = time.monotonic_ns()
        pid = os.posix_spawn(target, [target, "1000"], {})
        alive.append((pid, started))
    else:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    if alive and time.monotonic_ns() - alive[0][1] > 100_000_000:
        pid, started = alive.pop(0)
        killed = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        print(pid, started, killed, flush=True)
for pid, started in alive:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
elapsed = (time.monotonic_ns() - begun) / 1e9
print("rate", round(number / elapsed), flush=True)
