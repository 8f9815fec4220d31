# SPDX-License-Identifier: MIT
"""Tests of Python's adapter: `measure`. adapter_test.py runs them. What is measured is not looked
at but for what holds on any machine."""

import os
import time
import unittest

from adapter_test_support import AdapterTest

SEMAPHORE = 1
TOO_MANY = 20001
MS = 1000000  # In ns.


class Measure(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def measure(self, *args, on="s"):
        return self.root.get("measure", on, *args)

    def bursts(self, number, *args, **fields):
        durations = self.measure(*args, **fields)
        self.assertEqual(len(durations), number)
        self.assertTrue(all(type(duration) is int and duration > 0 for duration in durations), durations)
        self.assertIsNotNone(self.root.announced)

    def named(self):
        name = self.fresh_name()
        self.root.get("SemLock", None, SEMAPHORE, 1, 1, name, False, as_="s")
        return name

    def test_pairs(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        self.bursts(7, "pairs", 100, 7)
        self.assertEqual(self.root.get("_get_value", "s"), 1)

    def test_tries(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        self.bursts(3, "tries", 100, 3)

    def test_a_try_that_gets_a_unit_is_raised(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        raised = self.root.raised("measure", "s", "tries", 100, 3)
        self.assertEqual(raised["type"], "RuntimeError")
        self.assertEqual(raised["message"], "acquire(False) returned True")

    def test_values(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        self.bursts(3, "values", 100, 3)

    def test_rebuilds(self):
        self.named()
        self.bursts(3, "rebuilds", 10, 3)

    def test_what_would_be_unmapped_is_not_rebuilt(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        self.assertIn("that has a name", self.root.do("measure", "s", "rebuilds", 10, 3)["error"])

    def test_creations(self):
        self.bursts(2, "creations", 5, 2, SEMAPHORE, self.fresh_name(), on=None)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_forks(self):
        name = self.named()
        self.bursts(2, "forks", 1, 2)
        self.root.get("sem_unlink", None, name)
        raised = self.root.raised("measure", "s", "forks", 1, 2)
        self.assertEqual(raised["type"], "RuntimeError")
        self.assertIn("did not do its turn: status ", raised["message"])

    def test_timeouts(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        # A deadline of CLOCK_REALTIME by CLOCK_MONOTONIC: the two may be a little apart.
        self.assertTrue(all(duration > MS for duration in self.measure("timeouts", 0.002, 5)))
        self.bursts(5, "timeouts", 0, 5)

    def test_a_timeout_that_gets_a_unit_is_raised(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        self.assertEqual(self.root.raised("measure", "s", "timeouts", 0.002, 5)["type"], "RuntimeError")

    def test_until_an_instant(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        instant = time.monotonic_ns() + 5 * MS
        turns = self.measure("until", instant)
        self.assertGreaterEqual(time.monotonic_ns(), instant)
        self.assertEqual(turns % 16, 0)
        self.assertEqual(self.measure("until", 0), 16)

    def test_hands_over_to_another_thread_and_back(self):
        self.hand_over("thread")

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_hands_over_to_another_process_and_back(self):
        self.hand_over("fork")

    def hand_over(self, how):
        self.lock(self.root, SEMAPHORE, 0, 1)
        self.lock(self.root, SEMAPHORE, 1, 1, as_="t")
        other, _ = self.new_actor(self.root, how, "other")
        idle = 100000
        self.root.send("measure", "s", "hand_over", 10, 0, "t")
        theirs = other.get("measure", "t", "hand_over", 10, idle, "s")
        ours = self.root.reply()["returned"]
        self.assertEqual([len(theirs), len(ours)], [10, 10])
        self.assertTrue(all(our >= their + idle for our, their in zip(ours, theirs)), (ours, theirs))
        self.assertTrue(all(their > our for our, their in zip(ours, theirs[1:])), (ours, theirs))

    def test_what_the_lock_raises_ends_it(self):
        self.root.eval("types.SimpleNamespace(acquire=lambda: 1 // 0, release=None)", as_="s")
        for args in (["pairs", 1, 1], ["until", 0]):
            self.assertEqual(self.root.raised("measure", "s", *args)["type"], "ZeroDivisionError")
        name = self.named()
        self.root.get("sem_unlink", None, name)
        self.assertEqual(self.root.raised("measure", "s", "rebuilds", 1, 1)["type"], "FileNotFoundError")

    def test_arguments_that_are_not_as_they_are_to_be_are_an_error(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        for args in (
            [],
            ["speed", 1, 1],
            [["pairs"], 1, 1],
            ["pairs", 1],
            ["pairs", 0, 1],
            ["pairs", 1, 0],
            ["pairs", 1, TOO_MANY],
            ["pairs", True, 1],
            ["pairs", 1, 1.0],
            ["pairs", 1, 1, 1],
            ["creations", 1, 1, 1, 7],
            ["timeouts", "soon", 1],
            ["timeouts", 0, TOO_MANY],
            ["until", 0.5],
            ["hand_over", 1, -1, "s"],
        ):
            self.assertIn("measure: ", self.root.do("measure", "s", *args)["error"], args)
        self.assertIn("no object", self.root.do("measure", "s", "hand_over", 1, 0, "x")["error"])
        self.assertIn("no object", self.root.do("measure", "x", "pairs", 1, 1)["error"])
        self.assertIn('"on"', self.root.do("measure", None, "pairs", 1, 1)["error"])
