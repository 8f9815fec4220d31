#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The HTML report: written by run and by report, and tried in a browser where there is one."""

import json
import os
import shutil
import subprocess
import unittest

import lockstep_case
from lockstep_case import BUILD, HERE, ROOT, LockstepCase, read, read_lines, write

EVIL = "\"'><script>window.__pwned = 1</script><img src=x onerror='window.__pwned = 2'><b>\x1b[31m\u202e</details>"
BROWSER_BOUND_S = 240


def like(line, name, **changes):
    """A line of a report as another implementation would have it."""
    line = json.loads(json.dumps(line))
    line["name" if line["type"] == "implementation" else "implementation"] = name
    line.update(changes)
    return line


def failed(line, reason):
    """A verdict whose last step with an outcome came to something else."""
    run = line["run"]
    step = next(entry for entry in reversed(run["trace"]) if entry["outcome"])
    step["outcome"] = reason
    run.update(end="diverged", reason=reason, output="x" * 1000000 + EVIL, whereabouts=["p: " + EVIL])
    run["divergence"] = {"step": step["step"], "operation": "s.release()", "expected": "-> None", "actual": reason,
                         "line": step["line"], "column": step["column"]}
    line.update(verdict="fail", behaviour="fail", cleanliness="not_run", reason=reason)
    return line


def session():
    """A session of measurements of two, with samples."""
    lines = [{"kind": "session", "format": 1, "id": "a" * 32, "started": "2026-11-23T00:00:00Z", "lockstep": "0.1.0",
              "command": "./lockstep bench", "label": EVIL, "machine": {"fingerprint": "f" * 16, "facts": {"cpu": EVIL}}}]
    for name in ("raw", "reference"):
        for quantity in ("free/recursive", "hand-over/same-cpu/0us", "hand-over/same-cpu/100us"):
            lines.append({"kind": "series", "session": "a" * 32, "implementation": name, "version": "1", "quantity": quantity,
                          "unit": "ns", "more_is_better": False, "values": [2300.0, 2310.0, 2290.0], "ratios": [],
                          "samples": [[2048 + 16 * i, 40 - i] for i in range(40)] if "/same" in quantity else []})
    lines.append({"kind": "end", "session": "a" * 32, "series": 6})
    return "".join(json.dumps(line) + "\n" for line in lines)


class Pages(LockstepCase):
    def ran(self):
        """The lines of a run of a few scenarios on the reference."""
        done = self.lockstep("run", "reference", "--oracle", "none", "--filter", "timeout/*zero*", "--filter", "fork/*", "--out", self.out)
        self.assert_status(done, 0)
        return self.results()

    def hostile(self, fails=True):
        """A report in which an implementation differs, and another says evil things; or did not yet."""
        lines = self.ran()
        verdicts = [line for line in lines if line["type"] == "verdict" and line["verdict"] == "pass"]
        implementation = next(line for line in reversed(lines) if line["type"] == "implementation")
        extra = []
        for name, changed in (("port", "-> True"), ("evil " + EVIL, EVIL)):
            extra.append(like(implementation, name, note=EVIL))
            for number, line in enumerate(verdicts):
                other = like(line, name)
                if not fails:
                    pass
                elif number % 5 == 0:
                    other = failed(other, changed)
                elif number % 5 == 1:
                    other = failed(other, changed)
                    other.update(verdict="expected_fail", behaviour="expected_fail", expected={
                        "scenario": "*", "verdict": "fail", "reason": "...", "why": EVIL, "link": "javascript:window.__pwned=3",
                        "place": "e.toml:1"})
                extra.append(other)
        footer = lines[-1]
        lines = lines[:-1] + extra + [dict(footer, verdicts=footer["verdicts"] + 2 * len(verdicts), notes=[EVIL])]
        return write(os.path.join(self.folder, "hostile.jsonl" if fails else "before.jsonl"), "".join(json.dumps(line) + "\n" for line in lines))


