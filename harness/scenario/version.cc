// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

std::optional<Version> Version::Parse(const std::string& text) {
  Version out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int part = 0;
    const auto [next, error] = std::from_chars(at, end, part);
    // from_chars takes a sign, which no part of a version has.
    if (error != std::errc() || *at == '-') return std::nullopt;
    out.parts.push_back(part);
    if (next == end) return out;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
}

std::string Version::Text() const {
  std::string out;
  for (const int part : parts) out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < std::max(a.parts.size(), b.parts.size()); ++i) {
    const int left = i < a.parts.size() ? a.parts[i] : 0;
    const int right = i < b.parts.size() ? b.parts[i] : 0;
    if (left != right) return left <=> right;
  }
  return std::strong_ordering::equal;
}

bool operator==(const Version& a, const Version& b) { return std::is_eq(a <=> b); }

namespace {

bool Compare(const Version& a, Condition::Op op, const Version& b) {
  switch (op) {
    case Condition::Op::kLess:
      return a < b;
    case Condition::Op::kLessEqual:
      return a <= b;
    case Condition::Op::kEqual:
      return a == b;
    case Condition::Op::kNotEqual:
      return !(a == b);
    case Condition::Op::kGreaterEqual:
      return a >= b;
    case Condition::Op::kGreater:
      return a > b;
  }
  CHECK(false);
}

}  // namespace

bool Condition::Holds(const Platform& platform) const {
  return std::all_of(terms.begin(), terms.end(), [&](const Term& term) {
    if (term.subject == "python") return Compare(platform.like, term.op, term.version);
    return term.subject == platform.libc && Compare(platform.libc_version, term.op, term.version);
  });
}

std::vector<const Step*> Scenario::StepsFor(const Platform& platform) const {
  std::vector<const Step*> out;
  for (const Step& step : steps) {
    if (step.condition.Holds(platform)) out.push_back(&step);
  }
  return out;
}

}  // namespace lockstep
