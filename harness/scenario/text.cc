// SPDX-License-Identifier: MIT
// Steps as the lines that a transcript has for them.
#include <fmt/format.h>

#include <cmath>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/words.h"

namespace lockstep {
namespace {

std::string JoinExprs(const std::vector<Expr>& exprs) {
  std::string out;
  for (const Expr& expr : exprs) out += (out.empty() ? "" : ", ") + ToText(expr);
  return out;
}

std::string JoinNames(const std::vector<std::string>& names, const std::string& between) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : between) + name;
  return out;
}

// In brackets where what stands around it binds stronger.
std::string Operand(const Expr& expr, bool bracket) {
  return bracket ? "(" + ToText(expr) + ")" : ToText(expr);
}

std::string DurationText(std::chrono::nanoseconds duration) {
  const auto ns = duration.count();
  if (ns % 1'000'000'000 == 0) return fmt::format("{}s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{}ms", ns / 1'000'000);
  if (ns % 1000 == 0) return fmt::format("{}us", ns / 1000);
  return fmt::format("{}.{:03}us", ns / 1000, ns % 1000);
}

std::string ExpectedText(const Expected& expected, bool returns) {
  const std::string intro = returns ? "returns " : "-> ";
  switch (expected.kind) {
    case Expected::Kind::kBlocked:
      return intro + "blocked";
    case Expected::Kind::kUnsupported:
      return intro + "unsupported";
    case Expected::Kind::kDies:
      return "dies " + expected.type;
    case Expected::Kind::kReturned:
      if (expected.type_of_value == "like") return intro + "like " + ToText(expected.value);
      return intro +
             (expected.type_of_value.empty() ? ToText(expected.value) : expected.type_of_value);
    case Expected::Kind::kRaised:
      break;
  }
  std::string out = "raises " + expected.type;
  const transcript::ExceptionName* type = transcript::FindException(expected.type);
  if (expected.errno_value) {
    if (type == nullptr || type->errnos.size() != 1)
      out += " " + transcript::ErrnoName(*expected.errno_value);
  } else if (type != nullptr && type->is_os_error) {
    out += " any";
  }
  if (expected.message) out += ": " + *expected.message;
  return out;
}

std::string ExpectationText(const Expectation& expectation, bool returns) {
  std::string out;
  for (const Expected& one : expectation.alternatives) {
    out += (out.empty() ? "" : " or ") + ExpectedText(one, returns);
  }
  if (expectation.after) out += " after " + DurationText(*expectation.after);
  return out;
}

// A step in words, whatever `text` says. Groups are told apart: each actor has a line of its own,
// or stands with the others in `together`.
class Writer {
 public:
  std::string operator()(const Do& what) const {
    std::string rest = " " + ToText(what.call);
    if (what.expectation) rest += " " + ExpectationText(*what.expectation, false);
    return Lines(what.actors, rest);
  }
  std::string operator()(const Await& what) const {
    return Lines(what.actors, " " + ExpectationText(what.expectation, true));
  }
  std::string operator()(const OneOf& what) const {
    std::string out = JoinNames(what.actors, "|") + " " + ExpectationText(what.expectation, true);
    if (!what.winner.empty()) out += " as " + what.winner;
    if (!what.others.empty()) out += ", other " + JoinNames(what.others, ", ");
    return out;
  }
  std::string operator()(const StillBlocked& what) const {
    return Lines(what.actors, " still blocked");
  }
  std::string operator()(const Handled& what) const {
    return what.actor + " handled " + what.signal;
  }
  std::string operator()(const Died& what) const {
    return Lines(what.actors, " died " + what.signal);
  }
  std::string operator()(const Exited& what) const {
    return Lines(what.actors, fmt::format(" exited {}", what.status));
  }
  std::string operator()(const Create& what) const {
    const char* how = "start ";
    if (what.how == Create::How::kFork) how = " fork ";
    if (what.how == Create::How::kSpawn) how = " spawn ";
    if (what.how == Create::How::kThread) how = " thread ";
    std::string out;
    for (const std::string& child : what.children) {
      out += (out.empty() ? "" : "\n") + what.parent + how + child;
      if (what.on_other) out += " on B";
      if (what.expectation) out += " " + ExpectationText(*what.expectation, false);
    }
    return out;
  }
  std::string operator()(const OnSignal& what) const {
    std::string out = what.actor + " on " + what.signal;
    switch (what.action) {
      case OnSignal::Action::kReturn:
        out += " return";
        break;
      case OnSignal::Action::kRaise:
        out += " raise " + what.type;
        break;
      case OnSignal::Action::kCall:
        out += " call " + ToText(what.call);
        break;
      case OnSignal::Action::kIgnore:
        out += " ignore";
        break;
      case OnSignal::Action::kDefault:
        out += " default";
        break;
    }
    return out + (what.restart ? " restart" : "");
  }
  std::string operator()(const SendSignal& what) const {
    std::string out;
    for (const std::string& actor : what.actors) {
      if (!out.empty()) out += "\n";
      switch (what.how) {
        case SendSignal::How::kKill:
          out += "kill " + actor + " " + what.signal;
          break;
        case SendSignal::How::kSignal:
          out += "signal " + actor + " " + what.signal;
          break;
        case SendSignal::How::kStop:
          out += "stop " + actor;
          break;
        case SendSignal::How::kCont:
          out += "cont " + actor;
          break;
      }
    }
    return out;
  }
  std::string operator()(const Arm& what) const {
    const std::string side = what.at_exit ? ":exit" : ":entry";
    const std::string ordinal = fmt::format("#{}{}", what.ordinal, what.and_later ? ".." : "");
    std::string out;
    for (const std::string& actor : what.actors) {
      if (!out.empty()) out += "\n";
      switch (what.how) {
        case Arm::How::kKill:
          out += "kill " + actor + " at " + what.syscall + side + ordinal;
          break;
        case Arm::How::kSignal:
          out += "signal " + actor + " " + what.signal + " at " + what.syscall + side + ordinal;
          break;
        case Arm::How::kFail:
          out += "fail " + actor + " at " + what.syscall + ordinal + " with " + what.errno_name;
          break;
        case Arm::How::kTrace:
          out += "trace " + actor;
          break;
      }
    }
    return out;
  }
  std::string operator()(const Together& what) const {
    std::string out;
    for (const Step& step : what.steps) {
      std::string lines = std::visit(*this, step.what);
      for (std::size_t at = lines.find('\n'); at != std::string::npos; at = lines.find('\n', at)) {
        lines.replace(at, 1, "; ");
      }
      out += (out.empty() ? "" : "; ") + lines;
    }
    return "together { " + out + " }";
  }
  std::string operator()(const Hammer& what) const {
    return Lines(what.actors, fmt::format(" hammer {} {}", what.object, what.rounds));
  }
  std::string operator()(const HammerResult& what) const {
    std::string out;
    const auto add = [&](const char* name, const std::optional<long>& value) {
      if (value) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, *value);
    };
    add("entries", what.entries);
    add("counter", what.counter);
    add("inside <=", what.inside_at_most);
    add("value", what.value);
    return "hammer: " + out;
  }
  std::string operator()(const Left& what) const { return "left " + JoinExprs(what.names); }
  std::string operator()(const Machine& what) const {
    std::string out = "machine shm";
    if (what.size_bytes && *what.size_bytes % 1024 == 0) {
      out += fmt::format(" size={}K", *what.size_bytes / 1024);
    } else if (what.size_bytes) {
      out += fmt::format(" size={}", *what.size_bytes);
    }
    if (what.inodes) out += fmt::format(" inodes={}", *what.inodes);
    if (what.full) out += " full";
    if (what.read_only) out += " read-only";
    if (what.absent) out += " absent";
    return out;
  }

 private:
  static std::string Lines(const std::vector<std::string>& actors, const std::string& rest) {
    std::string out;
    for (const std::string& actor : actors) {
      if (!out.empty()) out += '\n';
      out.append(actor).append(rest);
    }
    return out;
  }
};

