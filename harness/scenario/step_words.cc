// SPDX-License-Identifier: MIT
// The parts of lines: actors and their groups, new names, numbers, the machine's words.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/scenario/call_parser.h"
#include "harness/scenario/step_parser.h"
#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

// More would not start on a usual machine.
constexpr long kLargestGroup = 256;

std::vector<std::string> Keys(const std::map<std::string, int>& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

// `4K`, `64`, `1M`; nullopt for anything else.
std::optional<long> ParseSize(std::string_view text) {
  long factor = 1;
  if (!text.empty() && text.back() == 'K') factor = 1L << 10;
  if (!text.empty() && text.back() == 'M') factor = 1L << 20;
  if (!text.empty() && text.back() == 'G') factor = 1L << 30;
  if (factor != 1) text.remove_suffix(1);
  // Nine digits, so that neither the number nor its product overflows.
  if (text.empty() || text.size() > 9) return std::nullopt;
  long out = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out == 0 ? std::nullopt : std::optional<long>(out * factor);
}

}  // namespace

bool StepParser::AcceptWord(std::string_view word) { return lexer_.Accept(word); }

long StepParser::ParseNumber(std::string_view what, long least, long most) {
  const std::size_t at = lexer_.offset();
  if (lexer_.Peek().kind == Token::Kind::kEnd) {
    lexer_.Fail(
        fmt::format("expected {} from {} to {}, found the end of the line", what, least, most));
    return least;
  }
  const Expr expr = ExpressionParser(&lexer_, &names_).ParseExpr();
  const auto* number = expr.kind == Expr::Kind::kLiteral ? expr.value.If<std::int64_t>() : nullptr;
  if (number == nullptr || *number < least || *number > most) {
    lexer_.FailAt(at, fmt::format("expected {} from {} to {}", what, least, most));
    return least;
  }
  return static_cast<long>(*number);
}

int StepParser::MadeLater(std::string_view name) const {
  for (std::size_t i = next_line_; i < lines_.size(); ++i) {
    Mistakes ignored;
    Lexer lexer(&lines_[i], &ignored);
    bool maker = false;
    bool others = false;
    // Each token takes a byte at least, and a bad one ends the line.
    while (lexer.Peek().kind != Token::Kind::kEnd) {
      const Token token = lexer.Take();
      if (maker && token.text == name) return lines_[i].number;
      maker = token.Is("fork") || token.Is("thread") || token.Is("spawn") || token.Is("start") ||
              token.Is("as") || token.Is("other") || (others && token.Is(","));
      others = others || token.Is("other");
    }
  }
  return 0;
}

void StepParser::FailUnknownActor(const Token& name) {
  const std::string word(name.text);
  if (const int line = MadeLater(word)) {
    lexer_.FailAt(name.begin,
                  fmt::format("actor '{}' is used before it is made, on line {}", word, line));
    return;
  }
  std::vector<std::string> candidates = Keys(names_.actors);
  const std::string actors = JoinQuoted(candidates);
  const std::vector<std::string>& reserved = ReservedWords();
  candidates.insert(candidates.end(), reserved.begin(), reserved.end());
  std::string hint = DidYouMean(word, candidates);
  if (hint.empty()) hint = fmt::format("; the actors here are {}", actors);
  lexer_.FailAt(name.begin, fmt::format("unknown actor '{}'{}", word, hint));
}

// `a`, `w[3]`, `w[1..4]`, `w[*]`.
std::vector<std::string> StepParser::ParseOneActors() {
  const Token name = lexer_.Take();
  const std::string word(name.text);
  if (name.kind != Token::Kind::kName) {
    lexer_.FailAt(name.begin, name.kind == Token::Kind::kEnd
                                  ? "expected an actor, found the end of the line"
                                  : fmt::format("expected an actor, found '{}'", word));
    return {word};
  }
  const auto group = names_.groups.find(word);
  if (!lexer_.Peek().Is("[")) {
    if (names_.actors.count(word) != 0) return {word};
    if (group != names_.groups.end()) {
      lexer_.FailAt(
          name.begin,
          fmt::format("'{0}' is a group; expected '{0}[*]' or one of it, as in '{0}[1]'", word));
    } else {
      FailUnknownActor(name);
    }
    return {word};
  }
  lexer_.Take();
  if (group == names_.groups.end()) {
    lexer_.FailAt(
        name.begin,
        fmt::format("there is no group '{0}'; one is made as in 'p fork {0}[1..8]'", word));
    return {word};
  }
  std::vector<std::string> names;
  if (lexer_.Accept("*")) {
    names = group->second;
  } else {
    const std::size_t at = lexer_.offset();
    const long from = ParseNumber("an index", 0, 99999);
    const long to =
        lexer_.Accept("..") ? ParseNumber("an index", from, from + kLargestGroup - 1) : from;
    for (long i = from; i <= to; ++i) {
      names.push_back(fmt::format("{}{}", word, i));
      if (names_.actors.count(names.back()) == 0) {
        lexer_.FailAt(at, fmt::format("'{0}[{1}]' is not there; the group '{0}' has {2} actors",
                                      word, i, group->second.size()));
      }
    }
  }
  if (!lexer_.Accept("]")) lexer_.Fail(fmt::format("expected ']', {}", lexer_.Found()));
  return names.empty() ? std::vector<std::string>{word} : names;
}

