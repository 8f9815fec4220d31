#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What lockstep mutants says of a few mutants, and when it fails. mutants_all_test.py runs all."""

import os
import re

import lockstep_case
from lockstep_case import ROOT, LockstepCase

MUTANTS = os.path.join(ROOT, "impl", "mutants")


class Table(LockstepCase):
    def test_each_row_has_its_place_in_the_sources(self):
        table = lockstep_case.read(os.path.join(MUTANTS, "defect_table.h"))
        rows = re.findall(r'\{"([a-z0-9-]+)", "', table)
        self.assertGreater(len(rows), 70)
        used = set()
        for file in os.listdir(MUTANTS):
            if file.endswith(".cc") and not file.endswith("_test.cc"):
                text = lockstep_case.read(os.path.join(MUTANTS, file))
                used.update(re.findall(r'\bIs\("([^"]+)"\)', text))
        self.assertEqual(sorted(set(rows) - used), ["equivalent"])


class Mutants(LockstepCase):
    def test_one_that_is_killed_is_told_with_its_killer(self):
        report = os.path.join(self.folder, "mutants.jsonl")
        done = self.lockstep("mutants", "excl-lost", "--filter", "construct/*", "--json", report)
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"excl-lost +construct +[0-9.]+  construct/")
        self.assertIn("1 of 1 mutants killed", done.out)
        none, mutant = lockstep_case.read_lines(report)
        self.assertEqual((none["name"], none["killed"]), ("none", False))
        self.assertEqual((mutant["name"], mutant["killed"]), ("excl-lost", True))
        self.assertTrue(mutant["failed"][0]["scenario"].startswith("construct/"), mutant)

    def test_it_is_stopped_at_its_first_kill_but_for_the_matrix(self):
        report = os.path.join(self.folder, "mutants.jsonl")
        words = ("mutants", "count-never-negative", "maxvalue-ignored", "--json", report)
        self.assert_status(self.lockstep(*words, "--filter", "bounds/*"), 0)
        self.assertEqual([len(m["failed"]) for m in lockstep_case.read_lines(report)], [0, 1, 1])
        done = self.lockstep(*words, "--filter", "bounds/*", "--matrix")
        self.assert_status(done, 0)
        self.assertGreater(len(lockstep_case.read_lines(report)[2]["failed"]), 1)

    def test_one_that_nothing_kills_fails_it(self):
        done = self.lockstep("mutants", "excl-lost", "equivalent", "--filter", "construct/*")
        self.assert_status(done, 1)
        self.assertRegex(done.out, r"equivalent .* SURVIVED")
        self.assertIn("1 of 2 mutants killed", done.out)

    def test_the_matrix_tells_a_killer_of_another_area(self):
        done = self.lockstep("mutants", "wake-private", "--filter", "crash/*", "--matrix")
        self.assert_status(done, 0)
        self.assertIn("killed, but by no scenario of a predicted area:\n  wake-private", done.out)

    def test_the_switch_and_the_own_semaphore_change_nothing(self):
        done = self.lockstep("mutants", "equivalent", "own-semaphore", "own-races")
        self.assert_status(done, 1)
        self.assertIn("0 of 3 mutants killed", done.out, done)
        self.assertIn("without a defect clean", done.out)

    def test_those_for_stress_and_faults_are_counted_apart_and_run_by_name(self):
        # A scenario that they cannot run: nobody is killed, and soon.
        words = ("mutants", "--filter", "surface/names-of-the-module")
        done = self.lockstep(*words)
        self.assert_status(done, 1)
        left_out = re.search(r"0 of (\d+) mutants killed .*; (\d+) more are for stress and faults; ", done.out)
        self.assertIsNotNone(left_out, done.out)
        self.assertGreaterEqual(int(left_out.group(2)), 28)
        self.assertNotIn("lock-in-the-page", done.out)
        named = self.lockstep(*words, "lock-in-the-page")
        self.assert_status(named, 1)
        self.assertIn("0 of 1 mutants killed", named.out)
        self.assertNotIn("more are for stress", named.out)
        matrix = self.lockstep(*words, "--matrix")
        every = int(left_out.group(1)) + int(left_out.group(2))
        self.assertIn(f"0 of {every} mutants killed", matrix.out)
        self.assertRegex(matrix.out, r"for stress and faults:\n  .*lock-in-the-page")

    def test_a_scenario_that_fails_without_a_defect_fails_it_and_kills_nobody(self):
        path = self.scenario_file(
            """
            [[scenario]]
            name = "own/wrong"
            says = "A semaphore of one permit has two."
            source = "this test"
            steps = '''
            p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
            p s._get_value() -> 2
            '''
            [[scenario]]
            name = "own/right"
            says = "A semaphore of one permit has one."
            source = "this test"
            steps = '''
            p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
            p s._get_value() -> 1
            '''
            """
        )
        report = os.path.join(self.folder, "mutants.jsonl")
        words = ("mutants", "unlink-ignored", "excl-lost", "--scenarios", path, "--json", report)
        done = self.lockstep(*words)
        self.assert_status(done, 1)
        self.assertIn("without a defect own/wrong fails", done.out)
        self.assertIn("NOT CLEAN", done.out)
        failed = {
            mutant["name"]: [one["scenario"] for one in mutant["failed"]]
            for mutant in lockstep_case.read_lines(report)
        }
        self.assertEqual(
            failed, {"none": ["own/wrong"], "unlink-ignored": ["own/right"], "excl-lost": []}
        )

    def test_a_name_that_is_not_there_is_wrong_usage(self):
        done = self.lockstep("mutants", "exl-lost")
        self.assert_status(done, 2)
        self.assertIn("there is no mutant 'exl-lost'; did you mean 'excl-lost'?", done.err)


if __name__ == "__main__":
    lockstep_case.main()
