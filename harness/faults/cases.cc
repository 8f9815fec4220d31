// SPDX-License-Identifier: MIT
#include "harness/faults/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "harness/faults/errors.h"

namespace lockstep::faults {
namespace {

constexpr int kSignalsOfAStorm = 24;
constexpr int kSignalsAtOnce = 6;
// How what happens while the call waits begins, where another waits beside it.
constexpr const char* kAnotherSleeps = "d s.acquire() -> blocked\n";

std::string Counted(int signals) {
  return signals == 1 ? "one signal" : fmt::format("{} signals", signals);
}

bool IsOneOf(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* one) { return word == one; });
}

// Puts actors for roles, and steps that make processes for `new …`.
class Filler {
 public:
  // Errors befall `p`, whose descriptors the engine counts; who dies or is signalled is a child.
  Filler(Sweep sweep, bool forks)
      : a_(sweep == Sweep::kErrors ? "p" : "c"),
        b_(sweep == Sweep::kErrors ? "c" : "p"),
        forks_(forks) {}

  std::string Fill(const std::string& lines) const {
    std::istringstream in(lines);
    std::string out;
    for (std::string line; std::getline(in, line);)
      out += line.starts_with("new ") ? New(line) : Roles(line) + "\n";
    return out;
  }

 private:
  std::string New(const std::string& line) const {
    const std::string actor = line.substr(4, 1);
    const bool with_semaphore = line.size() > 6;
    if (forks_) return "p fork " + actor + "\n";
    return "start " + actor + "\n" +
           (with_semaphore ? actor + " s = SemLock._rebuild(0, SEMAPHORE, 9, NAME)\n" : "");
  }
  std::string Roles(std::string line) const {
    for (std::size_t at = line.find('@'); at != std::string::npos; at = line.find('@', at)) {
      line.replace(at, 2, line[at + 1] == 'a' ? a_ : b_);
    }
    return line;
  }

  const std::string a_;
  const std::string b_;
  const bool forks_;
};

// The steps before the call; who makes a semaphore is another than the one that is to be forked
// with it.
std::string Before(const Subject& subject, Sweep sweep, const std::string& arm) {
  std::string before = subject.before;
  if (sweep == Sweep::kErrors) {
    // `p` is the one that calls, and the one that all others are forked from: it makes what they
    // share.
    const std::string made_by_b = "@b s = SemLock(SEMAPHORE,";
    const std::size_t at = before.find(made_by_b);
    if (at == 0) before.replace(at, 2, "@a");
  }
  return before + arm;
}

std::string Undisturbed(const Subject& subject) {
  if (!subject.waits) return "@a " + subject.call + " " + subject.done + "\n";
  return "@a " + subject.call + " -> blocked\n" + subject.during + "@a " + subject.done + "\n";
}

// Each system call with its place among those of its name.
struct Place {
  Recorded::Syscall syscall;
  int ordinal = 1;
  std::size_t index = 0;
};

std::vector<Place> PlacesOf(const Recorded& recorded) {
  std::vector<Place> places;
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < recorded.calls.size(); ++i) {
    const Recorded::Syscall& one = recorded.calls[i];
    places.push_back({one, ++seen[one.name], i});
  }
  return places;
}

Case KillOutside(const Subject& subject, const Filler& filler) {
  Case one{Sweep::kKills, subject.name, "outside of calls", {}, false, false};
  for (const Ending& ending : subject.killed) {
    one.variants.push_back(
        {filler.Fill(subject.before + "kill @a SIGKILL\n@a died SIGKILL\n" + ending.lines),
         ending.allowed, ending.up_to_crash, ending.up_to_names});
  }
  return one;
}

