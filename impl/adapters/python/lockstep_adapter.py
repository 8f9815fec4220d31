# SPDX-License-Identifier: MIT
"""The adapter for Python's own SemLock and shared memory: the reference runner.

It exposes what `_multiprocessing`, `_posixshmem` and `multiprocessing.shared_memory` of the
interpreter that runs it have, over the protocol of PROTOCOL.md. One file, standard library only,
CPython 3.8 and newer and PyPy 3. An implementation that replaces `_multiprocessing.SemLock` (in a
sitecustomize, say) is the one that is exposed.

Two things shape the code:

* A step has to cost microseconds. So requests are scanned and replies formatted by hand for the
  values that are usual, and what the usual operations do not need is imported late (`preload`).
* A handler that raises may do so only inside the call that is being recorded; `call_exactly` says
  how.

Every actor (the root process, a forked child, a spawned process, a thread) runs `serve` on a
channel of its own. Nothing here is shared between actors but the table of objects, which belongs to
the process.
"""

import os
import sys
import time
import _signal  # Not signal: that one turns every number into an enum, and is slow to import.
import _thread
from collections import deque
from itertools import chain, repeat, starmap

import _multiprocessing

try:
    # The C halves of the json module by themselves: importing json costs 10 ms, which every spawn
    # would pay.
    from _json import encode_basestring_ascii as quote, make_scanner
except ImportError:  # PyPy has none.
    from json.encoder import encode_basestring_ascii as quote

    make_scanner = None

try:
    import _posixshmem
except ImportError:
    _posixshmem = None

PROTOCOL = 1
LINE_LIMIT = 1 << 20  # PROTOCOL.md, section 1.
ATOMIC_WRITE = 4096  # PIPE_BUF of Linux: a write of at most this is never split by another.
CAPABILITIES = [
    "thread",
    "spawn",
    "signal",
    "rebuild_by_name",
    "limits",
    "hammer",
    "load",
    "measure",
    "python",
]
if hasattr(os, "fork"):  # What the synchronisation types need too: they are inherited.
    CAPABILITIES += ["fork", "sync"]

now = time.monotonic_ns
get_tid = _thread.get_native_id


class BadRequest(Exception):
    """The request cannot be carried out as it is: the reply is `error`."""


class AdapterFault(Exception):
    """The adapter's own work failed within a call: the reply is `error`."""


class EndOfThread(BaseException):
    """The thread was told to end."""


class Unsupported(Exception):
    """The implementation does not have the operation: the reply is `unsupported`."""


# ---------------------------------------------------------------------------------------- channels


class Channel:
    """Both directions of one actor's lines.

    Used by its actor alone, and by signal handlers, which run on the main thread: only the main
    actor's channel ever gets their notes. Does not block but for the next line and a full pipe.
    """

    def __init__(self, fd_in, fd_out):
        self.fd_in = fd_in
        self.fd_out = fd_out
        self.pending = b""
        self.writing = False
        self.postponed = []
        # The deque of the call in progress, while handlers may raise: call_exactly.
        self.window = None

    def read_line(self):
        """The next line without its end, or None at the end of file. ValueError: longer than the
        limit."""
        data = self.pending
        searched = 0
        while True:
            end = data.find(b"\n", searched)
            if end >= 0:
                self.pending = data[end + 1 :]
                return data[:end]
            searched = len(data)
            if searched > LINE_LIMIT:
                raise ValueError("a line of more than %d bytes" % LINE_LIMIT)
            more = os.read(self.fd_in, 65536)
            if not more:
                return None
            data = data + more if data else more

    def send(self, line):
        """Writes one line, whole. What can be written at once is; notes never split what cannot."""
        try:
            if len(line) <= ATOMIC_WRITE:
                os.write(self.fd_out, line)
                return
            self.writing = True
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self.fd_out, rest) :]
            self.writing = False
            while self.postponed:
                os.write(self.fd_out, self.postponed.pop(0))
        except BrokenPipeError:
            os._exit(0)  # Nobody listens any more: there is nothing left to do and nobody to tell.

    def note(self, line):
        """Writes a line from a signal handler, which may have interrupted `send`."""
        if self.writing:
            self.postponed.append(line)
        else:
            self.send(line)

    def close(self):
        for fd in {self.fd_in, self.fd_out}:
            os.close(fd)


class Process:
    """What belongs to this process; `fork` renews it."""

    objects = {}
    channels = set()
    folder = ""  # Where the channels are that requests name.
    main = None  # The channel of the actor that is the main thread.
    raisers = set()  # The signals whose handler raises.
    # Held while a channel is opened and while the process forks, so that a child knows every
    # descriptor that it has to close.
    fork_lock = _thread.allocate_lock()


def open_channel(path):
    """Opens the FIFOs of `path` and registers the channel. OSError: they are not there."""
    with Process.fork_lock:
        # Descriptors are close-on-exec in Python. The order of the two is the protocol's.
        channel = Channel(os.open(path + ".in", os.O_RDONLY), os.open(path + ".out", os.O_WRONLY))
        Process.channels.add(channel)
    return channel


