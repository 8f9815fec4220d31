// SPDX-License-Identifier: MIT
#include "reports/json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "reports/junit.h"
#include "reports/sample_report.h"
#include "reports/terminal.h"
#include "reports/test_folder.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSchema = REPORTS_FOLDER "/report.schema.json";

ReportHeader HeaderOf(const RunReport& report) {
  ReportHeader header;
  header.lockstep_version = "0.1.0";
  header.started = "2026-11-22T10:36:49Z";
  header.arguments = {"run", "gopy"};
  header.rerun_prefix = "PYTHONPATH=x ./lockstep run --oracle none";
  header.oracle_name = report.oracle_name;
  header.environment = report.environment;
  header.lacking = {{{"ptrace: forbidden", "33 scenarios are not run", "allow it"}}};
  return header;
}

void WriteAll(const RunReport& report, const std::string& path, int exit_status) {
  auto writer = JsonWriter::Open(path);
  ASSERT_TRUE(writer.has_value()) << writer.error().Text();
  writer->Begin(HeaderOf(report));
  for (const ImplementationReport& one : report.implementations) {
    for (const ScenarioVerdict& verdict : one.verdicts) writer->Verdict(one.name, verdict);
    writer->Implementation(one);
  }
  const auto ended = writer->End(report, exit_status);
  ASSERT_TRUE(ended.has_value()) << ended.error().Text();
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string TerminalOf(const RunReport& report) {
  TerminalOptions options;
  options.verbose = true;
  std::ostringstream out;
  WriteTerminal(report, options, out);
  return out.str();
}

std::string MistakeIn(const std::string& text) {
  const TestFolder folder;
  const auto stored = ReadJsonReport(folder.Write("r.jsonl", text));
  if (stored) return "no mistake";
  const std::string message = stored.error().message;
  return message.substr(message.find("r.jsonl"));
}

constexpr const char* kHeader =
    R"({"type":"header","format":1,"lockstep_version":"0","started":"",)"
    R"("arguments":[],"environment":{}})"
    "\n";
constexpr const char* kFooter =
    R"({"type":"footer","exit_status":4,"verdicts":0,"implementations":[],)"
    R"("notes":[],"interrupted":false,"wall_ns":0})"
    "\n";

TEST(JsonWriter, WritesLinesOfTheSchema) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  if (RunCommand("/usr/bin/python3 -c 'import jsonschema'").status != 0)
    GTEST_SKIP() << "there is no jsonschema for /usr/bin/python3";
  const Ran ran =
      RunCommand(fmt::format("/usr/bin/python3 -c 'import json, jsonschema, sys\n"
                             "schema = json.load(open(sys.argv[1]))\n"
                             "jsonschema.Draft202012Validator.check_schema(schema)\n"
                             "check = jsonschema.Draft202012Validator(schema)\n"
                             "lines = [json.loads(line) for line in open(sys.argv[2])]\n"
                             "for line in lines:\n"
                             "    for error in check.iter_errors(line): sys.exit(str(error))\n"
                             "print(len(lines))' {} {}",
                             kSchema, folder.File("r.jsonl")));
  EXPECT_EQ(ran.output, "14\n");  // a header, a footer, three implementations, nine verdicts
  EXPECT_EQ(ran.status, 0);
}

TEST(JsonWriter, WritesALineThatTheSchemaRefusesWithoutAWord) {
  if (RunCommand("/usr/bin/python3 -c 'import jsonschema'").status != 0)
    GTEST_SKIP() << "there is no jsonschema for /usr/bin/python3";
  const TestFolder folder;
  const std::string file =
      folder.Write("line.json", R"({"type":"verdict","implementation":"gopy","verdict":"fial"})");
  EXPECT_NE(
      RunCommand(fmt::format("/usr/bin/python3 -m jsonschema -i {} {}", file, kSchema)).status, 0);
}

