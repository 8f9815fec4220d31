#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures how often `lockstep bench --against` is wrong: the tables of METHOD.md.

    bench/prove.py NAME [--comparisons N] [--time S] [--busy N] -- BENCH ARGUMENTS
    bench/prove.py NAME --one-after-the-other [--comparisons N] [--time S] -- IMPL --quantity Q

Runs `./lockstep bench ARGUMENTS` N times, each with a seed of its own, and tells how often it said what, how long it took,
and what an unpaired U-test says of the same values (p < 0.05, as Google Benchmark's compare.py has it). Each comparison's
line of JSON goes to out/prove-NAME.jsonl as soon as it is there. --busy keeps so many processes running meanwhile.

--one-after-the-other measures one thing, and then the same thing again, and tells how often a U-test calls them different:
what comes of it when nothing is interleaved.
"""
import argparse
import collections
import contextlib
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCKSTEP = os.environ.get("LOCKSTEP_BINARY", os.path.join(ROOT, "lockstep"))
U_TEST_ALPHA = 0.05
STATUSES = (0, 1, 4)  # of a comparison that came to an end


def spin():
    while True:
        pass


def compare(arguments, seconds, seed, folder):
    """One comparison's line, as reports/measurements.cc writes it."""
    file = os.path.join(folder, "session.jsonl")
    command = [LOCKSTEP, "bench", "--store", "none", "--out", folder, "--json", file]
    command += ["--time", str(seconds), "--seed", str(seed)] + arguments
    if os.path.exists(file):
        os.unlink(file)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in STATUSES or not os.path.exists(file):
        sys.exit("status %d of %s:\n%s" % (done.returncode, " ".join(command), done.stdout))
    with open(file, encoding="utf-8") as lines:
        return next(one for one in map(json.loads, lines) if one["kind"] == "comparison")


def measured(arguments, seconds, seed, folder):
    """The values of the implementation that is measured, by quantity: one a repetition."""
    file = os.path.join(folder, "session.jsonl")
    command = [LOCKSTEP, "bench", "--store", "none", "--out", folder, "--json", file, "--time", str(seconds), "--seed", str(seed)]
    done = subprocess.run(command + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit("status %d of %s:\n%s" % (done.returncode, " ".join(command + arguments), done.stdout))
    with open(file, encoding="utf-8") as lines:
        series = [one for one in map(json.loads, lines) if one["kind"] == "series" and not one["implementation"].startswith("raw")]
    return {one["quantity"]: one["values"] for one in series if len(one["values"]) > 1}


def u_test_p(a, b):
    """Two-sided, by the normal approximation with correction for ties and continuity (Mann and Whitney, 1947)."""
    ranks, ties, both = {}, 0, sorted(a + b)
    for value, count in collections.Counter(both).items():
        first = both.index(value)
        ranks[value] = first + (count + 1) / 2
        ties += count**3 - count
    n = len(both)
    u = sum(ranks[value] for value in a) - len(a) * (len(a) + 1) / 2
    deviation = math.sqrt(len(a) * len(b) / 12 * ((n + 1) - ties / (n * (n - 1))))
    distance = max(abs(u - len(a) * len(b) / 2) - 0.5, 0)
    return math.erfc(distance / deviation / math.sqrt(2)) if deviation > 0 else 1.0


def one_after_the_other(options, folder):
    hits = collections.Counter()
    repetitions = collections.defaultdict(list)
    for seed in range(options.comparisons):
        first, second = (measured(options.arguments, options.time, 2 * seed + i, folder) for i in (1, 2))
        for quantity in first:
            hits[quantity] += u_test_p(first[quantity], second[quantity]) < U_TEST_ALPHA
            repetitions[quantity].append(len(first[quantity]))
    lines = ["| | comparisons | U-test p < 0.05 | repetitions, median |", "| --- | ---: | ---: | ---: |"]
    for quantity, counts in repetitions.items():
        lines.append("| %s | %d | %d | %d |" % (quantity, options.comparisons, hits[quantity], statistics.median(counts)))
    return "\n".join(lines)


def row(name, verdicts, hits, repetitions):
    total = sum(verdicts.values())
    counts = " | ".join(str(verdicts[one]) for one in ("slower", "faster", "same", "inconclusive"))
    return "| %s | %d | %s | %s | %s |" % (name, total, counts, hits, repetitions)


def table(comparisons):
    lines = ["| | comparisons | slower | faster | same | inconclusive | U-test p < 0.05 | repetitions, median |"]
    lines.append("| --- |" + " ---: |" * 7)
    whole = collections.Counter(one["verdict"] for one in comparisons)
    lines.append(row("**all quantities**", whole, "%d" % sum(any_hit(one) for one in comparisons), ""))
    by_quantity = collections.OrderedDict()
    for comparison in comparisons:
        for one in comparison["quantities"]:
            by_quantity.setdefault(one["quantity"], []).append(one)
    for quantity, ones in by_quantity.items():
        verdicts = collections.Counter(one["verdict"] for one in ones)
        hits = sum(one["u_test_p"] < U_TEST_ALPHA for one in ones)
        lines.append(row(quantity, verdicts, hits, "%d" % statistics.median(one["repetitions"] for one in ones)))
    walls = sorted(one["wall_s"] for one in comparisons)
    lines.append("")
    lines.append("%.1f s each in the median, %.1f s at most." % (statistics.median(walls), walls[-1]))
    return "\n".join(lines)


def any_hit(comparison):
    return any(one["u_test_p"] < U_TEST_ALPHA for one in comparison["quantities"])


def main():
    parser = argparse.ArgumentParser(description="how often `lockstep bench --against` is wrong")
    parser.add_argument("name")
    parser.add_argument("--comparisons", type=int, default=40)
    parser.add_argument("--time", type=float, default=20, help="seconds of each")
    parser.add_argument("--one-after-the-other", action="store_true", help="one thing twice, and a U-test")
    parser.add_argument("--busy", type=int, default=0, help="processes that run meanwhile")
    parser.add_argument("arguments", nargs="+", help="of lockstep bench, after --")
    options = parser.parse_args()
    os.makedirs(os.path.join(ROOT, "out"), exist_ok=True)
    busy = [multiprocessing.Process(target=spin, daemon=True) for _ in range(options.busy)]
    for process in busy:
        process.start()
    comparisons = []
    try:
        with tempfile.TemporaryDirectory(dir=os.path.join(ROOT, "out")) as folder, contextlib.ExitStack() as stack:
            if options.one_after_the_other:
                print(one_after_the_other(options, folder))
                return
            log = stack.enter_context(open(os.path.join(ROOT, "out", "prove-%s.jsonl" % options.name), "w", encoding="utf-8"))
            for seed in range(1, options.comparisons + 1):
                comparisons.append(compare(options.arguments, options.time, seed, folder))
                log.write(json.dumps(comparisons[-1]) + "\n")
                log.flush()
                if sys.stderr.isatty():
                    print("\r%d of %d" % (seed, options.comparisons), end="", file=sys.stderr)
    finally:
        for process in busy:
            process.terminate()
            process.join()
    print(table(comparisons))


if __name__ == "__main__":
    main()
