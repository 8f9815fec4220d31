#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TUTORIAL.md holds: its commands are run in its order, and print what it shows."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "harness", "e2e"))
import lockstep_case  # noqa: E402
from lockstep_case import BUILD, LockstepCase, read, write  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

PAGE = read(os.path.join(ROOT, "ci", "TUTORIAL.md"))
MARK = "@@ the command of block %d is over @@"
# All of it takes a minute and a half on two idle CPUs.
BOUND_S = 500


def blocks():
    """The indented blocks of the page, without their indent."""
    found, lines = [], []
    for line in PAGE.split("\n") + ["end"]:
        if line.startswith("    ") or (lines and not line.strip()):
            lines.append(line)
        elif lines:
            found.append(textwrap.dedent("\n".join(lines)).strip("\n"))
            lines = []
    return found


def steps_of(block):
    """[(command, what it prints)] of a block of commands."""
    steps, lines = [], block.split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("$ "):
            command = line[2:]
            if command.endswith("<<'EOF'"):
                while not command.endswith("\nEOF"):
                    command += "\n" + lines.pop(0)
            steps.append([command, []])
        else:
            steps[-1][1].append(line)
    return [(command, "\n".join(printed).strip()) for command, printed in steps]


def edit_of(block):
    """(file, old text, new text) of a block that begins as a patch does."""
    header, *lines = block.split("\n")
    old = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "-"))
    new = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "+"))
    return header.split()[1], old, new


def pattern_of(shown):
    """What is shown, as a pattern: `…` is any text, a number any number, and lines may be broken elsewhere."""
    parts = []
    for part in shown.split("…"):
        words = re.sub(r"\d+(\.\d+)?", "0", part).split()
        parts.append(r"\s+".join(re.escape(word) for word in words))
    return re.compile(r"\s*" + r"(?:.*\s|\s*)".join(parts) + r"\s*", re.DOTALL)


def plain(printed):
    return re.sub(r"\d+(\.\d+)?", "0", printed)


class Reading(unittest.TestCase):
    def test_a_pattern_tells_other_words_and_not_other_numbers(self):
        shown = "…\nport 1 5.09 s 16 pass\n…\nstatus 1"
        self.assertTrue(pattern_of(shown).fullmatch(plain("kernel\nport  1  6.1 s  7 pass\n\nmore\nstatus 1\n")))
        self.assertTrue(pattern_of(shown).fullmatch(plain("port  1  6.1 s\n  7 pass\nstatus 1\n")))
        self.assertFalse(pattern_of(shown).fullmatch(plain("port  1  6.1 s  7 fail\nstatus 1\n")))

    def test_statuses_are_compared_exactly(self):
        self.assertEqual(re.findall(r"^ +status (\d): ", PAGE, re.MULTILINE), ["1", "0", "0", "1"])


class Tutorial(LockstepCase):
    def script(self):
        """One shell session of all commands; edits are made in between. And what each command is to print."""
        script, shown = ["cd '%s'" % ROOT], []
        for block in blocks():
            if block.startswith("--- "):
                file, old, new = edit_of(block)
                for name, text in (("old", old), ("new", new)):
                    write(os.path.join(self.folder, "edit", name), text)
                script.append("'%s' -c '%s' %s '%s'" % (sys.executable, (
                    "import sys; f, d = sys.argv[1:]; r = lambda p: open(p).read(); t, o = r(f), r(d + \"/old\"); "
                    "assert t.count(o) == 1, o; open(f, \"w\").write(t.replace(o, r(d + \"/new\")))"), file,
                    os.path.join(self.folder, "edit")))
                shown.append(("the edit of " + file, ""))
                script.append("echo '%s'" % (MARK % (len(shown) - 1)))
            if not block.startswith("$ "):
                continue
            for command, printed in steps_of(block):
                script.append(command.replace("build/release", "'%s'" % BUILD))
                shown.append((command, printed))
                script.append("echo '%s'" % (MARK % (len(shown) - 1)))
        return "\n".join(script) + "\n", shown

    @unittest.skipUnless(shutil.which("pkg-config"), "this machine has no pkg-config")
    def test_every_command_prints_what_is_shown(self):
        script, shown = self.script()
        self.assertEqual(len(shown), PAGE.count("\n    $ ") + PAGE.count("\n    --- "))
        home = os.path.join(self.folder, "home")
        os.mkdir(home)
        process = subprocess.Popen(["bash", "--norc", write(os.path.join(self.folder, "script"), script)],
                                   env=self.environment(HOME=home, PYENV_ROOT=None), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        rest = self.finish(process, BOUND_S).out
        for number, (command, printed) in enumerate(shown):
            mark = (MARK % number) + "\n"
            self.assertIn(mark, rest, command)
            came, rest = rest.split(mark, 1)
            self.assertTrue(pattern_of(printed).fullmatch(plain(came)), "%s\nshown:\n%s\ncame:\n%s" % (command, printed, came))
            status = re.search(r"^status \d+: .*$", printed, re.MULTILINE)
            if status:
                self.assertTrue(came.endswith(status.group() + "\n"), came)
        self.assertEqual(sorted(os.listdir(home)), [".local", "port"])


@unittest.skipIf(yaml is None, "this Python has no yaml")
class Wiring(unittest.TestCase):
    def test_what_it_sets_is_there_to_be_set(self):
        step = yaml.safe_load(next(block for block in blocks() if block.startswith("- uses:")))[0]
        inputs = yaml.safe_load(read(os.path.join(ROOT, "ci/github/action.yml")))["inputs"]
        self.assertLessEqual(set(step["with"]), set(inputs))
        job = yaml.safe_load(next(block for block in blocks() if block.startswith("include:")))["semaphore"]
        recipe = yaml.safe_load(read(os.path.join(ROOT, "ci/gitlab/lockstep.gitlab-ci.yml")))
        self.assertLessEqual(set(job["variables"]), set(recipe[job["extends"]]["variables"]))

    def test_its_links_lead_somewhere(self):
        for link in re.findall(r"\]\(([^)#]+)", PAGE):
            self.assertTrue(os.path.exists(os.path.join(ROOT, "ci", link)), link)


if __name__ == "__main__":
    lockstep_case.main()
