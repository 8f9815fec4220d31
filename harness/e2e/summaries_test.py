#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What CI servers and pull requests are shown: JUnit as other programs read it, Markdown, annotations, a badge, and
what changed between two runs."""

import json
import os
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import lockstep_case
from lockstep_case import BUILD, FAKE, PYTHON, ROOT, LockstepCase, read, write

ALONE = ("--oracle", "none")
ONE = (*ALONE, "--filter", "acquire/takes-a-unit")
GREEN, DIVERGED, USAGE, FAILED, NOTHING_JUDGED = 0, 1, 2, 3, 4
HOSTILE = r"""# What no report may be broken by; then an adapter that dies in a call.
import os, runpy, sys
def say(octets):
    while octets:
        octets = octets[os.write(2, octets[:65536]):]
say(bytes(range(256)) + b"\n]]> <![CDATA[ <failure message='x'> &amp; &#0; \xff\xfe \xed\xa0\x80 \xef\xbf\xbf\n")
say(b"::error::forged\n::add-mask::lockstep\n##[error]forged\n")
say(b"</pre></details><script>alert(1)</script> @octocat #1 | [a](https://example.org)\n")
say(b"x" * (1 << 20) + b"\n")
sys.argv = [%r, "dies-in-a-call"]
runpy.run_path(%r, run_name="__main__")
""" % (FAKE, FAKE)
OWN = """\
[[scenario]]
name = "own/takes-a-unit"
says = "A unit can be taken."
source = "the command line"
steps = '''
p s = SemLock(SEMAPHORE, 1, 1, NAME, True)
p s.acquire() -> %s
'''
"""


class Case(LockstepCase):
    def path(self, name):
        return os.path.join(self.folder, name)

    def stored(self, name, *words):
        """Runs, and gives the file that was stored."""
        path = self.path(name)
        self.lockstep("run", *words[:1], *ALONE, "--json", path, *words[1:])
        return path

    def own_run(self, name, outcome):
        return self.stored(name, "reference", "--scenarios", self.scenario_file(OWN % outcome))

    def hostile(self):
        return write(self.path("hostile.py"), HOSTILE)

    def read_junit(self, path):
        with open(path, "rb") as file:
            octets = file.read()
        forbidden = [b for b in range(32) if b not in (9, 10, 13) and bytes([b]) in octets]
        self.assertEqual(forbidden, [], "control characters")
        octets.decode("utf-8")
        root = ElementTree.fromstring(octets)
        self.assertEqual(violations(octets), "")
        return root

    def started(self, path, when):
        """The same report, begun at another time."""
        header, rest = read(path).split("\n", 1)
        write(path, json.dumps(dict(json.loads(header), started=when)) + "\n" + rest)

    def cut(self, path):
        """A copy without its footer."""
        lines = read(path).split("\n")
        return write(self.path("cut.jsonl"), "\n".join(lines[:-2]) + "\n")


def violations(octets):
    """What xmllint has against a file of the schema; empty where there is no xmllint: a CI that lacks it fails."""
    if not shutil.which("xmllint") and os.environ.get("LOCKSTEP_PACKAGES") != "ci":
        return ""
    schema = os.path.join(ROOT, "reports", "junit.xsd")
    done = subprocess.run(["xmllint", "--noout", "--schema", schema, "-"], input=octets, capture_output=True, check=False)
    return done.stderr.decode() if done.returncode != 0 else ""


class JUnit(Case):
    @unittest.skipUnless(shutil.which("xmllint"), "there is no xmllint to validate with")
    def test_the_schema_forbids_what_no_report_says(self):
        suite = '<testsuites name="x"><testsuite name="x" tests="%s" failures="0" errors="0" skipped="0" time="0">%s</testsuite></testsuites>'
        case = '<testcase classname="lockstep.a.b" name="c" time="0">%s</testcase>'
        for text in (
            "<testsuites/>",
            suite % ("-1", "<properties/>"),
            suite % ("0", ""),
            suite % ("1", "<properties/>" + case % '<failure message="a" type="odd"/>'),
            suite % ("1", "<properties/>" + case % "<failure/>"),
            suite % ("1", "<properties/>" + case % "<odd/>"),
            suite % ("1", "<properties/>" + case.replace("lockstep.a.b", "a.b") % ""),
        ):
            self.assertNotEqual(violations(text.encode()), "", text)
        self.assertEqual(violations((suite % ("1", "<properties/>" + case % "")).encode()), "")

    def test_a_hostile_adapter_cannot_break_it(self):
        path = self.path("junit.xml")
        self.lockstep("run", *ONE, "--junit", path, "--", PYTHON, self.hostile())
        root = self.read_junit(path)
        printed = "".join(node.text for node in root.iter("system-err"))
        self.assertIn("]]> <![CDATA[ <failure message='x'>", printed)
        self.assertEqual(len(list(root.iter("failure"))), 1)

    def test_neither_does_one_that_is_all_of_the_misbehaviours(self):
        for misbehaviour in ("garbage", "invalid-utf8", "exits-before-hello", "dies-by-signal"):
            with self.subTest(misbehaviour):
                path = self.path("junit.xml")
                self.lockstep("run", *ONE, "--junit", path, "--", PYTHON, FAKE, misbehaviour)
                self.assertGreater(sum(int(s.get("tests")) for s in self.read_junit(path)), 0)

    def test_a_stale_expectation_is_as_the_schema_says(self):
        own = self.implementation(
            "own", [os.path.join(BUILD, "impl", "adapters", "cpp", "lockstep-adapter-reference")],
            '[[expect]]\nscenario = "own/no-such"\nverdict = "fail"\nreason = "-> False"\nwhy = "It was so."\n',
        )
        path = self.path("junit.xml")
        self.lockstep("run", own, *ALONE, "--junit", path)  # Only the whole can tell.
        self.assertEqual([f.get("type") for f in self.read_junit(path).iter("failure")], ["stale"])


class Report(Case):
    def test_it_has_the_status_of_the_run(self):
        for outcome, status in (("True", GREEN), ("False", DIVERGED)):
            self.assert_status(self.lockstep("report", self.own_run("run.jsonl", outcome)), status)

    def test_it_shows_what_the_run_showed(self):
        path = self.own_run("run.jsonl", "False")
        done = self.lockstep("report", path)
        self.assertIn("fix first: acquire(): expected -> False, got -> True, 1 scenario", done.out)
        self.assertIn("rerun ./lockstep run --scenarios %s/scenarios/own.toml --oracle none reference --filter" % self.folder, done.out)

    def test_it_writes_what_run_writes(self):
        words = [(name, self.path("run." + name), self.path("report." + name)) for name in ("markdown", "junit", "badge")]
        stored = self.path("run.jsonl")
        flags = [w for name, path, _ in words for w in ("--" + name, path)]
        self.lockstep("run", "reference", *ONE, "--json", stored, *flags)
        self.lockstep("report", stored, *[w for name, _, path in words for w in ("--" + name, path)])
        for _, by_run, by_report in words:
            self.assertEqual(read(by_run), read(by_report))

    def test_a_file_that_was_cut_off_is_withheld_everywhere(self):
        cut = self.cut(self.own_run("run.jsonl", "True"))
        files = {name: self.path(name) for name in ("junit", "markdown", "badge")}
        done = self.lockstep("report", cut, "--format", "github", *[w for n, p in files.items() for w in ("--" + n, p)])
        self.assert_status(done, FAILED)
        self.assertIn("withheld: %s" % cut, done.out)
        self.assertIn("\n::error title=withheld%3A this is no result::" + cut, done.out)
        self.assertTrue(read(files["markdown"]).startswith("## ⚪ Lockstep: withheld\n\n**This is no result:**\n"))
        self.assertIn(">withheld</text>", read(files["badge"]))
        self.assertEqual([e.get("type") for e in ElementTree.parse(files["junit"]).iter("error")], ["withheld"])

    def test_several_files_are_laid_side_by_side_and_the_latest_counts(self):
        bad = self.own_run("bad.jsonl", "False")
        good = self.own_run("good.jsonl", "True")
        self.started(bad, "2026-11-01T00:00:00Z")
        for files in ((bad, good), (good, bad)):
            self.assert_status(self.lockstep("report", *files), GREEN)
        self.started(bad, "2099-11-01T00:00:00Z")
        for files in ((bad, good), (good, bad)):
            self.assert_status(self.lockstep("report", *files), DIVERGED)

    def test_a_failure_is_rerun_as_its_own_run_was(self):
        bad = self.own_run("bad.jsonl", "False")
        self.started(bad, "2026-11-01T00:00:00Z")
        other = self.stored("other.jsonl", "reference", "--filter", "acquire/takes-a-unit", "--timeout-scale", "3")
        done = self.lockstep("report", bad, other)
        self.assert_status(done, DIVERGED)
        self.assertIn("rerun ./lockstep run --scenarios %s/scenarios/own.toml --oracle none reference --filter" % self.folder, done.out)

    def test_the_projects_own_files_are_called_as_its_users_call_them(self):
        lines = read(self.stored("run.jsonl", "reference", "--filter", "acquire/block-none")).splitlines()
        verdict = next(line for line in map(json.loads, lines) if line["type"] == "verdict")
        self.assertRegex(verdict["expected"]["place"], r"^impl/reference/expectations\.toml:\d+$")

    def test_what_a_strict_run_holds_against_it_is_a_failure_everywhere(self):
        words = ("reference", *ALONE, "--filter", "surface/*", "--filter", "acquire/takes*", "--strict",
                 "--expectations", write(self.path("none.toml"), ""))
        files = {name: self.path(name) for name in ("junit", "badge")}
        done = self.lockstep("run", *words, "--format", "github", "--html", self.path("page"),
                             *[w for n, p in files.items() for w in ("--" + n, p)])
        self.assert_status(done, NOTHING_JUDGED)
        failures = [e.get("type") for e in self.read_junit(files["junit"]).iter("failure")]
        self.assertEqual(set(failures), {"unlisted"})
        self.assertRegex(done.out, r"\n::error file=.*,title=reference%3A not judged::unsupported, which no expectation lists: ")
        self.assertIn('fill="#9a6700"', read(files["badge"]))
        self.assertTrue("</span>Status 4: " in read(self.path("page/index.html")))

    def test_a_shard_that_could_judge_nothing_is_no_failure(self):
        junit = self.path("junit")
        done = self.lockstep("run", "reference", *ALONE, "--filter", "surface/*", "--shard", "1/2", "--junit", junit, "--format", "github")
        self.assert_status(done, GREEN)
        self.assertEqual(list(self.read_junit(junit).iter("error")), [])
        self.assertNotIn("::error", done.out)

    def test_mistakes_are_told(self):
        good = self.own_run("good.jsonl", "True")
        bad = write(self.path("bad.jsonl"), "no report\n")
        for words, message in (
            ((), "report wants a file of results"),
            ((self.path("none.jsonl"),), "none.jsonl: No such file or directory"),
            ((bad,), "bad.jsonl:1: this is no JSON"),
            ((good, "--format", "githib"), "--format does not know 'githib'; did you mean 'github'?"),
            ((good, "--format", "github=x"), "--format github takes no file"),
            ((good, "--format", "gitlab="), "--format does not know 'gitlab='"),
            ((good, "--markdown", "/nowhere/x.md"), "cannot write /nowhere/x.md: No such file or directory"),
            ((good, "--badge", "/dev/full/x"), "cannot write /dev/full/x: Not a directory"),
            (("--compare", good, good, "--junit", "x"), "--compare OLD NEW takes no other files"),
            ((good, "--markdown", "-", "--format", "github"), "--markdown - and --format github both want standard output"),
            ((good, "--junit", "-"), "--junit takes a file"),
            ((good, "--store", "x"), "--store is for the page"),
            (("--compare", good, bad), "bad.jsonl:1: this is no JSON"),
        ):
            with self.subTest(words):
                done = self.lockstep("report", *words)
                self.assert_status(done, USAGE)
                self.assertIn(message, done.err)

    def test_run_tells_a_format_that_is_none_before_it_runs(self):
        done = self.lockstep("run", "reference", *ALONE, "--format", "gilab")
        self.assert_status(done, USAGE)
        self.assertIn("did you mean 'gitlab'?", done.err)
        self.assertEqual(done.out, "")


class Markdown(Case):
    def test_a_page_replaces_another(self):
        stored, page = self.own_run("run.jsonl", "True"), write(self.path("page.md"), "old\n")
        self.lockstep("report", stored, "--markdown", page)
        self.assertTrue(read(page).startswith("## ✅ Lockstep: all as expected\n"))

    def test_it_is_added_to_a_steps_summary(self):
        stored, page = self.own_run("run.jsonl", "True"), write(self.path("page.md"), "# Mine\n")
        for _ in range(2):
            self.lockstep("report", stored, "--markdown", page, env={"GITHUB_STEP_SUMMARY": page})
        self.assertTrue(read(page).startswith("# Mine\n\n\n## ✅ Lockstep: all as expected\n"))
        self.assertEqual(read(page).count("## ✅ Lockstep"), 2)

    def test_a_steps_summary_does_not_grow_past_what_github_takes(self):
        page = write(self.path("page.md"), "x" * ((1 << 20) - 1000))
        stored = self.stored("run.jsonl", "reference", "--scenarios", self.scenario_file(OWN % "False"))
        self.lockstep("report", stored, "--markdown", page, env={"GITHUB_STEP_SUMMARY": page})
        self.assertIn("no room left", read(page))
        self.assertLessEqual(os.path.getsize(page), 1 << 20)
        write(page, "x" * (1 << 20))
        done = self.lockstep("report", stored, "--markdown", page, env={"GITHUB_STEP_SUMMARY": page})
        self.assertIn("is as long as GitHub takes: nothing is added", done.err)
        self.assertEqual(os.path.getsize(page), 1 << 20)
        # A little room is used, and no more than that.
        write(page, "x" * ((1 << 20) - 20000))
        self.lockstep("report", stored, "--markdown", page, env={"GITHUB_STEP_SUMMARY": page})
        self.assertIn("## ❌ Lockstep", read(page))
        self.assertLessEqual(os.path.getsize(page), 1 << 20)

    def test_to_standard_output_it_is_all_that_is_there(self):
        stored, page = self.own_run("run.jsonl", "True"), self.path("page.md")
        for words in (("report", stored), ("run", "reference", *ALONE, "--scenarios", self.scenario_file(OWN % "True"))):
            done = self.lockstep(*words, "--markdown", "-")
            self.lockstep(*words, "--markdown", page)
            self.assertEqual(done.out, read(page))

    def test_a_hostile_adapter_marks_nothing_up_and_is_bounded(self):
        page = self.path("page.md")
        self.lockstep("run", *ONE, "--markdown", page, "--", PYTHON, self.hostile())
        text = read(page)
        self.assertLess(len(text), 60000)
        self.assertNotIn("<script", text)
        self.assertNotIn("\0", text)
        self.assertEqual(text.count("<pre>"), text.count("</pre>"))
        self.assertEqual(text.count("<details>"), text.count("</details>"))


class Annotations(Case):
    def test_they_point_into_the_repository(self):
        path = self.scenario_file(OWN % "False")
        os.makedirs(self.path(".git"))
        done = self.lockstep("run", "reference", *ALONE, "--scenarios", path, "--format", "github", cwd=os.path.dirname(path))
        self.assertRegex(done.out, r"\n::error file=scenarios/own\.toml,line=7,title=reference%3A own/takes-a-unit::s\.acquire\(\): expected")

    def test_the_workspace_of_the_job_is_the_repository(self):
        path = self.scenario_file(OWN % "False")
        done = self.lockstep("run", "reference", *ALONE, "--scenarios", path, "--format", "github", env={"GITHUB_WORKSPACE": os.path.dirname(path)})
        self.assertIn("::error file=own.toml,line=7,", done.out)

    def test_what_an_adapter_prints_is_no_command(self):
        done = self.lockstep("run", *ONE, "--verbose", "--format", "github", "--", PYTHON, self.hostile())
        lines = done.out.split("\n")
        token = re.fullmatch("::stop-commands::([0-9a-f]{32})", lines[0]).group(1)
        end = lines.index("::%s::" % token)
        self.assertTrue(any("forged" in line for line in lines[:end]), "the adapter's words are in the log")
        commands = lines[end + 1 :]
        self.assertTrue(commands[0].startswith("::error file="), commands)
        self.assertEqual(commands[1:], ["", "status 1: a divergence that is not expected", ""])

    def test_there_are_ten_errors_and_a_notice_of_the_rest(self):
        done = self.lockstep("run", *ALONE, "--filter", "acquire/*", "--format", "github", "--", PYTHON, FAKE, "echo")
        total = sum(v[0] in ("fail", "harness_error") for v in self.verdicts(os.path.basename(PYTHON)).values())
        self.assertGreater(total, 10)
        self.assertEqual(done.out.count("\n::error "), 10)
        self.assertIn("\n::notice title=Lockstep::%d more error" % (total - 10), done.out)

    def test_a_green_run_has_none(self):
        done = self.lockstep("run", "reference", *ONE, "--format", "github")
        self.assertNotIn("::error", done.out)

    def test_the_code_quality_report_is_as_gitlab_documents_it(self):
        self.lockstep("run", *ALONE, "--filter", "acquire/*", "--format", "gitlab", "--", PYTHON, self.hostile())
        report = json.loads(read(self.path("gl-code-quality-report.json")))
        self.assertGreater(len(report), 0)
        for one in report:
            self.assertEqual(sorted(one), ["check_name", "description", "fingerprint", "location", "severity"])
            self.assertIn(one["severity"], ("info", "minor", "major", "critical", "blocker"))
            self.assertIsInstance(one["location"]["lines"]["begin"], int)
            self.assertFalse(one["location"]["path"].startswith(("/", "./")))
            self.assertTrue(one["description"] and one["check_name"])
        self.assertEqual(len({one["fingerprint"] for one in report}), len(report))

    def test_a_green_run_is_an_empty_code_quality_report(self):
        self.lockstep("run", "reference", *ONE, "--format", "gitlab=" + self.path("own.json"))
        self.assertEqual(json.loads(read(self.path("own.json"))), [])


class Badge(Case):
    def test_it_is_an_image_of_how_many_passed(self):
        path = self.path("badge.svg")
        self.lockstep("run", "reference", *ONE, "--badge", path)
        root = ElementTree.parse(path).getroot()
        self.assertEqual(root.get("role"), "img")
        self.assertEqual(root.find("{http://www.w3.org/2000/svg}title").text, "SemLock of reference: 1 pass")
        self.assertEqual([t.text for t in root.iter("{http://www.w3.org/2000/svg}text")], ["SemLock", "1 of 1"])


class Compare(Case):
    def test_what_newly_fails_is_told_and_is_status_1(self):
        good, bad = self.own_run("good.jsonl", "True"), self.own_run("bad.jsonl", "False")
        done = self.lockstep("report", "--compare", good, bad)
        self.assert_status(done, DIVERGED)
        self.assertTrue(done.out.startswith("## ❌ Lockstep: 1 scenario newly fails\n"))
        self.assertIn("<code>own/takes-a-unit</code>: was pass, is fail", done.out)
        done = self.lockstep("report", "--compare", bad, good)
        self.assert_status(done, GREEN)
        self.assertIn("1 scenario, fixed", done.out)

    def test_a_run_and_itself_are_the_same(self):
        good, page = self.own_run("good.jsonl", "True"), self.path("page.md")
        done = self.lockstep("report", "--compare", good, good, "--markdown", page)
        self.assert_status(done, GREEN)
        self.assertEqual(done.out, "")
        self.assertTrue(read(page).startswith("## ✅ Lockstep: nothing changed\n"))

    def test_a_run_that_was_cut_off_is_no_gate(self):
        good = self.own_run("good.jsonl", "True")
        self.assert_status(self.lockstep("report", "--compare", good, self.cut(good)), NOTHING_JUDGED)

    def test_it_is_a_page_too(self):
        good, bad = self.own_run("good.jsonl", "True"), self.own_run("bad.jsonl", "False")
        done = self.lockstep("report", "--compare", good, bad, "--html", self.path("page"))
        self.assert_status(done, DIVERGED)
        self.assertEqual(done.out, "1 scenario newly fails\nthe page: %s/index.html\n" % self.path("page"))
        self.assertIn("<strong>1 scenario newly fails</strong> (status 1)", read(self.path("page/index.html")))
        # Beside the Markdown, if that is asked for as well.
        done = self.lockstep("report", "--compare", good, bad, "--html", self.path("page"), "--markdown", "-")
        self.assertTrue(done.out.startswith("## ❌ Lockstep: 1 scenario newly fails\n"))

    def test_one_implementation_of_a_family_is_compared_with_its_next_version(self):
        files = []
        for name in ("own-1", "own-2"):
            own = self.implementation(name, [PYTHON, FAKE, "well-behaved"], family="own")
            files.append(self.stored(name + ".jsonl", own, "--scenarios", self.scenario_file(OWN % "True")))
        done = self.lockstep("report", "--compare", *files)
        self.assert_status(done, GREEN)
        self.assertIn("| <code>own-1 -&gt; own-2</code> | 1 |", done.out)


if __name__ == "__main__":
    lockstep_case.main()
