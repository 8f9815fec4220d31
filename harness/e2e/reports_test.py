#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a run writes: JSON Lines, JUnit, a page on a terminal; and the flags that change a run."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import termios
import time
import unittest
import xml.etree.ElementTree as ElementTree

import lockstep_case
from lockstep_case import FAKE, PYTHON, ROOT, LockstepCase, read, read_lines

try:
    import jsonschema
except ImportError:
    jsonschema = None

ALONE = ("--oracle", "none")
SCHEMA = os.path.join(ROOT, "reports", "report.schema.json")
ESCAPE = "\x1b["
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Json(LockstepCase):
    def run_some(self, *words):
        """A pass, a failure, an unsupported scenario, a divergence of an adapter's own."""
        path = os.path.join(self.folder, "report.jsonl")
        self.lockstep(
            "run", "reference", "python:" + PYTHON, "--filter", "acquire/*", "--json", path, *words,
            "--", PYTHON, FAKE, "dies-in-a-call",
        )
        return path

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_each_line_is_as_the_schema_says(self):
        validator = jsonschema.Draft202012Validator(json.loads(read(SCHEMA)))
        for line in read_lines(self.run_some(*ALONE)):
            problems = ["%s: %s" % (list(p.path), p.message) for p in validator.iter_errors(line)]
            self.assertEqual(problems, [], line["type"])

    def test_it_is_what_is_always_written(self):
        path = self.run_some(*ALONE)
        mine, always = read_lines(path), self.results()
        # One by one: the difference of long lists takes minutes to word.
        self.assertEqual(len(mine), len(always))
        for one, other in zip(mine, always):
            self.assertTrue(one == other, (one, other))

    def test_its_counts_are_those_of_its_lines(self):
        lines = read_lines(self.run_some(*ALONE))
        footer = lines[-1]
        verdicts = [line for line in lines if line["type"] == "verdict"]
        self.assertEqual(footer["verdicts"], len(verdicts))
        for one in footer["implementations"]:
            own = [v for v in verdicts if v["implementation"] == one["name"]]
            self.assertEqual(sum(one["counts"].values()), len(own))
            passed = sum(v["verdict"] == "pass" for v in own)
            self.assertEqual(one["counts"]["pass"], passed)

    def test_its_header_has_the_whole_command_line(self):
        arguments = read_lines(self.run_some(*ALONE))[0]["arguments"]
        self.assertEqual(arguments[:2], ["run", "reference"])
        self.assertEqual(arguments[-4:], ["--", PYTHON, FAKE, "dies-in-a-call"])

    def test_its_steps_carry_the_adapters_own_times(self):
        for line in read_lines(self.run_some(*ALONE)):
            if line["type"] == "verdict" and line["implementation"] == "reference":
                for entry in line["run"]["trace"]:
                    if entry["outcome"].startswith(("->", "raises")) and "blocked" not in entry["outcome"]:
                        self.assertLessEqual(entry["begin_ns"], entry["end_ns"])


