#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every example of scenarios/README.md is run, and every command on it."""

import os
import re
import textwrap

import lockstep_case
from lockstep_case import PYTHON, ROOT, LockstepCase, read

PAGE = read(os.path.join(ROOT, "scenarios", "README.md"))


def blocks():
    """The indented blocks of the page, without their indent."""
    found, lines = [], []
    for line in PAGE.split("\n") + [""]:
        if line.startswith("    ") or (lines and not line.strip()):
            lines.append(line)
            continue
        if lines:
            found.append(textwrap.dedent("\n".join(lines)).strip())
        lines = []
    return [block for block in found if block]


class Page(LockstepCase):
    def test_its_scenarios_hold(self):
        examples = [block for block in blocks() if block.startswith("[[scenario]]")]
        self.assertGreaterEqual(len(examples), 3)
        for example in examples:
            area = re.search(r'^name +=.*"([a-z]+)/', example, re.MULTILINE).group(1)
            with self.subTest(area=area):
                file = self.scenario_file(example, area + ".toml")
                done = self.lockstep(
                    "run", "reference", "python:" + PYTHON, "--oracle", "none", "--scenarios", file
                )
                self.assert_status(done, 0)
                for name in ("reference", "python:" + PYTHON):
                    verdicts = self.verdicts(name)
                    self.assertTrue(verdicts)
                    self.assertEqual({verdict for verdict, _ in verdicts.values()}, {"pass"})

    def test_its_scenarios_name_behaviours_that_there_are(self):
        there = set(
            re.findall(
                r'^id +?= "(.*)"', read(os.path.join(ROOT, "scenarios/behaviours.toml")), re.MULTILINE
            )
        )
        for rule in re.findall(r'rules += \["(.*)"\]', PAGE):
            self.assertIn(rule, there)

    def test_its_commands_work(self):
        commands = re.findall(r"^ +\./lockstep ((?:show|explain|list) .*?)(?: +#.*)?$", PAGE, re.MULTILINE)
        commands = [command for command in commands if "--scenarios" not in command]
        self.assertEqual(len(commands), 4)
        for command in commands:
            with self.subTest(command=command):
                self.assert_status(self.lockstep(*command.split()), 0)


if __name__ == "__main__":
    lockstep_case.main()
