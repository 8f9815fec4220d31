#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each mutant that takes a race or a fault is found by `lockstep stress` within 30 s, or by `lockstep faults`.

All take some five minutes; where CI is set in the environment every third is tried.
"""

import json
import os
import re
import subprocess

import lockstep_case
from lockstep_case import BUILD, LockstepCase

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
WITHIN_S = 30
CONTROL_S = 10
ROLLS = 3  # Of the dice, where a machine under load has kept a race from coming about.
BOUND_S = 180


def concurrent():
    """{name: where it is to be found first} of the mutants that the catalogue is not asked for."""
    listed = subprocess.run([MUTANTS, "--list"], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    return {row["name"]: row["areas"][0] for row in rows if set(row["areas"]) & {"stress", "faults"}}


class Concurrency(LockstepCase):
    def find(self, verb, name, within_s=WITHIN_S, seed=1):
        words = ("--seed", str(seed), "--time", str(within_s)) if verb == "stress" else ("--max-time", "40")
        return self.lockstep(verb, "--out", self.out, *words, "--", MUTANTS, name, bound_s=BOUND_S)

    def test_each_is_found(self):
        mutants = concurrent()
        self.assertGreaterEqual(len(mutants), 20)
        names = list(mutants)[:: 3 if os.environ.get("CI") else 1]
        for name, first in ((name, mutants[name]) for name in names):
            with self.subTest(name):
                rolls = [("stress", seed) for seed in range(1, 1 + ROLLS)]
                for verb, seed in rolls + [("faults", 0)] if first == "stress" else [("faults", 0)] + rolls:
                    done = self.find(verb, name, seed=seed)
                    if done.status == 1:
                        break
                what = re.search(r"^\[1\] [^:]*: (.*)$", done.out, re.MULTILINE)
                print("%-36s %s: %s" % (name, verb, what.group(1) if what else "not found"), flush=True)
                self.assert_status(done, 1)

    def test_nothing_is_found_where_nothing_is(self):
        for name in ("none", "own-races"):
            for verb in ("stress", "faults"):
                with self.subTest(name + " by " + verb):
                    self.assertIn(self.find(verb, name, CONTROL_S).status, (0, 4))


if __name__ == "__main__":
    lockstep_case.main()
