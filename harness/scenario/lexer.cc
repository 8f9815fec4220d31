// SPDX-License-Identifier: MIT
#include "harness/scenario/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace lockstep::transcript {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::uint32_t HexValue(char c) {
  return static_cast<std::uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

void AppendUtf8(std::uint32_t code, std::string* out) {
  const auto put = [&](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Reads what stands after a backslash at `*at`; leaves `*at` behind it. Returns what is wrong, or
// "".
std::string Unescape(std::string_view text, std::size_t* at, bool bytes, std::string* out) {
  constexpr std::string_view kLetters = "\\'\"ntrabfv";
  constexpr std::string_view kMeanings = "\\'\"\n\t\r\a\b\f\v";
  const char c = text[(*at)++];
  if (const std::size_t i = kLetters.find(c); i != std::string_view::npos) {
    out->push_back(kMeanings[i]);
    return "";
  }
  std::uint32_t code = 0;
  if (c >= '0' && c <= '7') {
    code = static_cast<std::uint32_t>(c - '0');
    for (int i = 0; i < 2 && *at < text.size() && text[*at] >= '0' && text[*at] <= '7'; ++i) {
      code = code * 8 + static_cast<std::uint32_t>(text[(*at)++] - '0');
    }
    if (code > 0xff) return "an octal escape ends at '\\377'";
  } else {
    const int digits = c == 'x' ? 2 : bytes ? 0 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0)
      return fmt::format("unknown escape '\\{}' in {}", c, bytes ? "bytes" : "a string");
    for (int i = 0; i < digits; ++i) {
      if (*at >= text.size() || !IsHexDigit(text[*at])) {
        return fmt::format("'\\{}' needs {} hexadecimal digits", c, digits);
      }
      code = code * 16 + HexValue(text[(*at)++]);
    }
  }
  if (bytes) {
    out->push_back(static_cast<char>(code));
    return "";
  }
  if (code > 0x10ffff) return "no character is beyond '\\U0010ffff'";
  if (code >= 0xd800 && code <= 0xdfff) {
    return "a lone surrogate cannot be sent as text; write it inside of eval('...')";
  }
  AppendUtf8(code, out);
  return "";
}

}  // namespace

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameCharacter(char c) { return IsNameStart(c) || IsDigit(c); }

std::size_t Lexer::SkipBlanks(std::size_t at) const {
  while (at < line_->text.size() && IsBlank(line_->text[at])) ++at;
  return at;
}

const Token& Lexer::Peek() {
  if (mistakes_->any()) {
    token_ = Token{Token::Kind::kEnd, next_, next_, {}, {}};
  } else if (!peeked_) {
    token_ = Lex(SkipBlanks(next_));
    peeked_ = true;
  }
  return token_;
}

void Lexer::Advance(std::size_t end) {
  next_ = end;
  last_end_ = end;
  peeked_ = false;
}

Token Lexer::Take() {
  Token token = Peek();
  if (token.kind == Token::Kind::kBad) {
    FailAt(token.begin, token.data);
    return Token{Token::Kind::kEnd, token.begin, token.begin, {}, {}};
  }
  if (token.kind == Token::Kind::kEnd) return token;
  if (token.kind == Token::Kind::kString || token.kind == Token::Kind::kBytes) {
    verbatim_.emplace_back(token.begin, token.end);
  }
  Advance(token.end);
  return token;
}

bool Lexer::Accept(std::string_view punct_or_name) {
  if (!Peek().Is(punct_or_name)) return false;
  Take();
  return true;
}

bool Lexer::AcceptHash() {
  if (mistakes_->any() || last_end_ >= line_->text.size() || line_->text[last_end_] != '#') return false;
  Advance(last_end_ + 1);
  return true;
}

std::string_view Lexer::TakeWord() {
  if (mistakes_->any()) return {};
  const std::string_view text = line_->text;
  const std::size_t begin = SkipBlanks(next_);
  std::size_t end = text.find_first_of(" \t,;})]#", begin);
  if (end == std::string_view::npos) end = text.size();
  if (end > begin) Advance(end);
  return text.substr(begin, end - begin);
}

