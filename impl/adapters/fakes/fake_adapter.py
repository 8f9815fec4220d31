#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adapters that misbehave, each in one way: `fake_adapter.py MISBEHAVIOUR`.

They are how the harness is shown to survive any adapter. But for its one misbehaviour each is a
minimal adapter of PROTOCOL.md that is correct: one process, no capabilities, and a SemLock in
memory that a single actor cannot tell from a real one. `--list` prints the names. Python 3.8,
standard library only.

    name                     what it does wrong
    -----------------------  ----------------------------------------------------------------------
    well-behaved             nothing: the control
    never-says-hello         opens its channel and is silent
    wrong-version            says hello in protocol 99
    garbage                  its hello is no JSON
    garbage-later            its second reply is no JSON
    half-a-line              its first reply breaks off in the middle; then it is silent
    ten-megabyte-line        its first reply has ten megabytes
    wrong-id                 replies to a request that nobody made
    answers-twice            sends every reply twice
    floods-stderr            answers well, and writes to standard error without end
    dies-in-a-call           exits with 7 after it announced an acquire
    dies-by-signal           dies by SIGSEGV after it announced an acquire
    ignores-sigterm          ignores SIGTERM, SIGHUP, SIGINT, end of file, and every request
    forks-a-daemon           exits in an acquire; a daemon holds the channel and ignores SIGTERM
    closes-the-pipe          closes its channel in an acquire and lives on
    claims-capabilities      claims every capability and has none
    always-true              returns True, whatever it is asked
    always-unsupported       finds everything unsupported
    echo                     returns its arguments, whatever it is asked
    never-answers            says hello, reads, and is silent
    exits-before-hello       exits with 3 at once
    slow-flood-of-notes      announces an acquire, then reports one signal after another without end
    stdout-instead           speaks on standard output though it was given a channel
    reply-without-outcome    its replies have none of returned, raised, unsupported, error
    reply-with-two-outcomes  its replies have both returned and raised
    stamps-backwards         its calls end before they begin
    invalid-utf8             its replies hold a byte that is not UTF-8
    duplicate-keys           its replies hold `returned` twice, with different values

Every fake ends by itself after LIFETIME_S, should a harness lose it.
"""

import json
import os
import re
import select
import signal
import sys
import threading
import time

LIFETIME_S = 300  # Longer than any test has patience, short enough not to fill a machine.
ALL_CAPABILITIES = [
    "fork",
    "thread",
    "spawn",
    "signal",
    "rebuild_by_name",
    "unnamed",
    "shm",
    "limits",
    "hammer",
    "load",
    "measure",
    "python",
    "sync",
]


class SemLock:
    """A semaphore for one thread. A wait that nobody can end lasts until its timeout, or the
    process's end."""

    names = set()

    def __init__(self, kind, value, maxvalue, name, unlink):
        if not unlink:
            if name in SemLock.names:
                raise FileExistsError(17, "File exists")
            SemLock.names.add(name)
        self.recursive, self.value, self.maxvalue, self.held = kind == 0, value, maxvalue, 0

    def acquire(self, block=True, timeout=None):
        if self.recursive and self.held:
            self.held += 1
            return True
        if self.value == 0:
            if block:
                select.select([], [], [], None if timeout is None else max(timeout, 0))
            return False
        self.value -= 1
        self.held += 1
        return True

    def release(self):
        if self.recursive and not self.held:
            raise AssertionError("attempt to release recursive lock not owned by thread")
        if not self.recursive and self.value >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self.held -= 1
        if not self.recursive or self.held == 0:
            self.value += 1

    def _count(self):
        return self.held

    def _is_mine(self):
        return self.held > 0

    def _get_value(self):
        return self.value

    def _is_zero(self):
        return self.value == 0


