// SPDX-License-Identifier: MIT
// What was run where, of which version.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/page/parts.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

void AddPair(const std::string& key, const std::string& value, Html* html) {
  if (!value.empty()) *html << "<dt>" << key << "<dd>" << value << "\n";
}

void AddImplementation(const MergedImplementation& merged, Html* html) {
  const ImplementationReport& one = *merged.report;
  *html << "<details><summary><h3>" << merged.Name() << "</h3> <small>" << VersionOf(one) << "</small></summary><dl>";
  AddPair("family", one.family, html);
  if (one.introduction.hello) {
    const Hello& hello = *one.introduction.hello;
    AddPair("implementation", hello.implementation + " " + hello.version, html);
    AddPair("language", hello.language, html);
    AddPair("held to CPython", hello.like, html);
    for (const auto& [key, value] : hello.build) AddPair("build: " + key, value, html);
    AddPair("can", fmt::format("{}", fmt::join(hello.capabilities, ", ")), html);
    AddPair("counts and owners are a", hello.owner + "'s", html);
  } else {
    AddPair("could not be started", one.introduction.failure, html);
  }
  const Platform& platform = one.introduction.platform;
  if (!platform.libc.empty()) AddPair("C library", platform.libc + " " + platform.libc_version.Text(), html);
  AddPair("command", fmt::format("{}", fmt::join(one.command, " ")), html);
  AddPair("note", one.note, html);
  *html << "</dl></details>\n";
}

// As `doctor` has it, but for the oracle.
void AddLacking(const std::vector<Lack>& lacking, Html* html) {
  if (lacking.empty()) {
    *html << "<p>Nothing that a run needs is lacking.</p>\n";
    return;
  }
  *html << "<h3>What this machine lacks</h3><ul>";
  for (const Lack& one : lacking) *html << "<li>" << one.what << "<br>costs: " << one.cost << "<br>mend: " << one.mend << "</li>\n";
  *html << "</ul>\n";
}

}  // namespace

Html EnvironmentPart(const Sheet& sheet) {
  Html html;
  html << "<section id=environment aria-labelledby=environment-h><h2 id=environment-h>Environment</h2>\n";
  for (std::size_t i = 0; i < sheet.input.reports.size(); ++i) {
    const StoredReport& stored = sheet.input.reports[i];
    html << "<dl>";
    AddPair("report", sheet.input.names[i], &html);
    AddPair("started", stored.header.started, &html);
    AddPair("took", stored.report.wall.count() == 0 ? "–" : DurationText(stored.report.wall), &html);
    AddPair("command", "lockstep " + fmt::format("{}", fmt::join(stored.header.arguments, " ")), &html);
    AddPair("to run one again", stored.header.rerun_prefix + " NAME --filter SCENARIO", &html);
    AddPair("oracle", stored.header.oracle_name.empty() ? "none" : stored.header.oracle_name, &html);
    for (const auto& [key, value] : stored.header.environment) AddPair(key, value, &html);
    html << "</dl>\n";
    if (stored.header.lacking) AddLacking(*stored.header.lacking, &html);
  }
  for (const MergedImplementation& one : sheet.merged.implementations) AddImplementation(one, &html);
  for (const bench::SessionRecord& session : sheet.input.sessions) {
    html << "<details><summary><h3>Measured on " << session.machine.fingerprint << "</h3> <small>" << session.started
         << "</small></summary><dl>";
    for (const auto& [key, value] : session.machine.facts) AddPair(key, value, &html);
    AddPair("command", session.command, &html);
    AddPair("label", session.label, &html);
    AddPair("lockstep", session.lockstep, &html);
    html << "</dl></details>\n";
  }
  if (!sheet.merged.notes.empty()) {
    html << "<h3>Notes</h3><ul>";
    for (const std::string& note : sheet.merged.notes) html << "<li>" << note << "</li>\n";
    html << "</ul>\n";
  }
  return html << "</section>\n";
}

}  // namespace lockstep::reports
