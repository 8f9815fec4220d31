#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the exit status says, and what is printed with it."""

import os
import unittest

import lockstep_case
from lockstep_case import BUILD, FAKE, PYTHON, LockstepCase, is_root, write

GREEN, DIVERGED, USAGE, FAILED, NOTHING_JUDGED, STALE = 0, 1, 2, 3, 4, 5
REFERENCE = os.path.join(BUILD, "impl", "adapters", "cpp", "lockstep-adapter-reference")
ALONE = ("--oracle", "none")
ONE = (*ALONE, "--filter", "acquire/takes-a-unit")

ONE_SCENARIO = """\
[[scenario]]
name = "own/takes-a-unit"
says = "A unit can be taken."
source = "the command line"
steps = '''
p s = SemLock(SEMAPHORE, 1, 1, NAME, True)
p s.%s() -> %s
'''
"""
STALE_ENTRY = """\
[[expect]]
scenario = "%s"
verdict = "fail"
reason = "-> False"
why = "It was so once."
"""


class Green(LockstepCase):
    def test_all_as_expected(self):
        done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*")
        self.assert_status(done, GREEN)
        self.assertEqual(done.err, "", "it is not quiet")

    def test_the_oracle_alone_may_be_asked_for(self):
        done = self.lockstep("run", "python:" + PYTHON, "--oracle", "python:" + PYTHON, *ONE[2:])
        self.assert_status(done, GREEN)

    def test_what_expectations_list_is_as_expected(self):
        own = self.implementation("own", [PYTHON, FAKE, "echo"], ECHO_EXPECTATIONS)
        done = self.lockstep("run", own, *ONE)
        self.assert_status(done, GREEN)
        self.assertEqual(self.verdicts("own")["acquire/takes-a-unit"][0], "expected_fail")

    def test_help_and_version_are_no_mistakes(self):
        for words in (["--help"], ["help"], ["--version"], ["run", "--help"], ["list", "--help"]):
            with self.subTest(words=words):
                done = self.lockstep(*words)
                self.assert_status(done, GREEN)
                self.assertEqual(done.err, "")


ECHO_EXPECTATIONS = """\
[[expect]]
scenario = "acquire/*"
verdict = "fail"
reason = "-> ..."
why = "It returns its arguments, whatever it is asked."
"""


class Diverged(LockstepCase):
    def test_an_expectation_that_the_implementation_does_not_meet(self):
        path = self.scenario_file(ONE_SCENARIO % ("acquire", "False"))
        done = self.lockstep("run", "reference", *ALONE, "--scenarios", path)
        self.assert_status(done, DIVERGED)
        self.assertIn("fix first: acquire(): expected -> False, got -> True, 1 scenario", done.out)
        self.assertIn("  > p   s.acquire()  -> False  -> True\n", done.out)

    def test_the_command_that_reruns_a_failure_does(self):
        path = self.scenario_file(ONE_SCENARIO % ("acquire", "False"))
        done = self.lockstep("run", "reference", *ALONE, "--scenarios", path)
        self.assert_rerun_diverges(done)

    def test_so_does_the_one_for_a_command_of_the_users_own(self):
        done = self.lockstep("run", *ONE, "--", PYTHON, FAKE, "echo")
        self.assert_rerun_diverges(done)

    def test_so_does_the_one_for_a_file_of_the_users_own(self):
        done = self.lockstep("run", self.implementation("own", [PYTHON, FAKE, "echo"]), *ONE)
        self.assert_rerun_diverges(done)

    def assert_rerun_diverges(self, done):
        self.assert_status(done, DIVERGED)
        lines = [line.split(None, 1)[1] for line in done.out.splitlines() if line.startswith("     rerun ")]
        self.assertEqual(len(lines), 1, str(done))
        words = lines[0].replace("'", "").split()
        self.assertEqual(words[:2], ["./lockstep", "run"])
        again = self.lockstep(*words[1:])
        self.assert_status(again, DIVERGED)
        self.assertIn("1 fail", again.out)

    def test_where_the_oracle_fails_the_scenario_says_nothing(self):
        path = self.scenario_file(ONE_SCENARIO % ("acquire", "False"))
        done = self.lockstep("run", "reference", "--oracle", "python:" + PYTHON, "--scenarios", path)
        self.assert_status(done, FAILED)
        self.assertIn("not certified here", done.out)