std::string ArgumentsText(const Call& call) {
  std::string out = JoinExprs(call.args);
  for (const auto& [key, value] : call.kwargs) {
    out += (out.empty() ? "" : ", ") + key + "=" + ToText(value);
  }
  return out;
}

}  // namespace

std::string ToText(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kLiteral:
      return expr.value.Repr();
    case Expr::Kind::kFreshName:
      return expr.name;
    case Expr::Kind::kVariable:
      return expr.actor.empty() ? expr.name : expr.actor + "." + expr.name;
    case Expr::Kind::kAttribute:
      return ToText(expr.operands.at(0)) + "." + expr.name;
    case Expr::Kind::kConcat:
      return ToText(expr.operands.at(0)) + " + " +
             Operand(expr.operands.at(1), expr.operands.at(1).kind == Expr::Kind::kConcat);
    case Expr::Kind::kRepeat: {
      const Expr::Kind left = expr.operands.at(0).kind;
      return Operand(expr.operands.at(0), left == Expr::Kind::kConcat) + " * " +
             ToText(expr.operands.at(1));
    }
    case Expr::Kind::kList:
      return "[" + JoinExprs(expr.operands) + "]";
    case Expr::Kind::kScript:
      return "SCRIPT";
    case Expr::Kind::kTuple:
      return "(" + JoinExprs(expr.operands) + (expr.operands.size() == 1 ? ",)" : ")");
  }
  CHECK(false);
}

std::string ToText(const Call& call) {
  const std::string as = call.as.empty() ? "" : call.as + " = ";
  if (call.operation == "del") return "del " + call.object;
  if (call.operation == "get" && call.args.size() == 1) {
    const auto* attribute = call.args[0].value.If<std::string>();
    return as + call.object + "." + (attribute == nullptr ? ToText(call.args[0]) : *attribute);
  }
  if (call.operation == "read" && call.args.size() == 2) {
    return as + call.object + ".buf[" + ToText(call.args[0]) + ":" + ToText(call.args[1]) + "]";
  }
  if (call.operation == "write" && call.args.size() == 2) {
    const auto* start = call.args[0].value.If<std::int64_t>();
    const auto* data = call.args[1].value.If<Bytes>();
    if (start != nullptr && data != nullptr) {
      return fmt::format("{}.buf[{}:{}] = {}", call.object, *start,
                         *start + static_cast<std::int64_t>(data->data.size()),
                         ToText(call.args[1]));
    }
  }
  const std::string object = call.object.empty() ? "" : call.object + ".";
  return as + object + call.operation + "(" + ArgumentsText(call) + ")";
}

std::string ToText(const Expectation& expectation) {
  return expectation.text.empty() ? ExpectationText(expectation, false) : expectation.text;
}

std::string ToText(const Step& step) {
  if (!step.text.empty()) return step.text;
  std::string out = std::visit(Writer(), step.what);
  if (step.condition.text.empty()) return out;
  const std::string when = " when " + step.condition.text;
  for (std::size_t at = out.find('\n'); at != std::string::npos;
       at = out.find('\n', at + when.size() + 1)) {
    out.insert(at, when);
  }
  return out + when;
}

}  // namespace lockstep