TEST(JsonWriter, HandsEachLineOverAtOnce) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  auto writer = JsonWriter::Open(folder.File("r.jsonl"));
  ASSERT_TRUE(writer.has_value());
  writer->Begin(HeaderOf(sample.report));
  EXPECT_EQ(LinesOf(ContentOf(folder.File("r.jsonl"))).size(), 1U);
  writer->Verdict("gopy", sample.report.implementations[1].verdicts[0]);
  const auto lines = LinesOf(ContentOf(folder.File("r.jsonl")));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(
      lines[1],
      StartsWith(R"({"type":"verdict","implementation":"gopy","verdict":"fail","behaviour":"fail",)"
                 R"("cleanliness":"not_run",)"
                 R"("reason":"s.acquire(timeout=0): expected -> False, got -> blocked",)"));
}

TEST(JsonWriter, TellsAFileThatCannotBeMade) {
  const auto writer = JsonWriter::Open("/nowhere/r.jsonl");
  ASSERT_FALSE(writer.has_value());
  EXPECT_EQ(writer.error().message, "/nowhere/r.jsonl: No such file or directory");
}

TEST(JsonWriter, TellsAFullDiskInTheEnd) {
  auto writer = JsonWriter::Open("/dev/full");
  ASSERT_TRUE(writer.has_value());
  writer->Begin(ReportHeader{});
  writer->Implementation(ImplementationReport{});
  const auto ended = writer->End(RunReport(), 0);
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().message, "/dev/full: No space left on device");
}

TEST(JsonWriter, WritesBytesThatAreNoUtf8AsReplacements) {
  const TestFolder folder;
  Sample sample = MakeSample();
  sample.report.implementations[1].verdicts[0].run.output = "a\xff\0\x1b[2J]]>\xf0\x9f\x94\x92";
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  const auto stored = ReadJsonReport(folder.File("r.jsonl"));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  EXPECT_EQ(stored->report.implementations[1].verdicts[0].run.output, "a\xef\xbf\xbd");
}

TEST(JsonReport, IsReadAsItWasWritten) {
  const TestFolder folder;
  Sample sample = MakeSample();
  const auto rerun = std::make_shared<const std::string>(HeaderOf(sample.report).rerun_prefix);
  for (ImplementationReport& one : sample.report.implementations) {
    for (ScenarioVerdict& verdict : one.verdicts) verdict.rerun_prefix = rerun;
  }
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  auto stored = ReadJsonReport(folder.File("r.jsonl"));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  const StoredReport moved = std::move(*stored);
  EXPECT_EQ(moved.cut_off, "");
  EXPECT_EQ(moved.exit_status, 3);
  EXPECT_EQ(moved.header.lockstep_version, "0.1.0");
  EXPECT_EQ(moved.header.started, "2026-11-22T10:36:49Z");
  EXPECT_EQ(moved.header.arguments, (std::vector<std::string>{"run", "gopy"}));
  EXPECT_EQ(moved.header.rerun_prefix, "PYTHONPATH=x ./lockstep run --oracle none");
  EXPECT_EQ(moved.header.environment, sample.report.environment);
  ASSERT_TRUE(moved.header.lacking);
  ASSERT_EQ(moved.header.lacking->size(), 1U);
  EXPECT_EQ(moved.header.lacking->front().cost, "33 scenarios are not run");
  // Everything that a person is told comes from what was stored.
  EXPECT_EQ(TerminalOf(moved.report), TerminalOf(sample.report));
  std::ostringstream before;
  std::ostringstream after;
  WriteJUnit(sample.report, before);
  WriteJUnit(moved.report, after);
  EXPECT_EQ(after.str(), before.str());
}

TEST(JsonReport, IsWrittenAgainAsItWas) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("one.jsonl"), 3);
  const auto stored = ReadJsonReport(folder.File("one.jsonl"));
  ASSERT_TRUE(stored.has_value());
  WriteAll(stored->report, folder.File("two.jsonl"), 3);
  EXPECT_EQ(ContentOf(folder.File("two.jsonl")), ContentOf(folder.File("one.jsonl")));
}

TEST(JsonReport, SharesAScenarioBetweenImplementations) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  const auto stored = ReadJsonReport(folder.File("r.jsonl"));
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->scenarios.size(), sample.scenarios.size());
  EXPECT_EQ(stored->report.implementations[0].verdicts[0].scenario,
            stored->report.implementations[1].verdicts[0].scenario);
}

