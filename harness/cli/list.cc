// SPDX-License-Identifier: MIT
// lockstep list, show, explain: what the catalogue holds, without running anything.
#include <fmt/format.h>

#include "harness/cli/options.h"
#include "harness/model/model.h"
#include "harness/scenario/behaviours.h"
#include "harness/scenario/python_script.h"

namespace lockstep {
namespace {

// The platform that scripts and transcripts are shown for, unless the user names another: the
// baseline.
constexpr const char* kBaseline = "3.14";

std::string Joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// One scenario by its name; the selection's errors serve for names that are not there.
Result<std::unique_ptr<Catalogue>> LoadNamed(const std::string& name,
                                             const std::string& scenarios) {
  Selection selection;
  selection.filters = {name};
  selection.scenarios = scenarios;
  return LoadCatalogue(selection, ProjectPlaces());
}

// `steps`: all of the transcript, or what of it is for one version.
void Show(const Scenario& scenario, const std::string& steps) {
  fmt::print("{}\n  {}\n  source: {}\n", scenario.name, scenario.says, scenario.source);
  fmt::print("  level: {}", scenario.level == Level::kCore ? "core" : "full");
  if (!scenario.needs.empty()) fmt::print("; needs: {}", Joined(scenario.needs));
  if (!scenario.tags.empty()) fmt::print("; tags: {}", Joined(scenario.tags));
  if (!scenario.condition.text.empty()) fmt::print("; when {}", scenario.condition.text);
  fmt::print("\n  {}:{}\n\n", scenario.file, scenario.line);
  std::string line;
  const std::string script = scenario.script.empty() ? "" : "\nSCRIPT is:\n" + scenario.script + "\n";
  for (const char c : steps + "\n" + script) {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (!line.empty()) fmt::print("    {}\n", line);
    line.clear();
  }
}

// behaviour → scenarios → source, area by area.
int ListCoverage() {
  const Places places = ProjectPlaces();
  const auto catalogue = LoadCatalogue(Selection{}, places);
  if (!catalogue) return Complain(catalogue.error());
  const auto coverage = LoadCoverage(places.root + "/scenarios", (*catalogue)->all);
  if (!coverage) return Complain(coverage.error());
  std::string area;
  std::size_t without = 0;
  for (const Covered& one : *coverage) {
    if (one.behaviour.Area() != area) {
      area = one.behaviour.Area();
      fmt::print("\n{}\n", area);
    }
    fmt::print("  {}\n    {}\n    source    {}\n", one.behaviour.id, one.behaviour.rule,
               one.behaviour.source);
    if (!one.behaviour.versions.empty()) fmt::print("    versions  {}\n", one.behaviour.versions);
    for (const Scenario* scenario : one.scenarios) fmt::print("    shown by  {}\n", scenario->name);
    if (one.scenarios.empty()) {
      fmt::print("    not shown: {}\n", one.why_not);
      ++without;
    }
  }
  fmt::print("\n{} behaviours: {} shown by {} scenarios, {} by none, each with its reason\n",
             coverage->size(), coverage->size() - without, (*catalogue)->all.size(), without);
  return 0;
}

// Each step with the rules that say what may come of it.
void ExplainSteps(const Scenario& scenario, const Platform& platform) {
  Model model(platform.like);
  fmt::print("\n");
  for (const Step* step : scenario.StepsFor(platform)) {
    const Model::Judgement judgement = model.Take(*step);
    if (judgement.verdict == Model::Judgement::Verdict::kUnknown) {
      fmt::print("    {}\n        the model has no opinion of this, nor of what follows\n", judgement.unknown);
      return;
    }
    fmt::print("    {}\n", step->text);
    const bool contradicts = judgement.verdict == Model::Judgement::Verdict::kContradicts;
    if (contradicts) fmt::print("        is NOT what the model allows{}\n", judgement.allowed.empty() ? "" : "; that is");
    std::set<const model::Rule*> told;
    for (const model::Outcome& outcome : judgement.allowed) {
      if (contradicts) fmt::print("        {}\n", ToText(outcome));
      if (told.insert(outcome.rule).second && outcome.rule != &model::rules::kNothing)
        fmt::print("        {} [{}]\n", outcome.rule->sentence, outcome.rule->source);
    }
    if (contradicts) return;
  }
}

}  // namespace

int ListVerb(const Words& words) {
  CLI::App app("The scenarios there are.", "list");
  Selection selection;
  bool names_only = false;
  AddSelection(app, &selection);
  app.add_flag("--names", names_only, "names alone");
  bool coverage = false;
  app.add_flag("--coverage", coverage, "each behaviour, the scenarios that show it, and its source");
  if (const auto status = Parse(app, words.words)) return *status;
  if (coverage && words.words.size() > 1)
    return Complain(Error{"--coverage is of the whole catalogue, and stands alone", ""});
  if (coverage) return ListCoverage();
  const auto catalogue = LoadCatalogue(selection, ProjectPlaces());
  if (!catalogue) return Complain(catalogue.error());
  std::string area;
  int core = 0;
  for (const Scenario* scenario : (*catalogue)->selected) {
    if (scenario->level == Level::kCore) ++core;
    if (names_only) {
      fmt::print("{}\n", scenario->name);
      continue;
    }
    if (scenario->Area() != area) {
      area = scenario->Area();
      fmt::print("\n{}\n", area);
    }
    fmt::print("  {:<50} {}{}\n", scenario->name, scenario->says,
               scenario->level == Level::kCore ? "  [core]" : "");
  }
  if (!names_only)
    fmt::print("\n{} scenarios, {} of them core\n", (*catalogue)->selected.size(), core);
  return 0;
}

int ShowVerb(const Words& words) {
  CLI::App app("A scenario's transcript.", "show");
  std::string name;
  std::string scenarios;
  std::string like;
  bool python = false;
  app.add_option("NAME", name, "its name, or a part of it with '*' for any text: all that match")->required();
  app.add_flag("--python", python,
               "as one Python script that needs nothing but the standard library");
  app.add_option("--like", like,
                 fmt::format("only what there is for this CPython version; a script is always for "
                             "one, {} unless told",
                             kBaseline));
  app.add_option("--scenarios", scenarios,
                 "a scenario file or folder in place of the project's own");
  if (const auto status = Parse(app, words.words)) return *status;
  const auto catalogue = LoadNamed(name, scenarios);
  if (!catalogue) return Complain(catalogue.error());
  const auto version = Version::Parse(like.empty() ? kBaseline : like);
  if (!version)
    return Complain(Error{"--like " + like + " is no version", "for example --like 3.12"});
  if (!python) {
    for (const Scenario* scenario : (*catalogue)->selected) {
      const Platform platform{*version, "", {}};
      if (like.empty()) {
        Show(*scenario, scenario->steps_text);
      } else if (scenario->condition.Holds(platform)) {
        std::string steps;
        for (const Step* step : scenario->StepsFor(platform)) steps += ToText(*step) + "\n";
        Show(*scenario, steps);
      } else {
        fmt::print("{}\n  is not for {}: when {}\n", scenario->name, version->Text(), scenario->condition.text);
      }
    }
    return 0;
  }
  if ((*catalogue)->selected.size() != 1) {
    return Complain(Error{fmt::format("'{}' is {} scenarios", name, (*catalogue)->selected.size()),
                          "a script is made of one: give its whole name"});
  }
  const auto script = ToPythonScript(*(*catalogue)->selected[0], Platform{*version, "", {}});
  if (!script) return Complain(script.error());
  fmt::print("{}", *script);
  return 0;
}

int ExplainVerb(const Words& words) {
  CLI::App app("The rule of a scenario, and where it comes from; and the rule of each step.", "explain");
  std::string name;
  std::string scenarios;
  std::string like = kBaseline;
  app.add_option("NAME", name, "its name, or a part of it with '*' for any text: all that match")->required();
  app.add_option("--scenarios", scenarios,
                 "a scenario file or folder in place of the project's own");
  app.add_option("--like", like, "by the rules of this CPython version")->capture_default_str();
  if (const auto status = Parse(app, words.words)) return *status;
  const auto version = Version::Parse(like);
  if (!version)
    return Complain(Error{"--like " + like + " is no version", "for example --like 3.12"});
  const auto catalogue = LoadNamed(name, scenarios);
  if (!catalogue) return Complain(catalogue.error());
  for (const Scenario* scenario : (*catalogue)->selected) {
    fmt::print("{}\n  rule    {}\n  source  {}\n", scenario->name, scenario->says,
               scenario->source);
    if (!scenario->condition.text.empty()) fmt::print("  when    {}\n", scenario->condition.text);
    for (const std::string& rule : scenario->rules) fmt::print("  shows   {}\n", rule);
    if (!scenario->needs.empty()) fmt::print("  needs   {}\n", Joined(scenario->needs));
    fmt::print("  judged  {}\n",
               scenario->IsTiming()
                   ? "outcome of every step, and elapsed time by the adapter's own stamps"
                   : "outcome of every step: values with their types, error types and errnos, "
                     "messages where written");
    fmt::print("  file    {}:{}\n", scenario->file, scenario->line);
    ExplainSteps(*scenario, Platform{*version, "", {}});
  }
  return 0;
}

}  // namespace lockstep
