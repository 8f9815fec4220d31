#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep bench: tables of what was measured, and verdicts on a candidate against a baseline."""

import json
import os
import re
import signal

import lockstep_case
from lockstep_case import BUILD, FAKE, PYTHON, PYTHON_ADAPTER, LockstepCase, read, read_lines, wait_until, write

DELAYED = os.path.join(BUILD, "impl", "delayed", "lockstep-adapter-delayed")
REFERENCE = os.path.join(BUILD, "impl", "adapters", "cpp", "lockstep-adapter-reference")
QUICK = ("--quantity", "free/*", "--time", "0.5")


class BenchCase(LockstepCase):
    def bench(self, *words, command=(), **how):
        last = ("--",) + tuple(command) if command else ()
        return self.lockstep("bench", "--out", self.out, *words, *last, **how)


class Survey(BenchCase):
    def test_tells_each_quantity_beside_the_raw_semaphore_and_its_copy(self):
        done = self.bench("reference", "python:" + PYTHON, *QUICK)
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^ +raw +raw again +reference +python:")
        self.assertRegex(done.out, r"(?m)^  free/recursive +[0-9.]+ ns  1.00× +[0-9.]+ ns +[0-9.]+× +[0-9.]+ ns +[0-9.]+×")
        self.assertRegex(done.out, r"(?m)^  system-calls/free +0 +0 +0 +0$|skipped")
        self.assertRegex(done.out, r"kept as session [0-9a-f]{12}")
        self.assertEqual(done.err, "", "progress is for terminals")
        listed = self.lockstep("history", "--store", os.path.join(self.out, "history.db"))
        self.assertIn("reference", listed.out)

    def test_what_the_raw_semaphore_lacks_is_measured_of_others(self):
        done = self.bench("reference", "--quantity", "reentry", "--time", "0.2", "--store", "none")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^  reentry +– +– +[0-9.]+ ns$")

    def test_writes_json_lines_with_histograms_and_google_benchmarks_json(self):
        lines = os.path.join(self.folder, "session.jsonl")
        google = os.path.join(self.folder, "google.json")
        done = self.bench("reference", "--quantity", "hand-over/same-cpu/0us", "--quantity", "free/counting", "--time", "0.3",
                          "--json", lines, "--google-json", google, "--label", "v1", "--store", "none")
        self.assert_status(done, 0)
        session, *series = [one for one in read_lines(lines) if one["kind"] != "end"]
        self.assertEqual(session["label"], "v1")
        handed = next(one for one in series if one["quantity"].startswith("hand-over") and one["implementation"] == "reference")
        self.assertGreater(sum(count for _, count in handed["samples"]), 500)
        self.assertEqual(len(handed["values"]), len(handed["ratios"]))
        parsed = json.loads(read(google))
        names = {one["name"] for one in parsed["benchmarks"]}
        self.assertIn("reference/free/counting", names)
        self.assertIn("reference/free/counting_median", names)
        self.assertEqual(parsed["context"]["num_cpus"], int(session["machine"]["facts"]["cpus"]))

    def test_percentiles_are_told_where_there_are_enough_samples(self):
        done = self.bench("reference", "--quantity", "hand-over/same-cpu/0us", "--time", "0.3", "--percentiles", "--store", "none")
        self.assertRegex(done.out, r"p50 p90 p99 p99.9: [0-9.]+ [0-9.]+ [0-9.]+ (–|[0-9.]+) µs")

    def test_an_adapter_that_cannot_measure_is_not_judged(self):
        done = self.bench(*QUICK, "--store", "none", command=(PYTHON, FAKE, "well-behaved"))
        self.assert_status(done, 4)
        self.assertIn("unsupported: its adapter has no capability measure", done.out)

    def test_an_adapter_that_dies_is_told_and_the_others_are_measured(self):
        dying = self.implementation("dying", ["sh", "-c", "echo goodbye >&2; exit 3"])
        done = self.bench("reference", dying, *QUICK)
        self.assert_status(done, 3)
        self.assertIn("dying: not measured to the end: ", done.out)
        self.assertIn("exit status 3", done.out)
        self.assertIn("what was printed last: goodbye", done.out)
        self.assertRegex(done.out, r"(?m)^  free/recursive .*ns")

    def test_an_interrupt_ends_it_and_keeps_what_was_measured(self):
        lines = os.path.join(self.folder, "session.jsonl")
        process = self.start("bench", "reference", "--out", self.out, "--time", "600", "--quantity", "free/*", "--json", lines)
        adapters = lambda: [one for one in lockstep_case.marked(self.mark) if "adapter-reference" in one]
        self.assertTrue(wait_until(adapters))
        process.send_signal(signal.SIGINT)
        done = self.finish(process, 30)
        self.assert_status(done, 130)