def channel_by_hand():
    """The standard streams as a channel. What is printed must not get between its lines: stdout
    becomes stderr."""
    channel = Channel(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    Process.channels.add(channel)
    return channel


def channel_path(name):
    """The path of a channel that a request named: beside the root's, unless it has a folder of its
    own."""
    if type(name) is not str or not name:
        raise BadRequest("a channel's name was expected, not %r" % (name,))
    return name if "/" in name else os.path.join(Process.folder, name)


# ------------------------------------------------------------------------------------------ values


def unlimited(convert, value):
    """`convert(value)` between int and str, without the limit of digits that Python 3.11
    introduced."""
    limit = getattr(sys, "get_int_max_str_digits", None)
    if limit is None:
        return convert(value)
    before = limit()
    sys.set_int_max_str_digits(0)
    try:
        return convert(value)
    finally:
        sys.set_int_max_str_digits(before)


def string_json(text):
    """A string as JSON. UTF-8 has no lone surrogates; they are written as Python would escape
    them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "backslashreplace").decode()
    return quote(text)


def float_json(value):
    text = repr(value)
    return '{"float":"%s"}' % text if text in ("nan", "inf", "-inf", "-0.0") else text


def encode(value):
    """A value as the JSON of PROTOCOL.md, section 4. RecursionError: it is nested too deeply."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    kind = type(value)
    if kind is int:
        if -(1 << 63) <= value < 1 << 63:
            return "%d" % value
        return '{"int":"%s"}' % unlimited(str, value)
    if kind is str:
        return string_json(value)
    if kind is float:
        return float_json(value)
    if kind is bytes:
        return '{"bytes":"%s"}' % value.hex()
    if kind is list:
        return "[%s]" % ",".join([encode(item) for item in value])
    if kind is tuple:
        return '{"tuple":[%s]}' % ",".join([encode(item) for item in value])
    return '{"object":%s}' % string_json(kind.__name__)


def find(name):
    """The object of that name. BadRequest: there is none."""
    try:
        return Process.objects[name]
    except (KeyError, TypeError):
        raise BadRequest("no object %r" % (name,)) from None


DECODERS = {
    "int": lambda text: unlimited(int, text),
    "float": lambda text: float(text),
    "bytes": lambda text: bytes.fromhex(text),
    "tuple": lambda items: tuple([decode(item) for item in items]),
    "ref": lambda name: find(name),
}


def decode(value):
    """The Python value of an argument. BadRequest: it is none."""
    if type(value) is list:
        return [decode(item) for item in value]
    if type(value) is not dict:
        return value
    if len(value) == 1:
        ((kind, content),) = value.items()
        decoder = DECODERS.get(kind)
        if decoder is not None and type(content) is (list if kind == "tuple" else str):
            try:
                return decoder(content)
            except ValueError:
                pass
    raise BadRequest("no argument can be %s" % (value,))


def unique(pairs):
    """An object of JSON; a key that is there twice has no meaning that both sides agree on."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadRequest("a key is there twice")
    return result


def no_constant(name):
    raise BadRequest("%s is no JSON" % name)


class Syntax:
    """What json's scanner in C wants to know, in the names that it wants it."""

    strict = True
    array_hook = None  # Since 3.15.
    object_hook = None
    object_pairs_hook = staticmethod(unique)
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(no_constant)


def make_scan():
    if make_scanner is not None:
        try:
            return make_scanner(Syntax)
        except AttributeError:
            pass  # A version of Python that wants to know more: its json module knows what.
    from json import JSONDecoder

    return JSONDecoder(object_pairs_hook=unique, parse_constant=no_constant).scan_once


scan = make_scan()


def parse(line):
    """The request in a line. BadRequest: there is none."""
    try:
        text = line.decode().strip()
        request, end = scan(text, 0)
    except (ValueError, StopIteration, RecursionError, SystemError):
        # SystemError: until 3.11 the scanner finds its exception only where the json module is
        # loaded.
        raise BadRequest("the line is no JSON in UTF-8") from None
    if end != len(text) or type(request) is not dict:
        raise BadRequest("a line is one JSON object")
    return request


def raised_json(problem):
    """An exception as PROTOCOL.md, section 3 has it: `strerror` is the message of an OSError."""
    errno = None
    message = None
    if isinstance(problem, OSError):
        message = problem.strerror
        errno = problem.errno
    if type(message) is not str:
        try:
            message = str(problem)
        # An implementation under test may raise anything, even what cannot be shown.
        except Exception:
            message = ""
    return '{"type":%s,"message":%s,"errno":%s}' % (
        string_json(type(problem).__name__),
        string_json(message),
        errno if type(errno) is int else "null",
    )


# ---------------------------------------------------------------------------------- shared memory


class Tracker:
    """Keeps the resource tracker out of it.

    Registering a segment starts a tracker process, which outlives the scenario, is not in the
    implementation under test, and unlinks what other actors still use. From 3.13 on `track=False`
    avoids that; before, the two functions that SharedMemory calls are replaced by these, which do
    nothing for segments of `SharedMemory` requests. A segment made in any other way (by `eval`) is
    tracked as ever.
    """

    shared_memory_class = None
    takes_track = False
    quiet = _thread._local()  # .on while this thread constructs a segment.
    untracked = set()


def shared_memory_class():
    """multiprocessing.shared_memory.SharedMemory, prepared as Tracker says."""
    if Tracker.shared_memory_class is None:
        from multiprocessing import resource_tracker, shared_memory

        code = getattr(shared_memory.SharedMemory.__init__, "__code__", None)
        Tracker.takes_track = code is not None and "track" in code.co_varnames
        if not Tracker.takes_track:
            silence(resource_tracker)
        Tracker.shared_memory_class = shared_memory.SharedMemory
    return Tracker.shared_memory_class


def silence(resource_tracker):
    real_register, real_unregister = resource_tracker.register, resource_tracker.unregister

    def register(name, rtype):
        if rtype == "shared_memory" and getattr(Tracker.quiet, "on", False):
            Tracker.untracked.add(name)
        else:
            Tracker.untracked.discard(name)
            real_register(name, rtype)

    def unregister(name, rtype):
        # unlink() may come twice, for what another process made under the name since; and a constructor
        # that fails unregisters too.
        quiet = getattr(Tracker.quiet, "on", False) or name in Tracker.untracked
        if rtype != "shared_memory" or not quiet:
            real_unregister(name, rtype)

    resource_tracker.register = register
    resource_tracker.unregister = unregister


def make_shared_memory(*args, **kwargs):
    kind = shared_memory_class()
    if Tracker.takes_track:
        kwargs.setdefault("track", False)
        return kind(*args, **kwargs)
    Tracker.quiet.on = True
    try:
        return kind(*args, **kwargs)
    finally:
        Tracker.quiet.on = False


def read_memory(memory, start, stop):
    # The slice is released at once, not when PyPy collects it: while it lives the segment cannot be
    # closed.
    with memory.buf[start:stop] as part:
        return bytes(part)


def write_memory(memory, start, content):
    with memory.buf[start : start + len(content)] as part:
        part[:] = content


# --------------------------------------------------------------------------- synchronisation types


def sync_functions():
    """Lock, RLock, Semaphore, BoundedSemaphore, Condition, Event and Barrier, in a fork context:
    their semaphores have no name left and are inherited. `X.attach` makes one over SemLocks that
    are there by name, in the order in which Python keeps them."""
    result = {}
    for kind in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier"):
        result[kind] = make_maker(kind)
        if kind in ATTACHED:
            result[kind + ".attach"] = make_attacher(kind)
    return result


# The kinds and greatest values of the semaphores of each type; None is an argument.
MAX = getattr(getattr(_multiprocessing, "SemLock", None), "SEM_VALUE_MAX", None)
ATTACHED = {
    "Lock": [(1, 1)],
    "RLock": [(0, 1)],
    "Semaphore": [(1, MAX)],
    "BoundedSemaphore": [(1, None)],
    # The lock, and how many sleep, how many were woken, and what they sleep on.
    "Condition": [(0, 1), (1, MAX), (1, MAX), (1, MAX)],
    # Of the condition and its lock, and the flag.
    "Event": [(1, 1), (1, MAX), (1, MAX), (1, MAX), (1, MAX)],
}


def make_maker(kind):
    def make(*args, **kwargs):
        import multiprocessing

        return getattr(multiprocessing.get_context("fork"), kind)(*args, **kwargs)

    return make


def make_attacher(kind):
    shapes = ATTACHED[kind]

    def attach(*args):
        from multiprocessing import synchronize

        names = list(args)
        maxvalue = names.pop() if shapes[0][1] is None else None
        if len(names) != len(shapes):
            raise TypeError("%s.attach() takes %d names" % (kind, len(shapes)))
        states = [
            (0, shape[0], maxvalue if shape[1] is None else shape[1], name)
            for shape, name in zip(shapes, names)
        ]
        if kind == "Condition":
            return attach_condition(synchronize, synchronize.RLock, states)
        if kind == "Event":
            event = synchronize.Event.__new__(synchronize.Event)
            event._cond = attach_condition(synchronize, synchronize.Lock, states[:4])
            event._flag = attach_one(synchronize.Semaphore, states[4])
            return event
        return attach_one(getattr(synchronize, kind), states[0])

    return attach


def attach_one(kind, state):
    lock = kind.__new__(kind)
    lock.__setstate__(state)
    return lock


def attach_condition(synchronize, lock_kind, states):
    condition = synchronize.Condition.__new__(synchronize.Condition)
    semaphores = [attach_one(synchronize.Semaphore, state) for state in states[1:]]
    condition.__setstate__((attach_one(lock_kind, states[0]),) + tuple(semaphores))
    return condition


def handles_of(value):
    """The addresses of the semaphores that an object of these types, or a SemLock, sleeps on."""
    if isinstance_of(value, _multiprocessing.SemLock):
        handle = getattr(value, "handle", None)
        return [handle] if type(handle) is int else []
    if getattr(type(value), "__module__", None) != "multiprocessing.synchronize":
        return []
    parts = ("_semlock", "_lock", "_cond", "_flag")
    parts += ("_sleeping_count", "_woken_count", "_wait_semaphore")
    handles = []
    for part in parts:
        inner = getattr(value, part, None)
        if inner is not None and inner is not value:
            handles += handles_of(inner)
    return handles


# ------------------------------------------------------------------------------------- scripts


def run_python(source, *arguments):
    """What a fresh interpreter, with the flags of this one, prints that runs `source`: stdout, then
    stderr and how it ended, where there is something to tell."""
    import subprocess

    flags = subprocess._args_from_interpreter_flags()
    command = [sys.executable] + flags + ["-c", source] + [str(item) for item in arguments]
    with Process.fork_lock:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    # Until nobody holds the other ends: a resource tracker outlives the interpreter, and has the
    # last word.
    out, err = child.communicate()
    text = out.decode("utf-8", "replace").rstrip("\n")
    if err:
        text += "\n[stderr] " + err.decode("utf-8", "replace").rstrip("\n")
    if child.returncode:
        text += "\n[exit %d]" % child.returncode
    return text.lstrip("\n")


# -------------------------------------------------------------------------------------- operations

# What an expression may name besides objects and builtins, each imported when one first does.
EVAL_MODULES = frozenset("""
    _multiprocessing _posixshmem multiprocessing os sys pickle copy gc threading weakref decimal
    fractions ctypes errno inspect io itertools math mmap resource signal struct subprocess time
    types
""".split())
EVAL_SUBMODULES = (
    "context",
    "managers",
    "resource_tracker",
    "shared_memory",
    "spawn",
    "synchronize",
)


def names_in(code):
    """The names that a code object and those inside it look up, as variables or as attributes."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is type(code):
            names |= names_in(constant)
    return names


def eval_variables(code):
    """The variables of an expression: the objects, a few constants, and the modules that it
    names."""
    variables = {
        "RECURSIVE_MUTEX": 0,
        "SEMAPHORE": 1,
        "SEM_VALUE_MAX": getattr(_multiprocessing.SemLock, "SEM_VALUE_MAX", None),
        "SemLock": _multiprocessing.SemLock,
        "sem_unlink": getattr(_multiprocessing, "sem_unlink", None),
    }
    names = names_in(code)
    for name in names & EVAL_MODULES:
        try:
            variables[name] = __import__(name)
        except ImportError:
            continue  # Then the expression raises NameError, which is what there is to tell.
    if "multiprocessing" in names:
        for name in EVAL_SUBMODULES:
            if name in names:
                __import__("multiprocessing." + name)
    if "SharedMemory" in names:
        variables["SharedMemory"] = shared_memory_class()
    variables.update(Process.objects)
    return variables


def target(request):
    name = request.get("on")
    if name is None:
        raise BadRequest('"on" is missing')
    return find(name)


def count_args(args, least, most):
    if not least <= len(args) <= most:
        raise BadRequest("%d to %d arguments were expected, not %d" % (least, most, len(args)))


def prepare_get(request, args):
    count_args(args, 1, 1)
    return getattr, (target(request), args[0])


def prepare_del(request, args):
    target(request)
    return drop, (request["on"],)


def drop(name):
    del Process.objects[name]
    if sys.implementation.name != "cpython":
        import gc

        gc.collect()  # Without reference counts the object would live on for as long as it pleases.


def prepare_eval(request, args):
    count_args(args, 1, 1)
    try:
        code = compile(args[0], "<eval>", "eval")
    except (SyntaxError, TypeError, ValueError) as problem:
        raise BadRequest("no expression: %s" % problem) from None
    return eval, (code, eval_variables(code))


def prepare_read(request, args):
    return read_memory, (target(request),) + tuple(args)


def prepare_write(request, args):
    return write_memory, (target(request),) + tuple(args)


def prepare_exit(request, args):
    count_args(args, 1, 1)
    if type(args[0]) is not int:
        raise BadRequest("a status is an int")
    return os._exit, args


def prepare_reap(request, args):
    count_args(args, 1, 1)
    return reap, args


def prepare_end(request, args):
    count_args(args, 0, 0)
    if request["channel"] is Process.main:
        raise BadRequest("the main thread ends with its process only")
    return end_thread, ()


def end_thread():
    raise EndOfThread


def reap(pid):
    return os.waitpid(pid, 0)[1]


def prepare_rlimit(request, args):
    count_args(args, 2, 2)
    import resource

    which = getattr(resource, "RLIMIT_%s" % (args[0],), None)
    if which is None:
        raise BadRequest("no limit %r" % (args[0],))
    if args[0] == "AS" and args[1] != -1:  # not when it is lifted: until then there is none to be had
        keep_room()
    return set_soft_limit, (resource, which, args[1])


ROOM = []


def keep_room():
    """Free memory that the allocators have already, so that this adapter needs no more for a while.

    A block that stays keeps what lies before it from being given back. PyPy takes room when its
    nursery is full: it is emptied.
    """
    import gc

    for size, number in ((480, 1000), (4000, 250)):
        blocks = [bytes(size) for _ in range(number)]
        ROOM.append(blocks.pop())
        del blocks
    gc.collect()


def set_soft_limit(resource, which, soft):
    resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))


def prepare_hammer(request, args):
    count_args(args, 1, 1)
    lock = target(request)
    import mmap

    try:
        slot, slots = request["slot"], request["slots"]
        if type(args[0]) is not int or not 0 <= slot < slots:
            raise ValueError("rounds or slot")
        fd = os.open(request["witness"], os.O_RDWR)
        try:
            memory = mmap.mmap(fd, 8 * (slots + 1))
        finally:
            os.close(fd)
    except (KeyError, TypeError, ValueError, OSError) as problem:
        raise BadRequest("hammer: %s %s" % (type(problem).__name__, problem)) from None
    return hammer, (lock, args[0], memory, slot)


def hammer(lock, rounds, memory, slot):
    """PROTOCOL.md, section 7. Closes the memory."""
    acquire, release = lock.acquire, lock.release
    most_inside = 0
    with memory, memoryview(memory) as octets, octets.cast("Q") as entries, entries[1:] as owns:
        for index in range(rounds):
            acquire()
            owns[slot] += 1
            counter = entries[0]
            dwell(index, slot)
            entries[0] = counter + 1
            first, second = owns.tolist(), owns.tolist()
            inside = sum([1 for one, two in zip(first, second) if one == two and one & 1])
            if inside > most_inside:
                most_inside = inside
            owns[slot] += 1
            release()
    return rounds, most_inside


def dwell(index, slot):
    """Lets others in, if they can get in: by time, by giving up the interpreter's lock, or the
    CPU."""
    step = (index * 7 + slot * 5) % 16
    if step == 0:
        time.sleep(0)  # Gives up the interpreter's lock, for threads; it waits for nothing.
    elif step == 1:
        os.sched_yield()
    else:
        for _ in range(step * 4):
            pass


# ------------------------------------------------------------------------------------------- load


ROLES = ("guard", "put", "take", "pass")
LOADS = ("acquire", "try", "timed", "release", "_get_value", "_is_zero", "rebuild", "fork")  # From 1.
REFUSED, RAISED = -1, -2
RING_HEADER, RING_ENTRY = 8, 4  # In words of 64 bits.


def prepare_load(request, args):
    """PROTOCOL.md, section 10."""
    count_args(args, 3, 4)
    try:
        slot, slots = request["slot"], request["slots"]
        jobs = []
        names = [job[0] for job in args[0]]
        for name, role, count, *to in args[0]:
            jobs.append(Job(Process.objects[name], ROLES.index(role), count))
            jobs[-1].to = names.index(to[0]) if role == "pass" else None
        mix = [(LOADS.index(what), weight) for what, weight in args[1]]
        if not jobs or not 0 <= slot < slots or not any(w for m, w in mix if m < 3):
            raise ValueError("jobs, slot or mix")
        witness = map_words(request["witness"])
        ring = map_words(request["ring"]) if "ring" in request else None
        block = None
        if len(args) == 4:
            block = Process.objects[args[3]].buf[: 8 * len(jobs)].cast("Q")
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as problem:
        raise BadRequest("load: %s %s" % (type(problem).__name__, problem)) from None
    return Load(jobs, mix, args[2], witness, ring, block, slot, slots).run, ()


def map_words(path):
    import mmap

    fd = os.open(path, os.O_RDWR)
    try:
        memory = mmap.mmap(fd, os.fstat(fd).st_size)
    finally:
        os.close(fd)
    return memoryview(memory).cast("Q")


class Job:
    def __init__(self, lock, role, left):
        self.lock = lock
        self.role = role
        self.left = left
        self.recursive = lock.kind == 0
        self.failed_last = False
        self.acquired = self.released = self.failed = self.refused = self.most_inside = 0


class Load:
    def __init__(self, jobs, mix, seed, witness, ring, block, slot, slots):
        import random

        self.jobs = jobs
        self.draws = [what for what, weight in mix for _ in range(weight)]
        self.random = random.Random(seed).random
        self.witness = witness
        self.ring = ring
        self.block = block
        self.slot = slot
        self.slots = slots
        self.recording = ring is not None and len(ring) >= RING_HEADER + RING_ENTRY

    def run(self):
        draw, random, jobs = self.draws, self.random, self.jobs
        while True:
            first = int(random() * len(jobs))
            for index in range(first, first + len(jobs)):
                job = jobs[index % len(jobs)]
                if job.left > 0:
                    break
            else:
                break
            self.step(index % len(jobs), job, draw[int(random() * len(draw))])
        if self.block is not None:
            self.block.release()  # Else the SharedMemory could not be closed.
        return tuple(
            (job.acquired, job.released, job.failed, job.refused, job.most_inside) for job in jobs
        )

    def step(self, index, job, what):
        if what == 4 or what == 5:
            self.begin(index, what, 0)
            try:
                value = job.lock._get_value() if what == 4 else job.lock._is_zero()
            except BaseException:
                self.end(RAISED)
                raise
            self.end(int(value))
        elif what == 6:
            if job.role == 0:
                job.left -= 1
                lock = job.lock
                again = type(lock)._rebuild(lock.handle, lock.kind, lock.maxvalue, lock.name)
                self.guard(index, job, again, 2)
        elif what == 7:
            if job.role == 0:
                job.left -= 1
                self.fork(index, job)
        elif job.role == 0:
            job.left -= 1
            self.guard(index, job, job.lock, what)
        elif job.role == 1:
            job.left -= 1
            self.release(index, job, job.lock)
        else:  # A take is tried once, and then waited for.
            got = self.acquire(index, job, job.lock, 0 if job.failed_last else what)
            job.failed_last = not got
            job.left -= got
            if job.role == 3 and got:
                to = self.jobs[job.to]
                self.release(job.to, to, to.lock)

    def guard(self, index, job, lock, what):
        if not self.acquire(index, job, lock, what):
            return
        if self.ring is not None:
            self.ring[2] = index + 1
        self.inside(index, job)
        if job.recursive and self.random() < 0.25:
            if not lock.acquire():
                raise RuntimeError("the owner's acquire() returned False")
            lock.release()
        if self.ring is not None:
            self.ring[2] = 0
        self.release(index, job, lock)

    def inside(self, index, job):
        witness, base = self.witness, index * (self.slots + 1)
        own = base + 1 + self.slot
        witness[own] += 1
        counter = witness[base]
        block = self.block
        if block is not None:
            word = block[index]
        turns = self.random()
        for _ in range(int(turns * 8)):
            pass
        if turns > 31 / 32:
            os.sched_yield()
        witness[base] = counter + 1
        if block is not None:
            block[index] = word + 1
        if turns < 1 / 16:
            first = witness[base + 1 : base + 1 + self.slots].tolist()
            second = witness[base + 1 : base + 1 + self.slots].tolist()
            inside = sum([1 for one, two in zip(first, second) if one == two and one & 1])
            if inside > job.most_inside:
                job.most_inside = inside
        witness[own] += 1

    def fork(self, index, job):
        """A child does a round, while this actor waits for its end; its calls are this actor's."""
        quiet_fork()
        try:
            with Process.fork_lock:
                pid = os.fork()
        except OSError as problem:
            raise AdapterFault("fork: %s" % problem) from None
        if pid == 0:
            status = 2
            try:
                job.lock._after_fork()
                before = job.acquired
                self.guard(index, job, job.lock, 2)
                status = job.acquired - before
            finally:
                os._exit(status)
        status = os.waitpid(pid, 0)[1]
        if status not in (0, 256):
            raise RuntimeError("the forked child did not do its turn: status %d" % status)
        job.acquired += status >> 8
        job.released += status >> 8
        job.failed += not status

    def acquire(self, index, job, lock, what):
        timeout = int(self.random() * 301) if what == 2 else 0
        self.begin(index, what, timeout)
        try:
            if what == 0:
                got = lock.acquire()
            elif what == 1:
                got = lock.acquire(False)
            else:
                got = lock.acquire(True, timeout / 1e6)
        except BaseException:
            self.end(RAISED)
            raise
        self.end(int(got))
        if got:
            job.acquired += 1
        else:
            job.failed += 1
        return got

    def release(self, index, job, lock):
        self.begin(index, 3, 0)
        try:
            lock.release()
        except ValueError:
            self.end(REFUSED)
            job.refused += 1
        except BaseException:
            self.end(RAISED)
            raise
        else:
            self.end(0)
            job.released += 1

    def begin(self, index, what, timeout):
        """The entry before the call, and its number, so that it is there whatever happens."""
        ring = self.ring
        if ring is None:
            return
        begun = ring[1]
        if self.recording:
            at = self.at = RING_HEADER + begun * RING_ENTRY
            if at + RING_ENTRY <= len(ring):
                ring[at + 1] = 0
                ring[at + 2] = what + 1 | index << 16 | timeout << 32
                ring[at + 3] = 0
                ring[at] = now()
            else:
                self.recording = False
        ring[3] = index + 1
        ring[1] = begun + 1

    def end(self, result):
        if self.recording:
            end = now()
            self.ring[self.at + 3] = result & 0xFFFFFFFFFFFFFFFF
            self.ring[self.at + 1] = end


# ---------------------------------------------------------------------------------------- measure

MOST_ITEMS = 20000  # Of a list: it has to fit a line.
TURNS_A_LOOK = 16


def prepare_measure(request, args):
    """PROTOCOL.md, section 11."""
    call = MEASURES.get(args[0]) if args and type(args[0]) is str else None
    if call is None:
        raise BadRequest("measure: what? One of %s" % ", ".join(MEASURES))
    function, *checks = call
    if len(args) != len(checks) + 1 or not all(check(arg) for check, arg in zip(checks, args[1:])):
        raise BadRequest("measure: %s does not take %r" % (args[0], args[1:]))
    if function is measure_creations:
        return function, args[1:]
    lock = target(request)
    if function is measure_rebuilds and getattr(lock, "name", None) is None:
        # An object over somebody else's address closes the semaphore when it is dropped.
        raise BadRequest("measure: rebuilds takes a SemLock that has a name")
    if function is measure_hand_over:
        return function, (lock, args[1], args[2], find(args[3]))
    return function, [lock] + list(args[1:])


def is_number_of_turns(value):
    return type(value) is int and 1 <= value < 1 << 63


def is_number_of_items(value):
    return type(value) is int and 1 <= value <= MOST_ITEMS


def is_ns(value):
    return type(value) is int and 0 <= value < 1 << 63


def is_seconds(value):
    return type(value) is int or type(value) is float


def is_int(value):
    return type(value) is int


def is_str(value):
    return type(value) is str


# Each is written as those write it who are in a hurry: the methods in local variables, a loop that
# does nothing else. A list is as long as it will be before anything is timed.


def measure_pairs(lock, turns, bursts):
    acquire, release = lock.acquire, lock.release
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            acquire()
            release()
        durations[burst] = now() - begin
    return durations


def measure_tries(lock, turns, bursts):
    acquire = lock.acquire
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            if acquire(False):
                raise RuntimeError("acquire(False) returned True")
        durations[burst] = now() - begin
    return durations


def measure_values(lock, turns, bursts):
    get_value = lock._get_value
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            get_value()
        durations[burst] = now() - begin
    return durations


def measure_rebuilds(lock, turns, bursts):
    rebuild = _multiprocessing.SemLock._rebuild
    handle, kind, maxvalue, name = lock.handle, lock.kind, lock.maxvalue, lock.name
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            rebuild(handle, kind, maxvalue, name)
        durations[burst] = now() - begin
    return durations


def measure_creations(turns, bursts, kind, name):
    create = _multiprocessing.SemLock
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            create(kind, 1, 1, name, True)
        durations[burst] = now() - begin
    return durations


def measure_forks(lock, turns, bursts):
    quiet_fork()
    rebuild = _multiprocessing.SemLock._rebuild
    handle, kind, maxvalue, name = lock.handle, lock.kind, lock.maxvalue, lock.name
    durations = [0] * bursts
    for burst in range(bursts):
        begin = now()
        for _ in repeat(None, turns):
            try:
                with Process.fork_lock:
                    pid = os.fork()
            except OSError as problem:
                raise AdapterFault("fork: %s" % problem) from None
            if pid == 0:
                status = 1
                try:
                    rebuild(handle, kind, maxvalue, name)
                    status = 0
                finally:
                    os._exit(status)
            status = os.waitpid(pid, 0)[1]
            if status != 0:
                raise RuntimeError("the forked child did not do its turn: status %d" % status)
        durations[burst] = now() - begin
    return durations


def measure_timeouts(lock, seconds, turns):
    acquire = lock.acquire
    durations = [0] * turns
    for turn in range(turns):
        begin = now()
        if acquire(True, seconds):
            raise RuntimeError("acquire() with a timeout returned True")
        durations[turn] = now() - begin
    return durations


def measure_until(lock, instant):
    acquire, release = lock.acquire, lock.release
    turns = 0
    while True:
        for _ in repeat(None, TURNS_A_LOOK):
            acquire()
            release()
        turns += TURNS_A_LOOK
        if now() >= instant:
            return turns


def measure_hand_over(lock, turns, idle, other):
    acquire, release = lock.acquire, other.release
    stamps = [0] * turns
    for turn in range(turns):
        acquire()
        stamp = now()
        if idle:
            # The CPU is given up meanwhile, so that whoever is about to wait for `other` gets there.
            end = stamp + idle
            while now() < end:
                os.sched_yield()
        release()
        stamps[turn] = stamp
    return stamps


# What each takes after its name.
BURSTS = (is_number_of_turns, is_number_of_items)
MEASURES = {
    "pairs": (measure_pairs,) + BURSTS,
    "tries": (measure_tries,) + BURSTS,
    "values": (measure_values,) + BURSTS,
    "rebuilds": (measure_rebuilds,) + BURSTS,
    "creations": (measure_creations,) + BURSTS + (is_int, is_str),
    "forks": (measure_forks,) + BURSTS,
    "timeouts": (measure_timeouts, is_seconds, is_number_of_items),
    "until": (measure_until, is_ns),
    "hand_over": (measure_hand_over, is_number_of_items, is_ns, is_str),
}


# ----------------------------------------------------------------------------------------- actors


def prepare_fork(request, args):
    count_args(args, 1, 1)
    quiet_fork()
    return fork, (channel_path(args[0]),)


def quiet_fork():
    """Since 3.12 a fork beside threads warns. It is what the scenario asked for, and stderr is kept
    for failures."""
    if sys.version_info >= (3, 12):
        import warnings

        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)


