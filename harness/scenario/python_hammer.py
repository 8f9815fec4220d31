# SPDX-License-Identifier: MIT
# The hammer: rounds of acquire, a critical section that shows who else is inside, release.
# Shared by all actors: a counter, and a word for each of them.
WITNESS = OBJECTS["mmap"].mmap(-1, 8 * 1024)
WORDS = memoryview(WITNESS).cast("Q")


def hammer(semaphore, rounds, slot, slots):
    """The counter has no guard but the semaphore; an actor's own word is odd while it is inside."""
    most = 0
    for i in range(rounds):
        semaphore.acquire()
        WORDS[1 + slot] += 1
        count = WORDS[0]
        for _ in range(i % 64):
            pass
        WORDS[0] = count + 1
        first, second = WORDS[1 : 1 + slots].tolist(), WORDS[1 : 1 + slots].tolist()
        if first == second:
            most = max(most, sum(word % 2 for word in first))
        WORDS[1 + slot] += 1
        semaphore.release()
    return rounds, most


def hammered(name, semaphore, entries=None, counter=None, inside=None, value=None):
    """What all hammers since the last time did together."""
    found = {"entries": sum(one[0] for one in HAMMERED), "counter": WORDS[0]}
    found["inside"] = max(one[1] for one in HAMMERED)
    begin(name, semaphore + "._get_value()")
    found["value"] = answer_of(ACTORS[name])[1]
    show("hammer: " + ", ".join("%s %s" % one for one in found.items()))
    for key, wanted in {"entries": entries, "counter": counter, "value": value}.items():
        if wanted is not None and found[key] != wanted:
            expected, actual = "%s %d" % (key, wanted), "%s %d" % (key, found[key])
            raise Wrong(DIFFERENCE % ("hammer", expected, actual))
    if inside is not None and found["inside"] > inside:
        expected, actual = "inside <= %d" % inside, "inside %d" % found["inside"]
        raise Wrong(DIFFERENCE % ("hammer", expected, actual))
    HAMMERED.clear()
    WORDS[0] = 0


OBJECTS["hammer"] = hammer
