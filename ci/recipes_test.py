#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes for CI: they are what their services take, and their very shell lines gate, by an ordinary user."""

import json
import os
import re
import subprocess
import sys
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "harness", "e2e"))
import lockstep_case  # noqa: E402
from lockstep_case import BUILD, LOCKSTEP, NOBODY, LockstepCase, is_root, read, write  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

ADAPTER = os.path.join(BUILD, "impl", "adapters", "cpp", "lockstep-adapter-reference")
MUTANTS = os.path.join(BUILD, "impl", "mutants", "lockstep-adapter-mutants")
EXPECTATIONS = os.path.join(ROOT, "impl", "reference", "expectations.toml")
AS_NOBODY = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]


class Recipe:
    """One of them: its shell, its lines, and the variables that it gives them for what a user sets."""

    def __init__(self, shell, script, variables, starts_as_root=False):
        self.shell, self.script, self.variables, self.starts_as_root = shell, script, variables, starts_as_root


def github():
    action = yaml.safe_load(read(os.path.join(ROOT, "ci/github/action.yml")))
    step = next(step for step in action["runs"]["steps"] if "run" in step)
    defaults = {name: entry["default"] for name, entry in action["inputs"].items()}

    def variables(**values):
        inputs = dict(defaults, **values)
        found = {}
        for name, text in step["env"].items():
            text = re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: inputs[match.group(1)], text)
            found[name] = text.replace("${{ github.action_path }}", os.path.join(ROOT, "ci", "github"))
        return found

    # As the service starts what says `shell: bash`.
    return Recipe(["bash", "--noprofile", "--norc", "-eo", "pipefail"], step["run"], variables)


def prefixed(defaults):
    def variables(**values):
        names = {"LOCKSTEP" if name == "lockstep" else "LOCKSTEP_" + name.upper(): value for name, value in values.items()}
        unknown = set(names) - set(defaults)
        assert not unknown, unknown
        return dict(defaults, **names)

    return variables


def gitlab():
    job = yaml.safe_load(read(os.path.join(ROOT, "ci/gitlab/lockstep.gitlab-ci.yml")))[".lockstep"]
    return Recipe(["sh", "-e"], "\n".join(job["script"]), prefixed(job["variables"]), starts_as_root=is_root())


def jenkins():
    text = read(os.path.join(ROOT, "ci/jenkins/Jenkinsfile"))
    defaults = dict(re.findall(r"string\(name: '(\w+)', defaultValue: '(.*?)'", text))
    scripts = re.findall(r"^ *sh '''\n(.*?)'''", text, re.MULTILINE | re.DOTALL)
    assert len(scripts) == 1 and len(defaults) > 5
    # Between three quotes Groovy takes a backslash at the end of a line away, and the line's end with it; the shell would have, too.
    script = textwrap.dedent(re.sub(r"\\\n *", "", scripts[0]))
    assert "\\" not in script, "Groovy would read it"
    return Recipe(["sh", "-xe"], script, prefixed(defaults))


def can_be_entered():
    """Whether an ordinary user may run what is built here."""
    return not is_root() or subprocess.run([*AS_NOBODY, "test", "-x", LOCKSTEP], check=False).returncode == 0


