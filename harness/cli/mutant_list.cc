// SPDX-License-Identifier: MIT
#include "harness/cli/mutant_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/adapter/implementation.h"
#include "harness/os/command.h"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr nanoseconds kListLimit = std::chrono::seconds(10);

Result<Mutant> ParseMutant(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    return Mutant{json.at("name"), json.at("areas"), json.at("says"), json.at("kind")};
  } catch (const Json::exception& e) {
    return Fail(fmt::format("the table of mutants cannot be read ({}): {}", e.what(), line));
  }
}

}  // namespace

bool Mutant::IsForOtherVerbs() const {
  return !areas.empty() && std::all_of(areas.begin(), areas.end(), [](const std::string& area) {
    return area == "stress" || area == "faults";
  });
}

bool MutantResult::AsPredicted() const {
  return std::any_of(failed.begin(), failed.end(), [&](const Failed& one) {
    return std::find(mutant->areas.begin(), mutant->areas.end(), one.area) != mutant->areas.end();
  });
}

Result<std::vector<Mutant>> ListMutants(const std::string& adapter) {
  const auto listed = RunCommand({adapter, "--list"}, EnvironmentOf({}), kListLimit);
  if (!listed) return tl::unexpected(listed.error());
  if (listed->status != 0) return Fail(adapter + " --list failed", "is it built?");
  std::vector<Mutant> mutants;
  std::istringstream lines(listed->output);
  for (std::string line; std::getline(lines, line);) {
    auto mutant = ParseMutant(line);
    if (!mutant) return tl::unexpected(mutant.error());
    mutants.push_back(std::move(*mutant));
  }
  return mutants;
}

std::string ToJsonLine(const MutantResult& result) {
  Json json = {{"name", result.mutant->name}, {"areas", result.mutant->areas},
               {"kind", result.mutant->kind}, {"says", result.mutant->says},
               {"killed", result.Killed()},   {"as_predicted", result.AsPredicted()},
               {"failed", Json::array()},     {"seconds", result.seconds}};
  for (const Failed& one : result.failed) {
    json["failed"].push_back({{"scenario", one.scenario}, {"got", one.got}});
  }
  if (!result.trouble.empty()) json["trouble"] = result.trouble;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep
