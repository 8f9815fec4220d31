// SPDX-License-Identifier: MIT
#include "harness/scenario/python_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "harness/scenario/python_runtime.h"
#include "harness/scenario/words.h"

namespace lockstep {
namespace {

// Longer runs of one character are written as a product.
constexpr std::size_t kLongRun = 40;

std::string Quoted(const std::string& text) {
  const std::string repr = Value(text).Repr();
  std::string in_double = "\"" + text + "\"";
  // "it's" reads better than 'it\'s', where nothing else had to be escaped.
  const auto quotes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\''));
  const bool only_quotes =
      repr.size() == text.size() + 2 + quotes && text.find('"') == std::string::npos;
  return quotes > 0 && only_quotes ? in_double : repr;
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + Quoted(text);
  return "[" + out + "]";
}

std::string LiteralText(const Value& value) {
  const auto* text = value.If<std::string>();
  if (text == nullptr) return value.Repr();
  const bool run =
      text->size() > kLongRun && text->find_first_not_of(text->front()) == std::string::npos;
  return run ? Quoted(text->substr(0, 1)) + fmt::format(" * {}", text->size()) : Quoted(*text);
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

// Without the license line, which the script has at its top.
std::string_view Body(std::string_view file) { return file.substr(file.find('\n') + 1); }

// Writes the function `transcript` line by line. The first step that no script can do is kept as
// the error.
class ScriptWriter {
 public:
  explicit ScriptWriter(const Scenario& scenario) : scenario_(scenario) {}

  Result<std::string> Write(const Platform& platform) {
    const std::vector<const Step*> steps = scenario_.StepsFor(platform);
    CountHammers(steps);
    for (const Step* step : steps) {
      step_ = step;
      std::visit([&](const auto& what) { Write(what); }, step->what);
    }
    if (error_) return tl::unexpected<Error>(*error_);
    std::string out = "#!/usr/bin/env python3\n# SPDX-License-Identifier: MIT\n";
    out += fmt::format("# {}\n# {}\n# Source: {}\n", scenario_.name, OneLine(scenario_.says),
                       OneLine(scenario_.source));
    out += fmt::format(
        "# As CPython {} has it. Needs Linux and Python 3.8 or newer. Exits with status 1 at the "
        "first step that is not as expected.\n\n\n",
        platform.like.Text());
    out += "def transcript():\n" + (body_.empty() ? "    pass\n" : body_) + "\n\n";
    out += Body(PythonRuntime());
    if (slots_ > 0) out += fmt::format("\n\n{}", Body(PythonHammer()));
    const std::vector<std::string> names(names_.begin(), names_.end());
    out += fmt::format("\n\nif __name__ == \"__main__\":\n    run(transcript, {}, {})\n", actors_,
                       QuotedList(names));
    return out;
  }

 private:
  // Values of other processes that a call needs, under the names that it has for them.
  using Given = std::map<std::string, std::string>;

  void Line(const std::string& line) { body_ += "    " + line + "\n"; }

  void Fail(const std::string& why) {
    if (error_) return;
    error_ = Error{fmt::format("{}:{}: no Python script can do '{}': {}", scenario_.file,
                               step_->position.line, ToText(*step_), why),
                   ""};
  }

  // `line` for each of the actors; it has {} where the actor stands.
  void ForEach(const std::vector<std::string>& actors, const std::string& before,
               const std::string& after) {
    if (actors.size() == 1) {
      Line(before + Quoted(actors.front()) + after);
      return;
    }
    Line("for actor in " + QuotedList(actors) + ":");
    Line("    " + before + "actor" + after);
  }

  // --- Expressions ---

  // As the actor's process has it: its names stand for its objects.
  std::string InCall(const Expr& expr, Given* given) {
    switch (expr.kind) {
      case Expr::Kind::kLiteral:
        return LiteralText(expr.value);
      case Expr::Kind::kFreshName:
        names_.insert(expr.name);
        return expr.name;
      case Expr::Kind::kScript:
        return Quoted(scenario_.script);
      case Expr::Kind::kVariable: {
        if (expr.actor.empty()) return expr.name;
        std::string name = expr.actor + "__" + expr.name;
        (*given)[name] = fmt::format("value('{}', '{}')", expr.actor, expr.name);
        return name;
      }
      case Expr::Kind::kAttribute: {
        const Expr& object = expr.operands.at(0);
        if (object.actor.empty()) return object.name + "." + expr.name;
        std::string name = object.actor + "__" + object.name + "__" + expr.name;
        (*given)[name] = fmt::format("value('{}', '{}.{}')", object.actor, object.name, expr.name);
        return name;
      }
      default:
        return Compound(expr, [&](const Expr& part) { return InCall(part, given); });
    }
  }

  // As the script itself has it, which knows no objects. `actor`: whose step it is, as Python.
  std::string InScript(const Expr& expr, const std::string& actor) {
    switch (expr.kind) {
      case Expr::Kind::kLiteral:
        return LiteralText(expr.value);
      case Expr::Kind::kFreshName:
        return "fresh('" + expr.name + "')";
      case Expr::Kind::kVariable:
        return fmt::format("value({}, '{}')", expr.actor.empty() ? actor : Quoted(expr.actor),
                           expr.name);
      case Expr::Kind::kAttribute: {
        const Expr& object = expr.operands.at(0);
        return fmt::format("value({}, '{}.{}')",
                           object.actor.empty() ? actor : Quoted(object.actor), object.name,
                           expr.name);
      }
      default:
        return Compound(expr, [&](const Expr& part) { return InScript(part, actor); });
    }
  }

  template <class Part>
  static std::string Compound(const Expr& expr, Part&& part) {
    if (expr.kind == Expr::Kind::kConcat)
      return part(expr.operands.at(0)) + " + " + part(expr.operands.at(1));
    if (expr.kind == Expr::Kind::kRepeat)
      return "(" + part(expr.operands.at(0)) + ") * " + part(expr.operands.at(1));
    std::string items;
    for (const Expr& item : expr.operands) items += (items.empty() ? "" : ", ") + part(item);
    if (expr.kind == Expr::Kind::kList) return "[" + items + "]";
    return "(" + items + (expr.operands.size() == 1 ? ",)" : ")");
  }

  // --- Calls and outcomes ---

  std::string Source(const Call& call, Given* given) {
    const std::string as = call.as.empty() ? "" : call.as + " = ";
    if (call.operation == "SemLock.unnamed") Fail("Python has no unnamed semaphores");
    if (call.operation == "end") Fail("an actor's thread ends with its process only");
    if (call.operation.ends_with(".attach")) Fail("Python has no such function");
    if (call.operation == "del") return "del " + call.object;
    if (call.operation == "get")
      return as + call.object + "." + *call.args.at(0).value.If<std::string>();
    if (call.operation == "read") {
      return fmt::format("{}bytes({}.buf[{}:{}])", as, call.object, InCall(call.args.at(0), given),
                         InCall(call.args.at(1), given));
    }
    if (call.operation == "write") return ToText(call);
    std::string arguments;
    for (const Expr& arg : call.args)
      arguments += (arguments.empty() ? "" : ", ") + InCall(arg, given);
    for (const auto& [key, arg] : call.kwargs) {
      arguments += (arguments.empty() ? "" : ", ") + key + "=" + InCall(arg, given);
    }
    return as + (call.object.empty() ? "" : call.object + ".") + call.operation + "(" + arguments +
           ")";
  }

  static std::string GivenText(const Given& given) {
    std::string out;
    for (const auto& [name, value] : given) out += fmt::format(", {}={}", name, value);
    return out;
  }

  std::string ExpectedText(const Expected& expected, const std::string& actor) {
    switch (expected.kind) {
      case Expected::Kind::kBlocked:
        return "blocked";
      case Expected::Kind::kDies:
        Fail("it ends the process that it is called in");
        return "";
      case Expected::Kind::kUnsupported:
        Fail("Python supports everything");
        return "";
      case Expected::Kind::kReturned:
        if (expected.type_of_value == "...") return "anything";
        if (expected.type_of_value == "like")
          return "returns_like(" + InScript(expected.value, actor) + ")";
        if (!expected.type_of_value.empty()) return "returns_a(" + expected.type_of_value + ")";
        return "returns(" + InScript(expected.value, actor) + ")";
      case Expected::Kind::kRaised:
        break;
    }
    std::string out = "raises('" + expected.type + "'";
    if (expected.message) out += ", " + Quoted(*expected.message);
    const transcript::ExceptionName* type = transcript::FindException(expected.type);
    if (expected.errno_value) {
      out += ", errno=errno." + transcript::ErrnoName(*expected.errno_value);
    } else if (type != nullptr && type->is_os_error) {
      out += ", any_errno=True";
    }
    return out + ")";
  }

  // ", returns(True), after=0.05"; nothing where nothing is expected.
  std::string ExpectationText(const std::optional<Expectation>& expectation,
                              const std::string& actor) {
    if (!expectation) return "";
    std::string out;
    for (const Expected& one : expectation->alternatives) {
      out += (out.empty() ? ", " : " | ") + ExpectedText(one, actor);
    }
    if (expectation->after) {
      out += fmt::format(", after={}", static_cast<double>(expectation->after->count()) / 1e9);
    }
    return out;
  }

  static std::string ActorText(const std::vector<std::string>& actors) {
    return actors.size() == 1 ? Quoted(actors.front()) : "actor";
  }

  // --- Steps ---

  void Write(const Do& what) {
    if (what.call.operation == "exit") {
      ForEach(what.actors, "leave(",
              fmt::format(", {})", *what.call.args.at(0).value.If<std::int64_t>() & 0xff));
      return;
    }
    Given given;
    const std::string source = Source(what.call, &given);
    ForEach(what.actors, "do(",
            ", " + Quoted(source) + ExpectationText(what.expectation, ActorText(what.actors)) +
                GivenText(given) + ")");
  }
  void Write(const Await& what) {
    ForEach(what.actors, "finish(",
            ExpectationText(what.expectation, ActorText(what.actors)) + ")");
  }
  void Write(const OneOf& what) {
    std::string line = "one_of(" + QuotedList(what.actors);
    line += ExpectationText(Expectation{what.expectation.alternatives, std::nullopt, ""},
                            Quoted(what.actors.front()));
    if (!what.winner.empty()) line += ", " + Quoted(what.winner);
    if (!what.others.empty()) line += ", " + QuotedList(what.others);
    if (what.expectation.after) {
      line += fmt::format(", after={}", static_cast<double>(what.expectation.after->count()) / 1e9);
    }
    Line(line + ")");
  }
  void Write(const StillBlocked& what) { ForEach(what.actors, "still_blocked(", ")"); }
  void Write(const Handled& what) { Line("handled('" + what.actor + "', '" + what.signal + "')"); }
  void Write(const Died& what) { ForEach(what.actors, "died(", ", '" + what.signal + "')"); }
  void Write(const Exited& what) {
    ForEach(what.actors, "exited(", fmt::format(", {})", what.status));
  }
  void Write(const Create& what) {
    actors_ += what.children.size();
    if (what.how == Create::How::kThread)
      threads_.insert(what.children.begin(), what.children.end());
    const std::string parent = Quoted(what.parent) + ", ";
    const std::string expectation = ExpectationText(what.expectation, Quoted(what.parent));
    switch (what.how) {
      case Create::How::kFork:
        ForEach(what.children, "fork(" + parent, ")");
        break;
      case Create::How::kThread:
        ForEach(what.children, "thread(" + parent, ")");
        break;
      case Create::How::kSpawn:
        ForEach(what.children, "spawn(" + parent, expectation + ")");
        break;
      case Create::How::kStart:
        ForEach(what.children, "start(", ")");
        break;
    }
  }
  void Write(const OnSignal& what) {
    if (threads_.count(what.actor) != 0) Fail("Python installs handlers in the main thread only");
    std::string line = "on('" + what.actor + "', '" + what.signal + "', ";
    Given given;
    switch (what.action) {
      case OnSignal::Action::kReturn:
        line += "'return'";
        break;
      case OnSignal::Action::kRaise:
        line += "'raise', '" + what.type + "'";
        break;
      case OnSignal::Action::kCall:
        line += "'call', " + Quoted(Source(what.call, &given));
        break;
      case OnSignal::Action::kIgnore:
        line += "'ignore'";
        break;
      case OnSignal::Action::kDefault:
        line += "'default'";
        break;
    }
    if (!given.empty()) Fail("its handler needs another process's values");
    Line(line + (what.restart ? ", restart=True)" : ")"));
  }
  void Write(const SendSignal& what) {
    const std::string signal = ", '" + what.signal + "')";
    switch (what.how) {
      case SendSignal::How::kKill:
        ForEach(what.actors, "kill(", signal);
        break;
      case SendSignal::How::kSignal:
        ForEach(what.actors, "interrupt(", signal);
        break;
      case SendSignal::How::kStop:
        ForEach(what.actors, "stop(", ")");
        break;
      case SendSignal::How::kCont:
        ForEach(what.actors, "cont(", ")");
        break;
    }
  }
  void Write(const Arm&) { Fail("it stands between two system calls of another process"); }
  void Write(const Together& what) {
    std::vector<std::pair<std::vector<std::string>, std::string>> ends;
    for (const Step& step : what.steps) {
      if (const auto* hammer = std::get_if<Hammer>(&step.what)) {
        for (const std::string& actor : hammer->actors)
          Line("begin('" + actor + "', '" + HammerSource(*hammer, actor) + "')");
        ends.emplace_back(hammer->actors, ")");
      } else if (const auto* call = std::get_if<Do>(&step.what)) {
        Given given;
        const std::string source = Quoted(Source(call->call, &given));
        ForEach(call->actors, "begin(", ", " + source + GivenText(given) + ")");
        ends.emplace_back(call->actors,
                          ExpectationText(call->expectation, ActorText(call->actors)) + ")");
      }
    }
    for (const auto& [actors, end] : ends) ForEach(actors, "finish(", end);
  }
  void Write(const Hammer& what) {
    for (const std::string& actor : what.actors)
      Line("do('" + actor + "', '" + HammerSource(what, actor) + "')");
  }
  void Write(const HammerResult& what) {
    std::string line = "hammered('" + hammerer_ + "', '" + hammered_ + "'";
    const auto add = [&](const char* name, const std::optional<long>& value) {
      if (value) line += fmt::format(", {}={}", name, *value);
    };
    add("entries", what.entries);
    add("counter", what.counter);
    add("inside", what.inside_at_most);
    add("value", what.value);
    Line(line + ")");
  }
  void Write(const Left& what) {
    std::string line;
    for (const Expr& name : what.names) line += (line.empty() ? "" : ", ") + InScript(name, "'p'");
    Line("left(" + line + ")");
  }
  void Write(const Machine&) { Fail("it needs a /dev/shm of its own"); }

  // --- Hammers ---

  void CountHammers(const std::vector<const Step*>& steps) {
    for (const Step* step : steps) {
      if (const auto* hammer = std::get_if<Hammer>(&step->what)) slots_ += hammer->actors.size();
      const auto* together = std::get_if<Together>(&step->what);
      if (together == nullptr) continue;
      for (const Step& inner : together->steps) {
        if (const auto* hammer = std::get_if<Hammer>(&inner.what)) slots_ += hammer->actors.size();
      }
    }
  }

  std::string HammerSource(const Hammer& what, const std::string& actor) {
    hammerer_ = actor;
    hammered_ = what.object;
    return fmt::format("hammer({}, {}, {}, {})", what.object, what.rounds, next_slot_++, slots_);
  }

  const Scenario& scenario_;
  const Step* step_ = nullptr;
  std::optional<Error> error_;
  std::string body_;
  std::set<std::string> names_;  // fresh ones that calls use
  std::set<std::string> threads_;
  std::size_t actors_ = 1;
  std::size_t slots_ = 0;
  std::size_t next_slot_ = 0;
  std::string hammerer_;  // the actor and the object of the last hammer
  std::string hammered_;
};

}  // namespace

Result<std::string> ToPythonScript(const Scenario& scenario, const Platform& platform) {
  if (!scenario.condition.Holds(platform)) {
    return Fail(
        fmt::format("{} is for other platforms: when {}", scenario.name, scenario.condition.text));
  }
  return ScriptWriter(scenario).Write(platform);
}

}  // namespace lockstep
