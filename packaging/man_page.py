# SPDX-License-Identifier: MIT
"""The manual page: lockstep.1.in, with the verbs and their flags as the program's own help has them."""


def escaped(text):
    """Any text as roff has it: nothing in it is a request, and a dash is one that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = "".join(c if ord(c) < 128 else "\\[u%04X]" % ord(c) for c in text)
    return "\\&" + text if text.startswith((".", "'")) else text


def flag_lines(flags):
    lines = []
    for flag in flags:
        names = ", ".join("\\fB%s\\fR" % escaped(name) for name in (flag.short, flag.name) if name)
        takes = "|".join(flag.choices) or flag.takes
        lines += [".TP", names + (" \\fI%s\\fR" % escaped(takes) if takes else ""), escaped(flag.says)]
    return lines


def verb_lines(verb):
    heading = "\\fBlockstep %s\\fR" % verb.name
    if verb.arguments:
        heading += " \\fI%s\\fR" % escaped(verb.arguments)
    lines = [".SS " + heading, escaped(verb.says[0].upper() + verb.says[1:].rstrip(".?") + verb.says[len(verb.says.rstrip(".?")):])]
    if not verb.says.endswith((".", "?")):
        lines[-1] += "."
    lines += flag_lines(verb.flags)
    for action, flags in verb.actions.items():
        if flags:
            lines += [".PP", "\\fBlockstep %s %s\\fR" % (verb.name, action)] + flag_lines(flags)
    return lines


def man_page(template, version, verbs):
    lines = []
    for verb in verbs:
        lines += verb_lines(verb)
    return template.replace("@VERSION@", version).replace("@VERBS@", "\n".join(lines))
