// SPDX-License-Identifier: MIT
// Scenario files.
#include <fmt/format.h>

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
#include "harness/text/toml_file.h"

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

// The scenarios of one file. A mistake is kept, and then nothing else matters: see TomlFile.
class FileParser {
 public:
  FileParser(std::string_view text, const std::string& name) : file_(text, name) {}

  Result<std::vector<Scenario>> Parse() {
    std::vector<Scenario> out;
    const std::vector<const toml::table*> tables = file_.Tables("scenario");
    if (tables.empty()) file_.Report(Position{1, 1}, "no scenario in this file; expected '[[scenario]]'");
    for (const toml::table* table : tables) {
      ReadScenario(*table, &out);
      if (error_) return tl::unexpected<Error>(*error_);
      if (any_mistake()) break;
    }
    if (any_mistake()) return tl::unexpected<Error>(file_.error());
    return out;
  }

 private:
  bool any_mistake() const { return file_.any_mistake(); }

  std::string ReadText(const toml::table& table, const std::string& key, bool required) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      if (required) file_.Report(table, fmt::format("this scenario has no '{}'", key));
      return "";
    }
    std::string text = file_.Text(*node, key);
    if (required && text.empty()) file_.Report(*node, fmt::format("'{}' is empty", key));
    return text;
  }

  std::set<std::string> ReadWords(const toml::table& table, const std::string& key) {
    std::set<std::string> out;
    const toml::node* node = table.get(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      file_.Report(*node, fmt::format("'{}' is no list; expected as in {} = [\"python\"]", key, key));
      return out;
    }
    for (const toml::node& item : *array) {
      const toml::value<std::string>* word = item.as_string();
      if (word == nullptr) {
        file_.Report(item, fmt::format("expected text in quotes in '{}'", key));
      } else {
        CheckWord(key, word->get(), PositionOf(item));
        out.insert(word->get());
      }
    }
    return out;
  }

  void CheckWord(const std::string& key, const std::string& word, Position position) {
    if (key == "needs" && !Contains(CapabilityNames(), word)) {
      file_.Report(position, fmt::format("unknown capability '{}'{}", word, DidYouMeanOrExpected(word, CapabilityNames())));
    }
    if (key != "tags") return;
    // Any word may be a tag; one that is nearly a tag with a meaning is a slip.
    const std::vector<std::string> meaningful = {"parallel", "timing"};
    const std::string hint = Contains(meaningful, word) ? "" : DidYouMean(word, meaningful);
    if (!hint.empty()) file_.Report(position, fmt::format("unknown tag '{}'{}", word, hint));
    if (!IsNameText(word, false))
      file_.Report(position, fmt::format("'{}' is no tag; expected lower case, digits and '-'", word));
  }

  void ReadScenario(const toml::table& table, std::vector<Scenario>* out) {
    file_.CheckKeys(table, Keys());
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
    scenario.file = file_.name();
    scenario.line = PositionOf(table).line;
    if (any_mistake()) return;
    CheckName(scenario.name, PositionOf(*table.get("name")));
    if (scenario.says.back() != '.') {
      file_.Report(*table.get("says"), "'says' is one sentence; expected a full stop at its end");
    }
    if (!level.empty() && level != "core" && level != "full") {
      file_.Report(*table.get("level"), fmt::format("unknown level '{}'; expected 'core' or 'full'", level));
    }
    if (level == "core") scenario.level = Level::kCore;
    if (const toml::node* when = table.get("when")) scenario.condition = ReadCondition(*when);
    const std::vector<SourceLine> lines = ReadLines(*table.get("steps"));
    const std::vector<Fillings> all = ReadTemplate(table);
    for (const Fillings& fillings : all) {
      if (any_mistake() || error_) return;
      Expand(scenario, lines, fillings, PositionOf(*table.get("name")), out);
    }
  }

  void CheckName(const std::string& name, Position position) {
    const std::size_t slash = name.find('/');
    const std::string area = name.substr(0, slash);
    const std::string stem = std::filesystem::path(file_.name()).stem().string();
    if (!IsNameText(stem, false)) {
      file_.Report(position,
                   fmt::format("the area of a scenario is its file's name, and '{}' is none; "
                               "rename the file: lower case, digits and '-'", stem));
    } else if (slash == std::string::npos || !IsNameText(area, false) ||
        !IsNameText(name.substr(slash + 1), true)) {
      file_.Report(position, fmt::format("'{}' is no name; expected 'area/what-happens' in lower case, digits and '-'", name));
    } else if (area != stem) {
      file_.Report(position,
                   fmt::format("'{}' is in the file of another area; expected '{}/{}'", name, stem, name.substr(slash + 1)));
    }
  }

  Condition ReadCondition(const toml::node& node) {
    file_.Text(node, "when", "as in when = \">= 3.12\"");
    return any_mistake() ? Condition{} : ParseConditionLine(file_.InQuotes(*node.as_string()), file_.mistakes());
  }

  // The file's own lines between ''' and ''', so that every column is the file's.
  std::vector<SourceLine> ReadLines(const toml::node& node) {
    const Position begin = PositionOf(node);
    std::size_t at = file_.ByteOf(begin);
    if (file_.Line(begin.line).substr(at, 3) != "'''") {
      file_.Report(begin, "expected steps in a literal multi-line string, between ''' and '''; others change backslashes");
      return {};
    }
    at += 3;
    std::vector<SourceLine> out;
    for (auto i = static_cast<std::size_t>(begin.line) - 1; i < file_.lines().size(); ++i, at = 0) {
      SourceLine line = file_.lines()[i];
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
      file_.Report(node, "expected a table of lists, as in each = {timeout = [\"-1\", \"-inf\"]}");
      return;
    }
    for (const auto& [key, values] : InOrder(*table)) {
      const toml::array* array = values->as_array();
      if (array == nullptr || array->empty()) {
        file_.Report(*values, fmt::format("expected a list of values for '{}'", key));
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
        file_.Report(node, fmt::format("more than {} combinations", kMostOfATemplate));
        return;
      }
      *all = std::move(more);
    }
  }

  void ReadCases(const toml::node& node, std::vector<Fillings>* all) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->empty() || !array->is_homogeneous<toml::table>()) {
      file_.Report(node, "expected a list of tables, as in cases = [{value = \"1\", kind = \"0\"}]");
      return;
    }
    std::vector<Fillings> more;
    for (const Fillings& before : *all) {
      for (const toml::node& one : *array) {
        Fillings fillings = before;
        for (const auto& [key, value] : InOrder(*one.as_table()))
          fillings.emplace_back(key, ReadFilling(*value));
        CheckSameKeys(more.empty() ? fillings : more.front(), fillings, PositionOf(one));
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
        file_.Report(position, fmt::format("this case has no '{}', which the first has", key));
    }
    for (const auto& [key, filling] : other) {
      if (!has(first, key))
        file_.Report(position, fmt::format("this case has '{}', which the first has not", key));
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
      file_.Report(node, "expected text in quotes, or {text = \"1e300\", name = \"huge\"}");
      return {};
    }
    return CheckFilling({text->get(), name->get()}, node);
  }

  Filling CheckFilling(Filling filling, const toml::node& node) {
    if (filling.text.find_first_of("\r\n") != std::string::npos) {
      file_.Report(node, "a value is part of a line; expected no line end in it");
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
    if (any_mistake()) return;
    Result<std::vector<Step>> steps =
        ParseTranscript(filled, file_.name(), scenario.condition, RemarkOf(fillings));
    if (!steps) {
      error_ = std::move(steps.error());
      return;
    }
    if (steps->empty()) {
      file_.Report(name_position, "this scenario has no steps");
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
      file_.Report(name_position,
                   fmt::format("these steps have more than {} orders; expected fewer steps in 'interleave'", kMostInterleavings));
      return;
    }
    for (Interleaving& order : AllInterleavings(steps)) {
      Scenario one = scenario;
      one.name += "." + order.order;
      CheckSteps(order.steps, scenario.condition, file_.mistakes());
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
    file_.Report(position,
                 called ? "its steps call SCRIPT; expected script = \"...\" beside 'steps'"
                        : "its 'script' is not called; expected a step as in 'p python(SCRIPT)'");
  }

  void CheckExpanded(const Scenario& scenario, const std::string& name, const Fillings& fillings,
                     const std::vector<SourceLine>& lines, Position position,
                     const std::vector<Scenario>& before) {
    if (const std::size_t brace = name.find('{'); brace != std::string::npos) {
      file_.Report(position,
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
        file_.Report(position, fmt::format("'{}' is used nowhere; expected it in 'name', 'says' or 'steps'", placeholder));
    }
    for (const Scenario& other : before) {
      if (other.name != name) continue;
      file_.Report(position,
                   fmt::format("the name '{}' is taken, on line {}{}", name, other.line,
                               fillings.empty() ? "" : "; expected every placeholder in 'name'"));
    }
  }

  TomlFile file_;
  std::optional<Error> error_;  // of a transcript, told already with its place
};

}  // namespace

Result<std::vector<Scenario>> ParseScenarioFile(std::string_view text, const std::string& file) {
  return FileParser(text, file).Parse();
}

}  // namespace lockstep
