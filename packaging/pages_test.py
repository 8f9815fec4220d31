#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual page and the completions: they have what the program has, and the shells take them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import program_help  # noqa: E402

LOCKSTEP = os.environ.get("LOCKSTEP_BINARY", os.path.join(ROOT, "build", "release", "harness", "lockstep"))
PAGES = os.environ.get("LOCKSTEP_PAGES", os.path.join(ROOT, "build", "release", "packaging", "pages"))
# Each shell starts in some ms.
BOUND_S = 60
IMPLEMENTATIONS = {"reference", "raw", "cpython", "pypy", "python3"}
# Completes the words of a command line, the last of which the cursor is in; a line each.
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_lockstep
printf '%s\\n' "${COMPREPLY[@]}"
"""


def page(name):
    with open(os.path.join(PAGES, name), encoding="utf-8") as file:
        return file.read()


def say(*command, **how):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          timeout=BOUND_S, check=True, **how).stdout.decode()


# Read here in another way than by what makes the pages.
HELP = say(LOCKSTEP, "--help")
VERBS = re.findall(r"^  lockstep (\w+)", HELP, re.MULTILINE)
FLAGS = {verb: set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", say(LOCKSTEP, verb, "--help"), re.MULTILINE)) | {"--help"} for verb in VERBS}


class Help(unittest.TestCase):
    def test_every_verb_and_every_flag_of_it_is_read(self):
        verbs = {verb.name: verb for verb in program_help.verbs_of(LOCKSTEP)}
        self.assertEqual(list(verbs), VERBS)
        for name, verb in verbs.items():
            flags = {flag.name for flag in verb.all_flags()} | {"--help"}
            self.assertLessEqual(FLAGS[name], flags, name)
            for flag in verb.all_flags():
                self.assertTrue(flag.says, "%s %s" % (name, flag.name))
        self.assertIn("plot", verbs["history"].actions)
        self.assertIn("check", verbs["adapter"].actions)

    def test_what_a_flag_takes_is_read(self):
        run = next(verb for verb in program_help.verbs_of(LOCKSTEP) if verb.name == "run")
        flags = {flag.name: flag for flag in run.flags}
        self.assertEqual((flags["--level"].choices, flags["--level"].takes), (["core", "full"], "TEXT"))
        self.assertEqual((flags["--strict"].takes, flags["--jobs"].takes, flags["--jobs"].short), ("", "INT", "-j"))

    def test_the_implementations_are_those_of_the_tree(self):
        self.assertLessEqual(IMPLEMENTATIONS, set(program_help.implementations_in(ROOT)))


class Manual(unittest.TestCase):
    def test_has_every_verb_and_every_flag(self):
        text = page("lockstep.1").replace("\\-", "-")
        for verb in VERBS:
            section = re.search(r"\.SS \\fBlockstep %s\\fR.*?(?=\n\.S[SH] )" % verb, text, re.DOTALL)
            self.assertTrue(section, verb)
            for flag in FLAGS[verb] - {"--help"}:
                self.assertIn("\\fB%s\\fR" % flag, section.group(0), verb)

    def test_has_every_exit_status_of_the_front_page(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            statuses = re.findall(r"^\| (\d+) \|", file.read(), re.MULTILINE)
        self.assertGreater(len(statuses), 5)
        for status in statuses:
            self.assertIn(".TP\n.B %s\n" % status, page("lockstep.1"))

    @unittest.skipUnless(shutil.which("groff"), "this machine has no groff")
    def test_is_one_without_a_warning(self):
        done = subprocess.run(["groff", "-man", "-ww", "-z", os.path.join(PAGES, "lockstep.1")], stderr=subprocess.PIPE,
                              check=True, timeout=BOUND_S)
        self.assertEqual(done.stderr, b"")


class Bash(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lockstep-pages-")
        self.addCleanup(shutil.rmtree, self.folder)

    def complete(self, *words):
        path = os.path.dirname(LOCKSTEP) + ":" + os.environ["PATH"]
        return say("bash", "--norc", "-uc", BASH, "bash", os.path.join(PAGES, "lockstep.bash"), *words,
                   cwd=self.folder, env=dict(os.environ, PATH=path)).split()

    def test_completes_verbs(self):
        self.assertEqual(self.complete("lockstep", ""), VERBS + ["--help", "--version"])
        self.assertEqual(self.complete("lockstep", "do"), ["doctor"])

    def test_completes_the_flags_of_each_verb(self):
        for verb in VERBS:
            offered = set(self.complete("lockstep", verb, "--"))
            self.assertLessEqual(FLAGS[verb], offered, verb)
        self.assertNotIn("--junit", self.complete("lockstep", "list", "--"))

    def test_completes_the_values_of_a_flag(self):
        self.assertEqual(self.complete("lockstep", "run", "--level", ""), ["core", "full"])
        self.assertLessEqual(IMPLEMENTATIONS, set(self.complete("lockstep", "run", "--oracle", "")))
        self.assertEqual(self.complete("lockstep", "run", "--jobs", ""), [])

    def test_completes_implementations_and_files(self):
        os.mkdir(os.path.join(self.folder, "mine"))
        self.assertLessEqual(IMPLEMENTATIONS | {"mine"}, set(self.complete("lockstep", "run", "")))
        self.assertEqual(self.complete("lockstep", "run", "--out", "m"), ["mine"])
        self.assertEqual(self.complete("lockstep", "check", ""), ["mine"])

    def test_completes_scenarios_of_an_installed_program(self):
        self.assertIn("fork/child-inherits-ownership", self.complete("lockstep", "show", "fork/child-"))
        self.assertIn("fork/child-inherits-ownership", self.complete("lockstep", "run", "--filter", "fork/"))
        self.assertEqual(self.complete("./lockstep", "show", "fork/child-"), [])

    def test_completes_what_a_verb_does(self):
        self.assertEqual(self.complete("lockstep", "history", "p"), ["plot"])
        self.assertEqual(self.complete("lockstep", "adapter", ""), ["check"])

    def test_completes_commands_behind_two_dashes(self):
        self.assertIn("bash", self.complete("lockstep", "run", "--", "bas"))
        self.assertEqual(self.complete("lockstep", "run", "--", "--leve"), [])


class OtherShells(unittest.TestCase):
    def test_zsh_and_fish_have_every_verb_and_every_flag(self):
        zsh, fish = page("_lockstep"), page("lockstep.fish")
        self.assertTrue(zsh.startswith("#compdef lockstep\n"))
        for verb in VERBS:
            case = re.search(r"^    %s\)\n.*?;;$" % verb, zsh, re.MULTILINE | re.DOTALL).group(0)
            self.assertIn("complete -c lockstep -f -n __fish_use_subcommand -a %s " % verb, fish)
            for flag in FLAGS[verb]:
                self.assertRegex(case, r"'\*?%s\[" % flag)
                self.assertRegex(fish, r"from %s'.* -l %s " % (verb, flag[2:]))

    @unittest.skipUnless(shutil.which("zsh"), "this machine has no zsh")
    def test_zsh_takes_it(self):
        say("zsh", "-f", "-n", os.path.join(PAGES, "_lockstep"))

    @unittest.skipUnless(shutil.which("fish"), "this machine has no fish")
    def test_fish_completes_by_it(self):
        with tempfile.TemporaryDirectory() as home:
            def complete(line):
                script = "source '%s'; complete -C '%s'" % (os.path.join(PAGES, "lockstep.fish"), line)
                out = say("fish", "--no-config", "-c", script, cwd=home, env=dict(os.environ, HOME=home, XDG_CONFIG_HOME=home))
                return [choice.split("\t")[0] for choice in out.splitlines()]

            self.assertEqual(complete("lockstep do"), ["doctor"])
            self.assertEqual(complete("lockstep run --level "), ["core", "full"])
            self.assertLessEqual(IMPLEMENTATIONS, set(complete("lockstep run --oracle ")))


if __name__ == "__main__":
    unittest.main()
