#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A machine that allows less gives the same verdicts, less what doctor says that it costs.

The whole catalogue is run as usual once, and once more on each lesser machine. A scenario may
then not be run, for want of a /dev/shm of its own; nothing may come out differently.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import lockstep_case
from lockstep_case import BUILD, NOBODY, PYTHON, ROOT, LockstepCase, is_root

HELPERS = os.environ.get("LOCKSTEP_E2E_HELPERS", os.path.join(BUILD, "harness", "e2e"))
DENY_NAMESPACES = os.path.join(HELPERS, "deny_namespaces")
HIDE_SYSCALLS = os.path.join(HELPERS, "libhide_syscalls.so")
NAMES = ("reference", "python:" + PYTHON)
BOUND_S = 600  # Twice the catalogue: 20 s on a machine that does nothing else.


class SameVerdicts(LockstepCase):
    maxDiff = None
    ordinary = None  # {implementation: {scenario: verdict}}, found once for all tests
    steps = {}  # {scenario: its transcript}

    def run_all(self, out=None, **start):
        return self.lockstep(
            "run", *NAMES, "--oracle", "none", "--out", out or self.out, bound_s=BOUND_S, **start
        )

    def doctor(self, **start):
        done = self.lockstep("doctor", **start)
        self.assert_status(done, 0)
        return done.out

    def all_verdicts(self, out):
        return {
            name: {scenario: verdict for scenario, (verdict, _) in self.verdicts(name, out).items()}
            for name in NAMES
        }

    def know_the_ordinary(self):
        if SameVerdicts.ordinary is None:
            out = os.path.join(self.folder, "ordinary")
            done = self.run_all(out)
            self.assertIn(done.status, (0, 1), str(done))
            for line in self.results(out):
                if line["type"] == "verdict":
                    self.steps[line["scenario"]["name"]] = line["scenario"]["steps"]
            SameVerdicts.ordinary = self.all_verdicts(out)

    def changes_the_machine(self, scenario):
        return re.search(r"^\s*machine ", self.steps[scenario], re.MULTILINE) is not None

    def assert_same(self, out=None, lacks_own_shm=False):
        """What came out now is what comes out ordinarily; gives how many scenarios were not run."""
        differing, lost = [], set()
        now = self.all_verdicts(out or self.out)
        for name in NAMES:
            self.assertEqual(set(now[name]), set(self.ordinary[name]), name)
            for scenario, verdict in sorted(now[name].items()):
                ordinary = self.ordinary[name][scenario]
                if verdict == ordinary:
                    continue
                if lacks_own_shm and verdict == "not_run" and self.changes_the_machine(scenario):
                    lost.add(scenario)
                else:
                    differing.append("%s on %s: %s, ordinarily %s" % (scenario, name, verdict, ordinary))
        self.assertEqual(differing, [])
        return lost

    def assert_doctor_names(self, text, lost):
        """What doctor says that the missing namespaces cost is what they did cost."""
        self.assertIn("LACKS  isolation: none: ", text)
        costs = re.search(r"costs: (\d+) scenarios that need a /dev/shm of their own", text)
        self.assertIsNotNone(costs, text)
        self.assertEqual(int(costs.group(1)), len(lost))

    def test_without_namespaces_by_wish(self):
        self.know_the_ordinary()
        env = {"LOCKSTEP_ISOLATION": "none"}
        self.run_all(env=env)
        lost = self.assert_same(lacks_own_shm=True)
        text = self.doctor(env=env)
        self.assert_doctor_names(text, lost)
        self.assertIn("LOCKSTEP_ISOLATION=none asks for it", text)

    def test_where_the_kernel_refuses_namespaces(self):
        self.know_the_ordinary()
        done = self.run_all(through=[DENY_NAMESPACES])
        self.assertIn("isolation none: unshare: Operation not permitted", " ".join(done.out.split()))
        lost = self.assert_same(lacks_own_shm=True)
        self.assert_doctor_names(self.doctor(through=[DENY_NAMESPACES]), lost)

    def test_where_system_calls_of_others_cannot_be_seen(self):
        self.know_the_ordinary()
        env = {"LD_PRELOAD": HIDE_SYSCALLS}
        self.run_all(env=env)
        self.assertEqual(self.assert_same(), set())
        text = self.doctor(env=env)
        self.assertIn("LACKS  /proc/PID/task/TID/syscall: not readable", text)
        self.assertIn("that a call is blocked is presumed", text)
        self.assert_presumed_is_said()

    def assert_presumed_is_said(self):
        """Each step that was not seen to block in its futex has a note of how it was."""
        notes = set()
        for line in self.results():
            if line["type"] != "verdict":
                continue
            for entry in line["run"]["trace"]:
                if entry["outcome"].startswith("-> blocked"):
                    notes.add(entry.get("note", ""))
        self.assertNotEqual(notes, set(), "nothing blocked: the test is moot")
        for note in notes:
            self.assertIn("presumed", note)

    @unittest.skipUnless(is_root(), "only root can become another user; others run it as one anyway")
    def test_as_an_ordinary_user(self):
        self.know_the_ordinary()
        through = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
        os.mkdir(self.out)
        os.chown(self.out, NOBODY, NOBODY)
        reach = subprocess.run(through + ["test", "-r", os.path.join(ROOT, "scenarios"), "-a", "-w", self.out])
        if reach.returncode != 0:
            self.skipTest("an ordinary user may not enter the folder of this tree")
        env = {"HOME": self.out}
        self.assertIn("user %d\n" % NOBODY, self.doctor(through=through, env=env))
        self.run_all(through=through, env=env)
        self.assertEqual(self.assert_same(), set())

    @unittest.skipUnless(is_root(), "only root can make a mount read-only")
    def test_from_a_tree_that_is_read_only(self):
        self.know_the_ordinary()
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && [ ! -w "$0" ] && exec "$@"'
        through = ["unshare", "--mount", "sh", "-c", script, ROOT]
        out = tempfile.mkdtemp(prefix="lockstep-e2e-")
        self.addCleanup(shutil.rmtree, out)
        self.run_all(out=out, through=through, cwd=out)
        self.assertEqual(self.assert_same(out=out), set())
        # Where the tree lies elsewhere than the build folder this says nothing, and costs nothing.
        if os.path.commonpath([ROOT, self.folder]) == ROOT:
            refused = self.lockstep("run", "reference", through=through, cwd=out)
            self.assert_status(refused, 2)
            self.assertIn("name another with --out DIR", refused.err)


if __name__ == "__main__":
    lockstep_case.main()
