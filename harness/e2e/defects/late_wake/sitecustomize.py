# SPDX-License-Identifier: MIT
"""A Python that does nothing wrong: its release() is carried out 20 ms later, by a thread of its own."""

import _multiprocessing
import threading

Right = _multiprocessing.SemLock


class SemLock(Right):
    def release(self):
        threading.Timer(0.02, super().release).start()


_multiprocessing.SemLock = SemLock
