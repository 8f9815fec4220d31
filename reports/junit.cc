// SPDX-License-Identifier: MIT
#include "reports/junit.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <pugixml.hpp>
#include <sstream>

#include "reports/terminal.h"
#include "reports/text.h"
#include "reports/transcript_view.h"

namespace lockstep::reports {
namespace {

std::string Seconds(nanoseconds duration) {
  return fmt::format("{:.6f}", static_cast<double>(duration.count()) / 1e9);
}

// Servers take the dots of a class name for packages: there are to be two.
std::string ClassName(const std::string& implementation, const Scenario& scenario) {
  std::string name = implementation;
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return Printable(fmt::format("lockstep.{}.{}", name, scenario.Area()));
}

void SetAttribute(pugi::xml_node& node, const char* name, const std::string& value) {
  node.append_attribute(name) = Printable(value).c_str();
}
void SetText(pugi::xml_node& node, const std::string& text) {
  node.text() = Printable(text).c_str();
}

class Writer {
 public:
  Writer(const RunReport& report, const std::string& rerun_prefix)
      : report_(report), rerun_prefix_(rerun_prefix), oracle_(OracleOf(report)) {}

  void Write(std::ostream& out) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node suites = document.append_child("testsuites");
    SetAttribute(suites, "name", "lockstep");
    for (const ImplementationReport& one : report_.implementations) AddSuite(one, suites);
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  }

 private:
  void AddSuite(const ImplementationReport& one, pugi::xml_node& suites) {
    const Counts counts = one.Count();
    const bool never_started =
        !one.introduction.hello && !one.introduction.failure.empty() && one.verdicts.empty();
    pugi::xml_node suite = suites.append_child("testsuite");
    SetAttribute(suite, "name", "lockstep." + one.name);
    suite.append_attribute("tests") =
        static_cast<unsigned long>(one.verdicts.size() + (never_started ? 1 : 0) + one.stale.size());
    suite.append_attribute("failures") =
        counts.fail + counts.unexpected_pass + static_cast<int>(one.stale.size());
    suite.append_attribute("errors") = counts.harness_error + (never_started ? 1 : 0);
    suite.append_attribute("skipped") =
        counts.expected_fail + counts.unsupported + counts.not_run + counts.not_selected;
    SetAttribute(suite, "time", Seconds(one.wall));
    AddProperties(one, suite);
    if (never_started) AddStart(one, suite);
    for (const ScenarioVerdict& verdict : one.verdicts) AddCase(one, verdict, suite);
    for (const std::string& line : one.stale) AddStale(one, line, suite);
  }

  // An entry of an expectations file that is no longer true ends a run with status 5: the report is
  // not to look green beside it.
  static void AddStale(const ImplementationReport& one, const std::string& line,
                       pugi::xml_node& suite) {
    Scenario stale;
    stale.name = "expectations/" + line.substr(0, line.find(": "));
    pugi::xml_node node = suite.append_child("testcase");
    SetAttribute(node, "classname", ClassName(one.name, stale));
    SetAttribute(node, "name", stale.name);
    SetAttribute(node, "time", "0.000");
    pugi::xml_node failure = node.append_child("failure");
    SetAttribute(failure, "message", line);
    SetAttribute(failure, "type", "stale");
  }

  void AddProperties(const ImplementationReport& one, pugi::xml_node& suite) {
    pugi::xml_node properties = suite.append_child("properties");
    const auto add = [&](const std::string& name, const std::string& value) {
      pugi::xml_node property = properties.append_child("property");
      SetAttribute(property, "name", name);
      SetAttribute(property, "value", value);
    };
    add("implementation", one.name);
    if (one.introduction.hello) add("version", one.introduction.hello->version);
    if (!report_.oracle_name.empty()) add("oracle", report_.oracle_name);
    for (const auto& [key, value] : report_.environment) add(key, value);
  }

  // An implementation that never ran has no scenarios; its failure is not to go unseen.
  static void AddStart(const ImplementationReport& one, pugi::xml_node& suite) {
    Scenario start;
    start.name = "start";
    pugi::xml_node node = suite.append_child("testcase");
    SetAttribute(node, "classname", ClassName(one.name, start));
    SetAttribute(node, "name", start.name);
    SetAttribute(node, "time", Seconds(one.wall));
    pugi::xml_node error = node.append_child("error");
    SetAttribute(error, "message", one.introduction.failure);
    SetAttribute(error, "type", ToText(Verdict::kHarnessError));
  }