TEST(JsonReport, IsCutOffWithoutAFooter) {
  const TestFolder folder;
  const auto stored = ReadJsonReport(folder.Write("r.jsonl", kHeader));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  EXPECT_THAT(stored->cut_off, HasSubstr("r.jsonl:1: the report ends without a footer"));
  EXPECT_FALSE(stored->exit_status.has_value());
}

TEST(JsonReport, IsCutOffOrToldWrongAtWhateverByteItEnds) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  const std::string whole = ContentOf(folder.File("r.jsonl"));
  // The last line's end may be missing: nothing that it says is.
  const std::size_t first_line = whole.find('\n');
  for (std::size_t size = 0; size + 1 < whole.size(); size += size < whole.size() - 200 ? 97 : 1) {
    const auto stored = ReadJsonReport(folder.Write("part.jsonl", whole.substr(0, size)));
    if (size < first_line) {
      EXPECT_FALSE(stored.has_value()) << size;
    } else {
      ASSERT_TRUE(stored.has_value()) << size << ": " << stored.error().Text();
      EXPECT_NE(stored->cut_off, "") << size;
    }
  }
}

TEST(JsonReport, KeepsWhatWasThereBeforeItWasCutOff) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  const auto lines = LinesOf(ContentOf(folder.File("r.jsonl")));
  const auto stored = ReadJsonReport(
      folder.Write("part.jsonl", lines[0] + "\n" + lines[1] + "\n" + lines[2].substr(0, 50)));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  EXPECT_THAT(stored->cut_off, HasSubstr("part.jsonl:3: the report ends within a line"));
  ASSERT_EQ(stored->report.implementations.size(), 1U);
  EXPECT_EQ(stored->report.implementations[0].verdicts.size(), 1U);
}

TEST(JsonReport, MissesLinesThatTheFooterCounts) {
  const TestFolder folder;
  const Sample sample = MakeSample();
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  std::string text = ContentOf(folder.File("r.jsonl"));
  const std::size_t second = text.find('\n') + 1;
  text.erase(second, text.find('\n', second) + 1 - second);
  EXPECT_EQ(MistakeIn(text), "r.jsonl:13: the footer counts 9 verdicts, and 8 are there");
}

TEST(JsonReport, IsToldFromOtherFiles) {
  EXPECT_EQ(MistakeIn(""), "r.jsonl:1: this is no report: expected a header in the first line");
  EXPECT_EQ(MistakeIn("{\"type\":\"footer\"}\n"),
            "r.jsonl:1: this is no report: expected a header in the first line");
  EXPECT_EQ(MistakeIn("<html>\n"), "r.jsonl:1: this is no JSON");
  EXPECT_EQ(MistakeIn("[]\n"), "r.jsonl:1: expected an object");
}

TEST(JsonReport, OfAnotherFormatIsRefused) {
  EXPECT_EQ(MistakeIn("{\"type\":\"header\",\"format\":2}\n"),
            "r.jsonl:1: the report is of format 2; expected 1");
}

TEST(JsonReport, TellsTheLineOfAMistake) {
  EXPECT_EQ(MistakeIn(std::string(kHeader) + "{\"type\":\"verdict\"}\n" + kFooter),
            "r.jsonl:2: there is no 'scenario'");
  EXPECT_EQ(MistakeIn(std::string(kHeader) + "{oops\n" + kFooter), "r.jsonl:2: this is no JSON");
  EXPECT_EQ(MistakeIn(std::string(kHeader) + "{\"type\":1}\n" + kFooter),
            "r.jsonl:2: a value is not of the type that is expected "
            "([json.exception.type_error.302] type must be string, but is number)");
  EXPECT_EQ(MistakeIn(std::string(kHeader) + kFooter + kHeader),
            "r.jsonl:3: there is a line behind the footer");
}

