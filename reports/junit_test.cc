// SPDX-License-Identifier: MIT
#include "reports/junit.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "reports/sample_report.h"
#include "reports/test_folder.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSchema = REPORTS_FOLDER "/junit.xsd";

std::string XmlOf(const RunReport& report) {
  std::ostringstream out;
  WriteJUnit(report, out);
  return out.str();
}

class JUnit : public testing::Test {
 protected:
  // The test case of this scenario on gopy.
  pugi::xml_node Case(const std::string& name) {
    xml_ = XmlOf(sample_.report);
    EXPECT_TRUE(document_.load_string(xml_.c_str()));
    const pugi::xml_node suite =
        document_.child("testsuites").find_child_by_attribute("name", "lockstep.gopy");
    return suite.find_child_by_attribute("testcase", "name", name.c_str());
  }

  Sample sample_ = MakeSample();
  std::string xml_;
  pugi::xml_document document_;
};

TEST_F(JUnit, HasStableNames) {
  EXPECT_STREQ(Case("acquire/timeout-zero").attribute("classname").value(),
               "lockstep.gopy.acquire");
}

TEST_F(JUnit, TurnsTheDotsOfAnImplementationToUnderscores) {
  EXPECT_THAT(XmlOf(sample_.report), HasSubstr(R"(classname="lockstep.cpython-3_14_8.acquire")"));
}

TEST_F(JUnit, HasNothingToSayOfAPass) {
  EXPECT_THAT(XmlOf(sample_.report),
              HasSubstr("    <testcase classname=\"lockstep.cpython-3_14_8.acquire\" "
                        "name=\"acquire/timeout-zero\" time=\"0.002000\" />\n"));
}

TEST_F(JUnit, AnOracleThatNobodyAskedToBeJudgedFailsNobody) {
  Sample sample = MakeSample();
  for (ImplementationReport& one : sample.report.implementations) {
    one.only_oracle = true;
    one.stale.clear();
  }
  const std::string xml = XmlOf(sample.report);
  EXPECT_THAT(xml, testing::Not(HasSubstr("<failure")));
  EXPECT_THAT(xml, HasSubstr("<error message="));
}

TEST_F(JUnit, OfAStrictRunWhatIsListedNowhereIsAFailure) {
  const std::string before = XmlOf(sample_.report);
  EXPECT_THAT(before, testing::Not(HasSubstr("type=\"unlisted\"")));
  sample_.report.strict = true;
  EXPECT_THAT(XmlOf(sample_.report), HasSubstr("type=\"unlisted\""));
}

TEST_F(JUnit, ReportsAFailureWithItsTranscriptAndTheCommandThatRerunsIt) {
  const pugi::xml_node node = Case("acquire/timeout-zero");
  const pugi::xml_node failure = node.child("failure");
  EXPECT_STREQ(failure.attribute("message").value(),
               "s.acquire(timeout=0): expected -> False, got -> blocked");
  EXPECT_STREQ(failure.attribute("type").value(), "fail");
  EXPECT_STREQ(failure.text().get(),
               "acquire(timeout=0) on a semaphore with no unit returns False at once.\n"
               "s.acquire(timeout=0): expected -> False, got -> blocked\n"
               "where: p: idle\n"
               "where: c: in acquire for 12.2 ms, sleeping in futex, on s\n"
               "rule: Modules/_multiprocessing/semaphore.c: SemLock.acquire\n"
               "place: scenarios/acquire.toml:3\n"
               "rerun: ./lockstep run gopy --filter acquire/timeout-zero\n");
  EXPECT_STREQ(node.child("system-out").text().get(),
               "\n"
               "    step                      expected  got         cpython-3.14.8\n"
               "    p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"
               "    p   fork c\n"
               "  > c   s.acquire(timeout=0)  -> False  -> blocked  -> False\n"
               "        (not reached)\n"
               "    c   s.acquire(True, 0)    -> False\n"
               "    p   s.release()           -> None\n");
  EXPECT_STREQ(node.child("system-err").text().get(),
               "goroutine 7 [semacquire]:\n\\x1b[31mmain.wait\\x1b[0m(0xc000)\n");
}