def fork(path):
    """The child's pid; the child itself never returns.

    Signals wait until the child has said hello: its handlers' notes have no channel before.
    """
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    try:
        with Process.fork_lock:
            pid = os.fork()
        if pid == 0:
            run_child(path, before)
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
    return pid


def run_child(path, mask):
    """A forked child's life. The frames below it belong to the parent's copy: they are never
    returned to."""
    status = 1
    try:
        for channel in Process.channels:
            channel.close()
        Process.channels = set()
        Process.main = open_channel(path)
        Process.main.send(hello_line(False))
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        status = serve(Process.main)
    except BaseException:
        report_bug()
    finally:
        os._exit(status)


def prepare_thread(request, args):
    count_args(args, 1, 1)
    return start_thread, (channel_path(args[0]),)


def start_thread(path):
    # Not threading.Thread: that one waits for the thread to run, and joins it when the process
    # ends.
    _thread.start_new_thread(run_thread, (path,))


def run_thread(path):
    try:
        channel = open_channel(path)
        channel.send(hello_line(False))
        try:
            status = serve(channel)
        except EndOfThread:
            status = 0
        with Process.fork_lock:
            Process.channels.discard(channel)
            channel.close()
    except BaseException:
        report_bug()
        status = 1
    if status:
        # An adapter that failed ends as a whole, so that nobody waits for the rest of it.
        os._exit(status)


