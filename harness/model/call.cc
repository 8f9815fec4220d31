// SPDX-License-Identifier: MIT
#include "harness/model/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lockstep::model {
namespace {

// A value of an object that only the implementation knows, and of which the model knows what it
// stands for.
Value HandleOf(int semaphore) { return Value(Object{fmt::format("handle of {}", semaphore)}); }

std::optional<Value> Attribute(const Kept& object, const std::string& name) {
  if (const auto* lock = std::get_if<SemLock>(&object)) {
    if (name == "kind") return Value(lock->kind);
    if (name == "maxvalue") return Value(lock->maxvalue);
    if (name == "name") return lock->name ? Value(*lock->name) : Value(None{});
    if (name == "handle") return HandleOf(lock->semaphore);
  }
  if (const auto* memory = std::get_if<SharedMemory>(&object)) {
    if (name == "name") return Value(memory->name);
  }
  return std::nullopt;
}

const Kept* FindObject(const State& state, const std::string& actor, const std::string& name) {
  const auto& objects = state.ProcessOf(actor).objects;
  const auto found = objects.find(name);
  return found == objects.end() ? nullptr : &found->second;
}

std::optional<Way> CallAny(const State& state, const std::string& actor, const Call& call) {
  if (call.operation == "nop") return Returns(state, None{}, rules::kNothing);
  const Kept* object = call.object.empty() ? nullptr : FindObject(state, actor, call.object);
  if (object == nullptr) return std::nullopt;
  if (call.operation == "del") {
    // The semaphore goes under the hands of one that was rebuilt from its handle alone.
    if (const auto* lock = std::get_if<SemLock>(object)) {
      for (const auto& [name, other] : state.ProcessOf(actor).objects) {
        const auto* sharer = std::get_if<SemLock>(&other);
        if (sharer != nullptr && sharer != lock && sharer->semaphore == lock->semaphore &&
            (!sharer->name || !lock->name))
          return std::nullopt;
      }
    }
    State next = state;
    next.ProcessOf(actor).objects.erase(call.object);
    return Returns(std::move(next), None{}, rules::kNothing);
  }
  if (call.operation != "get" || call.args.size() != 1) return std::nullopt;
  const auto* name = call.args[0].value.If<std::string>();
  const auto value = name == nullptr ? std::nullopt : Attribute(*object, *name);
  if (!value) return std::nullopt;
  Way way = value->If<Object>() != nullptr ? ReturnsSomething(state, rules::kAttribute)
                                                      : Returns(state, *value, rules::kAttribute);
  if (!call.as.empty()) way.next.ProcessOf(actor).values[call.as] = *value;
  return way;
}

}  // namespace

std::optional<Value> Evaluate(const State& state, const std::string& actor, const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kLiteral:
      return expr.value;
    case Expr::Kind::kFreshName: {
      const bool bare = expr.name.starts_with("BARE");
      return Value(bare ? "NAME" + expr.name.substr(4) : "/" + expr.name);
    }
    case Expr::Kind::kVariable: {
      const std::string& owner = expr.actor.empty() ? actor : expr.actor;
      if (!state.Has(owner)) return std::nullopt;
      const auto& values = state.ProcessOf(owner).values;
      if (const auto found = values.find(expr.name); found != values.end()) return found->second;
      return Value(Ref{expr.name});
    }
    case Expr::Kind::kAttribute: {
      const Expr& of = expr.operands[0];
      const std::string& owner = of.actor.empty() ? actor : of.actor;
      const Kept* object = state.Has(owner) ? FindObject(state, owner, of.name) : nullptr;
      return object == nullptr ? std::nullopt : Attribute(*object, expr.name);
    }
    case Expr::Kind::kConcat: {
      const auto left = Evaluate(state, actor, expr.operands[0]);
      const auto right = Evaluate(state, actor, expr.operands[1]);
      const auto* one = left ? left->If<std::string>() : nullptr;
      const auto* other = right ? right->If<std::string>() : nullptr;
      if (one == nullptr || other == nullptr) return std::nullopt;
      return Value(*one + *other);
    }
    default:
      return std::nullopt;
  }
}

Arguments Bind(const State& state, const std::string& actor, const Call& call,
               const std::vector<std::string>& parameters, std::size_t required) {
  Arguments bound;
  bound.values.resize(parameters.size());
  bound.fits = call.args.size() <= parameters.size();
  const auto take = [&](std::size_t at, const Expr& expr) {
    bound.fits = bound.fits && !bound.values[at];
    bound.values[at] = Evaluate(state, actor, expr);
    bound.known = bound.known && bound.values[at];
  };
  for (std::size_t i = 0; i < std::min(call.args.size(), parameters.size()); ++i) take(i, call.args[i]);
  for (const auto& [name, expr] : call.kwargs) {
    const auto found = std::find(parameters.begin(), parameters.end(), name);
    if (found == parameters.end()) {
      bound.fits = false;
    } else {
      take(static_cast<std::size_t>(found - parameters.begin()), expr);
    }
  }
  for (std::size_t i = 0; i < required; ++i) bound.fits = bound.fits && bound.values[i];
  return bound;
}

std::optional<Way> MakeCall(const State& state, const std::string& actor, const Call& call) {
  // What becomes of an object that is let go of while somebody waits on it is another matter.
  const std::string& gone = call.operation == "del" ? call.object : call.as;
  for (const auto& [name, thread] : state.threads) {
    if (thread.process == state.At(actor).process && thread.wait && thread.wait->object == gone)
      return std::nullopt;
  }
  if (auto way = CallAny(state, actor, call)) return way;
  if (auto way = CallSemLock(state, actor, call)) return way;
  if (auto way = CallShm(state, actor, call)) return way;
  return CallSharedMemory(state, actor, call);
}

Way Returns(State next, Value value, const Rule& rule) {
  return {Outcome{Actual(std::move(value)), &rule}, std::move(next)};
}

Way ReturnsSomething(State next, const Rule& rule) {
  return {Outcome{std::nullopt, &rule}, std::move(next)};
}

Way Raises(const State& state, const std::string& type, const std::string& message, const Rule& rule) {
  return {Outcome{Actual(Raised{type, message, std::nullopt}), &rule}, state};
}

Way RaisesErrno(const State& state, int errno_value, const Rule& rule) {
  return {Outcome{Actual(Raised{"OSError", "", errno_value}), &rule}, state};
}

bool Truth(const Value& value) {
  if (value.If<None>() != nullptr) return false;
  if (const auto* b = value.If<bool>()) return *b;
  if (const auto* i = value.If<std::int64_t>()) return *i != 0;
  if (const auto* f = value.If<double>()) return *f != 0;
  if (const auto* s = value.If<std::string>()) return !s->empty();
  if (const auto* b = value.If<Bytes>()) return !b->data.empty();
  if (const auto* l = value.If<List>()) return !l->items.empty();
  if (const auto* t = value.If<Tuple>()) return !t->items.empty();
  return true;
}

std::optional<std::string> PlainName(const Value& value) {
  const auto* text = value.If<std::string>();
  if (text == nullptr) return std::nullopt;
  const std::string rest = text->substr(std::min(text->find_first_not_of('/'), text->size()));
  constexpr std::size_t kSurelyShort = 100;
  const bool plain = !rest.empty() && rest.size() <= kSurelyShort && rest.front() != '.' &&
                     !rest.starts_with("sem.") && std::all_of(rest.begin(), rest.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
                     });
  if (!plain) return std::nullopt;
  return "/" + rest;
}

}  // namespace lockstep::model
