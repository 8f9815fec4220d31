# SPDX-License-Identifier: MIT
"""A Python whose SemLock.acquire() refuses arguments of the wrong type in other words."""

import _multiprocessing

Right = _multiprocessing.SemLock


class SemLock(Right):
    def acquire(self, *args, **kwargs):
        try:
            return super().acquire(*args, **kwargs)
        except TypeError:
            raise TypeError("in other words") from None


_multiprocessing.SemLock = SemLock
