# SPDX-License-Identifier: MIT
"""Tests of the front door (./lockstep) and of the scripts in tools/ that it calls.

    /usr/bin/python3 tools/front_door_test.py

Each test drives the real scripts in a small project of its own, with stand-ins for the commands
that would change the machine or ask the network. Everything is below a temporary folder, which is
removed.
"""

import fcntl
import os
import resource
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
sys.dont_write_bytecode = True
from script_case import AS_NOBODY, NOBODY, ROOT, ScriptCase, read, write  # noqa: E402

# Building one small program takes seconds; a minute and a half allows for a loaded machine.
BUILD_BOUND_S = 90

MINI_CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(mini LANGUAGES CXX)
enable_testing()
add_subdirectory(harness)
add_test(NAME Mini.Quick COMMAND lockstep quick)
add_test(NAME Mini.Slow COMMAND lockstep slow)
set_tests_properties(Mini.Slow PROPERTIES LABELS slow)
"""
MINI_HARNESS = """
add_executable(lockstep main.cc)
add_custom_target(lockstep_runtime DEPENDS lockstep)
"""
MINI_MAIN = """
#include <cstdio>
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) std::printf("[%s]", argv[i]);
  std::puts("");
  return argc > 1 && argv[1][0] == 'x' ? 42 : 0;
}
"""


def commands_without(folder, *hidden):
    """Makes `folder` a PATH with every command of the machine but those hidden."""
    os.makedirs(folder)
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for name in os.listdir(place):
            if name not in hidden and not os.path.lexists(os.path.join(folder, name)):
                os.symlink(os.path.join(place, name), os.path.join(folder, name))
    return folder


class Tree:
    """A small project with the real front door, whose program prints its arguments."""

    def __init__(self, folder):
        self.root = folder
        self.calls = os.path.join(folder, "interpreters-were-called")
        shutil.copytree(os.path.join(ROOT, "tools"), os.path.join(folder, "tools"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("lockstep", "CMakePresets.json"):
            shutil.copy2(os.path.join(ROOT, name), folder)
        write(self.path("CMakeLists.txt"), MINI_CMAKE)
        write(self.path("harness/CMakeLists.txt"), MINI_HARNESS)
        write(self.path("harness/main.cc"), MINI_MAIN)
        write(self.path("tools/interpreters"),
              "#!/bin/sh\ntouch '%s' 2>/dev/null\n" % self.calls, True)
        os.chmod(folder, 0o755)

    def path(self, name):
        return os.path.join(self.root, name)

    def require(self, line):
        with open(self.path("tools/packages.txt"), "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def start(self, *arguments, first_on_path=None, path=None, ordinary=False, cwd="/",
              **variables):
        environment = dict(os.environ)
        environment.pop("LOCKSTEP_WERROR", None)
        environment.update(variables)
        if path is not None:
            environment["PATH"] = path
        if first_on_path is not None:
            environment["PATH"] = first_on_path + ":" + environment["PATH"]
        command = [self.path("lockstep"), *arguments]
        if ordinary and os.geteuid() == 0:
            command = AS_NOBODY + command
        return subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, **how):
        process = self.start(*arguments, **how)
        try:
            process.out, process.err = process.communicate(timeout=BUILD_BOUND_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process


class FrontDoorCase(ScriptCase):
    def setUp(self):
        super().setUp()
        self.tree = Tree(self.make("tree"))

    def assert_quick(self, started):
        self.assertLess(time.monotonic() - started, 2.0)


class Platforms(FrontDoorCase):
    def test_says_within_two_seconds_that_it_runs_on_linux_when_it_does_not(self):
        started = time.monotonic()
        result = self.tree.run("run", first_on_path=self.stand_in("uname", "echo Darwin"))
        self.assert_quick(started)
        self.assertEqual((2, "", "lockstep: Lockstep runs on Linux\n"),
                         (result.returncode, result.out, result.err))

    def test_names_the_packages_of_both_other_systems_when_there_is_no_apt_get(self):
        self.tree.require("required command:no-such-tool deb-tool fedora-tool arch-tool  one test")
        path = commands_without(os.path.join(self.folder, "path"), "apt-get", "dnf", "pacman")
        started = time.monotonic()
        result = self.tree.run("run", path=path)
        self.assert_quick(started)
        self.assertEqual(2, result.returncode)
        self.assertIn("dnf install fedora-tool\n", result.err)
        self.assertIn("pacman -S --needed arch-tool\n", result.err)
        self.assertNotIn("deb-tool", result.err)

    def test_names_the_packages_of_the_system_it_is_on_when_that_is_known(self):
        self.tree.require("required command:no-such-tool deb-tool fedora-tool arch-tool  one test")
        path = commands_without(os.path.join(self.folder, "path"), "apt-get", "dnf", "pacman")
        result = self.tree.run("run", path=path, first_on_path=self.stand_in("dnf", "exit 1"))
        self.assertEqual("lockstep: not installed on this machine:\n  dnf install fedora-tool\n",
                         result.err)

    def test_goes_on_without_apt_get_when_nothing_is_missing(self):
        path = commands_without(os.path.join(self.folder, "path"), "apt-get", "sudo")
        result = self.tree.run("run", path=path)
        self.assertEqual((0, "[run]\n"), (result.returncode, result.out), result.err)


class Packages(FrontDoorCase):
    def missing(self, need="required"):
        tool = os.path.join(self.folder, "installed-by-the-test")
        self.tree.require("%s file:%s deb-tool fedora-tool arch-tool  one test" % (need, tool))
        return tool

    def apt_get(self, tool):
        return self.stand_in("apt-get", """\
            echo "$DEBIAN_FRONTEND $*" >>%s/apt-calls
            case "$*" in *\\ install\\ *) touch %s ;; esac
            """ % (self.folder, tool))

    def test_lists_what_is_missing_and_stops_when_it_may_not_install(self):
        tool = self.missing()
        for arguments in (["--no-install", "run"], ["run", "--no-install"]):
            result = self.tree.run(*arguments, first_on_path=self.apt_get(tool))
            self.assertEqual(2, result.returncode)
            self.assertEqual(
                "lockstep: not installed:\n  deb-tool             required  one test\n"
                "  apt-get update && apt-get install --no-install-recommends deb-tool\n",
                result.err)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "apt-calls")))

    def test_goes_on_when_it_may_not_install_and_nothing_is_missing(self):
        result = self.tree.run("run", "--no-install", "x")
        self.assertEqual((0, "[run][x]\n"), (result.returncode, result.out), result.err)
        self.assertFalse(os.path.exists(self.tree.calls), "interpreters would have been downloaded")

    def test_leaves_the_flag_alone_where_it_belongs_to_an_adapters_command(self):
        result = self.tree.run("run", "--", "adapter", "--no-install")
        self.assertEqual("[run][--][adapter][--no-install]\n", result.out)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_installs_once_and_asks_nothing_when_it_is_root(self):
        bin_folder = self.apt_get(self.missing())
        for _ in range(2):
            result = self.tree.run("run", first_on_path=bin_folder)
            self.assertEqual((0, "[run]\n"), (result.returncode, result.out), result.err)
        calls = read(os.path.join(self.folder, "apt-calls")).splitlines()
        self.assertEqual(2, len(calls), calls)
        self.assertRegex(calls[0], r"^noninteractive .* update$")
        self.assertRegex(calls[1], r"^noninteractive .* install --no-install-recommends deb-tool$")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_shows_what_apt_get_said_when_it_failed(self):
        self.missing()
        result = self.tree.run("run", first_on_path=self.stand_in(
            "apt-get", "echo 'E: Unable to locate package deb-tool'; exit 100"))
        self.assertEqual(2, result.returncode)
        self.assertIn("E: Unable to locate package deb-tool\n", result.err)
        self.assertIn("packages.log", result.err)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_never_prompts_an_ordinary_user_who_may_not_install(self):
        tool = self.missing()
        self.stand_in("sudo", 'echo "$*" >>%s/sudo-calls; exit 1' % self.make_open("log"))
        result = self.tree.run("run", ordinary=True, first_on_path=self.apt_get(tool))
        self.assertEqual(2, result.returncode)
        self.assertIn("lockstep: not installed, and only root may install them:\n", result.err)
        self.assertIn("  apt-get update && apt-get install --no-install-recommends deb-tool\n",
                      result.err)
        for call in read(os.path.join(self.folder, "log/sudo-calls")).splitlines():
            self.assertRegex(call, "^-n ")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_installs_by_sudo_for_an_ordinary_user_who_needs_no_password(self):
        tool = os.path.join(self.make_open("log"), "tool")
        self.tree.require("required file:%s deb-tool fedora-tool arch-tool  one test" % tool)
        self.stand_in("sudo", '[ "$1" = -n ] && shift && exec "$@"')
        os.chown(self.tree.root, NOBODY, NOBODY)
        result = self.tree.run("run", ordinary=True, first_on_path=self.stand_in(
            "apt-get", 'case "$*" in *install*) touch %s ;; esac' % tool))
        self.assertEqual((0, "[run]\n"), (result.returncode, result.out), result.err)
        self.assertIn("lockstep: installing deb-tool\n", result.err)

    def test_goes_on_with_one_line_when_something_optional_is_missing(self):
        self.tree.require("optional file:/no/such/tool deb-tool fedora-tool arch-tool  one test")
        result = self.tree.run("run", "--no-install")
        self.assertEqual((0, "lockstep: goes on without the optional deb-tool"),
                         (result.returncode, result.err.splitlines()[0]))

    def make_open(self, name):
        path = self.make(name)
        os.chmod(path, 0o777)
        return path


class Building(FrontDoorCase):
    def test_hands_over_arguments_status_and_place_unchanged(self):
        self.tree.run("run")
        result = self.tree.run("x", "a b", "*", "", cwd=self.folder)
        self.assertEqual((42, "[x][a b][*][]\n", ""), (result.returncode, result.out, result.err))

    def test_works_through_a_link_to_it(self):
        link = os.path.join(self.folder, "link")
        os.symlink(self.tree.path("lockstep"), link)
        done = subprocess.run([link, "list"], capture_output=True, text=True, timeout=BUILD_BOUND_S,
                              check=False)
        self.assertEqual((0, "[list]\n"), (done.returncode, done.stdout), done.stderr)

    def test_provides_interpreters_for_the_verbs_that_run_something_only(self):
        self.tree.run("list")
        self.assertFalse(os.path.exists(self.tree.calls))
        self.tree.run("run")
        self.assertTrue(os.path.exists(self.tree.calls))

    def test_explains_itself_before_anything_is_built_and_without_building(self):
        for arguments in (["--help"], ["-h"], ["help"], ["test", "--help"]):
            result = self.tree.run(*arguments)
            self.assertEqual((0, ""), (result.returncode, result.err))
            for word in ("usage: ./lockstep", "./lockstep test", "--no-install", "./lockstep run"):
                self.assertIn(word, result.out)
        self.assertFalse(os.path.exists(self.tree.path("build")))

    def test_shows_its_own_verbs_beside_the_programs_when_it_is_built(self):
        self.tree.run("run")
        for arguments in (["--help"], ["-h"], ["help"]):
            result = self.tree.run(*arguments)
            self.assertEqual((0, ""), (result.returncode, result.err))
            for word in ("usage: ./lockstep", "./lockstep test", "--no-install", "[--help]"):
                self.assertIn(word, result.out)

    def test_takes_no_verb_at_all_for_wrong_usage_built_or_not(self):
        for _ in range(2):
            result = self.tree.run()
            self.assertEqual((2, ""), (result.returncode, result.out))
            self.assertIn("usage: ./lockstep", result.err)
            self.tree.run("run")

    def test_adds_less_than_a_fifth_of_a_second_when_all_is_built(self):
        self.assertEqual(0, self.tree.run("run").returncode)
        # Processor time, which a busy machine hardly lengthens; the best of five, since the first
        # starts cold.
        spent = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.tree.run("run")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        self.assertLess(min(spent), 0.2)

    def test_shows_the_compilers_error_and_the_log_when_the_build_fails(self):
        write(self.tree.path("harness/main.cc"), "int main() { return undeclared_name; }\n")
        result = self.tree.run("run")
        self.assertEqual((2, ""), (result.returncode, result.out))
        self.assertRegex(result.err, "undeclared_name. was not declared")
        self.assertIn("lockstep: the build failed (the whole log: %s)\n"
                      % self.tree.path("build/build.log"), result.err)

    def test_shows_cmakes_error_when_it_cannot_be_configured(self):
        write(self.tree.path("CMakeLists.txt"),
              MINI_CMAKE + "find_package(NoSuchPackage REQUIRED)\n")
        result = self.tree.run("run")
        self.assertEqual(2, result.returncode)
        self.assertIn("NoSuchPackage", result.err)

    def test_builds_again_after_a_change(self):
        self.tree.run("run")
        write(self.tree.path("harness/main.cc"), MINI_MAIN.replace("[%s]", "<%s>"))
        self.assertEqual("<run>\n", self.tree.run("run").out)

    def test_builds_anew_when_the_tree_was_moved(self):
        self.tree.run("run")
        moved = os.path.join(self.folder, "moved")
        os.rename(self.tree.root, moved)
        self.tree.root = moved
        write(self.tree.path("harness/main.cc"), MINI_MAIN.replace("[%s]", "<%s>"))
        result = self.tree.run("run")
        self.assertEqual((0, "<run>\n"), (result.returncode, result.out), result.err)

    def test_turns_warnings_into_errors_when_told_to_also_where_it_built_without(self):
        write(self.tree.path("CMakeLists.txt"), MINI_CMAKE + """
            file(WRITE ${CMAKE_BINARY_DIR}/werror "${LOCKSTEP_WERROR}")""")
        self.tree.run("run")
        self.assertEqual("OFF", read(self.tree.path("build/release/werror")))
        self.tree.run("run", LOCKSTEP_WERROR="ON")
        self.assertEqual("ON", read(self.tree.path("build/release/werror")))

    def test_two_at_once_both_run(self):
        processes = [self.tree.start("run", str(n)) for n in range(2)]
        results = [(*process.communicate(timeout=BUILD_BOUND_S), process.returncode)
                   for process in processes]
        self.assertEqual([("[run][0]\n", 0), ("[run][1]\n", 0)],
                         [(out, status) for out, _, status in results])

    def test_leaves_no_descriptor_of_its_own_to_the_program(self):
        write(self.tree.path("harness/main.cc"), """
            #include <fcntl.h>
            #include <cstdio>
            int main() {
              for (int fd = 3; fd < 256; ++fd) if (fcntl(fd, F_GETFD) >= 0) std::printf("%d ", fd);
            }""")
        self.assertEqual("", self.tree.run("run").out)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_runs_what_is_built_in_a_tree_that_may_not_be_written(self):
        self.tree.run("run")
        result = self.tree.run("run", ordinary=True)
        self.assertEqual((0, "[run]\n", ""), (result.returncode, result.out, result.err))

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_says_that_what_is_built_is_old_when_it_may_not_be_written(self):
        self.tree.run("run")
        write(self.tree.path("harness/main.cc"), MINI_MAIN + "// Changed.\n")
        result = self.tree.run("run", ordinary=True)
        self.assertEqual((0, "[run]\n"), (result.returncode, result.out))
        self.assertIn("cannot be written: running the lockstep that was built there", result.err)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_says_what_to_do_when_nothing_is_built_and_nothing_may_be_written(self):
        result = self.tree.run("run", ordinary=True)
        self.assertEqual(2, result.returncode)
        self.assertIn("copy the tree to a place of your own", result.err)


class LongBuilds(FrontDoorCase):
    """A build that lasts until the test lets it go on."""

    def setUp(self):
        super().setUp()
        self.began = os.path.join(self.folder, "began")
        self.go_on = os.path.join(self.folder, "go-on")
        os.mkfifo(self.began)
        os.mkfifo(self.go_on)
        self.build_by("echo began >%s; read -r line <%s" % (self.began, self.go_on))
        # For both, so that neither opening nor reading ever finds an end.
        self.may_read = os.open(self.began, os.O_RDWR)
        self.may_write = os.open(self.go_on, os.O_RDWR)
        self.addCleanup(os.close, self.may_read)
        self.addCleanup(os.close, self.may_write)

    def build_by(self, script):
        write(self.tree.path("harness/CMakeLists.txt"), MINI_HARNESS + """
            add_custom_target(long COMMAND %s/builder)
            add_dependencies(lockstep_runtime long)
            """ % self.stand_in("builder", script))

    def start_building(self):
        process = self.tree.start("run")
        self.addCleanup(self.finish, process)
        self.await_builder()
        return process

    def await_builder(self):
        self.assertTrue(select.select([self.may_read], [], [], BUILD_BOUND_S)[0], "nothing builds")
        os.read(self.may_read, len("began\n"))

    def let_go_on(self):
        os.write(self.may_write, b"\n")

    def finish(self, process):
        """Whatever became of the test, nothing builds any more."""
        if process.poll() is None:
            process.terminate()
        for _ in range(4):
            self.let_go_on()
        process.communicate()

    def holds_the_lock(self):
        with open(self.tree.path("build/.lock"), "a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                return True

    def await_the_lock(self):
        with open(self.tree.path("build/.lock"), "a", encoding="utf-8") as file:
            subprocess.run(["flock", "-w", str(BUILD_BOUND_S), str(file.fileno())],
                           pass_fds=[file.fileno()], check=True)

    def test_ends_the_build_and_with_the_signals_status_when_it_is_told_to_end(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN:
                continue  # As below nohup: then it is ignored there, too.
            with self.subTest(signal=number.name):
                process = self.start_building()
                process.send_signal(number)
                out, _ = process.communicate(timeout=BUILD_BOUND_S)
                self.assertEqual((128 + number, ""), (process.returncode, out))
                self.await_the_lock()

    def test_waits_for_a_build_that_takes_its_time_to_end(self):
        self.build_by("trap 'read -r line <%s; exit 1' TERM; echo began >%s; read -r line <%s"
                      % (self.go_on, self.began, self.go_on))
        process = self.start_building()
        process.terminate()
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        self.assertTrue(self.holds_the_lock())
        self.let_go_on()
        process.communicate(timeout=BUILD_BOUND_S)
        self.assertEqual(143, process.returncode)

    def test_builds_to_the_end_after_it_was_ended_once(self):
        process = self.start_building()
        process.terminate()
        process.communicate(timeout=BUILD_BOUND_S)
        process = self.start_building()
        self.let_go_on()
        out, err = process.communicate(timeout=BUILD_BOUND_S)
        self.assertEqual((0, "[run]\n"), (process.returncode, out), err)

    def test_leaves_the_lock_to_what_still_builds_when_it_is_killed(self):
        process = self.start_building()
        process.kill()
        process.communicate()
        self.assertTrue(self.holds_the_lock())
        second = self.tree.start("run")
        self.addCleanup(self.finish, second)
        self.assertEqual("lockstep: waiting for another build in %s\n" % self.tree.path("build"),
                         second.stderr.readline())
        self.let_go_on()
        self.await_builder()  # The second one's own.
        self.let_go_on()
        out, err = second.communicate(timeout=BUILD_BOUND_S)
        self.assertEqual((0, "[run]\n"), (second.returncode, out), err)

    def test_says_that_it_builds_at_the_start_and_then_every_minute(self):
        script = read(self.tree.path("lockstep"))
        self.assertIn("\nreadonly report_every_s=60\n", script)
        write(self.tree.path("lockstep"),
              script.replace("report_every_s=60", "report_every_s=1"), True)
        process = self.start_building()
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=4)
        self.let_go_on()
        said = process.communicate(timeout=BUILD_BOUND_S)[1].splitlines(True)
        self.assertEqual("lockstep: configuring\n", said[0])
        self.assertIn(len(said), range(4, 9), said)
        for line in said[1:]:
            self.assertRegex(line, r"^lockstep: building: \[\d+/\d+\]\n$")

    def test_says_nothing_when_all_is_built(self):
        write(self.tree.path("harness/CMakeLists.txt"), MINI_HARNESS)
        self.assertRegex(self.tree.run("run").err,
                         r"^lockstep: configuring\nlockstep: building: \[1/2\]\n$")
        self.assertEqual("", self.tree.run("run").err)


class OwnTests(FrontDoorCase):
    def test_runs_every_test_and_ends_with_ctests_summary(self):
        result = self.tree.run("test")
        self.assertEqual(0, result.returncode, result.err)
        self.assertIn("100% tests passed, 0 tests failed out of 2", result.out)
        self.assertRegex(result.out.splitlines()[-1], "^Total Test time")

    def test_leaves_out_the_slow_ones_when_asked_to_be_quick(self):
        result = self.tree.run("test", "--quick")
        self.assertIn("0 tests failed out of 1", result.out)

    def test_gives_further_arguments_to_ctest(self):
        result = self.tree.run("test", "-R", "Quick", "-V")
        self.assertIn("0 tests failed out of 1", result.out)
        self.assertIn("[quick]", result.out)

    def test_fails_when_a_test_fails_and_shows_its_output(self):
        write(self.tree.path("CMakeLists.txt"),
              MINI_CMAKE + "add_test(NAME Mini.Bad COMMAND lockstep xyz)\n")
        result = self.tree.run("test")
        self.assertNotEqual(0, result.returncode)
        self.assertIn("[xyz]", result.out)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_says_in_a_line_that_the_build_folder_cannot_be_written(self):
        self.tree.run("test")
        result = self.tree.run("test", ordinary=True)
        self.assertEqual(
            (2, "", "lockstep: the tests write to %s, which cannot be written; copy the tree to a "
                    "place of your own\n" % self.tree.path("build/release")),
            (result.returncode, result.out, result.err))

    def test_fails_when_no_test_was_chosen(self):
        self.assertNotEqual(0, self.tree.run("test", "-R", "NoSuchTest").returncode)


class PackageList(unittest.TestCase):
    def test_every_line_has_all_columns_and_a_known_probe(self):
        for line in read(os.path.join(ROOT, "tools/packages.txt")).splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r"^(required|optional|ci) +(command|header|file|module):\S+"
                                       r"( +[\w.+-]+){3} +\S.*$")

    def test_every_script_may_be_started(self):
        for name in ("lockstep", "tools/interpreters", ".ci/run", ".ci/fresh-machine", "harness/libfuzzer/run"):
            self.assertTrue(os.stat(os.path.join(ROOT, name)).st_mode & stat.S_IXUSR, name)


if __name__ == "__main__":
    unittest.main()
