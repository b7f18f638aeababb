"""Answers questions about processes by psutil, and says what each call took.

A line of JSON in, {"question", "pid", "name", "calls"}; a line of JSON out, {"found", "wall", "cpu"}:
the PIDs and names that the last call found, and nanoseconds for each call. With the argument
"agent", one line {"name", "period", "guarded"} in, and lines {"ticks", "answered", "skipped"} out.
"""

import json
import os
import resource
import sys
import threading
import time

import psutil

DEFAULT = ["pid", "name", "ppid", "status", "create_time"]
# Where kernel threads have no environment, psutil takes a whole process that it asks for one for
# vanished, and leaves it out: it would be quick by answering less.
ALL = [name for name in psutil.Process().as_dict() if name != "environ"]


def by_pid(pid, _):
    try:
        return [psutil.Process(pid).as_dict(DEFAULT)]
    except psutil.NoSuchProcess:
        return []


def by_name(_, name):
    return [p.info for p in psutil.process_iter(["pid", "name"]) if p.info["name"] == name]


def first_by_name(_, name):
    for process in psutil.process_iter(["pid", "name"]):
        if process.info["name"] == name:
            return [process.info]
    return []


def by_long_name(_, name):
    """By the first two arguments: a script's name stands behind that of its interpreter."""
    return [
        p.info
        for p in psutil.process_iter(["pid", "name", "cmdline"])
        if any(os.path.basename(word) == name for word in (p.info["cmdline"] or [])[:2])
    ]


def every(attributes):
    return lambda *_: [process.info for process in psutil.process_iter(attributes)]


QUESTIONS = {
    "pid": by_pid,
    "name-absent": by_name,
    "name-first": first_by_name,
    "name-long": by_long_name,
    "all-names": every(["pid", "name"]),
    "all-default": every(DEFAULT),
    "all-fields": every(ALL),
}


def cpu_time():
    """Nanoseconds, of the children that have ended too."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time_ns() + round((children.ru_utime + children.ru_stime) * 1e9)


def measure(question, pid, name, calls):
    ask = QUESTIONS[question]
    found, wall, cpu = [], [], []
    for _ in range(calls):
        cpu_before, before = cpu_time(), time.perf_counter_ns()
        found = ask(pid, name)
        wall.append(time.perf_counter_ns() - before)
        cpu.append(cpu_time() - cpu_before)
    pairs = [[info["pid"], info["name"] or ""] for info in found]
    return {"found": pairs, "wall": wall, "cpu": cpu}


def look_on_schedule(name, period, guarded):
    """A thread per lookup, as schedulers do; a guard skips a tick while one goes on."""
    tally = {"ticks": 0, "answered": 0, "skipped": 0}
    telling = threading.Lock()

    def count(what):
        with telling:
            tally[what] += 1
            print(json.dumps(tally), flush=True)

    def look():
        by_name(0, name)
        count("answered")

    lookup = None
    due = time.monotonic()
    while True:
        due += period / 1000
        time.sleep(max(0, due - time.monotonic()))
        count("ticks")
        if guarded and lookup is not None and lookup.is_alive():
            count("skipped")
            continue
        lookup = threading.Thread(target=look, daemon=True)
        lookup.start()


if sys.argv[1:] == ["agent"]:
    schedule = json.loads(sys.stdin.readline())
    threading.Thread(target=look_on_schedule, kwargs=schedule, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # lookups that go on are of no use any more

for line in iter(sys.stdin.readline, ""):
    # Names that are not UTF-8 come as lone surrogates, which ASCII escapes.
    print(json.dumps(measure(**json.loads(line))), flush=True)
