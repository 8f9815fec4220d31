// SPDX-License-Identifier: MIT
// Scenario files. What TOML's library throws stops here.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "harness/scenario/call_parser.h"
#include "harness/scenario/check.h"
#include "harness/scenario/condition_text.h"
#include "harness/scenario/interleavings.h"
#include "harness/scenario/parser.h"
#include "harness/scenario/template.h"
#include "harness/scenario/transcript.h"
#include "harness/scenario/words.h"

namespace lockstep {
namespace {

using namespace transcript;  // NOLINT(google-build-using-namespace): this file is the other half of
                             // it

// A template that stands for more is a mistake: nobody would wait for the run.
constexpr std::size_t kMostOfATemplate = 1000;
// Each order is run: more than four steps against four tell nothing that these do not.
constexpr std::size_t kMostInterleavings = 100;

const std::vector<std::string>& Keys() {
  static const std::vector<std::string> keys = {"name", "says",  "source", "rules",  "level",
                                                "needs", "tags", "when",   "each",   "cases",
                                                "script", "steps"};
  return keys;
}

Position At(const toml::source_region& region) {
  return Position{static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

bool IsNameText(std::string_view text, bool placeholders) {
  bool open = false;
  for (const char c : text) {
    const bool good =
        open ? IsNameCharacter(c) || c == '}'
             : (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || (placeholders && c == '{');
    if (!good) return false;
    if (c == '{') open = true;
    if (c == '}') open = false;
  }
  return !text.empty() && !open;
}

// The scenarios of one file. A mistake is kept, and then nothing else matters: see Mistakes.
class FileParser {
 public:
  FileParser(std::string_view text, const std::string& file)
      : text_(text), file_(file), lines_(SplitLines(text, 1)) {}

  Result<std::vector<Scenario>> Parse() {
    std::vector<Scenario> out;
    CheckUtf8();
    std::optional<toml::table> root;
    if (!mistakes_.any()) root = ParseToml();
    if (root) ReadRoot(*root, &out);
    if (error_) return tl::unexpected<Error>(*error_);
    if (!mistakes_.any()) return out;
    return Fail(RenderMistake(file_, mistakes_.position(), mistakes_.what(),
                              Line(mistakes_.position().line)));
  }

 private:
  std::string_view Line(int number) const {
    const auto index = static_cast<std::size_t>(number) - 1;
    return index < lines_.size() ? std::string_view(lines_[index].text) : std::string_view();
  }

  void Report(Position position, std::string what) { mistakes_.Report(position, std::move(what)); }

  void CheckUtf8() {
    for (const SourceLine& line : lines_) {
      if (const auto at = FindInvalidUtf8(line.text))
        Report(line.At(*at), "not UTF-8; expected text in UTF-8");
    }
  }

  std::optional<toml::table> ParseToml() {
    try {
      return toml::parse(text_, file_);
    } catch (const toml::parse_error& error) {
      Report(At(error.source()), std::string(error.description()));
      return std::nullopt;
    }
  }

  void ReadRoot(const toml::table& root, std::vector<Scenario>* out) {
    CheckKeys(root, {"scenario"});
    if (mistakes_.any()) return;
    const toml::node* node = root.get("scenario");
    if (node == nullptr) {
      Report(Position{1, 1}, "no scenario in this file; expected '[[scenario]]'");
      return;
    }
    const toml::array* tables = node->as_array();
    if (tables == nullptr || !tables->is_homogeneous<toml::table>()) {
      Report(At(node->source()), "expected '[[scenario]]', in two brackets");
      return;
    }
    for (const toml::node& table : *tables) {
      ReadScenario(*table.as_table(), out);
      if (mistakes_.any() || error_) return;
    }
  }

  // The first key, as written, that is not one of `known`.
  void CheckKeys(const toml::table& table, const std::vector<std::string>& known) {
    const toml::key* first = nullptr;
    for (const auto& [key, value] : table) {
      if (Contains(known, key.str())) continue;
      if (first == nullptr || key.source().begin < first->source().begin) first = &key;
    }
    if (first == nullptr) return;
    const std::string name(first->str());
    Report(At(first->source()),
           fmt::format("unknown key '{}'{}", name, DidYouMeanOrExpected(name, known)));
  }

  static std::string DidYouMeanOrExpected(const std::string& word,
                                          const std::vector<std::string>& known) {
    const std::string hint = DidYouMean(word, known);
    return hint.empty() ? "; expected " + JoinQuoted(known, "or") : hint;
  }

  std::string ReadText(const toml::table& table, const std::string& key, bool required) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      if (required) Report(At(table.source()), fmt::format("this scenario has no '{}'", key));
      return "";
    }
    const toml::value<std::string>* text = node->as_string();
    if (text == nullptr) {
      Report(At(node->source()), fmt::format("'{}' is no string; expected text in quotes", key));
      return "";
    }
    if (required && text->get().empty())
      Report(At(node->source()), fmt::format("'{}' is empty", key));
    return text->get();
  }

  std::set<std::string> ReadWords(const toml::table& table, const std::string& key) {
    std::set<std::string> out;
    const toml::node* node = table.get(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      Report(At(node->source()),
             fmt::format("'{}' is no list; expected as in {} = [\"python\"]", key, key));
      return out;
    }
    for (const toml::node& item : *array) {
      const toml::value<std::string>* word = item.as_string();
      if (word == nullptr) {
        Report(At(item.source()), fmt::format("expected text in quotes in '{}'", key));
      } else {
        CheckWord(key, word->get(), At(item.source()));
        out.insert(word->get());
      }
    }
    return out;
  }

  void CheckWord(const std::string& key, const std::string& word, Position position) {
    if (key == "needs" && !Contains(CapabilityNames(), word)) {
      Report(position, fmt::format("unknown capability '{}'{}", word,
                                   DidYouMeanOrExpected(word, CapabilityNames())));
    }
    if (key != "tags") return;
    // Any word may be a tag; one that is nearly a tag with a meaning is a slip.
    const std::vector<std::string> meaningful = {"parallel", "timing"};
    const std::string hint = Contains(meaningful, word) ? "" : DidYouMean(word, meaningful);
    if (!hint.empty()) Report(position, fmt::format("unknown tag '{}'{}", word, hint));
    if (!IsNameText(word, false))
      Report(position, fmt::format("'{}' is no tag; expected lower case, digits and '-'", word));
  }

  void ReadScenario(const toml::table& table, std::vector<Scenario>* out) {
    CheckKeys(table, Keys());
    Scenario scenario;
    scenario.name = ReadText(table, "name", true);
    scenario.says = ReadText(table, "says", true);
    scenario.source = ReadText(table, "source", true);
    ReadText(table, "steps", true);
    scenario.script = ReadText(table, "script", false);
    const std::string level = ReadText(table, "level", false);
    scenario.rules = ReadWords(table, "rules");
    scenario.needs = ReadWords(table, "needs");
    scenario.tags = ReadWords(table, "tags");
    scenario.file = file_;
    scenario.line = At(table.source()).line;
    if (mistakes_.any()) return;
    CheckName(scenario.name, At(table.get("name")->source()));
    if (scenario.says.back() != '.') {
      Report(At(table.get("says")->source()),
             "'says' is one sentence; expected a full stop at its end");
    }
    if (!level.empty() && level != "core" && level != "full") {
      Report(At(table.get("level")->source()),
             fmt::format("unknown level '{}'; expected 'core' or 'full'", level));
    }
    if (level == "core") scenario.level = Level::kCore;
    if (const toml::node* when = table.get("when")) scenario.condition = ReadCondition(*when);
    const std::vector<SourceLine> lines = ReadLines(*table.get("steps"));
    const std::vector<Fillings> all = ReadTemplate(table);
    for (const Fillings& fillings : all) {
      if (mistakes_.any() || error_) return;
      Expand(scenario, lines, fillings, At(table.get("name")->source()), out);
    }
  }

  void CheckName(const std::string& name, Position position) {
    const std::size_t slash = name.find('/');
    const std::string area = name.substr(0, slash);
    const std::string stem = std::filesystem::path(file_).stem().string();
    if (!IsNameText(stem, false)) {
      Report(position, fmt::format("the area of a scenario is its file's name, and '{}' is none; rename the file: "
                                   "lower case, digits and '-'", stem));
    } else if (slash == std::string::npos || !IsNameText(area, false) ||
        !IsNameText(name.substr(slash + 1), true)) {
      Report(
          position,
          fmt::format("'{}' is no name; expected 'area/what-happens' in lower case, digits and '-'",
                      name));
    } else if (area != stem) {
      Report(position, fmt::format("'{}' is in the file of another area; expected '{}/{}'", name,
                                   stem, name.substr(slash + 1)));
    }
  }

  Condition ReadCondition(const toml::node& node) {
    const toml::value<std::string>* text = node.as_string();
    if (text == nullptr) {
      Report(At(node.source()), "'when' is no string; expected as in when = \">= 3.12\"");
      return {};
    }
    SourceLine line;
    line.text = text->get();
    line.number = At(node.source()).line;
    line.original = std::string(Line(line.number));
    line.original_begin = ByteOf(At(node.source())) + 1;
    return ParseConditionLine(line, &mistakes_);
  }

  // Columns count characters.
  std::size_t ByteOf(Position position) const {
    const std::string_view line = Line(position.line);
    std::size_t at = 0;
    for (int column = 1; at < line.size(); ++at) {
      if ((static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) continue;
      if (column++ == position.column) break;
    }
    return at;
  }

  // The file's own lines between ''' and ''', so that every column is the file's.
  std::vector<SourceLine> ReadLines(const toml::node& node) {
    const Position begin = At(node.source());
    std::size_t at = ByteOf(begin);
    if (Line(begin.line).substr(at, 3) != "'''") {
      Report(begin,
             "expected steps in a literal multi-line string, between ''' and '''; others change "
             "backslashes");
      return {};
    }
    at += 3;
    std::vector<SourceLine> out;
    for (auto i = static_cast<std::size_t>(begin.line) - 1; i < lines_.size(); ++i, at = 0) {
      SourceLine line = lines_[i];
      const std::size_t close = line.text.find("'''", at);
      line.text = line.text.substr(at, close == std::string::npos ? close : close - at);
      line.original_begin = at;
      if (at == 0 || !line.text.empty()) out.push_back(std::move(line));
      if (close != std::string::npos) break;
    }
    return out;
  }

  // What `each` and `cases` make of this scenario: one without anything to fill in when there are
  // none.
  std::vector<Fillings> ReadTemplate(const toml::table& table) {
    std::vector<Fillings> all = {{}};
    if (const toml::node* each = table.get("each")) ReadEach(*each, &all);
    if (const toml::node* cases = table.get("cases")) ReadCases(*cases, &all);
    return all;
  }

  // The entries in the order of the file; TOML's library sorts them.
  static std::vector<std::pair<std::string, const toml::node*>> InOrder(const toml::table& table) {
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    entries.reserve(table.size());
    for (const auto& [key, value] : table) entries.emplace_back(&key, &value);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a.first->source().begin < b.first->source().begin;
    });
    std::vector<std::pair<std::string, const toml::node*>> out;
    out.reserve(entries.size());
    for (const auto& [key, value] : entries) out.emplace_back(std::string(key->str()), value);
    return out;
  }

  void ReadEach(const toml::node& node, std::vector<Fillings>* all) {
    const toml::table* table = node.as_table();
    if (table == nullptr || table->empty()) {
      Report(At(node.source()),
             "expected a table of lists, as in each = {timeout = [\"-1\", \"-inf\"]}");
      return;
    }
    for (const auto& [key, values] : InOrder(*table)) {
      const toml::array* array = values->as_array();
      if (array == nullptr || array->empty()) {
        Report(At(values->source()), fmt::format("expected a list of values for '{}'", key));
        return;
      }
      std::vector<Fillings> more;
      for (const Fillings& before : *all) {
        for (const toml::node& value : *array) {
          more.push_back(before);
          more.back().emplace_back(key, ReadFilling(value));
        }
      }
      if (more.size() > kMostOfATemplate) {
        Report(At(node.source()), fmt::format("more than {} combinations", kMostOfATemplate));
        return;
      }
      *all = std::move(more);
    }
  }

  void ReadCases(const toml::node& node, std::vector<Fillings>* all) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->empty() || !array->is_homogeneous<toml::table>()) {
      Report(At(node.source()),
             "expected a list of tables, as in cases = [{value = \"1\", kind = \"0\"}]");
      return;
    }
    std::vector<Fillings> more;
    for (const Fillings& before : *all) {
      for (const toml::node& one : *array) {
        Fillings fillings = before;
        for (const auto& [key, value] : InOrder(*one.as_table()))
          fillings.emplace_back(key, ReadFilling(*value));
        CheckSameKeys(more.empty() ? fillings : more.front(), fillings, At(one.source()));
        more.push_back(std::move(fillings));
      }
    }
    *all = std::move(more);
  }

