// SPDX-License-Identifier: MIT
#include "harness/scenario/condition_text.h"

#include <fmt/format.h>

#include <string>

#include "harness/scenario/call_parser.h"
#include "harness/scenario/lexer.h"

namespace lockstep {
namespace transcript {

Condition ParseConditionLine(const SourceLine& line, Mistakes* mistakes) {
  Lexer lexer(&line, mistakes);
  Condition condition = ParseCondition(&lexer);
  if (lexer.Peek().kind != Token::Kind::kEnd) {
    lexer.Fail(fmt::format("expected the end of the condition, {}", lexer.Found()));
  }
  return condition;
}

}  // namespace transcript

Result<Condition> ParseConditionText(std::string_view text) {
  SourceLine line;
  line.text = std::string(text);
  line.original = line.text;
  line.number = 1;
  Mistakes mistakes;
  Condition condition = transcript::ParseConditionLine(line, &mistakes);
  if (mistakes.any()) {
    return Fail(fmt::format("{}: {}", mistakes.position().column, mistakes.what()));
  }
  return condition;
}

}  // namespace lockstep
