// SPDX-License-Identifier: MIT
#include "bench/history/testing_sessions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "bench/session/session_file.h"

namespace lockstep::bench {
namespace {

constexpr std::size_t kLineLength = 33;  // an id and its line end

bool Say(int fd, const std::string& id) {
  const std::string line = id + "\n";
  return ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

int StoreAll(const std::string& where, int writer, int count, int said) {
  const auto store = Store::Open(where);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().Text());
    return 2;
  }
  for (int number = 0; number < count; ++number) {
    const SessionRecord session = TestSession(writer, number);
    const auto added = (*store)->Add(session);
    if (!added) {
      fmt::print(stderr, "{}\n", added.error().Text());
      return 3;
    }
    if (!*added) return 4;
    if (!Say(said, session.id)) return 5;
  }
  return 0;
}

}  // namespace

SessionRecord TestSession(int writer, int number) {
  SessionRecord session;
  session.id = fmt::format("{:016x}{:016x}", writer + 1, number + 1);
  session.started = fmt::format("2026-11-23T{:02d}:{:02d}:{:02d}Z", writer % 24, number / 60 % 60, number % 60);
  session.lockstep = "0.1.0";
  session.command = fmt::format("./lockstep bench --seed {}", number);
  session.label = fmt::format("commit-{}", number);
  session.machine = {writer % 2 == 0 ? "00000000000000aa" : "00000000000000bb", {{"cpu", "it's \"one\""}, {"cpus", "2"}}};
  for (int i = 0; i < 120; ++i) {
    Series series;
    series.implementation = i % 2 == 0 ? "raw" : "reference";
    series.version = "1";
    series.quantity = fmt::format("quantity/{}", i / 2);
    series.unit = "ns";
    for (int k = 0; k < 15; ++k) series.values.push_back(100.0 + writer + number / 3.0 + i + k / 7.0);
    if (i % 2 == 1) series.ratios = {1.5, 1.0 / 3};
    for (int k = 0; k < 4; ++k) series.samples.AddMany(100 + 50 * k + number, 1 + static_cast<std::uint64_t>(k));
    session.series.push_back(series);
  }
  return session;
}

bool Same(const SessionRecord& a, const SessionRecord& b) { return WriteSessions({a}) == WriteSessions({b}); }

TestWriter::TestWriter(const std::string& where, int writer, int count) {
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  said_.Reset(ends[0]);
  const UniqueFd saying(ends[1]);
  child_ = std::make_unique<TestChild>([&] {
    said_.Reset();
    return StoreAll(where, writer, count, saying.get());
  });
}

std::string TestWriter::NextId() {
  // Each was written in one piece.
  char line[kLineLength];
  const ssize_t got = ::read(said_.get(), line, sizeof line);
  CHECK(got == 0 || got == static_cast<ssize_t>(sizeof line));
  return got == 0 ? "" : std::string(line, sizeof line - 1);
}

std::vector<std::string> TestWriter::Kill() {
  child_->Signal(SIGKILL);
  child_->Wait();
  std::vector<std::string> ids;
  for (std::string id = NextId(); !id.empty(); id = NextId()) ids.push_back(id);
  return ids;
}

}  // namespace lockstep::bench
