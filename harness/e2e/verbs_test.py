#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""list, show, explain, diff and doctor: what they print and how they end."""

import os
import re
import subprocess

import lockstep_case
from lockstep_case import BOUND_S, FAKE, HERE, PYTHON, LockstepCase

NAME = "python:" + PYTHON
# One of each kind: a value, a block, a fork, a thread, a signal, a death, a time, a name, memory.
SCRIPTS = (
    "acquire/takes-a-unit",
    "acquire/blocks-until-released",
    "bounds/release-at-maxvalue",
    "contention/hammer-permits",
    "fork/child-inherits-ownership",
    "recursive/last-release-frees-it",
    "signal/handler-returns-and-the-wait-goes-on",
    "shm/name-made-again",
    "thread/",
    "timeout/expires-with-false",
)


class Catalogue(LockstepCase):
    def names(self, *flags):
        done = self.lockstep("list", "--names", *flags)
        self.assert_status(done, 0)
        return done.out.split()

    def test_list_counts_what_it_lists(self):
        done = self.lockstep("list")
        self.assert_status(done, 0)
        scenarios = re.findall(r"^  [a-z-]+/\S+ ", done.out, re.MULTILINE)
        core = re.findall(r"  \[core\]$", done.out, re.MULTILINE)
        self.assertTrue(
            done.out.endswith("\n%d scenarios, %d of them core\n" % (len(scenarios), len(core)))
        )

    def test_core_is_a_part_of_the_whole(self):
        whole, core = self.names("--level", "full"), self.names("--level", "core")
        self.assertEqual(whole, self.names())
        self.assertLess(set(core), set(whole))

    def test_shards_are_the_whole_and_share_nothing(self):
        shards = [self.names("--shard", "%d/3" % i) for i in (1, 2, 3)]
        self.assertEqual(sorted(sum(shards, [])), sorted(self.names()))
        self.assertLessEqual(max(map(len, shards)) - min(map(len, shards)), 1)

    def test_a_whole_name_selects_no_longer_one(self):
        self.assertEqual(self.names("--filter", "acquire/takes-a-unit"), ["acquire/takes-a-unit"])

    def test_a_star_matches_any_text(self):
        some = self.names("--filter", "*/*-released")
        self.assertIn("acquire/blocks-until-released", some)
        self.assertTrue(all(name.endswith("-released") for name in some))

    def test_several_filters_select_what_any_of_them_does(self):
        both = self.names("--filter", "acquire/*", "--filter", "bounds/*")
        self.assertEqual({name.split("/")[0] for name in both}, {"acquire", "bounds"})

    def test_a_tag_selects_what_has_it(self):
        parallel = self.names("--tag", "parallel")
        self.assertIn("contention/hammer-permits", parallel)
        self.assertLess(len(parallel), len(self.names()))

    def test_show_prints_the_transcript_and_its_source(self):
        done = self.lockstep("show", "acquire/takes-a-unit")
        self.assert_status(done, 0)
        self.assertIn("    p   s.acquire()      -> True\n", done.out)
        self.assertIn("  source: Modules/_multiprocessing/semaphore.c: SemLock.acquire\n", done.out)
        self.assertRegex(done.out, r"\n  scenarios/acquire.toml:\d+\n")

    def test_explain_tells_the_rule_and_its_source(self):
        done = self.lockstep("explain", "timeout/expires-with-false")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"^timeout/expires-with-false\n  rule    acquire\(\) with a timeout")
        self.assertIn("\n  source  ", done.out)
        self.assertIn("elapsed time by the adapter's own stamps", done.out)

    def test_explain_and_show_guess_what_was_meant(self):
        for verb in ("show", "explain"):
            done = self.lockstep(verb, "acquire/takes-a-unt")
            self.assert_status(done, 2)
            self.assertIn("did you mean 'acquire/takes-a-unit'?", done.err)

    def test_a_pipe_that_is_closed_early_is_no_disaster(self):
        process = self.start("list")
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        done = self.finish(process, 30)
        self.assertEqual(done.err, "")