TEST_F(JUnit, ReportsAnUnexpectedPassAsAFailure) {
  const pugi::xml_node failure = Case("acquire/blocks").child("failure");
  EXPECT_STREQ(failure.attribute("type").value(), "unexpected_pass");
  EXPECT_STREQ(failure.attribute("message").value(), "expected to hang with -> blocked, passed");
}

TEST_F(JUnit, ReportsAHarnessErrorAsAnError) {
  const pugi::xml_node node = Case("crash/holder-dies");
  EXPECT_STREQ(node.child("error").attribute("type").value(), "harness_error");
  EXPECT_STREQ(node.child("error").attribute("message").value(),
               "the adapter sent garbage: \"oops\"");
  EXPECT_FALSE(node.child("failure"));
}

struct SkippedCase {
  const char* name;
  const char* message;
};

TEST_F(JUnit, SkipsTheRestWithItsReason) {
  for (const SkippedCase& skipped :
       {SkippedCase{"fork/child-owns",
                    "unsupported: it has no capability fork (Goroutines do not survive a fork.)"},
        SkippedCase{"resources/full",
                    "not_run: it needs a /dev/shm of its own, and namespaces are denied here"},
        SkippedCase{
            "construct/kind-is-checked",
            "expected_fail: SemLock(7, 0, 1, NAME, True): expected raises ValueError: unrecognized "
            "kind, got raises TypeError: a "
            "float is required (It takes the kind for a float. https://example.org/gopy/12)"}}) {
    EXPECT_STREQ(Case(skipped.name).child("skipped").attribute("message").value(), skipped.message);
  }
}

TEST_F(JUnit, CountsWhatItHas) {
  Case("");
  for (const pugi::xml_node suite : document_.child("testsuites")) {
    int tests = 0;
    int failures = 0;
    int errors = 0;
    int skipped = 0;
    for (const pugi::xml_node node : suite.children("testcase")) {
      ++tests;
      failures += node.child("failure") ? 1 : 0;
      errors += node.child("error") ? 1 : 0;
      skipped += node.child("skipped") ? 1 : 0;
    }
    EXPECT_EQ(suite.attribute("tests").as_int(), tests);
    EXPECT_EQ(suite.attribute("failures").as_int(), failures);
    EXPECT_EQ(suite.attribute("errors").as_int(), errors);
    EXPECT_EQ(suite.attribute("skipped").as_int(), skipped);
  }
}

TEST_F(JUnit, IsRedWhereTheResultIsWithheld) {
  std::ostringstream out;
  WriteJUnit(RunReport(), out, {"x.jsonl was cut off", "nothing was judged of <gopy>"});
  EXPECT_THAT(out.str(), HasSubstr("  <testsuite name=\"lockstep.report\" tests=\"1\" "
                                   "failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0.000\">\n"
                                   "    <properties />\n"
                                   "    <testcase classname=\"lockstep.report.withheld\" name=\"withheld\" time=\"0.000\">\n"
                                   "      <error message=\"this is no result: x.jsonl was cut off\" type=\"withheld\">x.jsonl was cut off\n"
                                   "nothing was judged of &lt;gopy&gt;\n"
                                   "</error>\n"));
}

TEST_F(JUnit, ReportsAnImplementationThatCouldNotBeStarted) {
  EXPECT_THAT(
      XmlOf(sample_.report),
      HasSubstr(
          "    <testcase classname=\"lockstep.rust port.start\" name=\"start\" time=\"0.000000\">\n"
          "      <error message=\"/nowhere: No such file or directory\" type=\"harness_error\" />\n"
          "    </testcase>\n"));
}

// What an adapter may print, and an XML file may not hold.
std::string Hostile() {
  std::string text =
      "]]> <![CDATA[ & < > \" ' \xff\xfe \xed\xa0\x80 \xef\xbf\xbf \xf0\x9f\x94\x92 \xe2\x80\xa8 ";
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  return text;
}

