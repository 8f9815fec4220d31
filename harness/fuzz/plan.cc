// SPDX-License-Identifier: MIT
#include "harness/fuzz/plan.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace lockstep::fuzz {
namespace {

// More than these show nothing new, and cost a fork each.
constexpr std::size_t kMostActors = 5;
constexpr std::size_t kMostObjects = 3;
// Where the last that could do something goes to sleep a scenario ends: mostly that is left out.
constexpr int kSeldom = 24;
// A fresh interpreter takes its time.
constexpr int kSpawnsOneIn = 12;

Expr Literal(Value value) {
  Expr expr;
  expr.value = std::move(value);
  return expr;
}

Expr FreshName(const std::string& name) {
  Expr expr;
  expr.kind = Expr::Kind::kFreshName;
  expr.name = name;
  return expr;
}

// As transcripts name a constant's value, which is all that a program needs.
constexpr std::int64_t kMutex = 0;
constexpr std::int64_t kSemaphore = 1;

Call Make(std::string object, std::string operation, std::vector<Expr> args = {}) {
  Call call;
  call.object = std::move(object);
  call.operation = std::move(operation);
  call.args = std::move(args);
  return call;
}

Call Construct(const Setup& setup, const std::string& name, bool unlink, const std::string& as) {
  const std::int64_t kind = setup.kind == std::string("SEMAPHORE") ? kSemaphore : kMutex;
  Call call = Make("", "SemLock",
                   {Literal(Value::Int(kind)), Literal(Value::Int(setup.value)),
                    Literal(Value::Int(setup.maxvalue)), FreshName(name), Literal(unlink)});
  call.as = as;
  return call;
}

Expr Handle(const std::string& object) {
  Expr expr;
  expr.kind = Expr::Kind::kAttribute;
  expr.name = "handle";
  expr.operands.resize(1);
  expr.operands[0].kind = Expr::Kind::kVariable;
  expr.operands[0].name = object;
  return expr;
}

Expr Joined(const Expr& left, const Expr& right) {
  Expr expr;
  expr.kind = Expr::Kind::kConcat;
  expr.operands = {left, right};
  return expr;
}

using Keywords = std::vector<std::pair<std::string, Value>>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Unusual ways to call acquire.
struct OddAcquire {
  std::vector<Value> args;
  Keywords kwargs;
};
const std::vector<OddAcquire>& OddAcquires() {
  static const std::vector<OddAcquire> all = {{{Value::Int(0)}, {}},
                                              {{Value::Int(1), Value(0.0)}, {}},
                                              {{Value(true), Value(std::string("x"))}, {}},
                                              {{Value(None{})}, {}},
                                              {{Value(true), Value(-1.5)}, {}},
                                              {{Value(std::string()), Value(0.001)}, {}},
                                              {{Value(true), Value(0.0), Value(0.0)}, {}},
                                              {{Value(false), Value(60.0)}, {}},
                                              {{Value(true), Value(None{})}, {}},
                                              {{Value(true), Value::Int(60)}, {}},
                                              {{Value(true), Value::Int(0)}, {}},
                                              {{}, {{"block", Value(false)}}},
                                              {{}, {{"block", Value(true)}}},
                                              {{}, {{"blocking", Value(false)}}},
                                              {{}, {{"timeout", Value(None{})}}},
                                              {{}, {{"timeout", Value::Int(60)}}},
                                              {{}, {{"block", Value(false)}, {"timeout", Value(60.0)}}},
                                              {{Value(false)}, {{"block", Value(false)}}},
                                              {{Value(true), Value(kNan)}, {}},
                                              {{Value(false), Value(kNan)}, {}},
                                              {{Value(true), Value(kInfinity)}, {}},
                                              {{Value(true), Value(-kInfinity)}, {}}};
  return all;
}

// Unusual first arguments of SemLock.
const std::vector<std::array<Value, 3>>& OddConstructs() {
  static const std::vector<std::array<Value, 3>> all = {
      {Value::Int(2), Value::Int(1), Value::Int(1)},
      {Value::Int(1), Value::Int(-1), Value::Int(1)},
      {Value(std::string("1")), Value::Int(1), Value::Int(1)},
      {Value::Int(1), Value::Int(std::int64_t{1} << 31), Value::Int(1)},
      {Value::Int(1), Value(1.5), Value::Int(1)},
      {Value::Int(1), Value::Int(32768), Value::Int(32768)},
      {Value::Int(0), Value::Int(0), Value::Int(-1)}};
  return all;
}

constexpr std::int64_t kBlockSize = 4;

// A choice as a call of an actor that could be told to do anything.
class CallMaker {
 public:
  CallMaker(const Writer& writer, const Choice& choice, const std::string& actor, const std::string& object,
            const std::string& name)
      : choice_(choice),
        is_unsure_(writer.IsUnsure(actor)),
        locks_(object.empty() ? writer.ObjectsOf(actor, Writer::Kind::kSemLock) : std::vector<std::string>{object}),
        blocks_(writer.ObjectsOf(actor, Writer::Kind::kSharedMemory)),
        descriptors_(writer.DescriptorsOf(actor)),
        name_(!name.empty() ? name : choice.argument % 2 == 0 ? "NAME" : "NAME2") {}