class Usage(LockstepCase):
    maxDiff = None

    def assert_usage(self, done, text):
        self.assertEqual((done.status, done.out, done.err), (USAGE, "", text))

    def test_no_verb(self):
        done = self.lockstep()
        self.assert_status(done, USAGE)
        self.assertIn("lockstep run [IMPL…]", done.err)

    def test_an_unknown_verb(self):
        self.assert_usage(
            self.lockstep("rnu"),
            "lockstep: there is no verb 'rnu'; did you mean 'run'?\n  lockstep --help lists them\n",
        )

    def test_an_unknown_flag(self):
        self.assert_usage(
            self.lockstep("run", "reference", "--fitler", "x"),
            "lockstep: lockstep run does not take '--fitler'; did you mean '--filter'?\n"
            "  lockstep run --help tells what there is\n",
        )

    def test_a_word_too_many(self):
        self.assert_usage(
            self.lockstep("list", "everything"),
            "lockstep: lockstep list does not take 'everything'\n"
            "  lockstep list --help tells what there is\n",
        )

    def test_a_value_that_a_flag_does_not_take(self):
        self.assert_usage(
            self.lockstep("run", "--level", "cor"),
            "lockstep: --level: cor not in {core,full}\n  lockstep run --help tells what there is\n",
        )

    def test_a_shard_that_is_none(self):
        self.assert_usage(
            self.lockstep("run", "--shard", "4/3"),
            "lockstep: --shard 4/3 is not I/N with 1 <= I <= N\n",
        )

    def test_a_format_that_standard_output_is_not_for(self):
        self.assert_usage(
            self.lockstep("run", "reference", *ONE, "--format", "gitlab=-"),
            "lockstep: --format gitlab takes a file\n  only --markdown - is standard output\n",
        )

    def test_two_outputs_that_are_one_file(self):
        for one, other in (("--json", "--junit"), ("--markdown", "--badge")):
            again = os.path.join(self.folder, ".", "same")
            self.assert_usage(
                self.lockstep("run", "reference", *ONE, one, os.path.join(self.folder, "same"), other, again),
                "lockstep: %s and %s are one file: %s\n  name another for one of them\n" % (one, other, again),
            )
        path = os.path.join(self.out, "results.jsonl")
        self.assertIn("the run's own results and --junit are one file", self.lockstep("run", "reference", *ONE, "--junit", path).err)
        # What is reported is not lost to a slip.
        self.assert_status(self.lockstep("run", "reference", *ONE), 0)
        done = self.lockstep("report", path, "--markdown", path)
        self.assertIn("what is reported and --markdown are one file", done.err)
        self.assert_status(self.lockstep("report", path), 0)
        self.assert_status(self.lockstep("run", "reference", *ONE, "--junit", os.devnull, "--badge", os.devnull), 0)

    def test_nan_is_no_number_of_seconds(self):
        for words in (("run", "reference", "--max-time"), ("run", "reference", "--timeout-scale"), ("stress", "reference", "--time"),
                      ("fuzz", "reference", "--time"), ("bench", "reference", "--time")):
            done = self.lockstep(*words, "nan")
            self.assert_status(done, USAGE)
            self.assertIn("'nan' is no number from ", done.err)

    def test_an_unknown_implementation(self):
        done = self.lockstep("run", "refrence", *ONE)
        self.assert_status(done, USAGE)
        first, second = done.err.splitlines()
        self.assertEqual(
            first, "lockstep: no implementation is called 'refrence'; did you mean 'reference'?"
        )
        self.assertTrue(second.startswith("  known here: reference, "), second)

    def test_an_adapter_that_is_not_there(self):
        done = self.lockstep("run", *ONE, "--", "/no/such/adapter")
        self.assert_usage(
            done, "lockstep: cannot run /no/such/adapter: there is no such executable file\n"
        )

    def test_an_interpreter_that_is_not_there(self):
        self.assert_usage(
            self.lockstep("run", "python:/no/such", *ONE),
            "lockstep: there is no interpreter /no/such\n"
            "  give the path of an interpreter, as python:/usr/bin/python3\n",
        )

    def test_an_interpreter_that_is_none(self):
        self.assert_usage(
            self.lockstep("run", "python:/bin/true", *ONE),
            "lockstep: /bin/true is no Python interpreter that works\n"
            "  give the path of an interpreter, as python:/usr/bin/python3\n",
        )

    def test_a_filter_that_matches_nothing(self):
        self.assert_usage(
            self.lockstep("run", "reference", "--filter", "acquire/takes-a-unti"),
            "lockstep: no scenario matches 'acquire/takes-a-unti'; did you mean "
            "'acquire/takes-a-unit'?\n  lockstep list shows all names\n",
        )

    def test_a_filter_takes_one_word_and_no_implementation(self):
        done = self.lockstep("run", "--filter", "acquire/takes-a-unit", "reference", *ALONE)
        self.assert_status(done, GREEN)

    def test_a_scenario_file_with_a_mistake(self):
        path = self.scenario_file(ONE_SCENARIO % ("aquire", "True"))
        self.assert_usage(
            self.lockstep("run", "reference", "--scenarios", path),
            "lockstep: %s:7:5: unknown operation 'aquire'; did you mean 'acquire'?\n"
            "p s.aquire() -> True\n"
            "    ^\n" % path,
        )

    def test_a_scenario_file_that_is_not_there(self):
        self.assert_usage(
            self.lockstep("run", "reference", "--scenarios", "/no/such"),
            "lockstep: /no/such: no such file or folder\n",
        )

    def test_an_implementations_file_that_is_not_there(self):
        self.assert_usage(
            self.lockstep("run", "no-such.toml", *ONE), "lockstep: no-such.toml: no such file\n"
        )

    def test_an_implementations_file_with_a_mistake(self):
        path = write(
            os.path.join(self.folder, "implementation.toml"), 'name = "own"\ncomand = ["x"]\n'
        )
        done = self.lockstep("run", path, *ONE)
        self.assert_status(done, USAGE)
        self.assertIn("%s:2:" % path, done.err)
        self.assertIn("unknown key 'comand'", done.err)

    def test_an_expectations_file_with_a_mistake(self):
        own = self.implementation("own", [REFERENCE], '[[expected]]\nscenario = "*"\n')
        done = self.lockstep("run", own, *ONE)
        path = os.path.join(os.path.dirname(own), "expectations.toml")
        self.assert_usage(
            done,
            "lockstep: %s:1:3: unknown key 'expected'; did you mean 'expect'?\n"
            "[[expected]]\n"
            "  ^\n" % path,
        )

    def test_a_folder_for_the_results_that_cannot_be_made(self):
        write(os.path.join(self.folder, "file"), "")
        done = self.lockstep("run", "reference", *ONE, "--out", os.path.join(self.folder, "file", "out"))
        self.assert_status(done, USAGE)
        self.assertIn("name another with --out DIR", done.err)

    @unittest.skipIf(is_root(), "root may write everywhere")
    def test_a_folder_for_the_results_that_may_not_be_written(self):
        os.mkdir(self.out, 0o555)
        done = self.lockstep("run", "reference", *ONE)
        self.assert_status(done, USAGE)
        self.assertIn("cannot write in the folder", done.err)

    def test_a_report_that_cannot_be_written(self):
        done = self.lockstep("run", "reference", *ONE, "--json", "/no/such/report.jsonl")
        self.assert_status(done, USAGE)
        self.assertIn("/no/such/report.jsonl: No such file or directory", done.err)

    def test_a_mistake_is_told_before_anything_is_run(self):
        done = self.lockstep("run", "reference", "--shard", "0/2")
        self.assert_status(done, USAGE)
        self.assertFalse(os.path.exists(os.path.join(self.out, "results.jsonl")))


