// SPDX-License-Identifier: MIT
// Lines of a file, where they stand in it, and how a mistake in them is told. Plain data and pure functions: nothing here
// blocks, keeps state or fails.
#ifndef LOCKSTEP_HARNESS_TEXT_SOURCE_H_
#define LOCKSTEP_HARNESS_TEXT_SOURCE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep {

// A place in a file, in lines and characters from 1. line 0: what stands there was built by a program.
struct Position {
  int line = 0;
  int column = 0;
};

// A part of a line that took the place of a placeholder, in bytes.
struct Replaced {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t original_begin = 0;
  std::size_t original_end = 0;
};

// One line: what is parsed, and what it is in its file.
struct SourceLine {
  std::string text;                // parsed; without line end, placeholders filled in
  std::string original;            // the file's line, whole
  std::size_t original_begin = 0;  // where `text` begins in it
  int number = 0;                  // in the file, from 1
  std::vector<Replaced> replaced;  // in order, not overlapping

  // Where the byte `offset` of `text` stands in the file; columns count characters.
  Position At(std::size_t offset) const;
};

// The first mistake found; whatever comes after it may be its consequence, and is dropped.
class Mistakes {
 public:
  void Report(Position position, std::string what) {
    if (!first_) first_ = Mistake{position, std::move(what)};
  }
  bool any() const { return first_.has_value(); }
  Position position() const { return first_->position; }
  const std::string& what() const { return first_->what; }

 private:
  struct Mistake {
    Position position;
    std::string what;
  };
  std::optional<Mistake> first_;
};

// The lines of `text`, which begins on the line `first_line` of its file. Line ends are \n or \r\n.
std::vector<SourceLine> SplitLines(std::string_view text, int first_line);

// "FILE:LINE:COLUMN: what", the line, and a caret under the column.
std::string RenderMistake(const std::string& file, Position position, const std::string& what,
                          std::string_view line);

// The offset of the first byte that is not part of a UTF-8 character.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

// How many characters the bytes of `text` are.
std::size_t CountCharacters(std::string_view text);

// "; did you mean 'WORD'?" with the nearest of `words`, or nothing where none is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& words);
// The same, but "; expected 'A', 'B' or 'C'" where none is near.
std::string DidYouMeanOrExpected(std::string_view word, const std::vector<std::string>& words);

// "a", "a and b", "a, b and c", each in quotes; `conjunction` in place of "and".
std::string JoinQuoted(const std::vector<std::string>& words,
                       const std::string& conjunction = "and");

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_TEXT_SOURCE_H_