  std::optional<Call> Take() const {
    if (auto call = OfNone()) return call;
    if (auto call = OfBlock()) return call;
    if (auto call = OfShm()) return call;
    return OfLock();
  }

 private:
  // A name that is free in the actor's process, as far as that is known.
  std::optional<std::string> Fresh(const std::vector<std::string>& taken, const std::array<const char*, 3>& names) const {
    if (is_unsure_ || taken.size() >= kMostObjects) return std::nullopt;
    for (const char* one : names) {
      if (std::find(taken.begin(), taken.end(), one) == taken.end()) return one;
    }
    return std::nullopt;
  }

  // Calls that are on no object.
  std::optional<Call> OfNone() const {
    const auto lock = Fresh(locks_, {"s", "t", "u"});
    const auto block = Fresh(blocks_, {"m", "n", "o"});
    const char* bare = choice_.argument % 2 == 0 ? "BARE4" : "BARE5";
    std::optional<Call> call;
    switch (choice_.action) {
      case Action::kUnlink:
        return Make("", "sem_unlink", {FreshName(name_)});
      case Action::kConstruct:
        if (!lock) return std::nullopt;
        return Construct(SetupOf(choice_.object),
                         choice_.argument % 8 == 5 ? "BARE" + name_.substr(4) : name_, choice_.argument % 4 >= 2, *lock);
      case Action::kRebuild:
        if (!lock) return std::nullopt;
        return Rebuild(*lock);
      case Action::kUnnamed: {
        if (!lock) return std::nullopt;
        const Setup& setup = Setups()[choice_.object % Setups().size()];
        call = Construct(setup, name_, false, *lock);
        call->operation = "SemLock.unnamed";
        call->args.resize(3);
        return call;
      }
      case Action::kOddConstruct: {
        const auto& odd = OddConstructs()[choice_.argument % OddConstructs().size()];
        std::vector<Expr> args = {Literal(odd[0]), Literal(odd[1]), Literal(odd[2]),
                                  FreshName(choice_.object % 3 == 0 ? name_ : "NAME3"), Literal(true)};
        if (choice_.object % 4 == 3) args[3] = Joined(args[3], Literal(std::string("\0x", 2)));
        // Who claims to make such ones is asked for nothing but numbers.
        const bool are_numbers = std::all_of(odd.begin(), odd.end(), [](const Value& value) {
          return value.If<std::int64_t>() != nullptr;
        });
        const bool is_unnamed = choice_.object % 5 == 4 && are_numbers;
        if (is_unnamed) args.resize(3);
        call = Make("", is_unnamed ? "SemLock.unnamed" : "SemLock");
        const std::array<const char*, 5> names = {"kind", "value", "maxvalue", "name", "unlink"};
        for (std::size_t i = 0; i < args.size(); ++i) {
          if (choice_.object % 3 == 2) {
            call->kwargs.emplace_back(names[i], args[i]);
          } else {
            call->args.push_back(args[i]);
          }
        }
        return call;
      }
      case Action::kBlockMake:
      case Action::kBlockAttach:
        if (!block) return std::nullopt;
        call = Make("", "SharedMemory", {FreshName(bare)});
        if (choice_.action == Action::kBlockMake) {
          call->kwargs.emplace_back("create", Literal(true));
          call->kwargs.emplace_back("size", Literal(Value::Int(choice_.object % 8 == 7 ? 0 : kBlockSize)));
        } else if (choice_.object % 4 == 3) {
          // It has the size that it has, whatever is asked for.
          call->kwargs.emplace_back("size", Literal(Value::Int(kBlockSize - 2 + 4 * (choice_.object / 4 % 2))));
        }
        call->as = *block;
        return call;
      default:
        return std::nullopt;
    }
  }

