#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual page and the completions of a built program.

    pages.py PROGRAM ROOT FOLDER    asks PROGRAM for its help; ROOT is the tree; into FOLDER
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import completions  # noqa: E402
import man_page  # noqa: E402
import program_help  # noqa: E402


def main(program, root, folder):
    verbs = program_help.verbs_of(program)
    version = program_help.ask(program, "--version").split()[-1]
    implementations = program_help.implementations_in(root)
    with open(os.path.join(root, "packaging", "lockstep.1.in"), encoding="utf-8") as file:
        template = file.read()
    os.makedirs(folder, exist_ok=True)
    for name, text in (
        ("lockstep.1", man_page.man_page(template, version, verbs)),
        ("lockstep.bash", completions.bash(verbs, implementations)),
        ("_lockstep", completions.zsh(verbs, implementations)),
        ("lockstep.fish", completions.fish(verbs, implementations)),
    ):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
