# SPDX-License-Identifier: MIT
"""Run by an interpreter that was just unpacked: proves that it can do what the tests need.

Prints `sys.version` on one line and exits with 0, or says on standard error what is missing. Leaves
no name and no process behind. Must run on any Python 3.8 and later.
"""

import multiprocessing
import sys


def child(semaphore):
    semaphore.release()


def main():
    # Imported here, so that the spawned child needs nothing of them.
    import _multiprocessing
    import _posixshmem
    import multiprocessing.shared_memory

    for module, name in ((_multiprocessing, "SemLock"), (_posixshmem, "shm_open")):
        if not hasattr(module, name):
            sys.exit("%s has no %s" % (module.__name__, name))
    context = multiprocessing.get_context("spawn")
    semaphore = context.Semaphore(0)
    process = context.Process(target=child, args=(semaphore,))
    process.start()
    try:
        # A new interpreter starts within a second; 30 allow for a busy machine.
        if not semaphore.acquire(timeout=30):
            sys.exit("a spawned child did not run")
        process.join(30)
        if process.exitcode != 0:
            sys.exit("a spawned child ended with %r" % (process.exitcode,))
    finally:
        if process.is_alive():
            process.kill()
            process.join()
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=1)
    memory.close()
    memory.unlink()
    print(" ".join(sys.version.split()))


if __name__ == "__main__":
    main()
