// SPDX-License-Identifier: MIT
#include "defect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace lockstep::mutants {
namespace {

using testing::HasSubstr;

std::vector<std::string> AreasOf(const Defect& defect) {
  std::vector<std::string> areas;
  std::istringstream text{std::string(defect.areas)};
  for (std::string area; std::getline(text, area, ',');) areas.push_back(area);
  return areas;
}

TEST(Defects, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names = {"none"};
  for (const Defect& defect : Defects())
    EXPECT_TRUE(names.insert(defect.name).second) << defect.name;
}

TEST(Defects, AreSeveralOfEachArea) {
  std::map<std::string, int> counts;
  for (const Defect& defect : Defects()) {
    for (const std::string& area : AreasOf(defect)) ++counts[area];
  }
  for (const char* area :
       {"acquire",       "bounds",  "construct", "contention", "context",   "crash", "fork",
        "introspection", "names",   "rebuild",   "recursive",  "resources", "shm",   "signal",
        "thread",        "timeout", "unnamed",   "lock",       "condition", "event", "barrier",
        "stress",        "faults"}) {
    EXPECT_GE(counts[area], 2) << area;
  }
}

TEST(Defects, AreToldInASentenceThatJsonTakesAsItIs) {
  for (const Defect& defect : Defects()) {
    EXPECT_TRUE(defect.says.ends_with('.')) << defect.name;
    EXPECT_EQ(defect.says.find_first_of("\"\\\n\t"), std::string_view::npos) << defect.name;
    EXPECT_EQ(defect.areas.empty(), defect.kind == Kind::kHidden) << defect.name;
  }
}

TEST(Switch, TurnsOnOneDefectAndNoOther) {
  ASSERT_TRUE(Activate("robust"));
  EXPECT_TRUE(Is("robust"));
  EXPECT_FALSE(Is("excl-lost"));
  EXPECT_TRUE(IsKind(Kind::kFutex));
  EXPECT_EQ(Active()->name, "robust");
  ASSERT_TRUE(Activate("none"));
  EXPECT_FALSE(Is("robust"));
  EXPECT_EQ(Active(), nullptr);
}

TEST(Switch, KnowsNoOtherNames) {
  ASSERT_TRUE(Activate("robust"));
  EXPECT_FALSE(Activate("robustt"));
  EXPECT_TRUE(Is("robust"));
  ASSERT_TRUE(Activate("none"));
}

TEST(List, IsALineADefect) {
  const std::string lines = TableAsJsonLines();
  EXPECT_THAT(lines,
              HasSubstr("{\"name\": \"owner-is-process\", \"areas\": [\"fork\", \"thread\"], "
                        "\"says\": \"The owner is known by its process id.\", "
                        "\"kind\": \"libc\"}\n"));
  EXPECT_THAT(lines, HasSubstr("{\"name\": \"equivalent\", \"areas\": [], "));
}

}  // namespace
}  // namespace lockstep::mutants
