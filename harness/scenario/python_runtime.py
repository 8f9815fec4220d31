# SPDX-License-Identifier: MIT
# What the transcript above is made of. This process only watches: each actor is a process or a
# thread of one, and gets its calls through a pipe.
import ast
import builtins
import ctypes
import errno
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from math import inf, nan

import _multiprocessing
import _posixshmem
import multiprocessing.synchronize
from multiprocessing import Pipe, resource_tracker, shared_memory

LIMIT = 30  # seconds that nothing here takes unless it hangs
TOKEN = "lockstep-%d" % os.getpid()
FUTEX = {"x86_64": 202, "i686": 240, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238}
DIFFERENCE = "%s\n  expected  %s\n  actual    %s"
LIBC = ctypes.CDLL(None, use_errno=True)


def fresh(name):
    """NAME, NAME2 ... with a leading slash, BARE, BARE2 ... the same names without it."""
    return "/" * name.startswith("NAME") + "%s-%s" % (TOKEN, name[4:] or 1)


# ------------------------------------------------------------------------------ the actors' side


class Thing:
    """Stands for an object that stays in its process."""

    def __init__(self, kind):
        self.kind = kind

    def __repr__(self):
        return "<%s>" % self.kind


def plain(value):
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    if value is None or type(value) in (bool, int, float, str, bytes):
        return value
    return Thing(type(value).__name__)


def fstat_size(fd):
    return os.fstat(fd).st_size


def rlimit(name, soft):
    which = getattr(resource, "RLIMIT_" + name)
    resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))


def python(source, *arguments):
    """What the interpreter prints that runs `source`: stdout, then stderr and how it ended, where
    there is something to tell."""
    command = [sys.executable, "-c", source] + [str(argument) for argument in arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    text = done.stdout.decode(errors="replace").rstrip("\n")
    if done.stderr:
        text += "\n[stderr] " + done.stderr.decode(errors="replace").rstrip("\n")
    if done.returncode:
        text += "\n[exit %d]" % done.returncode
    return text.lstrip("\n")


# The names that a call may use, and the objects of the process: its threads share them, a forked
# child has a copy.
OBJECTS = {
    "SemLock": _multiprocessing.SemLock,
    "sem_unlink": _multiprocessing.sem_unlink,
    "shm_open": _posixshmem.shm_open,
    "shm_unlink": _posixshmem.shm_unlink,
    "SharedMemory": shared_memory.SharedMemory,
    "ftruncate": os.ftruncate,
    "fstat_size": fstat_size,
    "close_fd": os.close,
    "umask": os.umask,
    "rlimit": rlimit,
    "nop": lambda: None,
    "python": python,
    "RECURSIVE_MUTEX": 0,
    "SEMAPHORE": 1,
    "SEM_VALUE_MAX": _multiprocessing.SemLock.SEM_VALUE_MAX,
    "nan": nan,
    "inf": inf,
}
for kind in "Lock RLock Semaphore BoundedSemaphore Condition Event Barrier".split():
    # Unlinked at once and inherited, whatever the default of this version is.
    OBJECTS[kind] = getattr(multiprocessing.get_context("fork"), kind)
for module in (  # which an eval() may name
    "copy ctypes decimal errno fractions gc inspect io itertools math mmap multiprocessing os"
    " pickle resource signal struct subprocess sys threading time types weakref"
    " _multiprocessing _posixshmem"
).split():
    OBJECTS[module] = __import__(module)
MAIN = {"pipe": None, "in_call": False}  # of the actor that is the main thread of this process
PIPES = []  # a pair for each actor, made before any of them: (this process's end, the actor's end)


def call(source):
    """Does one call. What an assignment assigns is kept in OBJECTS."""
    node = ast.parse(source).body[0]
    keep = None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        keep = node.targets[0].id
    if keep or isinstance(node, ast.Expr):
        code, run = compile(ast.Expression(node.value), "<call>", "eval"), eval
    else:
        code, run = compile(source, "<call>", "exec"), exec
    begin = time.monotonic()
    try:
        value = run(code, OBJECTS)
        end = time.monotonic()
    except BaseException as error:
        end = time.monotonic()
        is_os_error = isinstance(error, OSError)
        text = error.strerror if is_os_error else str(error)
        number = error.errno if is_os_error else None
        return "raised", (type(error).__name__, text or "", number, is_os_error), end - begin
    if keep:
        OBJECTS[keep] = value
    return "returned", plain(value), end - begin


def act(index):
    """An actor's life: one request after the other."""
    pipe = PIPES[index][1]
    is_main = threading.current_thread() is threading.main_thread()
    if is_main:
        MAIN["pipe"] = pipe
    pipe.send(("hello", os.getpid(), threading.get_native_id()))
    while True:
        try:
            request, argument = pipe.recv()
        except EOFError:
            os._exit(0)
        if request == "call":
            MAIN["in_call"] = MAIN["in_call"] or is_main
            answer = call(argument)
            MAIN["in_call"] = MAIN["in_call"] and not is_main
            pipe.send(answer)
        elif request == "fork":
            if os.fork() == 0:
                act(argument)
        elif request == "thread":
            threading.Thread(target=act, args=(argument,), daemon=True).start()
        elif request == "on":
            pipe.send(install(*argument))
        elif request == "recipes":
            recipes = [recipe_of(name, made) for name, made in OBJECTS.items()]
            pipe.send(("returned", [recipe for recipe in recipes if recipe], 0))
        elif request == "keep":
            OBJECTS.update(argument)


def recipe_of(name, made):
    """The call that makes an object anew, elsewhere, from its name; None if there is none."""
    if isinstance(made, _multiprocessing.SemLock) and made.name:
        arguments = (made.handle, made.kind, made.maxvalue, made.name)
        return "%s = SemLock._rebuild(%r, %r, %r, %r)" % ((name,) + arguments)
    if isinstance(made, shared_memory.SharedMemory):
        return "%s = SharedMemory(%r)" % (name, made.name)
    return None


def without_privileges():
    """The superuser gets what any other user does: permissions count."""
    LIBC.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())