class WellBehaved:
    """The correct minimal adapter. A fake overrides the one step that it gets wrong."""

    protocol = 1
    capabilities = []
    announced = ("acquire", "__enter__", "hammer")

    def __init__(self):
        path = os.environ.get("LOCKSTEP_CHANNEL")
        self.fd_in, self.fd_out = (0, 1) if path is None else self.open_channel(path)
        self.objects = {}
        self.answered = 0

    def open_channel(self, path):
        return os.open(path + ".in", os.O_RDONLY), os.open(path + ".out", os.O_WRONLY)

    def write(self, octets):
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(self.fd_out, rest) :]

    def send(self, message):
        self.write(json.dumps(message).encode() + b"\n")

    def hello(self):
        fields = {
            "protocol": self.protocol,
            "implementation": "fake",
            "version": "1",
            "language": "python",
        }
        fields.update(
            capabilities=self.capabilities, pid=os.getpid(), tid=threading.get_native_id()
        )
        self.send({"hello": fields})

    def run(self):
        self.hello()
        pending = b""
        while True:
            more = os.read(self.fd_in, 65536)
            if not more:
                return self.at_end()
            *lines, pending = (pending + more).split(b"\n")
            for line in lines:
                request = json.loads(line)
                if "id" in request:
                    self.handle(request)

    def at_end(self):
        pass

    def handle(self, request):
        if request.get("op") in self.announced:
            self.announce(request)
        begin = time.monotonic_ns()
        outcome = self.perform(request)
        self.reply({"id": request["id"], "begin": begin, "end": time.monotonic_ns(), **outcome})

    def announce(self, request):
        self.send({"calling": request["id"], "begin": time.monotonic_ns()})

    def perform(self, request):
        op, args, kwargs = request.get("op"), request.get("args", []), request.get("kwargs", {})
        try:
            if op == "SemLock":
                self.objects[request.get("as")] = SemLock(*args, **kwargs)
                return {"returned": {"object": "SemLock"}}
            if op == "sem_unlink":
                if args[0] not in SemLock.names:
                    raise FileNotFoundError(2, "No such file or directory")
                return {"returned": SemLock.names.remove(args[0])}
            if op == "nop":
                return {"returned": None}
            if op == "del":
                return {"returned": self.objects.pop(request["on"]) and None}
            if op == "exit":
                os._exit(args[0])
            if hasattr(SemLock, str(op)):
                return {"returned": getattr(self.objects[request["on"]], op)(*args, **kwargs)}
            return {"unsupported": "a fake has only the core"}
        except KeyError as problem:
            return {"error": "no object %s" % problem}
        except Exception as problem:
            message = getattr(problem, "strerror", None) or str(problem)
            errno = getattr(problem, "errno", None)
            return {"raised": {"type": type(problem).__name__, "message": message, "errno": errno}}

    def reply(self, message):
        self.send(message)
        self.answered += 1


def forever():
    """Waits for the end of this process's lifetime, whatever signals come."""
    while True:
        signal.pause()


def be_deaf():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class NeverSaysHello(WellBehaved):
    def hello(self):
        pass

    def handle(self, request):
        pass


class WrongVersion(WellBehaved):
    protocol = 99


class Garbage(WellBehaved):
    def hello(self):
        self.write(b"Welcome to my adapter! {[}\n")


class GarbageLater(WellBehaved):
    def reply(self, message):
        if self.answered == 1:
            self.write(b'{"id": 2, "returned": \n')
            self.answered += 1
        else:
            super().reply(message)


class HalfALine(WellBehaved):
    def reply(self, message):
        self.write(json.dumps(message).encode()[:20])
        self.send = lambda message: None
        self.reply = lambda message: None


class TenMegabyteLine(WellBehaved):
    def reply(self, message):
        self.send(dict(message, returned="x" * (10 << 20)))


class WrongId(WellBehaved):
    def reply(self, message):
        super().reply(dict(message, id=message["id"] + 1000))


class AnswersTwice(WellBehaved):
    def reply(self, message):
        super().reply(message)
        super().reply(message)


