#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The package, unpacked into a folder, moved, and used there by an ordinary user. Nothing is installed on the machine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "harness", "e2e"))
import lockstep_case  # noqa: E402
from lockstep_case import BUILD, LOCKSTEP, NOBODY, PYTHON, LockstepCase, is_root, read  # noqa: E402

CMAKE = os.environ.get("LOCKSTEP_CMAKE", "cmake")
CXX = os.environ.get("LOCKSTEP_CXX", "c++")
LIBDIR = os.environ.get("LOCKSTEP_LIBDIR", "lib")
CAN_PACK = shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps") and shutil.which("cpack")
MUTANTS = "libexec/lockstep/impl/mutants/lockstep-adapter-mutants"
# Packing, and building an example, take some seconds.
BOUND_S = 300


def call(*command, **how):
    """What it prints; whatever fails is shown."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          timeout=BOUND_S, text=True, check=False, **how)
    if done.returncode != 0:
        raise AssertionError("%s ended with %d:\n%s" % (command, done.returncode, done.stdout))
    return done.stdout


def everything_below(folder):
    """{path: what tells whether it was changed}"""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(place, name)
            state = os.lstat(path)
            found[os.path.relpath(path, folder)] = (state.st_mode, state.st_size, state.st_mtime_ns)
    return found


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder) for place, _, files in os.walk(folder) for name in files)


class Package(LockstepCase):
    @classmethod
    def setUpClass(cls):
        # Not below the tree, which an ordinary user may not be able to enter.
        cls.place = tempfile.mkdtemp(prefix="lockstep-package-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        os.chmod(cls.place, 0o755)
        cls.deb, cls.tree = None, os.path.join(cls.place, "moved elsewhere")
        installed = os.path.join(cls.place, "installed")
        call(CMAKE, "--install", BUILD, "--prefix", installed)
        cls.installed_files = files_below(installed)
        if CAN_PACK:
            packed = os.path.join(cls.place, "packed")
            call("cpack", "-G", "DEB", "-B", packed, "--config", os.path.join(BUILD, "CPackConfig.cmake"), cwd=cls.place)
            cls.deb = os.path.join(packed, next(name for name in os.listdir(packed) if name.endswith(".deb")))
            call("dpkg-deb", "-x", cls.deb, os.path.join(cls.place, "unpacked"))
            shutil.rmtree(installed)
            installed = os.path.join(cls.place, "unpacked", "usr")
        os.rename(installed, cls.tree)

    def setUp(self):
        super().setUp()
        self.home, self.work = (tempfile.mkdtemp(prefix=name, dir=self.place) for name in ("home-", "work-"))
        for folder in (self.home, self.work):
            if is_root():
                os.chown(folder, NOBODY, NOBODY)
        self.program = os.path.join(self.tree, "bin", "lockstep")
        self.before = everything_below(self.tree)

    def use(self, *command, status=0, **changes):
        """Runs a command as an ordinary user, in self.work."""
        if is_root():
            command = ("setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", *command)
        environment = self.environment(HOME=self.home, TMPDIR=self.home, PYENV_ROOT=None, **changes)
        process = subprocess.Popen(command, cwd=self.work, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        done = self.finish(process)
        self.assert_status(done, status)
        return done

    def lockstep_there(self, *arguments, **how):
        return self.use(self.program, *arguments, **how)

    def assert_wrote_only(self, *names):
        """In the folder where the user was, and nowhere else that is looked at."""
        self.assertEqual(sorted(os.listdir(self.work)), sorted(names))
        self.assertEqual(os.listdir(self.home), [])
        self.assertEqual(everything_below(self.tree), self.before)

    def test_runs_the_main_job_and_writes_where_the_user_is(self):
        done = self.lockstep_there("run", "reference", "--level", "core", "--oracle", "none")
        self.assertRegex(done.out, r"(?m)^reference .*\d+ pass")
        self.assertTrue(os.path.exists(os.path.join(self.work, "out", "results.jsonl")))
        self.assert_wrote_only("out")

    def test_judges_an_interpreter_by_the_adapter_that_comes_with_it(self):
        done = self.lockstep_there("run", "python:" + PYTHON, "--filter", "acquire/*", "--oracle", "none")
        self.assertRegex(done.out, r"\d+ pass")
        self.assert_wrote_only("out")

    def test_has_the_scenarios_of_the_tree(self):
        expected = subprocess.run([LOCKSTEP, "list", "--names"], stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertEqual(self.lockstep_there("list", "--names").out, expected)
        self.lockstep_there("list", "--coverage")
        self.lockstep_there("show", "fork/child-inherits-ownership", "--python")
        self.assert_wrote_only()

    def test_doctor_speaks_of_this_machine_and_of_no_source_tree(self):
        done = self.lockstep_there("doctor")
        self.assertIn("implementations:\n  reference\n", done.out)
        for word in ("tools/", "build/", ROOT):
            self.assertNotIn(word, done.out)
        self.assert_wrote_only()

    def test_measures_and_keeps_its_history_where_the_user_is(self):
        self.lockstep_there("bench", "reference", "--quantity", "free/*", "--time", "0.3")
        done = self.lockstep_there("history")
        self.assertIn(os.path.join(self.work, "out", "history.db"), done.out)
        self.assert_wrote_only("out")

    def test_has_the_mutants_and_the_corpus_of_the_fuzzer(self):
        self.assertIn("kind-unchecked", self.lockstep_there("mutants", "kind-unchecked").out)
        # So few steps do not see all that there is, which it says by its status.
        done = self.lockstep_there("fuzz", "--seed", "1", "--steps", "100", "--no-small-scope", status=4)
        self.assertIn("nothing that the model forbids", done.out)
        self.assert_wrote_only("out")

    def test_a_failure_is_rerun_by_the_line_that_it_ends_with(self):
        command = [os.path.join(self.tree, MUTANTS), "as-annotated"]
        first = self.lockstep_there("run", "--level", "core", "--oracle", "none", "--", *command, status=1)
        rerun = re.search(r"rerun +(.*)", first.out).group(1)
        words = shlex.split(rerun)
        self.assertEqual(words[:2], [self.program, "run"])
        self.use(*words, status=1)
        path = os.path.dirname(self.program) + ":" + os.environ["PATH"]
        second = self.lockstep_there("run", "--level", "core", "--oracle", "none", "--", *command, status=1, PATH=path)
        self.assertEqual(re.search(r"rerun +(\S+ \S+)", second.out).group(1), "lockstep run")

    def test_works_through_a_link_to_it(self):
        link = os.path.join(self.place, self.mark)
        os.symlink(self.program, link)
        self.use(link, "run", "reference", "--filter", "acquire/*", "--oracle", "none")
        self.assert_wrote_only("out")

    def build_example(self, folder):
        examples = os.path.join(self.work, "example")
        shutil.copytree(os.path.join(ROOT, "impl", "reference", "example"), examples)
        subprocess.run(["chmod", "-R", "a+rwX", examples], check=True)
        self.use(CMAKE, "-S", examples, "-B", os.path.join(self.work, folder), "-DCMAKE_CXX_COMPILER=" + CXX,
                 "-DCMAKE_PREFIX_PATH=" + self.tree)
        self.use(CMAKE, "--build", os.path.join(self.work, folder))
        return os.path.join(self.work, folder, "main")

    def test_the_library_is_found_by_cmake_and_by_pkg_config(self):
        program = self.build_example("by-cmake")
        self.assertEqual(self.use(program).out, "mine: 1, count: 1\n")
        if shutil.which("pkg-config"):
            path = os.path.join(self.tree, LIBDIR, "pkgconfig")
            flags = self.use("pkg-config", "--cflags", "--libs", "semlock", PKG_CONFIG_PATH=path).out
            self.use(CXX, "-std=c++20", os.path.join(self.work, "example", "main.cc"), "-o", "by-pkg-config", *shlex.split(flags))
            self.assertEqual(self.use(os.path.join(self.work, "by-pkg-config")).out, "mine: 1, count: 1\n")

    @unittest.skipUnless(shutil.which("pkg-config"), "this machine has no pkg-config")
    def test_an_adapter_in_cpp_is_built_on_what_it_brings(self):
        path = os.path.join(self.tree, LIBDIR, "pkgconfig")
        flags = self.use("pkg-config", "--cflags", "--libs", "lockstep-adapter", PKG_CONFIG_PATH=path).out
        example = os.path.join(self.tree, "share/lockstep/impl/adapters/cpp/example_adapter.cc")
        self.use(CXX, "-std=c++20", example, "-o", "example", *shlex.split(flags))
        self.lockstep_there("run", "--filter", "timeout/expires-with-false", "--oracle", "none", "--", "./example")

    @unittest.skipUnless(CAN_PACK, "this machine has no dpkg-dev or no cpack")
    def test_the_package_holds_what_cmake_installs_for_any_user_to_read(self):
        self.assertEqual(files_below(self.tree), self.installed_files)
        for line in call("dpkg-deb", "-c", self.deb).splitlines():
            mode, owner = line.split()[:2]
            self.assertRegex(mode, "^drwxr-xr-x$|^-rw[x-]r-[x-]r-[x-]$", line)
            self.assertEqual(owner, "root/root", line)

    @unittest.skipUnless(CAN_PACK, "this machine has no dpkg-dev or no cpack")
    def test_the_package_says_what_it_is_and_what_it_needs(self):
        field = {name: call("dpkg-deb", "-f", self.deb, name).strip() for name in ("Package", "Section", "Depends", "Recommends")}
        self.assertEqual((field["Package"], field["Section"]), ("lockstep", "devel"))
        for library in ("libc6 (>= ", "libfmt", "libstdc++6"):
            self.assertIn(library, field["Depends"])
        self.assertIn("python3", field["Recommends"])
        description = call("dpkg-deb", "-f", self.deb, "Description")
        self.assertIn("\n .\n", description)

    def test_pages_link_to_what_is_there(self):
        share = os.path.join(self.tree, "share", "lockstep")
        pages = [os.path.join(folder, file) for folder, _, files in os.walk(share) for file in files if file.endswith(".md")]
        self.assertGreater(len(pages), 10)
        missing = []
        for page in pages:
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", read(page)):
                if not os.path.exists(os.path.join(os.path.dirname(page), target)):
                    missing.append("%s: %s" % (os.path.relpath(page, share), target))
        self.assertEqual(missing, [])

    def test_the_licence_is_there_in_full(self):
        text = re.sub(r"\s+", " ", read(os.path.join(self.tree, "share/doc/lockstep/copyright")).replace("\n .\n", "\n"))
        licence = re.sub(r"\s+", " ", read(os.path.join(ROOT, "LICENSE")).split("\n", 3)[3].strip())
        self.assertIn(licence, text)

    @unittest.skipUnless(shutil.which("groff"), "this machine has no groff")
    def test_the_manual_page_is_one(self):
        page = os.path.join(self.tree, "share/man/man1/lockstep.1")
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        self.assertIn("EXIT STATUS", re.sub(".\b", "", done.stdout))


if __name__ == "__main__":
    lockstep_case.main()
