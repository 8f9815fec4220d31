#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An interpreter with a defect is caught, and only the one that was asked for has it."""

import os

import lockstep_case
from lockstep_case import HERE, PYTHON, LockstepCase

NAME = "python:" + PYTHON


def defect(name):
    return {"PYTHONPATH": os.path.join(HERE, "defects", name), "PYTHONDONTWRITEBYTECODE": "1"}


class Defects(LockstepCase):
    def assert_caught(self, name, area, scenario, title):
        """The defect fails the scenario that is about it, and the report names both."""
        done = self.lockstep(
            "run", NAME, "--filter", area + "/*", "--verbose", env=defect(name)
        )
        self.assert_status(done, 1)
        verdict, reason = self.verdicts(NAME)[scenario]
        self.assertEqual(verdict, "fail", "%s: %s\n%s" % (scenario, reason, done))
        self.assertIn(scenario, done.out)
        self.assertIn(title, " ".join(done.out.split()))
        self.assertIn("--filter " + scenario, done.out, "there is no command that reruns it")
        # The oracle is another CPython, or this one without the defect.
        oracle = self.results()[0]["oracle"]
        self.assertNotEqual(oracle, "")
        wrong = {n: v for n, v in self.verdicts(oracle).items() if v[0] in ("fail", "harness_error")}
        self.assertEqual(wrong, {})

    def test_ignored_timeouts_fail_the_scenario_of_a_timeout_that_expires(self):
        self.assert_caught(
            "timeouts_ignored", "timeout", "timeout/expires-with-false",
            "acquire(timeout=0.02): expected -> False after 20ms, got -> blocked",
        )

    def test_an_unchecked_maxvalue_fails_the_scenario_of_a_release_too_many(self):
        self.assert_caught(
            "maxvalue_unchecked", "bounds", "bounds/release-at-maxvalue",
            "fix first: release(): expected raises ValueError: semaphore or lock released too many"
            " times, got -> None",
        )

    def test_a_semaphore_not_shared_after_fork_fails_the_scenario_of_the_shared_value(self):
        self.assert_caught(
            "not_shared_after_fork", "fork", "fork/child-shares-the-value",
            "_get_value(): expected -> ",
        )


class NoDefects(LockstepCase):
    def test_who_is_woken_late_by_a_thread_of_the_implementation_is_woken(self):
        done = self.lockstep("run", NAME, "--filter", "rebuild/two-strangers-one-post", "--filter", "rebuild/post-of-a-stranger-wakes",
                             "--oracle", "none", env=defect("late_wake"))
        self.assert_status(done, 0)
        self.assertIn("2 pass", done.out)


class PythonVariables(LockstepCase):
    SCENARIO = """
        [[scenario]]
        name = "own/no-variable-of-pythons"
        says = "The interpreter sees no PYTHON variable of its caller."
        source = "the command line"
        needs = ["python"]
        steps = '''
        p eval("os.environ.get('PYTHON_OF_THE_CALLER')") -> None
        '''
        """

    def run_own(self, *names, **variables):
        path = self.scenario_file(self.SCENARIO)
        variables.update(PYTHON_OF_THE_CALLER="seen", PATH="/usr/bin:/bin")
        done = self.lockstep(
            "run", *names, "--scenarios", path, "--oracle", "none", env=variables
        )
        found = {}
        for line in self.results():
            if line["type"] == "verdict":
                found[line["implementation"]] = line["verdict"]
        return done, found

    def test_they_reach_an_interpreter_that_is_given_by_its_path(self):
        done, verdicts = self.run_own(NAME)
        self.assert_status(done, 1)
        self.assertEqual(verdicts, {NAME: "fail"})
        self.assertIn("'seen'", done.out)

    def test_they_do_not_reach_one_that_is_given_by_its_name(self):
        done, verdicts = self.run_own("python3")
        self.assert_status(done, 0)
        self.assertEqual(set(verdicts.values()), {"pass"}, done)

    def test_both_may_be_in_one_run(self):
        done, verdicts = self.run_own(NAME, "python3")
        self.assert_status(done, 1)
        self.assertEqual(verdicts.pop(NAME), "fail", done)
        self.assertEqual(set(verdicts.values()), {"pass"}, done)

    def test_those_that_an_implementations_file_sets_reach_it(self):
        command = [PYTHON, lockstep_case.PYTHON_ADAPTER]
        own = self.implementation("own", command)
        with open(own, "a", encoding="utf-8") as file:
            file.write('[env]\nPYTHON_OF_THE_CALLER = "of the file"\n')
        done, verdicts = self.run_own(own)
        self.assert_status(done, 1)
        self.assertIn("'of the file'", done.out)
        self.assertEqual(verdicts, {"own": "fail"})

    def test_an_interpreter_by_its_name_does_not_see_the_defect(self):
        done = self.lockstep(
            "run", "python3", "--filter", "bounds/*", "--oracle", "none",
            env=dict(defect("maxvalue_unchecked"), PATH="/usr/bin:/bin"),
        )
        self.assert_status(done, 0)

    def test_arguments_for_the_interpreter_reach_it(self):
        # -E: as if there were no PYTHON variables.
        done = self.lockstep(
            "run", NAME, "--python-arg=-E", "--filter", "bounds/*", "--oracle", "none",
            env=defect("maxvalue_unchecked"),
        )
        self.assert_status(done, 0)


if __name__ == "__main__":
    lockstep_case.main()
