// SPDX-License-Identifier: MIT
#include "harness/cli/outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <string_view>

#include "harness/os/text_file.h"
#include "harness/text/source.h"
#include "reports/annotations.h"
#include "reports/badge.h"
#include "reports/junit.h"
#include "reports/markdown.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGitHub = "github";
constexpr const char* kGitLab = "gitlab";
// As GitLab's documentation and templates call it.
constexpr const char* kCodeQualityFile = "gl-code-quality-report.json";
// Of one step's summary, GitHub's limit, less some for what it counts besides; and what a page needs to say anything.
constexpr std::size_t kMostStepSummary = (1U << 20U) - 4096;
constexpr std::size_t kLeastPage = 3 * reports::MarkdownPage::kNote;
constexpr std::string_view kNoRoom = "**Lockstep**: this step's summary has no room left for it.\n";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Format {
  std::string name;
  std::string file;  // empty: standard output
};

Result<Format> ParseFormat(const std::string& text) {
  const std::size_t equals = text.find('=');
  Format format{text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
  const bool has_file = equals != std::string::npos;
  if (format.name == kGitHub && !has_file) return format;
  if (format.name == kGitLab && (!has_file || !format.file.empty())) {
    if (!has_file) format.file = kCodeQualityFile;
    return format;
  }
  if (format.name == kGitHub)
    return Fail("--format github takes no file", "the commands go to standard output, where the runner reads them");
  return Fail(fmt::format("--format does not know '{}'{}", text, DidYouMean(format.name, {kGitHub, kGitLab})),
              "there is github, gitlab and gitlab=FILE");
}

// Of what an annotation's file is called in the repository that the job works in.
class Repository {
 public:
  explicit Repository(std::string project_root) : project_root_(std::move(project_root)) {
    std::error_code error;
    here_ = fs::current_path(error);
    for (const char* name : {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"}) {
      if (const std::string named = Environment(name); base_.empty() && named.starts_with("/")) base_ = named;
    }
    if (base_.empty()) base_ = Ancestor();
    base_ = fs::weakly_canonical(base_, error);
  }

  // Relative to the repository where it lies in it; empty where it lies elsewhere, as a scenario of an installed Lockstep
  // does; as it is called where nobody has it. Reports name the project's own files as they are called in the project,
  // wherever that lies.
  std::string PathOf(const std::string& file) const {
    std::error_code error;
    bool is_elsewhere = false;
    for (const fs::path& folder : {here_, fs::path(project_root_)}) {
      const fs::path path = fs::weakly_canonical(folder / file, error);
      if (!fs::exists(path, error)) continue;
      const fs::path relative = path.lexically_relative(base_);
      if (!relative.empty() && *relative.begin() != "..") return relative.string();
      is_elsewhere = true;
    }
    return is_elsewhere ? "" : file;
  }

 private:
  // The nearest folder with a .git in it; else the current one.
  fs::path Ancestor() const {
    std::error_code error;
    for (fs::path folder = here_; folder.has_relative_path(); folder = folder.parent_path()) {
      if (fs::exists(folder / ".git", error)) return folder;
    }
    return here_;
  }

  const std::string project_root_;
  fs::path here_;
  fs::path base_;
};

// --- One function an output ---------------------------------------------------------------------

Result<void> WriteJUnit(const std::string& file, const reports::Summary& summary) {
  return reports::WriteJUnitFile(summary.report, file, summary.withheld);
}

Result<void> WriteMarkdown(const std::string& file, const reports::Summary& summary) {
  return WritePage(file, [&](std::size_t most_bytes) { return reports::Markdown(summary, most_bytes); });
}

Result<void> WriteBadge(const std::string& file, const reports::Summary& summary) {
  return ReplaceTextFile(file, reports::BadgeSvg(reports::BadgeOf(summary)));
}

Result<void> WriteFormat(const Format& format, const reports::Summary& summary, const Places& places) {
  const Repository repository(places.root);
  const auto path = [&](const std::string& file) { return repository.PathOf(file); };
  const std::vector<reports::Finding> findings = reports::FindingsOf(summary);
  if (format.name == kGitLab) return ReplaceTextFile(format.file, reports::CodeQualityReport(findings, path));
  fmt::print("{}", reports::GitHubCommands(findings, path));
  return {};
}

struct Output {
  const char* flag;
  std::string OutputFlags::*file;
  const char* says;
  Result<void> (*write)(const std::string& file, const reports::Summary& summary);
};

constexpr Output kOutputs[] = {
    {"--junit", &OutputFlags::junit, "write the results as JUnit XML", WriteJUnit},
    {"--markdown", &OutputFlags::markdown,
     "write a summary for a job's page or a pull request; added to what $GITHUB_STEP_SUMMARY names; - is standard output", WriteMarkdown},
    {"--badge", &OutputFlags::badge, "write an SVG badge: how many of what was judged passed", WriteBadge},
};

// As --json does: an empty file is better than a run of minutes for nothing, and than the last run's, taken for this one's.
Result<void> CheckWritable(const std::string& file) {
  if (file == "-") return {};
  const bool is_added_to = file == Environment("GITHUB_STEP_SUMMARY");
  if (std::ofstream(file, is_added_to ? std::ios::app : std::ios::trunc)) return {};
  return FailErrno("cannot write " + file, errno);
}

// Each of these is a file of its own. What is no file (/dev/null) may be written by all.
Result<void> CheckEachByItself(const std::vector<NamedFile>& files) {
  std::map<fs::path, const NamedFile*> known;
  for (const NamedFile& one : files) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(one.file, error);
    if (error || one.file == "-" || (fs::exists(real, error) && !fs::is_regular_file(real, error))) continue;
    const auto [first, is_new] = known.emplace(real, &one);
    if (!is_new)
      return Fail(fmt::format("{} and {} are one file: {}", first->second->by, one.by, one.file), "name another for one of them");
  }
  return {};
}

}  // namespace

