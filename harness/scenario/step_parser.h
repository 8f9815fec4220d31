// SPDX-License-Identifier: MIT
// The lines of a transcript, one method a form. Internal to the parser.
#ifndef LOCKSTEP_HARNESS_SCENARIO_STEP_PARSER_H_
#define LOCKSTEP_HARNESS_SCENARIO_STEP_PARSER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/expression.h"
#include "harness/scenario/lexer.h"
#include "harness/scenario/scenario.h"
#include "harness/text/source.h"

namespace lockstep::transcript {

// Knows the grammar and the names made so far; what may follow what is for check.h. The lines and
// the mistakes outlive it. Used once.
class StepParser {
 public:
  StepParser(const std::vector<SourceLine>* lines, Mistakes* mistakes)
      : lines_(*lines), mistakes_(*mistakes), lexer_(nullptr, mistakes) {}

  // All steps, or those before the first mistake.
  std::vector<Step> Parse();

 private:
  struct Actors {
    std::vector<std::string> names;
    bool one_of = false;  // `a|b`
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // Moves to the next line; false at the end.
  bool NextLine();
  void ExpectEndOfLine();
  bool IsValueNext();
  Step ParseStep();
  void ParseStepOfHarness(const Token& word, Step* step);
  void ParseStepOfActors(Step* step);
  void ParseDo(const Actors& actors, Step* step);
  void ParseEnd(const Actors& actors, Step* step);
  void ParseOneOf(const Actors& actors, Step* step);
  void ParseCreate(Create::How how, const std::string& parent, Step* step);
  void ParseOnSignal(const Actors& actors, Step* step);
  void ParseSendSignal(const std::string& word, Step* step);
  void ParseArm(Arm what, Step* step);
  void ParsePoint(Arm* what);
  void ParseTogether(Step* step);
  void ParseHammer(const Actors& actors, Step* step);
  void ParseHammerResult(Step* step);
  void ParseLeft(Step* step);
  void ParseMachine(Step* step);
  void ParseMachineWord(std::size_t at, const std::string& word, Machine* machine);

  Actors ParseActors();
  std::vector<std::string> ParseOneActors();
  std::vector<std::string> ParseNewActors();
  std::string ParseNewName(std::string_view what);
  void FailUnknownActor(const Token& name);
  // The line on which a later line makes this actor, or 0.
  int MadeLater(std::string_view name) const;
  long ParseNumber(std::string_view what, long least, long most);
  bool AcceptWord(std::string_view word);
  // `A on …` and `A handled …` have one actor a step: for a group, a step each.
  void Spread(Step step, std::vector<Step>* out) const;

  const std::vector<SourceLine>& lines_;
  Mistakes& mistakes_;
  std::size_t next_line_ = 0;
  Lexer lexer_;
  bool in_together_ = false;
  Names names_;
  std::vector<std::string> spread_;  // of the step just parsed: the group to spread over
};

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_STEP_PARSER_H_