def prepare_spawn(request, args):
    count_args(args, 1, 1)
    quiet_fork()
    environment = dict(os.environ)
    environment["LOCKSTEP_CHANNEL"] = channel_path(args[0])
    environment["LOCKSTEP_OBJECTS"] = encode(recipes())
    # The same command line as this process has, flags of the interpreter included.
    with open("/proc/self/cmdline", "rb") as file:
        command = file.read().split(b"\0")[1:-1]
    return spawn, ([os.fsencode(sys.executable)] + command, environment)


def recipes():
    """How to make the objects of this process anew: those that have a name to find them by."""
    result = []
    for name, value in list(Process.objects.items()):  # Other threads may add to it meanwhile.
        if isinstance_of(value, _multiprocessing.SemLock) and value.name is not None:
            result.append((name, "SemLock", value.handle, value.kind, value.maxvalue, value.name))
        elif isinstance_of(value, Tracker.shared_memory_class):
            result.append((name, "SharedMemory", value.name))
    return result


def isinstance_of(value, kind):
    return isinstance(kind, type) and isinstance(value, kind)


def spawn(command, environment):
    with Process.fork_lock:
        if hasattr(os, "posix_spawn"):
            return os.posix_spawn(command[0], command, environment)
        pid = os.fork()  # PyPy has only this.
    if pid == 0:
        try:
            os.execve(command[0], command, environment)
        except BaseException:
            report_bug()
        finally:
            os._exit(127)
    return pid