bool OutputFlags::Any() const {
  return !formats.empty() ||
         std::any_of(std::begin(kOutputs), std::end(kOutputs), [&](const Output& output) { return !(this->*output.file).empty(); });
}

void AddOutputFlags(CLI::App& app, OutputFlags* flags) {
  for (const Output& output : kOutputs) app.add_option(output.flag, flags->*output.file, output.says);
  app.add_option("--format", flags->formats,
                 "github: annotations, as workflow commands on standard output; gitlab or gitlab=FILE: a Code Quality report, "
                 "default gl-code-quality-report.json")
      ->allow_extra_args(false);
}

Result<void> CheckOutputs(const OutputFlags& flags, std::vector<NamedFile> others) {
  for (const Output& output : kOutputs) {
    if (const std::string& file = flags.*output.file; !file.empty()) others.push_back({output.flag, file});
  }
  for (const std::string& text : flags.formats) {
    const auto format = ParseFormat(text);
    if (format && !format->file.empty()) others.push_back({"--format " + format->name, format->file});
  }
  if (const auto apart = CheckEachByItself(others); !apart) return apart;
  for (const Output& output : kOutputs) {
    const std::string& file = flags.*output.file;
    if (file.empty()) continue;
    if (file == "-" && output.file != &OutputFlags::markdown)
      return Fail(fmt::format("{} takes a file", output.flag), "only --markdown - is standard output");
    if (const auto writable = CheckWritable(file); !writable) return writable;
  }
  for (const std::string& text : flags.formats) {
    const auto format = ParseFormat(text);
    if (!format) return tl::unexpected(format.error());
    // What adapters printed is part of the page, and the runner obeys what it finds in a log.
    if (format->name == kGitHub && flags.TakesStandardOutput())
      return Fail("--markdown - and --format github both want standard output", "name a file with --markdown");
    if (format->file.empty()) continue;
    if (format->file == "-") return Fail("--format gitlab takes a file", "only --markdown - is standard output");
    if (const auto writable = CheckWritable(format->file); !writable) return writable;
  }
  return {};
}

Result<void> WriteOutputs(const OutputFlags& flags, const reports::Summary& summary, const Places& places) {
  Result<void> result;
  const auto keep = [&](Result<void> written) {
    if (!written && result) result = std::move(written);
  };
  for (const Output& output : kOutputs) {
    if (const std::string& file = flags.*output.file; !file.empty()) keep(output.write(file, summary));
  }
  for (const std::string& text : flags.formats) {
    const auto format = ParseFormat(text);
    keep(format ? WriteFormat(*format, summary, places) : Result<void>(tl::unexpected(format.error())));
  }
  return result;
}

Result<void> WritePage(const std::string& file, const std::function<std::string(std::size_t most_bytes)>& page) {
  if (file == "-") {
    fmt::print("{}", page(reports::kMostMarkdown));
    return {};
  }
  if (file != Environment("GITHUB_STEP_SUMMARY")) return ReplaceTextFile(file, page(reports::kMostMarkdown));
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  const std::size_t there = error ? 0 : static_cast<std::size_t>(std::min<std::uintmax_t>(size, kMostStepSummary));
  if (!error && size + kNoRoom.size() > 1U << 20U) {
    fmt::print(stderr, "lockstep: {} is as long as GitHub takes: nothing is added\n", file);
    return {};
  }
  errno = 0;
  std::ofstream out(file, std::ios::binary | std::ios::app);
  // A page before this one may have ended within a paragraph.
  if (there > 0) out << "\n\n";
  if (there + kLeastPage <= kMostStepSummary)
    out << page(std::min(reports::kMostMarkdown, kMostStepSummary - there - 2));
  else
    out << kNoRoom;
  out.close();
  if (!out) return FailErrno("cannot write " + file, errno);
  return {};
}

CommandGuard::CommandGuard(const OutputFlags& flags) {
  if (std::find(flags.formats.begin(), flags.formats.end(), kGitHub) == flags.formats.end()) return;
  // Nobody who prints may guess it.
  std::random_device random;
  for (int i = 0; i < 4; ++i) token_ += fmt::format("{:08x}", static_cast<std::uint32_t>(random()));
  fmt::print("::stop-commands::{}\n", token_);
  std::fflush(stdout);
}

CommandGuard::~CommandGuard() {
  if (token_.empty()) return;
  std::cout.flush();
  std::printf("::%s::\n", token_.c_str());
  std::fflush(stdout);
}

reports::TerminalOptions TerminalOptionsOf(bool no_color, bool verbose) {
  reports::TerminalOptions options;
  const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
  options.color = is_terminal && !no_color && std::getenv("NO_COLOR") == nullptr;
  options.width = TerminalWidth(is_terminal);
  options.verbose = verbose;
  return options;
}

}  // namespace lockstep
