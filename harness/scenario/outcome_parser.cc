// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "harness/scenario/call_parser.h"
#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

// A scenario that judges more than a day would never be run.
constexpr double kLongestSeconds = 24 * 3600.0;

const std::vector<std::string>& Subjects() {
  static const std::vector<std::string> subjects = {"python", "glibc", "musl"};
  return subjects;
}

// `50ms`, `0.3s`, `200us`.
std::optional<std::chrono::nanoseconds> ParseDuration(Lexer* lexer) {
  const std::size_t begin = lexer->offset();
  const std::string word(lexer->TakeWord());
  const std::size_t digits = word.find_first_not_of("0123456789.");
  const std::string unit = digits == std::string::npos ? "" : word.substr(digits);
  const double factor = unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : 0;
  const double number = std::strtod(word.c_str(), nullptr);
  const auto points = std::count(word.begin(), word.end(), '.');
  if (digits == 0 || factor == 0 || points > 1 || !std::isfinite(number)) {
    lexer->FailAt(begin,
                  fmt::format("'{}' is not a duration; expected a number and 's', 'ms' or 'us', as "
                              "in '50ms'",
                              word));
    return std::nullopt;
  }
  const double seconds = number * factor;
  if (seconds <= 0 || seconds > kLongestSeconds) {
    lexer->FailAt(
        begin,
        fmt::format("'{}' is out of range; expected more than 0 and at most 24 hours", word));
    return std::nullopt;
  }
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

class OutcomeParser {
 public:
  OutcomeParser(Lexer* lexer, const Names& names, const OutcomePlace& place)
      : lexer_(*lexer), names_(names), place_(place) {}

  Expectation Parse() {
    const std::size_t begin = lexer_.offset();
    Expectation out;
    out.alternatives.push_back(ParseAlternative());
    while (lexer_.Accept("or")) out.alternatives.push_back(ParseAlternative());
    const std::size_t after = lexer_.offset();
    if (lexer_.Accept("after")) {
      for (const Expected& one : out.alternatives) {
        if (one.kind != Expected::Kind::kReturned && one.kind != Expected::Kind::kRaised) {
          lexer_.FailAt(after, "'after' is for what returns or raises only");
        }
      }
      out.after = ParseDuration(&lexer_);
    }
    out.text = lexer_.Folded(begin, lexer_.last_end());
    return out;
  }

 private:
  Expected ParseAlternative() {
    if (lexer_.Accept("raises")) return ParseRaised();
    if (lexer_.Accept("dies")) {
      if (!place_.of_a_call) lexer_.Fail("a call in flight that ends its process 'died' then");
      Expected out;
      out.kind = Expected::Kind::kDies;
      out.type = ParseSignalName(&lexer_);
      return out;
    }
    const bool arrow = lexer_.Accept("->") || lexer_.Accept("returns");
    if (arrow && lexer_.Peek().Is("raises")) {
      lexer_.Fail("'raises' stands without '->' before it");
      return Expected{};
    }
    return ParseReturned();
  }

  Expected ParseReturned() {
    Expected out;
    const Token next = lexer_.Peek();
    if (next.Is("blocked") || next.Is("unsupported")) {
      if (!place_.of_a_call) {
        lexer_.Fail(next.Is("blocked")
                        ? "a call in flight that does not come back is 'still blocked'"
                        : "'unsupported' is the outcome of a call, not of one in flight");
      }
      lexer_.Take();
      out.kind = next.Is("blocked") ? Expected::Kind::kBlocked : Expected::Kind::kUnsupported;
    } else if (next.Is("...") ||
               (next.kind == Token::Kind::kName && Contains(TypeWords(), next.text))) {
      out.type_of_value = std::string(lexer_.Take().text);
    } else if (IsLike(next)) {
      out.type_of_value = std::string(lexer_.Take().text);
      const std::size_t at = lexer_.offset();
      out.value = ExpressionParser(&lexer_, &names_).ParseExpr();
      if (out.value.kind == Expr::Kind::kLiteral && out.value.value.If<std::string>() == nullptr)
        lexer_.FailAt(at, "expected a text after 'like', as in 'like '<Lock(...)>''");
    } else {
      out.value = ExpressionParser(&lexer_, &names_).ParseExpr();
    }
    return out;
  }

  // `like` is a name as any other, unless a text follows it.
  bool IsLike(const Token& next) const {
    if (!next.Is("like")) return false;
    Lexer ahead = lexer_;
    ahead.Take();
    const Token text = ahead.Peek();
    return text.kind == Token::Kind::kString ||
           (text.kind == Token::Kind::kName && IsFreshName(text.text));
  }

  Expected ParseRaised() {
    Expected out;
    out.kind = Expected::Kind::kRaised;
    const std::size_t begin = lexer_.offset();
    out.type = ParseExceptionName(&lexer_);
    if (const ExceptionName* type = FindException(out.type)) ParseErrno(*type, begin, &out);
    if (!lexer_.Accept(":")) return out;
    const std::size_t colon = lexer_.last_end() - 1;
    out.message = std::string(lexer_.TakeMessage(place_.message_ends));
    if (out.message->empty())
      lexer_.FailAt(colon, "expected a message after ':'; leave the ':' out to judge none");
    return out;
  }

  void ParseErrno(const ExceptionName& type, std::size_t begin, Expected* out) {
    const Token next = lexer_.Peek();
    const bool word = next.kind == Token::Kind::kName && !next.Is("or") && !next.Is("after") &&
                      !next.Is("when") && !next.Is("as");
    if (word && !type.is_os_error) {
      lexer_.Fail(fmt::format(
          "'{}' has no errno; expected ':' and a message, or the end of the line", type.name));
    } else if (word && next.Is("any") && type.errnos.empty()) {
      lexer_.Take();
    } else if (word) {
      lexer_.Take();
      out->errno_value = ErrnoValue(next.text);
      const bool fits =
          !out->errno_value || type.errnos.empty() ||
          std::find(type.errnos.begin(), type.errnos.end(), *out->errno_value) != type.errnos.end();
      if (!out->errno_value) {
        lexer_.FailAt(next.begin, fmt::format("unknown errno '{}'{}", next.text,
                                              DidYouMean(next.text, ErrnoNames())));
      } else if (!fits) {
        lexer_.FailAt(next.begin, fmt::format("{} never has {}; expected {}", type.name, next.text,
                                              JoinQuoted(NamesOf(type.errnos), "or")));
      }
    } else if (type.errnos.size() == 1) {
      out->errno_value = type.errnos.front();
    } else if (type.is_os_error && type.errnos.empty()) {
      lexer_.FailAt(begin, "which errno? expected as in 'OSError EINVAL', or 'OSError any'");
    } else if (type.is_os_error) {
      lexer_.FailAt(begin, fmt::format("which errno? expected {} after '{}'",
                                       JoinQuoted(NamesOf(type.errnos), "or"), type.name));
    }
  }

  static std::vector<std::string> NamesOf(const std::vector<int>& errnos) {
    std::vector<std::string> names;
    names.reserve(errnos.size());
    for (const int value : errnos) names.push_back(ErrnoName(value));
    return names;
  }

  Lexer& lexer_;
  const Names& names_;
  const OutcomePlace& place_;
};

std::optional<Condition::Op> ComparisonOf(const Token& token) {
  using Op = Condition::Op;
  if (token.Is("<")) return Op::kLess;
  if (token.Is("<=")) return Op::kLessEqual;
  if (token.Is("==")) return Op::kEqual;
  if (token.Is("!=")) return Op::kNotEqual;
  if (token.Is(">=")) return Op::kGreaterEqual;
  if (token.Is(">")) return Op::kGreater;
  return std::nullopt;
}

}  // namespace

