// SPDX-License-Identifier: MIT
// Whatever the text is, the parser ends with steps or with a message that points into it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

int CountLines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
}

// "" when the message names a place inside of the text and shows it; else what is wrong with it.
std::string FaultOf(const Error& error, const std::string& text) {
  int line = 0;
  int column = 0;
  if (std::sscanf(error.message.c_str(), "t.toml:%d:%d: ", &line, &column) != 2)
    return "no place: " + error.message;
  if (line < 1 || line > CountLines(text)) return "no such line: " + error.message;
  if (column < 1) return "no such column: " + error.message;
  const auto ends = std::count(error.message.begin(), error.message.end(), '\n');
  if (ends != 2 || error.message.back() != '^') return "no line and caret: " + error.message;
  return "";
}

const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = {
      "p",       "c",       "s",      "w[*]",    "w[1..3]",     "fork",
      "thread",  "spawn",   "start",  "kill",    "SIGKILL",     "together",
      "{",       "}",       ";",      "hammer",  ":",           "left",
      "machine", "shm",     "->",     "blocked", "still",       "returns",
      "raises",  "OSError", "EINVAL", "after",   "5ms",         "when",
      ">=",      "3.12",    "glibc",  "NAME",    "BARE2",       "'x'",
      "b'x'",    "(",       ")",      "[",       "]",           ",",
      "+",       "*",       "**",     "-",       "|",           "1",
      "1e9",     "2",       "nan",    "True",    "s.acquire()", "s = SemLock(1, 1, 1, NAME, True)",
      "del",     "eval",    "as",     "other",   "...",         "..",
      "#",       "\n",      "\t",     "\r\n",    "\xff",        "é",
      "\\",      "'"};
  return words;
}

const std::vector<std::string>& Transcripts() {
  static const std::vector<std::string> transcripts = {
      "p s = SemLock(SEMAPHORE, 0, 2, NAME, unlink=True)\np fork a\np fork b\na s.acquire() -> "
      "blocked\n"
      "b s.acquire(timeout=0.05) -> blocked\np s.release() -> None\na|b returns True as w, other "
      "l\nl still blocked\n"
      "kill l SIGKILL\nl died SIGKILL\np s.kind -> 1 or 2 after 50ms when >= 3.12 and glibc < "
      "2.41\nleft NAME\n",
      "machine shm size=4K inodes=8 full\np m = SharedMemory(BARE, create=True, size=16)\np "
      "m.buf[0:4] = b'abcd'\n"
      "p m.buf[0:4] -> b'abcd'\np h = m.size\np eval('1' * 3 + NAME) raises OSError ENOSPC: No "
      "space ...\n"
      "p umask(2**63 - 1 | 0o600) -> [1, (2,), nan]\np on SIGUSR1 call m.close() restart\np "
      "handled SIGUSR1\n",
      "p s = SemLock(SEMAPHORE, 3, 3, NAME, True)\np fork w[1..8]\ntogether {\n  w[*] hammer s "
      "1000\n}\n"
      "hammer: entries 8000, counter 8000, inside <= 3, value 3\nw[3] exit(3)\nw[3] exited 3\n"};
  return transcripts;
}

// One to four changes of any kind.
std::string Mutated(std::string text, std::mt19937* random) {
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n)(*random);
  };
  for (std::size_t i = below(3) + 1; i > 0; --i) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text.erase(at, below(6));
        break;
      case 1:
        text.insert(at, Words()[below(Words().size() - 1)]);
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(below(255)));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(20)));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

void ExpectStepsOrAPlace(const std::string& text) {
  const Result<std::vector<Step>> steps = ParseSteps(text, "t.toml", 1);
  ASSERT_EQ(steps ? "" : FaultOf(steps.error(), text), "") << text;
}

TEST(Robustness, EndsForEveryMutationOfATranscript) {
  std::mt19937 random(20260730);  // any seed does; a fixed one makes a failure repeatable
  for (int i = 0; i < 20000; ++i) {
    ExpectStepsOrAPlace(
        Mutated(Transcripts()[static_cast<std::size_t>(i) % Transcripts().size()], &random));
  }
}

TEST(Robustness, EndsForEveryMutationOfAFile) {
  std::mt19937 random(20260731);
  const std::string head =
      "[[scenario]]\nname = \"t/{x}\"\nsays = \"A rule of {x}.\"\nsource = \"POSIX\"\n"
      "each = {x = [\"1\", {text = \"2\", name = \"two\"}]}\nwhen = \">= 3.8\"\nsteps = '''\n";
  for (int i = 0; i < 3000; ++i) {
    const std::string text =
        Mutated(head + Transcripts()[static_cast<std::size_t>(i) % Transcripts().size()] + "'''\n",
                &random);
    const Result<std::vector<Scenario>> scenarios = ParseScenarioFile(text, "t.toml");
    ASSERT_EQ(scenarios ? "" : FaultOf(scenarios.error(), text), "") << text;
  }
}

RC_GTEST_PROP(Robustness, EndsForAnyBytes, (const std::string& text)) {
  const Result<std::vector<Step>> steps = ParseSteps(text, "t.toml", 1);
  if (!steps) RC_ASSERT(FaultOf(steps.error(), text) == "");
}

RC_GTEST_PROP(Robustness, EndsForAnyWords, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(Words()));
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const Result<std::vector<Step>> steps = ParseSteps(text, "t.toml", 1);
  if (!steps) RC_ASSERT(FaultOf(steps.error(), text) == "");
}

TEST(Robustness, EndsForALineOfAMegabyte) {
  ExpectStepsOrAPlace("p sem_unlink('" + std::string(1 << 20, 'x') + "')");
  ExpectStepsOrAPlace("p umask(" + std::string(1 << 20, '(') + ")");
  ExpectStepsOrAPlace("p umask(" + std::string(1 << 20, '-') + "1)");
  ExpectStepsOrAPlace("p umask(" + std::string(1 << 20, '9') + ")");
}

}  // namespace
}  // namespace lockstep
