# SPDX-License-Identifier: MIT
"""What the adapter's tests stand on: a harness that drives one adapter over real FIFOs.

Every wait is for a condition and has a bound, BOUND_S, which only a failure reaches. Every message
that an adapter writes is checked against protocol.schema.json, where jsonschema is installed.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ADAPTER = os.path.join(HERE, "lockstep_adapter.py")
SCHEMA = os.path.join(HERE, os.pardir, "protocol.schema.json")
PYTHON = os.environ.get("LOCKSTEP_TEST_PYTHON", sys.executable)
BOUND_S = 30

try:
    import jsonschema
except ImportError:
    jsonschema = None


def make_validator(definition):
    """A validator of one kind of message, or None where jsonschema is not installed."""
    if jsonschema is None:
        return None
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        {"$ref": "#/$defs/" + definition, "$defs": schema["$defs"]}
    )


VALIDATORS = {
    key: make_validator(name)
    for key, name in (
        ("hello", "hello"),
        ("calling", "calling"),
        ("handled", "handled"),
        ("id", "reply"),
    )
}
REQUEST = make_validator("request")


def validate(message):
    kinds = [key for key in VALIDATORS if key in message]
    if len(kinds) != 1:
        raise AssertionError("no message of the protocol: %s" % (message,))
    if VALIDATORS[kinds[0]] is not None:
        VALIDATORS[kinds[0]].validate(message)


def wait_for(condition, what):
    """Waits until the condition holds; AssertionError after BOUND_S."""
    end = time.monotonic() + BOUND_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("never happened: " + what)
        select.select([], [], [], 0.0005)


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Actor:
    """The harness's end of one actor's channel."""

    def __init__(self, fd_in, fd_out, path=None):
        self.fd_in, self.fd_out, self.path = fd_in, fd_out, path
        self.pending = b""
        self.notes = []
        self.last_id = 0
        self.pid = self.tid = None
        self.announced = None

    def receive(self):
        """The next message, or None at the end of file."""
        end = time.monotonic() + BOUND_S
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.fd_out], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError("the adapter is silent; so far: %r" % self.pending)
            more = os.read(self.fd_out, 65536)
            if not more:
                return None
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        message = json.loads(line.decode())
        validate(message)
        return message

    def hello(self):
        hello = self.receive()["hello"]
        self.pid, self.tid = hello["pid"], hello["tid"]
        self.send_line(b'{"welcome": {"protocol": 1}}')
        return hello

    def send_line(self, line):
        os.write(self.fd_in, line + b"\n")

    def send(self, op, on=None, *args, **fields):
        """Sends a request and returns its id. `as_` is `as`, for Python's sake."""
        self.last_id += 1
        request = {"id": self.last_id, "op": op}
        if on is not None:
            request["on"] = on
        if args:
            request["args"] = list(args)
        request.update({key.rstrip("_"): value for key, value in fields.items()})
        if REQUEST is not None:
            REQUEST.validate(request)
        self.send_line(json.dumps(request).encode())
        return self.last_id

    def reply(self):
        """The reply to the last request; `notes` gets the notes before it, `announced` what
        announced it."""
        self.announced = None
        while True:
            message = self.receive()
            if message is None:
                raise AssertionError("end of file instead of a reply")
            if "handled" in message:
                self.notes.append(message["handled"])
            elif "calling" in message:
                assert message["calling"] == self.last_id and self.announced is None, message
                self.announced = message
            else:
                assert message["id"] == self.last_id, message
                if "begin" in message:
                    assert message["begin"] <= message["end"], message
                    assert (
                        self.announced is None or self.announced["begin"] <= message["begin"]
                    ), message
                return message

    def do(self, op, on=None, *args, **fields):
        self.send(op, on, *args, **fields)
        return self.reply()

    def get(self, op, on=None, *args, **fields):
        """What an operation returned; AssertionError if it did anything else."""
        reply = self.do(op, on, *args, **fields)
        assert "returned" in reply, reply
        return reply["returned"]

    def raised(self, op, on=None, *args, **fields):
        reply = self.do(op, on, *args, **fields)
        assert "raised" in reply, reply
        return reply["raised"]

    def eval(self, source, **fields):
        return self.get("eval", None, source, **fields)

    def system_call(self):
        """The number of the system call in which the actor sleeps, as text."""
        return read_text("/proc/%d/task/%d/syscall" % (self.pid, self.tid)).split(" ")[0]

    def wait_blocked(self):
        """Until the announced call sleeps in futex."""
        message = self.receive()
        assert message.get("calling") == self.last_id, message
        wait_for(lambda: self.system_call() == "202", "a wait in futex")

    def wait_idle(self):
        """Until the actor sleeps in a read: a signal just before that would be handled after it."""
        wait_for(lambda: self.system_call() == "0", "idleness")

    def wait_note(self):
        message = self.receive()
        assert "handled" in message, message
        return message["handled"]

    def still_blocked(self):
        wait_for(lambda: self.system_call() == "202", "a wait in futex, again")
        assert not select.select([self.fd_out], [], [], 0)[0], "an answer instead of a wait"

    def close(self):
        for fd in {self.fd_in, self.fd_out} - {None}:
            os.close(fd)
        self.fd_in = self.fd_out = None


