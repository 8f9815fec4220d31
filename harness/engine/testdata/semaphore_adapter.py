#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An adapter of the C library's semaphores with one defect: `semaphore_adapter.py DEFECT`.

What fake_adapter.py's fakes do wrong is the protocol; these speak it well, and it is their semaphore
that is wrong, or waits in another way than in futex.

    plain              nothing: the control
    lost-wakeup        release() returns and posts nothing
    double-wakeup      release() posts twice
    early              a timed wait lasts four fifths of its timeout
    late               a timed wait lasts 60 ms too long
    spins              a wait tries again and again without sleeping
    polls              a wait tries again every 5 ms
    sleeps             a wait sleeps, and nothing wakes it
    private-lock       a wait is one on a lock in private memory
    waits-as-process   says that no one thread of it waits
    dies               dies by SIGABRT in acquire()
    hangs              is silent in release()
    leaves-a-name      makes one name more than it was asked for
    leaves-a-process   release() leaves a process that nobody knows of
    leaks              release() opens a descriptor
"""

import ctypes
import os
import select
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../impl/adapters/fakes"))

from fake_adapter import LIFETIME_S, WellBehaved  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.sem_open.restype = ctypes.c_void_p
ONE_SECOND_NS = 1000000000


class Timespec(ctypes.Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long)]


def fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


class SemLock:
    """CPython's, of kind SEMAPHORE."""

    def __init__(self, defect, name, value=None):
        self.defect, self.held = defect, 0
        if value is None:
            address = LIBC.sem_open(name.encode(), 0)
        else:
            flags = os.O_CREAT | os.O_EXCL
            address = LIBC.sem_open(name.encode(), flags, 0o600, ctypes.c_uint(value))
        if not address:
            fail()
        self.address = address
        self.pointer = ctypes.c_void_p(address)

    def try_once(self):
        return LIBC.sem_trywait(self.pointer) == 0

    def acquire(self, block=True, timeout=None):
        acquired = self.try_once() or (block and self.wait(timeout))
        self.held += acquired
        return acquired

    def wait(self, timeout):
        if self.defect == "dies":
            os.abort()
        if timeout is not None:
            return self.wait_until(time.time_ns() + int(self.stretched(timeout) * ONE_SECOND_NS))
        if self.defect == "sleeps":
            time.sleep(LIFETIME_S)
        if self.defect == "private-lock":
            lock = threading.Lock()
            lock.acquire()
            lock.acquire()
        if self.defect in ("spins", "polls"):
            while not self.try_once():
                if self.defect == "polls":
                    select.select([], [], [], 0.005)
            return True
        while LIBC.sem_wait(self.pointer) != 0:
            pass
        return True

    def stretched(self, timeout):
        return timeout * 0.8 if self.defect == "early" else timeout + 0.06 * (self.defect == "late")

    def wait_until(self, deadline_ns):
        deadline = Timespec(*divmod(deadline_ns, ONE_SECOND_NS))
        return LIBC.sem_timedwait(self.pointer, ctypes.byref(deadline)) == 0

    def release(self):
        self.held -= 1
        if self.defect == "hangs":
            time.sleep(LIFETIME_S)
        if self.defect == "leaks":
            os.open("/dev/null", os.O_RDONLY)
        if self.defect == "leaves-a-process":
            leave_a_process()
        posts = {"lost-wakeup": 0, "double-wakeup": 2}.get(self.defect, 1)
        for _ in range(posts):
            if LIBC.sem_post(self.pointer) != 0:
                fail()

    def get_value(self):
        value = ctypes.c_int()
        LIBC.sem_getvalue(self.pointer, ctypes.byref(value))
        return value.value


def leave_a_process():
    if os.fork() == 0:
        if os.fork() == 0:
            signal.alarm(LIFETIME_S)
            signal.pause()
        os._exit(0)
    os.wait()


class SemaphoreAdapter(WellBehaved):
    capabilities = ["fork", "rebuild_by_name", "signal"]

    def __init__(self, defect):
        self.defect = defect
        super().__init__()

    def send(self, message):
        if "hello" in message and self.defect == "waits-as-process":
            message["hello"]["waits"] = "process"
        super().send(message)

    def perform(self, request):
        op, args = request.get("op"), request.get("args", [])
        kwargs = request.get("kwargs", {})
        try:
            if op == "SemLock":
                return self.construct(request, *args, **kwargs)
            if op == "SemLock._rebuild":
                return self.keep(request, SemLock(self.defect, args[3]))
            if op == "fork":
                return {"returned": self.fork(args[0])}
            if op == "reap":
                return {"returned": os.waitpid(args[0], 0)[1]}
            if op in ("acquire", "release"):
                return {"returned": getattr(self.objects[request["on"]], op)(*args, **kwargs)}
            if op == "_get_value":
                return {"returned": self.objects[request["on"]].get_value()}
            if op == "nop":
                return {"returned": None}
            return {"unsupported": "only the core is here"}
        except OSError as problem:
            raised = {"type": type(problem).__name__, "errno": problem.errno}
            return {"raised": dict(raised, message=problem.strerror)}

    def construct(self, request, kind, value, maxvalue, name, unlink):
        semaphore = SemLock(self.defect, name, value)
        if unlink:
            LIBC.sem_unlink(name.encode())
        if self.defect == "leaves-a-name":
            SemLock(self.defect, name + "-more", value)
        return self.keep(request, semaphore)

    def keep(self, request, semaphore):
        self.objects[request.get("as")] = semaphore
        return {"returned": {"object": "SemLock"}, "handle": semaphore.address}

    def fork(self, channel):
        pid = os.fork()
        if pid != 0:
            return pid
        os.close(self.fd_in)
        os.close(self.fd_out)
        signal.alarm(LIFETIME_S)
        self.fd_in, self.fd_out = self.open_channel(channel)
        self.run()
        os._exit(0)


if __name__ == "__main__":
    signal.alarm(LIFETIME_S)
    SemaphoreAdapter(sys.argv[1]).run()
