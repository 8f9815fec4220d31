// SPDX-License-Identifier: MIT
// A scenario as the engine sees it: which actor does what, and what comes of it. Plain data, made
// by the parser from scenarios/*.toml (the language: scenarios/LANGUAGE.md) or built by a program
// (a fuzzer).
#ifndef LOCKSTEP_HARNESS_SCENARIO_SCENARIO_H_
#define LOCKSTEP_HARNESS_SCENARIO_SCENARIO_H_

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/protocol/value.h"
#include "harness/text/source.h"

namespace lockstep {

// --- Versions
// -------------------------------------------------------------------------------------

// A dotted version, compared number by number: 3.9 < 3.14; missing parts are 0.
struct Version {
  std::vector<int> parts;
  static std::optional<Version> Parse(const std::string& text);
  std::string Text() const;
};
std::strong_ordering operator<=>(const Version& a, const Version& b);
bool operator==(const Version& a, const Version& b);

// What conditions are asked about: the CPython version that an implementation is held to, and the C
// library that it runs on ("glibc", "musl"; empty where unknown: then no condition on it holds).
struct Platform {
  Version like;
  std::string libc;
  Version libc_version;
  // Of the actors that `start w on B` starts, and those that they make, where two implementations
  // are run together; null: the same.
  std::shared_ptr<const Platform> other = nullptr;
};

// `when >= 3.12`, `when glibc < 2.41`, joined by `and`. Empty: always.
struct Condition {
  enum class Op { kLess, kLessEqual, kEqual, kNotEqual, kGreaterEqual, kGreater };
  struct Term {
    std::string subject;  // "python" or a C library's name
    Op op;
    Version version;
  };
  std::vector<Term> terms;
  std::string text;  // as written, for messages

