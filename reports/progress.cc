// SPDX-License-Identifier: MIT
#include "reports/progress.h"

#include <fmt/format.h>

#include <chrono>

#include "harness/os/clock.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

// Faster than an eye, slower than a run.
constexpr std::chrono::milliseconds kRedrawEvery{50};

bool IsFailure(Verdict verdict) {
  return verdict == Verdict::kFail || verdict == Verdict::kUnexpectedPass ||
         verdict == Verdict::kHarnessError;
}

}  // namespace

void Progress::Start(const std::string& implementation, std::size_t total) {
  implementation_ = implementation;
  total_ = total;
  done_ = 0;
  failed_ = 0;
  Draw("");
}

void Progress::Add(const ScenarioVerdict& verdict) {
  ++done_;
  const bool failure = IsFailure(verdict.Overall());
  if (failure) ++failed_;
  if (failure || MonotonicNs() >= next_draw_ns_) Draw(verdict.scenario->name);
}

void Progress::Draw(const std::string& current) {
  if (!on_) return;
  const std::size_t digits = std::to_string(total_).size();
  std::string line = fmt::format("[{:>{}}/{}] {}", done_, digits, total_, implementation_);
  if (failed_ > 0) line += fmt::format(", {} failed", failed_);
  if (!current.empty()) line += "  " + current;
  // The last column stays free: some terminals wrap when it is written.
  line = Wrapped(Printable(line), width_ > 1 ? width_ - 1 : 1).front();
  out_ << "\r\x1b[K" << line << std::flush;
  drawn_ = true;
  next_draw_ns_ = MonotonicNs() + nanoseconds(kRedrawEvery).count();
}

void Progress::Clear() {
  if (drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace lockstep::reports
