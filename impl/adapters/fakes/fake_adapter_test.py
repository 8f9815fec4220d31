#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the fakes: that each misbehaves as its table says, and in no other way."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_adapter.py")
BOUND_S = 30
REQUESTS = (
    {"id": 1, "op": "SemLock", "as": "s", "args": [1, 1, 1, "/a-name", True]},
    {"id": 2, "op": "acquire", "on": "s"},
    {"id": 3, "op": "release", "on": "s"},
)


class Run:
    """One fake, by hand, with REQUESTS on its standard input."""

    def __init__(self, name, end_of_file=True):
        self.process = subprocess.Popen(
            [sys.executable, FAKE, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            for request in REQUESTS:
                self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        self.written = bytearray()
        if end_of_file:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass

    def read_until(self, condition):
        """Reads until what was written meets the condition, or the end of file."""
        end = time.monotonic() + BOUND_S
        fd = self.process.stdout.fileno()
        while not condition(self.written):
            ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError("silent after %r" % self.written[-200:])
            more = os.read(fd, 1 << 20)
            if not more:
                break
            self.written += more
        return self.written

    def all(self):
        return self.read_until(lambda written: False)

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(BOUND_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass


class Fakes(unittest.TestCase):
    def run_fake(self, name, **options):
        run = Run(name, **options)
        self.addCleanup(run.kill)
        return run

    def messages(self, name):
        return [json.loads(line) for line in self.run_fake(name).all().splitlines()]

    def replies(self, name):
        return [message for message in self.messages(name) if "id" in message]

    def test_the_table_names_all_of_them(self):
        with open(FAKE, encoding="utf-8") as file:
            table = re.findall(
                r"^    ([a-z0-9-]+)  +\S", file.read().split("Every fake ends")[0], re.M
            )
        listed = subprocess.run(
            [sys.executable, FAKE, "--list"], stdout=subprocess.PIPE, check=True, timeout=BOUND_S
        )
        self.assertEqual(set(table) - {"name"}, set(listed.stdout.decode().split()) | {"-" * 23})

    def test_a_name_that_there_is_not_is_wrong_usage(self):
        status = subprocess.run(
            [sys.executable, FAKE, "no-such"], stderr=subprocess.DEVNULL, timeout=BOUND_S
        )
        self.assertEqual(status.returncode, 2)

    def test_the_control_is_correct(self):
        hello, made, calling, acquired, released = self.messages("well-behaved")
        self.assertEqual(hello["hello"]["protocol"], 1)
        self.assertEqual(made["returned"], {"object": "SemLock"})
        self.assertEqual(calling["calling"], 2)
        self.assertIs(acquired["returned"], True)
        self.assertIsNone(released["returned"])

    def test_silent_ones_are_silent(self):
        self.assertEqual(self.run_fake("never-says-hello").all(), b"")
        self.assertEqual(len(self.messages("never-answers")), 1)

    def test_hellos(self):
        self.assertEqual(self.messages("wrong-version")[0]["hello"]["protocol"], 99)
        first = self.run_fake("garbage").all().splitlines()[0]
        self.assertRaises(ValueError, json.loads, first)
        self.assertIn("fork", self.messages("claims-capabilities")[0]["hello"]["capabilities"])
        early = self.run_fake("exits-before-hello")
        self.assertEqual((early.all(), early.process.wait(BOUND_S)), (b"", 3))

    def test_broken_lines(self):
        lines = self.run_fake("garbage-later").all().splitlines()
        self.assertRaises(ValueError, json.loads, lines[3])
        half = self.run_fake("half-a-line").all()
        self.assertEqual(half.count(b"\n"), 1)
        self.assertFalse(half.endswith(b"\n"))
        self.assertGreater(len(self.run_fake("ten-megabyte-line").all().splitlines()[1]), 10 << 20)
        self.assertRaises(UnicodeDecodeError, self.run_fake("invalid-utf8").all().decode)
        twice = self.run_fake("duplicate-keys").all().splitlines()[1]
        self.assertEqual(twice.count(b'"returned"'), 2)

    def test_wrong_replies(self):
        self.assertEqual([reply["id"] for reply in self.replies("wrong-id")], [1001, 1002, 1003])
        self.assertEqual(
            [reply["id"] for reply in self.replies("answers-twice")], [1, 1, 2, 2, 3, 3]
        )
        self.assertEqual(set(self.replies("reply-without-outcome")[0]), {"id", "begin", "end"})
        self.assertLess({"returned", "raised"}, set(self.replies("reply-with-two-outcomes")[0]))
        self.assertLess(*[self.replies("stamps-backwards")[0][key] for key in ("end", "begin")])

    def test_mechanical_answers(self):
        self.assertEqual([reply["returned"] for reply in self.replies("always-true")], [True] * 3)
        self.assertEqual(self.replies("echo")[0]["returned"], REQUESTS[0]["args"])
        self.assertTrue(all("unsupported" in reply for reply in self.replies("always-unsupported")))

    def test_deaths(self):
        for name, status in (("dies-in-a-call", 7), ("dies-by-signal", -signal.SIGSEGV)):
            run = self.run_fake(name)
            self.assertIn("calling", json.loads(run.all().splitlines()[-1]))
            self.assertEqual(run.process.wait(BOUND_S), status)

    def test_floods(self):
        run = self.run_fake("floods-stderr", end_of_file=False)
        self.assertTrue(run.process.stderr.read(1 << 20))
        run.read_until(lambda written: b'"id": 3' in written)
        notes = self.run_fake("slow-flood-of-notes", end_of_file=False)
        notes.read_until(lambda written: written.count(b"handled") > 20)

    def test_one_that_ignores_sigterm_is_there_afterwards(self):
        run = self.run_fake("ignores-sigterm")
        run.read_until(lambda written: b"hello" in written)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            os.kill(run.process.pid, number)
        self.assertIsNone(run.process.poll())

    def test_one_that_closes_its_pipe_lives_on(self):
        run = self.run_fake("closes-the-pipe")
        run.all()
        self.assertIsNone(run.process.poll())

    def test_a_daemon_holds_the_pipe(self):
        run = self.run_fake("forks-a-daemon")
        self.assertEqual(run.process.wait(BOUND_S), 0)
        run.read_until(lambda written: b"calling" in written)
        end, _, _ = select.select([run.process.stdout], [], [], 0)
        self.assertEqual(end, [])  # No end of file: somebody has the other end.
        daemon = self.holder_of(run.process.stdout.fileno())
        self.assertNotEqual(os.getsid(daemon), run.process.pid)
        os.kill(daemon, signal.SIGTERM)
        os.kill(daemon, signal.SIGKILL)
        self.assertIn(b"calling", run.all())

    def holder_of(self, fd):
        """The pid of another process that holds the pipe behind this descriptor."""
        pipe = os.readlink("/proc/self/fd/%d" % fd)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(pid) != os.getpid() and pipe in map(os.readlink, self.descriptors(pid)):
                    return int(pid)
            except OSError:
                continue  # It has ended meanwhile, or is not ours to look at.
        raise AssertionError("nobody holds the pipe")

    def descriptors(self, pid):
        folder = "/proc/%s/fd" % pid
        return [os.path.join(folder, fd) for fd in os.listdir(folder)]

    def test_one_given_a_channel_may_speak_on_stdout(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "root")
            fds = []
            for suffix in (".in", ".out"):
                os.mkfifo(path + suffix)
                fds.append(os.open(path + suffix, os.O_RDWR | os.O_NONBLOCK))
            process = subprocess.Popen(
                [sys.executable, FAKE, "stdout-instead"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env=dict(os.environ, LOCKSTEP_CHANNEL=path),
            )
            with process:
                self.assertIn(b"hello", process.stdout.readline())
                self.assertRaises(BlockingIOError, os.read, fds[1], 1)
                for fd in fds:
                    os.close(fd)


if __name__ == "__main__":
    unittest.main()
