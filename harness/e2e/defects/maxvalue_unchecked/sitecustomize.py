# SPDX-License-Identifier: MIT
"""A Python whose SemLock may be released more often than its maxvalue allows."""

import _multiprocessing

Right = _multiprocessing.SemLock
SEMAPHORE = 1


class SemLock(Right):
    def __new__(cls, kind, value, maxvalue, name, unlink):
        # The right one does the checking, so it is told of a bound that nobody reaches.
        bound = Right.SEM_VALUE_MAX if kind == SEMAPHORE and value <= maxvalue else maxvalue
        self = super().__new__(cls, kind, value, bound, name, unlink)
        self._asked = maxvalue
        return self

    @property
    def maxvalue(self):
        return self._asked


_multiprocessing.SemLock = SemLock
