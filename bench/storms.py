"""What makes the kernel tell much, until this one's input ends: storms.py names|forks|execs, or
storms.py crowd COUNT: processes of one name, of which all end when a line is read."""
import ctypes
import os
import signal
import sys

kind = sys.argv[1]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
libc = ctypes.CDLL(None)


def rename(name):
    libc.prctl(15, name, 0, 0, 0)  # PR_SET_NAME


def storm():
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if kind == "names":
        while True:
            rename(b"storm-a")
            rename(b"storm-b")
    while True:
        pid = os.fork()
        if pid == 0:
            if kind == "execs":
                os.execv("/bin/true", ["storm"])
            os._exit(0)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass


if kind == "crowd":
    reading, writing = os.pipe()
    rename(b"storm-worker")
    for _ in range(int(sys.argv[2])):
        if os.fork() == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    print("ready", flush=True)
    sys.stdin.readline()
    os.close(reading)
    os.close(writing)
    # Until all are gone, and reaped.
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    print("gone", flush=True)
    sys.stdin.read()
else:
    pid = os.fork()
    if pid == 0:
        storm()
    print("ready", flush=True)
    sys.stdin.read()
    os.kill(pid, signal.SIGKILL)