class Against(BenchCase):
    def test_one_thing_is_the_same_as_itself(self):
        done = self.bench("reference", "--against", "reference", "--quantity", "free/*", "--quantity", "try/fails", "--time", "30")
        # A busy machine may leave it open; it may not find a difference.
        self.assertIn(done.status, (0, 4), str(done))
        self.assertRegex(done.out, r"(?m)^(same: a change of [0-9.]+ % in any would have been seen|inconclusive: )")

    def test_what_is_half_as_slow_again_is_slower(self):
        done = self.bench("--against", "reference", "--quantity", "free/counting", "--time", "60",
                          command=(DELAYED, "--free-delay-percent", "50"))
        self.assert_status(done, 1)
        self.assertRegex(done.out, r"(?m)^slower: free/counting by [3-7][0-9]\.[0-9] %")
        self.assertRegex(done.out, r"  rerun  ./lockstep bench --out .* -- .*--free-delay-percent 50")

    def test_what_is_faster_is_no_failure(self):
        done = self.bench("reference", "--against", DELAYED + " --free-delay-percent 50", "--quantity", "free/counting", "--time", "60",
                          "--store", "none")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^faster: free/counting by [2-5][0-9]")

    def test_a_slower_hand_over(self):
        done = self.bench("--against", "reference", "--quantity", "hand-over/same-cpu/0us", "--time", "60", "--store", "none",
                          command=(DELAYED, "--hand-over-delay-ns", "5000"))
        self.assert_status(done, 1)
        self.assertRegex(done.out, r"(?m)^slower: hand-over/same-cpu/0us by ")

    def test_two_interpreters(self):
        done = self.bench("python:" + PYTHON, "--against", "reference", "--quantity", "get-value", "--time", "60", "--store", "none")
        self.assert_status(done, 1)
        self.assertRegex(done.out, r"(?m)^slower: get-value by ")

    def test_a_stored_session_is_a_baseline_by_way_of_the_raw_semaphore(self):
        lines = os.path.join(self.folder, "session.jsonl")
        self.assert_status(self.bench("reference", "--quantity", "get-value", "--quantity", "free/counting", "--time", "4", "--json", lines), 0)
        identity = read_lines(lines)[0]["id"]
        done = self.bench("reference", "--against", "session:" + identity[:12], "--quantity", "free/counting", "--time", "20")
        self.assertIn(done.status, (0, 4), str(done))
        self.assertIn("reference against reference of session %s" % identity[:12], done.out)
        slow = self.implementation("reference", [DELAYED, "--free-delay-percent", "60"])
        done = self.bench(slow, "--against", "session:" + identity, "--quantity", "free/counting", "--time", "60")
        self.assert_status(done, 1)

    def test_a_comparison_is_kept_and_can_be_imported(self):
        lines = os.path.join(self.folder, "comparison.jsonl")
        self.bench("reference", "--against", "reference", "--quantity", "get-value", "--time", "20", "--store", "none", "--json", lines)
        self.assertEqual(read_lines(lines)[-1]["kind"], "comparison")
        done = self.lockstep("history", "import", lines, "--store", os.path.join(self.folder, "a.db"))
        self.assert_status(done, 0)

    def test_a_session_of_another_machine_is_no_baseline(self):
        lines = os.path.join(self.folder, "session.jsonl")
        self.assert_status(self.bench("reference", *QUICK, "--store", "none", "--json", lines), 0)
        text = re.sub(r'"fingerprint": ?"[0-9a-f]{16}"', '"fingerprint": "%s"' % ("0" * 16), read(lines))
        write(lines, text)
        identity = read_lines(lines)[0]["id"]
        store = os.path.join(self.folder, "other.db")
        self.assert_status(self.lockstep("history", "import", lines, "--store", store), 0)
        done = self.bench("reference", "--against", "session:" + identity, "--store", store)
        self.assert_status(done, 2)
        self.assertIn("was measured on another machine (0000000000000000)", done.err)

    def test_what_one_of_them_cannot_do_is_left_out_and_nothing_compared_is_no_pass(self):
        done = self.bench("reference", "--against", "raw", "--quantity", "reentry", "--store", "none")
        self.assert_status(done, 4)
        self.assertIn("left out: reentry: raw has no re-entry", done.out)
        self.assertIn("inconclusive: nothing could be compared", done.out)

    def test_an_adapter_that_ends_is_no_verdict(self):
        done = self.bench("--against", "reference", *QUICK, "--store", "none", command=("sh", "-c", "exit 7"))
        self.assert_status(done, 3)
        self.assertIn("not measured to the end", done.out)