std::vector<Case> Kills(const Subject& subject, const Filler& filler, const Recorded& recorded) {
  std::vector<Case> cases;
  for (const Place& place : PlacesOf(recorded)) {
    for (const char* side : {"entry", "exit"}) {
      Case one{Sweep::kKills,
               subject.name,
               fmt::format("{}:{}#{}", place.syscall.name, side, place.ordinal),
               {},
               false,
               false};
      std::string head =
          Before(subject, one.sweep, "kill @a at " + one.point + "\n") + "@a " + subject.call;
      head += subject.waits ? " -> blocked or dies SIGKILL\n" + subject.during + "@a died SIGKILL\n"
                            : " dies SIGKILL\n";
      for (const Ending& ending : subject.killed) {
        one.variants.push_back({filler.Fill(head + ending.lines), ending.allowed,
                                ending.up_to_crash, ending.up_to_names});
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

// Whether it fails when the name is there, which it is from its link() on.
bool IsAfterTheName(const Recorded& recorded, const Place& place, bool for_ever) {
  bool is_there = false;
  for (std::size_t i = 0; i < recorded.calls.size(); ++i) {
    const bool fails = i == place.index || (for_ever && i > place.index &&
                                            recorded.calls[i].name == place.syscall.name);
    if (is_there && fails) return true;
    is_there = is_there || IsOneOf(recorded.calls[i].name, {"link", "linkat"});
  }
  return false;
}

Case ErrorCase(const Subject& subject, const Filler& filler, const Recorded& recorded,
               const Place& place, const std::string& error, bool for_ever) {
  const std::string& call = place.syscall.name;
  Case one{Sweep::kErrors,
           subject.name,
           fmt::format("{}#{}{} with {}", call, place.ordinal, for_ever ? ".." : "", error),
           {},
           false,
           false};
  one.may_leave_names = IsOneOf(call, {"unlink", "unlinkat"});
  one.may_leave_descriptors = call == "close";
  const std::string head = Before(subject, one.sweep, "fail @a at " + one.point + "\n");
  const bool wakes = call == "futex" && subject.futex == Subject::Futex::kWakes;
  std::vector<Ending> unhurt = wakes ? subject.unhurt : std::vector<Ending>{};
  if (unhurt.empty()) unhurt.push_back({subject.after});
  for (const Ending& ending : unhurt)
    one.variants.push_back({filler.Fill(head + Undisturbed(subject) + ending.lines)});
  const std::string raised =
      head + "@a " + subject.call + " " + RaisedAs(call, error) + "\n" + subject.during;
  for (const Ending& ending : subject.failed) {
    if (ending.after_the_name && !IsAfterTheName(recorded, place, for_ever)) continue;
    one.variants.push_back({filler.Fill(raised + ending.lines), ending.allowed, ending.up_to_crash,
                            ending.up_to_names});
  }
  return one;
}

std::vector<Case> Errors(const Subject& subject, const Filler& filler, const Recorded& recorded) {
  std::vector<Case> cases;
  for (const Place& place : PlacesOf(recorded)) {
    if (place.syscall.of_memory) continue;
    for (const std::string& error : ErrnosOf(place.syscall.name, subject.futex)) {
      cases.push_back(ErrorCase(subject, filler, recorded, place, error, false));
      if (MayFailForEver(place.syscall.name, error))
        cases.push_back(ErrorCase(subject, filler, recorded, place, error, true));
    }
  }
  return cases;
}

Case SignalCase(const Subject& subject, const Filler& filler, const std::string& handler,
                const std::string& at) {
  const std::string point = at + ", " + handler;
  Case one{Sweep::kSignals, subject.name, point, {}, false, false};
  const bool raises = handler.starts_with("raise");
  std::string head = Before(subject, one.sweep,
                            "@a on SIGUSR1 " + handler + "\nsignal @a SIGUSR1 at " + at + "\n");
  if (!raises) {
    one.variants.push_back(
        {filler.Fill(head + Undisturbed(subject) + "@a handled SIGUSR1\n" + subject.after)});
    return one;
  }
  std::string returned = "@a " + subject.call + " " + subject.done + "\n";
  const std::string outcome = "raises KeyError\n";
  std::string raised = "@a " + subject.call + " " + outcome;
  if (subject.waits) {
    const std::string begins = "@a " + subject.call + " -> blocked or " + outcome + subject.during;
    returned = begins + "@a " + subject.done + "\n";
    raised = begins + "@a " + outcome;
  }
  one.variants.push_back({filler.Fill(head + returned + subject.after)});
  for (const Ending& ending : subject.interrupted)
    one.variants.push_back({filler.Fill(head + raised + ending.lines)});
  return one;
}

// Signals while it sleeps, beside another that does where the subject has one; the last one's
// handler may run only when the call is over.
Case AsleepCase(const Subject& subject, const Filler& filler, const std::string& handler,
                int signals) {
  Case one{
      Sweep::kSignals, subject.name, fmt::format("{} asleep, {}", Counted(signals), handler), {},
      false,           false};
  const bool beside = subject.during.starts_with(kAnotherSleeps);
  const bool raises = handler.starts_with("raise");
  std::string lines = subject.before + "@a on SIGUSR1 " + handler + "\n";
  lines += "@a " + (subject.waits ? subject.call : "s.acquire(timeout=0.3)") + " -> blocked\n";
  if (beside) lines += kAnotherSleeps;
  for (int i = 1; i <= signals; ++i) {
    lines += "signal @a SIGUSR1\n";
    // So that a deadline that each signal puts off is late by that much.
    if (!subject.waits && i % kSignalsAtOnce == 0) lines += "@b s.acquire(timeout=0.05) -> False\n";
  }
  if (raises) {
    lines += "@a raises KeyError\n@b s._get_value() -> 0\n@b s.release() -> None\n";
    lines += beside ? "d returns True\n@b s._get_value() -> 0\n" : "@a s.acquire(False) -> True\n";
    lines += "@b sem_unlink(NAME) -> None\n";
  } else if (!subject.waits) {
    lines += "@a returns False after 300ms\n@a handled SIGUSR1\n" + subject.after;
  } else if (beside) {
    lines +=
        "@a still blocked\n@b s.release() -> None\n@b s.release() -> None\n@a returns True\nd "
        "returns True\n"
        "@b s._get_value() -> 0\n@a handled SIGUSR1\n@b sem_unlink(NAME) -> None\n";
  } else {
    lines += "@a still blocked\n" + subject.during + "@a " + subject.done +
             "\n@a handled SIGUSR1\n" + subject.after;
  }
  one.variants.push_back({filler.Fill(lines)});
  return one;
}

// A signal, and then a unit, while its process is stopped: continued, it finds both.
Case StoppedCase(const Subject& subject, const Filler& filler, const std::string& handler) {
  Case one{Sweep::kSignals, subject.name, "a signal and a unit while stopped, " + handler, {},
           false,           false};
  const std::string lines = subject.before + "@a on SIGUSR1 " + handler + "\n@a " + subject.call +
                            " -> blocked\nstop @a\nsignal @a SIGUSR1\n" + subject.during +
                            "cont @a\n";
  one.variants.push_back({filler.Fill(lines + "@a " + subject.done + "\n" + subject.after)});
  if (!handler.starts_with("raise")) return one;
  for (const Ending& ending : subject.interrupted)
    one.variants.push_back({filler.Fill(lines + "@a raises KeyError\n" + ending.lines)});
  return one;
}

std::vector<Case> Signals(const Subject& subject, const Filler& filler, const Recorded& recorded) {
  std::vector<Case> cases;
  for (const Place& place : PlacesOf(recorded)) {
    for (const char* side : {"entry", "exit"}) {
      const std::string at = fmt::format("{}:{}#{}", place.syscall.name, side, place.ordinal);
      for (const char* handler :
           {"return", "return restart", "raise KeyError", "raise KeyError restart"}) {
        cases.push_back(SignalCase(subject, filler, handler, at));
      }
    }
  }
  const bool sleeps = subject.waits || subject.name == "acquire-out-of-time";
  if (!sleeps) return cases;
  for (const char* handler : {"return", "return restart"}) {
    for (const int signals : {1, kSignalsOfAStorm})
      cases.push_back(AsleepCase(subject, filler, handler, signals));
  }
  cases.push_back(AsleepCase(subject, filler, "raise KeyError", 1));
  if (!subject.waits || subject.during.starts_with(kAnotherSleeps)) return cases;
  for (const char* handler : {"return", "raise KeyError"})
    cases.push_back(StoppedCase(subject, filler, handler));
  return cases;
}

}  // namespace

bool IsSwept(const Subject& subject, Sweep sweep) {
  switch (sweep) {
    case Sweep::kKills:
      return !subject.killed.empty();
    case Sweep::kErrors:
      return !subject.failed.empty();
    case Sweep::kSignals:
      return !subject.interrupted.empty();
    case Sweep::kResources:
      return false;
  }
  return false;
}

Case RecordingOf(const Subject& subject, Sweep sweep, bool forks) {
  const Filler filler(sweep, forks);
  Case one{sweep, subject.name, "undisturbed", {}, false, false};
  one.variants.push_back(
      {filler.Fill(Before(subject, sweep, "trace @a\n") + Undisturbed(subject) + subject.after)});
  return one;
}

std::string TraceEachCall(const std::string& lines) {
  std::istringstream in(lines);
  std::string out;
  std::string armed;  // the actor that the line before arms
  for (std::string line; std::getline(in, line);) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string first = line.substr(0, blank);
    const std::string rest = line.substr(std::min(blank + 1, line.size()));
    const std::string second = rest.substr(0, rest.find(' '));
    const bool is_call = first.size() == 1 && !IsOneOf(second, {"fork", "returns", "raises",
                                                                "still", "died", "handled", "on"});
    const bool is_to_wait = line.find(" -> blocked") != std::string::npos;
    if (is_call && !is_to_wait && first != armed) out += "trace " + first + "\n";
    const bool arms =
        first == "trace" || first == "fail" ||
        (rest.find(" at ") != std::string::npos && IsOneOf(first, {"kill", "signal"}));
    armed = arms ? second : "";
    out += line + "\n";
  }
  return out;
}

std::vector<Case> CasesOf(const Subject& subject, Sweep sweep, bool forks,
                          const Recorded& recorded) {
  const Filler filler(sweep, forks);
  if (subject.call.empty()) return {KillOutside(subject, filler)};
  if (sweep == Sweep::kKills) return Kills(subject, filler, recorded);
  if (sweep == Sweep::kErrors) return Errors(subject, filler, recorded);
  return Signals(subject, filler, recorded);
}

}  // namespace lockstep::faults