  // One that the first semaphore may have, or one that nobody will exhaust.
  static const Setup& SetupOf(std::size_t number) {
    static const std::array<Setup, 2> large = {{{"SEMAPHORE", 300, 300}, {"SEMAPHORE", 70000, 70000}}};
    number %= Setups().size() + large.size();
    return number < Setups().size() ? Setups()[number] : large[number - Setups().size()];
  }

  // By name, by the handle of what there is, or by both, where the name counts.
  Call Rebuild(const std::string& as) const {
    const bool by_handle = choice_.argument % 4 == 3 && !locks_.empty();
    const bool nameless = by_handle && choice_.argument % 8 == 3;
    const std::int64_t kind = choice_.object % 6 == 5 ? 2 : choice_.object % 2 == 0 ? kSemaphore : kMutex;
    Call call = Make("", "SemLock._rebuild",
                     {by_handle ? Handle(locks_[choice_.object % locks_.size()]) : Literal(Value::Int(0)),
                      Literal(Value::Int(kind)), Literal(Value::Int(1 + choice_.argument / 2 % 2)),
                      nameless ? Literal(None{}) : FreshName(name_)});
    call.as = as;
    return call;
  }

  std::optional<Call> OfBlock() const {
    if (blocks_.empty()) return std::nullopt;
    const std::string& block = blocks_[choice_.object % blocks_.size()];
    const std::int64_t start = choice_.argument % kBlockSize;
    switch (choice_.action) {
      case Action::kBlockRead:
        return Make(block, "read", {Literal(Value::Int(start)), Literal(Value::Int(kBlockSize))});
      case Action::kBlockWrite:
        return Make(block, "write",
                    {Literal(Value::Int(start)), Literal(Bytes{std::string(1, static_cast<char>('a' + choice_.argument))})});
      case Action::kBlockSize:
        return Make(block, "get", {Literal(std::string(choice_.argument % 3 == 0 ? "name" : "size"))});
      case Action::kBlockClose:
        return Make(block, "close");
      case Action::kBlockUnlink:
        return Make(block, "unlink");
      default:
        return std::nullopt;
    }
  }

  // Objects by descriptor, which share their names with the blocks.
  std::optional<Call> OfShm() const {
    const Expr name = FreshName(choice_.argument % 2 == 0 ? "NAME4" : "NAME5");
    if (choice_.action == Action::kShmUnlink) return Make("", "shm_unlink", {name});
    if (choice_.action == Action::kShmOpen) {
      const auto as = Fresh(descriptors_, {"f", "g", "h"});
      if (!as) return std::nullopt;
      static const std::array<int, 5> flags = {O_CREAT | O_RDWR, O_CREAT | O_EXCL | O_RDWR, O_RDWR, O_RDONLY,
                                               O_RDWR | O_TRUNC};
      constexpr int kMode = 0600;
      Call call = Make("", "shm_open",
                       {name, Literal(Value::Int(flags[choice_.object % flags.size()])), Literal(Value::Int(kMode))});
      call.as = *as;
      return call;
    }
    if (descriptors_.empty()) return std::nullopt;
    Expr descriptor;
    descriptor.kind = Expr::Kind::kVariable;
    descriptor.name = descriptors_[choice_.object % descriptors_.size()];
    switch (choice_.action) {
      case Action::kShmResize:
        return Make("", "ftruncate", {descriptor, Literal(Value::Int(choice_.argument % 5 * 3 - 1))});
      case Action::kShmSize:
        return Make("", "fstat_size", {descriptor});
      case Action::kShmClose:
        return Make("", "close_fd", {descriptor});
      default:
        return std::nullopt;
    }
  }