class Failed(LockstepCase):
    def test_one_that_fails_beside_one_that_does_not(self):
        done = self.lockstep("run", "reference", *ONE, "--", PYTHON, FAKE, "garbage-later")
        self.assert_status(done, FAILED)
        self.assertEqual(self.verdicts("reference")["acquire/takes-a-unit"][0], "pass")

    def test_a_failure_is_worse_than_a_divergence(self):
        failing = self.implementation("failing", [PYTHON, FAKE, "garbage-later"])
        done = self.lockstep("run", failing, *ONE, "--", PYTHON, FAKE, "echo")
        self.assert_status(done, FAILED)
        self.assertIn("got -> []", done.out)


class NothingJudged(LockstepCase):
    def test_where_everything_is_unsupported(self):
        done = self.lockstep("run", *ONE, "--", PYTHON, FAKE, "always-unsupported")
        self.assert_status(done, NOTHING_JUDGED)

    def test_beside_one_of_which_something_was(self):
        done = self.lockstep("run", "reference", *ONE, "--", PYTHON, FAKE, "always-unsupported")
        self.assert_status(done, NOTHING_JUDGED)

    def test_of_a_shard_only_the_whole_can_tell(self):
        done = self.lockstep("run", *ONE, "--shard", "1/1", "--", PYTHON, FAKE, "always-unsupported")
        self.assert_status(done, GREEN)

    def test_strict_does_not_let_anything_unlisted_be_unsupported(self):
        own = self.implementation("own", [REFERENCE])
        some = (*ALONE, "--filter", "acquire/*")
        self.assert_status(self.lockstep("run", own, *some), GREEN)
        self.assert_status(self.lockstep("run", own, *some, "--strict"), NOTHING_JUDGED)

    def test_strict_lets_what_is_listed_be(self):
        done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*", "--strict")
        self.assert_status(done, GREEN)
        self.assertIn("(expected)", done.out)


