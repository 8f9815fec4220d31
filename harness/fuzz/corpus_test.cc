// SPDX-License-Identifier: MIT
#include "harness/fuzz/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/fuzz/plan.h"
#include "harness/os/text_file.h"

namespace lockstep::fuzz {
namespace {

using ::testing::HasSubstr;

class CorpusTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string File(const std::string& name) const { return folder_ + "/" + name; }

  static Scenario One(Action action) { return Write({0, {{action, 0, 0, 0}}}, "fuzz/x", Subject()).scenario; }

 private:
  std::string folder_ = ::testing::TempDir() + "corpus-XXXXXX";
};

TEST_F(CorpusTest, GrowsByWhatIsNew) {
  auto corpus = Corpus::Load("", File("own.toml"));
  ASSERT_TRUE(corpus) << corpus.error().Text();
  EXPECT_TRUE(corpus->scenarios().empty());
  ASSERT_TRUE(corpus->Add({One(Action::kRelease), One(Action::kTry), One(Action::kRelease)}, Corpus::Why::kInteresting));
  ASSERT_TRUE(corpus->Add({One(Action::kTry), One(Action::kCount)}, Corpus::Why::kFails));
  const auto again = Corpus::Load("", File("own.toml"));
  ASSERT_TRUE(again) << again.error().Text();
  ASSERT_EQ(again->scenarios().size(), 3u);
  EXPECT_EQ(again->scenarios()[2].steps_text, One(Action::kCount).steps_text);
}

TEST_F(CorpusTest, HasWhatIsGivenFirst) {
  const std::string given = TableOf(One(Action::kCount), "given/one");
  ASSERT_TRUE(ReplaceTextFile(File("given.toml"), given));
  auto corpus = Corpus::Load(File("given.toml"), File("own.toml"));
  ASSERT_TRUE(corpus) << corpus.error().Text();
  ASSERT_TRUE(corpus->Add({One(Action::kCount), One(Action::kTry)}, Corpus::Why::kInteresting));
  const auto again = Corpus::Load(File("given.toml"), File("own.toml"));
  ASSERT_TRUE(again) << again.error().Text();
  ASSERT_EQ(again->scenarios().size(), 2u);
  EXPECT_EQ(again->scenarios()[0].name, "given/one");
  EXPECT_EQ(*ReadTextFile(File("given.toml")), given);
}

TEST_F(CorpusTest, KeepsWhatFailsThoughItIsFull) {
  auto corpus = Corpus::Load("", File("own.toml"));
  ASSERT_TRUE(corpus) << corpus.error().Text();
  std::vector<Scenario> many(Corpus::kMost + 10, One(Action::kTry));
  for (std::size_t i = 0; i < many.size(); ++i) many[i].steps_text += "# " + std::to_string(i) + "\n";
  ASSERT_TRUE(corpus->Add(many, Corpus::Why::kInteresting));
  ASSERT_TRUE(corpus->Add({One(Action::kCount)}, Corpus::Why::kFails));
  ASSERT_TRUE(corpus->Add({One(Action::kRelease)}, Corpus::Why::kInteresting));
  const auto again = Corpus::Load("", File("own.toml"));
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(again->scenarios().size(), Corpus::kMost + 1);
  EXPECT_EQ(again->scenarios().back().steps_text, One(Action::kCount).steps_text);
}

TEST_F(CorpusTest, SaysWhatIsWrongWithAFile) {
  ASSERT_TRUE(ReplaceTextFile(File("own.toml"), "[[scenario]]\nname = 3\n"));
  const auto corpus = Corpus::Load("", File("own.toml"));
  ASSERT_FALSE(corpus);
  EXPECT_THAT(corpus.error().message, HasSubstr("own.toml:2:"));
  EXPECT_THAT(corpus.error().hint, HasSubstr("--no-corpus"));
  EXPECT_FALSE(Corpus::Load(File("not-there.toml"), File("none.toml")));
}

}  // namespace
}  // namespace lockstep::fuzz
