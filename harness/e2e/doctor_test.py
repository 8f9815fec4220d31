#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor: what is told apart, and whether its names lead where it says."""

import ctypes
import os
import re

import lockstep_case
from lockstep_case import BUILD, HAS_OWN_SHM, ROOT, LockstepCase, write

HELPERS = os.environ.get("LOCKSTEP_E2E_HELPERS", os.path.join(BUILD, "harness", "e2e"))
_libc = ctypes.CDLL(None, use_errno=True)
_MS_BIND = 1 << 12
_MNT_DETACH = 2
# NAME PATH (FOUND)…; also NAME, NAME
LINE = re.compile(r"^  (\S+) +(\S+) \([^)]*\)(?:: [^;]*)?(?:; also (.*))?$", re.MULTILINE)


class Doctor(LockstepCase):
    def doctor(self, **env):
        done = self.lockstep("doctor", env=env)
        self.assert_status(done, 0)
        return done.out

    def not_needed(self, out):
        found = re.search(r"\nnot needed, but not here either:\n((?:  .*\n)+)", out)
        return found.group(1).splitlines() if found else []

    def instead_of_the_private_ones(self, folder):
        """For this process and what it starts, until the end of the test."""
        place = os.path.join(ROOT, "build", "interpreters")
        if not HAS_OWN_SHM or not os.path.isdir(place):
            self.skipTest("needs a mount namespace of its own, and a place to mount at")
        target = place.encode()
        if _libc.mount(folder.encode(), target, None, _MS_BIND, None) != 0:
            self.skipTest("needs bind mounts")
        self.addCleanup(_libc.umount2, target, _MNT_DETACH)

    def test_what_is_optional_is_told_apart_from_what_a_run_needs(self):
        lines = self.not_needed(self.doctor(PATH="/nowhere"))
        for package in ("pypy3", "patchelf", "ccache"):
            self.assertTrue(any(line.startswith("  %s: " % package) for line in lines), lines)

    def test_nothing_that_is_here_is_told_of_as_missing(self):
        out = self.doctor()
        for line in self.not_needed(out):
            command = line.split(":")[0].strip()
            self.assertFalse(os.path.exists("/usr/bin/" + command), line)

    def test_it_says_what_an_ordinary_user_can_do(self):
        out = self.doctor(LOCKSTEP_ISOLATION="none")
        self.assertRegex(out, r"\n         mend:  .*\n         without root: list what is not_run")
        self.assertTrue(out.endswith("\n1 lacking\n"), out)

    def test_it_says_what_is_lost_where_ptrace_is_denied(self):
        self.assertIn("\nok     ptrace: allowed, ", self.doctor())
        denied = (os.path.join(HELPERS, "deny_ptrace"),)
        out = self.lockstep("doctor", through=denied).out
        self.assertRegex(
            out,
            r"\nLACKS  ptrace is denied here: Operation not permitted\n"
            r"         costs: [1-9][0-9]* scenarios that break a call at a system call are not run\n"
            r"         mend:  set kernel\.yama\.ptrace_scope to 0 or 1; .*\n"
            r"         without root: list what is not_run",
        )
        name = "crash/killed-as-it-goes-to-sleep"
        done = self.lockstep("run", "reference", "--oracle", "none", "--filter", name, through=denied)
        self.assertIn("ptrace is denied here: Operation not permitted; set kernel.yama", " ".join(done.out.split()))
        self.assertEqual({"not_run"}, {verdict for verdict, _ in self.verdicts("reference").values()})

    def test_a_download_that_failed_is_told_of_with_its_reason(self):
        folder = os.path.join(self.folder, "interpreters")
        write(os.path.join(folder, "list.tsv"), "")
        write(os.path.join(folder, "failed.tsv"), "cpython-3.14\t1700000000\tforky: no answer\n")
        self.instead_of_the_private_ones(folder)
        self.assertIn(
            "  private cpython-3.14: could not be downloaded: forky: no answer; "
            "tools/interpreters --retry tries again",
            self.not_needed(self.doctor()),
        )

    def test_interpreters_that_nobody_asked_for_are_not_said_to_have_failed(self):
        folder = os.path.join(self.folder, "interpreters")
        os.makedirs(folder)
        self.instead_of_the_private_ones(folder)
        self.assertIn(
            "  newer Pythons in build/interpreters: not downloaded; tools/interpreters does it",
            self.not_needed(self.doctor()),
        )

    def test_names_lead_to_the_interpreters_that_they_are_listed_with(self):
        # Not all of them: whoever resolves a name starts every interpreter that there is.
        lines = LINE.findall(self.doctor())
        self.assertTrue(lines)
        for own_name, _, others in lines:
            for name in set(others.split(", ")) & {"cpython", "python3", "pypy", "pypy3"}:
                with self.subTest(name=name):
                    self.assert_leads_to(name, own_name)
        self.assert_leads_to(lines[-1][0], lines[-1][0])

    def assert_leads_to(self, name, own_name):
        done = self.lockstep(
            "run", name, "--oracle", "none", "--filter", "acquire/takes-a-unit"
        )
        judged = [line["name"] for line in self.results() if line["type"] == "implementation"]
        self.assertEqual({own_name}, set(judged), str(done))

    def test_no_name_is_listed_twice(self):
        names = []
        for own_name, _, others in LINE.findall(self.doctor()):
            names += [own_name] + [name for name in others.split(", ") if name]
        self.assertEqual(sorted(set(names)), sorted(names))


if __name__ == "__main__":
    lockstep_case.main()
