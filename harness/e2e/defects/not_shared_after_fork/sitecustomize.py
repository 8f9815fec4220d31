# SPDX-License-Identifier: MIT
"""A Python whose SemLock becomes another semaphore in a forked child, of the same value."""

import _multiprocessing
import itertools
import os
import weakref

Right = _multiprocessing.SemLock
numbers = itertools.count()
living = weakref.WeakSet()


class SemLock:
    SEM_VALUE_MAX = Right.SEM_VALUE_MAX

    def __init__(self, kind, value, maxvalue, name, unlink):
        self._right = Right(kind, value, maxvalue, name, unlink)
        living.add(self)

    def __getattr__(self, name):
        return getattr(self._right, name)

    def __enter__(self):
        return self._right.__enter__()

    def __exit__(self, *args):
        return self._right.__exit__(*args)

    @classmethod
    def _rebuild(cls, *args):
        self = cls.__new__(cls)
        self._right = Right._rebuild(*args)
        return self

    def part(self):
        right = self._right
        name = "/parted-%d-%d" % (os.getpid(), next(numbers))
        self._right = Right(right.kind, right._get_value(), right.maxvalue, name, True)


def part_all():
    for lock in living:
        lock.part()


os.register_at_fork(after_in_child=part_all)
_multiprocessing.SemLock = SemLock
