# SPDX-License-Identifier: MIT
"""What the program's own help says, as data: its verbs, what they do, and their flags."""

import os
import re
import subprocess

# A page of help takes some ms; a minute allows for any load.
BOUND_S = 60

VERB = re.compile(r"^  lockstep ([a-z]+)(?: (\S.*?))?  +(\S.*)$", re.MULTILINE)
# "  -j,--jobs INT:INT in [1 - 256]" and then what it is for, on this line or on the next.
OPTION = re.compile(r"^  (?:(-\w),)?(--[a-z][\w-]*)(?:,--[\w-]+)*(.*)$")
CHOICES = re.compile(r":\{([^}]*)\}")
ACTIONS = re.compile(r"^lockstep [a-z]+ ((?:[a-z]+ \| )+[a-z]+)", re.MULTILINE)


class Flag:
    """A flag of a verb: `takes` is what stands for its value ("TEXT"), empty where it has none."""

    def __init__(self, short, name, takes, choices, says):
        self.short, self.name, self.takes, self.choices, self.says = short, name, takes, choices, says


class Verb:
    """`actions`: the words one of which may come first, as `plot` of `history`; {action: its flags}."""

    def __init__(self, name, arguments, says):
        self.name, self.arguments, self.says = name, arguments, says
        self.flags, self.actions = [], {}

    def all_flags(self):
        """The verb's flags and those of its actions, each once."""
        found = {}
        for flags in [self.flags, *self.actions.values()]:
            for flag in flags:
                found.setdefault(flag.name, flag)
        return list(found.values())


def ask(program, *arguments):
    # A build with sanitizers is asked, too; whether it leaks is another's question.
    sanitizers = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    environment = dict(os.environ, LC_ALL="C.UTF-8", ASAN_OPTIONS=sanitizers)
    return subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                          stdin=subprocess.DEVNULL, check=True, timeout=BOUND_S).stdout.decode()


def flags_of(page):
    """The flags on a page of help, but for --help."""
    lines = page.split("\n")
    flags = []
    for number, line in enumerate(lines):
        match = OPTION.match(line)
        if not match or match.group(2) == "--help":
            continue
        short, name, rest = match.groups()
        takes, _, says = rest.partition("  ")
        follows = lines[number + 1] if number + 1 < len(lines) else ""
        if not says.strip() and re.match(r"^ {20,}\S", follows):
            says = follows
        choices = CHOICES.search(takes)
        takes = re.sub(r"[:=].*", "", takes.strip()).replace(" ...", "")
        flags.append(Flag(short, name, re.sub(r" x \d+$", "", takes), choices.group(1).split(",") if choices else [], says.strip()))
    return flags


def verbs_of(program):
    """Every verb that the program lists."""
    verbs = []
    for name, arguments, says in VERB.findall(ask(program, "--help")):
        verb = Verb(name, arguments.strip(), says)
        page = ask(program, name, "--help")
        verb.flags = flags_of(page)
        actions = ACTIONS.search(page)
        if actions:
            verb.actions = {action: flags_of(ask(program, name, action, "--help")) for action in actions.group(1).split(" | ")}
            verb.flags = []
        else:
            for line in page.split("\n"):
                # A positional with one choice of words, as `check` of `adapter`.
                choices = re.match(r"^  [a-z]+ TEXT:\{([^}]*)\} REQUIRED", line)
                if choices:
                    verb.actions = {action: [] for action in choices.group(1).split(",")}
        verbs.append(verb)
    return verbs


def implementations_in(root):
    """The names that the project's own files give: folders of impl/ with something to read, and what PATH has by that name."""
    names = [
        folder
        for folder in sorted(os.listdir(os.path.join(root, "impl")))
        if any(os.path.exists(os.path.join(root, "impl", folder, file)) for file in ("implementation.toml", "expectations.toml"))
    ]
    return names + ["python3"]
