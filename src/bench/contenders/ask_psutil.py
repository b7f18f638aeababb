"""Answers questions about processes by psutil, and says what each call took.

A line of JSON in, {"question", "pid", "name", "calls"}; a line of JSON out, {"found", "wall", "cpu"}:
the PIDs and names that the last call found, and nanoseconds for each call.
"""

import json
import os
import resource
import sys
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
    """The recipe of psutil's documentation, "Find process by name", for names that are cut."""
    found = []
    for process in psutil.process_iter(["pid", "name", "exe", "cmdline"]):
        info = process.info
        if (
            info["name"] == name
            or info["exe"]
            and os.path.basename(info["exe"]) == name
            or info["cmdline"]
            and info["cmdline"][0] == name
        ):
            found.append(info)
    return found


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


for line in iter(sys.stdin.readline, ""):
    # Names that are not UTF-8 come as lone surrogates, which ASCII escapes.
    print(json.dumps(measure(**json.loads(line))), flush=True)
