// SPDX-License-Identifier: MIT
// lockstep report: what runs stored, told again.
#include <fmt/format.h>

#include <iostream>
#include <set>
#include <span>
#include <utility>

#include "bench/history/lines.h"
#include "bench/history/store.h"
#include "harness/cli/options.h"
#include "harness/cli/outputs.h"
#include "reports/comparison.h"
#include "reports/json.h"
#include "reports/merged.h"
#include "reports/page/page.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace lockstep {
namespace {

struct ReportFlags {
  std::vector<std::string> files;
  std::vector<std::string> compare;  // two files, or none
  OutputFlags outputs;
  std::string html;   // a folder; empty: no page
  std::string store;  // of measurements, for the page
  bool verbose = false;
  bool no_color = false;
};

void AddFlags(CLI::App& app, ReportFlags* flags) {
  app.add_option("FILE", flags->files,
                 "results as run writes them (out/results.jsonl), in any order; of an implementation that is in several the "
                 "latest verdict on each scenario counts");
  app.add_option("--compare", flags->compare,
                 "OLD NEW: what changed between two runs, as Markdown (--markdown FILE; standard output) or as a page (--html DIR); "
                 "status 1 if something newly fails, 4 if nothing can be compared, 3 if the harness newly failed")
      ->expected(2);
  AddOutputFlags(app, &flags->outputs);
  app.add_option("--html", flags->html, "one page for a browser, as DIR/index.html; FILEs may be sessions of measurements, too");
  app.add_option("--store", flags->store,
                 "with --html: the history whose lines over time the page shows, a file of SQLite or postgresql://…");
  app.add_flag("--verbose", flags->verbose, "on the terminal every failure in full, and every expected failure");
  app.add_flag("--no-color", flags->no_color, "no colours, even on a terminal");
}

// DIR/index.html.
Result<void> WriteHtml(const ReportFlags& flags, const std::string& page) {
  const auto path = reports::WritePage(page, flags.html);
  if (!path) return tl::unexpected(path.error());
  // Where the Markdown has standard output, it has it alone.
  if (!flags.outputs.TakesStandardOutput()) fmt::print("the page: {}\n", *path);
  return {};
}

int Compare(const ReportFlags& flags) {
  OutputFlags outputs = flags.outputs;
  if (!flags.files.empty() || !flags.store.empty() || !outputs.junit.empty() || !outputs.badge.empty() || !outputs.formats.empty())
    return Complain(Error{"--compare OLD NEW takes no other files, and of the outputs --markdown and --html alone",
                          "lockstep report --help tells what there is"});
  reports::PageInput input;
  input.names = flags.compare;
  for (const std::string& file : flags.compare) {
    auto report = reports::ReadJsonReport(file);
    if (!report && reports::ReadForPage({file})) return Complain(Error{file + " is of measurements, and no results", "run writes results"});
    if (!report) return Complain(report.error());
    input.reports.push_back(std::move(*report));
  }
  const std::span<const reports::StoredReport> both = input.reports;
  const reports::MergedReport before = reports::Merge(both.first(1), {input.names[0]});
  const reports::MergedReport after = reports::Merge(both.last(1), {input.names[1]});
  const reports::Comparison comparison = reports::Compare(before, after);
  const auto name = [&](std::size_t i) { return fmt::format("{}, {}", input.names[i], both[i].header.started); };
  if (flags.html.empty() && outputs.markdown.empty()) outputs.markdown = "-";
  if (!outputs.markdown.empty()) {
    const auto written = WritePage(outputs.markdown, [&](std::size_t most_bytes) {
      return reports::ComparisonMarkdown(comparison, name(0), name(1), most_bytes);
    });
    if (!written) return Complain(written.error());
  }
  if (!flags.html.empty()) {
    if (!outputs.TakesStandardOutput()) fmt::print("{}\n", reports::Printable(comparison.Title()));
    if (const auto written = WriteHtml(flags, reports::HtmlComparison(input, comparison)); !written) return Complain(written.error());
  }
  return comparison.ExitStatus();
}

// What a person reads, as run told it.
void WriteTerminal(const ReportFlags& flags, const reports::Summary& summary) {
  const reports::TerminalOptions options = TerminalOptionsOf(flags.no_color, flags.verbose);
  const CommandGuard guard(flags.outputs);
  for (const std::string& reason : summary.withheld) std::cout << "withheld: " << reports::Printable(reason) << '\n';
  if (!summary.withheld.empty()) std::cout << '\n';
  reports::WriteTerminal(summary.report, options, std::cout);
  std::cout.flush();
}

Result<std::vector<bench::Line>> LinesIn(const std::string& store_name) {
  const auto store = bench::Store::Open(store_name, bench::Store::Mode::kExisting);
  if (!store) return tl::unexpected(store.error());
  const auto points = (*store)->Points();
  if (!points) return tl::unexpected(points.error());
  return bench::LinesOf(*points, true);
}

}  // namespace

int ReportVerb(const Words& words) {
  CLI::App app("Stored results told again: on the terminal, and as summaries for CI. The status is the run's; 3 if it was cut off or "
               "interrupted, 4 if a shard is missing.",
               "report");
  ReportFlags flags;
  AddFlags(app, &flags);
  if (const auto status = Parse(app, words.words)) return *status;
  if (!flags.compare.empty()) return Compare(flags);
  if (flags.files.empty()) return Complain(Error{"report wants a file of results", "run writes out/results.jsonl, and more with --json"});
  std::vector<NamedFile> files;
  for (const std::string& file : std::set<std::string>(flags.files.begin(), flags.files.end())) files.push_back({"what is reported", file});
  if (!flags.html.empty()) files.push_back({"--html", flags.html + "/index.html"});
  if (const auto outputs = CheckOutputs(flags.outputs, std::move(files)); !outputs) return Complain(outputs.error());
  auto input = reports::ReadForPage(flags.files);
  if (!input) return Complain(input.error());
  if (input->reports.empty() && (flags.html.empty() || flags.outputs.Any()))
    return Complain(Error{"these are sessions of measurements, and no results", "--html DIR, alone, makes a page of them"});
  if (flags.html.empty() && !flags.store.empty()) return Complain(Error{"--store is for the page", "name its folder with --html DIR"});
  int status = 0;
  if (!input->reports.empty()) {
    const reports::Summary summary = reports::Summarize(input->reports, input->names);
    if (!flags.outputs.TakesStandardOutput()) WriteTerminal(flags, summary);
    if (const auto written = WriteOutputs(flags.outputs, summary, ProjectPlaces()); !written) return Complain(written.error());
    status = summary.exit_status;
    input->status = status;
  }
  if (!flags.html.empty()) {
    if (!flags.store.empty()) {
      auto lines = LinesIn(flags.store);
      if (!lines) return Complain(lines.error());
      input->lines = std::move(*lines);
    }
    if (const auto written = WriteHtml(flags, reports::HtmlPage(*input)); !written) return Complain(written.error());
  }
  if (!input->reports.empty() && !flags.outputs.TakesStandardOutput()) fmt::print("\nstatus {}: {}\n", status, reports::MeaningOf(status));
  return status;
}

}  // namespace lockstep