@unittest.skipIf(yaml is None, "this Python has no yaml")
@unittest.skipUnless(can_be_entered(), "no ordinary user may enter this tree")
class Recipes(LockstepCase):
    RECIPES = {"github": github, "gitlab": gitlab, "jenkins": jenkins}

    def gate(self, name, status, says=r"(?m)^status %d: ", **values):
        """Runs a recipe's lines in a folder of their own; what came of it, and the folder."""
        recipe = self.RECIPES[name]()
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, exist_ok=True)
        values = dict({"lockstep": LOCKSTEP, "level": "core"}, **values)
        # Of a service's own: files for what a step gives to others, and for its summary.
        outputs = write(os.path.join(folder, "outputs"), "")
        summary = write(os.path.join(folder, "summary"), "")
        command = recipe.shell + [write(os.path.join(folder, "lines"), recipe.script)]
        if is_root():
            for path in (folder, outputs, summary):
                os.chown(path, NOBODY, NOBODY)
            if not recipe.starts_as_root:
                command = AS_NOBODY + command
        process = self.start_command(command, folder, dict(recipe.variables(**values), GITHUB_OUTPUT=outputs, GITHUB_STEP_SUMMARY=summary))
        done = self.finish(process)
        self.assert_status(done, status)
        if says is not None:
            self.assertRegex(done.text, says % status)
        return done, folder

    def start_command(self, command, folder, variables):
        environment = dict(self.environment(), HOME=folder, **variables)
        return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def test_the_reference_is_green_and_its_results_are_kept(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                done, folder = self.gate(name, 0, command=ADAPTER, expectations=EXPECTATIONS)
                self.assertIn("status 0: all as expected", done.out)
                results = os.path.join(folder, "lockstep-results")
                for file in ("junit.xml", "results.jsonl", "badge.svg", "page/index.html"):
                    path = os.path.join(results, file)
                    self.assertGreater(os.path.getsize(path), 0)
                    if is_root():
                        self.assertEqual(os.stat(path).st_uid, NOBODY, "it ran as root")

    def test_a_divergence_is_red(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                done, folder = self.gate(name, 1, command=MUTANTS + " as-annotated", expectations=EXPECTATIONS)
                self.assertIn("a divergence that is not expected", done.out)
                self.assertIn("<failure", read(os.path.join(folder, "lockstep-results", "junit.xml")))

    def test_what_changed_since_a_baseline_is_told(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                values = {"expectations": EXPECTATIONS, "arguments": "--filter 'bounds/*' --filter 'acquire/*'"}
                _, folder = self.gate(name, 0, command=MUTANTS + " none", **values)
                before = os.path.join(folder, "before.jsonl")
                os.rename(os.path.join(folder, "lockstep-results", "results.jsonl"), before)
                _, folder = self.gate(name, 1, command=MUTANTS + " as-annotated", baseline=before, **values)
                page = read(os.path.join(folder, "lockstep-results", "changes", "index.html"))
                self.assertTrue(" newly fail" in page, "it does not tell what changed")
                summary = "summary" if name == "github" else os.path.join("lockstep-results", "changes.md")
                self.assertIn("newly fail", read(os.path.join(folder, summary)))

    def test_a_gate_that_was_told_nothing_judges_nothing(self):
        for name in self.RECIPES:
            for values in ({"command": ""}, {"command": "$NOT_SET"}, {"command": ADAPTER + " | cat"},
                           {"command": "$NOT_SET", "arguments": "--jobs 2 # two at once"}):
                with self.subTest(recipe=name, values=values):
                    self.gate(name, 2, says=None, **values)

    def test_a_comment_among_the_arguments_ends_them_alone(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                done, _ = self.gate(name, 1, command=MUTANTS + " as-annotated", arguments="--filter 'acquire/*' --filter 'bounds/*' # some")
                self.assertIn("lockstep-adapter-mutants", done.out)

    def test_nothing_of_an_earlier_run_is_left(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                _, folder = self.gate(name, 0, command=ADAPTER, expectations=EXPECTATIONS)
                baseline = os.path.join(folder, "lockstep-results", "results.jsonl")
                self.gate(name, 2, says=None, command=ADAPTER, expectations="nowhere.toml", baseline=baseline)
                left = set(os.listdir(os.path.join(folder, "lockstep-results")))
                self.assertLessEqual(left, {"baseline.jsonl", "results.jsonl", "channels"}, "they look like this run's")
                # The baseline may be what the run is about to replace.
                self.gate(name, 1, command=MUTANTS + " as-annotated", expectations=EXPECTATIONS,
                          baseline=os.path.join(folder, "lockstep-results", "baseline.jsonl"))

    def test_a_failure_is_told_in_the_services_own_way(self):
        values = {"command": MUTANTS + " as-annotated", "expectations": EXPECTATIONS}
        done, folder = self.gate("github", 1, **values)
        self.assertRegex(done.out, r"(?m)^::error file=")
        self.assertIn("❌ Lockstep", read(os.path.join(folder, "summary")))
        _, folder = self.gate("gitlab", 1, **values)
        self.assertTrue(json.loads(read(os.path.join(folder, "lockstep-results", "codequality.json"))))

    def test_what_no_expectation_lists_is_red(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                self.gate(name, 4, command=ADAPTER, level="full", arguments="--filter 'introspection/*'")

    def test_an_adapter_that_does_not_start_is_no_divergence(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                self.gate(name, 3, command="false 'with a quoted word'")

    def test_arguments_are_words_as_a_shell_has_them(self):
        for name in self.RECIPES:
            with self.subTest(recipe=name):
                self.gate(name, 0, arguments="reference --filter 'acquire/*'", command="", level="full")

    def test_the_action_passes_on_its_status(self):
        _, folder = self.gate("github", 1, command=MUTANTS + " as-annotated")
        self.assertEqual(read(os.path.join(folder, "outputs")), "status=1\n")


@unittest.skipIf(yaml is None, "this Python has no yaml")
class Files(unittest.TestCase):
    def test_the_action_is_composite_and_stands_on_nothing_but_the_upload(self):
        action = yaml.safe_load(read(os.path.join(ROOT, "ci/github/action.yml")))
        self.assertEqual(action["runs"]["using"], "composite")
        for step in action["runs"]["steps"]:
            self.assertTrue(("run" in step and step["shell"]) or re.match(r"actions/upload-artifact@v\d+$", step["uses"]))
            # What users give is never part of a script, only of its environment.
            self.assertNotIn("${{", step.get("run", ""))
        self.assertEqual(action["runs"]["steps"][-1]["if"], "always()")
        for entry in action["inputs"].values():
            self.assertTrue(entry["description"])
        text = str(action["runs"])
        for name in action["inputs"]:
            self.assertIn("inputs.%s }}" % name, text)

    def test_the_gitlab_job_is_hidden_and_keeps_its_results_always(self):
        file = yaml.safe_load(read(os.path.join(ROOT, "ci/gitlab/lockstep.gitlab-ci.yml")))
        self.assertEqual(list(file), [".lockstep"])
        job = file[".lockstep"]
        self.assertEqual(job["artifacts"]["when"], "always")
        self.assertTrue(job["artifacts"]["reports"]["junit"].endswith("/junit.xml"))
        for name in job["variables"]:
            self.assertIn("$" + name, "".join(job["script"]).replace("${", "$"))


if __name__ == "__main__":
    lockstep_case.main()
