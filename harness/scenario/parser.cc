// SPDX-License-Identifier: MIT
#include "harness/scenario/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "harness/os/text_file.h"
#include "harness/scenario/transcript.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

// A table for reports beside the scenarios, not one of them.
constexpr const char* kNotScenarios = "behaviours.toml";

Result<std::vector<std::string>> FilesOf(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Fail(fmt::format("{}: no such file or folder", path));
  if (!fs::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  fs::directory_iterator entry(path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& file = entry->path();
    if (file.extension() == ".toml" && file.filename() != kNotScenarios)
      files.push_back(file.string());
  }
  if (error) return Fail(fmt::format("{}: {}", path, error.message()));
  if (files.empty()) return Fail(fmt::format("{}: no scenarios here; expected *.toml files", path));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<Step>> ParseSteps(std::string_view text, const std::string& file,
                                     int first_line) {
  return transcript::ParseTranscript(SplitLines(text, first_line), file, Condition{},
                                     "");
}

Result<std::vector<Scenario>> LoadScenarios(const std::string& path) {
  const Result<std::vector<std::string>> files = FilesOf(path);
  if (!files) return tl::unexpected<Error>(files.error());
  std::vector<Scenario> all;
  std::map<std::string, std::string> places;
  for (const std::string& file : *files) {
    const Result<std::string> text = ReadTextFile(file);
    if (!text) return tl::unexpected<Error>(text.error());
    Result<std::vector<Scenario>> scenarios = ParseScenarioFile(*text, file);
    if (!scenarios) return scenarios;
    for (Scenario& scenario : *scenarios) {
      const std::string place = fmt::format("{}:{}", file, scenario.line);
      const auto [there, is_new] = places.emplace(scenario.name, place);
      if (!is_new) {
        return Fail(
            fmt::format("{}: the name '{}' is taken, at {}", place, scenario.name, there->second));
      }
      all.push_back(std::move(scenario));
    }
  }
  return all;
}

}  // namespace lockstep
