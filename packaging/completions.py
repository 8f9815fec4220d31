# SPDX-License-Identifier: MIT
"""What completes a command line of lockstep, for each shell: verbs, their flags, the values of those, and names."""

HEADER = "# SPDX-License-Identifier: MIT\n# Completion of lockstep's command line for %s, made from the program's own help.\n"
# Flags whose value is an implementation's name, and those whose value is a scenario's.
TAKES_IMPLEMENTATION = ("--oracle", "--against", "--mixed")
TAKES_SCENARIO = ("--filter",)
TAKES_FOLDER = ("--out",)
NUMBERS = ("INT", "UINT", "FLOAT")


def wants(verb):
    """What a verb's arguments are: "implementation", "scenario", or "file"."""
    words = verb.arguments.split()
    if verb.name in ("show", "explain"):
        return "scenario"
    implementations = "IMPL" in verb.arguments or words[:2] == ["A", "B"] or verb.name == "adapter"
    return "implementation" if implementations else "file"


def names_of(flag):
    return [name for name in (flag.short, flag.name) if name]


# --- bash ---


def bash(verbs, implementations):
    cases = []
    for verb in verbs:
        words = [name for flag in verb.all_flags() for name in names_of(flag)] + ["--help"]
        cases.append("    %s)\n      flags='%s'\n      wants=%s\n      actions='%s' ;;"
                     % (verb.name, " ".join(words), wants(verb), " ".join(verb.actions)))
    values = {}
    for verb in verbs:
        for flag in verb.all_flags():
            if flag.choices:
                values.setdefault((flag.name, " ".join(flag.choices)), []).append(verb.name)
    choices = ["    %s) words='%s' ;;" % ("|".join("'%s %s'" % (verb, name) for verb in names), words)
               for (name, words), names in values.items()]
    valued = {takes_number: "|".join(sorted({name for verb in verbs for flag in verb.all_flags() for name in names_of(flag)
                                             if flag.takes and (flag.takes in NUMBERS) == takes_number}))
              for takes_number in (True, False)}
    return HEADER % "bash" + r"""
# The scenarios' names. ./lockstep may be the front door of a source tree, which builds before it answers: it is not asked.
_lockstep_scenarios() {
  [[ $1 == */* ]] || "$1" list --names 2>/dev/null
}

_lockstep() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= verb=${COMP_WORDS[1]-} words= flags= wants=file actions= word
  COMPREPLY=()
  if ((COMP_CWORD > 0)); then prev=${COMP_WORDS[COMP_CWORD - 1]}; fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '%(verbs)s --help --version' -- "$cur")
    return
  fi
  # Behind -- comes somebody else's command.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == -- ]]; then
      mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
      return
    fi
  done
  case $verb in
%(cases)s
    *) return ;;
  esac
  case "$verb $prev" in
%(choices)s
    *' '%(folder)s)
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      return ;;
    *)
      case $prev in
        %(implementation)s) words='%(implementations)s' ;;
        %(scenario)s) words=$(_lockstep_scenarios "${COMP_WORDS[0]}") ;;
        %(numbers)s) return ;;
        %(valued)s)
          mapfile -t COMPREPLY < <(compgen -f -- "$cur")
          return ;;
      esac ;;
  esac
  if [[ -z $words ]]; then
    if [[ $cur == -* ]]; then
      words=$flags
    elif [[ -n $actions ]] && ((COMP_CWORD == 2)); then
      words=$actions
    else
      case $wants in
        implementation) words='%(implementations)s' ;;
        scenario) words=$(_lockstep_scenarios "${COMP_WORDS[0]}") ;;
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if [[ $cur != -* && $wants != scenario && -z $actions && $prev != -* ]]; then
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -o filenames -F _lockstep lockstep
""" % {
        "verbs": " ".join(verb.name for verb in verbs),
        "cases": "\n".join(cases),
        "choices": "\n".join(choices),
        "folder": "|*' '".join(TAKES_FOLDER),
        "implementation": "|".join(TAKES_IMPLEMENTATION),
        "scenario": "|".join(TAKES_SCENARIO),
        "numbers": valued[True],
        "valued": valued[False],
        "implementations": " ".join(implementations),
    }


# --- zsh ---


