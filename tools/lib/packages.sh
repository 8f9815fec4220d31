# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Which of the packages in tools/packages.txt the machine lacks, and how to get them. Sourced by the
# front door. Nothing here needs more than bash and coreutils, and nothing asks the network but
# install_packages.

# The rows "need probe debian fedora arch what-for" that find_missing found no trace of.
missing_rows=()

# found_headers HEADER...: prints "header:HEADER" for those that the compiler finds; without a
# compiler, for those in the places where it would look.
found_headers() {
  local header
  if command -v c++ >/dev/null; then
    for header in "$@"; do
      printf '#if __has_include(<%s>)\nfound header:%s\n#endif\n' "$header" "$header"
    done | c++ -std=c++20 -E -P -x c++ - 2>/dev/null | sed -n 's/^found //p' | tr -d ' ' || true
    return
  fi
  for header in "$@"; do
    if [[ -e /usr/include/$header || -e /usr/local/include/$header ]]; then
      echo "header:$header"
    fi
  done
}

# probe_one PROBE HEADERS: true if the machine has it. HEADERS are those that were found.
probe_one() {
  case $1 in
    command:*) command -v "${1#command:}" >/dev/null ;;
    file:*) compgen -G "${1#file:}" >/dev/null ;;
    header:*) [[ $'\n'$2$'\n' == *$'\n'$1$'\n'* ]] ;;
    module:*)
      /usr/bin/python3 -c \
        'import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)' \
        "${1#module:}" 2>/dev/null
      ;;
    *)
      echo "lockstep: $1 is no probe" >&2
      return 1
      ;;
  esac
}

# find_missing LIST: fills missing_rows, required packages first.
find_missing() {
  local need probe rest headers wanted=()
  mapfile -t wanted < <(sed -n 's/^[a-z]* *header:\([^ ]*\).*/\1/p' "$1")
  headers=$(found_headers "${wanted[@]}")
  missing_rows=()
  while read -r need probe rest; do
    if [[ $need == ci && ${LOCKSTEP_PACKAGES:-} != ci ]]; then continue; fi
    if [[ $need == ci ]]; then need=required; fi
    if ! probe_one "$probe" "$headers"; then
      missing_rows+=("$need $probe $rest")
    fi
  done < <(grep -v '^#' "$1" | sort -rs -k1,1)
}

# missing_names SYSTEM [NEED]: the names on debian, fedora or arch, each once, on one line.
missing_names() {
  local row need probe debian fedora arch rest names=() name
  for row in "${missing_rows[@]}"; do
    read -r need probe debian fedora arch rest <<<"$row"
    if [[ -n ${2:-} && $need != "$2" ]]; then continue; fi
    name=${!1}
    if [[ $name != - && " ${names[*]} " != *" $name "* ]]; then names+=("$name"); fi
  done
  echo "${names[*]}"
}

# list_missing SYSTEM: for a reader, one line a package.
list_missing() {
  local row need probe debian fedora arch rest
  for row in "${missing_rows[@]}"; do
    # Two of the three are not read: ${!1} takes the one that is asked for.
    # shellcheck disable=SC2034
    read -r need probe debian fedora arch rest <<<"$row"
    printf '  %-20s %-9s %s\n' "${!1}" "$need" "$rest"
  done
}

# install_packages LOG RUNNER... : installs all that is missing, by apt-get started through RUNNER
# (nothing, or sudo and its flags). Falls back on what is required when an optional package is not to
# be had. Returns apt-get's status.
install_packages() {
  local log=$1 all required
  shift
  all=$(missing_names debian)
  required=$(missing_names debian required)
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  # A mirror of someone else's may be broken; whether ours works is shown by the installation.
  "$@" "${apt[@]}" update >"$log" 2>&1 </dev/null || true
  # Split on purpose: one word a package.
  # shellcheck disable=SC2086
  if "$@" "${apt[@]}" install --no-install-recommends $all >>"$log" 2>&1 </dev/null; then
    return 0
  fi
  if [[ -z $required || $required == "$all" ]]; then return 1; fi
  # shellcheck disable=SC2086
  "$@" "${apt[@]}" install --no-install-recommends $required >>"$log" 2>&1 </dev/null
}
