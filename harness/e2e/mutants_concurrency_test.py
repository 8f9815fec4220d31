#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each mutant that takes a race or a fault is found by `lockstep stress` within 30 s, or by `lockstep faults`."""

import json
import os
import re
import subprocess

import lockstep_case
from lockstep_case import BUILD, LockstepCase

MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
WITHIN_S = "30"
BOUND_S = 180


def concurrent():
    """{name: where it is to be found first} of the mutants that the catalogue is not asked for."""
    listed = subprocess.run([MUTANTS, "--list"], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    return {row["name"]: row["areas"][0] for row in rows if set(row["areas"]) & {"stress", "faults"}}


class Concurrency(LockstepCase):
    def find(self, verb, name):
        words = ("--seed", "1", "--time", WITHIN_S) if verb == "stress" else ("--max-time", "60")
        return self.lockstep(verb, "--out", self.out, *words, "--", MUTANTS, name, bound_s=BOUND_S)

    def test_each_is_found(self):
        mutants = concurrent()
        self.assertGreaterEqual(len(mutants), 20)
        for name, first in mutants.items():
            with self.subTest(name):
                for verb in (first, "faults" if first == "stress" else "stress"):
                    done = self.find(verb, name)
                    if done.status == 1:
                        break
                what = re.search(r"^\[1\] [^:]*: (.*)$", done.out, re.MULTILINE)
                print("%-36s %s: %s" % (name, verb, what.group(1) if what else "not found"), flush=True)
                self.assert_status(done, 1)

    def test_nothing_is_found_where_nothing_is(self):
        for name in ("none", "own-races"):
            for verb in ("stress", "faults"):
                with self.subTest(name + " by " + verb):
                    self.assertIn(self.find(verb, name).status, (0, 4))


if __name__ == "__main__":
    lockstep_case.main()
