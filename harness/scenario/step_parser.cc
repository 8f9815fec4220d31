// SPDX-License-Identifier: MIT
#include "harness/scenario/step_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/os/syscall_names.h"
#include "harness/scenario/call_parser.h"
#include "harness/scenario/interleavings.h"
#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

constexpr long kMostRounds = 1'000'000'000;

}  // namespace

bool StepParser::NextLine() {
  if (next_line_ == lines_.size()) return false;
  lexer_ = Lexer(&lines_[next_line_++], &mistakes_);
  return true;
}

std::vector<Step> StepParser::Parse() {
  std::vector<Step> steps;
  std::optional<Position> open;  // of the `interleave` that has begun
  int blocks = 0;
  while (!mistakes_.any() && NextLine()) {
    if (lexer_.Peek().kind == Token::Kind::kEnd) continue;
    if (lexer_.Peek().Is("interleave")) {
      if (open) lexer_.Fail("'interleave' within 'interleave'");
      open = lexer_.line().At(lexer_.offset());
      ++blocks;
      lexer_.Take();
      if (!lexer_.Accept("{")) lexer_.Fail(fmt::format("expected '{{', {}", lexer_.Found()));
      ExpectEndOfLine();
      continue;
    }
    if (open && lexer_.Accept("}")) {
      ExpectEndOfLine();
      if (steps.empty() || steps.back().interleaving != blocks)
        mistakes_.Report(*open, "'interleave' is empty; expected calls of actors, a line each");
      open.reset();
      continue;
    }
    Step step = ParseStep();
    if (open) {
      step.interleaving = blocks;
      if (InterleavedActor(step).empty())
        mistakes_.Report(step.position, "'interleave' takes calls of one actor each, and what comes of them");
    }
    if (lexer_.Accept("when")) step.condition = ParseCondition(&lexer_);
    ExpectEndOfLine();
    if (!mistakes_.any()) Spread(std::move(step), &steps);
  }
  if (open && !mistakes_.any())
    mistakes_.Report(*open, "this 'interleave' has no end; expected a line with '}'");
  return steps;
}

void StepParser::ExpectEndOfLine() {
  if (lexer_.Peek().kind == Token::Kind::kBad) lexer_.Take();
  if (lexer_.Peek().kind != Token::Kind::kEnd)
    lexer_.Fail(fmt::format("expected the end of the line, {}", lexer_.Found()));
}

void StepParser::Spread(Step step, std::vector<Step>* out) const {
  if (spread_.empty()) {
    out->push_back(std::move(step));
    return;
  }
  const std::string rest = step.text.substr(step.text.find(']') + 1);
  for (const std::string& actor : spread_) {
    Step one = step;
    if (auto* on = std::get_if<OnSignal>(&one.what)) on->actor = actor;
    if (auto* handled = std::get_if<Handled>(&one.what)) handled->actor = actor;
    one.text = actor + rest;
    out->push_back(std::move(one));
  }
}

Step StepParser::ParseStep() {
  spread_.clear();
  Step step;
  const std::size_t begin = lexer_.offset();
  step.position = lexer_.line().At(begin);
  const Token first = lexer_.Peek();
  // The text of `together` is put together from its steps': it may span lines.
  const bool spans_lines = first.Is("together");
  if (first.kind == Token::Kind::kName && Contains(ReservedWords(), first.text)) {
    ParseStepOfHarness(first, &step);
  } else {
    ParseStepOfActors(&step);
  }
  if (!spans_lines) step.text = lexer_.Folded(begin, lexer_.last_end());
  return step;
}