bool IsOutcomeNext(Lexer* lexer) {
  return lexer->Peek().Is("->") || lexer->Peek().Is("returns") || lexer->Peek().Is("raises") ||
         lexer->Peek().Is("dies");
}

Expectation ParseExpectation(Lexer* lexer, const Names& names, const OutcomePlace& place) {
  return OutcomeParser(lexer, names, place).Parse();
}

Condition ParseCondition(Lexer* lexer) {
  const std::size_t begin = lexer->offset();
  Condition out;
  do {
    Condition::Term term{"python", Condition::Op::kEqual, {}};
    const Token subject = lexer->Peek();
    if (subject.kind == Token::Kind::kName) {
      term.subject = std::string(lexer->Take().text);
      if (!Contains(Subjects(), term.subject)) {
        lexer->FailAt(
            subject.begin,
            fmt::format("unknown subject '{}' of a condition; expected a version of Python as in "
                        "'>= 3.12', or 'glibc' or 'musl'{}",
                        term.subject, DidYouMean(term.subject, Subjects())));
      }
    }
    const std::optional<Condition::Op> op = ComparisonOf(lexer->Peek());
    if (!op) lexer->Fail(fmt::format("expected a comparison as in '>= 3.12', {}", lexer->Found()));
    lexer->Take();
    const std::size_t at = lexer->offset();
    const std::string word(lexer->TakeWord());
    const std::optional<Version> version = Version::Parse(word);
    if (!version) {
      lexer->FailAt(at, fmt::format("expected a version as in '3.12', {}",
                                    word.empty() ? lexer->Found() : "found '" + word + "'"));
    }
    if (op && version) {
      term.op = *op;
      term.version = *version;
      out.terms.push_back(std::move(term));
    }
  } while (lexer->Accept("and"));
  if (lexer->Peek().Is("or"))
    lexer->Fail("conditions are joined by 'and'; for 'or' write a step for each");
  out.text = lexer->Folded(begin, lexer->last_end());
  return out;
}

}  // namespace lockstep::transcript
