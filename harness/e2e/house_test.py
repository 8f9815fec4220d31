#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The house rules, as far as they can be told from the files alone."""

import os
import re
import sys
import unittest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# From the ground up: a layer includes its own files and those of layers before it.
LAYERS = (
    "harness/os",
    "harness/text",
    "harness/check",
    "harness/protocol",
    "harness/adapter",
    "harness/scenario",
    "harness/engine",
    "harness/model",
    "harness/fuzz",
    "harness/stress",
    "harness/faults",
    "harness/verdict",
    "bench/statistics",
    "bench/session",
    "bench/history",
    "bench/latency",
    "reports",
    "harness/cli",
)
# Folders of the harness that are no layer: programs that stand beside it.
BESIDE = ("harness/e2e", "harness/libfuzzer")

# What makes processes, namespaces, mounts, traces and filters: one layer owns that.
RAW_HEADERS = re.compile(
    r"^(linux/.*|asm/.*|sched\.h|seccomp\.h|spawn\.h|"
    r"sys/(capability|fanotify|inotify|mount|prctl|ptrace|reg|resource|signalfd|socket|user)\.h)$"
)
# Programs beside the layers that are to show what those calls cost, or must not leave a child behind.
RAW_FILES = {
    "bench/hand_over_cost.cc": "its child dies with it; between its parts nobody supervises",
    "bench/semaphores.h": "a semaphore by hand is made of the futex call",
}

LONGEST_FILE = 600
WIDEST_LINE = 140
LONG_FILES = {
    "impl/adapters/python/lockstep_adapter.py": "one file, to be copied to any machine as it is",
}
# Waits for a condition, under a bound, and looks every so often; or gives up the processor.
SLEEPS = {
    "harness/engine/testdata/semaphore_adapter.py": "its sleep is the defect that is looked for",
    "harness/os/process_view_test.cc": "a thread asleep is what is looked at",
    "harness/scenario/python_runtime.py": "the condition is a state in /proc, which wakes nobody",
    "impl/adapters/cpp/test_harness.cc": "the condition is a state in /proc, which wakes nobody",
    "impl/adapters/python/lockstep_adapter.py": "of no length: it gives up the interpreter's lock",
    "impl/reference/release_gate.cc": "the gate is opened by a plain store, which wakes nobody",
    "impl/reference/test_support.cc": "the condition is a state in /proc, which wakes nobody",
}
PLACES = {
    ".ci/fresh-machine": "the places are of the machine that it makes",
}

LICENSED = (".cc", ".h", ".in", ".py", ".sh", ".cmake", ".toml", ".yml", "CMakeLists.txt")
CODE = (".cc", ".h", ".in", ".py", ".sh", ".cmake", ".toml", "CMakeLists.txt")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep|(?<![.\w])sleep)\s*\(")
SHELL_SLEEP = re.compile(r"^\s*sleep\s", re.MULTILINE)
OWN_PLACE = re.compile(r"(?<![\w})\]])/(?:work|root|home)/")


def sources():
    """{path from the root: text} of every text file that belongs to the project."""
    found = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in (".git", "__pycache__", "node_modules")]
        if folder == ROOT:
            folders[:] = [f for f in folders if f not in ("build", "out")]
        for file in files:
            path = os.path.join(folder, file)
            if os.path.islink(path) or file.endswith((".png", ".pyc", ".gz", ".woff2")):
                continue
            with open(path, encoding="utf-8", errors="replace") as opened:
                found[os.path.relpath(path, ROOT)] = opened.read()
    return found


SOURCES = sources()


def is_script(text):
    return text.startswith("#!")


def layer_of(path):
    """The index of the path's layer; None: it is in none."""
    for index, layer in enumerate(LAYERS):
        if path.startswith(layer + "/"):
            return index
    return None


def includes(text):
    return [(kind == '"', path) for kind, path in INCLUDE.findall(text)]


def cpp(*folders):
    return {
        path: text
        for path, text in SOURCES.items()
        if path.endswith((".cc", ".h", ".cc.in")) and path.startswith(folders)
    }


