// SPDX-License-Identifier: MIT
#include "bench/session/session_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "harness/os/text_file.h"

namespace lockstep::bench {
namespace {

constexpr char kId[] = "0123456789abcdef0123456789abcdef";

SessionRecord Sample() {
  SessionRecord session;
  session.id = kId;
  session.started = "2026-11-23T02:27:08Z";
  session.lockstep = "0.1.0";
  session.command = "./lockstep bench 'a b'";
  session.label = "ünïcode \"quoted\"\n";
  session.machine = {"00ff00ff00ff00ff", {{"cpu", "Example 3000"}, {"cpus", "2"}}};
  Series series;
  series.implementation = "reference";
  series.version = "0.1.0";
  series.quantity = "free/recursive";
  series.unit = "ns";
  series.values = {0.1, 1.0 / 3, 5e-324, std::numeric_limits<double>::max(), -0.0, 12345678901234567.0, 3};
  series.ratios = {1.0000000000000002};
  series.samples.AddMany(3, 7);
  series.samples.AddMany(1'000'003, 2);
  session.series = {series, series};
  session.series[1].implementation = "raw";
  session.series[1].more_is_better = true;
  session.series[1].samples = {};
  session.series[1].ratios = {};
  return session;
}

std::string ErrorOf(const std::string& text) {
  const auto read = ReadSessions(text, "s.jsonl");
  return read ? "none" : read.error().message;
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(SessionFile, KeepsEverySessionToItsLastBit) {
  SessionRecord second = Sample();
  second.id[0] = 'f';
  second.series.clear();
  const auto read = ReadSessions(WriteSessions({Sample(), second}), "s.jsonl");
  ASSERT_TRUE(read) << read.error().Text();
  ASSERT_EQ(read->size(), 2u);
  const SessionRecord& session = read->front();
  EXPECT_EQ(WriteSessions(*read), WriteSessions({Sample(), second}));
  EXPECT_EQ(session.label, Sample().label);
  EXPECT_EQ(session.machine.facts, Sample().machine.facts);
  ASSERT_EQ(session.series.size(), 2u);
  const std::vector<double> values = Sample().series[0].values;
  ASSERT_EQ(session.series[0].values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(session.series[0].values[i]), std::bit_cast<std::uint64_t>(values[i])) << values[i];
  EXPECT_EQ(session.series[0].ratios, Sample().series[0].ratios);
  EXPECT_EQ(session.series[0].samples.buckets(), Sample().series[0].samples.buckets());
  EXPECT_EQ(session.series[0].samples.count(), 9u);
  EXPECT_TRUE(session.series[1].more_is_better);
  EXPECT_TRUE(read->back().series.empty());
}

TEST(SessionFile, OfNothingHasNoSessions) {
  ASSERT_TRUE(ReadSessions("", "s.jsonl"));
  EXPECT_TRUE(ReadSessions("\n \r\n", "s.jsonl")->empty());
}

TEST(SessionFile, ThatIsCutOffIsNoticedWherever) {
  const std::string whole = WriteSessions({Sample()});
  // The line end of the last line is no loss.
  for (std::size_t length = 1; length + 1 < whole.size(); ++length) {
    const std::string message = ErrorOf(whole.substr(0, length));
    ASSERT_NE(message.find("the file is cut off"), std::string::npos) << length << ": " << message;
  }
  EXPECT_EQ(ErrorOf(whole.substr(0, whole.size() - 1)), "none");
  const std::string without_end = whole.substr(0, whole.find("{\"kind\":\"end\""));
  EXPECT_EQ(ErrorOf(without_end), std::string("s.jsonl:3: the file is cut off: the session ") + kId + " has no end");
  EXPECT_EQ(ErrorOf(without_end + whole), std::string("s.jsonl:4: the session ") + kId + " has no end before the next");
}

TEST(SessionFile, SaysWhatIsWrongAndWhere) {
  const std::string whole = WriteSessions({Sample()});
  const auto with = [&](const std::string& what, const std::string& by) { return ErrorOf(Replaced(whole, what, by)); };
  EXPECT_EQ(ErrorOf("[1]\n"), "s.jsonl:1: expected an object");
  EXPECT_EQ(ErrorOf("nonsense\n"), "s.jsonl:1: this is no JSON: expected an object a line");
  EXPECT_EQ(ErrorOf("{}\n"), "s.jsonl:1: there is no 'kind'");
  EXPECT_EQ(ErrorOf("{\"kind\":\"end\",\"session\":\"x\",\"series\":0}\n"),
            "s.jsonl:1: expected a line of kind session before one of kind end");
  EXPECT_EQ(with("\"format\":1", "\"format\":2"), "s.jsonl:1: the session is of format 2; expected 1");
  EXPECT_EQ(with("\"format\":1", "\"format\":1,\"format\":1"), "s.jsonl:1: the key 'format' is there twice");
  EXPECT_EQ(with("\"id\":\"0123", "\"id\":\"012"),
            "s.jsonl:1: 'id' is '012456789abcdef0123456789abcdef': expected 32 hexadecimal digits, in lower case");
  EXPECT_EQ(with("T02:27:08Z", " 02:27"),
            "s.jsonl:1: 'started' is '2026-11-23 02:27': expected UTC to the second, as 2026-11-23T02:27:08Z");
  EXPECT_EQ(with("\"cpus\":\"2\"", "\"cpus\":2"), "s.jsonl:1: 'facts.cpus' has to be a string");
  EXPECT_EQ(with("Example", "\\u0000"), "s.jsonl:1: 'facts.cpu' must not hold a NUL");
  EXPECT_EQ(with("\"00ff00ff00ff00ff\"", "7"), "s.jsonl:1: 'fingerprint' has to be a string");
  EXPECT_EQ(with("\"kind\":\"series\"", "\"kind\":\"serious\""), "s.jsonl:2: 'kind' is 'serious': expected session, series or end");
  EXPECT_EQ(with("\"unit\":\"ns\",", ""), "s.jsonl:2: there is no 'unit'");
  EXPECT_EQ(with("\"quantity\":\"free/recursive\"", "\"quantity\":\"\""), "s.jsonl:2: 'quantity' must not be empty");
  EXPECT_EQ(with("\"more_is_better\":false", "\"more_is_better\":0"), "s.jsonl:2: 'more_is_better' has to be true or false");
  EXPECT_EQ(with("[0.1,", "[0.1,null,"), "s.jsonl:2: 'values' has to be an array of numbers: item 1 is none");
  EXPECT_EQ(with("[0.1,", "[0.1,1e999,"), "s.jsonl:2: this is no JSON: expected an object a line");
  EXPECT_EQ(with("[1.0000000000000002]", "1"), "s.jsonl:2: 'ratios' has to be an array of numbers");
  EXPECT_EQ(with("[3,7]", "[3,-7]"), "s.jsonl:2: the COUNT of 'samples' has to be an integer of at least 0");
  EXPECT_EQ(with("[3,7]", "[3,7],[3,1]"),
            "s.jsonl:2: 'samples' has to have rising LOWER_NS, and COUNT of at least 1: [3,1] is out of order");
  EXPECT_EQ(with("[3,7]", "[3,7],[1001,1]"), "s.jsonl:2: 'samples' has 1001, at which no bucket begins");
  EXPECT_EQ(with("\"raw\"", "\"reference\""), "s.jsonl:3: the session has free/recursive of reference twice");
  EXPECT_EQ(with("\"series\":2", "\"series\":3"), "s.jsonl:4: the end counts 3 series, and 2 are there");
  EXPECT_EQ(with("\"kind\":\"end\",\"session\":\"0", "\"kind\":\"end\",\"session\":\"1"),
            std::string("s.jsonl:4: 'session' is '1123456789abcdef0123456789abcdef', amid the session ") + kId);
}

TEST(SessionFile, PassesOverKeysOfALaterVersion) {
  EXPECT_EQ(ErrorOf(Replaced(WriteSessions({Sample()}), "\"format\":1", "\"format\":1,\"weather\":{\"rain\":[1]}")), "none");
}

TEST(SessionFile, NothingThatIsNotFiniteIsTakenForASession) {
  EXPECT_EQ(AsRead(Sample()).value().label, Sample().label);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    SessionRecord session = Sample();
    session.series[1].values[2] = bad;
    ASSERT_FALSE(AsRead(session));
    EXPECT_EQ(AsRead(session).error().message, "the session:3: 'values' has to be an array of numbers: item 2 is none");
  }
}

TEST(SessionFile, PartsOfLinesAreReadBack) {
  const Series series = Sample().series[0];
  EXPECT_EQ(NumbersFromJson(NumbersToJson(series.values)).value(), series.values);
  EXPECT_EQ(SamplesFromJson(SamplesToJson(series.samples)).value().buckets(), series.samples.buckets());
  EXPECT_EQ(FactsFromJson(FactsToJson(Sample().machine.facts)).value(), Sample().machine.facts);
  EXPECT_EQ(NumbersFromJson("[1,").error().message, "this is no JSON");
  EXPECT_EQ(FactsFromJson("[]").error().message, "'facts' has to be an object of strings");
}

// The example of the page is a file as it stands, and what this program would write.
TEST(SessionFile, IsAsItsPageShowsIt) {
  const auto page = ReadTextFile(SESSION_FOLDER "/FORMAT.md");
  ASSERT_TRUE(page) << page.error().Text();
  std::string example;
  for (std::size_t at = 0; (at = page->find("\n    {", at)) != std::string::npos;) {
    at += 5;
    example += page->substr(at, page->find('\n', at) - at) + "\n";
  }
  const auto read = ReadSessions(example, "FORMAT.md");
  ASSERT_TRUE(read) << read.error().Text();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().series.size(), 2u);
  EXPECT_EQ(read->front().series[1].samples.count(), 8u);
  EXPECT_EQ(WriteSessions(*read), example);
}

}  // namespace
}  // namespace lockstep::bench