class Written(Pages):
    def test_run_writes_the_page_that_report_writes_of_its_results(self):
        folder = os.path.join(self.folder, "page")
        done = self.lockstep("run", "reference", "--oracle", "none", "--filter", "timeout/*zero*", "--out", self.out, "--html", folder)
        self.assert_status(done, 0)
        page = os.path.join(folder, "index.html")
        self.assertIn("the page: %s\n" % page, done.out)
        again = os.path.join(self.folder, "again")
        done = self.lockstep("report", os.path.join(self.out, "results.jsonl"), "--html", again)
        self.assert_status(done, 0)
        self.assertIn("the page: %s/index.html\n" % again, done.out)
        self.assertTrue(done.out.endswith("\nstatus 0: all as expected\n"), done.out)
        self.assertEqual(read(page), read(again + "/index.html"))

    def test_measurements_are_told_apart_by_what_is_in_their_file(self):
        file = write(os.path.join(self.folder, "anything.txt"), session())
        folder = os.path.join(self.folder, "page")
        self.assert_status(self.lockstep("report", file, "--html", folder), 0)
        self.assertIn("<h2 id=latency-h>Latency</h2>", read(folder + "/index.html"))

    def test_a_report_that_was_cut_off_is_withheld(self):
        self.ran()
        lines = read(os.path.join(self.out, "results.jsonl")).splitlines(True)
        file = write(os.path.join(self.folder, "cut.jsonl"), "".join(lines[:-1]))
        folder = os.path.join(self.folder, "page")
        self.assert_status(self.lockstep("report", file, "--html", folder), 3)
        self.assertIn("<strong>Withheld:</strong>", read(folder + "/index.html"))

    def test_what_cannot_be_read_or_written_is_told(self):
        for words, says in (
            (("report",), "report wants a file of results"),
            (("report", write(os.path.join(self.folder, "s"), session())), "these are sessions of measurements, and no results"),
            (("report", "no-such-file", "--html", self.folder), "no-such-file"),
            (("report", write(os.path.join(self.folder, "x"), "{}\n"), "--html", self.folder), "x:1: there is no 'type'"),
        ):
            done = self.lockstep(*words)
            self.assert_status(done, 2)
            self.assertIn(says, done.err)
        self.ran()
        blocked = write(os.path.join(self.folder, "file"), "")
        done = self.lockstep("report", os.path.join(self.out, "results.jsonl"), "--html", blocked)
        self.assert_status(done, 2)


class InABrowser(Pages):
    def browse(self, page):
        """Tries a page; what is wrong with it, by what was tried."""
        packages = subprocess.run([os.path.join(ROOT, "tools", "browser_packages")], capture_output=True, text=True, check=False,
                                  timeout=BROWSER_BOUND_S)
        reason = packages.stdout.strip()
        if packages.returncode != 0:
            if os.environ.get("LOCKSTEP_PACKAGES") == "ci":
                self.fail(reason)
            self.skipTest(reason)
        screenshots = os.path.join(BUILD, "screenshots", os.path.basename(page))
        os.makedirs(screenshots, exist_ok=True)
        done = subprocess.run(
            ["node", os.path.join(HERE, "browser", "page.js"), reason, shutil.which("chromium"), page + "/index.html", screenshots],
            capture_output=True, text=True, check=False, timeout=BROWSER_BOUND_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertLess(found.pop("loaded_ms")[0], 10000)
        self.assertEqual(len(found), 10)
        for name, problems in found.items():
            with self.subTest(name):
                self.assertEqual(problems, [])

    def test_a_report_does_what_it_should(self):
        measured = write(os.path.join(self.folder, "session.jsonl"), session())
        page = os.path.join(self.folder, "report")
        self.assert_status(self.lockstep("report", self.hostile(), measured, "--html", page), 0)
        self.browse(page)

    def test_a_comparison_does_what_it_should(self):
        page = os.path.join(self.folder, "changes")
        self.assert_status(self.lockstep("report", "--compare", self.hostile(fails=False), self.hostile(), "--html", page), 1)
        self.browse(page)


if __name__ == "__main__":
    lockstep_case.main()