def rebuild_objects(text):
    """Makes the objects that `recipes` described. The first exception of that, or None."""
    problem = None
    for item in decode(scan(text, 0)[0]):
        try:
            if item[1] == "SemLock":
                Process.objects[item[0]] = _multiprocessing.SemLock._rebuild(*item[2:])
            else:
                Process.objects[item[0]] = make_shared_memory(name=item[2])
        except BaseException as raised:
            problem = problem or raised
    return problem


def report_bug():
    import traceback

    traceback.print_exc()


# ----------------------------------------------------------------------------------------- signals


def prepare_on_signal(request, args):
    count_args(args, 2, 3)
    name, action = args[0], args[1]
    number = getattr(_signal, name, None) if type(name) is str and name.startswith("SIG") else None
    if type(number) is not int or name.startswith("SIG_"):
        raise BadRequest("no signal %r" % (name,))
    if request.get("channel") is not Process.main:
        raise Unsupported("Python installs handlers in a process's main thread only")
    if action == "ignore":
        handler = _signal.SIG_IGN
    elif action == "default":
        handler = _signal.SIG_DFL
    else:
        handler = make_handler(name, action, args[2] if len(args) > 2 else None)
    return install, (number, handler, action == "raise", request.get("restart") is True)


def install(number, handler, raises, restart):
    _signal.signal(number, handler)
    if restart:
        _signal.siginterrupt(number, False)
    if raises:
        Process.raisers.add(number)
    else:
        Process.raisers.discard(number)


