# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: the program under a bound, and proof that it left nothing behind.

Whatever a test starts carries a mark of its own in its environment, so that what is left is found
wherever in the machine it went, and nobody else's processes are taken for it. Where the user may
have one, the tests run with a /dev/shm of their own, and then it must be empty at the end of each.
"""

import ctypes
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
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LOCKSTEP = os.environ.get(
    "LOCKSTEP_BINARY", os.path.join(ROOT, "build", "release", "harness", "lockstep")
)
BUILD = os.path.dirname(os.path.dirname(os.path.abspath(LOCKSTEP)))
PYTHON = "/usr/bin/python3"
FAKE = os.path.join(ROOT, "impl", "adapters", "fakes", "fake_adapter.py")
PYTHON_ADAPTER = os.path.join(ROOT, "impl", "adapters", "python", "lockstep_adapter.py")
MARK = "LOCKSTEP_TEST_MARK"  # Of the harness alone; adapters get the other one.
ADAPTER_MARK = "E2E_TEST_MARK"
NOBODY = 65534
BOUND_S = 120  # A run of one area takes a second or two; a loaded machine many times that.
LOOK_EVERY_S = 0.005

_CLONE_NEWNS = 0x00020000
_MS_PRIVATE = 1 << 18
_MS_REC = 1 << 14
_MS_NOSUID = 2
_MS_NODEV = 4
_libc = ctypes.CDLL(None, use_errno=True)


def is_root():
    return os.geteuid() == 0


def own_shm():
    """Gives this process and what it starts a /dev/shm of its own; False where it may not."""
    if not is_root() or _libc.unshare(_CLONE_NEWNS) != 0:
        return False
    if _libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return False
    options = b"mode=1777,size=256m"
    return _libc.mount(b"none", b"/dev/shm", b"tmpfs", _MS_NOSUID | _MS_NODEV, options) == 0


HAS_OWN_SHM = own_shm()


def wait_until(condition, bound_s=30):
    """What the condition gives once it is true; what it gave last when the bound is over."""
    end = time.monotonic() + bound_s
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        select.select([], [], [], LOOK_EVERY_S)


def marked(mark):
    """The living processes that were started with this mark, as "PID: command line"."""
    found = []
    needle = ("=" + mark).encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                if needle not in file.read():
                    continue
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            found.append("%s: %s" % (pid, line))
        except OSError:
            continue  # It is gone, or another user's.
    return found


def shm_names():
    return sorted(os.listdir("/dev/shm")) if HAS_OWN_SHM else []


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def read_lines(path):
    """The objects of a file of JSON Lines, less a last line that was cut off."""
    lines = read(path).split("\n")
    return [json.loads(line) for line in lines[:-1]]


def toml(value):
    """A text, number, list or table of these, in TOML."""
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s = %s" % (key, toml(item)) for key, item in value.items())
    return json.dumps(value)


class Done:
    """A run that is over: its status, what it printed, and how long it took."""

    def __init__(self, arguments, status, out, err, seconds):
        self.arguments = arguments
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    @property
    def text(self):
        return self.out + self.err

    def __str__(self):
        return "%s\nstatus %s after %.1f s\n--- out\n%s\n--- err\n%s" % (
            " ".join(self.arguments),
            self.status,
            self.seconds,
            self.out[-6000:],
            self.err[-3000:],
        )


class LockstepCase(unittest.TestCase):
    """Has self.folder, removed in the end, and self.out within it for --out. In the end of each
    test no process that it started lives, and no name of its own is in /dev/shm."""

    def setUp(self):
        self.mark = uuid.uuid4().hex
        self.folder = tempfile.mkdtemp(prefix="e2e-", dir=BUILD if os.access(BUILD, os.W_OK) else None)
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.out = os.path.join(self.folder, "out")
        self.addCleanup(self.assert_nothing_left)

    def assert_nothing_left(self):
        # What was killed may take a moment to be gone; what was not never goes.
        wait_until(lambda: not marked(self.mark), 10)
        left = marked(self.mark)
        for line in left:
            os.kill(int(line.split(":")[0]), signal.SIGKILL)
        names = shm_names()
        for name in names:
            os.unlink(os.path.join("/dev/shm", name))
        self.assertEqual(left, [], "processes were left behind")
        self.assertEqual(names, [], "names were left in /dev/shm")

    def environment(self, **changes):
        """This process's, less what would change what is tested; None takes a variable away."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "LOCKSTEP_")) and name != "NO_COLOR"
        }
        # The tests run whichever the caller wants to know about: with namespaces, or without.
        if "LOCKSTEP_ISOLATION" in os.environ:
            environment["LOCKSTEP_ISOLATION"] = os.environ["LOCKSTEP_ISOLATION"]
        environment[MARK] = environment[ADAPTER_MARK] = self.mark
        for name, value in changes.items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        return environment

    def start(self, *arguments, env=None, through=(), cwd=None, **popen):
        """The program, not waited for, in a session of its own. `through`: a command that runs it."""
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(
            [*through, LOCKSTEP, *arguments],
            stdin=subprocess.DEVNULL,
            env=self.environment(**(env or {})),
            cwd=cwd or self.folder,
            start_new_session=True,
            **popen
        )

    def finish(self, process, bound_s=BOUND_S):
        started = time.monotonic()
        try:
            out, err = process.communicate(timeout=bound_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            text = (out or b"").decode(errors="replace") + (err or b"").decode(errors="replace")
            self.fail("%s is not over after %d s; so far:\n%s" % (process.args, bound_s, text))
        texts = [(octets or b"").decode(errors="replace") for octets in (out, err)]
        return Done(process.args, process.returncode, *texts, time.monotonic() - started)

    def lockstep(self, *arguments, bound_s=BOUND_S, **start):
        """A whole run of the program. Verbs that write get --out self.out."""
        words = list(arguments)
        if words and words[0] in ("run", "diff", "adapter", "expect", "mutants") and "--out" not in words:
            at = words.index("--") if "--" in words else len(words)
            words[at:at] = ["--out", self.out]
        return self.finish(self.start(*words, **start), bound_s)

    def assert_status(self, done, status):
        self.assertEqual(done.status, status, str(done))

    def results(self, out=None):
        """What the last run wrote, as objects."""
        return read_lines(os.path.join(out or self.out, "results.jsonl"))

    def verdicts(self, implementation, out=None):
        """{scenario: (overall verdict, reason)} of one implementation of the last run."""
        found = {}
        for line in self.results(out):
            if line["type"] == "verdict" and line["implementation"] == implementation:
                found[line["scenario"]["name"]] = (line["verdict"], line.get("reason", ""))
        return found

    def scenario_file(self, text, name="own.toml"):
        return write(os.path.join(self.folder, "scenarios", name), text)

    def implementation(self, name, command, expectations=None, **keys):
        """An implementation.toml of the test's own; its path."""
        folder = os.path.join(self.folder, name)
        lines = ['name = "%s"' % name, "command = %s" % json.dumps(command)]
        lines += ["%s = %s" % (key, toml(value)) for key, value in keys.items()]
        if expectations is not None:
            write(os.path.join(folder, "expectations.toml"), expectations)
            lines.append('expectations = "expectations.toml"')
        return write(os.path.join(folder, "implementation.toml"), "\n".join(lines) + "\n")


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]] if len(sys.argv) == 1 else sys.argv)