  void AddCase(const ImplementationReport& one, const ScenarioVerdict& verdict,
               pugi::xml_node& suite) {
    pugi::xml_node node = suite.append_child("testcase");
    SetAttribute(node, "classname", ClassName(one.name, *verdict.scenario));
    SetAttribute(node, "name", verdict.scenario->name);
    SetAttribute(node, "time", Seconds(verdict.run.wall));
    const Verdict overall = verdict.Overall();
    switch (overall) {
      case Verdict::kPass:
        return;
      case Verdict::kFail:
      case Verdict::kUnexpectedPass:
        AddOutcome(one, verdict, "failure", node);
        break;
      case Verdict::kHarnessError:
        AddOutcome(one, verdict, "error", node);
        break;
      case Verdict::kExpectedFail:
      case Verdict::kUnsupported:
      case Verdict::kNotRun: {
        pugi::xml_node skipped = node.append_child("skipped");
        SetAttribute(skipped, "message", SkippedMessage(verdict));
        return;
      }
    }
    if (!verdict.run.trace.empty()) {
      pugi::xml_node out = node.append_child("system-out");
      SetText(out, Transcript(one, verdict));
    }
    if (!verdict.run.output.empty()) {
      pugi::xml_node err = node.append_child("system-err");
      SetText(err, verdict.run.output);
    }
  }

  void AddOutcome(const ImplementationReport& one, const ScenarioVerdict& verdict,
                  const char* element, pugi::xml_node& node) {
    pugi::xml_node outcome = node.append_child(element);
    SetAttribute(outcome, "message", verdict.reason);
    SetAttribute(outcome, "type", ToText(verdict.Overall()));
    std::string text = verdict.scenario->says + "\n" + verdict.reason + "\n";
    if (verdict.expected != nullptr)
      text += fmt::format("entry: {}: {}\n", verdict.expected->place, verdict.expected->why);
    for (const std::string& line : verdict.run.whereabouts) text += "where: " + line + "\n";
    for (const std::string& item : verdict.run.unclean) text += "left: " + item + "\n";
    text += fmt::format("rule: {}\nplace: {}:{}\n", verdict.scenario->source,
                        verdict.scenario->file, verdict.scenario->line);
    text += "rerun: " + RerunCommand(rerun_prefix_, one, verdict.scenario->name) + "\n";
    SetText(outcome, text);
  }

  static std::string SkippedMessage(const ScenarioVerdict& verdict) {
    std::string message = fmt::format("{}: {}", ToText(verdict.Overall()), verdict.reason);
    if (verdict.expected == nullptr) return message;
    message += fmt::format(" ({}", verdict.expected->why);
    if (!verdict.expected->link.empty()) message += " " + verdict.expected->link;
    return message + ")";
  }

  std::string Transcript(const ImplementationReport& one, const ScenarioVerdict& verdict) const {
    const ScenarioRun* oracle =
        oracle_ == nullptr || oracle_ == &one ? nullptr : RunOf(*oracle_, verdict.scenario->name);
    TranscriptLayout layout;
    layout.oracle_name = oracle == nullptr || oracle->trace.empty() ? "" : oracle_->name;
    std::string text = "\n";
    for (const TranscriptLine& line :
         LayOut(TranscriptOf(verdict, oracle, one.introduction.platform), layout))
      text += line.text + "\n";
    return text;
  }

  const RunReport& report_;
  const std::string& rerun_prefix_;
  const ImplementationReport* const oracle_;
};

}  // namespace

void WriteJUnit(const RunReport& report, const std::string& rerun_prefix, std::ostream& out) {
  Writer(report, rerun_prefix).Write(out);
}

Result<void> WriteJUnitFile(const RunReport& report, const std::string& rerun_prefix,
                            const std::string& path) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) return FailErrno(path, errno);
  WriteJUnit(report, rerun_prefix, out);
  out.flush();
  if (!out) return FailErrno(path, errno);
  return {};
}

}  // namespace lockstep::reports
