# SPDX-License-Identifier: MIT
"""Tests of the front door (./lockstep) and of the scripts in tools/ that it calls.

    /usr/bin/python3 tools/front_door_test.py

Each test drives the real scripts in a small project of its own, with stand-ins for the commands
that would change the machine or ask the network. Everything is below a temporary folder, which is
removed.
"""

import os
import resource
import shutil
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
                "  apt-get install --no-install-recommends deb-tool\n", result.err)
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
        self.assertIn("apt-get install --no-install-recommends deb-tool\n", result.err)
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
        self.assertEqual((0, "lockstep: goes on without the optional deb-tool\n"),
                         (result.returncode, result.err))

    def make_open(self, name):
        path = self.make(name)
        os.chmod(path, 0o777)
        return path


class Building(FrontDoorCase):
    def test_hands_over_arguments_status_and_place_unchanged(self):
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

    def test_explains_itself_before_anything_is_built(self):
        for arguments in ([], ["--help"], ["-h"]):
            result = self.tree.run(*arguments)
            self.assertEqual(0, result.returncode)
            self.assertIn("usage: ./lockstep", result.out)
        self.assertFalse(os.path.exists(self.tree.path("build")))

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
        self.assertEqual([("[run][0]\n", "", 0), ("[run][1]\n", "", 0)], results)

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

    def test_fails_when_no_test_was_chosen(self):
        self.assertNotEqual(0, self.tree.run("test", "-R", "NoSuchTest").returncode)


class PackageList(unittest.TestCase):
    def test_every_line_has_all_columns_and_a_known_probe(self):
        for line in read(os.path.join(ROOT, "tools/packages.txt")).splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r"^(required|optional) +(command|header|file|module):\S+"
                                       r"( +[\w.+-]+){3} +\S.*$")

    def test_every_script_may_be_started(self):
        for name in ("lockstep", "tools/interpreters", ".ci/run", ".ci/fresh-machine"):
            self.assertTrue(os.stat(os.path.join(ROOT, name)).st_mode & stat.S_IXUSR, name)


if __name__ == "__main__":
    unittest.main()