void MakeHostile(Sample* sample) {
  ScenarioVerdict& verdict = sample->report.implementations[1].verdicts[0];
  verdict.run.output = Hostile();
  verdict.reason = Hostile();
  verdict.run.divergence->actual = Hostile();
  verdict.run.whereabouts = {Hostile()};
  sample->report.implementations[1].verdicts[6].reason = Hostile();
  sample->report.implementations[2].introduction.failure = Hostile();
  sample->report.environment.emplace_back("hostile", Hostile());
}

TEST_F(JUnit, HoldsNothingThatXmlForbidsWhateverAnAdapterPrinted) {
  MakeHostile(&sample_);
  const std::string text = Case("acquire/timeout-zero").child("system-err").text().get();
  EXPECT_THAT(text, StartsWith("]]> <![CDATA[ & < > \" ' \\xff\\xfe \\xed\\xa0\\x80 "
                               "\\xef\\xbf\\xbf \xf0\x9f\x94\x92 \xe2\x80\xa8 \\x00\\x01"));
  const auto forbidden = [](char byte) {
    return static_cast<unsigned char>(byte) < 0x20 && byte != '\n' && byte != '\t';
  };
  EXPECT_TRUE(std::none_of(xml_.begin(), xml_.end(), forbidden));
  // Nor hidden as references to such characters, but for tabs and line ends.
  std::string references = xml_;
  for (const char* allowed : {"&#09;", "&#10;"}) {
    for (std::size_t at = references.find(allowed); at != std::string::npos;
         at = references.find(allowed)) {
      references.erase(at, std::string(allowed).size());
    }
  }
  EXPECT_EQ(references.find("&#"), std::string::npos);
}

TEST_F(JUnit, IsReadByAnotherXmlParserWhateverAnAdapterPrinted) {
  MakeHostile(&sample_);
  const TestFolder folder;
  ASSERT_TRUE(
      WriteJUnitFile(sample_.report, folder.File("junit.xml")).has_value());
  const Ran ran = RunCommand(fmt::format(
      "/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as tree\n"
      "root = tree.parse(sys.argv[1]).getroot()\n"
      "print(len(root.findall(\"testsuite/testcase\")), root.find(\".//system-err\").text[:6])' {}",
      folder.File("junit.xml")));
  EXPECT_EQ(ran.output, "11 ]]> <!\n");  // one of them a stale expectation
}

TEST_F(JUnit, IsWhatItsSchemaSays) {
  MakeHostile(&sample_);
  const TestFolder folder;
  ASSERT_TRUE(
      WriteJUnitFile(sample_.report, folder.File("junit.xml")).has_value());
  Ran ran;
  if (RunCommand("command -v xmllint").status == 0) {
    ran = RunCommand(
        fmt::format("xmllint --noout --schema {} {}", kSchema, folder.File("junit.xml")));
  } else if (RunCommand("python3 -c 'import lxml'").status == 0) {
    ran = RunCommand(fmt::format(
        "python3 -c 'import sys; from lxml import etree\n"
        "etree.XMLSchema(etree.parse(sys.argv[1])).assertValid(etree.parse(sys.argv[2]))' {} {}",
        kSchema, folder.File("junit.xml")));
  } else {
    GTEST_SKIP() << "neither xmllint nor lxml is there to validate with";
  }
  EXPECT_EQ(ran.status, 0) << ran.output;
}

TEST(WriteJUnitFile, TellsAFileThatCannotBeMade) {
  const auto written = WriteJUnitFile(RunReport(), "/nowhere/junit.xml");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, "/nowhere/junit.xml: No such file or directory");
}

TEST(WriteJUnitFile, TellsAFullDisk) {
  const auto written = WriteJUnitFile(MakeSample().report, "/dev/full");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, "/dev/full: No space left on device");
}

}  // namespace
}  // namespace lockstep::reports
