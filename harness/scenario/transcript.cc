// SPDX-License-Identifier: MIT
#include "harness/scenario/transcript.h"

#include <optional>
#include <utility>
#include <variant>

#include "harness/scenario/check.h"
#include "harness/scenario/step_parser.h"
#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

std::string_view OriginalOf(const std::vector<SourceLine>& lines, int number) {
  for (const SourceLine& line : lines) {
    if (line.number == number) return line.original;
  }
  return {};
}

// The name that a `_rebuild` gives: the fourth argument, or `name=`.
bool RebuildsByName(const Call& call) {
  const Expr* name = call.args.size() > 3 ? &call.args[3] : nullptr;
  for (const auto& [key, value] : call.kwargs) {
    if (key == "name") name = &value;
  }
  return name != nullptr &&
         !(name->kind == Expr::Kind::kLiteral && name->value.If<None>() != nullptr);
}

class Inference {
 public:
  std::set<std::string> needs;
  std::set<std::string> tags;

  void Look(const std::vector<Step>& steps) {
    for (const Step& step : steps) std::visit([&](const auto& what) { Look(what); }, step.what);
  }

 private:
  void Look(const Call& call) {
    const Operation* operation = FindOperation(call.operation);
    if (operation != nullptr && !operation->capability.empty()) needs.insert(operation->capability);
    if (call.operation == "SemLock._rebuild" && RebuildsByName(call))
      needs.insert("rebuild_by_name");
  }
  void Look(const Expectation& expectation) {
    if (expectation.after) tags.insert("timing");
  }
  void Look(const Do& what) {
    Look(what.call);
    if (what.expectation) Look(*what.expectation);
  }
  void Look(const Await& what) { Look(what.expectation); }
  void Look(const OneOf& what) { Look(what.expectation); }
  void Look(const StillBlocked&) {}
  void Look(const Handled&) { needs.insert("signal"); }
  void Look(const Died&) {}
  void Look(const Exited&) {}
  void Look(const Create& what) {
    if (what.how == Create::How::kFork) needs.insert("fork");
    if (what.how == Create::How::kSpawn) needs.insert("spawn");
    if (what.how == Create::How::kThread) needs.insert("thread");
    if (what.expectation) Look(*what.expectation);
  }
  void Look(const OnSignal& what) {
    needs.insert("signal");
    if (what.action == OnSignal::Action::kCall) Look(what.call);
  }
  void Look(const SendSignal& what) {
    // Death, stopping and going on are the kernel's; only handlers are the implementation's.
    if (what.how == SendSignal::How::kSignal) needs.insert("signal");
  }
  void Look(const Arm& what) {
    if (what.how == Arm::How::kSignal) needs.insert("signal");
  }
  void Look(const Together& what) { Look(what.steps); }
  void Look(const Hammer&) {
    needs.insert("hammer");
    tags.insert("parallel");
  }
  void Look(const HammerResult&) {}
  void Look(const Left&) {}
  void Look(const Machine&) {}
};

}  // namespace

Result<std::vector<Step>> ParseTranscript(const std::vector<SourceLine>& lines,
                                          const std::string& file, const Condition& scope,
                                          const std::string& remark) {
  Mistakes mistakes;
  for (const SourceLine& line : lines) {
    if (const auto at = FindInvalidUtf8(line.text)) {
      mistakes.Report(line.At(*at), "not UTF-8; expected text in UTF-8");
    }
  }
  std::vector<Step> steps;
  if (!mistakes.any()) steps = StepParser(&lines, &mistakes).Parse();
  if (!mistakes.any()) CheckSteps(steps, scope, &mistakes);
  if (!mistakes.any()) return steps;
  const Position position = mistakes.position();
  return Fail(
      RenderMistake(file, position, mistakes.what() + remark, OriginalOf(lines, position.line)));
}

std::set<std::string> NeedsOf(const std::vector<Step>& steps) {
  Inference inference;
  inference.Look(steps);
  return std::move(inference.needs);
}

std::set<std::string> TagsOf(const std::vector<Step>& steps) {
  Inference inference;
  inference.Look(steps);
  return std::move(inference.tags);
}

}  // namespace lockstep::transcript
