// SPDX-License-Identifier: MIT
// Calls, outcomes, durations and conditions of a transcript. Internal to the parser. Each function
// parses at the lexer's place; a mistake is left with the lexer, and then what is returned means
// nothing.
#ifndef LOCKSTEP_HARNESS_SCENARIO_CALL_PARSER_H_
#define LOCKSTEP_HARNESS_SCENARIO_CALL_PARSER_H_

#include <chrono>
#include <string>

#include "harness/scenario/expression.h"
#include "harness/scenario/lexer.h"
#include "harness/scenario/scenario.h"

namespace lockstep::transcript {

// `s = SemLock(…)`, `s.acquire(timeout=1)`, `s.kind`, `m.buf[0:4] = b'abcd'`, `del s`,
// `shm_unlink(NAME)`.
Call ParseCall(Lexer* lexer, const Names& names);

// Where an outcome stands decides what it may be.
struct OutcomePlace {
  bool of_a_call = false;  // `A CALL -> …`: may be blocked or unsupported
  MessageEnds message_ends;
};

// `-> 0 or 1 after 50ms`, `returns True`, `raises OSError EINTR: ...`, whichever is next.
Expectation ParseExpectation(Lexer* lexer, const Names& names, const OutcomePlace& place);
// Whether an outcome is next.
bool IsOutcomeNext(Lexer* lexer);

// `>= 3.12`, `glibc < 2.41 and >= 3.9`; without the `when`.
Condition ParseCondition(Lexer* lexer);

// A Python exception's or a signal's name; a near miss is told.
std::string ParseExceptionName(Lexer* lexer);
std::string ParseSignalName(Lexer* lexer);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_CALL_PARSER_H_
