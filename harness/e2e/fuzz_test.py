#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep fuzz: finds nothing where nothing is, and small transcripts where something is."""

import glob
import os
import re
import shlex
import signal
import subprocess

import lockstep_case
from lockstep_case import BUILD, HERE, PYTHON, PYTHON_ADAPTER, LockstepCase, read, wait_until

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
BOUND_S = 200


class Fuzz(LockstepCase):
    def fuzz(self, *words, command=(), corpus=False):
        last = ("--",) + tuple(command) if command else ()
        first = () if corpus else ("--no-corpus",)
        return self.lockstep("fuzz", "--out", self.out, *first, *words, *last, bound_s=BOUND_S)

    def found(self):
        files = glob.glob(os.path.join(self.out, "fuzz", "*.toml"))
        return sorted(file for file in files if os.path.basename(file) != "corpus.toml")

    def steps_of(self, file):
        return re.search(r"'''\n(.*)'''", read(file), re.DOTALL).group(1).splitlines()

    def test_nothing_in_the_reference(self):
        done = self.fuzz("reference", "--steps", "30000", "--no-small-scope", "--seed", "5")
        self.assert_status(done, 0)
        self.assertTrue(done.out.startswith("seed 5\n"))
        self.assertIn("nothing that the model forbids", done.out)
        self.assertNotIn("ended early", done.out)
        self.assertEqual(self.found(), [])

    def test_nothing_in_cpython_nor_in_the_oracle(self):
        words = ("--steps", "10000", "--no-small-scope", "--seed", "6", "--oracle", "python:" + PYTHON)
        done = self.fuzz("python:" + PYTHON, *words)
        self.assertIn("nothing that the model forbids", done.out)
        self.assertIn(done.status, (0, 4), str(done))

    def test_small_scope_in_chains(self):
        done = self.fuzz("reference", "--time", "4")
        self.assertRegex(done.out, r"\n  [0-9]{3,} sequences of three operations of two; not all")
        # A defect is told as the sequence alone that shows it.
        done = self.fuzz("--until-fail", "--steps", "0", command=(MUTANTS, "reentry-not-counted"))
        self.assert_status(done, 1)
        self.assertLessEqual(len(self.steps_of(self.found()[0])), 6, done.out)

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
        for _ in range(2):
            self.fuzz("--until-fail", "--no-small-scope", "--seed", "8", command=(MUTANTS, "is-mine-ignores-thread"))
        self.assertEqual(len(self.found()), 1)

    def test_a_defect_of_a_python(self):
        own = self.implementation(
            "own",
            [PYTHON, PYTHON_ADAPTER],
            env={"PYTHONPATH": os.path.join(HERE, "defects", "maxvalue_unchecked")},
        )
        done = self.fuzz(own, "--until-fail", "--no-small-scope", "--seed", "9")
        self.assert_status(done, 1)
        self.assertLessEqual(len(self.steps_of(self.found()[0])), 4)

    def test_what_showed_something_once_is_tried_first(self):
        words = ("--steps", "0", "--no-small-scope", "--until-fail")
        done = self.fuzz(*words, command=(MUTANTS, "depth-bounded-by-maxvalue"), corpus=True)
        self.assert_status(done, 1)
        # What happens for the first time is kept, as a scenario file like any other.
        self.fuzz("reference", "--steps", "2000", "--no-small-scope", "--seed", "10", corpus=True)
        corpus = os.path.join(self.out, "fuzz", "corpus.toml")
        done = self.lockstep("run", "reference", "--oracle", "none", "--scenarios", corpus, "--out", self.out)
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"[0-9]{2,} pass")

    def test_a_corpus_that_is_none(self):
        os.makedirs(os.path.join(self.out, "fuzz"))
        corpus = os.path.join(self.out, "fuzz", "corpus.toml")
        with open(corpus, "w", encoding="utf-8") as file:
            file.write("[[scenario]]\nname = 3\n")
        done = self.fuzz("reference", "--steps", "1", corpus=True)
        self.assert_status(done, 2)
        self.assertIn(corpus + ":2:", done.err)
        self.assertIn("--no-corpus", done.err)

    def test_an_oracle_that_does_otherwise_certifies_nothing(self):
        own = self.implementation("own", [MUTANTS, "value-is-one"])
        done = self.fuzz("reference", "--oracle", own, "--steps", "2000", "--no-small-scope", "--seed", "4")
        self.assert_status(done, 3)
        self.assertIn("not certified: the oracle own does otherwise", done.out)

    def test_an_oracle_that_lacks_and_has_other_things(self):
        adapter = os.path.join(BUILD, "impl", "adapters", "cpp", "lockstep-adapter-reference")
        like = subprocess.run(
            [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            stdout=subprocess.PIPE, universal_newlines=True, check=True,
        ).stdout.strip()
        own = self.implementation("own", [adapter], like=like)
        words = ("--steps", "5000", "--no-small-scope", "--seed", "6", "--messages", "ignore")
        done = self.fuzz("python:" + PYTHON, "--oracle", own, *words)
        self.assertIn("nothing that the model forbids", done.out)
        self.assertNotIn("not judged", done.out)
        done = self.fuzz(own, "--oracle", "python:" + PYTHON, *words)
        self.assertIn("nothing that the model forbids", done.out)
        self.assertNotIn("not judged", done.out)

    def test_what_the_model_leaves_open_the_oracle_decides(self):
        own = self.implementation(
            "own",
            [PYTHON, PYTHON_ADAPTER],
            env={"PYTHONPATH": os.path.join(HERE, "defects", "other_words")},
        )
        done = self.fuzz(own, "--oracle", "python:" + PYTHON, "--until-fail", "--no-small-scope", "--seed", "6")
        self.assert_status(done, 1)
        self.assertIn("the oracle python:%s has raises TypeError" % PYTHON, done.out)
        rerun = re.search(r"rerun  ./lockstep (.*)", done.out).group(1)
        done = self.lockstep(*shlex.split(rerun), "--out", self.out)
        self.assert_status(done, 1)
        self.assertIn("in other words", done.out)

    def test_each_finding_has_a_file_of_its_own(self):
        words = ("--until-fail", "--no-small-scope", "--seed", "12")
        for _ in range(2):
            self.assert_status(self.fuzz(*words, command=(MUTANTS, "value-is-one")), 1)
        # The same is the same file.
        self.assertEqual(len(self.found()), 1)
        one = self.implementation("one", [MUTANTS, "count-is-a-flag"])
        other = self.implementation("other", [MUTANTS, "count-is-a-flag"])
        self.assert_status(self.fuzz(one, other, *words), 1)
        self.assertEqual(len(self.found()), 3)

    def test_interrupted_it_keeps_what_it_found(self):
        process = self.start("fuzz", "--out", self.out, "--no-corpus", "--no-small-scope", "--time", "60",
                             "--", MUTANTS, "value-is-one")
        self.assertTrue(wait_until(self.found, BOUND_S))
        process.send_signal(signal.SIGINT)
        done = self.finish(process, BOUND_S)
        self.assert_status(done, 130)
        words = ("run", "--oracle", "none", "--scenarios", self.found()[0], "--out", self.out)
        self.assert_status(self.lockstep(*words, "reference"), 0)

    def test_an_oracle_of_another_version(self):
        own = self.implementation("old", [MUTANTS, "none"], like="3.8")
        done = self.fuzz("reference", "--oracle", own, "--steps", "10")
        self.assert_status(done, 2)
        self.assertIn("goes by other rules", done.out)

    def test_numbers_that_are_none(self):
        for words in (("--seed", "-1"), ("--steps", "-5"), ("--time", "0")):
            done = self.fuzz("reference", *words)
            self.assert_status(done, 2)
            self.assertIn(words[0], done.err)

    def test_too_few_steps_have_not_seen_enough(self):
        done = self.fuzz("reference", "--steps", "1", "--no-small-scope")
        self.assert_status(done, 4)
        self.assertIn("never seen: ", done.out)

    def test_what_cannot_be_started(self):
        done = self.fuzz("--steps", "1", "--no-small-scope", command=("/bin/false",))
        self.assert_status(done, 3)


if __name__ == "__main__":
    lockstep_case.main()