  std::optional<Call> OfLock() const {
    if (locks_.empty()) return std::nullopt;
    const std::string& lock = locks_[choice_.object % locks_.size()];
    switch (choice_.action) {
      case Action::kGetValue:
        return Make(lock, "_get_value");
      case Action::kIsZero:
        return Make(lock, "_is_zero");
      case Action::kCount:
        return Make(lock, "_count");
      case Action::kIsMine:
        return Make(lock, "_is_mine");
      case Action::kRelease:
        return Make(lock, "release");
      case Action::kTry:
        return Make(lock, "acquire", {Literal(false)});
      case Action::kAcquire:
        return Make(lock, "acquire");
      case Action::kEnter:
        return Make(lock, "__enter__");
      case Action::kExit:
        if (choice_.argument % 4 == 3) return Make(lock, "__exit__");
        return Make(lock, "__exit__", {Literal(None{}), Literal(None{}), Literal(None{})});
      case Action::kAttribute: {
        static const std::array<const char*, 3> names = {"kind", "maxvalue", "name"};
        return Make(lock, "get", {Literal(std::string(names[choice_.argument % names.size()]))});
      }
      case Action::kAfterFork:
        return Make(lock, "_after_fork");
      case Action::kDelete:
        // Where nobody knows the process nobody knows what is gone.
        return is_unsure_ ? std::nullopt : std::optional(Make(lock, "del"));
      case Action::kAcquireFor: {
        static const std::array<double, 4> timeouts = {0.0, 60.0, -1.0, 0.002};
        Call call = Make(lock, "acquire");
        call.kwargs.emplace_back("timeout", Literal(timeouts[choice_.argument % timeouts.size()]));
        return call;
      }
      case Action::kOddAcquire: {
        const OddAcquire& odd = OddAcquires()[choice_.argument % OddAcquires().size()];
        Call call = Make(lock, "acquire");
        for (const Value& value : odd.args) call.args.push_back(Literal(value));
        for (const auto& [name, value] : odd.kwargs) call.kwargs.emplace_back(name, Literal(value));
        return call;
      }
      default:
        return std::nullopt;
    }
  }

  const Choice& choice_;
  const bool is_unsure_;
  const std::vector<std::string> locks_;
  const std::vector<std::string> blocks_;
  const std::vector<std::string> descriptors_;
  const std::string name_;
};

// What is done to a process from outside. Any but the first process; one that waits rather than one
// that does not.
bool ChooseVictim(Writer* writer, const Choice& choice) {
  if (choice.action == Action::kContinue) {
    const std::vector<std::string> stopped = writer->Stopped();
    if (!stopped.empty()) writer->Continue(stopped[choice.actor % stopped.size()]);
    return true;
  }
  if (choice.action != Action::kKill && choice.action != Action::kStop && choice.action != Action::kSignal) return false;
  std::vector<std::string> victims = writer->Waiting();
  for (const std::string& actor : writer->Idle()) victims.push_back(actor);
  if (choice.action != Action::kSignal)
    std::erase_if(victims, [&](const std::string& actor) { return writer->IsOfTheFirstProcess(actor); });
  if (victims.empty()) return true;
  const std::string& victim = victims[choice.actor % victims.size()];
  if (choice.action == Action::kKill) writer->Kill(victim);
  if (choice.action == Action::kStop) writer->Stop(victim);
  if (choice.action == Action::kSignal) writer->Signal(victim);
  return true;
}

// Processes and threads. True: the choice was of these.
bool ChooseLife(Writer* writer, const Choice& choice, const std::string& actor) {
  const auto create = [&](Create::How how) { return writer->actors() < kMostActors && writer->Create(how, actor); };
  switch (choice.action) {
    case Action::kFork:
      // Where there is no fork, somebody else all the same: a fresh process as often as a thread.
      if (create(Create::How::kFork)) return true;
      if (choice.argument % 2 == 1 && create(Create::How::kSpawn)) return true;
      if (!create(Create::How::kThread)) create(Create::How::kSpawn);
      return true;
    case Action::kThread:
      create(Create::How::kThread);
      return true;
    case Action::kSpawn:
      if (choice.argument % kSpawnsOneIn == 0) create(Create::How::kSpawn);
      return true;
    case Action::kExitProcess:
      if (!writer->IsOfTheFirstProcess(actor))
        writer->Do(actor, Make("", "exit", {Literal(Value::Int(choice.argument % 4))}));
      return true;
    case Action::kEndThread:
      // Whoever has a name since a wake-up may be either.
      if (writer->IsThread(actor) && actor.front() == 'a') writer->Do(actor, Make("", "end"));
      return true;
    case Action::kHandle:
      writer->Handle(actor, choice.argument % 2 == 0 ? OnSignal::Action::kReturn : OnSignal::Action::kRaise);
      return true;
    default:
      return false;
  }
}

}  // namespace

