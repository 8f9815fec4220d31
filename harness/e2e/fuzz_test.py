#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep fuzz: finds nothing where nothing is, and small transcripts where something is."""

import glob
import os
import re

import lockstep_case
from lockstep_case import BUILD, HERE, PYTHON, PYTHON_ADAPTER, LockstepCase, read

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
BOUND_S = 200


class Fuzz(LockstepCase):
    def fuzz(self, *words, command=()):
        last = ("--",) + tuple(command) if command else ()
        return self.lockstep("fuzz", "--out", self.out, *words, *last, bound_s=BOUND_S)

    def found(self):
        return sorted(glob.glob(os.path.join(self.out, "fuzz", "*.toml")))

    def steps_of(self, file):
        return re.search(r"'''\n(.*)'''", read(file), re.DOTALL).group(1).splitlines()

    def test_nothing_in_the_reference(self):
        done = self.fuzz("reference", "--steps", "10000", "--no-small-scope", "--seed", "5")
        self.assert_status(done, 0)
        self.assertTrue(done.out.startswith("seed 5\n"))
        self.assertIn("nothing that the model forbids", done.out)
        self.assertEqual(self.found(), [])

    def test_nothing_in_cpython(self):
        done = self.fuzz("python:" + PYTHON, "--steps", "5000", "--no-small-scope", "--seed", "6")
        self.assert_status(done, 0)

    def test_a_defect_is_made_small_and_kept_as_a_scenario_that_shows_it(self):
        done = self.fuzz("--until-fail", "--no-small-scope", "--seed", "7", command=(MUTANTS, "value-is-one"))
        self.assert_status(done, 1)
        self.assertEqual(len(self.found()), 1, done.out)
        file = self.found()[0]
        self.assertLessEqual(len(self.steps_of(file)), 4, read(file))
        self.assertIn("--seed 7", read(file))
        self.assertIn("rule  ", done.out)
        words = ("run", "--oracle", "none", "--scenarios", file, "--out", self.out)
        self.assert_status(self.lockstep(*words, "--", MUTANTS, "value-is-one"), 1)
        self.assert_status(self.lockstep(*words, "reference"), 0)

    def test_a_seed_finds_the_same_again(self):
        texts = []
        for _ in range(2):
            self.fuzz("--until-fail", "--no-small-scope", "--seed", "8", command=(MUTANTS, "is-mine-ignores-thread"))
            texts.append([self.steps_of(file) for file in self.found()])
        self.assertNotEqual(texts[0], [])
        self.assertEqual(texts[0], texts[1])

    def test_a_defect_of_a_python(self):
        own = self.implementation(
            "own",
            [PYTHON, PYTHON_ADAPTER],
            env={"PYTHONPATH": os.path.join(HERE, "defects", "maxvalue_unchecked")},
        )
        done = self.fuzz(own, "--until-fail", "--no-small-scope", "--seed", "9")
        self.assert_status(done, 1)
        self.assertLessEqual(len(self.steps_of(self.found()[0])), 4)

    def test_too_few_steps_have_not_seen_enough(self):
        done = self.fuzz("reference", "--steps", "1", "--no-small-scope")
        self.assert_status(done, 4)
        self.assertIn("never seen: ", done.out)

    def test_what_cannot_be_started(self):
        done = self.fuzz("--steps", "1", "--no-small-scope", command=("/bin/false",))
        self.assert_status(done, 3)


if __name__ == "__main__":
    lockstep_case.main()
