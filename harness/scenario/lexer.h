// SPDX-License-Identifier: MIT
// Tokens of one line of a transcript. Not for several threads; never blocks.
#ifndef LOCKSTEP_HARNESS_SCENARIO_LEXER_H_
#define LOCKSTEP_HARNESS_SCENARIO_LEXER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/text/source.h"

namespace lockstep::transcript {

struct Token {
  enum class Kind { kEnd, kName, kInt, kFloat, kString, kBytes, kPunct, kBad };
  Kind kind = Kind::kEnd;
  std::size_t begin = 0;  // bytes in the line's text
  std::size_t end = 0;
  std::string_view text;  // as written
  std::string data;       // kString, kBytes: what it stands for; kBad: what is wrong

  bool Is(std::string_view punct_or_name) const {
    return (kind == Kind::kPunct || kind == Kind::kName) && text == punct_or_name;
  }
};

// What ends a message besides the end of the line, a comment, ` or raises`, ` after 5ms` and a
// condition.
struct MessageEnds {
  bool at_semicolon_or_brace = false;  // inside of `together { }`
  bool at_as = false;                  // where `as w` may follow
};

// Reads left to right. Once `mistakes` has one, every token is kEnd: a parser need not look after
// each step. Copying one is how to look ahead. The line and the mistakes outlive it.
class Lexer {
 public:
  Lexer(const SourceLine* line, Mistakes* mistakes) : line_(line), mistakes_(mistakes) {}

  const Token& Peek();
  // The next token; a kBad one is reported as a mistake.
  Token Take();
  // Takes the next token when it is this punctuation or name.
  bool Accept(std::string_view punct_or_name);
  // Takes a '#' that follows the last token without a blank: there it begins no comment.
  bool AcceptHash();
  // Up to the next blank, comma, semicolon, closing bracket or comment, whatever it is; may be
  // empty.
  std::string_view TakeWord();
  // The rest as text, blanks around it dropped.
  std::string_view TakeMessage(const MessageEnds& ends);

  // Where the next token begins, and where the last one ended.
  std::size_t offset() { return Peek().begin; }
  std::size_t last_end() const { return last_end_; }

  // Reports a mistake at the next token, or at a byte of the line.
  void Fail(std::string what) { FailAt(offset(), std::move(what)); }
  void FailAt(std::size_t offset, std::string what) {
    mistakes_->Report(line_->At(offset), std::move(what));
  }
  // "found 'x'", "found the end of the line": how the next token is spoken of.
  std::string Found();

  const SourceLine& line() const { return *line_; }
  Mistakes* mistakes() const { return mistakes_; }
  // The text from `begin` to `end` with runs of blanks outside of strings made one.
  std::string Folded(std::size_t begin, std::size_t end) const;

 private:
  Token Lex(std::size_t at) const;
  Token LexName(std::size_t at) const;
  Token LexNumber(std::size_t at) const;
  Token LexString(std::size_t at, bool bytes) const;
  std::size_t SkipBlanks(std::size_t at) const;
  bool MessageEndsAt(std::size_t at, const MessageEnds& ends) const;
  void Advance(std::size_t end);

  const SourceLine* line_;
  Mistakes* mistakes_;
  std::size_t next_ = 0;
  std::size_t last_end_ = 0;
  bool peeked_ = false;
  Token token_;
  // Strings and messages taken: their blanks count.
  std::vector<std::pair<std::size_t, std::size_t>> verbatim_;
};

bool IsNameStart(char c);
bool IsNameCharacter(char c);
bool IsDigit(char c);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_LEXER_H_
