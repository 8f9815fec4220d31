// SPDX-License-Identifier: MIT
#include "harness/scenario/testing_dump.h"

#include <fmt/format.h>

#include <variant>

namespace lockstep {
namespace {

std::string Dump(const Expr& expr) {
  std::string out =
      fmt::format("<{} {} {} {} {}", static_cast<int>(expr.kind), expr.value.variant().index(),
                  expr.value.Repr(), expr.actor, expr.name);
  for (const Expr& operand : expr.operands) out += " " + Dump(operand);
  return out + ">";
}

std::string Dump(const Call& call) {
  std::string out = fmt::format("{}={}.{}", call.as, call.object, call.operation);
  for (const Expr& arg : call.args) out += " " + Dump(arg);
  for (const auto& [key, value] : call.kwargs) out += " " + key + "=" + Dump(value);
  return out;
}

std::string Dump(const Expectation& expectation) {
  std::string out = "expects";
  for (const Expected& one : expectation.alternatives) {
    out += fmt::format(" [{} {} {} {} {} {}]", static_cast<int>(one.kind), Dump(one.value),
                       one.type_of_value, one.type, one.errno_value.value_or(-1),
                       one.message.value_or("-"));
  }
  return out + fmt::format(" {}", expectation.after ? expectation.after->count() : -1);
}

std::string Dump(const std::optional<Expectation>& expectation) {
  return expectation ? Dump(*expectation) : "no expectation";
}

// What a step is but for its actors, and these.
struct Parts {
  std::string what;
  std::vector<std::string> actors;
};

class Dumper {
 public:
  Parts operator()(const Do& s) const {
    return {"do " + Dump(s.call) + " " + Dump(s.expectation), s.actors};
  }
  Parts operator()(const Await& s) const { return {"await " + Dump(s.expectation), s.actors}; }
  Parts operator()(const OneOf& s) const {
    return {fmt::format("one of {} {} {} {}", fmt::join(s.actors, "|"), Dump(s.expectation),
                        s.winner, fmt::join(s.others, " ")),
            {""}};
  }
  Parts operator()(const StillBlocked& s) const { return {"still blocked", s.actors}; }
  Parts operator()(const Handled& s) const { return {"handled " + s.signal, {s.actor}}; }
  Parts operator()(const Died& s) const { return {"died " + s.signal, s.actors}; }
  Parts operator()(const Exited& s) const { return {fmt::format("exited {}", s.status), s.actors}; }
  Parts operator()(const Create& s) const {
    return {fmt::format("create {} {} {}", static_cast<int>(s.how), s.parent, Dump(s.expectation)),
            s.children};
  }
  Parts operator()(const OnSignal& s) const {
    return {fmt::format("on {} {} {} {} {}", s.signal, static_cast<int>(s.action), s.type,
                        Dump(s.call), s.restart),
            {s.actor}};
  }
  Parts operator()(const SendSignal& s) const {
    return {fmt::format("send {} {}", s.signal, static_cast<int>(s.how)), s.actors};
  }
  Parts operator()(const Arm& s) const {
    return {fmt::format("arm {} {} {} {} {} {} {}", static_cast<int>(s.how), s.signal, s.syscall, s.at_exit, s.ordinal,
                        s.and_later, s.errno_name),
            s.actors};
  }
  Parts operator()(const Together& s) const {
    return {"together\n" + DumpSteps(s.steps) + "end", {""}};
  }
  Parts operator()(const Hammer& s) const {
    return {fmt::format("hammer {} {}", s.object, s.rounds), s.actors};
  }
  Parts operator()(const HammerResult& s) const {
    return {fmt::format("hammered {} {} {} {}", s.entries.value_or(-1), s.counter.value_or(-1),
                        s.inside_at_most.value_or(-1), s.value.value_or(-1)),
            {""}};
  }
  Parts operator()(const Left& s) const {
    std::string out = "left";
    for (const Expr& name : s.names) out += " " + Dump(name);
    return {out, {""}};
  }
  Parts operator()(const Machine& s) const {
    return {fmt::format("machine {} {} {} {} {}", s.size_bytes.value_or(-1), s.inodes.value_or(-1),
                        s.full, s.read_only, s.absent),
            {""}};
  }
};

}  // namespace

std::string DumpSteps(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    const Parts parts = std::visit(Dumper(), step.what);
    for (const std::string& actor : parts.actors) {
      out += fmt::format("{}: {} when {}\n", actor, parts.what, step.condition.text);
    }
  }
  return out;
}

}  // namespace lockstep
