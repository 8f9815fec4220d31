// SPDX-License-Identifier: MIT
#include "harness/engine/trace.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include "harness/os/names.h"

namespace lockstep {
namespace {

struct Texts {
  std::string operator()(const Value& value) const { return "-> " + value.Repr(); }
  std::string operator()(const Raised& raised) const {
    std::string text = "raises " + raised.type;
    if (raised.errno_value) text += " " + ErrnoName(*raised.errno_value);
    if (!raised.message.empty()) text += ": " + raised.message;
    return text;
  }
  std::string operator()(const Unsupported& unsupported) const {
    return "unsupported: " + unsupported.why;
  }
  std::string operator()(const Blocked& blocked) const {
    return blocked.by == BlockedBy::kFutex ? "-> blocked"
                                           : fmt::format("-> blocked ({})", ToText(blocked.by));
  }
  std::string operator()(const Ended& ended) const {
    if (!ended.status) return "died, how is not known";
    if (WIFSIGNALED(*ended.status)) return "died " + SignalName(WTERMSIG(*ended.status));
    return fmt::format("exited {}", WEXITSTATUS(*ended.status));
  }
  std::string operator()(const NoAnswer& none) const { return "no answer: " + none.where; }
};

}  // namespace

std::string ToText(const Actual& actual) { return std::visit(Texts{}, actual); }

std::string ToText(BlockedBy by) {
  switch (by) {
    case BlockedBy::kFutex:
      return "asleep on the semaphore";
    case BlockedBy::kDeclared:
      return "asleep in a system call that it declares";
    case BlockedBy::kQuiet:
      return "asleep, nothing moved";
    case BlockedBy::kSpinning:
      return "spinning: it burns CPU while it waits";
    case BlockedBy::kPresumed:
      return "presumed: announced and unanswered";
  }
  return "";
}

}  // namespace lockstep