def make_handler(name, action, detail):
    note = b'{"handled":"%s"}\n' % name.encode()
    if action == "return":
        return lambda number, frame: Process.main.note(note)
    if action == "call":
        if type(detail) is not dict:
            raise BadRequest('"call" wants a request')

        def call(number, frame):
            try:
                perform(Process.main, detail, None)
            except Exception:
                report_bug()
            Process.main.note(note)

        return call
    if action == "raise":
        kind = getattr(sys.modules["builtins"], detail, None) if type(detail) is str else None
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise BadRequest("no exception %r" % (detail,))

        def throw(number, frame):
            Process.main.note(note)
            window = Process.main.window
            if window is not None and len(window) == 1:
                raise kind(name)

        return throw
    raise BadRequest("no action %r" % (action,))


def call_exactly(channel, call, args, kwargs):
    """(begin, value, end) of a call that a handler may break off by raising, and nothing but the
    call.

    The interpreter runs handlers between any two of its instructions; a handler that raised after
    the call's last and before the first that keeps its result would lose that result, and one that
    raised outside would stop the actor. Here the stamp before, the call and the stamp after are
    taken by one C function, between whose steps no handler runs; and a handler knows by the number
    of results how far it is: one means that the call has begun and is not over.
    """
    if kwargs:
        from functools import partial

        call = partial(call, **kwargs)
    outer = channel.window  # Of the call that this one's handler interrupted, if it did.
    channel.window = window = deque()
    try:
        window.extend(chain(starmap(now, ((),)), starmap(call, (args,)), starmap(now, ((),))))
        return window
    finally:
        channel.window = outer