def install(name, action, argument, restart):
    number = getattr(signal, name)

    def handler(*_):
        MAIN["pipe"].send(("handled", name))
        if action == "call":
            call(argument)
        if action == "raise" and MAIN["in_call"]:
            raise getattr(builtins, argument)(name)

    standard = {"ignore": signal.SIG_IGN, "default": signal.SIG_DFL}
    signal.signal(number, standard.get(action, handler))
    signal.siginterrupt(number, not restart)
    return "returned", None, 0


# ----------------------------------------------------------------------------- the watcher's side


class Actor:
    def __init__(self, process=None):
        self.index = len(ALL)
        self.pipe = PIPES[self.index][0]
        # What is known of its process: the pid, and the values that calls kept.
        self.process = {} if process is None else process
        self.tid = 0
        self.notes = []  # signals that its handlers handled
        self.answers = []  # that nothing has judged yet
        self.source = ""  # of the call in flight
        ALL.append(self)


class Wrong(Exception):
    pass


ACTORS = {}
ALL = []
LEFT = []
HAMMERED = []


def wait_until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise Wrong("%s did not come about in %d seconds" % (what, LIMIT))
        time.sleep(0.0002)


def proc(actor, name):
    with open("/proc/%d/task/%d/%s" % (actor.process["pid"], actor.tid, name)) as file:
        return file.read()


def state(pid):
    """R, S, T, Z ... and the status with which a zombie ended."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[0], int(fields[-1])


def is_blocked(actor):
    """In a futex call on shared memory: an interpreter's own locks are private memory."""
    try:
        fields = proc(actor, "syscall").split()
        if state(actor.process["pid"])[0] in "ZT" or fields[0] != str(FUTEX[platform.machine()]):
            return False
        address = int(fields[1], 16)
        for line in proc(actor, "maps").splitlines():
            first, last = (int(part, 16) for part in line.split()[0].split("-"))
            if first <= address < last:
                return line.split()[1][3] == "s"
    except (FileNotFoundError, ProcessLookupError):
        pass
    return False


def has_answer(actor):
    """Whether a call has ended; notes of handlers are put aside."""
    while actor.pipe.poll():
        line = actor.pipe.recv()
        if line[0] == "handled":
            actor.notes.append(line[1])
        else:
            actor.answers.append(line)
    if not actor.answers and "pid" in actor.process and state(actor.process["pid"])[0] == "Z":
        actor.answers.append(("died", state(actor.process["pid"])[1], 0))
    return bool(actor.answers)


def answer_of(actor):
    wait_until(lambda: has_answer(actor), actor.source or "an answer")
    return actor.answers.pop(0)


def hello(name, actor):
    """What a new actor says first, or what kept it from that."""
    answer = answer_of(actor)
    if answer[0] == "hello":
        actor.process["pid"], actor.tid = answer[1:]
        ACTORS[name] = actor
    return answer


def outcome_text(outcome):
    kind, value = outcome[:2]
    if kind == "returned":
        return "-> %r" % (value,)
    if kind == "raised":
        errno = ", errno %s" % value[2] if value[3] else ""
        return "raises %s%s: %s" % (value[0], errno, value[1])
    return "died, wait status %d" % value if kind == "died" else "-> " + kind


class Expected:
    def __init__(self, text, matches):
        self.text, self.matches = text, matches

    def __or__(self, other):
        text = "%s or %s" % (self.text, other.text)
        return Expected(text, lambda outcome: self.matches(outcome) or other.matches(outcome))


