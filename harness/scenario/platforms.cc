// SPDX-License-Identifier: MIT
#include "harness/scenario/platforms.h"

#include <fmt/format.h>

#include <climits>
#include <map>
#include <set>

namespace lockstep::transcript {
namespace {

// A scenario with more ways than this is beyond what anyone writes; the first of them are checked.
constexpr std::size_t kMostPlatforms = 256;

// Just below, at, and just above `version`.
std::vector<Version> Around(const Version& version) {
  Version below = version;
  Version above = version;
  if (below.parts.back() > 0) {
    --below.parts.back();
  } else {
    // Of 4.0 it is 3.99: no matter how the versions between are called.
    std::size_t i = below.parts.size();
    while (i > 1 && below.parts[i - 1] == 0) below.parts[--i] = 99;
    if (below.parts[i - 1] > 0) --below.parts[i - 1];
  }
  if (above.parts.back() < INT_MAX) ++above.parts.back();
  return {version, below, above};
}

class Conditions {
 public:
  void Add(const Condition& condition) {
    for (const Condition::Term& term : condition.terms) {
      for (Version& version : Around(term.version))
        versions_[term.subject].push_back(std::move(version));
    }
    conditions_.push_back(&condition);
  }

  std::vector<Platform> Platforms(const Condition& scope) {
    std::vector<Platform> candidates;
    std::vector<Version>& pythons = versions_["python"];
    // The version that this language's examples are for, where none is named.
    if (pythons.empty()) pythons.push_back(Version{{3, 14}});
    for (const Version& python : pythons) {
      candidates.push_back(Platform{python, "", {}});
      for (const auto& [libc, versions] : versions_) {
        if (libc == "python") continue;
        for (const Version& version : versions)
          candidates.push_back(Platform{python, libc, version});
      }
    }
    std::vector<Platform> out;
    std::set<std::vector<bool>> seen;
    for (Platform& candidate : candidates) {
      std::vector<bool> outcomes;
      for (const Condition* condition : conditions_)
        outcomes.push_back(condition->Holds(candidate));
      if (out.size() < kMostPlatforms && scope.Holds(candidate) && seen.insert(outcomes).second) {
        out.push_back(std::move(candidate));
      }
    }
    return out;
  }

 private:
  std::map<std::string, std::vector<Version>> versions_;
  std::vector<const Condition*> conditions_;
};

}  // namespace

std::vector<Platform> RepresentativePlatforms(const std::vector<Step>& steps,
                                              const Condition& scope) {
  Conditions conditions;
  conditions.Add(scope);
  for (const Step& step : steps) conditions.Add(step.condition);
  return conditions.Platforms(scope);
}

std::string PlatformText(const Platform& platform) {
  std::string out = "on Python " + platform.like.Text();
  if (!platform.libc.empty())
    out += fmt::format(" with {} {}", platform.libc, platform.libc_version.Text());
  return out;
}

}  // namespace lockstep::transcript