void StepParser::ParseStepOfHarness(const Token& word, Step* step) {
  const std::string name(word.text);
  if (in_together_) {
    lexer_.Fail(
        fmt::format("'{}' cannot be in 'together'; expected calls and hammers of actors", name));
    return;
  }
  lexer_.Take();
  if (name == "start") {
    ParseCreate(Create::How::kStart, "", step);
  } else if (name == "kill" || name == "signal" || name == "stop" || name == "cont") {
    ParseSendSignal(name, step);
  } else if (name == "fail" || name == "trace") {
    Arm what;
    what.actors = ParseOneActors();
    what.how = name == "fail" ? Arm::How::kFail : Arm::How::kTrace;
    ParseArm(std::move(what), step);
  } else if (name == "together") {
    ParseTogether(step);
  } else if (name == "hammer") {
    ParseHammerResult(step);
  } else if (name == "left") {
    ParseLeft(step);
  } else if (name == "machine") {
    ParseMachine(step);
  } else {
    lexer_.FailAt(word.begin, fmt::format("'{0}' needs an actor before it, as in 'p {0} {1}'", name,
                                          name == "on" ? "SIGUSR1 return" : "c"));
  }
}

void StepParser::ParseStepOfActors(Step* step) {
  const Actors actors = ParseActors();
  if (mistakes_.any()) return;
  const std::size_t at = lexer_.offset();
  const Token verb = lexer_.Peek();
  Lexer ahead = lexer_;
  ahead.Take();
  // A step word that is followed by one of these is the name of an object or of an operation.
  const bool call = ahead.Peek().Is("=") || ahead.Peek().Is(".") || ahead.Peek().Is("(");
  const bool step_word =
      verb.kind == Token::Kind::kName && Contains(StepWords(), verb.text) && !call;
  const bool outcome = step_word && IsOutcomeNext(&lexer_);
  if (actors.one_of && !outcome) {
    lexer_.Fail("after 'a|b' stands 'returns' or 'raises' only");
  } else if (in_together_ && step_word && !verb.Is("hammer")) {
    lexer_.Fail(fmt::format("'{}' cannot be in 'together'; expected calls and hammers of actors",
                            verb.text));
  } else if (actors.one_of) {
    ParseOneOf(actors, step);
  } else if (outcome) {
    const OutcomePlace place;
    step->what = Await{actors.names, ParseExpectation(&lexer_, names_, place)};
  } else if (step_word && (verb.Is("fork") || verb.Is("spawn") || verb.Is("thread"))) {
    lexer_.Take();
    if (actors.names.size() != 1) lexer_.FailAt(at, "one actor makes others, not a group of them");
    ParseCreate(verb.Is("fork")    ? Create::How::kFork
                : verb.Is("spawn") ? Create::How::kSpawn
                                   : Create::How::kThread,
                actors.names.front(), step);
  } else if (step_word && verb.Is("on")) {
    ParseOnSignal(actors, step);
  } else if (step_word && verb.Is("hammer")) {
    ParseHammer(actors, step);
  } else if (step_word) {
    ParseEnd(actors, step);
  } else {
    ParseDo(actors, step);
  }
}

void StepParser::ParseDo(const Actors& actors, Step* step) {
  Do what;
  what.actors = actors.names;
  what.call = ParseCall(&lexer_, names_);
  if (IsOutcomeNext(&lexer_)) {
    OutcomePlace place;
    place.of_a_call = true;
    place.message_ends.at_semicolon_or_brace = in_together_;
    what.expectation = ParseExpectation(&lexer_, names_, place);
  } else if (IsValueNext()) {
    lexer_.Fail(fmt::format("expected '-> VALUE' for what it returns, {}", lexer_.Found()));
  }
  if (!what.call.as.empty()) names_.kept.insert(what.call.as);
  step->what = std::move(what);
}

// What is written where an outcome's '->' was forgotten: `=> True`, `== True`, `True`.
bool StepParser::IsValueNext() {
  const Token next = lexer_.Peek();
  return next.Is("=") || next.Is("==") || next.Is("True") || next.Is("False") || next.Is("None") ||
         next.kind == Token::Kind::kInt;
}