  void CheckSameKeys(const Fillings& first, const Fillings& other, Position position) {
    const auto has = [](const Fillings& all, const std::string& key) {
      return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.first == key; });
    };
    for (const auto& [key, filling] : first) {
      if (!has(other, key))
        Report(position, fmt::format("this case has no '{}', which the first has", key));
    }
    for (const auto& [key, filling] : other) {
      if (!has(first, key))
        Report(position, fmt::format("this case has '{}', which the first has not", key));
    }
  }

  Filling ReadFilling(const toml::node& node) {
    if (const toml::value<std::string>* text = node.as_string())
      return CheckFilling({text->get(), ""}, node);
    const toml::table* table = node.as_table();
    const toml::value<std::string>* text =
        table == nullptr ? nullptr : table->get_as<std::string>("text");
    const toml::value<std::string>* name =
        table == nullptr ? nullptr : table->get_as<std::string>("name");
    if (text == nullptr || name == nullptr || table->size() != 2) {
      Report(At(node.source()), "expected text in quotes, or {text = \"1e300\", name = \"huge\"}");
      return {};
    }
    return CheckFilling({text->get(), name->get()}, node);
  }

  Filling CheckFilling(Filling filling, const toml::node& node) {
    if (filling.text.find_first_of("\r\n") != std::string::npos) {
      Report(At(node.source()), "a value is part of a line; expected no line end in it");
    }
    return filling;
  }

  void Expand(const Scenario& scenario, const std::vector<SourceLine>& lines,
              const Fillings& fillings, Position name_position, std::vector<Scenario>* out) {
    std::vector<SourceLine> filled;
    filled.reserve(lines.size());
    for (const SourceLine& line : lines) filled.push_back(FillInLine(line, fillings));
    Scenario one = scenario;
    one.name = FillInName(scenario.name, fillings);
    one.says = FillIn(scenario.says, fillings);
    one.source = FillIn(scenario.source, fillings);
    one.script = FillIn(scenario.script, fillings);
    CheckExpanded(scenario, one.name, fillings, lines, name_position, *out);
    if (mistakes_.any()) return;
    Result<std::vector<Step>> steps =
        ParseTranscript(filled, file_, scenario.condition, RemarkOf(fillings));
    if (!steps) {
      error_ = std::move(steps.error());
      return;
    }
    if (steps->empty()) {
      Report(name_position, "this scenario has no steps");
      return;
    }
    CheckScript(scenario, *steps, name_position);
    one.needs.merge(NeedsOf(*steps));
    one.tags.merge(TagsOf(*steps));
    const bool interleaved = std::any_of(steps->begin(), steps->end(),
                                         [](const Step& step) { return step.interleaving != 0; });
    if (!interleaved) {
      one.steps = *std::move(steps);
      one.steps_text = Unindented(filled);
      out->push_back(std::move(one));
    } else {
      ExpandInterleavings(one, *steps, name_position, out);
    }
  }

  // A scenario for each order of turns, which is named in its name.
  void ExpandInterleavings(const Scenario& scenario, const std::vector<Step>& steps,
                           Position name_position, std::vector<Scenario>* out) {
    if (!CountInterleavings(steps, kMostInterleavings)) {
      Report(name_position, fmt::format("these steps have more than {} orders; expected fewer steps "
                                        "in 'interleave'",
                                        kMostInterleavings));
      return;
    }
    for (Interleaving& order : AllInterleavings(steps)) {
      Scenario one = scenario;
      one.name += "." + order.order;
      CheckSteps(order.steps, scenario.condition, &mistakes_);
      for (const Step& step : order.steps) {
        one.steps_text += ToText(step);
        if (!step.condition.terms.empty()) one.steps_text += "  when " + step.condition.text;
        one.steps_text += "\n";
      }
      one.steps = std::move(order.steps);
      out->push_back(std::move(one));
    }
  }

  void CheckScript(const Scenario& scenario, const std::vector<Step>& steps, Position position) {
    const bool called = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
      const auto* call = std::get_if<Do>(&step.what);
      return call != nullptr && call->call.operation == "python" && !call->call.args.empty() &&
             call->call.args[0].kind == Expr::Kind::kScript;
    });
    if (called == !scenario.script.empty()) return;
    Report(position, called ? "its steps call SCRIPT; expected script = \"...\" beside 'steps'"
                            : "its 'script' is not called; expected a step as in 'p python(SCRIPT)'");
  }

  void CheckExpanded(const Scenario& scenario, const std::string& name, const Fillings& fillings,
                     const std::vector<SourceLine>& lines, Position position,
                     const std::vector<Scenario>& before) {
    if (const std::size_t brace = name.find('{'); brace != std::string::npos) {
      Report(
          position,
          fmt::format("'{}' is no placeholder of this scenario; expected one of 'each' or 'cases'",
                      name.substr(brace, name.find('}') - brace + 1)));
    }
    for (const auto& [key, filling] : fillings) {
      const std::string placeholder = "{" + key + "}";
      const bool used = scenario.name.find(placeholder) != std::string::npos ||
                        scenario.says.find(placeholder) != std::string::npos ||
                        scenario.script.find(placeholder) != std::string::npos ||
                        std::any_of(lines.begin(), lines.end(), [&](const SourceLine& line) {
                          return line.text.find(placeholder) != std::string::npos;
                        });
      if (!used)
        Report(position,
               fmt::format("'{}' is used nowhere; expected it in 'name', 'says' or 'steps'",
                           placeholder));
    }
    for (const Scenario& other : before) {
      if (other.name != name) continue;
      Report(position,
             fmt::format("the name '{}' is taken, on line {}{}", name, other.line,
                         fillings.empty() ? "" : "; expected every placeholder in 'name'"));
    }
  }

  std::string_view text_;
  const std::string& file_;
  std::vector<SourceLine> lines_;
  Mistakes mistakes_;
  std::optional<Error> error_;  // of a transcript, told already with its place
};

}  // namespace

Result<std::vector<Scenario>> ParseScenarioFile(std::string_view text, const std::string& file) {
  return FileParser(text, file).Parse();
}

}  // namespace lockstep
