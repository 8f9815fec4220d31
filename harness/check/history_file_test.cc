// SPDX-License-Identifier: MIT
#include "harness/check/history_file.h"

#include <gtest/gtest.h>

#include "harness/check/check.h"
#include "harness/check/picture.h"

namespace lockstep::check {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseHistories(text, "h.jsonl");
  return parsed ? "none" : parsed.error().message;
}

constexpr char kOne[] = "{\"semaphore\": \"s\", \"initial\": 1}\n";

TEST(HistoryFile, ReadsEveryKindOfOperation) {
  const auto parsed = ParseHistories(std::string(kOne) + R"(
{"actor": "a", "op": "acquire", "begin": 1, "end": 2, "returned": true}
{"actor": "b", "op": "acquire", "begin": 1, "end": 3, "returned": false}
{"actor": "a", "op": "release", "begin": 3, "end": 4, "returned": null}
{"actor": "a", "op": "release", "begin": 5, "end": 6, "raised": "ValueError", "maxvalue": 1}
{"actor": "a", "op": "_get_value", "begin": 7, "end": 8, "returned": 1}
{"actor": "b", "op": "_is_zero", "begin": 7, "end": 8, "returned": false}
{"actor": "b", "op": "acquire", "begin": 9, "end": 10, "raised": "InterruptedError"}
{"actor": "c", "op": "acquire", "begin": 9, "dead_by": 12}
{"actor": "d", "op": "release", "begin": 9}
)", "h.jsonl");
  ASSERT_TRUE(parsed) << parsed.error().Text();
  ASSERT_EQ(parsed->size(), 1u);
  const History& history = parsed->front().history;
  EXPECT_EQ(history.initial, 1);
  EXPECT_EQ(history.actors, (std::vector<std::string>{"a", "b", "c", "d"}));
  Operation dead{Kind::kAcquire, 2, 9, kNever, 0};
  dead.dead_by = 12;
  const std::vector<Operation> expected = {{Kind::kAcquire, 0, 1, 2, 0},       {Kind::kFailedAcquire, 1, 1, 3, 0},
                                           {Kind::kRelease, 0, 3, 4, 0},       {Kind::kRefusedRelease, 0, 5, 6, 1},
                                           {Kind::kGetValue, 0, 7, 8, 1},      {Kind::kIsZero, 1, 7, 8, 0},
                                           dead,                               {Kind::kRelease, 3, 9, kNever, 0}};
  EXPECT_EQ(history.operations, expected);
  EXPECT_EQ(Judge(history).verdict, Verdict::kOk);
  const auto again = ParseHistories(WriteHistories(*parsed), "again");
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(again->front().history.operations, expected);
}

TEST(HistoryFile, SaysWhatIsWrongAndWhere) {
  const std::string one = kOne;
  EXPECT_EQ(ErrorOf(""), "h.jsonl:1: expected a line {\"semaphore\": NAME, \"initial\": N}, and there is none");
  EXPECT_EQ(ErrorOf("[1]\n"), "h.jsonl:1: expected an object");
  EXPECT_EQ(ErrorOf("{\"op\": \"acquire\", \"begin\": 1}\n"),
            "h.jsonl:1: expected a line {\"semaphore\": NAME, \"initial\": N} before any operation");
  EXPECT_EQ(ErrorOf(one + one), "h.jsonl:2: the semaphore 's' is there twice");
  EXPECT_EQ(ErrorOf("{\"semaphore\": \"s\", \"initial\": -1}\n"),
            "h.jsonl:1: 'initial' has to be an integer of at least 0, and at most 2**61");
  EXPECT_EQ(ErrorOf("{\"semaphore\": \"s\", \"initial\": 1, \"initial\": 2}\n"), "h.jsonl:1: the key 'initial' is there twice");
  EXPECT_EQ(ErrorOf(one + "\n{\"actor\": \"a\", \"op\": \"aquire\", \"begin\": 1}\n"),
            "h.jsonl:3: 'op' is 'aquire': expected acquire, release, _get_value or _is_zero");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"acquire\", \"begin\": 5, \"end\": 4, \"returned\": true}\n"),
            "h.jsonl:2: 'end' has to be an integer of at least 5, and at most 2**61");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"acquire\", \"begin\": 5, \"end\": 6}\n"),
            "h.jsonl:2: an operation has an 'end' and one of 'returned' and 'raised', or none of them");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"release\", \"begin\": 5, \"end\": 6, \"returned\": true}\n"),
            "h.jsonl:2: 'returned' of release has to be null");
  EXPECT_EQ(ErrorOf(one + "{\"on\": \"t\", \"actor\": \"a\", \"op\": \"release\", \"begin\": 5}\n"),
            "h.jsonl:2: no line presented the semaphore 't'");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"release\", \"begin\": 5, \"took\": 1}\n"),
            "h.jsonl:2: there is no key 'took': expected on, actor, op, begin, end, returned, raised, maxvalue, dead_by");
  EXPECT_EQ(ErrorOf("{\"semaphore\": \"s\", \"initial\": 3000000000}\n"),
            "h.jsonl:1: 'initial' is 3000000000, and the value is never above 2147483647: 'most' says otherwise");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"acquire\", \"begin\": 1, \"end\": 5, \"returned\": true}\n" +
                    "{\"actor\": \"a\", \"op\": \"release\", \"begin\": 4, \"end\": 6, \"returned\": null}\n"),
            "h.jsonl:3: 'a' does one call at a time, and its call of line 2 had not ended");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\""), "h.jsonl:2: the last line is cut off");
  EXPECT_EQ(ErrorOf(one + "{\"actor\": \"a\", \"op\": \"release\", \"begin\": 1e300}\n").substr(0, 11), "h.jsonl:2: ");
}

TEST(HistoryFile, IsDrawnSinceAllWereIdleLast) {
  const History history{1,
                        1000,
                        {{Kind::kAcquire, 0, 10, 20, 0},
                         {Kind::kRelease, 0, 30, 40, 0},
                         {Kind::kAcquire, 0, 100, 130, 0},
                         {Kind::kAcquire, 1, 110, 160, 0}},
                        {"a", "b"}};
  const Judgement result = Judge(history);
  ASSERT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.why, "no order explains b acquire() -> True: the value began as 1, and is at most 0 by then");
  EXPECT_EQ(ToPicture(history, result.operation),
            "times are from 10 on\n"
            "  a acquire() -> True                 # 0 … 10\n"
            "  a release() -> None                 # 20 … 30\n"
            "  a acquire() -> True                 # 90 … 120\n"
            "  b acquire() -> True                 # 100 … 150  <- nothing explains this\n"
            "\n"
            "              a               b\n"
            "           0  acquire()\n"
            "          10  -> True\n"
            "          20  release()\n"
            "          30  -> None\n"
            "          90  acquire()\n"
            "         100  |               acquire()\n"
            "         120  -> True         |\n"
            "         150                  -> True  <- nothing explains this\n");
  EXPECT_EQ(ToPicture(history, result.operation, 1).substr(0, 31), "1 operations are left out here;");
}

}  // namespace
}  // namespace lockstep::check
