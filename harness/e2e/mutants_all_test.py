#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The catalogue catches every mutant, each by a scenario of an area that was to."""

import json
import os

import lockstep_case
from lockstep_case import LockstepCase

BOUND_S = 1500  # Some two minutes on two processors of their own.


class AllMutants(LockstepCase):
    def test_every_mutant_is_killed(self):
        table = os.path.join(self.folder, "mutants.jsonl")
        done = self.lockstep("mutants", "--json", table, bound_s=BOUND_S)
        self.assert_status(done, 0)
        self.assertNotIn("SURVIVED", done.out)
        self.assertIn("without a defect clean", done.out)
        with open(table, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertGreater(len(lines), 200)
        others = [line["name"] for line in lines if line["name"] != "none" and not line["as_predicted"]]
        self.assertEqual(others, [])


if __name__ == "__main__":
    lockstep_case.main()
