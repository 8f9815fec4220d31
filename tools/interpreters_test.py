# SPDX-License-Identifier: MIT
"""Tests of tools/interpreters and of what it reads of the machine's apt configuration.

    /usr/bin/python3 tools/interpreters_test.py

No test asks the network: apt-get is a stand-in.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
sys.dont_write_bytecode = True
from script_case import AS_NOBODY, ROOT, ScriptCase, read, write  # noqa: E402

# With a stand-in for the mirror all is over within a second; the rest allows for a loaded machine.
BOUND_S = 60

ANNOUNCED = ("downloading cpython-3.14, cpython-3.15, pypy-current from newer Debian suites into "
             "interpreters; the newest CPython is then the oracle "
             "(./lockstep --no-install goes without)\n")
UNREACHABLE = ("private interpreters not available (forky: Failed to fetch http://m.example/  "
               "Temporary failure resolving): python3 serves")


class AptSources(ScriptCase):
    def sources(self, **files):
        etc = os.path.join(self.folder, "etc")
        os.makedirs(os.path.join(etc, "sources.list.d"))
        for name, text in files.items():
            place = "sources.list" if name == "main" else "sources.list.d/" + name.replace("_", ".")
            write(os.path.join(etc, place), textwrap.dedent(text))
        done = subprocess.run(
            ["bash", "-euc", 'source "$1"; debian_sources forky "$2"', "bash",
             os.path.join(ROOT, "tools/lib/apt_sources.sh"), etc],
            capture_output=True, text=True, timeout=10, check=False)
        return done.returncode, re.sub(r"Architectures: .*\n", "", done.stdout)

    def test_reads_the_one_line_format(self):
        self.assertEqual((0, "Types: deb\nURIs: https://mirror.example/debian\nSuites: forky\n"
                             "Components: main\nTargets: Packages\nSigned-By: /k/debian.gpg\n"),
                         self.sources(main="""\
            # deb http://commented.example/debian bookworm main
            deb-src http://source.example/debian bookworm main
            deb http://security.example/debian-security bookworm-security main
            deb [arch=amd64 signed-by=/k/debian.gpg] https://mirror.example/debian bookworm main
            """))

    def test_reads_the_deb822_format(self):
        status, text = self.sources(debian_sources="""\
            Types: deb
            URIs: http://other.example/
            Suites: nodistro
            Components: main

            # The one that counts.
            Types: deb deb-src
            URIs: http://mirror.example/debian
            Suites: bookworm bookworm-updates
            Components: main non-free-firmware
            Signed-By: /k/debian.gpg
            """)
        self.assertEqual(0, status)
        self.assertIn("URIs: http://mirror.example/debian\n", text)
        self.assertIn("Signed-By: /k/debian.gpg\n", text)

    def test_keeps_the_lines_of_a_key_that_stands_in_the_source(self):
        _, text = self.sources(debian_sources="""\
            Types: deb
            URIs: http://mirror.example/debian
            Suites: trixie
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             abc
            """)
        self.assertIn("Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n", text)

    def test_passes_over_sources_that_are_switched_off(self):
        self.assertEqual((1, ""), self.sources(debian_sources="""\
            Enabled: no
            Types: deb
            URIs: http://mirror.example/debian
            Suites: bookworm
            Components: main
            """))

    def test_fails_when_the_machine_names_no_debian_mirror(self):
        self.assertEqual((1, ""),
                         self.sources(main="deb http://mirror.example/ubuntu jammy main\n"))


class Interpreters(ScriptCase):
    def setUp(self):
        super().setUp()
        # A copy, for a user who may not read where the project is.
        shutil.copytree(os.path.join(ROOT, "tools"), os.path.join(self.folder, "tools"))
        self.script = os.path.join(self.folder, "tools/interpreters")
        self.target = os.path.join(self.folder, "interpreters")
        self.calls = os.path.join(self.folder, "apt-calls")

    def provide(self, *arguments, first_on_path=None, path=None):
        environment = dict(os.environ)
        if path:
            environment["PATH"] = path
        if first_on_path:
            environment["PATH"] = first_on_path + ":" + environment["PATH"]
        done = subprocess.run(
            [self.script, "--dir", self.target, *arguments],
            capture_output=True, text=True, timeout=BOUND_S, env=environment, check=False,
            stdin=subprocess.DEVNULL)
        return done.returncode, done.stderr

    def calls_made(self):
        return len(read(self.calls).splitlines()) if os.path.exists(self.calls) else 0

    def unreachable(self):
        self.stand_in("patchelf", "exit 0")
        return self.stand_in("apt-get", """\
            echo "$*" >>%s
            echo "E: Failed to fetch http://m.example/  Temporary failure resolving"
            exit 100
            """ % self.calls)

    def test_says_in_one_line_why_there_are_none_when_the_mirror_cannot_be_reached(self):
        status, said = self.provide(first_on_path=self.unreachable())
        self.assertEqual(1, status)
        self.assertEqual(ANNOUNCED + UNREACHABLE + "\n", said)

    def test_asks_an_unreachable_mirror_once_only(self):
        self.provide(first_on_path=self.unreachable())
        self.assertEqual(1, self.calls_made())

    def test_remembers_a_failure_and_says_so_without_trying(self):
        bin_folder = self.unreachable()
        self.provide(first_on_path=bin_folder)
        again = self.provide(first_on_path=bin_folder)
        hint = " (remembered; tools/interpreters --retry tries again)\n"
        self.assertEqual((1, UNREACHABLE + hint), again)
        self.assertEqual(1, self.calls_made())

    def test_remembers_when_a_failure_was_however_often_it_is_told(self):
        bin_folder = self.unreachable()
        self.provide(first_on_path=bin_folder)
        failed = os.path.join(self.target, "failed.tsv")
        write(failed, re.sub(r"\t\d+\t", "\t%d\t" % (time.time() - 3600), read(failed)))
        before = read(failed)
        self.provide(first_on_path=bin_folder)
        self.assertEqual(before, read(failed))

    def test_does_not_remember_that_a_tool_was_missing(self):
        bin_folder = self.stand_in("apt-get", "echo >>%s; exit 100" % self.calls)
        path = os.path.join(self.folder, "path")
        os.makedirs(path)
        for name in os.listdir("/usr/bin"):
            if name not in ("apt-get", "patchelf"):
                os.symlink(os.path.join("/usr/bin", name), os.path.join(path, name))
        said = self.provide(path=bin_folder + ":" + path)
        self.assertEqual(
            (1, "private interpreters not available (patchelf is not installed): python3 serves\n"),
            said)
        self.assertEqual(said, self.provide(path=bin_folder + ":" + path))
        self.assertEqual(0, self.calls_made())
        self.stand_in("patchelf", "exit 0")
        self.assertIn("downloading cpython-3.14", self.provide(path=bin_folder + ":" + path)[1])

    def test_tries_again_when_told_to(self):
        bin_folder = self.unreachable()
        self.provide(first_on_path=bin_folder)
        self.provide("--retry", first_on_path=bin_folder)
        self.assertEqual(2, self.calls_made())

    def test_tries_again_after_a_day(self):
        bin_folder = self.unreachable()
        self.provide(first_on_path=bin_folder)
        failed = os.path.join(self.target, "failed.tsv")
        yesterday = str(int(time.time()) - 86401)
        write(failed, re.sub(r"\t\d+\t", "\t%s\t" % yesterday, read(failed)))
        self.provide(first_on_path=bin_folder)
        self.assertEqual(2, self.calls_made())

    @unittest.skipUnless(shutil.which("dpkg-deb"), "needs dpkg")
    def test_leaves_no_half_interpreter_when_a_package_is_not_what_it_should_be(self):
        self.stand_in("patchelf", "exit 0")
        bin_folder = self.stand_in("apt-get", """\
            case "$*" in
              *" install "*) echo "Inst python3.14 (1 Debian:forky [amd64])" ;;
              *" download "*)
                mkdir -p p/DEBIAN p/usr/bin && echo no-program >p/usr/bin/python3.14
                {
                  echo "Package: p" && echo "Version: 1" && echo "Architecture: all"
                  echo "Maintainer: m <m@m.example>" && echo "Description: d"
                } >p/DEBIAN/control
                dpkg-deb -b p p.deb >/dev/null && rm -r p ;;
            esac
            """)
        status, said = self.provide(first_on_path=bin_folder)
        self.assertEqual(1, status)
        self.assertIn("the C library came without a loader", said)
        self.assertNotIn("remembered", said)
        self.assertEqual({"failed.tsv", "list.tsv", "lock"}, set(os.listdir(self.target)))
        self.assertEqual("", read(os.path.join(self.target, "list.tsv")))

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_says_nothing_when_all_are_there_in_a_folder_that_may_not_be_written(self):
        lines = []
        for name, path in (("cpython-3.14", "cpython-3.14/usr/bin/python3.14"),
                           ("cpython-3.15", "cpython-3.15/usr/bin/python3.15"),
                           ("pypy-current", "pypy/usr/bin/pypy3")):
            program = os.path.join(self.target, path)
            write(program, "", True)
            write(os.path.join(self.target, path.split("/")[0], "version"), "3\n")
            lines.append("%s\t%s\t3\n" % (name, program))
        write(os.path.join(self.target, "list.tsv"), "".join(lines))
        done = subprocess.run(
            [*AS_NOBODY, self.script, "--dir", self.target],
            capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_leaves_nothing_behind_when_it_is_interrupted(self):
        self.stand_in("patchelf", "exit 0")
        started = os.path.join(self.folder, "started")
        os.mkfifo(started)
        bin_folder = self.stand_in("apt-get", "echo started >%s; exec sleep 60" % started)
        process = subprocess.Popen(
            [self.script, "--dir", self.target],
            env=dict(os.environ, PATH=bin_folder + ":" + os.environ["PATH"]),
            start_new_session=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        read(started)
        # To the whole group, as a terminal does it.
        os.killpg(process.pid, signal.SIGTERM)
        self.assertEqual(130, process.wait(timeout=20))
        self.assertEqual(["lock"], os.listdir(self.target))

    @unittest.skipUnless(os.path.exists(os.path.join(ROOT, "build/interpreters/list.tsv")),
                         "none were provided here")
    def test_every_interpreter_in_the_list_is_what_the_list_says(self):
        for line in read(os.path.join(ROOT, "build/interpreters/list.tsv")).splitlines():
            _, path, version = line.split("\t")
            done = subprocess.run([path, "-I", "-c", "import sys; print(*sys.version.split())"],
                                  capture_output=True, text=True, timeout=30, check=True)
            self.assertEqual(version, done.stdout.strip())


if __name__ == "__main__":
    unittest.main()