class Scripts(LockstepCase):
    def test_a_script_is_made_of_one_scenario(self):
        done = self.lockstep("show", "--python", "acquire/")
        self.assert_status(done, 2)
        self.assertIn("a script is made of one: give its whole name", done.err)

    def run_script(self, name, *interpreter):
        version = subprocess.run(
            [*interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        if name.endswith("/"):
            name = self.lockstep("list", "--names", "--filter", name + "*").out.split()[0]
        done = self.lockstep("show", name, "--python", "--like", version)
        self.assert_status(done, 0)
        path = os.path.join(self.folder, "script.py")
        lockstep_case.write(path, done.out)
        return subprocess.run(
            [*interpreter, "-B", path], env=self.environment(), cwd=self.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BOUND_S,
        )

    def test_a_scenario_as_a_script_passes_on_python_alone(self):
        for name in SCRIPTS:
            with self.subTest(name=name):
                ran = self.run_script(name, PYTHON)
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_a_scenario_as_a_script_fails_where_the_interpreter_is_wrong(self):
        defect = os.path.join(HERE, "defects", "maxvalue_unchecked")
        ran = self.run_script(
            "bounds/release-at-maxvalue", "env", "PYTHONPATH=" + defect, PYTHON
        )
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertIn("s.release()", ran.stdout + ran.stderr)


class Diff(LockstepCase):
    def test_an_interpreter_does_not_part_from_itself(self):
        # Where several outcomes are right, chance decides: that is no parting of ways.
        done = self.lockstep("diff", NAME, NAME, "--filter", "contention/*", "--filter", "shm/*")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"^0 of \d+ scenarios part; \d+ could not be compared \(.*\)\n$")

    def test_the_reference_does_not_part_from_cpython(self):
        done = self.lockstep("diff", "reference", NAME, "--messages=ignore", "--level", "core")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"^0 of \d+ scenarios part")

    def test_a_defect_is_where_they_part(self):
        env = {"PYTHONPATH": os.path.join(HERE, "defects", "maxvalue_unchecked")}
        done = self.lockstep("diff", "reference", NAME, "--filter", "bounds/*", env=env)
        self.assert_status(done, 1)
        self.assertIn("bounds/release-at-maxvalue\n", done.out)
        self.assertRegex(done.out, r"    reference: p s\.release\(\) +raises ValueError")
        self.assertRegex(done.out, r"    python:/usr/bin/python3: p s\.release\(\) +-> None\n")

    def test_one_of_them_may_be_a_command(self):
        done = self.lockstep("diff", "reference", "--filter", "acquire/*", "--", PYTHON, FAKE, "echo")
        self.assert_status(done, 1)
        self.assertRegex(done.out, r"    python3: p s = SemLock\(.*\) -> \[1, 2, 2, 'NAME'\]\n")

    def test_messages_part_unless_they_are_ignored(self):
        path = self.scenario_file(
            """
            [[scenario]]
            name = "own/message"
            says = "Nobody releases what is not theirs."
            source = "the command line"
            steps = '''
            p s = SemLock(SEMAPHORE, 1, 1, NAME, True)
            p s.release() raises ValueError
            '''
            """
        )
        adapter = lockstep_case.PYTHON_ADAPTER
        code = (
            "import _multiprocessing, runpy, sys\n"
            "class SemLock(_multiprocessing.SemLock):\n"
            "    def release(self):\n"
            "        try:\n"
            "            super().release()\n"
            "        except ValueError:\n"
            "            raise ValueError('too often') from None\n"
            "_multiprocessing.SemLock = SemLock\n"
            "sys.argv = [%r]\n"
            "runpy.run_path(%r, run_name='__main__')\n" % (adapter, adapter)
        )
        other = lockstep_case.write(os.path.join(self.folder, "other.py"), code)
        words = ("diff", NAME, "--scenarios", path)
        done = self.lockstep(*words, "--", PYTHON, other)
        self.assert_status(done, 1)
        self.assertIn("raises ValueError: too often", done.out)
        done = self.lockstep(*words, "--messages=ignore", "--", PYTHON, other)
        self.assert_status(done, 0)

    def test_an_adapter_that_fails_does_not_look_like_agreement(self):
        done = self.lockstep(
            "diff", "reference", "--filter", "acquire/takes-a-unit", "--", PYTHON, FAKE, "garbage-later"
        )
        self.assert_status(done, 3)

    def test_nothing_to_compare_is_no_agreement(self):
        done = self.lockstep(
            "diff", "reference", "--filter", "acquire/takes-a-unit", "--", PYTHON, FAKE, "always-unsupported"
        )
        self.assert_status(done, 4)


