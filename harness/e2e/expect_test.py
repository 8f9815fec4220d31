#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""expect: what a file of expectations would have to say, and that it then says so."""

import os

import lockstep_case
from lockstep_case import HERE, PYTHON, PYTHON_ADAPTER, LockstepCase, read

SCENARIOS = """
[[scenario]]
name   = "own/bound"
says   = "A full semaphore is not released."
source = "this test"
steps  = '''
p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
p   s.release()   raises ValueError
'''

[[scenario]]
name   = "own/value"
says   = "A new semaphore has its value."
source = "this test"
steps  = '''
p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
p   s._get_value()   -> 1
'''

[[scenario]]
name   = "own/wrong"
says   = "CPython itself does not do this."
source = "this test"
steps  = '''
p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
p   s._get_value()   -> 7
'''
"""
KEPT = "# Ours.\n\n# About nothing any more.\n"
STALE = KEPT + '[[expect]]\nscenario = "own/value"\nverdict = "fail"\nreason = "-> 2"\nwhy = "Old."\n'


class Expect(LockstepCase):
    def setUp(self):
        super().setUp()
        self.file = self.scenario_file(SCENARIOS)
        self.own = self.implementation(
            "own",
            [PYTHON, PYTHON_ADAPTER],
            expectations=STALE,
            env={"PYTHONPATH": os.path.join(HERE, "defects", "maxvalue_unchecked")},
        )
        self.expectations = os.path.join(os.path.dirname(self.own), "expectations.toml")

    def expect(self, *more):
        return self.lockstep("expect", self.own, "--scenarios", self.file, *more)

    def test_it_tells_and_leaves_the_file_alone(self):
        done = self.expect()
        self.assert_status(done, 5)
        self.assertIn("added own/bound: fail, -> None\n", done.out)
        self.assertIn("removed own/value: it passed\n", done.out)
        self.assertNotIn("own/wrong", done.out)  # Not certified: the oracle fails it too.
        self.assertEqual(read(self.expectations), STALE)

    def test_updated_it_is_as_it_should_be(self):
        self.assert_status(self.expect("--update"), 0)
        text = read(self.expectations)
        self.assertTrue(text.startswith(KEPT), text)
        self.assertIn('scenario = "own/bound"', text)
        self.assertNotIn("own/value", text)
        done = self.expect()
        self.assert_status(done, 0)
        self.assertIn("is as it should be", done.out)

    def test_a_file_that_is_not_there_is_begun(self):
        new = os.path.join(self.folder, "new.toml")
        self.assert_status(self.expect("--expectations", new), 2)
        self.assert_status(self.expect("--expectations", new, "--update"), 0)
        self.assertIn('scenario = "own/bound"', read(new))
        self.assert_status(self.expect("--expectations", new), 0)

    def test_the_projects_own_files_are_not_for_others(self):
        for words in (["python:" + PYTHON], ["cpython", "--scenarios", self.file]):
            done = self.lockstep("expect", *words, "--update")
            self.assert_status(done, 2)
            self.assertIn("name a file of your own: --expectations FILE", done.err)

    def test_what_was_not_run_to_the_end_changes_nothing(self):
        done = self.expect("--update", "--max-time", "0.001")
        self.assert_status(done, 4)
        self.assertIn("time ran out", done.err)
        self.assertEqual(read(self.expectations), STALE)

    def test_an_adapter_that_breaks_the_protocol_changes_nothing(self):
        broken = self.implementation("broken", [PYTHON, lockstep_case.FAKE, "garbage"], expectations=STALE)
        done = self.lockstep("expect", broken, "--scenarios", self.file, "--update")
        self.assert_status(done, 3)
        self.assertEqual(read(os.path.join(os.path.dirname(broken), "expectations.toml")), STALE)

    def test_one_without_a_file(self):
        done = self.lockstep("expect", "python:" + PYTHON + "-no", "--scenarios", self.file)
        self.assert_status(done, 2)

    def test_a_file_that_cannot_be_written_stays(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        folder = os.path.dirname(self.expectations)
        os.chmod(self.expectations, 0o444)
        os.chmod(folder, 0o555)
        self.addCleanup(os.chmod, folder, 0o755)
        self.assert_status(self.expect("--update"), 2)
        self.assertEqual(read(self.expectations), STALE)


if __name__ == "__main__":
    lockstep_case.main()