def returns(value):
    # Texts tell what == does not: True from 1, 1 from 1.0, 0.0 from -0.0; and nan is nan.
    return Expected("-> %r" % (value,), lambda o: o[0] == "returned" and repr(o[1]) == repr(value))


def returns_a(kind):
    return Expected("-> " + kind.__name__, lambda o: o[0] == "returned" and type(o[1]) is kind)


def returns_like(pattern):
    wanted = ".*".join(re.escape(part) for part in pattern.split("..."))

    def matches(outcome):
        value = outcome[1]
        is_text = outcome[0] == "returned" and type(value) is str
        return is_text and re.fullmatch(wanted, value, re.DOTALL) is not None

    return Expected("-> like %r" % (pattern,), matches)


def raises(kind, message=None, errno=None, any_errno=False):
    wanted = ".*".join(re.escape(part) for part in (message or "...").split("..."))

    def matches(outcome):
        if outcome[0] != "raised":
            return False
        name, text, number, is_os_error = outcome[1]
        right = name == kind
        if errno or any_errno:  # whatever its subclass: the number says it all
            right = is_os_error and (any_errno or number == errno)
        return right and re.fullmatch(wanted, text, re.DOTALL) is not None

    number = ", errno %d" % errno if errno else ""
    return Expected("raises " + kind + number + (": " + message if message else ""), matches)


anything = Expected("-> anything", lambda o: o[0] == "returned")
blocked = Expected("-> blocked", lambda o: o[0] == "blocked")
not_raising = Expected("that it does not raise", lambda o: o[0] == "returned")


def show(*words):
    print(*words, flush=True)


def judge(name, expected, after, outcome):
    actor = ACTORS[name]
    what, actual = "%s %s" % (name, actor.source), outcome_text(outcome)
    show("%-3s %s   %s" % (name, actor.source, actual))
    if not expected.matches(outcome):
        raise Wrong(DIFFERENCE % (what, expected.text, actual))
    # CPython computes its deadlines in microseconds of another clock: 0.2 ms early is on time.
    if after is not None and not after - 0.0002 <= outcome[2] <= after + 1:
        raise Wrong(DIFFERENCE % (what, "after %.6f s" % after, "after %.6f s" % outcome[2]))
    keep = re.match(r"(\w+) = ", actor.source)
    if keep and outcome[0] == "returned":
        actor.process.setdefault("kept", {})[keep.group(1)] = outcome[1]


def begin(name, source, **given):
    """Sends a call. `given`: values of other processes, as the call names them."""
    actor = ACTORS[name]
    if given:
        actor.pipe.send(("keep", given))
    actor.source = source
    actor.pipe.send(("call", source))


def finish(name, expected=not_raising, after=None):
    """Waits for the end of a call, or until it is blocked where that is expected."""
    actor = ACTORS[name]
    if expected.matches(("blocked", None, 0)):
        what = "%s %s -> blocked" % (name, actor.source)
        wait_until(lambda: has_answer(actor) or is_blocked(actor), what)
        if not has_answer(actor):
            return judge(name, expected, None, ("blocked", None, 0))
    outcome = answer_of(actor)
    if actor.source.startswith("hammer("):
        HAMMERED.append(outcome[1])
    return judge(name, expected, after, outcome)


def do(name, source, expected=not_raising, after=None, **given):
    begin(name, source, **given)
    finish(name, expected, after)


def value(name, source):
    """A value that an actor kept, or an attribute of an object of its process."""
    actor = ACTORS[name]
    kept = actor.process.get("kept", {})
    if source in kept:
        return kept[source]
    actor.pipe.send(("call", source))
    return answer_of(actor)[1]


def one_of(names, expected, winner=None, others=(), after=None):
    """Exactly one call in flight ends."""
    actors = {name: ACTORS[name] for name in names}
    what = ", ".join(names)
    wait_until(lambda: any(has_answer(actor) for actor in actors.values()), "one of " + what)
    first, *more = [name for name in names if has_answer(actors[name])]
    if more:
        raise Wrong("more than one of %s came back" % what)
    judge(first, expected, after, answer_of(actors[first]))
    if winner:
        ACTORS[winner] = actors[first]
    for other, name in zip(others, [name for name in names if name != first]):
        ACTORS[other] = actors[name]


def still_blocked(name):
    actor = ACTORS[name]
    wait_until(lambda: has_answer(actor) or is_blocked(actor), "%s still blocked" % name)
    if has_answer(actor):
        what, actual = "%s %s" % (name, actor.source), outcome_text(answer_of(actor))
        raise Wrong(DIFFERENCE % (what, "still blocked", actual))
    show("%-3s still blocked" % name)


