#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of Python's adapter: `adapter_test.py`, on the interpreter that LOCKSTEP_TEST_PYTHON
names."""

import errno
import os
import struct
import time
import unittest

from adapter_test_support import ADAPTER, BOUND_S, PYTHON, AdapterTest, read_text

RECURSIVE_MUTEX, SEMAPHORE = 0, 1
ECHO = "type('Echo', (), {'acquire': staticmethod(lambda *a, **k: (a, sorted(k.items())))})()"


class Channels(AdapterTest):
    def test_the_root_says_everything(self):
        hello = self.start()
        self.assertIn(hello["implementation"], ("cpython", "pypy"))
        self.assertEqual(hello["language"], "python")
        self.assertRegex(hello["like"], r"^3\.\d+$")
        self.assertEqual(hello["pid"], self.process.pid)
        self.assertEqual(hello["tid"], self.process.pid)
        expected = "fork hammer limits load measure python rebuild_by_name shm signal spawn sync thread"
        self.assertEqual(" ".join(sorted(hello["capabilities"])), expected)
        self.assertIs(hello["build"]["debug"], False)
        self.assertEqual(hello["like"], self.root.eval("'%d.%d' % sys.version_info[:2]"))

    def test_without_a_channel_it_speaks_on_the_standard_streams(self):
        self.start(by_hand=True)
        self.assertIsNone(self.root.get("nop"))

    def test_what_is_printed_by_hand_stays_out_of_the_protocol(self):
        self.start(by_hand=True)
        self.assertIsNone(self.root.eval("print('astray', flush=True)"))
        self.assertIn("astray", self.errors())

    def test_ends_with_0_at_the_end_of_file(self):
        self.start()
        self.root.close()
        self.assertEqual(self.process.wait(BOUND_S), 0)
        self.assertEqual(self.errors(), "")

    def test_ends_with_0_after_a_goodbye(self):
        self.start()
        self.root.send_line(b'{"goodbye": "no reason"}')
        self.assertEqual(self.process.wait(BOUND_S), 0)

    def test_ends_quietly_when_nobody_reads(self):
        self.start(by_hand=True)
        os.close(self.root.fd_out)
        self.root.fd_out = None
        self.root.send("nop")
        self.assertEqual(self.process.wait(BOUND_S), 0)
        self.assertEqual(self.errors(), "")

    def test_several_requests_in_one_write_are_all_answered(self):
        self.start()
        self.root.send_line(b'{"id": 1, "op": "nop"}\n{"id": 2, "op": "nop"}')
        self.assertEqual([self.root.receive()["id"] for _ in range(2)], [1, 2])

    def test_a_line_in_pieces_is_one_request(self):
        self.start()
        for piece in (b'{"id": 1, ', b'"op": "no'):
            os.write(self.root.fd_in, piece)
        self.root.send_line(b'p"}')
        self.assertEqual(self.root.receive()["id"], 1)

    def test_a_line_beyond_the_limit_ends_the_adapter_with_2(self):
        self.start()
        for _ in range(17):  # Just more than is read before it is too much: no write has to wait.
            os.write(self.root.fd_in, b" " * 65536)
        self.assertIn("1048576", self.root.receive()["error"])
        self.assertEqual(self.process.wait(BOUND_S), 2)


class WrongInput(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def error(self, line, number=0):
        self.root.send_line(line)
        reply = self.root.receive()
        self.assertEqual(reply["id"], number)
        self.assertIsNone(self.root.get("nop"))  # It is still there.
        return reply["error"]

    def test_garbage(self):
        for line in (b"garbage", b"", b'{"id": 1', b"\xff\xfe", b"[" * 100000):
            self.assertEqual(self.error(line), "the line is no JSON in UTF-8")
        self.assertEqual(self.error(b'{"id": 1, "op": "nop"} x'), "a line is one JSON object")

    def test_something_else_than_an_object(self):
        self.assertEqual(self.error(b"[1]"), "a line is one JSON object")

    def test_a_key_that_is_there_twice(self):
        self.assertEqual(self.error(b'{"id": 1, "op": "nop", "op": "nop"}'), "a key is there twice")

    def test_a_constant_that_is_no_json(self):
        self.assertEqual(self.error(b'{"id": 1, "op": "nop", "args": [NaN]}'), "NaN is no JSON")

    def test_no_id(self):
        for number in (b'"1"', b"0", b"-1", b"true", b"1.0", b"null"):
            message = self.error(b'{"id": ' + number + b', "op": "nop"}')
            self.assertEqual(message, '"id" is a positive integer')

    def test_no_operation(self):
        self.assertEqual(self.error(b'{"id": 9}', 9), '"op" is missing')

    def test_arguments_of_the_wrong_kind(self):
        self.assertEqual(
            self.error(b'{"id": 9, "op": "nop", "args": {"a": 1}}', 9), '"args" is a list'
        )
        self.assertEqual(
            self.error(b'{"id": 9, "op": "nop", "kwargs": [1]}', 9), '"kwargs" is an object'
        )

    def test_an_argument_that_is_no_value(self):
        for value in (
            b'{"int": "x"}',
            b'{"int": 1}',
            b'{"bytes": "0"}',
            b'{"what": "1"}',
            b"{}",
            b'{"int": "1", "float": "1"}',
        ):
            self.assertIn(
                "no argument can be", self.error(b'{"id": 9, "op": "nop", "args": [%s]}' % value, 9)
            )

    def test_an_object_that_is_not_there(self):
        self.assertEqual(self.root.do("acquire", "s")["error"], "no object 's'")
        self.assertEqual(self.root.do("nop", None, {"ref": "s"})["error"], "no object 's'")

    def test_an_object_that_is_not_named(self):
        self.assertEqual(self.root.do("acquire")["error"], '"on" is missing')

    def test_an_operation_that_there_is_not(self):
        for op in ("SemLock.unnamed", "Barrier.attach", "no such thing"):
            self.assertIn(op, self.root.do(op)["unsupported"])

    def test_an_expression_that_is_none(self):
        self.assertIn("no expression", self.root.do("eval", None, "1 +")["error"])

    def test_a_reply_beyond_the_limit(self):
        self.assertIn("longer", self.root.do("eval", None, "'x' * (1 << 20)")["error"])

    def test_a_value_that_has_no_end(self):
        self.root.eval("[]", as_="a")
        self.root.eval("a.append(a)")
        self.assertIn("RecursionError", self.root.do("eval", None, "a")["error"])


class Values(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_what_is_returned_keeps_its_type(self):
        for source, value in (
            ("None", None),
            ("True", True),
            ("1", 1),
            ("1.0", 1.0),
            ("-2.5e300", -2.5e300),
            ("'\u00e9\\n'", "\u00e9\n"),
            ("2**63 - 1", 2**63 - 1),
            ("-2**63", -(2**63)),
            ("2**63", {"int": str(2**63)}),
            ("10**5000", {"int": "1" + "0" * 5000}),
            ("float('nan')", {"float": "nan"}),
            ("float('-inf')", {"float": "-inf"}),
            ("float('inf')", {"float": "inf"}),
            ("-0.0", {"float": "-0.0"}),
            ("b'\\0\\xff'", {"bytes": "00ff"}),
            ("(1, [True])", {"tuple": [1, [True]]}),
            ("{}", {"object": "dict"}),
            ("SemLock", {"object": "type"}),
            ("'\\udc80'", "\\udc80"),
        ):
            returned = self.root.eval(source)
            self.assertEqual((type(returned), returned), (type(value), value), source)

    def test_what_is_passed_keeps_its_type(self):
        self.root.eval(ECHO, as_="echo")
        args = [
            None,
            True,
            1,
            1.0,
            "\u00e9",
            {"int": str(-(2**70))},
            {"int": "1" + "0" * 5000},
            {"float": "nan"},
            {"float": "-0.0"},
            {"bytes": "00ff"},
            {"tuple": [1, {"tuple": []}]},
            [[{"float": "inf"}]],
        ]
        echoed = self.root.get("acquire", "echo", *args)["tuple"][0]["tuple"]
        self.assertEqual([(type(a), a) for a in echoed], [(type(a), a) for a in args])

    def test_a_float_that_needs_no_name_may_have_one(self):
        self.root.eval(ECHO, as_="echo")
        self.assertEqual(
            self.root.get("acquire", "echo", {"float": "1.5"})["tuple"][0], {"tuple": [1.5]}
        )

    def test_keyword_arguments(self):
        self.root.eval(ECHO, as_="echo")
        returned = self.root.get("acquire", "echo", kwargs={"b": {"int": "2"}, "a": None})
        self.assertEqual(returned["tuple"][1], [{"tuple": ["a", None]}, {"tuple": ["b", 2]}])

    def test_an_object_by_its_name(self):
        self.root.eval(ECHO, as_="echo")
        self.assertEqual(
            self.root.get("acquire", "echo", {"ref": "echo"})["tuple"][0],
            {"tuple": [{"object": "Echo"}]},
        )

    def test_an_exception_keeps_type_message_and_errno(self):
        for source, raised in (
            ("int('x')", ("ValueError", "invalid literal for int() with base 10: 'x'", None)),
            ("sys.exit(3)", ("SystemExit", "3", None)),
            (
                "os.stat('/no/such')",
                ("FileNotFoundError", "No such file or directory", errno.ENOENT),
            ),
            ("nobody", ("NameError", "name 'nobody' is not defined", None)),
        ):
            got = self.root.raised("eval", None, source)
            self.assertEqual((got["type"], got["message"], got["errno"]), raised)


class SemLocks(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_a_semaphore_counts(self):
        reply = self.lock(self.root, SEMAPHORE, 1, 2)
        self.assertEqual(reply["returned"], {"object": "SemLock"})
        self.assertEqual(reply["handle"], self.root.get("get", "s", "handle"))
        self.assertIs(self.root.get("acquire", "s"), True)
        self.assertIs(self.root.get("_is_zero", "s"), True)
        self.assertIsNone(self.root.get("release", "s"))
        self.assertIsNone(self.root.get("release", "s"))
        self.assertEqual(self.root.get("_get_value", "s"), 2)
        raised = self.root.raised("release", "s")
        self.assertEqual(raised["type"], "ValueError")
        self.assertEqual(raised["message"], "semaphore or lock released too many times")

    def test_a_recursive_mutex_has_an_owner(self):
        self.lock(self.root, RECURSIVE_MUTEX, 1, 1)
        self.assertIs(self.root.get("__enter__", "s"), True)
        self.assertIsNotNone(self.root.announced)
        self.assertEqual(self.root.get("_count", "s"), 1)
        self.assertIs(self.root.get("_is_mine", "s"), True)
        self.assertIsNone(self.root.get("__exit__", "s", None, None, None))
        self.assertEqual(self.root.raised("release", "s")["type"], "AssertionError")
        self.assertIsNone(self.root.get("_after_fork", "s"))

    def test_a_wait_is_announced_and_lasts_as_long_as_it_says(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        reply = self.root.do("acquire", "s", True, 0.05)
        self.assertIs(reply["returned"], False)
        self.assertEqual(self.root.announced["calling"], reply["id"])
        if self.root.eval("sys.implementation.name") == "cpython":  # PyPy 7.3.11 is early at times.
            self.assertGreater(reply["end"] - reply["begin"], 49_800_000)

    def test_a_call_that_cannot_wait_is_not_announced(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        self.assertIs(self.root.get("acquire", "s", False), False)
        self.assertIsNone(self.root.announced)
        self.assertIs(self.root.get("acquire", "s", kwargs={"block": False}), False)
        self.assertIsNone(self.root.announced)

    def test_a_name_is_taken_until_it_is_unlinked(self):
        self.lock(self.root, SEMAPHORE, 0, 1, unlink=False)
        name = self.names[-1]
        self.assertEqual(self.root.get("get", "s", "name"), name)
        raised = self.root.raised("SemLock", None, SEMAPHORE, 0, 1, name, False)
        self.assertEqual(
            raised, {"type": "FileExistsError", "message": "File exists", "errno": errno.EEXIST}
        )
        rebuilt = self.root.do("SemLock._rebuild", None, 0, SEMAPHORE, 7, name, as_="r")
        self.assertIn("handle", rebuilt)
        self.assertEqual(self.root.get("get", "r", "maxvalue"), 7)
        self.assertIsNone(self.root.get("sem_unlink", None, name))
        self.assertEqual(self.root.raised("sem_unlink", None, name)["errno"], errno.ENOENT)

    def test_constructor_arguments_may_be_named(self):
        kwargs = dict(kind=1, value=3, maxvalue=4, name=self.fresh_name(), unlink=True)
        self.root.get("SemLock", kwargs=kwargs, as_="s")
        self.assertEqual(self.root.get("_get_value", "s"), 3)

    def test_del_destroys(self):
        handle = self.lock(self.root, SEMAPHORE, 0, 1)["handle"]
        self.assertIn("sem.", read_text("/proc/%d/maps" % self.root.pid))
        self.assertGreater(handle, 0)
        # Nor does an exception's traceback keep it.
        self.root.raised("acquire", "s", "x", "y", "z")
        self.assertIsNone(self.root.get("del", "s"))
        self.assertNotIn("sem.", read_text("/proc/%d/maps" % self.root.pid))
        self.assertIn("error", self.root.do("acquire", "s"))

    def test_an_attribute_that_is_not_there_is_raised(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        self.assertEqual(self.root.raised("get", "s", "no_such")["type"], "AttributeError")
        self.assertEqual(self.root.raised("close", "s")["type"], "AttributeError")


class Evaluation(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_sees_objects_and_constants(self):
        self.lock(self.root, SEMAPHORE, 3, 5)
        self.assertEqual(self.root.eval("[x._get_value() for x in (s,)]"), [3])
        self.assertIs(self.root.eval("SEM_VALUE_MAX == SemLock.SEM_VALUE_MAX"), True)
        self.assertEqual(self.root.eval("[RECURSIVE_MUTEX, SEMAPHORE]"), [0, 1])

    def test_imports_what_it_names(self):
        self.assertEqual(
            self.root.eval("str(fractions.Fraction(1, 2) + fractions.Fraction(1, 3))"), "5/6"
        )
        self.assertEqual(
            self.root.eval("[multiprocessing.synchronize.SEMAPHORE for _ in (1,)]"), [1]
        )

    def test_keeps_its_result(self):
        self.assertEqual(self.root.eval("[]", as_="mine"), [])
        self.assertIsNone(self.root.eval("mine.append(7)"))
        self.assertEqual(self.root.eval("mine"), [7])

    def test_a_semlock_that_it_keeps_has_a_handle(self):
        source = "SemLock(1, 1, 1, '%s', True)" % self.fresh_name()
        self.assertEqual(
            self.root.do("eval", None, source, as_="s")["handle"],
            self.root.get("get", "s", "handle"),
        )

    def test_is_announced(self):
        self.root.eval("1")
        self.assertIsNotNone(self.root.announced)


class SharedMemories(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_what_one_writes_another_reads(self):
        name = self.fresh_name()[1:]
        created = self.root.get(
            "SharedMemory", kwargs={"name": name, "create": True, "size": 16}, as_="m"
        )
        self.assertEqual(created, {"object": "SharedMemory"})
        child, _ = self.new_actor(self.root, "spawn", "c")
        child.get("SharedMemory", None, name, as_="mine")
        self.assertIsNone(child.get("write", "mine", 3, {"bytes": "0102"}))
        self.assertEqual(self.root.get("read", "m", 2, 6), {"bytes": "00010200"})
        self.assertEqual(self.root.get("get", "m", "name"), name)
        # The one that spawn rebuilt.
        self.assertEqual(child.get("read", "m", 3, 4), {"bytes": "01"})
        for actor, memory in ((child, "mine"), (child, "m"), (self.root, "m")):
            self.assertIsNone(actor.get("close", memory))
        self.assertIsNone(self.root.get("unlink", "m"))
        raised = self.root.raised("SharedMemory", None, name)
        self.assertEqual((raised["type"], raised["errno"]), ("FileNotFoundError", errno.ENOENT))

    def test_starts_no_tracker(self):
        self.root.get("SharedMemory", kwargs={"create": True, "size": 16}, as_="m")
        self.root.raised("SharedMemory", kwargs={"create": True, "size": 1 << 62})
        self.root.get("close", "m")
        self.root.get("unlink", "m")
        children = read_text("/proc/%d/task/%d/children" % (self.root.pid, self.root.pid))
        self.assertEqual((children, self.errors()), ("", ""))

    def test_unlinking_another_processs_block_starts_no_tracker(self):
        name = self.fresh_name()[1:]
        make = {"name": name, "create": True, "size": 16}
        self.root.get("SharedMemory", kwargs=make, as_="m")
        self.root.get("unlink", "m")
        child, _ = self.new_actor(self.root, "fork", "c")
        child.get("SharedMemory", kwargs=make, as_="m")
        self.root.get("unlink", "m")
        children = read_text("/proc/%d/task/%d/children" % (self.root.pid, self.root.pid))
        self.assertEqual((children.split(), self.errors()), ([str(child.pid)], ""))

    def test_track_is_the_callers_if_given(self):
        kwargs = {"create": True, "size": 16, "track": True, "name": self.fresh_name()[1:]}
        reply = self.root.do("SharedMemory", kwargs=kwargs, as_="m")
        if self.root.eval("sys.version_info >= (3, 13)"):
            self.assertIn("returned", reply)
            self.root.get("unlink", "m")
        else:
            self.assertEqual(reply["raised"]["type"], "TypeError")

    def test_descriptors(self):
        path = self.fresh_name()
        fd = self.root.get("shm_open", None, path, os.O_RDWR | os.O_CREAT, kwargs={"mode": 0o600})
        self.assertIsNone(self.root.get("ftruncate", None, fd, 4096))
        self.assertEqual(self.root.get("fstat_size", None, fd), 4096)
        self.assertIsNone(self.root.get("close_fd", None, fd))
        self.assertEqual(self.root.raised("fstat_size", None, fd)["errno"], errno.EBADF)
        self.assertIsNone(self.root.get("shm_unlink", None, path))
        self.assertEqual(self.root.raised("shm_open", None, path, os.O_RDWR)["errno"], errno.ENOENT)


class Limits(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_umask_returns_the_one_before(self):
        before = self.root.get("umask", None, 0o77)
        self.assertEqual(self.root.get("umask", None, before), 0o77)

    def test_a_limit_holds(self):
        before = self.root.eval("resource.getrlimit(resource.RLIMIT_NOFILE)[0]")
        full = self.root.eval("os.dup(0)") + 1
        self.assertIsNone(self.root.get("rlimit", None, "NOFILE", full))
        kwargs = {"create": True, "size": 1, "name": self.fresh_name()[1:]}
        self.assertEqual(
            self.root.raised("SharedMemory", kwargs=kwargs, as_="m")["errno"], errno.EMFILE
        )
        self.assertIsNone(self.root.get("rlimit", None, "NOFILE", before))
        self.root.get("SharedMemory", kwargs=kwargs, as_="m")
        self.root.get("unlink", "m")

    def test_nothing_needs_to_be_imported_below_a_limit(self):
        self.assertIs(self.root.eval("'multiprocessing.shared_memory' in sys.modules"), True)

    def test_a_limit_that_there_is_not(self):
        self.assertIn("no limit", self.root.do("rlimit", None, "NO_SUCH", 1)["error"])

    def test_exit_ends_at_once(self):
        self.root.send("exit", None, 7)
        self.assertEqual(self.process.wait(BOUND_S), 7)


class Replaced(AdapterTest):
    def test_a_sitecustomize_may_replace_semlock(self):
        with open(os.path.join(self.folder, "sitecustomize.py"), "w", encoding="utf-8") as file:
            file.write("import _multiprocessing as m\nm.SemLock = type('Mine', (m.SemLock,), {})\n")
        self.environment["PYTHONPATH"] = self.folder
        self.start()
        self.assertEqual(self.lock(self.root, SEMAPHORE, 0, 1)["returned"], {"object": "Mine"})


class Hammer(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.witness = os.path.join(self.folder, "witness")

    def prepare(self, *entries):
        with open(self.witness, "wb") as file:
            file.write(struct.pack("=%dQ" % len(entries), *entries))

    def entries(self):
        with open(self.witness, "rb") as file:
            data = file.read()
        return list(struct.unpack("=%dQ" % (len(data) // 8), data))

    def test_nobody_gets_lost_beside_a_lock(self):
        self.prepare(0, 0, 0, 0)
        self.lock(self.root, SEMAPHORE, 1, 1)
        actors = [
            self.root,
            self.new_actor(self.root, "fork", "c")[0],
            self.new_actor(self.root, "thread", "t")[0],
        ]
        for slot, actor in enumerate(actors):
            actor.send("hammer", "s", 300, witness=self.witness, slot=slot, slots=3)
        for actor in actors:
            self.assertEqual(actor.reply()["returned"], {"tuple": [300, 1]})
        self.assertEqual(self.entries(), [900, 600, 600, 600])

    def test_sees_who_else_is_inside(self):
        self.prepare(0, 0, 5)
        self.lock(self.root, SEMAPHORE, 1, 1)
        returned = self.root.get("hammer", "s", 3, witness=self.witness, slot=0, slots=2)
        self.assertEqual(returned, {"tuple": [3, 2]})
        self.assertIsNotNone(self.root.announced)

    def test_what_the_lock_raises_ends_it(self):
        self.prepare(0, 0)
        self.root.eval("types.SimpleNamespace(acquire=lambda: 1 // 0, release=None)", as_="s")
        raised = self.root.raised("hammer", "s", 3, witness=self.witness, slot=0, slots=1)
        self.assertEqual(raised["type"], "ZeroDivisionError")

    def test_a_witness_that_is_not_there_is_an_error(self):
        self.lock(self.root, SEMAPHORE, 1, 1)
        reply = self.root.do("hammer", "s", 3, witness=self.witness, slot=0, slots=1)
        self.assertIn("hammer: ", reply["error"])


class Load(AdapterTest):
    HEADER, ENTRY = 8, 4
    RELEASE, TRY = 4, 2

    def setUp(self):
        super().setUp()
        self.start()
        self.lock(self.root, SEMAPHORE, 1, 1)
        self.witness, self.ring = self.file("witness", 2 * 2), self.file("ring", 8 + 4 * 100)

    def file(self, name, words):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(bytes(8 * words))
        return path

    def words(self, path):
        with open(path, "rb") as file:
            return memoryview(file.read()).cast("Q").tolist()

    def load(self, *args, **fields):
        fields = dict({"witness": self.witness, "slot": 0, "slots": 1}, **fields)
        return self.root.do("load", None, *args, **fields)

    def test_does_its_turns_and_records_each_call(self):
        reply = self.load([["s", "guard", 10]], [["try", 1]], 7, ring=self.ring)
        self.assertEqual(reply["returned"]["tuple"][0]["tuple"][:4], [10, 10, 0, 0])
        ring = self.words(self.ring)
        self.assertEqual(ring[1:4], [20, 0, 1])
        entries = [ring[8 + 4 * i : 12 + 4 * i] for i in range(20)]
        self.assertEqual([entry[2] for entry in entries], [self.TRY, self.RELEASE] * 10)
        self.assertEqual([entry[3] for entry in entries], [1, 0] * 10)
        stamps = [stamp for entry in entries for stamp in entry[:2]]
        self.assertEqual(stamps, sorted(stamps))
        self.assertEqual(self.words(self.witness)[:2], [10, 20])

    def test_passes_units_from_one_to_the_other(self):
        self.lock(self.root, SEMAPHORE, 0, 5, as_="t")
        reply = self.load([["s", "pass", 1, "t"], ["t", "take", 0]], [["acquire", 1]], 7)
        results = [job["tuple"][:2] for job in reply["returned"]["tuple"]]
        self.assertEqual(results, [[1, 0], [0, 1]])
        self.assertEqual(self.root.get("_get_value", "t"), 1)

    def test_counts_without_recording_where_there_is_no_room(self):
        small = self.file("small", 8)
        self.load([["s", "guard", 10]], [["acquire", 1]], 7, ring=small)
        self.assertEqual(self.words(small)[1], 20)

    def test_rebuilds_and_forks(self):
        if not hasattr(os, "fork"):
            self.skipTest("no fork here")
        name = "/lockstep-test-%d" % os.getpid()
        self.root.do("SemLock", None, SEMAPHORE, 1, 1, name, False, as_="n")
        try:
            reply = self.load([["n", "guard", 20]], [["acquire", 1], ["rebuild", 1], ["fork", 1]], 7, ring=self.ring)
        finally:
            self.root.do("sem_unlink", None, name)
        self.assertEqual(reply["returned"]["tuple"][0]["tuple"][:4], [20, 20, 0, 0])
        self.assertEqual(self.words(self.ring)[1], 40)

    def test_what_it_cannot_understand_is_an_error(self):
        for args in ([], [["s", "guard", 1]], []), ([["s", "eat", 1]], [["try", 1]], 7), ([["x", "guard", 1]], [["try", 1]], 7):
            self.assertIn("load: ", self.load(*args)["error"])
        self.assertIn("load: ", self.load([["s", "guard", 1]], [["_is_zero", 1]], 7)["error"])
        self.assertIn("load: ", self.load([["s", "guard", 1]], [["try", 1]], 7, slot=1)["error"])

    def test_a_call_begins_no_sooner_than_it_may(self):
        at = time.monotonic_ns() + 20_000_000
        reply = self.root.do("acquire", "s", at=at)
        self.assertGreaterEqual(reply["begin"], at)


class Interpreter(AdapterTest):
    python_flags = ("-B", "-W", "error::FutureWarning")

    def test_spawn_keeps_the_flags(self):
        self.start()
        child, _ = self.new_actor(self.root, "spawn", "c")
        self.assertEqual(
            child.eval("[sys.flags.dont_write_bytecode, sys.warnoptions]"),
            [1, ["error::FutureWarning"]],
        )
        self.assertEqual(
            child.eval("[sys.executable, sys.argv[0]]"), [self.root.eval("sys.executable"), ADAPTER]
        )


if __name__ == "__main__":
    print("testing", PYTHON, flush=True)
    from adapter_actors_test import Forks, Signals, Spawns, Threads  # noqa: F401
    from adapter_measure_test import Measure  # noqa: F401

    unittest.main()