class Run(LockstepCase):
    def judged(self, *names):
        # Whatever else there is to judge, it is quick.
        env = {"PYENV_ROOT": self.folder, "HOME": self.folder}
        done = self.lockstep("run", *names, "--filter", "names/unlink-twice", env=env)
        self.assert_status(done, 0)
        return {line["implementation"] for line in self.results() if line["type"] == "verdict"}

    def test_the_yardstick_is_judged_only_when_it_is_named(self):
        judged = self.judged()
        self.assertIn("reference", judged)
        self.assertNotIn("raw", judged)
        self.assertIn("raw", self.judged("raw"))


class Doctor(LockstepCase):
    def test_it_tells_of_each_thing_that_a_run_needs(self):
        done = self.lockstep("doctor")
        self.assert_status(done, 0)
        for what in ("/dev/shm: ", "isolation: ", "/proc/PID/task/TID/syscall: ", "CPUs: ", "oracle: "):
            self.assertRegex(done.out, r"(?m)^(ok   |LACKS)  %s" % re.escape(what))
        self.assertRegex(done.out, r"(?m)^  reference$")

    def test_it_tells_what_is_lost_without_namespaces_and_how_to_mend_it(self):
        done = self.lockstep("doctor", env={"LOCKSTEP_ISOLATION": "none"})
        self.assert_status(done, 0)
        self.assertRegex(
            done.out,
            r"LACKS  isolation: none: LOCKSTEP_ISOLATION=none asks for it\n"
            r"         costs: \d+ scenarios that need a /dev/shm of their own are not run; .*\n"
            r"         mend:  allow unprivileged user namespaces",
        )

    def test_it_tells_of_a_machine_without_python(self):
        env = {"PATH": "/nowhere", "HOME": self.folder, "PYENV_ROOT": self.folder}
        done = self.lockstep("doctor", env=env)
        self.assert_status(done, 0)
        if "private " not in done.out:
            self.assertIn("LACKS  oracle: none", done.out)


class TheModel(LockstepCase):
    SCENARIOS = """
[[scenario]]
name   = "own/forbidden"
says   = "A child that never acquired has a count."
source = "a mistake"
steps  = '''
p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
p fork c
c s._count() -> 1
'''

[[scenario]]
name   = "own/forgotten"
says   = "A name remains, and is not listed."
source = "a mistake"
steps  = '''
p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)
'''
"""

    def test_run_tells_of_a_scenario_that_contradicts_it(self):
        file = self.scenario_file(self.SCENARIOS)
        done = self.lockstep("run", "reference", "--oracle", "none", "--scenarios", file)
        self.assert_status(done, 1)
        text = " ".join(done.out.split())
        self.assertIn("own/forbidden contradicts the model: ", text)
        self.assertIn("own.toml:9: c s._count() -> 1: the model does not allow this step, but only: -> 0", text)
        self.assertIn("own/forgotten contradicts the model: ", text)

    def test_explain_tells_the_rule_that_forbids_it(self):
        file = self.scenario_file(self.SCENARIOS)
        done = self.lockstep("explain", "own/forbidden", "--scenarios", file)
        self.assert_status(done, 0)
        self.assertIn("c s._count() -> 1\n        is NOT what the model allows; that is\n        -> 0\n", done.out)
        self.assertIn("[Modules/_multiprocessing/semaphore.c: SemLock._count]", done.out)

    def test_it_contradicts_nothing_in_the_catalogue(self):
        done = self.lockstep("run", "reference", "--oracle", "none", "--max-time", "0.001")
        self.assertNotIn("contradicts", done.out)


if __name__ == "__main__":
    lockstep_case.main()