// libFuzzer found that the second was converted somehow.
TEST(JsonReport, RefusesNumbersThatAreNoneOrDoNotFit) {
  for (const std::string number : {"1.5", "1.55556e+22", "99999999999999999999", "4294967296", "\"1\"", "true"}) {
    std::istringstream in("{\"type\":\"header\",\"format\":" + number + "}\n");
    const auto stored = ReadJsonReport(in, "r.jsonl");
    ASSERT_FALSE(stored) << number;
    EXPECT_EQ(stored.error().message, "r.jsonl:1: expected an integer that fits");
  }
}

TEST(JsonReport, HasThePlatformOfBothWhereTwoWereRunTogether) {
  const TestFolder folder;
  Sample sample = MakeSample();
  Platform other{Version{{3, 11}}, "musl", Version{{1, 2}}};
  sample.report.implementations[0].introduction.platform.other = std::make_shared<const Platform>(other);
  WriteAll(sample.report, folder.File("r.jsonl"), 3);
  const auto stored = ReadJsonReport(folder.File("r.jsonl"));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  const auto& read = stored->report.implementations[0].introduction.platform.other;
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->like.Text(), "3.11");
  EXPECT_EQ(read->libc, "musl");
}

TEST(JsonReport, RefusesStampsThatAreNone) {
  const TestFolder folder;
  Sample sample = MakeSample();
  for (const std::int64_t stamp : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    for (ImplementationReport& one : sample.report.implementations) {
      for (ScenarioVerdict& verdict : one.verdicts) {
        for (TraceEntry& entry : verdict.run.trace) entry.end_ns = stamp;
      }
    }
    WriteAll(sample.report, folder.File("r.jsonl"), 3);
    const auto stored = ReadJsonReport(folder.File("r.jsonl"));
    ASSERT_FALSE(stored.has_value());
    EXPECT_THAT(stored.error().message, HasSubstr(fmt::format("end_ns is {}: expected 0 to ", stamp)));
  }
}

TEST(JsonReport, HasTheWorstOfSeveralRoundsAndInHowManyItCame) {
  const TestFolder folder;
  Sample sample = MakeSample();
  ImplementationReport& one = sample.report.implementations[0];
  ScenarioVerdict passes = one.verdicts[0];
  ScenarioVerdict fails = passes;
  fails.behaviour = Verdict::kFail;
  one.verdicts = {passes, fails, passes, passes};
  WriteAll(sample.report, folder.File("r.jsonl"), 1);
  const auto stored = ReadJsonReport(folder.File("r.jsonl"));
  ASSERT_TRUE(stored.has_value()) << stored.error().Text();
  const std::vector<ScenarioVerdict>& read = stored->report.implementations[0].verdicts;
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].Overall(), Verdict::kFail);
  EXPECT_EQ(RoundsText(read[0]), "in 1 of 4 rounds");
}

TEST(JsonReport, RefusesAShardThatIsNone) {
  for (const std::string shard : {"x", "1", "/", "0/3", "4/3", "1/3x", "1/99999999999"}) {
    std::istringstream in("{\"type\":\"header\",\"format\":1,\"lockstep_version\":\"0\",\"started\":\"\",\"arguments\":[],"
                          "\"environment\":{},\"shard\":\"" + shard + "\"}\n");
    const auto stored = ReadJsonReport(in, "r.jsonl");
    ASSERT_FALSE(stored) << shard;
    EXPECT_EQ(stored.error().message, "r.jsonl:1: the shard is '" + shard + "': expected one as 2/5");
  }
}

TEST(JsonReport, RefusesAKeyThatIsThereTwice) {
  EXPECT_EQ(MistakeIn(std::string(kHeader) + R"({"type":"x","a":{"b":1,"b":2}})" + "\n" + kFooter),
            "r.jsonl:2: the key 'b' is there twice");
}

TEST(JsonReport, PassesOverLinesOfAnUnknownType) {
  EXPECT_EQ(MistakeIn(std::string(kHeader) + "{\"type\":\"weather\"}\n" + kFooter), "no mistake");
}

TEST(UtcText, IsToTheSecond) {
  EXPECT_EQ(UtcText(std::chrono::system_clock::time_point(std::chrono::seconds(1'795'343'809))),
            "2026-11-22T10:36:49Z");
}

}  // namespace
}  // namespace lockstep::reports