def quoted(text):
    """For a shell, in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_action(flag):
    if flag.choices:
        return "(%s)" % " ".join(flag.choices)
    if flag.name in TAKES_IMPLEMENTATION:
        return "_lockstep_implementations"
    if flag.name in TAKES_SCENARIO:
        return "_lockstep_scenarios"
    if flag.takes in NUMBERS:
        return " "
    return "_directories" if flag.name in TAKES_FOLDER else "_files"


def zsh_specs(flag):
    # Brackets and colons end the parts of a specification.
    says = flag.says.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    value = ":%s:%s" % (flag.takes.lower(), zsh_action(flag)) if flag.takes else ""
    return [quoted("*%s[%s]%s" % (name, says, value)) for name in names_of(flag)]


def zsh(verbs, implementations):
    descriptions = [quoted("%s:%s" % (verb.name, verb.says.replace(":", "\\:"))) for verb in verbs]
    cases = []
    for verb in verbs:
        specs = [spec for flag in verb.all_flags() for spec in zsh_specs(flag)] + [quoted("--help[what it takes]")]
        if verb.actions:
            specs.append(quoted("1:action:(%s)" % " ".join(verb.actions)))
        rest = {"implementation": "_lockstep_implementations", "scenario": "_lockstep_scenarios", "file": "_files"}[wants(verb)]
        specs.append(quoted("*:%s:%s" % (wants(verb), rest)))
        cases.append("    %s)\n      _arguments -S -s \\\n        %s ;;" % (verb.name, " \\\n        ".join(specs)))
    return "#compdef lockstep\n" + HEADER % "zsh" + r"""
_lockstep_implementations() {
  _alternative 'names:implementation:(%(implementations)s)' 'files:implementation.toml:_files -g "*.toml"'
}

# ./lockstep may be the front door of a source tree, which builds before it answers: it is not asked.
_lockstep_scenarios() {
  local -a names
  [[ $service == */* || ${lockstep_command:-} == */* ]] || names=(${(f)"$(lockstep list --names 2>/dev/null)"})
  compadd -a names
}

_lockstep() {
  local -a verbs=(
    %(verbs)s)
  local lockstep_command=$words[1]
  if ((CURRENT == 2)); then
    _describe -t verbs verb verbs
    _arguments '--help[the verbs]' '--version[its version]'
    return
  fi
  # Behind -- comes somebody else's command.
  local at=${words[(ie)--]}
  if ((at < CURRENT)); then
    shift at words
    ((CURRENT -= at))
    _normal
    return
  fi
  local verb=$words[2]
  shift words
  ((CURRENT -= 1))
  case $verb in
%(cases)s
  esac
}

_lockstep "$@"
""" % {
        "implementations": " ".join(implementations),
        "verbs": "\n    ".join(descriptions),
        "cases": "\n".join(cases),
    }


# --- fish ---


def fish_value(flag):
    if flag.choices:
        return " -x -a %s" % quoted(" ".join(flag.choices))
    if flag.name in TAKES_IMPLEMENTATION:
        return " -x -a '(__lockstep_implementations)'"
    if flag.name in TAKES_SCENARIO:
        return " -x -a '(__lockstep_scenarios)'"
    if flag.name in TAKES_FOLDER:
        return " -x -a '(__fish_complete_directories)'"
    return " -x" if flag.takes in NUMBERS else " -r -F"


def fish_quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish(verbs, implementations):
    lines = []
    for verb in verbs:
        lines.append("complete -c lockstep -f -n __fish_use_subcommand -a %s -d %s" % (verb.name, fish_quoted(verb.says)))
        seen = " -n '__fish_seen_subcommand_from %s'" % verb.name
        for action in verb.actions:
            lines.append("complete -c lockstep -f%s -a %s" % (seen, action))
        if wants(verb) == "implementation":
            lines.append("complete -c lockstep%s -a '(__lockstep_implementations)'" % seen)
        elif wants(verb) == "scenario":
            lines.append("complete -c lockstep -f%s -a '(__lockstep_scenarios)'" % seen)
        for flag in verb.all_flags():
            short = " -s " + flag.short[1:] if flag.short else ""
            lines.append("complete -c lockstep%s%s -l %s%s -d %s"
                         % (seen, short, flag.name[2:], fish_value(flag) if flag.takes else "", fish_quoted(flag.says)))
        lines.append("complete -c lockstep%s -l help -d 'what it takes'" % seen)
    return HEADER % "fish" + r"""
function __lockstep_implementations
    printf '%%s\n' %s
end

# ./lockstep may be the front door of a source tree, which builds before it answers: it is not asked.
function __lockstep_scenarios
    set -l program (commandline -opc)[1]
    string match -q '*/*' -- $program; or command $program list --names 2>/dev/null
end

complete -c lockstep -n __fish_use_subcommand -l help -d 'the verbs'
complete -c lockstep -n __fish_use_subcommand -l version -d 'its version'
""" % " ".join(implementations) + "\n".join(lines) + "\n"
