#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run --mixed A,B: the same scenarios with processes of two implementations."""

import os

import lockstep_case
from lockstep_case import HERE, PYTHON, PYTHON_ADAPTER, LockstepCase

SCENARIOS = """
[[scenario]]
name   = "own/who-is-who"
says   = "With A in the first part a process that is started on B is B's, and so is what it makes."
source = "this test"
steps  = '''
p   eval("os.environ.get('WHO')")   -> 'A'
start v
start w on B
w   fork x
v   eval("os.environ.get('WHO')")   -> 'A'
w   eval("os.environ.get('WHO')")   -> 'B'
x   eval("os.environ.get('WHO')")   -> 'B'
'''

[[scenario]]
name   = "own/steps-are-by-the-version-of-their-actor"
says   = "Where versions differ a step is the one of its actor's implementation."
source = "this test"
steps  = '''
start w on B
w   eval("sys.version_info[:2] < (3, 10)")   -> True    when < 3.10
w   eval("sys.version_info[:2] < (3, 10)")   -> False   when >= 3.10
p   eval("sys.version_info[:2] < (3, 10)")   -> True    when < 3.10
p   eval("sys.version_info[:2] < (3, 10)")   -> False   when >= 3.10
'''

[[scenario]]
name   = "own/of-one-alone"
says   = "What no process of B takes part in is no part of a mixed run."
source = "this test"
steps  = '''
p   nop()   -> None
'''
"""


class Mixed(LockstepCase):
    def python(self, name, interpreter=PYTHON, **env):
        return self.implementation(name, [interpreter, PYTHON_ADAPTER], env=dict(env, WHO=name))

    def mixed(self, a, b, *more, **env):
        return self.lockstep("run", "--mixed", a + "," + b, "--oracle", "none", *more, env=env)

    def test_each_is_in_either_part(self):
        a, b = self.python("A"), self.python("B")
        file = self.scenario_file(SCENARIOS)
        done = self.mixed(a, b, "--scenarios", file, "--filter", "own/who-is-who")
        self.assert_status(done, 1)
        self.assertEqual(self.verdicts("A+B"), {"own/who-is-who": ("pass", "")})
        self.assertEqual(self.verdicts("B+A")["own/who-is-who"][0], "fail")

    def test_only_what_starts_a_process_on_b_is_run(self):
        a, b = self.python("A"), self.python("B")
        done = self.mixed(a, b, "--scenarios", self.scenario_file(SCENARIOS))
        self.assert_status(done, 1)
        self.assertNotIn("own/of-one-alone", self.verdicts("A+B"))
        self.assertEqual(len(self.verdicts("A+B")), 2)
        self.assertEqual(
            self.verdicts("B+A")["own/steps-are-by-the-version-of-their-actor"], ("pass", "")
        )

    def test_a_defect_of_either_is_a_failure(self):
        defect = os.path.join(HERE, "defects", "maxvalue_unchecked")
        wrong = self.implementation("A", [PYTHON, PYTHON_ADAPTER], env={"PYTHONPATH": defect, "WHO": "A"})
        file = self.scenario_file(
            """
[[scenario]]
name   = "own/bound"
says   = "The bound holds on both sides."
source = "this test"
steps  = '''
p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)
start w on B
w   t = SemLock._rebuild(0, SEMAPHORE, 1, NAME)
w   t.acquire()   -> True
w   t.release()   -> None
p   s.release()   raises ValueError
p   sem_unlink(NAME)
'''
"""
        )
        done = self.mixed(wrong, self.python("B"), "--scenarios", file)
        self.assert_status(done, 1)
        self.assertEqual(self.verdicts("A+B")["own/bound"][0], "fail")
        self.assertEqual(self.verdicts("B+A")["own/bound"][0], "pass")
        self.assertRegex(done.out, r"rerun \./lockstep run .*--mixed ")

    def test_what_one_of_them_lacks_is_unsupported(self):
        file = self.scenario_file(SCENARIOS)
        done = self.mixed("reference", self.python("B"), "--scenarios", file)
        self.assert_status(done, 4)
        self.assertEqual(
            self.verdicts("reference+B")["own/who-is-who"],
            ("unsupported", "it has no capability python"),
        )

    def test_the_catalogue_shares_between_the_reference_and_cpython(self):
        done = self.mixed("reference", "python:" + PYTHON)
        self.assert_status(done, 0)
        self.assertGreater(len(self.verdicts("reference+python:" + PYTHON)), 30)

    def test_it_takes_two_and_no_other(self):
        for words in (["--mixed", "reference"], ["--mixed", "reference,reference", "reference"]):
            done = self.lockstep("run", *words, "--oracle", "none")
            self.assert_status(done, 2)

    def test_scenarios_that_do_not_mix(self):
        done = self.mixed("reference", "reference", "--filter", "acquire/takes-a-unit")
        self.assert_status(done, 2)
        self.assertIn("no scenario of these starts a process on the other implementation", done.err)


if __name__ == "__main__":
    lockstep_case.main()