  bool Holds(const Platform& platform) const;
};

// --- Expressions
// ----------------------------------------------------------------------------------

// An argument or an expected value. Constants are folded by the parser; what is left is known at
// run time only: fresh names, captured variables, attributes of another process's object.
struct Expr {
  enum class Kind {
    kLiteral,    // value
    kFreshName,  // NAME, NAME2 …: name = "NAME2"; with a leading slash. BARE, BARE2 …: the same
                 // without
    kVariable,   // name, of process `actor` (empty: of the actor whose step this is): a captured
                 // value or an object
    kAttribute,  // operands[0] (a kVariable) . name
    kConcat,     // operands[0] + operands[1], two strings
    kRepeat,     // operands[0] * operands[1], string and int
    kList,
    kTuple,
    kScript,  // SCRIPT: the scenario's own `script`
  };
  Kind kind = Kind::kLiteral;
  Value value;
  std::string actor;
  std::string name;
  std::vector<Expr> operands;
  Position position;
};

struct Call {
  // Keep the result under this name: an object in the adapter's process, a plain value with the
  // engine.
  std::string as;
  // The object that it is done on; empty for functions and constructors.
  std::string object;
  // An operation of impl/adapters/PROTOCOL.md, section 5. `s.kind` is operation "get" with the
  // argument 'kind'; `m.buf[a:b]` is "read"; `m.buf[a:b] = x` is "write"; `del s` is "del".
  std::string operation;
  std::vector<Expr> args;
  std::vector<std::pair<std::string, Expr>> kwargs;
  Position position;
};

// --- What is expected
// -----------------------------------------------------------------------------

// One outcome that is right. Type and errno are always judged, a message only where written.
struct Expected {
  enum class Kind { kReturned, kRaised, kBlocked, kUnsupported, kDies };
  Kind kind = Kind::kReturned;
  Expr value;  // kReturned, unless:
  std::string
      type_of_value;  // kReturned: `-> int`, `-> str` …, any value of that type; "..." any value;
                      // "like": a text that matches `value`, in which `...` stands for any text
  std::string type;   // kRaised: Python's name. kDies: the signal that ends its process
  std::optional<int> errno_value;  // kRaised: for an OSError always there, but for `OSError any`
  std::optional<std::string> message;  // kRaised: `...` in it matches any text
};

struct Expectation {
  std::vector<Expected> alternatives;             // `or`; never empty
  std::optional<std::chrono::nanoseconds> after;  // judged against the adapter's own stamps
  std::string text;                               // as written: "-> False after 50ms"
};

// --- Steps
// ----------------------------------------------------------------------------------------

// `A CALL`, with or without an outcome. None written: it must not raise.
struct Do {
  std::vector<std::string> actors;  // more than one for a group: one after the other
  Call call;
  std::optional<Expectation> expectation;
};
// `A returns V`, `A raises T`: the call in flight ends so.
struct Await {
  std::vector<std::string> actors;
  Expectation expectation;
};
// `a|b|c returns True as w, other l, m`: exactly one of the calls in flight ends, and so. `as` and
// `other` are optional.
struct OneOf {
  std::vector<std::string> actors;
  Expectation expectation;
  std::string winner;
  std::vector<std::string> others;  // all the rest, in the order of `actors`; or empty
};
struct StillBlocked {
  std::vector<std::string> actors;
};
struct Handled {
  std::string actor;
  std::string signal;  // "SIGUSR1"
};
// `A died SIGKILL`: the process of A ends so.
struct Died {
  std::vector<std::string> actors;
  std::string signal;
};
struct Exited {
  std::vector<std::string> actors;
  int status = 0;
};
// New actors. kStart: the harness launches the adapter's command once more; parent is empty.
struct Create {
  enum class How { kFork, kSpawn, kThread, kStart };
  How how = How::kFork;
  bool on_other = false;  // kStart, `on B`: the other implementation's, where two are run together
  std::string parent;
  std::vector<std::string> children;
  std::optional<Expectation> expectation;  // kSpawn: `raises …` when rebuilding is to fail
};
struct OnSignal {
  std::string actor;
  std::string signal;
  enum class Action { kReturn, kRaise, kCall, kIgnore, kDefault };
  Action action = Action::kReturn;
  std::string type;  // kRaise
  Call call;         // kCall
  bool restart = false;
};
// `kill A SIGKILL` (the process of A), `signal A SIGUSR1` (its thread), `stop A`, `cont A` (its
// process).
struct SendSignal {
  std::vector<std::string> actors;
  std::string signal;
  enum class How { kKill, kSignal, kStop, kCont } how = How::kKill;
};
// `kill A at futex:exit#1`, `signal A SIGUSR1 at futex:entry#1`, `fail A at openat#2 with ENOSPC`,
// `trace A`: what befalls the next call of A, at one of its system calls.
struct Arm {
  std::vector<std::string> actors;
  enum class How {
    kKill,    // its process gets SIGKILL while its thread stands there
    kSignal,  // its thread gets `signal` there, once
    kFail,    // that system call is not made, and fails
    kTrace,   // nothing: its system calls are recorded
  } how = How::kTrace;
  std::string signal;
  std::string syscall;  // "futex"; empty for kTrace
  bool at_exit = false;
  int ordinal = 1;          // of this system call within the call, from 1
  bool and_later = false;   // kFail, `#2..`: that one and every later one
  std::string errno_name;   // kFail
};
// `together { … }`: every call is sent before any answer is awaited.
struct Together {
  std::vector<struct Step> steps;  // Do and Hammer only
};
// `A hammer s 1000`
struct Hammer {
  std::vector<std::string> actors;
  std::string object;
  int rounds = 0;
};
// `hammer: entries 8000, counter 8000, inside <= 3, value 3`: what all hammers since the last such
// line did together.
struct HammerResult {
  std::optional<long> entries;
  std::optional<long> counter;
  std::optional<long> inside_at_most;
  std::optional<long> value;
};
// `left NAME`: these names remain and are to remain. Anything else that is left fails cleanliness.
struct Left {
  std::vector<Expr> names;  // kFreshName, or kConcat over one
};
// `machine shm size=4K inodes=8 full`: a /dev/shm of this kind for this scenario; needs a
// namespace.
struct Machine {
  std::optional<long> size_bytes;
  std::optional<long> inodes;
  bool full = false;  // filled to the last block
  bool read_only = false;
  bool absent = false;  // no /dev/shm at all
};

struct Step {
  std::variant<Do, Await, OneOf, StillBlocked, Handled, Died, Exited, Create, OnSignal, SendSignal,
               Arm, Together, Hammer, HammerResult, Left, Machine>
      what;
  Position position;
  std::string text;     // as written, without comment and condition, blanks folded
  Condition condition;  // the step is there only when it holds
  int interleaving = 0;  // the block of `interleave { … }` that it stands in, from 1; 0: none
};

// --- Scenarios
// ------------------------------------------------------------------------------------

enum class Level { kCore, kFull };

struct Scenario {
  std::string name;    // "fork/child-inherits-ownership"; the part before the slash is the area and
                       // the file's stem
  std::string says;    // one sentence: the rule
  std::string source;  // where the rule comes from
  std::set<std::string> rules;  // which of scenarios/behaviours.toml it shows
  std::string script;              // Python source, which steps call SCRIPT; mostly empty
  Level level = Level::kFull;
  std::set<std::string>
      tags;  // "parallel": not pinned to one CPU; "timing" is added when a step has `after`
  std::set<std::string> needs;  // capabilities: those written and those that its steps use
  Condition condition;          // `when`: not for other platforms
  std::vector<Step> steps;
  std::string
      steps_text;  // the transcript as written, placeholders filled in, common indent removed
  std::string file;
  int line = 0;  // of the [[scenario]] table

  std::string Area() const { return name.substr(0, name.find('/')); }
  // The steps whose condition holds on `platform`: on the one of their actor, where there are two.
  std::vector<const Step*> StepsFor(const Platform& platform) const;
  // Whether it has a process of another implementation take part, where two are run together.
  bool IsMixed() const;
  // Whether any step judges elapsed time.
  bool IsTiming() const { return tags.count("timing") != 0; }
};

// A transcript line for a step, as a report prints it. A step or an expectation that has its text
// as written is printed so; one built by a program, without a text, is put into words (for a group
// a line each), and parsing these gives the same.
std::string ToText(const Expr& expr);
std::string ToText(const Call& call);
std::string ToText(const Expectation& expectation);
std::string ToText(const Step& step);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_SCENARIO_H_