class FloodsStderr(WellBehaved):
    def hello(self):
        threading.Thread(target=self.flood, daemon=True).start()
        super().hello()

    def flood(self):
        while True:
            os.write(2, b"fake_adapter: this line is of no interest to anybody at all\n" * 64)


class DiesInACall(WellBehaved):
    def announce(self, request):
        super().announce(request)
        os._exit(7)


class DiesBySignal(WellBehaved):
    def announce(self, request):
        super().announce(request)
        os.kill(os.getpid(), signal.SIGSEGV)


class IgnoresSigterm(WellBehaved):
    def hello(self):
        be_deaf()
        super().hello()

    def handle(self, request):
        pass

    def at_end(self):
        forever()


class ForksADaemon(WellBehaved):
    def announce(self, request):
        super().announce(request)
        ready_in, ready_out = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                be_deaf()
                signal.alarm(LIFETIME_S)  # A fork does not inherit the one that main set.
                os.write(ready_out, b"!")
                forever()
            os._exit(0)
        os.read(ready_in, 1)  # The daemon is there before its forebear is gone.
        os._exit(0)


class ClosesThePipe(WellBehaved):
    def announce(self, request):
        os.close(self.fd_in)
        os.close(self.fd_out)
        forever()


class ClaimsCapabilities(WellBehaved):
    capabilities = ALL_CAPABILITIES

    def perform(self, request):
        if request.get("op") in ("fork", "thread", "spawn", "on_signal"):
            return {"error": "the fake does not know how after all"}
        return super().perform(request)


class AlwaysTrue(WellBehaved):
    capabilities = ALL_CAPABILITIES

    def perform(self, request):
        return {"returned": True}


class AlwaysUnsupported(WellBehaved):
    def perform(self, request):
        return {"unsupported": "everything is"}


class Echo(WellBehaved):
    def perform(self, request):
        return {"returned": request.get("args", [])}


class NeverAnswers(WellBehaved):
    def handle(self, request):
        pass


class ExitsBeforeHello(WellBehaved):
    def hello(self):
        os._exit(3)


class SlowFloodOfNotes(WellBehaved):
    def perform(self, request):
        while request.get("op") == "acquire":
            self.send({"handled": "SIGUSR1"})
            # Slow is what it is: no single moment looks like a flood.
            select.select([], [], [], 0.001)
        return super().perform(request)


class StdoutInstead(WellBehaved):
    def open_channel(self, path):
        return super().open_channel(path)[0], 1


class ReplyWithoutOutcome(WellBehaved):
    def reply(self, message):
        super().reply({key: message[key] for key in ("id", "begin", "end")})


class ReplyWithTwoOutcomes(WellBehaved):
    def reply(self, message):
        raised = {"type": "OSError", "message": "Invalid argument", "errno": 22}
        super().reply(dict(message, returned=True, raised=raised))


class StampsBackwards(WellBehaved):
    def reply(self, message):
        super().reply(dict(message, begin=message["end"] + 1000, end=message["begin"]))


class InvalidUtf8(WellBehaved):
    def reply(self, message):
        text = json.dumps(dict(message, returned="@")).encode()
        self.write(text.replace(b"@", b"\xff\xc0\x80") + b"\n")


class DuplicateKeys(WellBehaved):
    def reply(self, message):
        text = json.dumps(dict(message, returned=True))
        self.write(text[:-1].encode() + b', "returned": false}\n')


def fakes():
    """Every fake by the name of its misbehaviour."""
    kinds = [WellBehaved] + WellBehaved.__subclasses__()
    return {re.sub(r"(?<=.)([A-Z])", r"-\1", kind.__name__).lower(): kind for kind in kinds}


def main(args):
    known = fakes()
    if args == ["--list"]:
        print("\n".join(known))
        return 0
    if len(args) != 1 or args[0] not in known:
        print("usage: fake_adapter.py MISBEHAVIOUR | --list", file=sys.stderr)
        return 2
    signal.alarm(LIFETIME_S)
    try:
        known[args[0]]().run()
    except BrokenPipeError:
        pass  # The harness has hung up.
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