// `still blocked`, `handled SIGUSR1`, `died SIGKILL`, `exited 3`.
void StepParser::ParseEnd(const Actors& actors, Step* step) {
  const Token verb = lexer_.Take();
  if (verb.Is("still")) {
    if (!AcceptWord("blocked")) lexer_.Fail(fmt::format("expected 'blocked', {}", lexer_.Found()));
    step->what = StillBlocked{actors.names};
  } else if (verb.Is("handled")) {
    step->what = Handled{actors.names.front(), ParseSignalName(&lexer_)};
    if (actors.names.size() > 1) spread_ = actors.names;
  } else if (verb.Is("died")) {
    step->what = Died{actors.names, ParseSignalName(&lexer_)};
  } else {
    step->what = Exited{actors.names, static_cast<int>(ParseNumber("a status", 0, 255))};
  }
}

void StepParser::ParseOneOf(const Actors& actors, Step* step) {
  OneOf what;
  what.actors = actors.names;
  OutcomePlace place;
  place.message_ends.at_as = true;
  what.expectation = ParseExpectation(&lexer_, names_, place);
  if (lexer_.Accept("as")) {
    what.winner = ParseNewName("the actor that came back");
    const std::size_t comma = lexer_.offset();
    if (lexer_.Accept(",")) {
      if (!AcceptWord("other")) lexer_.Fail(fmt::format("expected 'other', {}", lexer_.Found()));
      do {
        what.others.push_back(ParseNewName("an actor that did not come back"));
      } while (lexer_.Accept(","));
      const std::size_t rest = actors.names.size() - 1;
      if (what.others.size() != rest) {
        lexer_.FailAt(comma, fmt::format("'other' names all that did not come back: expected {} name{}, found {}",
                                         rest, rest == 1 ? "" : "s", what.others.size()));
      }
    }
  }
  step->what = std::move(what);
}

void StepParser::ParseCreate(Create::How how, const std::string& parent, Step* step) {
  Create what;
  what.how = how;
  what.parent = parent;
  what.children = ParseNewActors();
  if (how == Create::How::kStart && lexer_.Accept("on")) {
    what.on_other = true;
    if (!lexer_.Accept("B")) lexer_.Fail(fmt::format("expected 'B', the other implementation, {}", lexer_.Found()));
  }
  const std::size_t at = lexer_.offset();
  if (IsOutcomeNext(&lexer_)) {
    what.expectation = ParseExpectation(&lexer_, names_, OutcomePlace{});
    for (const Expected& one : what.expectation->alternatives) {
      if (how != Create::How::kSpawn || one.kind != Expected::Kind::kRaised) {
        lexer_.FailAt(at, "only 'spawn' has an outcome, and only 'raises'");
      }
    }
  }
  step->what = std::move(what);
}

void StepParser::ParseOnSignal(const Actors& actors, Step* step) {
  using Action = OnSignal::Action;
  lexer_.Take();
  OnSignal what;
  what.actor = actors.names.front();
  what.signal = ParseSignalName(&lexer_);
  const std::size_t at = lexer_.offset();
  const Token action = lexer_.Take();
  if (action.Is("raise")) {
    what.action = Action::kRaise;
    what.type = ParseExceptionName(&lexer_);
  } else if (action.Is("call")) {
    what.action = Action::kCall;
    what.call = ParseCall(&lexer_, names_);
    if (!what.call.as.empty()) lexer_.FailAt(at, "what a handler calls is not kept");
  } else if (action.Is("ignore")) {
    what.action = Action::kIgnore;
  } else if (action.Is("default")) {
    what.action = Action::kDefault;
  } else if (!action.Is("return")) {
    lexer_.FailAt(
        at, fmt::format("expected 'return', 'raise TYPE', 'call CALL', 'ignore' or 'default'{}",
                        DidYouMean(action.text, {"return", "raise", "call", "ignore", "default"})));
  }
  const std::size_t restart = lexer_.offset();
  what.restart = lexer_.Accept("restart");
  if (what.restart && (what.action == Action::kIgnore || what.action == Action::kDefault)) {
    lexer_.FailAt(restart, "'restart' is for handlers: 'return', 'raise' and 'call'");
  }
  if (actors.names.size() > 1) spread_ = actors.names;
  step->what = std::move(what);
}

