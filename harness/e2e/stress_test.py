#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep stress and lockstep check: nothing where nothing is, and a history where something is."""

import glob
import json
import os
import re

import lockstep_case
from lockstep_case import BUILD, FAKE, PYTHON, LockstepCase, read

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
BOUND_S = 120


class Stress(LockstepCase):
    def stress(self, *words, command=()):
        last = ("--",) + tuple(command) if command else ()
        return self.lockstep("stress", "--out", self.out, *words, *last, bound_s=BOUND_S)

    def found(self, name, time="30"):
        """What stress says of a mutant, which it has to find."""
        done = self.stress("--seed", "3", "--time", time, command=(MUTANTS, name))
        self.assert_status(done, 1)
        self.assertRegex(done.out, "rerun  ./lockstep stress .*--seed 3 .* -- .*" + name)
        return re.search(r"^\[1\] [^:]*: (.*)$", done.out, re.MULTILINE).group(1)

    def test_nothing_in_the_reference(self):
        done = self.stress("reference", "--seed", "2", "--time", "8")
        # A machine under load may not have let everything come about.
        self.assertIn(done.status, (0, 4), str(done))
        self.assertTrue(done.out.startswith("seed 2\n"))
        self.assertIn("nothing that a semaphore does not do", done.out)
        self.assertRegex(" ".join(done.out.split()), r"seen: .*two waited at once [0-9]+")
        self.assertRegex(done.out, r"canar(y|ies) planted, each found")
        self.assertEqual(glob.glob(os.path.join(self.out, "stress", "*")), [])

    def test_nothing_in_cpython(self):
        done = self.stress("python:" + PYTHON, "--seed", "2", "--time", "6")
        self.assertIn(done.status, (0, 4), str(done))
        self.assertIn("nothing that a semaphore does not do", done.out)

    def test_nothing_in_the_control_of_the_mutants(self):
        done = self.stress("--seed", "2", "--time", "6", command=(MUTANTS, "own-races"))
        self.assertIn(done.status, (0, 4), str(done))
        self.assertIn("nothing that a semaphore does not do", done.out)

    def test_a_history_that_is_none_is_saved_and_judged_again(self):
        done = self.stress("--seed", "3", "--time", "30", "--density", "full", "--no-races",
                           command=(MUTANTS, "try-gives-up-after-lost-race"))
        self.assert_status(done, 1)
        self.assertIn("<- nothing explains this", done.out)
        (file,) = glob.glob(os.path.join(self.out, "stress", "*.jsonl"))
        judged = self.lockstep("check", file, bound_s=BOUND_S)
        self.assert_status(judged, 1)
        self.assertIn("<- nothing explains this", judged.out)
        self.assertTrue(all(json.loads(line) for line in read(file).splitlines()))

    def test_a_wakeup_that_is_lost(self):
        self.assertIn("lost wakeup", self.found("wake-in-flight"))

    def test_a_unit_that_is_lost_as_a_timeout_ends(self):
        self.found("timeout-keeps-late-permit")

    def test_counts_that_race(self):
        self.assertIn("_count() is", self.found("count-raced"))

    def test_two_who_make_one_name(self):
        self.assertIn("both made it", self.found("exclusive-in-two-steps"))

    def test_an_adapter_without_the_loop_is_not_judged(self):
        done = self.stress("--time", "1", command=(PYTHON, "-B", FAKE, "well-behaved"))
        self.assert_status(done, 4)
        self.assertIn("unsupported: its adapter has no capability load", done.out)

    def test_an_adapter_that_only_claims_it_is_at_fault(self):
        done = self.stress("--time", "1", command=(PYTHON, "-B", FAKE, "claims-capabilities"))
        self.assert_status(done, 3)
        self.assertNotIn("semaphore does this", done.out)

    def test_flags_that_are_wrong(self):
        for words in (("--density", "half"), ("--time", "0"), ("--processes", "99"), ("--seed", "x")):
            done = self.stress("reference", *words)
            self.assert_status(done, 2)
            self.assertIn(words[0], done.err)


class Check(LockstepCase):
    def check(self, text):
        file = os.path.join(self.out, "h.jsonl")
        os.makedirs(self.out, exist_ok=True)
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)
        return self.lockstep("check", file, bound_s=BOUND_S)

    ONE = '{"semaphore": "s", "initial": 1}\n'
    TAKEN = '{"actor": "%s", "op": "acquire", "begin": %d, "end": %d, "returned": true}\n'

    def test_one_of_a_semaphore(self):
        done = self.check(self.ONE + self.TAKEN % ("a", 1, 2))
        self.assert_status(done, 0)
        self.assertIn("h.jsonl: s: ok: 1 operation of 1 actor\n", done.out)

    def test_one_of_none(self):
        done = self.check(self.ONE + self.TAKEN % ("a", 1, 2) + self.TAKEN % ("b", 3, 4))
        self.assert_status(done, 1)
        self.assertIn("no order explains b acquire() -> True", done.out)

    def test_so_much_at_once_that_nobody_knows(self):
        releases = "".join(
            '{"actor": "a%d", "op": "release", "begin": 1, "end": %d, "returned": null}\n' % (i, 100 + i) for i in range(70)
        )
        done = self.check(self.ONE + releases + '{"actor": "b", "op": "_get_value", "begin": 1, "end": 9, "returned": 1}\n')
        self.assert_status(done, 4)
        self.assertIn("s: unknown: ", done.out)

    def test_nothing_is_not_a_pass(self):
        self.assert_status(self.check(self.ONE), 4)

    def test_what_is_no_history(self):
        done = self.check(self.ONE + '{"actor": "a", "op": "take", "begin": 1}\n')
        self.assert_status(done, 2)
        self.assertIn("h.jsonl:2: 'op' is 'take': expected acquire", done.err)
        self.assert_status(self.lockstep("check", os.path.join(self.out, "none"), bound_s=BOUND_S), 2)


if __name__ == "__main__":
    lockstep_case.main()
