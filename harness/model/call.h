// SPDX-License-Identifier: MIT
// What a call does in one state. Internal to the model.
#ifndef LOCKSTEP_HARNESS_MODEL_CALL_H_
#define LOCKSTEP_HARNESS_MODEL_CALL_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/state.h"

namespace lockstep::model {

// Nothing: the model does not know this call, or not with these arguments.
std::optional<Way> MakeCall(const State& state, const std::string& actor, const Call& call);

// The value of an expression in the process of `actor`; nothing: not known.
std::optional<Value> Evaluate(const State& state, const std::string& actor, const Expr& expr);

// The thread `actor` takes a unit of the semaphore that it waits on.
void TakeUnit(State* state, const std::string& actor);

// A call's arguments by the names of its parameters, as Python binds them. `known`: every value is.
struct Arguments {
  bool known = true;
  bool fits = true;  // number and names; else it is a TypeError
  std::vector<std::optional<Value>> values;  // by parameter; nothing: not given
};
Arguments Bind(const State& state, const std::string& actor, const Call& call,
               const std::vector<std::string>& parameters, std::size_t required);

// The families of calls. Nothing: not one of these, or not known.
std::optional<Way> CallSemLock(const State& state, const std::string& actor, const Call& call);
std::optional<Way> CallShm(const State& state, const std::string& actor, const Call& call);
std::optional<Way> CallSharedMemory(const State& state, const std::string& actor, const Call& call);

// What they have in common.
//
// Bytes that every machine has room for; of more the model has no opinion.
inline constexpr std::int64_t kSurelyFits = 1 << 20;
Way Returns(State next, Value value, const Rule& rule);
Way ReturnsSomething(State next, const Rule& rule);
Way Raises(const State& state, const std::string& type, const std::string& message, const Rule& rule);
Way RaisesErrno(const State& state, int errno_value, const Rule& rule);
// Whether Python takes it for true.
bool Truth(const Value& value);
// "/NAME" as a file of /dev/shm is looked for, without regard to leading slashes; nothing: a name
// whose fate the model does not know.
std::optional<std::string> PlainName(const Value& value);

}  // namespace lockstep::model

#endif  // LOCKSTEP_HARNESS_MODEL_CALL_H_
