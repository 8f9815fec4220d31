// SPDX-License-Identifier: MIT
#include "defect.h"

#include <iterator>

namespace lockstep::mutants {
namespace {

const char* ToText(Kind kind) {
  switch (kind) {
    case Kind::kObject:
      return "object";
    case Kind::kArguments:
      return "arguments";
    case Kind::kLibc:
      return "libc";
    case Kind::kFutex:
      return "futex";
    case Kind::kRace:
      return "race";
    case Kind::kPort:
      return "port";
    case Kind::kHidden:
      return "hidden";
  }
  return "unknown";
}

// The table holds nothing that JSON would have escaped; a test says so.
std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string ListOf(std::string_view parted_by_commas) {
  if (parted_by_commas.empty()) return "[]";
  std::string list = "[\"";
  for (const char c : parted_by_commas)
    list += c == ',' ? std::string("\", \"") : std::string(1, c);
  return list + "\"]";
}

}  // namespace

std::span<const Defect> Defects() { return kDefects; }

bool Activate(std::string_view name) {
  int index = 0;
  for (const Defect& defect : kDefects) {
    if (defect.name == name) {
      internal::active = index;
      return true;
    }
    ++index;
  }
  if (name != "none") return false;
  internal::active = -1;
  return true;
}

const Defect* Active() {
  return internal::active < 0 ? nullptr : std::next(std::begin(kDefects), internal::active);
}

bool IsKind(Kind kind) {
  const Defect* active = Active();
  return active != nullptr && active->kind == kind;
}

std::string TableAsJsonLines() {
  std::string lines;
  for (const Defect& defect : kDefects) {
    lines += "{\"name\": " + Quoted(defect.name) + ", \"areas\": " + ListOf(defect.areas) +
             ", \"says\": " + Quoted(defect.says) + ", \"kind\": " + Quoted(ToText(defect.kind)) +
             "}\n";
  }
  return lines;
}

}  // namespace lockstep::mutants
