// SPDX-License-Identifier: MIT
#include "harness/scenario/behaviours.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "harness/os/text_file.h"
#include "harness/text/toml_file.h"

namespace lockstep {
namespace {


bool IsId(const std::string& text) {
  const bool one_dot = text.find('.') == text.rfind('.') && text.find('.') != std::string::npos;
  return one_dot && text.front() != '.' && text.back() != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

// One table.
Behaviour ReadBehaviour(const toml::table& table, TomlFile* file) {
  file->CheckKeys(table, {"id", "rule", "source", "versions"});
  const auto text = [&](const char* key, bool required) -> std::string {
    const toml::node* node = table.get(key);
    if (node == nullptr && required) file->Report(table, fmt::format("this behaviour has no '{}'", key));
    if (node == nullptr) return "";
    std::string value = file->Text(*node, key);
    if (value.empty()) file->Report(*node, fmt::format("'{}' is empty", key));
    return value;
  };
  Behaviour out{text("id", true), text("rule", true), text("source", true), text("versions", false), PositionOf(table).line};
  if (file->any_mistake()) return out;
  if (!IsId(out.id))
    file->Report(*table.get("id"), fmt::format("'{}' is no id; expected 'area.few-words' in lower case, digits and '-'", out.id));
  if (out.rule.back() != '.') file->Report(*table.get("rule"), "'rule' is one sentence; expected a full stop at its end");
  return out;
}

// "- `ID`: REASON" lines; everything else is prose.
Result<std::map<std::string, std::string>> ReadReasons(const std::string& path) {
  const auto text = ReadTextFile(path);
  if (!text) return tl::unexpected(text.error());
  std::map<std::string, std::string> reasons;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    constexpr std::string_view kBegin = "- `";
    if (!line.starts_with(kBegin)) continue;
    const std::size_t end = line.find("`: ", kBegin.size());
    if (end == std::string::npos || end + 3 == line.size())
      return Fail(fmt::format("{}:{}: expected '- `ID`: REASON'", path, number));
    const std::string id = line.substr(kBegin.size(), end - kBegin.size());
    if (!reasons.emplace(id, line.substr(end + 3)).second)
      return Fail(fmt::format("{}:{}: '{}' has a reason already", path, number, id));
  }
  return reasons;
}

}  // namespace

Result<std::vector<Behaviour>> ParseBehaviours(std::string_view text, const std::string& file) {
  TomlFile toml(text, file);
  std::vector<Behaviour> out;
  std::map<std::string, int> lines;
  const std::vector<const toml::table*> tables = toml.Tables("behaviour");
  if (tables.empty()) toml.Report(Position{1, 1}, "no behaviour in this file; expected '[[behaviour]]'");
  for (const toml::table* table : tables) {
    Behaviour behaviour = ReadBehaviour(*table, &toml);
    const auto [first, is_new] = lines.emplace(behaviour.id, behaviour.line);
    if (!is_new) toml.Report(*table, fmt::format("the id '{}' is taken, on line {}", behaviour.id, first->second));
    if (toml.any_mistake()) break;
    out.push_back(std::move(behaviour));
  }
  if (toml.any_mistake()) return tl::unexpected<Error>(toml.error());
  return out;
}

Result<std::vector<Covered>> LoadCoverage(const std::string& folder,
                                          const std::vector<Scenario>& scenarios) {
  const std::string file = folder + "/behaviours.toml";
  const auto text = ReadTextFile(file);
  if (!text) return tl::unexpected(text.error());
  auto behaviours = ParseBehaviours(*text, file);
  if (!behaviours) return tl::unexpected(behaviours.error());
  const std::string reasons_file = folder + "/NOT_COVERED.md";
  const auto reasons = ReadReasons(reasons_file);
  if (!reasons) return tl::unexpected(reasons.error());

  std::vector<Covered> out;
  std::map<std::string, std::size_t> places;
  std::vector<std::string> ids;
  for (Behaviour& behaviour : *behaviours) {
    places[behaviour.id] = out.size();
    ids.push_back(behaviour.id);
    out.push_back(Covered{std::move(behaviour), {}, ""});
  }
  for (const Scenario& scenario : scenarios) {
    const std::string place = fmt::format("{}:{}: {}", scenario.file, scenario.line, scenario.name);
    if (scenario.rules.empty())
      return Fail(place + " shows no behaviour; expected rules = [\"AREA.ID\"]");
    for (const std::string& id : scenario.rules) {
      const auto found = places.find(id);
      if (found == places.end())
        return Fail(fmt::format("{}: unknown behaviour '{}'{}", place, id, DidYouMean(id, ids)),
                    "behaviours are listed in " + file);
      out[found->second].scenarios.push_back(&scenario);
    }
  }
  for (const auto& [id, reason] : *reasons) {
    const auto found = places.find(id);
    if (found == places.end())
      return Fail(fmt::format("{}: unknown behaviour '{}'{}", reasons_file, id,
                              DidYouMean(id, ids)));
    Covered& covered = out[found->second];
    if (!covered.scenarios.empty())
      return Fail(fmt::format("{}: '{}' is not covered, it says, but {} shows it", reasons_file, id,
                              covered.scenarios.front()->name));
    covered.why_not = reason;
  }
  for (const Covered& one : out) {
    if (one.scenarios.empty() && one.why_not.empty())
      return Fail(fmt::format("{}:{}: no scenario shows '{}'", file, one.behaviour.line,
                              one.behaviour.id),
                  "write one, or a line with the reason in " + reasons_file);
  }
  return out;
}

}  // namespace lockstep