StepParser::Actors StepParser::ParseActors() {
  Actors out;
  out.begin = lexer_.offset();
  out.names = ParseOneActors();
  while (lexer_.Accept("|")) {
    out.one_of = true;
    for (std::string& name : ParseOneActors()) {
      if (std::find(out.names.begin(), out.names.end(), name) != out.names.end()) {
        lexer_.FailAt(out.begin, fmt::format("'{}' stands twice", name));
      }
      out.names.push_back(std::move(name));
    }
  }
  out.end = lexer_.last_end();
  return out;
}

// A name that an actor may have: neither reserved nor a constant's.
std::string StepParser::ParseNewName(std::string_view what) {
  const Token name = lexer_.Take();
  std::string word(name.text);
  if (name.kind != Token::Kind::kName) {
    lexer_.FailAt(name.begin,
                  fmt::format("expected a name for {}, {}", what,
                              name.kind == Token::Kind::kEnd ? "found the end of the line"
                                                             : "found '" + word + "'"));
  } else if (Contains(ReservedWords(), word)) {
    lexer_.FailAt(name.begin, fmt::format("'{}' is reserved, never an actor", word));
  } else if (!IsFreeName(word)) {
    lexer_.FailAt(name.begin,
                  fmt::format("'{}' has a meaning of its own; an actor needs another name", word));
  } else {
    names_.actors.emplace(word, lexer_.line().number);
  }
  return word;
}

// `c` or `w[1..8]`.
std::vector<std::string> StepParser::ParseNewActors() {
  Lexer ahead = lexer_;
  const Token first = ahead.Take();
  if (!ahead.Peek().Is("[")) return {ParseNewName("the new actor")};
  const std::string group(first.text);
  lexer_.Take();
  lexer_.Take();
  const std::size_t at = lexer_.offset();
  if (first.kind != Token::Kind::kName || !IsFreeName(group)) {
    lexer_.FailAt(first.begin, fmt::format("'{}' cannot name a group of actors", group));
  }
  const long from = ParseNumber("an index", 0, 99999);
  if (!lexer_.Accept(".."))
    lexer_.FailAt(at, fmt::format("expected a range, as in '{}[1..8]'", group));
  const long to = ParseNumber("an index", from, from + kLargestGroup - 1);
  if (!lexer_.Accept("]")) lexer_.Fail(fmt::format("expected ']', {}", lexer_.Found()));
  std::vector<std::string> names;
  std::vector<std::string>& members = names_.groups[group];
  for (long i = from; i <= to; ++i) {
    names.push_back(fmt::format("{}{}", group, i));
    names_.actors.emplace(names.back(), lexer_.line().number);
    if (std::find(members.begin(), members.end(), names.back()) == members.end()) {
      members.push_back(names.back());
    }
  }
  return names;
}

void StepParser::ParseMachine(Step* step) {
  Machine what;
  if (!AcceptWord("shm")) lexer_.Fail(fmt::format("expected 'shm', {}", lexer_.Found()));
  bool any = false;
  while (!mistakes_.any() && lexer_.Peek().kind != Token::Kind::kEnd && !lexer_.Peek().Is("when")) {
    const std::size_t at = lexer_.offset();
    ParseMachineWord(at, std::string(lexer_.TakeWord()), &what);
    any = true;
  }
  if (!any) lexer_.Fail("expected 'size=4K', 'inodes=8', 'full', 'read-only' or 'absent'");
  const bool more = what.size_bytes || what.inodes || what.full || what.read_only;
  if (what.absent && more) lexer_.Fail("a /dev/shm that is absent has nothing else");
  step->what = what;
}

void StepParser::ParseMachineWord(std::size_t at, const std::string& word, Machine* machine) {
  const std::size_t equals = word.find('=');
  const std::string key = word.substr(0, equals);
  if (equals != std::string::npos && (key == "size" || key == "inodes")) {
    const std::optional<long> number = ParseSize(std::string_view(word).substr(equals + 1));
    if (!number) {
      lexer_.FailAt(at,
                    fmt::format("'{}' is not a size; expected as in '{}'", word.substr(equals + 1),
                                key == "size" ? "size=4K" : "inodes=8"));
    }
    (key == "size" ? machine->size_bytes : machine->inodes) = number;
  } else if (word == "full") {
    machine->full = true;
  } else if (word == "read-only") {
    machine->read_only = true;
  } else if (word == "absent") {
    machine->absent = true;
  } else {
    lexer_.FailAt(
        at, fmt::format("unknown word '{}' of a machine; expected 'size=4K', 'inodes=8', 'full', "
                        "'read-only' or 'absent'{}",
                        word,
                        DidYouMean(word, {"size=4K", "inodes=8", "full", "read-only", "absent"})));
  }
}

}  // namespace lockstep::transcript
