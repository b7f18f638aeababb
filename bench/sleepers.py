"""Processes, or threads, that sleep until this one's input ends: sleepers.py processes|threads COUNT"""
import os
import signal
import sys
import threading

kind, count = sys.argv[1], int(sys.argv[2])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
reading, writing = os.pipe()
if kind == "processes":
    for _ in range(count):
        if os.fork() == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
else:
    threading.stack_size(64 * 1024)
    for _ in range(count):
        threading.Thread(target=os.read, args=(reading, 1), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
os.close(writing)
os._exit(0)
