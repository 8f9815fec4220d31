# SPDX-License-Identifier: MIT
"""A Python whose SemLock takes a timeout and waits for ever all the same."""

import _multiprocessing

Right = _multiprocessing.SemLock


class SemLock(Right):
    def acquire(self, block=True, timeout=None):
        return super().acquire(block)


_multiprocessing.SemLock = SemLock
