// SPDX-License-Identifier: MIT
// Sessions of measurements as JSON Lines: FORMAT.md beside this file has every key. Pure functions, for any thread;
// a file is read and written by the caller.
#ifndef LOCKSTEP_BENCH_SESSION_SESSION_FILE_H_
#define LOCKSTEP_BENCH_SESSION_SESSION_FILE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/session/session.h"
#include "harness/os/result.h"

namespace lockstep::bench {

constexpr int kSessionFormat = 1;

// The lines of all sessions, in order; read back they are equal, every double to its last bit. Bytes that are no
// UTF-8 become U+FFFD.
std::string WriteSessions(const std::vector<SessionRecord>& sessions);

// All sessions of a file, in its order. `file` is for messages alone. An Error has FILE:LINE, what was expected and
// what is there instead; a session without its end line is one. A file of nothing has no sessions.
Result<std::vector<SessionRecord>> ReadSessions(std::string_view text, const std::string& file);

// The session as a reader of its file has it; an Error for what that would refuse: an id that is none, a number that is
// not finite, a name that is empty.
Result<SessionRecord> AsRead(const SessionRecord& session);

// Parts of lines, for a database's columns: "[1.5,2.0]", "[[128,3],[129,1]]", {"cpu":"…"}. The readers' Errors tell
// what was expected.
std::string NumbersToJson(const std::vector<double>& numbers);
std::string SamplesToJson(const Histogram& samples);
std::string FactsToJson(const std::map<std::string, std::string>& facts);
Result<std::vector<double>> NumbersFromJson(std::string_view text);
Result<Histogram> SamplesFromJson(std::string_view text);
Result<std::map<std::string, std::string>> FactsFromJson(std::string_view text);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_SESSION_SESSION_FILE_H_
