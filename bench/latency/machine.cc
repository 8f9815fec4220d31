// SPDX-License-Identifier: MIT
#include "bench/latency/machine.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include "harness/os/affinity.h"
#include "harness/os/process_view.h"

namespace lockstep::bench {
namespace {

// The text after "KEY<tab>: " of the first CPU; empty where there is none.
std::string CpuInfo(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("\n" + key);
  if (at == std::string::npos) return "";
  const std::size_t colon = text.find(':', at);
  const std::size_t end = text.find('\n', colon);
  return colon + 2 >= end ? "" : text.substr(colon + 2, end - colon - 2);
}

std::string WithoutLineEnd(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// FNV-1a: the same on every machine and in every version.
std::uint64_t HashOf(const std::string& text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

}  // namespace

Machine ThisMachine() {
  Machine machine;
  const std::string cpuinfo = "\n" + ReadSmallFile("/proc/cpuinfo");
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) machine.facts[key] = value;
  };
  set("cpu", CpuInfo(cpuinfo, "model name"));
  set("cpu microcode", CpuInfo(cpuinfo, "microcode"));
  set("virtual", CpuInfo(cpuinfo, "flags").find(" hypervisor") != std::string::npos ? "yes" : "no");
  set("cpus", fmt::format("{}", AllowedCpus().size()));
  set("governor", WithoutLineEnd(ReadSmallFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")));
  set("clock source", WithoutLineEnd(ReadSmallFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")));
  utsname names = {};
  if (::uname(&names) == 0) {
    set("kernel", fmt::format("{} {}", names.sysname, names.release));
    set("architecture", names.machine);
  }
  set("libc", std::string("glibc ") + ::gnu_get_libc_version());
  std::string all;
  for (const auto& [key, value] : machine.facts) all += key + "=" + value + "\n";
  machine.fingerprint = fmt::format("{:016x}", HashOf(all));
  return machine;
}

}  // namespace lockstep::bench
