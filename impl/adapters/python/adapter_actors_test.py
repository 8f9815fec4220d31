#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of Python's adapter: its actors, and signals. Run as adapter_test.py, which runs these
too."""

import errno
import os
import select
import signal
import unittest

from adapter_test_support import AdapterTest, BOUND_S, read_text, wait_for

RECURSIVE_MUTEX, SEMAPHORE = 0, 1


def open_paths(pid):
    folder = "/proc/%d/fd" % pid
    return [os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)]


def process_state(pid):
    return read_text("/proc/%d/stat" % pid).rpartition(")")[2].split()[0]


class Forks(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_a_child_has_copies(self):
        self.lock(self.root, RECURSIVE_MUTEX, 1, 1)
        self.root.get("acquire", "s")
        child, hello = self.new_actor(self.root, "fork", "c")
        self.assertEqual(child.returned, hello["pid"])
        self.assertEqual(hello["tid"], hello["pid"])
        self.assertEqual(child.get("_count", "s"), 1)
        child.get("_after_fork", "s")
        self.assertEqual(child.get("_count", "s"), 0)
        self.assertEqual(self.root.get("_count", "s"), 1)

    def test_a_child_has_none_of_its_parents_channels(self):
        self.new_actor(self.root, "thread", "t")
        child, _ = self.new_actor(self.root, "fork", "c")
        fifos = [
            path
            for path in open_paths(child.pid)
            if path.startswith(self.folder) and "stderr" not in path
        ]
        self.assertEqual(sorted(fifos), [child.path + ".in", child.path + ".out"])

    def test_a_channel_may_have_a_folder(self):
        child = self.channel("c")
        self.root.get("fork", None, child.path)
        child.hello()
        self.assertIsNone(child.get("nop"))

    def test_a_dead_child_is_a_zombie_until_it_is_reaped(self):
        child, _ = self.new_actor(self.root, "fork", "c")
        child.send("exit", None, 7)
        wait_for(lambda: process_state(child.pid) == "Z", "the child's death")
        self.assertIsNone(self.root.get("nop"))
        self.assertEqual(process_state(child.pid), "Z")
        self.assertEqual(self.root.get("reap", None, child.pid), 7 << 8)
        self.assertEqual(self.root.raised("reap", None, child.pid)["errno"], errno.ECHILD)

    def test_a_child_ends_with_0_at_the_end_of_file(self):
        child, _ = self.new_actor(self.root, "fork", "c")
        child.close()
        self.assertEqual(self.root.get("reap", None, child.pid), 0)
        self.assertEqual(self.errors(), "")

    def test_a_killed_child_says_by_what(self):
        child, _ = self.new_actor(self.root, "fork", "c")
        os.kill(child.pid, signal.SIGKILL)
        self.assertEqual(self.root.get("reap", None, child.pid), signal.SIGKILL)

    def test_children_have_children(self):
        child, _ = self.new_actor(self.root, "fork", "c")
        grandchild, _ = self.new_actor(child, "fork", "g")
        self.assertEqual(grandchild.eval("os.getppid()"), child.pid)

    def test_a_blocked_child_holds_up_nobody(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        child, _ = self.new_actor(self.root, "fork", "c")
        child.send("acquire", "s")
        child.wait_blocked()
        self.assertIsNone(self.root.get("release", "s"))
        self.assertIs(child.reply()["returned"], True)

    def test_a_child_may_destroy_what_its_parent_made(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        child, _ = self.new_actor(self.root, "fork", "c")
        child.get("del", "s")
        self.assertNotIn("sem.", read_text("/proc/%d/maps" % child.pid))

    def test_a_channel_needs_a_name(self):
        self.assertIn("channel", self.root.do("fork", None, 3)["error"])


class Threads(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_threads_share_their_objects(self):
        thread, hello = self.new_actor(self.root, "thread", "t")
        self.assertIsNone(thread.returned)
        self.assertEqual(hello["pid"], self.root.pid)
        self.assertNotEqual(hello["tid"], self.root.tid)
        self.lock(self.root, RECURSIVE_MUTEX, 1, 1)
        thread.get("acquire", "s")
        self.assertIs(self.root.get("_is_mine", "s"), False)
        self.assertIs(thread.get("_is_mine", "s"), True)

    def test_a_blocked_thread_holds_up_nobody(self):
        self.lock(self.root, SEMAPHORE, 0, 1)
        thread, _ = self.new_actor(self.root, "thread", "t")
        thread.send("acquire", "s")
        thread.wait_blocked()
        self.assertIsNone(self.root.get("release", "s"))
        self.assertIs(thread.reply()["returned"], True)

    def test_a_thread_returns_at_the_end_of_file(self):
        thread, hello = self.new_actor(self.root, "thread", "t")
        thread.close()
        task = "/proc/%d/task/%d" % (self.root.pid, hello["tid"])
        wait_for(lambda: not os.path.exists(task), "the thread's end")
        self.assertIsNone(self.root.get("nop"))
        self.assertNotIn(thread.path + ".in", open_paths(self.root.pid))

    def test_a_thread_may_fork(self):
        thread, _ = self.new_actor(self.root, "thread", "t")
        child, hello = self.new_actor(thread, "fork", "c")
        self.assertEqual(hello["tid"], hello["pid"])
        self.assertIsNone(child.get("on_signal", None, "SIGUSR1", "return"))
        child.wait_idle()
        os.kill(child.pid, signal.SIGUSR1)
        self.assertEqual(child.wait_note(), "SIGUSR1")
        child.send("exit", None, 0)
        self.assertEqual(self.root.get("reap", None, child.pid), 0)
        self.assertEqual(self.errors(), "")  # Nor a warning about a fork beside threads.

    def test_a_forked_child_may_start_threads(self):
        child, _ = self.new_actor(self.root, "fork", "c")
        thread, hello = self.new_actor(child, "thread", "t")
        self.assertEqual(hello["pid"], child.pid)
        self.assertIsNone(thread.get("nop"))

    def test_a_thread_cannot_install_a_handler(self):
        thread, _ = self.new_actor(self.root, "thread", "t")
        self.assertIn(
            "main thread", thread.do("on_signal", None, "SIGUSR1", "return")["unsupported"]
        )


class Spawns(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_a_fresh_process_rebuilds_by_name(self):
        self.lock(self.root, SEMAPHORE, 2, 5, unlink=False)
        self.lock(self.root, SEMAPHORE, 2, 5, as_="nameless")
        child, hello = self.new_actor(self.root, "spawn", "c")
        self.assertEqual(child.returned, hello["pid"])
        self.assertNotIn("raised", hello)
        self.assertIs(child.get("acquire", "s"), True)
        self.assertEqual(self.root.get("_get_value", "s"), 1)
        self.assertEqual(child.get("get", "s", "maxvalue"), 5)
        self.assertIn("error", child.do("acquire", "nameless"))
        self.assertEqual(child.eval("os.environ.get('LOCKSTEP_OBJECTS')"), None)

    def test_what_rebuilding_raises_is_in_hello(self):
        self.lock(self.root, SEMAPHORE, 2, 5, unlink=False)
        self.root.get("sem_unlink", None, self.names[-1])
        child, hello = self.new_actor(self.root, "spawn", "c")
        self.assertEqual(hello["raised"]["errno"], errno.ENOENT)
        self.assertIsNone(child.get("nop"))

    def test_only_its_own_channel_is_open(self):
        child, _ = self.new_actor(self.root, "spawn", "c")
        fifos = [
            path
            for path in open_paths(child.pid)
            if path.startswith(self.folder) and "stderr" not in path
        ]
        self.assertEqual(sorted(fifos), [child.path + ".in", child.path + ".out"])

    def test_a_spawned_process_may_spawn(self):
        child, _ = self.new_actor(self.root, "spawn", "c")
        grandchild, _ = self.new_actor(child, "spawn", "g")
        grandchild.send("exit", None, 3)
        self.assertEqual(child.get("reap", None, grandchild.pid), 3 << 8)


class Signals(AdapterTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.lock(self.root, SEMAPHORE, 0, 5)
        self.other, _ = self.new_actor(self.root, "fork", "other")

    def kill(self, number=signal.SIGUSR1):
        os.kill(self.root.pid, number)

    def readable(self, actor):
        return bool(select.select([actor.fd_out], [], [], 0)[0])

    def block(self, *args):
        self.root.send("acquire", "s", *args)
        self.root.wait_blocked()

    def test_a_handler_that_returns_leaves_the_wait_alone(self):
        for restart in (False, True):
            self.root.get("on_signal", None, "SIGUSR1", "return", restart=restart)
            self.block()
            for _ in range(3):
                self.kill()
                if not restart:  # Else the kernel goes on by itself, and the handler has to wait.
                    self.assertEqual(self.root.wait_note(), "SIGUSR1")
                self.root.still_blocked()
            self.other.get("release", "s")
            self.assertIs(self.root.reply()["returned"], True)

    def test_what_a_handler_raises_is_the_calls_outcome(self):
        for name in ("ValueError", "KeyboardInterrupt"):
            self.root.get("on_signal", None, "SIGUSR1", "raise", name)
            self.block(True, 20)
            self.kill()
            self.assertEqual(self.root.wait_note(), "SIGUSR1")
            reply = self.root.reply()
            self.assertEqual(reply["raised"], {"type": name, "message": "SIGUSR1", "errno": None})
            self.other.get("release", "s")
            self.assertIs(self.root.get("acquire", "s"), True)

    def test_what_a_handler_raises_while_idle_is_dropped(self):
        self.root.get("on_signal", None, "SIGUSR1", "raise", "ValueError")
        self.root.wait_idle()
        self.kill()
        self.assertEqual(self.root.wait_note(), "SIGUSR1")
        self.assertIsNone(self.root.get("nop"))

    def test_a_call_that_is_over_keeps_its_outcome(self):
        self.root.eval("types.SimpleNamespace(acquire=os.killpg)", as_="kill")
        own_group = self.root.eval(
            "os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else os.getpid()"
        )
        self.other.get("on_signal", None, "SIGUSR1", "ignore")
        self.root.get("on_signal", None, "SIGUSR1", "raise", "ValueError")
        for _ in range(20):
            self.assertIsNone(self.root.get("acquire", "kill", own_group, int(signal.SIGUSR1)))
        self.assertEqual(self.root.notes, ["SIGUSR1"] * 20)

    def test_a_handler_does_not_break_a_fork(self):
        self.root.get("on_signal", None, "SIGUSR1", "raise", "ValueError")
        for index in range(10):
            child = self.channel("unbroken-%d" % index)
            self.root.send("fork", None, "unbroken-%d" % index)
            # The child's hello comes before the fork is over in the parent, or little later.
            wait_for(lambda: self.kill() or self.readable(child), "the child's hello")
            self.assertEqual(self.root.reply()["returned"], child.hello()["pid"])

    def test_raising_loses_no_token_and_no_reply(self):
        self.root.get("on_signal", None, "SIGUSR1", "raise", "ValueError")
        taken = 0
        for _ in range(300):
            self.other.get("release", "s")
            self.root.send("acquire", "s", True, 20)
            self.kill()
            taken += "returned" in self.root.reply()
            value = self.other.get("_get_value", "s")
            self.assertEqual(value + taken, 1)
            if taken:
                taken = 0
            else:
                self.assertIs(self.root.get("acquire", "s"), True)

    def test_a_handler_may_do_an_operation(self):
        self.root.get("on_signal", None, "SIGUSR1", "call", {"op": "release", "on": "s"})
        self.block()
        self.kill()
        self.assertEqual(self.root.wait_note(), "SIGUSR1")
        self.assertIs(self.root.reply()["returned"], True)

    def test_an_operation_of_a_handler_may_be_wrong(self):
        self.root.get("on_signal", None, "SIGUSR1", "call", {"op": "release", "on": "nobody"})
        self.root.wait_idle()
        self.kill()
        self.assertEqual(self.root.wait_note(), "SIGUSR1")
        self.assertIsNone(self.root.get("nop"))

    def test_an_operation_of_a_handler_leaves_raising_handlers_their_call(self):
        self.root.get("on_signal", None, "SIGUSR2", "raise", "ValueError")
        self.root.get("on_signal", None, "SIGUSR1", "call", {"op": "_count", "on": "s"})
        self.block(True, 20)
        self.kill()
        self.assertEqual(self.root.wait_note(), "SIGUSR1")
        self.kill(signal.SIGUSR2)
        self.assertEqual(self.root.wait_note(), "SIGUSR2")
        self.assertEqual(self.root.reply()["raised"]["type"], "ValueError")

    def test_an_ignored_signal_does_nothing(self):
        self.root.get("on_signal", None, "SIGUSR1", "ignore")
        self.block(True, 0.05)
        self.kill()
        self.assertIs(self.root.reply()["returned"], False)
        self.assertEqual(self.root.notes, [])

    def test_default_is_death(self):
        self.root.get("on_signal", None, "SIGUSR1", "return")
        self.root.get("on_signal", None, "SIGUSR1", "default")
        self.kill()
        self.assertEqual(self.process.wait(BOUND_S), -signal.SIGUSR1)

    def test_sigint_is_death_from_the_start(self):
        self.kill(signal.SIGINT)
        self.assertEqual(self.process.wait(BOUND_S), -signal.SIGINT)
        self.assertEqual(self.errors(), "")

    def test_a_child_inherits_handlers_and_tells_on_its_own_channel(self):
        self.root.get("on_signal", None, "SIGUSR1", "return")
        child, _ = self.new_actor(self.root, "fork", "c")
        child.wait_idle()
        os.kill(child.pid, signal.SIGUSR1)
        self.assertEqual(child.wait_note(), "SIGUSR1")
        self.assertIsNone(self.root.get("nop"))
        self.assertEqual(self.root.notes, [])

    def test_notes_never_split_a_long_reply(self):
        self.root.get("on_signal", None, "SIGUSR1", "return")
        self.root.send("eval", None, "'x' * 900000")
        self.assertIn("calling", self.root.receive())
        wait_for(lambda: self.root.system_call() == "1", "a full pipe")
        self.kill()
        self.assertEqual(len(self.root.receive()["returned"]), 900000)
        self.assertEqual(self.root.wait_note(), "SIGUSR1")

    def test_wrong_requests(self):
        for args, message in (
            (("SIGNOTHING", "return"), "no signal"),
            (("SIG_DFL", "return"), "no signal"),
            (("SIGUSR1", "nothing"), "no action"),
            (("SIGUSR1", "raise", "int"), "no exception"),
            (("SIGUSR1", "call", "release"), "wants a request"),
            (("SIGUSR1",), "arguments"),
        ):
            self.assertIn(message, self.root.do("on_signal", None, *args)["error"])


if __name__ == "__main__":
    unittest.main()