class Stale(LockstepCase):
    def test_an_expected_failure_that_passed(self):
        own = self.implementation("own", [REFERENCE], STALE_ENTRY % "acquire/takes-a-unit")
        done = self.lockstep("run", own, *ONE)
        self.assert_status(done, STALE)
        self.assertIn("unexpected_pass, 1 scenario: fixed? Then remove the entries", done.out)
        self.assertIn("expectations.toml:1: ", done.out)

    def test_an_entry_that_matches_nothing_in_a_full_run(self):
        entries = UNSUPPORTED + STALE_ENTRY % "own/no-such"
        own = self.implementation("own", [REFERENCE], entries, like="3.14")
        done = self.lockstep("run", own, *ALONE)
        self.assert_status(done, STALE)
        self.assertIn("expectations.toml:7: 'own/no-such' is no scenario's name", " ".join(done.out.split()))

    def test_an_entry_that_matches_nothing_in_a_part_is_not_stale(self):
        own = self.implementation("own", [REFERENCE], STALE_ENTRY % "own/no-such")
        self.assert_status(self.lockstep("run", own, *ONE), GREEN)

    def test_of_a_shard_only_the_whole_can_tell(self):
        own = self.implementation("own", [REFERENCE], STALE_ENTRY % "acquire/takes-a-unit")
        self.assert_status(self.lockstep("run", own, *ONE, "--shard", "1/1"), GREEN)

    def test_a_divergence_is_worse(self):
        entries = STALE_ENTRY % "own/takes-a-unit"
        path = self.scenario_file(
            ONE_SCENARIO % ("acquire", "True")
            + ONE_SCENARIO.replace("takes-a-unit", "other") % ("acquire", "False")
        )
        own = self.implementation("own", [REFERENCE], entries)
        self.assert_status(self.lockstep("run", own, *ALONE, "--scenarios", path), DIVERGED)


UNSUPPORTED = """\
[[expect]]
scenario = "*"
verdict = "unsupported"
reason = "it has no capability python"
why = "It is no Python."

"""


if __name__ == "__main__":
    lockstep_case.main()
