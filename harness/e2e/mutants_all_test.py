#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The catalogue catches every mutant, each by a scenario that is there for it or by another."""

import lockstep_case
from lockstep_case import LockstepCase

BOUND_S = 1500  # Some two minutes on two processors of their own.


class AllMutants(LockstepCase):
    def test_every_mutant_is_killed(self):
        done = self.lockstep("mutants", bound_s=BOUND_S)
        self.assert_status(done, 0)
        self.assertNotIn("SURVIVED", done.out)
        self.assertIn("without a defect clean", done.out)


if __name__ == "__main__":
    lockstep_case.main()