// Whether a message ends at the blank at `at`, or at the end of a block.
bool Lexer::MessageEndsAt(std::size_t at, const MessageEnds& ends) const {
  const std::string_view text = line_->text;
  if (ends.at_semicolon_or_brace && (text[at] == ';' || text[at] == '}')) return true;
  if (!IsBlank(text[at])) return false;
  const std::string_view rest = text.substr(SkipBlanks(at));
  if (rest.empty() || rest.front() == '#') return true;
  const auto follows = [&](std::string_view word, auto&& accepts) {
    if (rest.substr(0, word.size()) != word) return false;
    std::string_view tail = rest.substr(word.size());
    if (tail.empty() || !IsBlank(tail.front())) return false;
    tail.remove_prefix(std::min(tail.find_first_not_of(" \t"), tail.size()));
    return !tail.empty() && accepts(tail);
  };
  const auto starts_with = [](std::string_view tail, std::string_view word) {
    return tail.substr(0, word.size()) == word;
  };
  if (follows("or", [&](auto tail) {
        return starts_with(tail, "raises ") || starts_with(tail, "returns ") ||
               starts_with(tail, "->");
      })) {
    return true;
  }
  if (follows("after", [](auto tail) { return IsDigit(tail.front()); })) return true;
  // `as w` is at the end, or `, other l` follows: a message may well say "as it is".
  const auto name_and_end = [](std::string_view tail) {
    std::size_t end = 0;
    while (end < tail.size() && IsNameCharacter(tail[end])) ++end;
    const std::size_t next = tail.find_first_not_of(" \t", end);
    return IsNameStart(tail.front()) && (next == std::string_view::npos || tail[next] == ',' ||
                                         tail[next] == '#' || tail.substr(next, 5) == "when ");
  };
  if (ends.at_as && follows("as", name_and_end)) return true;
  return follows("when", [&](auto tail) {
    for (const std::string_view subject : {"python ", "glibc ", "musl "}) {
      if (!starts_with(tail, subject)) continue;
      tail.remove_prefix(std::min(tail.find_first_not_of(" \t", subject.size()), tail.size()));
      break;
    }
    return !tail.empty() && std::string_view("<>=!").find(tail.front()) != std::string_view::npos;
  });
}

std::string_view Lexer::TakeMessage(const MessageEnds& ends) {
  if (mistakes_->any()) return {};
  const std::string_view text = line_->text;
  const std::size_t begin = SkipBlanks(next_);
  // The first word is the message's whatever it is, unless it begins a comment.
  std::size_t end = begin;
  if (begin < text.size() && text[begin] == '#' && begin > next_) return {};
  while (end < text.size() && !MessageEndsAt(end, ends)) ++end;
  while (end > begin && IsBlank(text[end - 1])) --end;
  if (end <= begin) return {};
  verbatim_.emplace_back(begin, end);
  Advance(end);
  return text.substr(begin, end - begin);
}

std::string Lexer::Found() {
  const Token& token = Peek();
  if (token.kind == Token::Kind::kEnd) return "found the end of the line";
  return fmt::format("found '{}'", token.text);
}

