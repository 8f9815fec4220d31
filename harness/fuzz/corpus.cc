// SPDX-License-Identifier: MIT
#include "harness/fuzz/corpus.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "harness/os/text_file.h"
#include "harness/scenario/parser.h"

namespace lockstep::fuzz {

Result<Corpus> Corpus::Load(const std::string& given, const std::string& own) {
  Corpus corpus;
  corpus.own_ = own;
  for (const std::string& file : {given, own}) {
    if (file.empty() || (file == own && !std::filesystem::exists(file))) continue;
    const auto text = ReadTextFile(file);
    if (!text) return tl::unexpected(text.error());
    if (file == own && text->empty()) continue;  // as a full disk leaves it
    auto scenarios = ParseScenarioFile(*text, file);
    if (!scenarios) {
      Error error = scenarios.error();
      error.hint = "mend the corpus, or take it away, or leave it alone with --no-corpus";
      return tl::unexpected(std::move(error));
    }
    if (file == own) {
      corpus.text_ = *text;
      corpus.own_size_ = scenarios->size();
    }
    for (Scenario& scenario : *scenarios) {
      if (corpus.known_.insert(scenario.steps_text).second) corpus.scenarios_.push_back(std::move(scenario));
    }
  }
  return corpus;
}

Result<void> Corpus::Add(const std::vector<Scenario>& scenarios, Why why) {
  if (own_.empty()) return {};
  const std::size_t before = own_size_;
  for (const Scenario& scenario : scenarios) {
    if ((why == Why::kInteresting && own_size_ >= kMost) || !known_.insert(scenario.steps_text).second) continue;
    const std::string stem = std::filesystem::path(own_).stem().string();
    if (!text_.empty()) text_ += "\n";
    text_ += TableOf(scenario, fmt::format("{}/{:016x}", stem, std::hash<std::string>()(scenario.steps_text)));
    ++own_size_;
  }
  if (own_size_ == before) return {};
  return ReplaceTextFile(own_, text_);
}

std::string TableOf(const Scenario& scenario, const std::string& name, const std::string& when) {
  const auto quoted = [](const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  };
  std::string text = fmt::format("[[scenario]]\nname   = {}\nsays   = {}\nsource = {}\n", quoted(name),
                                 quoted(scenario.says), quoted(scenario.source));
  if (!when.empty()) text += fmt::format("when   = {}\n", quoted(when));
  return text + fmt::format("steps  = '''\n{}'''\n", scenario.steps_text);
}

}  // namespace lockstep::fuzz