class Layers(unittest.TestCase):
    maxDiff = None

    def test_every_folder_of_the_harness_is_a_layer_or_stands_beside_them(self):
        strange = {
            "/".join(path.split("/")[:2])
            for path in SOURCES
            if path.startswith("harness/") and path.count("/") > 1
        } - set(LAYERS + BESIDE)
        self.assertEqual(strange, set(), "give it a place in LAYERS")

    def test_a_file_includes_only_from_its_own_layer_or_below(self):
        upward = []
        for path, text in cpp("harness/", "reports/", "bench/").items():
            layer = layer_of(path)
            for is_own, included in includes(text):
                other = layer_of(included) if is_own else None
                if layer is not None and other is not None and other > layer:
                    upward.append("%s includes %s" % (path, included))
        self.assertEqual(upward, [])

    def test_own_files_are_included_by_their_path_from_the_root(self):
        lost = [
            "%s includes %s" % (path, included)
            for path, text in cpp("harness/", "reports/", "bench/").items()
            for is_own, included in includes(text)
            if is_own and included not in SOURCES
        ]
        self.assertEqual(lost, [])

    def test_what_is_tested_does_not_know_the_harness(self):
        known = [
            "%s includes %s" % (path, included)
            for path, text in cpp("impl/").items()
            for _, included in includes(text)
            if included.startswith(("harness/", "reports/"))
        ]
        self.assertEqual(known, [])

    def test_no_header_includes_itself_by_way_of_others(self):
        graph = {
            path: [included for is_own, included in includes(text) if is_own]
            for path, text in cpp("harness/", "reports/", "bench/").items()
        }
        finished, cycles = set(), []

        def visit(path, way):
            if path in way:
                cycles.append(" -> ".join(way[way.index(path) :] + [path]))
            elif path not in finished:
                for included in graph.get(path, []):
                    visit(included, way + [path])
                finished.add(path)

        for path in graph:
            visit(path, [])
        self.assertEqual(cycles, [])

    def test_raw_system_calls_are_made_by_the_lowest_layer_alone(self):
        raw = [
            "%s includes <%s>" % (path, included)
            for path, text in cpp("harness/", "reports/", "bench/").items()
            for _, included in includes(text)
            if RAW_HEADERS.match(included)
            and not path.startswith(("harness/os/",) + BESIDE)
            and path not in RAW_FILES
        ]
        self.assertEqual(raw, [])


class SourceTree(unittest.TestCase):
    maxDiff = None

    def test_every_source_and_script_says_its_licence_first(self):
        silent = [
            path
            for path, text in SOURCES.items()
            if (path.endswith(LICENSED) or is_script(text))
            and "SPDX-License-Identifier: MIT" not in "\n".join(text.split("\n", 2)[:2])
        ]
        self.assertEqual(silent, [])

    def test_every_header_has_the_guard_of_its_path(self):
        wrong = []
        for path, text in cpp("harness/", "reports/", "bench/").items():
            guard = "LOCKSTEP_" + re.sub(r"\W", "_", path).upper() + "_"
            if path.endswith(".h") and "#ifndef %s\n#define %s\n" % (guard, guard) not in text:
                wrong.append("%s: %s" % (path, guard))
        self.assertEqual(wrong, [])

    def test_no_file_is_longer_than_one_can_keep_in_mind(self):
        long = {
            path: text.count("\n")
            for path, text in SOURCES.items()
            if (path.endswith((".cc", ".h", ".py")) or is_script(text))
            and text.count("\n") > LONGEST_FILE
            and path not in LONG_FILES
        }
        self.assertEqual(long, {})

    def test_no_line_of_code_is_wider_than_a_screen(self):
        wide = [
            "%s:%d: %d columns" % (path, number, len(line))
            for path, text in cpp("").items()
            for number, line in enumerate(text.splitlines(), 1)
            if len(line) > WIDEST_LINE
        ]
        self.assertEqual(wide, [])

    def test_nothing_is_put_off_in_a_comment(self):
        marks = [
            "%s:%d: %s" % (path, number, line.strip())
            for path, text in SOURCES.items()
            for number, line in enumerate(text.splitlines(), 1)
            if (path.endswith(CODE) or is_script(text)) and UNFINISHED.search(line)
        ]
        self.assertEqual(marks, [])

    def test_nobody_sleeps_to_let_something_happen(self):
        sleeps = []
        for path, text in SOURCES.items():
            shell = text.startswith(("#!/bin/sh", "#!/usr/bin/env bash")) or path.endswith(".sh")
            code = path.endswith((".cc", ".h", ".py")) or "python" in text.split("\n", 1)[0]
            found = SHELL_SLEEP.findall(text) if shell else SLEEP.findall(text) if code else []
            if found and path not in SLEEPS:
                sleeps.append("%s: %s" % (path, found))
        self.assertEqual(sleeps, [], "wait for a condition, with a bound")

    def test_the_lists_of_exceptions_are_of_files_that_are_there(self):
        listed = set(LONG_FILES) | set(SLEEPS) | set(PLACES) | set(RAW_FILES)
        self.assertEqual(listed - set(SOURCES), set())

    def test_no_place_of_one_machine_is_in_the_tree(self):
        places = [
            "%s:%d: %s" % (path, number, line.strip())
            for path, text in SOURCES.items()
            for number, line in enumerate(text.splitlines(), 1)
            if path not in PLACES and OWN_PLACE.search(line)
        ]
        self.assertEqual(places, [])

    @unittest.skipIf(tomllib is None, "this Python has no tomllib")
    def test_every_scenario_cites_where_its_rule_comes_from(self):
        unfounded, seen = [], 0
        for path, text in SOURCES.items():
            if not (path.startswith("scenarios/") and path.endswith(".toml")):
                continue
            for scenario in tomllib.loads(text).get("scenario", []):
                seen += 1
                if len(scenario.get("source", "").strip()) < len("a, b"):
                    unfounded.append("%s: %s" % (path, scenario.get("name")))
        self.assertEqual(unfounded, [])
        self.assertGreater(seen, 0)


if __name__ == "__main__":
    unittest.main()