class AdapterTest(unittest.TestCase):
    """A test with one adapter, `self.root`, and whatever actors it makes; all are gone
    afterwards."""

    python_flags = ()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lockstep-test-")
        self.actors = []
        self.names = []
        self.process = None
        self.addCleanup(self.clean_up)
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith("PYTHON")
        }

    def start(self, by_hand=False):
        """Starts the adapter; returns its hello."""
        command = [PYTHON, *self.python_flags, ADAPTER]
        self.stderr = open(os.path.join(self.folder, "stderr"), "w+b")
        options = dict(stderr=self.stderr, env=self.environment, start_new_session=True)
        if by_hand:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
            )
            self.root = Actor(
                os.dup(self.process.stdin.fileno()), os.dup(self.process.stdout.fileno())
            )
            self.process.stdin.close()
            self.process.stdout.close()
            self.actors.append(self.root)
        else:
            self.root = self.channel("root")
            self.environment["LOCKSTEP_CHANNEL"] = self.root.path
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self.stderr, **options
            )
        return self.root.hello()

    def channel(self, name):
        """A fresh channel; this side holds both ends of both FIFOs, so that no open blocks."""
        path = os.path.join(self.folder, name)
        fds = []
        for suffix in (".in", ".out"):
            os.mkfifo(path + suffix)
            fds.append(os.open(path + suffix, os.O_RDWR))
        actor = Actor(*fds, path=path)
        self.actors.append(actor)
        return actor

    def new_actor(self, parent, op, name):
        """The actor that `fork`, `thread` or `spawn` makes, having said hello, and its hello."""
        actor = self.channel(name)
        actor.returned = parent.get(op, None, name)
        hello = actor.hello()
        return actor, hello

    def fresh_name(self):
        name = "/lockstep-adapter-test-%d-%d" % (os.getpid(), len(self.names))
        self.names.append(name)
        return name

    def lock(self, actor, kind, value, maxvalue, as_="s", unlink=True):
        return actor.do("SemLock", None, kind, value, maxvalue, self.fresh_name(), unlink, as_=as_)

    def errors(self):
        """What the adapter has printed so far, on either stream."""
        return read_text(os.path.join(self.folder, "stderr"))

    def clean_up(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait(BOUND_S)
            self.stderr.close()
        for actor in self.actors:
            if actor.fd_in is not None:
                actor.close()
        for name in self.names:
            for prefix in ("/dev/shm/sem.", "/dev/shm/"):
                try:
                    os.unlink(prefix + name[1:])
                except FileNotFoundError:
                    pass
        shutil.rmtree(self.folder)
