// SPDX-License-Identifier: MIT
// lockstep VERB …
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "harness/cli/options.h"
#include "harness/cli/verbs.h"
#include "harness/os/affinity.h"
#include "harness/os/descriptor_limit.h"
#include "harness/os/interrupt.h"
#include "harness/text/source.h"

namespace lockstep {
namespace {

struct Verb {
  const char* name;
  const char* arguments;
  const char* says;
  int (*function)(const Words&);
};

constexpr Verb kVerbs[] = {
    {"run", "[IMPL…]", "the catalogue on each implementation, beside the oracle", RunVerb},
    {"list", "", "the scenarios there are", ListVerb},
    {"show", "NAME", "a scenario's transcript; --python: as a script for a bug report", ShowVerb},
    {"explain", "NAME", "the rule of a scenario, and where it comes from", ExplainVerb},
    {"diff", "A B", "the same scenarios on two implementations: where do they part?", DiffVerb},
    {"expect", "IMPL [--update]", "what its expectations file would have to say", ExpectVerb},
    {"doctor", "", "what this machine lacks, what that costs, and how to mend it", DoctorVerb},
    {"adapter", "check -- COMMAND", "tries every operation of an adapter", AdapterVerb},
    {"fuzz", "[IMPL…]", "generated scenarios against the model, made small", FuzzVerb},
    {"stress", "[IMPL…]", "parallel load and races, their histories judged", StressVerb},
    {"faults", "[IMPL…]", "calls killed, failed and signalled at each system call", FaultsVerb},
    {"bench", "[IMPL…]", "how long they take, side by side; --against: is one slower?", BenchVerb},
    {"check", "FILE…", "is a recorded history, anybody's, one of a semaphore?", CheckVerb},
    {"history", "[plot|changes|…]", "sessions of measurements, kept and drawn; each machine apart", HistoryVerb},
    {"report", "FILE…", "stored results again: a page, summaries for CI; --compare OLD NEW: what changed?", ReportVerb},
    {"mutants", "[NAME…]", "does the catalogue catch implementations with a defect?", MutantsVerb},
};

void PrintUsage(std::FILE* to) {
  fmt::print(to, "lockstep tells you whether a semaphore is the one you think it is.\n\n");
  for (const Verb& verb : kVerbs) {
    fmt::print(to, "  lockstep {:<24}  {}\n", fmt::format("{} {}", verb.name, verb.arguments),
               verb.says);
  }
  fmt::print(to,
             "\nAn implementation is a name (reference, cpython, cpython-3.11, pypy, python3), "
             "python:/path/to/interpreter,\n"
             "the path of an implementation.toml, or -- COMMAND. lockstep VERB --help tells a "
             "verb's flags.\n");
}

int Main(int argc, char** argv) {
  AllowedCpus();  // before any thread is pinned
  CatchInterrupts();
  RaiseDescriptorLimit();
  Words words;
  int i = 1;
  for (; i < argc && std::string(argv[i]) != "--"; ++i) words.words.emplace_back(argv[i]);
  const bool names_command = i < argc;
  for (++i; i < argc; ++i) words.command.emplace_back(argv[i]);
  // A variable that was to hold it and is empty must not judge something else.
  if (names_command && words.command.empty())
    return Complain(Error{"there is nothing behind --", "an adapter's command stands there, as in -- ./my-adapter"});
  if (words.words.empty()) {
    PrintUsage(stderr);
    return kExitUsage;
  }
  const std::string name = words.words.front();
  words.words.erase(words.words.begin());
  if (name == "--help" || name == "-h" || name == "help") {
    PrintUsage(stdout);
    return 0;
  }
  if (name == "--version") {
    fmt::print("lockstep {}\n", LOCKSTEP_VERSION);
    return 0;
  }
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) {
    if (name == verb.name) return verb.function(words);
    names.emplace_back(verb.name);
  }
  return Complain(
      Error{fmt::format("there is no verb '{}'{}", name, DidYouMean(name, names)),
            "lockstep --help lists them"});
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  try {
    const int status = lockstep::Main(argc, argv);
    // What nobody could read must not be taken for a result.
    errno = 0;
    std::cout.flush();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return status;
    if (errno == EPIPE) return 128 + SIGPIPE;
    std::fprintf(stderr, "lockstep: cannot write to standard output%s%s\n", errno == 0 ? "" : ": ", errno == 0 ? "" : std::strerror(errno));
    return lockstep::kExitUsage;
  } catch (const std::system_error& e) {
    // fmt's, of standard output. Whoever closed it wants no more: as a signal would have it.
    if (e.code().value() == EPIPE) return 128 + SIGPIPE;
    std::fprintf(stderr, "lockstep: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    // Nothing of ours throws; what a library throws past its border is a defect of ours.
    std::fprintf(stderr, "lockstep: a defect of Lockstep: %s\n", e.what());
    return 3;
  }
}
