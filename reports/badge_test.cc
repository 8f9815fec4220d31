// SPDX-License-Identifier: MIT
#include "reports/badge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>

#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

// So many of each, on one implementation.
Summary With(const std::vector<Verdict>& verdicts) {
  static const Scenario scenario = MakeScenario("fork/y", "It is so.", "p nop()\n");
  Summary summary;
  ImplementationReport& one = summary.report.implementations.emplace_back();
  one.name = "gopy";
  for (const Verdict behaviour : verdicts) {
    ScenarioVerdict& verdict = one.verdicts.emplace_back();
    verdict.scenario = &scenario;
    verdict.behaviour = behaviour;
    verdict.cleanliness = Verdict::kPass;
  }
  return summary;
}

struct Case {
  std::vector<Verdict> verdicts;
  const char* text;
  const char* color;
};

TEST(BadgeOf, SaysHowManyOfWhatWasJudgedPassedAndItsColourWhetherThatIsWell) {
  const Case cases[] = {
      {{Verdict::kPass, Verdict::kPass, Verdict::kUnsupported}, "2 of 2, 1 not judged", "#1a7f37"},
      {{Verdict::kPass, Verdict::kExpectedFail}, "1 of 2, 1 known", "#6b7c00"},
      {{Verdict::kPass, Verdict::kUnexpectedPass}, "1 of 2", "#9a6700"},
      {{Verdict::kPass, Verdict::kFail}, "1 of 2", "#cf222e"},
      {{Verdict::kPass, Verdict::kFail, Verdict::kHarnessError}, "1 of 3", "#bc4c00"},
      {{Verdict::kUnsupported}, "0 of 0, 1 not judged", "#6e7781"},
  };
  for (const Case& each : cases) {
    const Badge badge = BadgeOf(With(each.verdicts));
    EXPECT_EQ(badge.text, each.text);
    EXPECT_STREQ(badge.color, each.color) << each.text;
  }
}

TEST(BadgeOf, IsGreyWhereTheResultIsWithheldWhateverTheNumbersSay) {
  Summary summary = With({Verdict::kPass, Verdict::kFail});
  summary.withheld = {"x.jsonl was cut off"};
  const Badge badge = BadgeOf(summary);
  EXPECT_EQ(badge.text, "withheld");
  EXPECT_STREQ(badge.color, "#6e7781");
  EXPECT_EQ(badge.title, "SemLock of gopy: withheld: x.jsonl was cut off");
}

TEST(BadgeOf, DoesNotCountAnOracleThatNobodyAskedToBeJudged) {
  Summary summary = With({Verdict::kPass});
  summary.report.implementations.push_back(With({Verdict::kPass, Verdict::kPass}).report.implementations[0]);
  summary.report.implementations[1].only_oracle = true;
  EXPECT_EQ(BadgeOf(summary).text, "1 of 1");
}

TEST(BadgeSvg, IsAnImageWithATitleAndAsWideAsItsText) {
  const std::string svg = BadgeSvg({"1056 of 1056", "SemLock of reference: 1056 pass, 463 unsupported", "#1a7f37"});
  EXPECT_EQ(svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"149\" height=\"20\" role=\"img\" aria-label=\"SemLock of reference: 1056 "
            "pass, 463 "
            "unsupported\">\n"
            "  <title>SemLock of reference: 1056 pass, 463 unsupported</title>\n"
            "  <clipPath id=\"edge\"><rect width=\"149\" height=\"20\" rx=\"3\"/></clipPath>\n"
            "  <g clip-path=\"url(#edge)\">\n"
            "    <rect width=\"62\" height=\"20\" fill=\"#444c56\"/>\n"
            "    <rect x=\"62\" width=\"87\" height=\"20\" fill=\"#1a7f37\"/>\n"
            "  </g>\n"
            "  <g fill=\"#fff\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">\n"
            "    <text x=\"6\" y=\"14\" textLength=\"50\" lengthAdjust=\"spacingAndGlyphs\">SemLock</text>\n"
            "    <text x=\"68\" y=\"14\" textLength=\"75\" lengthAdjust=\"spacingAndGlyphs\">1056 of 1056</text>\n"
            "  </g>\n"
            "</svg>\n");
}

TEST(BadgeSvg, IsWellFormedWhateverAnImplementationIsCalled) {
  Summary summary = With({Verdict::kPass});
  summary.report.implementations[0].name = "\"><script>\x01\xff&";
  const std::string svg = BadgeSvg(BadgeOf(summary));
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(svg.c_str()));
  EXPECT_STREQ(document.child("svg").child("title").text().get(), "SemLock of \"><script>\\x01\\xff&: 1 pass");
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
}

TEST(BadgeSvg, NeedsNothingFromElsewhere) {
  const std::string svg = BadgeSvg(BadgeOf(With({Verdict::kPass})));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("url(h")));
}

TEST(BadgeSvg, GivesEveryCharacterOfAsciiRoom) {
  for (char c = ' '; c <= '~'; ++c) {
    const std::string svg = BadgeSvg({std::string(10, c), "", "#000000"});
    const std::size_t at = svg.rfind("textLength=\"") + 12;
    EXPECT_GE(std::stoi(svg.substr(at)), 30) << c;
  }
}

}  // namespace
}  // namespace lockstep::reports