class JUnit(LockstepCase):
    def run_junit(self, *words):
        path = os.path.join(self.folder, "junit.xml")
        done = self.lockstep("run", *ALONE, "--junit", path, *words)
        return done, ElementTree.parse(path).getroot()

    def test_a_failure_is_a_failure_and_the_rest_is_skipped_with_its_reason(self):
        _, root = self.run_junit("--filter", "acquire/*", "--", PYTHON, FAKE, "dies-in-a-call")
        cases = list(root.iter("testcase"))
        names = self.lockstep("list", "--names", "--filter", "acquire/*").out.split()
        self.assertEqual([case.get("name") for case in cases], names)
        failures = [case for case in cases if case.find("failure") is not None]
        skipped = [case for case in cases if case.find("skipped") is not None]
        self.assertEqual(len(failures) + len(skipped), len(names))
        self.assertIn("exited 7", failures[0].find("failure").get("message"))
        self.assertIn("it has no capability", skipped[-1].find("skipped").get("message"))
        suites = list(root.iter("testsuite"))
        self.assertEqual(sum(int(suite.get("failures")) for suite in suites), len(failures))
        self.assertEqual(sum(int(suite.get("tests")) for suite in suites), len(names))

    def test_a_harness_error_is_an_error(self):
        _, root = self.run_junit("--filter", "acquire/takes-a-unit", "--", PYTHON, FAKE, "garbage")
        # Nothing was judged, which is told before all else.
        self.assertEqual([error.get("type") for error in root.iter("error")], ["withheld", "harness_error"])
        self.assertEqual(len(list(root.iter("failure"))), 0)

    def test_a_case_is_called_the_same_in_every_run(self):
        names = []
        for _ in range(2):
            _, root = self.run_junit("reference", "--filter", "acquire/*")
            names.append([(case.get("classname"), case.get("name")) for case in root.iter("testcase")])
        self.assertEqual(names[0], names[1])
        self.assertEqual(len(set(names[0])), len(names[0]))

    def test_what_an_adapter_prints_cannot_break_it(self):
        noisy = lockstep_case.write(
            os.path.join(self.folder, "noisy.py"),
            "import os, runpy, sys\n"
            "os.write(2, b'\\x00\\x1b[31m\\xff <&]]>\\n')\n"
            "sys.argv = [%r, 'dies-in-a-call']\n"
            "runpy.run_path(%r, run_name='__main__')\n" % (FAKE, FAKE),
        )
        _, root = self.run_junit("--filter", "acquire/takes-a-unit", "--", PYTHON, noisy)
        self.assertIn("<&]]>", "".join(root.itertext()))


class Flags(LockstepCase):
    def test_shards_are_the_whole(self):
        self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*")
        whole = self.verdicts("reference")
        parts = {}
        for i in (1, 2, 3):
            done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*", "--shard", "%d/3" % i)
            self.assert_status(done, 0)
            part = self.verdicts("reference")
            self.assertEqual(set(part) & set(parts), set())
            parts.update(part)
        self.assertEqual(parts, whole)

    def order(self, *words):
        self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*", "-j1", *words)
        return [line["scenario"]["name"] for line in self.results() if line["type"] == "verdict"]

    def test_a_seed_shuffles_and_the_same_seed_shuffles_the_same(self):
        ordinary, first, again = self.order(), self.order("--seed", "7"), self.order("--seed", "7")
        self.assertEqual(first, again)
        self.assertNotEqual(first, ordinary)
        self.assertEqual(sorted(first), sorted(ordinary))

    def test_repeat_runs_everything_so_often_and_counts_it_once(self):
        done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/takes-a-unit", "--repeat", "5")
        self.assert_status(done, 0)
        verdicts = [line for line in self.results() if line["type"] == "verdict"]
        self.assertEqual(len(verdicts), 5)
        self.assertIn("1 pass", done.out)

    def test_rounds_for_which_there_is_no_time_take_nothing_back(self):
        done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/takes-a-unit", "--repeat", "100000", "--max-time", "1")
        self.assert_status(done, 0)
        self.assertIn("1 pass", done.out)
        self.assertRegex(done.out, r"reference: [1-9]\d* of 100000 rounds were begun before the time was over")

    def test_the_worst_of_its_repeats_is_a_scenarios_verdict(self):
        state = os.path.join(self.folder, "state")
        unsteady = lockstep_case.write(
            os.path.join(self.folder, "unsteady.py"),
            "import os, runpy, sys\n"
            "seen = os.path.exists(%r)\n"
            "open(%r, 'w').close()\n"
            "sys.argv = [%r, 'dies-in-a-call' if seen else 'well-behaved']\n"
            "runpy.run_path(%r, run_name='__main__')\n" % (state, state, FAKE, FAKE),
        )
        # Its first process only says what it can do; the first round is the second.
        done = self.lockstep(
            "run", *ALONE, "--filter", "acquire/takes-a-unit", "--repeat", "3", "--", PYTHON, unsteady
        )
        self.assert_status(done, 1)

    def test_what_no_time_is_left_for_is_not_run(self):
        start = time.monotonic()
        done = self.lockstep("run", "python:" + PYTHON, *ALONE, "-j1", "--max-time", "0.5")
        self.assertLess(time.monotonic() - start, 30)
        reasons = {r for v, r in self.verdicts("python:" + PYTHON).values() if v == "not_run"}
        self.assertIn("the time given is over", reasons)
        self.assertIn("the time given is over", done.out)
        self.assertEqual(self.results()[-1]["interrupted"], False)

    def test_core_is_what_every_port_needs_first(self):
        done = self.lockstep("run", "reference", *ALONE, "--level", "core")
        self.assert_status(done, 0)
        levels = {l["scenario"]["level"] for l in self.results() if l["type"] == "verdict"}
        self.assertEqual(levels, {"core"})

    MESSAGE = """
        [[scenario]]
        name = "own/message"
        says = "A release too many has a message."
        source = "the command line"
        steps = '''
        p s = SemLock(SEMAPHORE, 1, 1, NAME, True)
        p s.release() raises ValueError: %s
        '''
        """

    def test_messages_may_be_ignored_and_types_may_not(self):
        words = ("run", "reference", *ALONE, "--scenarios")
        path = self.scenario_file(self.MESSAGE % "another text")
        self.assert_status(self.lockstep(*words, path), 1)
        self.assert_status(self.lockstep(*words, path, "--messages=ignore"), 0)
        path = self.scenario_file(self.MESSAGE.replace("ValueError", "OSError EPERM") % "another text")
        self.assert_status(self.lockstep(*words, path, "--messages=ignore"), 1)


