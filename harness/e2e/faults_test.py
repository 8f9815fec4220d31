#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep faults: nothing where nothing is, each kind of fault where it is, and files that show it again."""

import glob
import os

import lockstep_case
from lockstep_case import BUILD, PYTHON, LockstepCase, read_lines

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
HELPERS = os.environ.get("LOCKSTEP_E2E_HELPERS", os.path.join(BUILD, "harness", "e2e"))
BOUND_S = 200
SIGNALS = ("--only", "signals", "--filter", "acquire-beside-another")


class Faults(LockstepCase):
    def faults(self, *words, mutant=None, **start):
        last = ("--", MUTANTS, mutant) if mutant else ()
        return self.lockstep("faults", "--out", self.out, *words, *last, bound_s=BOUND_S, **start)

    def found(self):
        return sorted(glob.glob(os.path.join(self.out, "faults", "*.toml")))

    def assert_found(self, mutant, what, *words):
        done = self.faults(*words, mutant=mutant)
        self.assert_status(done, 1)
        self.assertIn(what, done.out)
        files = self.found()
        self.assertNotEqual(files, [])
        run = ("run", "--oracle", "none", "--scenarios", files[0], "--")
        again = self.lockstep(*run, MUTANTS, mutant, bound_s=BOUND_S)
        self.assert_status(again, 1)
        self.assert_status(self.lockstep(*run, MUTANTS, "none"), 0)

    def test_nothing_in_the_reference(self):
        lines = os.path.join(self.folder, "points.jsonl")
        done = self.faults("reference", "--json", lines)
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"\nreference [0-9.]+, held to C1/L0: nothing found\n")
        self.assertEqual(self.found(), [])
        points = read_lines(lines)
        self.assertGreater(len(points), 900)
        self.assertEqual({"kills", "errors", "signals", "resources"}, {one["sweep"] for one in points})
        self.assertLessEqual({one["outcome"] for one in points}, {"fine", "allowed", "not run", "never came"})
        self.assertIn("allowed at 1 point: the wake-up went with the waiter", done.out)

    def test_nothing_in_cpython(self):
        done = self.faults("python:" + PYTHON, "--filter", "create")
        self.assert_status(done, 0)

    def test_nothing_in_a_mutant_without_a_defect(self):
        self.assert_status(self.faults("--only", "kills", "--only", "errors", mutant="none"), 0)

    def test_an_error_that_is_told_as_another(self):
        words = ("--only", "errors", "--filter", "rebuild")
        self.assert_found("table-full-is-missing", "rebuild at openat#1 with ENFILE", *words)

    def test_a_file_that_is_left(self):
        words = ("--only", "errors", "--filter", "create-and-unlink")
        self.assert_found("temporary-left-when-link-fails", "a name is left behind in /dev/shm", *words)

    def test_a_signal_that_loses_a_wake_up(self):
        self.assert_found("interrupted-forgets-waiters", "at one signal asleep, return", *SIGNALS)

    def test_a_death_after_which_all_hang(self):
        words = ("--only", "kills", "--filter", "release-to-a-waiter", "--timeout-scale", "0.2")
        done = self.faults(*words, mutant="lock-in-the-page")
        self.assert_status(done, 1)
        self.assertIn("no answer", done.out)

    def test_a_stricter_contract_makes_findings_of_what_was_allowed(self):
        words = ("reference", "--only", "kills", "--filter", "acquire-beside-another", "--contract")
        self.assert_status(self.faults(*words, "C1"), 0)
        done = self.faults(*words, "C2")
        self.assert_status(done, 1)
        self.assertIn("which C2/L0 rules out", done.out)
        self.assertIn("  > d returns True\n      got -> blocked\n", done.out)
        own = self.implementation("own", [MUTANTS, "none"], crash="C2")
        self.assert_status(self.faults(own, "--only", "kills", "--filter", "acquire-beside-another"), 1)

    def test_without_ptrace_the_sweeps_that_need_it_are_named(self):
        denied = (os.path.join(HELPERS, "deny_ptrace"),)
        done = self.faults("reference", through=denied)
        self.assert_status(done, 0)
        for sweep in ("kills", "errors", "signals"):
            self.assertIn("\n  %s: not run: ptrace is denied here: " % sweep, done.out)
        self.assertRegex(done.out, r"\n  resources  create +40 +39 ")
        done = self.faults("reference", "--only", "kills", through=denied)
        self.assert_status(done, 4)

    def test_what_the_dead_leave_is_removed_from_a_shared_dev_shm(self):
        words = ("reference", "--only", "kills", "--filter", "create")
        done = self.faults(*words, env={"LOCKSTEP_ISOLATION": "none"})
        self.assert_status(done, 0)  # And at its end the test finds nothing in /dev/shm.
        self.assertIn("removed from /dev/shm what killed creators had left: ", done.out)

    def test_wrong_words(self):
        for words in (("--only", "deaths"), ("--contract", "C9"), ("--fitler", "x"), ("no-such-implementation",)):
            self.assert_status(self.faults(*words), 2)

    def test_an_adapter_that_cannot_be_started(self):
        self.assert_status(self.lockstep("faults", "--out", self.out, "--", "/bin/false"), 3)


if __name__ == "__main__":
    lockstep_case.main()
