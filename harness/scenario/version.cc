// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <set>

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

namespace {

// The actors that belong to the other implementation, as the steps make them.
class Others {
 public:
  // Whether the step is one of theirs.
  bool Acts(const Step& step) const {
    if (const auto* call = std::get_if<Do>(&step.what)) return Has(call->actors.front());
    if (const auto* await = std::get_if<Await>(&step.what)) return Has(await->actors.front());
    if (const auto* create = std::get_if<Create>(&step.what)) return Has(create->parent);
    if (const auto* on = std::get_if<OnSignal>(&step.what)) return Has(on->actor);
    if (const auto* arm = std::get_if<Arm>(&step.what)) return Has(arm->actors.front());
    if (const auto* hammer = std::get_if<Hammer>(&step.what)) return Has(hammer->actors.front());
    return false;
  }
  void Take(const Step& step) {
    const auto* create = std::get_if<Create>(&step.what);
    if (create == nullptr || (!create->on_other && !Has(create->parent))) return;
    names_.insert(create->children.begin(), create->children.end());
  }

 private:
  bool Has(const std::string& actor) const { return names_.count(actor) != 0; }
  std::set<std::string> names_;
};

}  // namespace

std::vector<const Step*> Scenario::StepsFor(const Platform& platform) const {
  std::vector<const Step*> out;
  Others others;
  for (const Step& step : steps) {
    const bool other = platform.other != nullptr && others.Acts(step);
    if (!step.condition.Holds(other ? *platform.other : platform)) continue;
    others.Take(step);
    out.push_back(&step);
  }
  return out;
}

bool Scenario::IsMixed() const {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    const auto* create = std::get_if<Create>(&step.what);
    return create != nullptr && create->on_other;
  });
}

}  // namespace lockstep
