// SPDX-License-Identifier: MIT
#include "harness/os/names.h"

#include <signal.h>
#include <string.h>

namespace lockstep {
namespace {

// The highest number asked of the C library: above the last of Linux (133, EHWPOISON).
constexpr int kErrnoBound = 160;

}  // namespace

std::string SignalName(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

std::optional<int> SignalNumber(std::string_view name) {
  for (int i = 1; i < NSIG; ++i) {
    if (sigabbrev_np(i) != nullptr && SignalName(i) == name) return i;
  }
  return std::nullopt;
}

std::string ErrnoName(int number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : "errno " + std::to_string(number);
}

std::optional<int> ErrnoNumber(std::string_view name) {
  for (int i = 1; i < kErrnoBound; ++i) {
    const char* known = strerrorname_np(i);
    if (known != nullptr && name == known) return i;
  }
  return std::nullopt;
}

std::vector<std::string> SignalNames() {
  std::vector<std::string> names;
  for (int i = 1; i < NSIG; ++i) {
    if (sigabbrev_np(i) != nullptr) names.push_back(SignalName(i));
  }
  return names;
}

std::vector<std::string> ErrnoNames() {
  std::vector<std::string> names;
  for (int i = 1; i < kErrnoBound; ++i) {
    if (strerrorname_np(i) != nullptr) names.emplace_back(strerrorname_np(i));
  }
  return names;
}

}  // namespace lockstep
