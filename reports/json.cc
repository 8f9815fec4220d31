// SPDX-License-Identifier: MIT
#include "reports/json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>

#include "harness/os/output_file.h"
#include "harness/scenario/condition_text.h"
#include "reports/json_words.h"

namespace lockstep::reports {
namespace {

// Bytes that are no UTF-8 become U+FFFD: what a program under test printed may be anything.
std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json PairsToJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json out = Json::object();
  for (const auto& [key, value] : pairs) out[key] = value;
  return out;
}

Json HelloToJson(const Hello& hello) {
  Json build = Json::object();
  for (const auto& [key, value] : hello.build) build[key] = value;
  return Json{{"protocol", hello.protocol}, {"implementation", hello.implementation},
              {"version", hello.version},   {"language", hello.language},
              {"like", hello.like},         {"capabilities", hello.capabilities},
              {"build", std::move(build)},  {"waits", hello.waits},
              {"owner", hello.owner}};
}

Json PlatformToJson(const Platform& platform) {
  Json out{{"like", platform.like.Text()}};
  if (!platform.libc.empty()) out["libc"] = platform.libc;
  if (!platform.libc_version.parts.empty()) out["libc_version"] = platform.libc_version.Text();
  if (platform.other) out["other"] = PlatformToJson(*platform.other);
  return out;
}

Json CountsToJson(const Counts& counts) {
  return Json{{"pass", counts.pass},
              {"fail", counts.fail},
              {"expected_fail", counts.expected_fail},
              {"unexpected_pass", counts.unexpected_pass},
              {"unsupported", counts.unsupported},
              {"not_run", counts.not_run},
              {"not_selected", counts.not_selected},
              {"harness_error", counts.harness_error}};
}

Json ScenarioToJson(const Scenario& scenario) {
  std::string steps = scenario.steps_text;
  if (steps.empty()) {
    for (const Step& step : scenario.steps) steps += ToText(step) + "\n";
  }
  Json out{{"name", scenario.name},     {"says", scenario.says},
           {"source", scenario.source}, {"level", scenario.level == Level::kCore ? "core" : "full"},
           {"tags", scenario.tags},     {"needs", scenario.needs},
           {"file", scenario.file},     {"line", scenario.line}};
  if (!scenario.rules.empty()) out["rules"] = scenario.rules;
  if (!scenario.script.empty()) out["script"] = scenario.script;
  if (!scenario.condition.text.empty()) out["when"] = scenario.condition.text;
  out["steps"] = std::move(steps);
  return out;
}

Json EntryToJson(const ExpectedEntry& entry) {
  Json out{{"scenario", entry.scenario},
           {"verdict", ToText(entry.kind)},
           {"reason", entry.reason},
           {"why", entry.why}};
  if (!entry.condition.text.empty()) out["when"] = entry.condition.text;
  if (!entry.link.empty()) out["link"] = entry.link;
  out["place"] = entry.place;
  return out;
}

void AddPosition(const Position& position, Json* out) {
  (*out)["line"] = position.line;
  (*out)["column"] = position.column;
}

Json TraceEntryToJson(const TraceEntry& entry) {
  Json out{{"actor", entry.actor}, {"step", entry.step}, {"outcome", entry.outcome}};
  if (entry.begin_ns != 0) out["begin_ns"] = entry.begin_ns;
  if (entry.end_ns != 0) out["end_ns"] = entry.end_ns;
  if (entry.seen_blocked_ns != 0) out["seen_blocked_ns"] = entry.seen_blocked_ns;
  if (!entry.note.empty()) out["note"] = entry.note;
  AddPosition(entry.position, &out);
  return out;
}

Json RunToJson(const ScenarioRun& run) {
  Json out{{"end", NameOf(Ends(), run.end)}};
  if (!run.reason.empty()) out["reason"] = run.reason;
  if (run.divergence) {
    Json divergence{{"step", run.divergence->step},
                    {"operation", run.divergence->operation},
                    {"expected", run.divergence->expected},
                    {"actual", run.divergence->actual}};
    AddPosition(run.divergence->position, &divergence);
    out["divergence"] = std::move(divergence);
  }
  out["trace"] = Json::array();
  for (const TraceEntry& entry : run.trace) out["trace"].push_back(TraceEntryToJson(entry));
  for (const LateCall& late : run.late) {
    Json one{{"step", late.step},
             {"expected_ns", late.expected.count()},
             {"actual_ns", late.actual.count()}};
    AddPosition(late.position, &one);
    out["late"].push_back(std::move(one));
  }
  if (!run.unclean.empty()) out["unclean"] = run.unclean;
  if (!run.whereabouts.empty()) out["whereabouts"] = run.whereabouts;
  if (!run.output.empty()) out["output"] = run.output;
  out["repeats"] = run.repeats;
  out["wall_ns"] = run.wall.count();
  return out;
}

}  // namespace

