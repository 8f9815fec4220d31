// SPDX-License-Identifier: MIT
// What a run of a variant says of its point.
#include <fmt/format.h>

#include "harness/faults/campaign.h"

namespace lockstep::faults {
namespace {

bool IsOfNames(const std::string& unclean) { return unclean.starts_with("a name is left"); }
bool IsOfDescriptors(const std::string& unclean) {
  return unclean.find(" descriptors more") != std::string::npos;
}

// The line of the death, in a transcript of a kill.
int LineOfDeath(const std::string& lines) {
  const std::size_t at = std::min(lines.find("dies SIGKILL\n"), lines.find("died SIGKILL\n"));
  if (at == std::string::npos) return 0;
  return 1 + static_cast<int>(
                 std::count(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// It came true so, to the last line.
Tried JudgeCompleted(const Case& one, const Ending& variant, const ScenarioRun& run,
                     const Contract& contract) {
  std::string left;
  for (const std::string& unclean : run.unclean) {
    if (IsOfNames(unclean) && one.sweep == Sweep::kKills && contract.names == 0) {
      left = "a file stays in /dev/shm";
    } else if (!(IsOfNames(unclean) && one.may_leave_names) &&
               !(IsOfDescriptors(unclean) && one.may_leave_descriptors)) {
      return {Outcome::kFinding, unclean};
    }
  }
  if (!variant.allowed.empty()) {
    const bool allowed =
        contract.crash <= variant.up_to_crash && contract.names <= variant.up_to_names;
    return {allowed ? Outcome::kAllowed : Outcome::kFinding,
            variant.allowed + (allowed ? "" : ", which " + contract.Text() + " rules out"), false,
            false, !allowed};
  }
  return left.empty() ? Tried{} : Tried{Outcome::kAllowed, left};
}

}  // namespace

std::string ToText(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFine:
      return "fine";
    case Outcome::kAllowed:
      return "allowed";
    case Outcome::kFinding:
      return "finding";
    case Outcome::kNeverCame:
      return "never came";
    case Outcome::kUnsupported:
      return "unsupported";
    case Outcome::kNotRun:
      return "not run";
    case Outcome::kTrouble:
      return "trouble";
  }
  return "";
}

Tried JudgeVariant(const Case& one, const Ending& variant, const ScenarioRun& run,
                   const Contract& contract) {
  switch (run.end) {
    case ScenarioRun::End::kCompleted:
      return JudgeCompleted(one, variant, run, contract);
    case ScenarioRun::End::kDiverged: {
      const bool after_death = run.divergence->position.line > LineOfDeath(variant.lines);
      if (one.sweep == Sweep::kKills && contract.crash == 0 && after_death)
        return {Outcome::kAllowed, "after a death in a call nothing is promised"};
      const Divergence& divergence = *run.divergence;
      // Whoever does not come back now will not in another variant either.
      const bool hangs = divergence.actual.starts_with("no answer");
      return {Outcome::kFinding,
              fmt::format("{}: expected {}, got {}", divergence.operation, divergence.expected,
                          divergence.actual),
              !hangs};
    }
    case ScenarioRun::End::kUnsupported:
      return {Outcome::kUnsupported, run.reason};
    case ScenarioRun::End::kNotRun: {
      const bool never = run.reason.find(" never came to ") != std::string::npos;
      return {never ? Outcome::kNeverCame : Outcome::kNotRun, run.reason, never, never};
    }
    case ScenarioRun::End::kHarnessError:
    case ScenarioRun::End::kTooEarlyToSee:
      return {Outcome::kTrouble, run.reason};
  }
  return {};
}

}  // namespace lockstep::faults