class Misbehaving(BenchCase):
    """Measurements that cannot be are the adapter's fault, and nobody's victory."""

    def adapter(self, what, instead):
        """The Python adapter, whose `measure` of this kind returns something else."""
        wrong = """
_right, *_checks = MEASURES[%r]


def _wrong(*args):
    value = _right(*args)
    return %s


MEASURES[%r] = (_wrong, *_checks)
globals()[_right.__name__] = _wrong

if __name__ == "__main__":""" % (what, instead, what)
        text = read(PYTHON_ADAPTER)
        self.assertIn('if __name__ == "__main__":', text)
        return (PYTHON, write(os.path.join(self.folder, "adapter.py"), text.replace('if __name__ == "__main__":', wrong)))

    def refused(self, what, instead, quantity, says):
        done = self.bench("--against", "python:" + PYTHON, "--quantity", quantity, "--time", "20", "--store", "none",
                          command=self.adapter(what, instead))
        self.assert_status(done, 3)
        self.assertRegex(done.out, says)
        self.assertNotRegex(done.out, "(?m)^(faster|same|slower)")
        self.assertLess(done.seconds, 15, "it is not waited for in vain")

    def test_durations_of_nothing(self):
        self.refused("pairs", "[0 for _ in value]", "free/counting", "durations that cannot be: 0 ns")

    def test_durations_longer_than_the_call(self):
        self.refused("pairs", "[10**15 for _ in value]", "free/counting", "durations that cannot be: 1000000000000000 ns")

    def test_fewer_durations_than_bursts(self):
        self.refused("timeouts", "[]", "timed/1ms", "returned 0 numbers, not 5")

    def test_stamps_of_another_time(self):
        self.refused("hand_over", "[-one for one in value]", "hand-over/same-cpu/0us", "stamps that cannot be")

    def test_stamps_of_another_clock(self):
        self.refused("hand_over", "[one + 10**12 for one in value]", "hand-over/same-cpu/0us", "in a call that ended at")

    def test_a_hand_over_that_does_not_wait(self):
        self.refused("hand_over", "[one - 10**6 * i for i, one in enumerate(value)]", "hand-over/same-cpu/1000us", "that cannot be")

    def test_fewer_turns_than_none(self):
        self.refused("until", "-16", "contended/2", "returned -16, no number of turns")

    def test_what_is_no_list(self):
        self.refused("values", "None", "get-value", "returned None, no list")


class WrongUse(BenchCase):
    def refused(self, *words):
        done = self.bench(*words)
        self.assert_status(done, 2)
        self.assertEqual(done.out, "")
        return done.err

    def test_a_quantity_that_is_none(self):
        text = self.refused("reference", "--quantity", "fre/*")
        self.assertIn("no quantity matches 'fre/*'", text)
        self.assertIn("free/counting", text)

    def test_an_argument_of_the_interpreter_is_no_implementation(self):
        done = self.bench("--python-arg=-B", "python:" + PYTHON, "--quantity", "get-value", "--time", "0.2", "--store", "none")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^ +raw +raw again +python:")

    def test_flags_that_do_nothing_there(self):
        self.assertIn("--percentiles goes without --against", self.refused("reference", "--against", "raw", "--percentiles"))
        self.assertIn("--margin goes with --against", self.refused("reference", "--margin", "5"))

    def test_what_cannot_be_kept_is_told_before_anything_is_measured(self):
        for words in (("--json", "/nonexistent/x"), ("--google-json", "/nonexistent/x"), ("--store", "/nonexistent/x.db")):
            self.assertIn("/nonexistent", self.refused("reference", "--time", "60", *words))

    def test_two_candidates(self):
        self.assertIn("--against takes one candidate, not 2", self.refused("reference", "raw", "--against", "reference"))

    def test_a_baseline_that_is_none(self):
        self.assertIn("nosuch", self.refused("reference", "--against", "nosuch"))

    def test_a_session_that_is_not_there(self):
        self.assertIn("history.db", self.refused("reference", "--against", "session:abc"))

    def test_the_list_of_quantities_says_which_are_compared(self):
        done = self.bench("--list")
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^free/counting +\* ")
        self.assertRegex(done.out, r"(?m)^contended/8 +[^*]")


if __name__ == "__main__":
    lockstep_case.main()
