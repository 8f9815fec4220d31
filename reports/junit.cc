// SPDX-License-Identifier: MIT
#include "reports/junit.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <pugixml.hpp>
#include <sstream>
#include <string_view>

#include "reports/summary.h"
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

constexpr const char* kFailure = "failure";
constexpr const char* kError = "error";
constexpr const char* kSkipped = "skipped";

class Writer {
 public:
  Writer(const RunReport& report, const std::vector<std::string>& withheld)
      : report_(report), withheld_(withheld), oracle_(OracleOf(report)) {}

  void Write(std::ostream& out) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node suites = document.append_child("testsuites");
    SetAttribute(suites, "name", "lockstep");
    if (!withheld_.empty()) AddWithheld(suites);
    for (const ImplementationReport& one : report_.implementations) AddSuite(one, suites);
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  }

 private:
  void AddSuite(const ImplementationReport& one, pugi::xml_node& suites) {
    // Where it never started each scenario says so; without any there is one case that does.
    const bool never_started = one.NeverStarted() && one.verdicts.empty();
    const std::vector<std::string> stale = one.FurtherStale();
    std::map<std::string_view, int> counts;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (const char* element = ElementOf(one, verdict); element != nullptr) ++counts[element];
    }
    pugi::xml_node suite = suites.append_child("testsuite");
    SetAttribute(suite, "name", "lockstep." + one.name);
    suite.append_attribute("tests") =
        static_cast<unsigned long>(one.verdicts.size() + (never_started ? 1 : 0) + stale.size());
    suite.append_attribute("failures") = counts[kFailure] + static_cast<int>(stale.size());
    suite.append_attribute("errors") = counts[kError] + (never_started ? 1 : 0);
    suite.append_attribute("skipped") = counts[kSkipped];
    SetAttribute(suite, "time", Seconds(one.wall));
    AddProperties(one, suite);
    if (never_started) AddStart(one, suite);
    for (const ScenarioVerdict& verdict : one.verdicts) AddCase(one, verdict, suite);
    for (const std::string& line : stale) AddStale(one, line, suite);
  }

  void AddWithheld(pugi::xml_node& suites) const {
    pugi::xml_node suite = suites.append_child("testsuite");
    SetAttribute(suite, "name", "lockstep.report");
    suite.append_attribute("tests") = 1;
    suite.append_attribute("failures") = 0;
    suite.append_attribute("errors") = 1;
    suite.append_attribute("skipped") = 0;
    SetAttribute(suite, "time", "0.000");
    suite.append_child("properties");
    pugi::xml_node node = suite.append_child("testcase");
    SetAttribute(node, "classname", "lockstep.report.withheld");
    SetAttribute(node, "name", "withheld");
    SetAttribute(node, "time", "0.000");
    pugi::xml_node error = node.append_child("error");
    SetAttribute(error, "message", "this is no result: " + withheld_.front());
    SetAttribute(error, "type", "withheld");
    std::string text;
    for (const std::string& reason : withheld_) text += reason + "\n";
    SetText(error, text);
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
    const char* element = ElementOf(one, verdict);
    if (element == nullptr) return;
    if (element == kSkipped) {
      pugi::xml_node skipped = node.append_child(kSkipped);
      SetAttribute(skipped, "message", SkippedMessage(verdict));
      return;
    }
    AddOutcome(one, verdict, element, node);
    if (!verdict.run.trace.empty()) {
      pugi::xml_node out = node.append_child("system-out");
      SetText(out, Transcript(one, verdict));
    }
    if (!verdict.run.output.empty()) {
      pugi::xml_node err = node.append_child("system-err");
      SetText(err, verdict.run.output);
    }
  }

  // What a case holds; null: nothing, it passed. An oracle that nobody asked to be judged fails nobody: where it does not do
  // what is expected nothing is certified.
  const char* ElementOf(const ImplementationReport& one, const ScenarioVerdict& verdict) const {
    switch (verdict.Overall()) {
      case Verdict::kPass:
        return nullptr;
      case Verdict::kFail:
        return one.only_oracle ? kError : kFailure;
      case Verdict::kUnexpectedPass:
        return one.only_oracle ? kSkipped : kFailure;
      case Verdict::kHarnessError:
        return kError;
      case Verdict::kExpectedFail:
        return kSkipped;
      case Verdict::kUnsupported:
      case Verdict::kNotRun:
        return IsUnlisted(one, verdict) ? kFailure : kSkipped;
    }
    CHECK(false);
  }

  bool IsUnlisted(const ImplementationReport& one, const ScenarioVerdict& verdict) const {
    return report_.strict && !one.only_oracle && IsSurprise(verdict);
  }

  void AddOutcome(const ImplementationReport& one, const ScenarioVerdict& verdict,
                  const char* element, pugi::xml_node& node) {
    pugi::xml_node outcome = node.append_child(element);
    const bool unlisted = IsUnlisted(one, verdict);
    SetAttribute(outcome, "message", unlisted ? SurpriseText(verdict) : ReasonText(verdict));
    SetAttribute(outcome, "type", unlisted ? "unlisted" : ToText(verdict.Overall()));
    std::string text = verdict.scenario->says + "\n" + verdict.reason + "\n";
    if (verdict.expected != nullptr)
      text += fmt::format("entry: {}: {}\n", verdict.expected->place, verdict.expected->why);
    for (const std::string& line : verdict.run.whereabouts) text += "where: " + line + "\n";
    for (const std::string& item : verdict.run.unclean) text += "left: " + item + "\n";
    const Place place = PlaceOf(verdict);
    text += fmt::format("rule: {}\nplace: {}:{}\n", verdict.scenario->source, place.file, place.line);
    text += "rerun: " + RerunCommand(one, verdict) + "\n";
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
  const std::vector<std::string>& withheld_;
  const ImplementationReport* const oracle_;
};

}  // namespace

void WriteJUnit(const RunReport& report, std::ostream& out, const std::vector<std::string>& withheld) {
  Writer(report, withheld).Write(out);
}

Result<void> WriteJUnitFile(const RunReport& report, const std::string& path, const std::vector<std::string>& withheld) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) return FailErrno(path, errno);
  WriteJUnit(report, out, withheld);
  out.flush();
  if (!out) return FailErrno(path, errno);
  return {};
}

}  // namespace lockstep::reports
