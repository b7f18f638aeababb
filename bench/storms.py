"""What makes the kernel tell much, until this one's input ends: storms.py names|forks|execs"""
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


pid = os.fork()
if pid == 0:
    storm()
print("ready", flush=True)
sys.stdin.read()
os.kill(pid, signal.SIGKILL)