void StepParser::ParseSendSignal(const std::string& word, Step* step) {
  SendSignal what;
  what.actors = ParseOneActors();
  if (word == "kill" && lexer_.Peek().Is("at")) {
    ParseArm(Arm{what.actors, Arm::How::kKill, "", "", false, 1, false, ""}, step);
    return;
  }
  if (word == "kill" || word == "signal") {
    what.how = word == "kill" ? SendSignal::How::kKill : SendSignal::How::kSignal;
    const std::size_t at = lexer_.offset();
    what.signal = ParseSignalName(&lexer_);
    if (lexer_.Peek().Is("at")) {
      if (word == "kill") lexer_.FailAt(at, "'kill ... at' is by SIGKILL always; expected 'at', or 'signal' for another");
      if (Contains({"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"}, what.signal))
        lexer_.FailAt(at, fmt::format("{} cannot be sent at a system call; expected 'stop' or 'cont'", what.signal));
      ParseArm(Arm{what.actors, Arm::How::kSignal, what.signal, "", false, 1, false, ""}, step);
      return;
    }
  } else {
    what.how = word == "stop" ? SendSignal::How::kStop : SendSignal::How::kCont;
    what.signal = word == "stop" ? "SIGSTOP" : "SIGCONT";
  }
  step->what = std::move(what);
}

// What stands behind the actors, and the signal, of a step that arms a call.
void StepParser::ParseArm(Arm what, Step* step) {
  if (what.how != Arm::How::kTrace) {
    if (!AcceptWord("at")) lexer_.Fail(fmt::format("expected 'at', as in 'fail p at openat#1 with EMFILE', {}", lexer_.Found()));
    ParsePoint(&what);
  }
  if (what.how == Arm::How::kFail) {
    if (!AcceptWord("with")) lexer_.Fail(fmt::format("expected 'with' and an errno, {}", lexer_.Found()));
    const Token name = lexer_.Take();
    what.errno_name = std::string(name.text);
    if (!ErrnoValue(name.text)) {
      lexer_.FailAt(name.begin, name.kind == Token::Kind::kEnd
                                    ? "expected an errno, as in 'with ENOSPC', found the end of the line"
                                    : fmt::format("unknown errno '{}'{}", name.text, DidYouMean(name.text, ErrnoNames())));
    }
  }
  step->what = std::move(what);
}

// `futex:exit#1`, `openat#2`, `openat#2..`.
void StepParser::ParsePoint(Arm* what) {
  const bool fails = what->how == Arm::How::kFail;
  const Token name = lexer_.Take();
  what->syscall = std::string(name.text);
  if (name.kind != Token::Kind::kName) {
    lexer_.FailAt(name.begin, fmt::format("expected a system call, as in 'futex', found {}",
                                          name.kind == Token::Kind::kEnd ? "the end of the line" : "'" + what->syscall + "'"));
  } else if (!IsSyscallName(what->syscall)) {
    lexer_.FailAt(name.begin, fmt::format("unknown system call '{}'{}", what->syscall, DidYouMean(what->syscall, SyscallNames())));
  }
  const std::size_t colon = lexer_.last_end();
  if (lexer_.Peek().begin == colon && lexer_.Accept(":")) {
    const Token side = lexer_.Take();
    what->at_exit = side.Is("exit");
    if (fails) lexer_.FailAt(colon, fmt::format("a call that fails is not made, and has no sides; expected '{}#1'", what->syscall));
    if (!side.Is("exit") && !side.Is("entry")) {
      lexer_.FailAt(side.begin, fmt::format("expected 'entry' or 'exit'{}", DidYouMean(side.text, {"entry", "exit"})));
    }
  } else if (!fails) {
    lexer_.FailAt(colon, fmt::format("expected ':entry' or ':exit', as in '{}:entry#1'", what->syscall));
  }
  const std::size_t hash = lexer_.last_end();
  if (!lexer_.AcceptHash()) {
    lexer_.FailAt(hash, fmt::format("expected '#' and which of them, as in '{}{}#1'", what->syscall,
                                    fails ? "" : what->at_exit ? ":exit" : ":entry"));
  }
  constexpr long kMostCalls = 1'000'000;
  what->ordinal = static_cast<int>(ParseNumber("a number", 1, kMostCalls));
  if (lexer_.Peek().Is("..") && !fails) lexer_.Fail("only 'fail' goes on for every later one");
  what->and_later = lexer_.Accept("..");
}