std::string Lexer::Folded(std::size_t begin, std::size_t end) const {
  std::string out;
  for (std::size_t at = begin; at < end;) {
    bool copied = false;
    for (const auto& [from, to] : verbatim_) {
      if (at < from || at >= to) continue;
      out += line_->text.substr(at, to - at);
      at = to;
      copied = true;
    }
    if (copied) continue;
    const char c = line_->text[at++];
    if (!IsBlank(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Token Lexer::Lex(std::size_t at) const {
  const std::string_view text = line_->text;
  if (at >= text.size() || text[at] == '#') return Token{Token::Kind::kEnd, at, at, {}, {}};
  const char c = text[at];
  if (IsNameStart(c)) return LexName(at);
  if (IsDigit(c) || (c == '.' && at + 1 < text.size() && IsDigit(text[at + 1])))
    return LexNumber(at);
  if (c == '\'' || c == '"') return LexString(at, false);
  static constexpr std::array<std::string_view, 25> kPunctuation = {
      "...", "..", "->", "**", "<=", ">=", "==", "!=", "<", ">", "=", "(", ")",
      "[",   "]",  "{",  "}",  ",",  ";",  ":",  ".",  "+", "-", "*", "|"};
  for (const std::string_view punct : kPunctuation) {
    if (text.substr(at, punct.size()) != punct) continue;
    return Token{Token::Kind::kPunct, at, at + punct.size(), text.substr(at, punct.size()), {}};
  }
  // A whole character, so that what is shown is text.
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  const std::string_view shown = text.substr(at, end - at);
  const auto byte = static_cast<unsigned char>(c);
  std::string what = byte < 0x20 || byte == 0x7f
                         ? fmt::format("unexpected character '\\x{:02x}'", byte)
                         : fmt::format("unexpected character '{}'", shown);
  return Token{Token::Kind::kBad, at, end, shown, std::move(what)};
}

Token Lexer::LexName(std::size_t at) const {
  const std::string_view text = line_->text;
  std::size_t end = at;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  const std::string_view name = text.substr(at, end - at);
  if (end < text.size() && (text[end] == '\'' || text[end] == '"') && name.size() <= 2) {
    if (name == "b") return LexString(at, true);
    return Token{Token::Kind::kBad, at, end, name,
                 fmt::format("unknown prefix '{}' of a string; only b'...' is known", name)};
  }
  return Token{Token::Kind::kName, at, end, name, {}};
}

Token Lexer::LexNumber(std::size_t at) const {
  const std::string_view text = line_->text;
  std::size_t end = at;
  const auto digits = [&](auto&& accepts) {
    const std::size_t begin = end;
    while (end < text.size() && accepts(text[end])) ++end;
    return end > begin;
  };
  const auto peek = [&](std::size_t ahead) {
    return end + ahead < text.size() ? text[end + ahead] : '\0';
  };
  Token token{Token::Kind::kInt, at, at, {}, {}};
  bool good = true;
  std::string wanted = "as in '12', '0xff' or '1e300'";
  const char base = static_cast<char>(peek(1) | 0x20);
  if (peek(0) == '0' && (base == 'x' || base == 'o' || base == 'b')) {
    end += 2;
    good = digits([&](char c) {
      return base == 'x' ? IsHexDigit(c) : c >= '0' && c <= (base == 'o' ? '7' : '1');
    });
  } else {
    digits(IsDigit);
    // `1..8` is a range, not the float `1.`.
    if (peek(0) == '.' && peek(1) != '.') {
      token.kind = Token::Kind::kFloat;
      ++end;
      digits(IsDigit);
    }
    if ((peek(0) | 0x20) == 'e') {
      token.kind = Token::Kind::kFloat;
      ++end;
      if (peek(0) == '+' || peek(0) == '-') ++end;
      good = digits(IsDigit);
    }
    const bool octal_look = text[at] == '0' && end - at > 1 && IsDigit(text[at + 1]);
    if (token.kind == Token::Kind::kInt && octal_look) {
      good = false;
      wanted = fmt::format("'0o{}' for octal digits", text.substr(at + 1, end - at - 1));
    }
  }
  if (end < text.size() && IsNameCharacter(text[end])) good = false;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  token.end = end;
  token.text = text.substr(at, end - at);
  if (!good) {
    token.kind = Token::Kind::kBad;
    token.data = fmt::format("'{}' is not a number; expected {}", token.text, wanted);
  }
  return token;
}

Token Lexer::LexString(std::size_t at, bool bytes) const {
  const std::string_view text = line_->text;
  std::size_t in = at + (bytes ? 1 : 0);
  const char quote = text[in++];
  Token token{bytes ? Token::Kind::kBytes : Token::Kind::kString, at, at, {}, {}};
  const auto bad = [&](std::string what) {
    token.kind = Token::Kind::kBad;
    token.end = text.size();
    token.text = text.substr(at);
    token.data = std::move(what);
    return token;
  };
  while (in < text.size() && text[in] != quote) {
    if (text[in] == '\\') {
      if (++in == text.size()) break;
      const std::string wrong = Unescape(text, &in, bytes, &token.data);
      if (!wrong.empty()) return bad(wrong);
    } else {
      if (bytes && static_cast<unsigned char>(text[in]) >= 0x80) {
        return bad("bytes have ASCII characters only; write others as '\\xe9'");
      }
      token.data += text[in++];
    }
  }
  if (in >= text.size()) return bad(fmt::format("this string has no end; expected {}", quote));
  token.end = in + 1;
  token.text = text.substr(at, token.end - at);
  return token;
}

}  // namespace lockstep::transcript