def create(how, parent, child):
    """A forked child or a thread of `parent`."""
    actor = Actor(ACTORS[parent].process if how == "thread" else None)
    ACTORS[parent].pipe.send((how, actor.index))
    check_hello("%-3s %s " % (parent, how), child, actor)


def check_hello(what, name, actor):
    answer = hello(name, actor)
    show(what + name)
    if answer[0] != "hello":
        raise Wrong("%s%s: %s" % (what, name, outcome_text(answer)))


def fork(parent, child):
    create("fork", parent, child)


def thread(parent, child):
    create("thread", parent, child)


def start(name, recipes=(), expected=None):
    """A fresh process: a child of this one, without objects; `recipes` are done in it first."""
    actor = Actor()
    if os.fork() == 0:
        for watchers_end, _ in PIPES:
            watchers_end.close()  # so that its end is the end of the actors
        without_privileges()
        for recipe in recipes:
            answer = call(recipe)
            if answer[0] == "raised":
                PIPES[actor.index][1].send(answer)
                os._exit(1)
        act(actor.index)
    if expected is None:
        return check_hello("start ", name, actor)
    ACTORS[name] = actor
    actor.source = "is spawned"
    return judge(name, expected, None, answer_of(actor))


def spawn(parent, child, expected=None):
    ACTORS[parent].pipe.send(("recipes", None))
    start(child, answer_of(ACTORS[parent])[1], expected)


def on(name, signal_name, action, argument=None, restart=False):
    ACTORS[name].source = "on %s %s %s" % (signal_name, action, argument or "")
    ACTORS[name].pipe.send(("on", (signal_name, action, argument, restart)))
    finish(name)


def handled(name, signal_name):
    actor = ACTORS[name]

    def noted():
        has_answer(actor)
        return signal_name in actor.notes

    wait_until(noted, "%s handled %s" % (name, signal_name))
    actor.notes.remove(signal_name)
    show("%-3s handled %s" % (name, signal_name))


def kill(name, signal_name):
    show("kill %s %s" % (name, signal_name))
    os.kill(ACTORS[name].process["pid"], getattr(signal, signal_name))


def interrupt(name, signal_name):
    show("signal %s %s" % (name, signal_name))
    LIBC.tgkill(ACTORS[name].process["pid"], ACTORS[name].tid, getattr(signal, signal_name))


def stop(name):
    kill(name, "SIGSTOP")
    wait_until(lambda: state(ACTORS[name].process["pid"])[0] == "T", "%s stopped" % name)


def cont(name):
    kill(name, "SIGCONT")
    wait_until(lambda: state(ACTORS[name].process["pid"])[0] != "T", "%s continued" % name)


def ended(name, expected, text):
    pid = ACTORS[name].process["pid"]
    wait_until(lambda: state(pid)[0] == "Z", "the end of %s" % name)
    status = state(pid)[1]
    # The lowest bits are the signal; one above them says whether a core was dumped.
    actual = status & ~0x80 if status & 0x7F else status
    if actual != expected:
        raise Wrong(DIFFERENCE % (name, text, "wait status %d" % status))
    show("%-3s %s" % (name, text))


def died(name, signal_name):
    ended(name, int(getattr(signal, signal_name)), "died " + signal_name)


def exited(name, status):
    ended(name, status << 8, "exited %d" % status)


def leave(name, status):
    """The process of an actor ends at once."""
    begin(name, "os._exit(%d)" % status)
    exited(name, status)


def left(*names):
    LEFT.extend(name.lstrip("/") for name in names)


def names_in_use():
    names = os.listdir("/dev/shm")
    return sorted(name for name in names if name.startswith((TOKEN, "sem." + TOKEN)))


def clean_up():
    for actor in ALL:
        if "pid" in actor.process:
            try:
                os.kill(actor.process["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass
    for watchers_end, _ in PIPES:
        watchers_end.close()  # which ends those that never said hello
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    for name in names_in_use():
        os.unlink("/dev/shm/" + name)


def run(transcript, actors, names):
    status = 1
    PIPES.extend(Pipe() for _ in range(actors))
    for name in names:
        OBJECTS[name] = fresh(name)
    # The tracker of shared memory would be a process of its own, and unlink what actors still use.
    resource_tracker.register = resource_tracker.unregister = lambda *arguments: None
    LIBC.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: actors' children end with this process
    try:
        start("p")
        transcript()
        extra = {re.sub("^sem\\.", "", name) for name in names_in_use()} ^ set(LEFT)
        if extra:
            names = ", ".join(sorted(extra))
            raise Wrong("names in /dev/shm that remain and should not, or the reverse: " + names)
        status = 0
    except Wrong as wrong:
        show("\nNOT AS EXPECTED: %s" % wrong)
    finally:
        clean_up()
    sys.exit(status)