class Terminal(LockstepCase):
    """On a terminal, that is: a pseudo-terminal of 100 columns."""

    def on_terminal(self, *words, env=None):
        """What is shown on a terminal, and the status."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        process = self.start(*words, "--out", self.out, env=env, stdout=slave, stderr=slave)
        os.close(slave)
        shown = bytearray()
        end = time.monotonic() + lockstep_case.BOUND_S
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                octets = os.read(master, 65536)
            except OSError:
                break  # Nobody has the other end any more.
            if not octets:
                break
            shown += octets
        os.close(master)
        done = self.finish(process, 30)
        return shown.decode(errors="replace"), done.status

    def test_it_is_in_colour(self):
        shown, status = self.on_terminal("run", "reference", *ALONE, "--filter", "acquire/*")
        self.assertEqual(status, 0)
        self.assertIn(ESCAPE + "32m", shown, "a run that passed is not green")

    def test_colours_may_be_switched_off(self):
        words = ("run", "reference", *ALONE, "--filter", "acquire/*")
        for shown, _ in (
            self.on_terminal(*words, "--no-color"), self.on_terminal(*words, env={"NO_COLOR": "1"})
        ):
            colours = [code for code in ESCAPES.findall(shown) if code.endswith("m")]
            self.assertEqual(colours, [])

    def test_progress_is_shown_and_gone_in_the_end(self):
        shown, _ = self.on_terminal("run", "reference", *ALONE, "--no-color")
        before, _, after = shown.replace("\r\n", "\n").rpartition("\r")
        self.assertRegex(before, r"reference\b.*\d+/\d+")
        # What stands below the last carriage return is the report, as it is without a terminal.
        self.assertIn("lockstep ", after.replace("\x1b[K", ""))

    def test_no_line_is_wider_than_the_terminal(self):
        shown, _ = self.on_terminal("run", "reference", *ALONE, "--filter", "acquire/*", "--verbose")
        for line in ESCAPES.sub("", shown).replace("\r\n", "\n").split("\n"):
            self.assertLessEqual(len(line.split("\r")[-1]), 100, line)

    def test_elsewhere_there_is_neither_colour_nor_progress(self):
        done = self.lockstep("run", "reference", *ALONE, "--filter", "acquire/*")
        self.assertEqual(done.err, "")
        self.assertNotIn("\r", done.out)
        self.assertNotIn("\x1b", done.out)


if __name__ == "__main__":
    lockstep_case.main()