std::string UtcText(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Result<JsonWriter> JsonWriter::Open(const std::string& path) {
  // "e": an adapter must not inherit it.
  auto fd = OpenToWriteAlone(path);
  if (!fd) return tl::unexpected(fd.error());
  std::FILE* file = ::fdopen(fd->Release(), "w");
  if (file == nullptr) return FailErrno(path, errno);
  return JsonWriter(path, file);
}

void JsonWriter::WriteLine(const std::string& line) {
  if (failure_) return;
  errno = 0;
  const bool written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size();
  if (written && std::fflush(file_.get()) == 0) return;
  failure_ = FailErrno(path_, errno).value();
}

void JsonWriter::Begin(const ReportHeader& header) {
  Json line{{"type", "header"},
            {"format", kReportFormat},
            {"lockstep_version", header.lockstep_version},
            {"started", header.started},
            {"arguments", header.arguments},
            {"rerun", header.rerun_prefix}};
  if (header.strict) line["strict"] = true;
  if (!header.shard.empty()) line["shard"] = header.shard;
  if (!header.oracle_name.empty()) line["oracle"] = header.oracle_name;
  line["environment"] = PairsToJson(header.environment);
  if (header.lacking) {
    line["lacking"] = Json::array();
    for (const Lack& one : *header.lacking) line["lacking"].push_back({{"what", one.what}, {"cost", one.cost}, {"mend", one.mend}});
  }
  WriteLine(LineOf(line));
}

void JsonWriter::Coverage(const std::vector<Covered>& coverage) {
  Json behaviours = Json::array();
  for (const Covered& one : coverage) {
    const Behaviour& behaviour = one.behaviour;
    Json json{{"id", behaviour.id}, {"rule", behaviour.rule}, {"source", behaviour.source}};
    if (!behaviour.versions.empty()) json["versions"] = behaviour.versions;
    json["scenarios"] = Json::array();
    for (const Scenario* scenario : one.scenarios) json["scenarios"].push_back(scenario->name);
    if (!one.why_not.empty()) json["why_not"] = one.why_not;
    behaviours.push_back(std::move(json));
  }
  WriteLine(LineOf(Json{{"type", "coverage"}, {"behaviours", std::move(behaviours)}}));
}

void JsonWriter::Implementation(const ImplementationReport& implementation) {
  Json line{{"type", "implementation"},
            {"name", implementation.name},
            {"family", implementation.family},
            {"command", implementation.command},
            {"is_oracle", implementation.is_oracle}};
  if (implementation.only_oracle) line["only_oracle"] = true;
  if (!implementation.run_as.empty()) line["run_as"] = implementation.run_as;
  if (!implementation.note.empty()) line["note"] = implementation.note;
  const Introduction& introduction = implementation.introduction;
  if (introduction.hello) line["hello"] = HelloToJson(*introduction.hello);
  if (!introduction.failure.empty()) line["failure"] = introduction.failure;
  line["platform"] = PlatformToJson(introduction.platform);
  WriteLine(LineOf(line));
}

void JsonWriter::Verdict(const std::string& implementation, const ScenarioVerdict& verdict) {
  Json line{{"type", "verdict"},
            {"implementation", implementation},
            {"verdict", ToText(verdict.Overall())},
            {"behaviour", ToText(verdict.behaviour)},
            {"cleanliness", ToText(verdict.cleanliness)}};
  if (verdict.not_run != NotRun::kNo) line["not_run"] = NameOf(NotRuns(), verdict.not_run);
  if (!verdict.reason.empty()) line["reason"] = verdict.reason;
  if (verdict.expected != nullptr) line["expected"] = EntryToJson(*verdict.expected);
  line["scenario"] = ScenarioToJson(*verdict.scenario);
  line["run"] = RunToJson(verdict.run);
  WriteLine(LineOf(line));
  ++verdicts_;
}

Result<void> JsonWriter::End(const RunReport& report, int exit_status) {
  Json line{{"type", "footer"}, {"exit_status", exit_status}, {"verdicts", verdicts_}};
  line["implementations"] = Json::array();
  for (const ImplementationReport& one : report.implementations) {
    line["implementations"].push_back(Json{{"name", one.name},
                                           {"counts", CountsToJson(one.Count())},
                                           {"stale", one.stale},
                                           {"surprises", one.surprises},
                                           {"wall_ns", one.wall.count()}});
  }
  line["notes"] = report.notes;
  line["interrupted"] = report.interrupted;
  line["wall_ns"] = report.wall.count();
  WriteLine(LineOf(line));
  if (failure_) return tl::unexpected<Error>(*failure_);
  return {};
}
}  // namespace lockstep::reports
