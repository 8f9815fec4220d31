#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adapters that misbehave: each is diagnosed for what it does, in time, and never passes for good."""

import re
import subprocess
import unittest

import lockstep_case
from lockstep_case import FAKE, PYTHON, LockstepCase

FAILED = 3
DIVERGED = 1
NOTHING_JUDGED = 4
# None needs more than 7 s where nothing else runs.
BOUND_S = 60

# The status of the run, and what it says of the adapter.
DIAGNOSES = {
    "never-says-hello": (FAILED, "could not be started: the adapter did not say hello within"),
    "wrong-version": (
        FAILED,
        "could not be started: the adapter speaks protocol 99, and this harness speaks 1",
    ),
    "garbage": (
        FAILED,
        "could not be started: the adapter sent a line that is not JSON: 'Welcome to my adapter!",
    ),
    "garbage-later": (
        FAILED,
        "p: the adapter sent a line that is not JSON: '{\"id\": 2, \"returned\": '",
    ),
    "half-a-line": (FAILED, "p: the adapter does not answer: it stopped in the middle of a line"),
    "ten-megabyte-line": (FAILED, "p: the adapter sent a line longer than 1048576 bytes"),
    "wrong-id": (FAILED, "p: the adapter answered request 1001, but was asked 1"),
    "answers-twice": (
        FAILED,
        "p: the adapter answered request 1 once more, or without being asked",
    ),
    "dies-in-a-call": (DIVERGED, "acquire(…): expected an answer, got exited 7"),
    "dies-by-signal": (DIVERGED, "acquire(…): expected an answer, got died SIGSEGV"),
    "ignores-sigterm": (FAILED, "p: the adapter does not answer"),
    "forks-a-daemon": (DIVERGED, "acquire(…): expected an answer, got exited 0"),
    "closes-the-pipe": (FAILED, "p: the adapter closed its channel and lives on"),
    "claims-capabilities": (
        FAILED,
        "the adapter cannot fork: the fake does not know how after all",
    ),
    "always-true": (FAILED, "the adapter did not say hello within"),
    "always-unsupported": (NOTHING_JUDGED, "everything is"),
    "echo": (DIVERGED, "acquire(): expected -> True, got -> []"),
    "never-answers": (FAILED, "p: the adapter does not answer"),
    "exits-before-hello": (
        FAILED,
        "could not be started: the adapter ended before it said hello: exit status 3",
    ),
    "slow-flood-of-notes": (DIVERGED, "acquire(): expected -> True, got no answer: p: in acquire"),
    "stdout-instead": (FAILED, 'output {"hello": {"protocol": 1, "implementation": "fake"'),
    "reply-without-outcome": (
        FAILED,
        "p: the adapter sent a line that has no outcome: returned, raised, unsupported or error:",
    ),
    "reply-with-two-outcomes": (
        FAILED,
        "p: the adapter sent a line that has more than one outcome:",
    ),
    "stamps-backwards": (FAILED, 'p: the adapter sent a line that has "end" before "begin":'),
    "invalid-utf8": (FAILED, "p: the adapter sent a line that is not JSON:"),
    "duplicate-keys": (FAILED, 'p: the adapter sent a line that has the key "returned" twice:'),
}
# These answer as they should.
WELL = ("well-behaved", "floods-stderr")


class Fakes(LockstepCase):
    def run_fake(self, name):
        return self.lockstep(
            "run", "--timeout-scale", "0.1", "--oracle", "none", "--filter", "acquire/*",
            "--", PYTHON, FAKE, name,
            bound_s=BOUND_S,
        )

    def check(self, name, status, text):
        done = self.run_fake(name)
        self.assert_status(done, status)
        self.assertIn(text, " ".join(done.out.split()))

    def test_there_is_a_diagnosis_for_each(self):
        names = subprocess.run([PYTHON, FAKE, "--list"], capture_output=True, text=True, check=True)
        self.assertEqual(set(names.stdout.split()), set(DIAGNOSES) | set(WELL))

    def test_the_control_passes_what_it_claims_to_have(self):
        done = self.run_fake("well-behaved")
        self.assert_status(done, 0)
        verdicts = set(v for v, _ in self.verdicts("python3").values())
        self.assertEqual(verdicts, {"pass", "unsupported"})

    def test_a_flood_of_output_is_neither_in_the_way_nor_kept(self):
        done = self.run_fake("floods-stderr")
        self.assert_status(done, 0)
        self.assertNotIn("of no interest", done.text)
        most = max(len(str(line)) for line in self.results())
        self.assertLess(most, 1 << 20, "the report keeps what nobody reads")


def add_test(name, status, text):
    def test(self):
        self.check(name, status, text)

    setattr(Fakes, "test_%s_is_told_from_others" % name.replace("-", "_"), test)


for fake, (expected_status, expected_text) in DIAGNOSES.items():
    add_test(fake, expected_status, expected_text)


class AdapterCheck(LockstepCase):
    def check(self, *arguments):
        return self.lockstep("adapter", "check", *arguments)

    def test_a_small_adapter_is_well_and_hears_what_it_lacks(self):
        done = self.check("--", PYTHON, FAKE, "well-behaved")
        self.assert_status(done, 0)
        self.assertIn("ok       acquire\n", done.out)
        self.assertRegex(done.out, r"missing  hammer +capability hammer is not claimed\n")
        self.assertRegex(done.out, r"\n8 well, 19 missing, 0 wrong, 0 failed\n$")

    def test_the_reference_has_everything_but_python(self):
        done = self.check("reference")
        self.assert_status(done, 0)
        missing = [line for line in done.out.splitlines() if line.startswith("missing")]
        self.assertEqual([line.split()[1] for line in missing], ["eval"])
        self.assertNotIn("left behind", done.out)

    def test_the_runner_on_an_interpreter_has_everything_but_unnamed(self):
        done = self.check("python:" + PYTHON)
        self.assert_status(done, 0)
        missing = [line for line in done.out.splitlines() if line.startswith("missing")]
        self.assertEqual([line.split()[1] for line in missing], ["SemLock.unnamed"])

    def test_the_yardstick_can_be_measured_and_is_no_semlock(self):
        done = self.check("raw")
        self.assert_status(done, 1)
        self.assertIn("ok       measure\n", done.out)
        self.assertEqual(re.findall(r"(?m)^WRONG +(.*)$", done.out), ["release"])

    def test_wrong_answers_are_wrong(self):
        done = self.check("--", PYTHON, FAKE, "echo")
        self.assert_status(done, 1)
        self.assertIn("WRONG    acquire\n", done.out)

    def test_an_adapter_that_finds_everything_unsupported_is_not_well(self):
        done = self.check("--", PYTHON, FAKE, "always-unsupported")
        self.assert_status(done, NOTHING_JUDGED)
        self.assertIn("0 well, 27 missing, 0 wrong, 0 failed", done.out)

    def test_an_adapter_that_does_not_start_failed(self):
        done = self.check("--", PYTHON, FAKE, "exits-before-hello")
        self.assert_status(done, FAILED)
        self.assertIn("FAILED   the adapter ended before it said hello: exit status 3", done.out)

    def test_a_command_that_is_not_there_failed(self):
        done = self.check("--", "no-such-adapter")
        self.assert_status(done, 2)
        self.assertIn("cannot run no-such-adapter: there is no such executable file", done.err)

    def test_it_takes_one_adapter(self):
        done = self.check()
        self.assert_status(done, 2)
        self.assertIn("adapter check takes one adapter", done.err)


if __name__ == "__main__":
    lockstep_case.main()