# -------------------------------------------------------------------------------------------- loop

METHODS = frozenset("""
    acquire release _count _is_mine _get_value _is_zero _after_fork __enter__ __exit__ close unlink
    locked get_value wait notify notify_all is_set set clear reset abort
""".split())
# What may sleep on a semaphore, or take long. Of the types over SemLock every method may: they take
# their locks.
BLOCKING = frozenset("""
    acquire __enter__ hammer load measure eval python wait notify notify_all is_set set clear reset abort
""".split())
# The adapter's own work, of which a half is of no use: what a handler raises meanwhile is dropped.
UNBROKEN = frozenset(("fork", "thread", "spawn", "on_signal"))
PREPARED = {
    "get": prepare_get,
    "del": prepare_del,
    "eval": prepare_eval,
    "read": prepare_read,
    "write": prepare_write,
    "exit": prepare_exit,
    "end": prepare_end,
    "reap": prepare_reap,
    "rlimit": prepare_rlimit,
    "hammer": prepare_hammer,
    "load": prepare_load,
    "measure": prepare_measure,
    "fork": prepare_fork,
    "thread": prepare_thread,
    "spawn": prepare_spawn,
    "on_signal": prepare_on_signal,
}


def functions():
    """The operations that are one function, called with the arguments as they come."""
    result = {
        "nop": lambda: None,
        "ftruncate": os.ftruncate,
        "fstat_size": lambda fd: os.fstat(fd).st_size,
        "close_fd": os.close,
        "umask": os.umask,
    }
    if hasattr(_multiprocessing, "SemLock"):
        result["SemLock"] = _multiprocessing.SemLock
        result["SemLock._rebuild"] = getattr(_multiprocessing.SemLock, "_rebuild", None)
    result["sem_unlink"] = getattr(_multiprocessing, "sem_unlink", None)
    if _posixshmem is not None:
        result["shm_open"] = _posixshmem.shm_open
        result["shm_unlink"] = _posixshmem.shm_unlink
        result["SharedMemory"] = make_shared_memory
    if "sync" in CAPABILITIES:
        result.update(sync_functions())
    result["python"] = run_python
    return {name: function for name, function in result.items() if function is not None}


FUNCTIONS = functions()


def resolve(channel, request, op, args, kwargs):
    """The callable of an operation and its arguments. BadRequest, Unsupported."""
    if op in METHODS:
        owner = target(request)
        call = getattr(owner, op, None)
        # What is not there raises AttributeError within the call, as it would in a script.
        return (call, args) if call is not None else (getattr, (owner, op))
    call = FUNCTIONS.get(op)
    if call is not None:
        return call, args
    prepare = PREPARED.get(op)
    if prepare is None:
        raise Unsupported("Python's adapter has no operation %s" % (op,))
    if kwargs:
        raise BadRequest("%s has no keyword arguments" % op)
    if op == "on_signal" or op == "end":
        request = dict(request, channel=channel)
    return prepare(request, args)


def may_block(op, args, kwargs):
    if op != "acquire":
        return True
    return (args[0] if args else kwargs.get("block", True)) is not False


def arguments(request):
    """The positional and keyword arguments of a request, decoded. BadRequest."""
    args = request.get("args", ())
    if args:
        if type(args) is not list:
            raise BadRequest('"args" is a list')
        # An argument of on_signal may be a request, which is decoded when it is performed.
        if request.get("op") != "on_signal":
            for value in args:
                if type(value) is dict or type(value) is list:
                    args = [decode(item) for item in args]
                    break
    kwargs = request.get("kwargs")
    if kwargs:
        if type(kwargs) is not dict:
            raise BadRequest('"kwargs" is an object')
        return args, {key: decode(value) for key, value in kwargs.items()}
    return args, {}


