# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Reads the machine's own apt configuration. Sourced by the scripts in tools/ and .ci/.

# debian_sources SUITE [FOLDER]: prints a deb822 source for SUITE at the Debian mirror which the
# machine uses, signed as the machine has it signed. FOLDER stands for /etc/apt. Returns 1, and
# prints nothing, when the machine names no Debian mirror.
#
# Both formats of apt's are read: one line an entry (sources.list, *.list) and deb822 (*.sources).
debian_sources() {
  local suite=$1 etc=${2:-/etc/apt} files=() file
  for file in "$etc"/sources.list "$etc"/sources.list.d/*.sources "$etc"/sources.list.d/*.list; do
    if [[ -r $file ]]; then files+=("$file"); fi
  done
  if ((${#files[@]} == 0)); then return 1; fi
  awk -v suite="$suite" -v arch="$(dpkg --print-architecture 2>/dev/null || true)" '
    # Security and partial suites have mirrors of their own, without the others beside them.
    function is_debian(name) {
      return name ~ /^(bullseye|bookworm|trixie|forky|duke|sid)$/ ||
             name ~ /^(oldoldstable|oldstable|stable|testing|unstable)$/
    }
    function any_debian(names,   part, n, i) {
      n = split(names, part, /[ \t]+/)
      for (i = 1; i <= n; ++i) if (is_debian(part[i])) return 1
      return 0
    }
    function emit(uris, signed, trusted) {
      if (done || uris == "" || uris ~ /^cdrom:/) return
      done = 1
      print "Types: deb"
      print "URIs: " uris
      print "Suites: " suite
      print "Components: main"
      if (arch != "") print "Architectures: " arch
      # No other index (appstream, file contents) that the machine may be configured to fetch.
      print "Targets: Packages"
      if (trusted != "") print "Trusted: " trusted
      if (signed != "") print "Signed-By:" signed
    }
    function end_of_stanza(   key) {
      if (is_stanza && field["types"] ~ /(^|[ \t])deb([ \t]|$)/ &&
          tolower(field["enabled"]) !~ /^[ \t]*(no|false|off|0|without|disable)/ &&
          any_debian(field["suites"]) && field["components"] ~ /(^|[ \t])main([ \t]|$)/)
        emit(trim(field["uris"]), field["signed-by"], trim(field["trusted"]))
      for (key in field) delete field[key]
      is_stanza = 0
      name = ""
    }
    function trim(text) {
      gsub(/^[ \t\n]+|[ \t\n]+$/, "", text)
      gsub(/\n/, " ", text)
      return text
    }
    function one_line(   signed, trusted, options, i, n, part, rest) {
      if ($1 != "deb") return
      rest = $0
      sub(/^[ \t]*deb[ \t]+/, "", rest)
      sub(/[ \t]#.*$/, "", rest)
      if (rest ~ /^\[/) {
        options = substr(rest, 2, index(rest, "]") - 2)
        rest = substr(rest, index(rest, "]") + 1)
        sub(/^[ \t]+/, "", rest)
        n = split(options, part, /[ \t]+/)
        for (i = 1; i <= n; ++i) {
          if (part[i] ~ /^signed-by=/) signed = " " substr(part[i], 11)
          if (part[i] ~ /^trusted=/) trusted = substr(part[i], 9)
        }
      }
      gsub(/,/, " ", signed)
      n = split(rest, part, /[ \t]+/)
      if (n >= 3 && is_debian(part[2])) emit(part[1], signed, trusted)
    }
    FNR == 1 { end_of_stanza(); deb822 = FILENAME ~ /\.sources$/ }
    /^[ \t]*#/ { next }
    !deb822 { one_line(); next }
    /^[ \t]*$/ { end_of_stanza(); next }
    # A continued field: an inline key has its line breaks kept.
    /^[ \t]/ { if (name != "") field[name] = field[name] "\n" $0; next }
    {
      is_stanza = 1
      name = tolower(substr($0, 1, index($0, ":") - 1))
      field[name] = substr($0, index($0, ":") + 1)
    }
    END { end_of_stanza(); exit !done }
  ' "${files[@]}"
}