void StepParser::ParseTogether(Step* step) {
  const Position open = lexer_.line().At(lexer_.offset());
  if (!lexer_.Accept("{")) lexer_.Fail(fmt::format("expected '{{', {}", lexer_.Found()));
  Together what;
  in_together_ = true;
  while (!mistakes_.any() && !lexer_.Accept("}")) {
    if (lexer_.Peek().kind == Token::Kind::kEnd) {
      if (!NextLine()) mistakes_.Report(open, "this 'together' has no end; expected '}'");
      continue;
    }
    Step inner = ParseStep();
    if (lexer_.Peek().Is("when")) lexer_.Fail("a condition stands after the '}' of 'together'");
    const bool end = lexer_.Peek().kind == Token::Kind::kEnd || lexer_.Peek().Is("}");
    if (!end && !lexer_.Accept(";"))
      lexer_.Fail(fmt::format("expected ';' or '}}', {}", lexer_.Found()));
    step->text += (step->text.empty() ? "" : "; ") + inner.text;
    what.steps.push_back(std::move(inner));
  }
  in_together_ = false;
  if (what.steps.empty())
    mistakes_.Report(open, "'together' is empty; expected calls and hammers of actors");
  step->text = "together { " + step->text + " }";
  step->what = std::move(what);
}

void StepParser::ParseHammer(const Actors& actors, Step* step) {
  lexer_.Take();
  const Token object = lexer_.Take();
  if (object.kind != Token::Kind::kName) {
    lexer_.FailAt(object.begin,
                  "expected a semaphore and a number of rounds, as in 'hammer s 1000'");
  }
  Hammer what;
  what.actors = actors.names;
  what.object = std::string(object.text);
  what.rounds = static_cast<int>(ParseNumber("a number of rounds", 1, kMostRounds));
  step->what = std::move(what);
}

void StepParser::ParseHammerResult(Step* step) {
  if (!lexer_.Accept(":")) {
    lexer_.Fail("expected ':', as in 'hammer: entries 8000'; an actor's is 'p hammer s 1000'");
  }
  HammerResult what;
  do {
    const Token field = lexer_.Take();
    const std::string name(field.text);
    const bool inside = name == "inside";
    std::optional<long>* value = name == "entries"   ? &what.entries
                                 : name == "counter" ? &what.counter
                                 : name == "value"   ? &what.value
                                 : inside            ? &what.inside_at_most
                                                     : nullptr;
    if (value == nullptr) {
      lexer_.FailAt(field.begin,
                    fmt::format("expected 'entries', 'counter', 'inside' or 'value'{}",
                                DidYouMean(name, {"entries", "counter", "inside", "value"})));
      break;
    }
    if (*value) lexer_.FailAt(field.begin, fmt::format("'{}' is said twice", name));
    if (inside && !lexer_.Accept("<=")) lexer_.Fail("expected '<=', as in 'inside <= 3'");
    *value = ParseNumber("a number", 0, kMostRounds);
  } while (lexer_.Accept(","));
  step->what = what;
}

void StepParser::ParseLeft(Step* step) {
  Left what;
  do {
    const std::size_t at = lexer_.offset();
    Expr name = ExpressionParser(&lexer_, &names_).ParseExpr();
    const Expr* fresh = &name;
    while (fresh->kind == Expr::Kind::kConcat) fresh = &fresh->operands.front();
    if (fresh->kind != Expr::Kind::kFreshName) {
      lexer_.FailAt(at, "expected a fresh name, as in 'left NAME' or 'left NAME, NAME2'");
    }
    what.names.push_back(std::move(name));
  } while (lexer_.Accept(","));
  step->what = std::move(what);
}

}  // namespace lockstep::transcript