def perform(channel, request, number):
    """Does what a request says and returns the reply's outcome as JSON text, from `"begin"` to its
    end.

    `number` is the request's id; None, as a handler has it, announces nothing. Nothing of the
    objects involved is kept afterwards, so that `del` really drops the last reference.
    """
    try:
        op = request.get("op")
        if type(op) is not str:
            raise BadRequest('"op" is missing')
        args, kwargs = arguments(request)
        call, args = resolve(channel, request, op, args, kwargs)
    except BadRequest as problem:
        return '"error":' + string_json(str(problem))
    except Unsupported as problem:
        return '"unsupported":' + string_json(str(problem))
    if number is not None and op in BLOCKING and may_block(op, args, kwargs):
        channel.send(b'{"calling":%d,"begin":%d}\n' % (number, now()))
    begin = now()
    if "at" in request:
        while now() < request["at"]:  # It spins, so that two calls can be made to meet.
            pass
    try:
        if Process.raisers and channel is Process.main and op not in UNBROKEN:
            begin, value, end = call_exactly(channel, call, args, kwargs)
        elif kwargs:
            begin = now()
            value = call(*args, **kwargs)
            end = now()
        else:
            begin = now()
            value = call(*args)
            end = now()
    except EndOfThread:
        raise
    except AdapterFault as problem:
        return '"error":' + string_json(str(problem))
    except BaseException as problem:
        return '"begin":%d,"end":%d,"raised":%s' % (begin, now(), raised_json(problem))
    if "as" in request:
        return '"begin":%d,"end":%d,%s' % (begin, end, keep(request["as"], value))
    return '"begin":%d,"end":%d,"returned":%s' % (begin, end, encode(value))


def keep(name, value):
    """Keeps a result under its name, and tells what it is and where its semaphores are."""
    if type(name) is not str:
        return '"error":"\\"as\\" is a name"'
    Process.objects[name] = value
    text = '"returned":' + encode(value)
    handles = handles_of(value)
    if not handles:
        return text
    return text + ',"handle":' + ("%d" % handles[0] if len(handles) == 1 else encode(handles))


def answer(channel, line):
    """The reply to one line, as bytes with its end; none to a welcome, and None to a goodbye."""
    number = 0  # What a line that has no id is answered with: no request has it.
    try:
        request = parse(line)
        number = request.get("id")
        if type(number) is not int or number <= 0:
            if "welcome" in request:
                return b""
            if "goodbye" in request:
                return None
            number = 0
            raise BadRequest('"id" is a positive integer')
        reply = b'{"id":%d,%s}\n' % (number, perform(channel, request, number).encode())
        if len(reply) <= LINE_LIMIT:
            return reply
        problem = "the reply is longer than a line may be"
    except BadRequest as bad:
        problem = str(bad)
    except Exception as bug:
        place = bug.__traceback__
        while place.tb_next is not None:
            place = place.tb_next
        problem = "the adapter failed at line %d: %s: %s" % (place.tb_lineno, type(bug).__name__, bug)
    return b'{"id":%d,"error":%s}\n' % (number, string_json(problem).encode())


def serve(channel):
    """Answers requests until the end of file; the exit status that the actor's process should
    have."""
    while True:
        try:
            line = channel.read_line()
        except ValueError as problem:  # There is no telling where the next request begins.
            channel.send(b'{"id":0,"error":%s}\n' % string_json(str(problem)).encode())
            return 2
        reply = answer(channel, line) if line is not None else None
        if reply is None:
            return 0
        if reply:
            channel.send(reply)


# ------------------------------------------------------------------------------------------- hello


def version_text(version):
    stage = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(version.releaselevel)
    text = "%d.%d.%d" % version[:3]
    return text + "%s%d" % (stage, version.serial) if stage else text


def sanitizers():
    """The sanitizers whose libraries are loaded."""
    try:
        with open("/proc/self/maps") as file:
            maps = file.read()
    except OSError:
        return []
    known = (("asan", "address"), ("tsan", "thread"), ("ubsan", "undefined"), ("lsan", "leak"))
    return [name for library, name in known if "/lib%s.so" % library in maps]


def build_info():
    build = {"full": sys.version, "debug": hasattr(sys, "gettotalrefcount")}
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        libc = None  # Another libc than glibc has no name to ask it for.
    if libc:
        build["libc"] = libc
    if hasattr(sys, "_is_gil_enabled"):
        build["gil"] = sys._is_gil_enabled()
    elif sys.implementation.name in ("cpython", "pypy"):
        build["gil"] = True
    if sanitizers():
        build["sanitizer"] = ",".join(sanitizers())
    return build


def hello_line(whole, raised=None):
    fields = ['"protocol":%d,"pid":%d,"tid":%d' % (PROTOCOL, os.getpid(), get_tid())]
    if whole:
        capabilities = CAPABILITIES + (["shm"] if _posixshmem is not None else [])
        build = ["%s:%s" % (quote(key), encode(value)) for key, value in build_info().items()]
        fields += [
            '"implementation":' + quote(sys.implementation.name),
            '"version":' + quote(version_text(sys.implementation.version)),
            '"language":"python"',
            '"like":"%d.%d"' % sys.version_info[:2],
            '"capabilities":' + encode(capabilities),
            '"build":{%s}' % ",".join(build),
        ]
    if raised is not None:
        fields.append('"raised":' + raised_json(raised))
    return b'{"hello":{%s}}\n' % ",".join(fields).encode()


def preload():
    """Imports what forked children will want, once, after hello: each import costs them
    milliseconds, and some could not be made any more below a limit on descriptors or memory."""
    import functools
    import mmap
    import resource
    import warnings

    if _posixshmem is not None:
        shared_memory_class()
    if "sync" in CAPABILITIES:
        import multiprocessing.synchronize
    return functools, mmap, resource, warnings


def main():
    # As in any other language: SIGINT ends the process, and raises nothing in the midst of the
    # loop.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    path = os.environ.pop("LOCKSTEP_CHANNEL", None)
    recipes_text = os.environ.pop("LOCKSTEP_OBJECTS", None)
    if path is None:
        Process.main = channel_by_hand()
    else:
        Process.folder = os.path.dirname(path)
        Process.main = open_channel(path)
    problem = rebuild_objects(recipes_text) if recipes_text is not None else None
    Process.main.send(hello_line(True, problem))
    problem = None
    if recipes_text is None:
        preload()
    return serve(Process.main)


if __name__ == "__main__":
    exit_status = 1
    try:
        exit_status = main()
    except BaseException:
        report_bug()
    finally:
        # Without Python's own finalisation: threads may be blocked, and children must not run it
        # either.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_status)
