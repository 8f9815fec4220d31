// SPDX-License-Identifier: MIT
// Arguments and expected values of a transcript, constants folded. Internal to the parser.
#ifndef LOCKSTEP_HARNESS_SCENARIO_EXPRESSION_H_
#define LOCKSTEP_HARNESS_SCENARIO_EXPRESSION_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/scenario/lexer.h"
#include "harness/scenario/scenario.h"

namespace lockstep::transcript {

// The names that a transcript has made so far, whatever their conditions: what `x.y` means depends
// on them.
struct Names {
  std::map<std::string, int> actors = {{"p", 0}};  // and the line where each was made
  std::map<std::string, std::vector<std::string>> groups;
  std::set<std::string> kept;  // objects and values, of any process
};

// Whether `name` stands for a fresh name: NAME, NAME2, BARE …
bool IsFreshName(std::string_view name);
// Whether an object, a value or an actor may be called so.
bool IsFreeName(std::string_view name);

// Parses at the lexer's place. A mistake is left with the lexer, and then what is returned means
// nothing.
class ExpressionParser {
 public:
  ExpressionParser(Lexer* lexer, const Names* names) : lexer_(*lexer), names_(*names) {}

  // `0`, `2**63 - 1`, `NAME + 'x'`, `p.h`, `[1, 'a']` …
  Expr ParseExpr() { return ParseOr(); }

 private:
  Expr ParseOr();
  Expr ParseSum();
  Expr ParseProduct();
  Expr ParseUnary();
  Expr ParsePower();
  Expr ParsePrimary();
  Expr ParseNumber();
  Expr ParseName();
  Expr ParseSequence(std::string_view close);

  Expr Literal(Value value, std::size_t offset) const;
  Expr Binary(const Token& op, Expr left, Expr right);
  Expr BinaryIntegers(const Token& op, const Expr& left, const Expr& right);
  Expr Repeat(const Token& op, Expr text, Expr times);
  Expr Combined(Expr::Kind kind, Expr left, Expr right) const;
  Expr FailWith(std::size_t offset, std::string what);

  Lexer& lexer_;
  const Names& names_;
  // Hostile nesting ends with a message, not with the stack.
  int depth_ = 0;
};

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_EXPRESSION_H_
