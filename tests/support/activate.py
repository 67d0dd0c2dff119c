"""activate -- becomes a program that gets descriptors as a service manager passes them: from 3 on, and LISTEN_PID is its own.

    activate.py FD[,FD...] PROGRAM [ARGUMENT...]

The other variables of the protocol are the caller's to set. `-` for no descriptor.
"""
import fcntl
import os
import sys

given = [int(fd) for fd in sys.argv[1].split(",")] if sys.argv[1] != "-" else []
aside = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in given]  # so that none is in another one's place
for place, fd in enumerate(aside, 3):
    os.dup2(fd, place, inheritable=True)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
