#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ctrl-C, and worse, in the middle of a run: nothing is left behind, and what there was is kept."""

import os
import signal

import lockstep_case
from lockstep_case import FAKE, PYTHON, LockstepCase, marked, read_lines, wait_until

INTERRUPTED = 130
# The first is soon over; the second holds a name and keeps two processes busy longer than any test
# has patience, so that the harness is in the middle of it when it is struck.
SCENARIOS = """
    [[scenario]]
    name = "own/soon-over"
    says = "A unit can be taken."
    source = "the command line"
    steps = '''
    p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
    p s.acquire() -> True
    '''

    [[scenario]]
    name = "own/takes-long"
    says = "A wait may be long."
    source = "the command line"
    steps = '''
    p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=False)
    p fork c
    c s.acquire(timeout=3600) -> blocked
    p s.acquire(timeout=600) -> False
    left NAME
    '''

    [[scenario]]
    name = "own/never-begun"
    says = "It comes last."
    source = "the command line"
    steps = '''
    p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
    '''
    """
# An interrupted harness asks its adapters for nothing more; ending them takes milliseconds.
AT_ONCE_S = 15


def waiters(mark):
    """How many of the marked processes have a semaphore mapped and sleep in a futex."""
    count = 0
    for line in marked(mark):
        pid = line.split(":")[0]
        try:
            with open("/proc/%s/maps" % pid, encoding="utf-8") as maps:
                mapped = "/dev/shm/" in maps.read()
            with open("/proc/%s/wchan" % pid, encoding="utf-8") as wchan:
                count += mapped and "futex" in wchan.read()
        except OSError:
            continue  # It has just ended.
    return count


class Cases:
    """The same with namespaces and without."""

    isolation = None

    def begin(self):
        path = self.scenario_file(SCENARIOS)
        process = self.start(
            "run", "reference", "--scenarios", path, "--oracle", "none", "--out", self.out, "-j1",
            env={"LOCKSTEP_ISOLATION": self.isolation},
        )
        self.assertTrue(
            wait_until(lambda: waiters(self.mark) >= 2 or process.poll() is not None, 60),
            "the second scenario did not begin",
        )
        self.assertIsNone(process.poll(), "the run ended by itself")
        return process

    def channel_folders(self):
        return [name for name in os.listdir(self.out) if name.startswith("channels-")]

    def assert_interrupted(self, process):
        done = self.finish(process, AT_ONCE_S)
        self.assert_status(done, INTERRUPTED)
        verdicts = self.verdicts("reference")
        self.assertEqual(verdicts["own/soon-over"][0], "pass")
        self.assertEqual(verdicts["own/takes-long"][0], "not_run")
        self.assertEqual(verdicts["own/never-begun"][0], "not_run")
        footer = self.results()[-1]
        self.assertEqual(footer["type"], "footer")
        self.assertEqual(footer["exit_status"], INTERRUPTED)
        self.assertTrue(footer["interrupted"])
        self.assertIn("interrupted", done.out)
        self.assertEqual(self.channel_folders(), [])

    def test_ctrl_c_at_a_terminal_ends_the_run_and_tells_what_was_not_run(self):
        process = self.begin()
        os.killpg(process.pid, signal.SIGINT)
        self.assert_interrupted(process)

    def test_a_signal_to_the_harness_alone_does_the_same(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        self.assert_interrupted(process)

    def test_so_does_the_signal_by_which_ci_ends_a_job(self):
        process = self.begin()
        process.send_signal(signal.SIGTERM)
        self.assert_interrupted(process)

    def test_a_kill_leaves_what_was_judged_and_nobody(self):
        process = self.begin()
        process.kill()
        done = self.finish(process, AT_ONCE_S)
        self.assertEqual(done.status, -signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not marked(self.mark), 15), marked(self.mark))
        lines = self.results()
        self.assertEqual([line["type"] for line in lines], ["header", "verdict"])
        self.assertEqual(lines[1]["scenario"]["name"], "own/soon-over")

    def test_the_run_after_a_kill_removes_what_it_could_not(self):
        process = self.begin()
        process.kill()
        self.finish(process, AT_ONCE_S)
        self.assertEqual(len(self.channel_folders()), 1, "nothing to remove: the test is moot")
        done = self.lockstep("run", "reference", "--filter", "acquire/takes-a-unit", "--oracle", "none")
        self.assert_status(done, 0)
        self.assertEqual(self.channel_folders(), [])

    def test_a_run_in_the_folder_of_one_that_lives_is_refused_and_removes_nothing(self):
        process = self.begin()
        before = self.channel_folders()
        done = self.lockstep(
            "run", "reference", "--filter", "acquire/takes-a-unit", "--oracle", "none", "--out", self.out
        )
        self.assert_status(done, 2)
        self.assertIn("results.jsonl is being written by another run", done.err)
        self.assertEqual(self.channel_folders(), before)
        process.send_signal(signal.SIGINT)
        self.assert_status(self.finish(process, AT_ONCE_S), INTERRUPTED)

    def test_a_second_ctrl_c_need_not_wait_for_anything(self):
        process = self.begin()
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        done = self.finish(process, AT_ONCE_S)
        self.assertIn(done.status, (INTERRUPTED, -signal.SIGINT, -signal.SIGTERM))


class WithNamespaces(Cases, LockstepCase):
    isolation = None


class WithoutNamespaces(Cases, LockstepCase):
    isolation = "none"


class Waiting(LockstepCase):
    def await_adapter(self, name):
        line = ": %s %s %s" % (PYTHON, FAKE, name)
        found = wait_until(lambda: [m for m in marked(self.mark) if m.endswith(line)], 60)
        self.assertTrue(found, "the adapter did not start")

    def test_an_interrupt_is_heard_while_an_adapter_is_silent(self):
        process = self.start(
            "run", "--timeout-scale", "100", "--oracle", "none", "--filter", "acquire/takes-a-unit",
            "--out", self.out, "--", PYTHON, FAKE, "never-answers",
        )
        self.await_adapter("never-answers")
        process.send_signal(signal.SIGINT)
        self.assert_status(self.finish(process, AT_ONCE_S), INTERRUPTED)

    def test_an_interrupt_is_heard_before_an_adapter_has_said_hello(self):
        process = self.start(
            "run", "--timeout-scale", "100", "--oracle", "none", "--filter", "acquire/takes-a-unit",
            "--out", self.out, "--", PYTHON, FAKE, "never-says-hello",
        )
        self.await_adapter("never-says-hello")
        process.send_signal(signal.SIGINT)
        self.assert_status(self.finish(process, AT_ONCE_S), INTERRUPTED)

    def test_diff_can_be_interrupted_too(self):
        path = self.scenario_file(SCENARIOS)
        process = self.start(
            "diff", "reference", "python:" + PYTHON, "--scenarios", path, "--out", self.out, "-j1"
        )
        self.assertTrue(wait_until(lambda: waiters(self.mark) >= 2, 60))
        process.send_signal(signal.SIGINT)
        self.assert_status(self.finish(process, AT_ONCE_S), INTERRUPTED)


if __name__ == "__main__":
    lockstep_case.main()