const std::vector<Setup>& Setups() {
  static const std::vector<Setup> all = {{"SEMAPHORE", 1, 1},       {"SEMAPHORE", 0, 1}, {"SEMAPHORE", 0, 2},
                                         {"RECURSIVE_MUTEX", 1, 1}, {"SEMAPHORE", 2, 2}, {"RECURSIVE_MUTEX", 0, 1},
                                         {"SEMAPHORE", 2, 1},       {"SEMAPHORE", 1, 0}};
  return all;
}

std::vector<std::string> RequiredSights(const Subject& subject) {
  struct Sight {
    const char* name;
    std::vector<std::string> one_of;  // capabilities of which it takes one; empty: none
  };
  const std::vector<std::string> others = {"fork", "thread", "spawn"};
  const std::vector<std::string> processes = {"fork", "spawn"};
  const std::vector<Sight> all = {{"re-entered", {}},
                                  {"timed out", {}},
                                  {"release refused at maxvalue", {}},
                                  {"release refused to a stranger", {}},
                                  {"name taken", {}},
                                  {"name gone", {}},
                                  {"rebuilt", {"rebuild_by_name"}},
                                  {"two waiters", others},
                                  {"timed waiter", others},
                                  {"release with a waiter", others},
                                  {"release with waiters", others},
                                  {"fork while owned", {"fork"}},
                                  {"fork while others wait", {"fork"}},
                                  {"kill while waiting", processes},
                                  {"kill while owned", processes},
                                  {"stopped", processes},
                                  {"block attached", {"shm"}},
                                  {"wait interrupted", {"signal"}},
                                  {"wait ended by a handler", {"signal"}}};
  std::vector<std::string> required;
  for (const Sight& sight : all) {
    const bool possible = sight.one_of.empty() || !subject.capabilities ||
                          std::any_of(sight.one_of.begin(), sight.one_of.end(),
                                      [&](const std::string& one) { return subject.capabilities->count(one) != 0; });
    if (possible) required.emplace_back(sight.name);
  }
  return required;
}

void MakeFirst(Writer* writer, const Setup& setup, const std::string& name, const std::string& as) {
  writer->Do("p", Construct(setup, name, false, as));
}

void Choose(Writer* writer, const Choice& choice, const std::string& object, const std::string& name) {
  if (ChooseVictim(writer, choice)) return;
  const std::vector<std::string> idle = writer->Idle();
  if (idle.empty()) return;
  const std::string& actor = idle[choice.actor % idle.size()];
  if (ChooseLife(writer, choice, actor)) return;
  const bool may_sleep = idle.size() > 1 || choice.argument % kSeldom == 0;
  if (auto call = CallMaker(*writer, choice, actor, object, name).Take()) writer->Do(actor, std::move(*call), may_sleep);
}

std::vector<Written> OddOnes(const Subject& subject) {
  std::vector<Written> all;
  const std::vector<std::uint8_t> any = {0};
  // By position and by keyword, with and without a NUL in the name, and without a name.
  const std::vector<std::uint8_t> constructs = {1, 2, 3, 11, 4, 14};
  const auto add = [&](Action action, std::size_t count, const std::vector<std::uint8_t>& objects) {
    for (std::uint8_t i = 0; i < count; ++i) {
      for (const std::uint8_t object : objects)
        all.push_back(Write({0, {{action, 0, object, i}}}, "fuzz/odd", subject));
    }
  };
  add(Action::kOddAcquire, OddAcquires().size(), any);
  add(Action::kOddConstruct, OddConstructs().size(), constructs);
  add(Action::kExit, 4, any);
  return all;
}

Written Write(const Plan& plan, const std::string& name, const Subject& subject) {
  Writer writer(name, subject);
  MakeFirst(&writer, Setups()[plan.setup % Setups().size()], "NAME", "s");
  for (const Choice& choice : plan.choices) Choose(&writer, choice);
  return writer.Take();
}

}  // namespace lockstep::fuzz
