// SPDX-License-Identifier: MIT
//
// lockstep-adapter-delayed [OPTION NUMBER]…: the reference, slower by a known amount. README.md.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "adapter.h"
#include "delayed_implementation.h"
#include "reference_implementation.h"

namespace {

using lockstep::delayed::Delay;
using lockstep::delayed::Wanted;

constexpr double kMostFree = 1000;     // ns, or hundredths: what is calibrated has to end
constexpr double kMostHandOver = 1e9;  // a second, in ns

// False: that is not how it is called.
bool Parse(int argc, char** argv, Wanted* wanted) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    double* const place = option == "--free-delay-ns"        ? &wanted->free_ns
                          : option == "--free-delay-percent" ? &wanted->free_percent
                          : option == "--hand-over-delay-ns" ? &wanted->hand_over_ns
                                                             : nullptr;
    if (place == nullptr || i + 1 == argc) return false;
    const double most = place == &wanted->hand_over_ns ? kMostHandOver : kMostFree;
    char* end = nullptr;
    *place = std::strtod(argv[i + 1], &end);
    if (end == argv[i + 1] || *end != '\0' || !(*place >= 0 && *place <= most)) return false;
  }
  return wanted->free_ns == 0 || wanted->free_percent == 0;
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (!Parse(argc, argv, &wanted)) {
    std::fprintf(stderr,
                 "usage: lockstep-adapter-delayed [--free-delay-ns X | --free-delay-percent P] [--hand-over-delay-ns Y]\n");
    return 2;
  }
  auto reference = lockstep::adapter::MakeReferenceImplementation();
  const Delay delay = Calibrate(*reference, wanted);
  if (delay.spins > 0) {
    std::fprintf(stderr, "a pair takes %.2f ns, delayed %.2f ns: %.2f %% more; %lld spins after 64 pairs\n", delay.pair_ns,
                 delay.delayed_pair_ns, delay.percent, static_cast<long long>(delay.spins));
  }
  const auto delayed = lockstep::delayed::MakeDelayed(std::move(reference), delay);
  return lockstep::adapter::RunAdapter(
      {
          .implementation = "delayed",
          .version = LOCKSTEP_VERSION,
          .capabilities = {"fork", "thread", "spawn", "signal", "rebuild_by_name", "unnamed", "limits", "hammer", "load",
                           "measure"},
          .build = {{"free_delay_percent", delay.percent},
                    {"free_delay_ns", delay.added_ns},
                    {"hand_over_delay_ns", delay.hand_over_ns}},
      },
      *delayed);
}
