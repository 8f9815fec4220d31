// SPDX-License-Identifier: MIT
#include "harness/scenario/expression.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

#include "harness/scenario/integer.h"
#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

constexpr int kMaxDepth = 40;
// A message line of the protocol holds 1 MiB; a string of a quarter stays below it however it is
// escaped.
constexpr std::size_t kMaxText = std::size_t{256} * 1024;

// What the language means by the words that are values.
std::optional<Value> ValueWord(std::string_view name) {
  if (name == "True") return Value(true);
  if (name == "False") return Value(false);
  if (name == "None") return Value(None{});
  if (name == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
  if (name == "inf") return Value(std::numeric_limits<double>::infinity());
  if (const auto constant = ConstantValue(name)) return Value(*constant);
  return std::nullopt;
}

bool IsText(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kFreshName:
    case Expr::Kind::kScript:
    case Expr::Kind::kConcat:
    case Expr::Kind::kRepeat:
      return true;
    case Expr::Kind::kLiteral:
      return expr.value.If<std::string>() != nullptr;
    default:
      return false;
  }
}

// Known at run time only, and may be anything.
bool IsOpen(const Expr& expr) {
  return expr.kind == Expr::Kind::kVariable || expr.kind == Expr::Kind::kAttribute;
}

std::optional<Integer> IntegerOf(const Expr& expr) {
  if (expr.kind != Expr::Kind::kLiteral) return std::nullopt;
  return Integer::FromValue(expr.value);
}

std::string Times(const std::string& text, std::int64_t times) {
  std::string out;
  out.reserve(text.size() * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

bool IsFreshName(std::string_view name) {
  const std::string_view stem = name.substr(0, 4);
  if (stem != "NAME" && stem != "BARE") return false;
  const std::string_view number = name.substr(4);
  if (number.empty()) return true;
  for (const char c : number) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

bool IsFreeName(std::string_view name) {
  return !IsFreshName(name) && name != "SCRIPT" && !ValueWord(name) && !Contains(ReservedWords(), name) &&
         !Contains(StepWords(), name) && !Contains(TypeWords(), name) &&
         FindOperation(name) == nullptr && name != "del" && name != "other" && name != "when";
}

Expr ExpressionParser::Literal(Value value, std::size_t offset) const {
  Expr out;
  out.value = std::move(value);
  out.position = lexer_.line().At(offset);
  return out;
}

Expr ExpressionParser::FailWith(std::size_t offset, std::string what) {
  lexer_.FailAt(offset, std::move(what));
  return Expr{};
}

Expr ExpressionParser::Combined(Expr::Kind kind, Expr left, Expr right) const {
  Expr out;
  out.kind = kind;
  out.position = left.position;
  out.operands.push_back(std::move(left));
  out.operands.push_back(std::move(right));
  return out;
}

Expr ExpressionParser::ParseOr() {
  if (++depth_ > kMaxDepth)
    return FailWith(lexer_.offset(),
                    fmt::format("too deeply nested; expected at most {} levels", kMaxDepth));
  Expr left = ParseSum();
  while (lexer_.Peek().Is("|")) {
    const Token op = lexer_.Take();
    Expr right = ParseSum();
    left = Binary(op, std::move(left), std::move(right));
  }
  --depth_;
  return left;
}

Expr ExpressionParser::ParseSum() {
  Expr left = ParseProduct();
  while (lexer_.Peek().Is("+") || lexer_.Peek().Is("-")) {
    const Token op = lexer_.Take();
    Expr right = ParseProduct();
    left = Binary(op, std::move(left), std::move(right));
  }
  return left;
}

Expr ExpressionParser::ParseProduct() {
  Expr left = ParseUnary();
  while (lexer_.Peek().Is("*")) {
    const Token op = lexer_.Take();
    Expr right = ParseUnary();
    left = Binary(op, std::move(left), std::move(right));
  }
  return left;
}

Expr ExpressionParser::ParseUnary() {
  if (!lexer_.Peek().Is("-") && !lexer_.Peek().Is("+")) return ParsePower();
  const Token sign = lexer_.Take();
  if (++depth_ > kMaxDepth)
    return FailWith(sign.begin,
                    fmt::format("too deeply nested; expected at most {} levels", kMaxDepth));
  Expr operand = ParseUnary();
  --depth_;
  const bool negate = sign.Is("-");
  if (const auto integer = IntegerOf(operand)) {
    return Literal(negate ? integer->Negated().ToValue() : operand.value, sign.begin);
  }
  const auto* number = operand.kind == Expr::Kind::kLiteral ? operand.value.If<double>() : nullptr;
  if (number != nullptr) return Literal(Value(negate ? -*number : *number), sign.begin);
  return FailWith(sign.begin, fmt::format("'{}' stands before numbers only", sign.text));
}

Expr ExpressionParser::ParsePower() {
  Expr base = ParsePrimary();
  if (!lexer_.Peek().Is("**")) return base;
  const Token op = lexer_.Take();
  // As in Python: 2**3**2 is 2**(3**2), and 2**-1 is refused below rather than here.
  if (++depth_ > kMaxDepth)
    return FailWith(op.begin,
                    fmt::format("too deeply nested; expected at most {} levels", kMaxDepth));
  Expr exponent = ParseUnary();
  --depth_;
  return Binary(op, std::move(base), std::move(exponent));
}

Expr ExpressionParser::Binary(const Token& op, Expr left, Expr right) {
  if (lexer_.mistakes()->any()) return left;
  if (IntegerOf(left) && IntegerOf(right)) return BinaryIntegers(op, left, right);
  if (op.Is("*")) {
    if (IsText(left) || left.value.If<Bytes>() != nullptr) {
      return Repeat(op, std::move(left), std::move(right));
    }
    if (IsText(right)) return Repeat(op, std::move(right), std::move(left));
  }
  const auto* left_bytes = left.value.If<Bytes>();
  const auto* right_bytes = right.value.If<Bytes>();
  if (op.Is("+") && left_bytes != nullptr && right_bytes != nullptr) {
    left.value = Value(Bytes{left_bytes->data + right_bytes->data});
    return left;
  }
  const bool texts =
      (IsText(left) && (IsText(right) || IsOpen(right))) || (IsOpen(left) && IsText(right));
  if (op.Is("+") && texts) {
    if (left.kind == Expr::Kind::kLiteral && right.kind == Expr::Kind::kLiteral) {
      left.value = Value(*left.value.If<std::string>() + *right.value.If<std::string>());
      return left;
    }
    return Combined(Expr::Kind::kConcat, std::move(left), std::move(right));
  }
  return FailWith(
      op.begin, fmt::format("'{}' does not join these; '+ - * ** |' are for integers, '+' and '*' "
                            "for strings, too",
                            op.text));
}

Expr ExpressionParser::BinaryIntegers(const Token& op, const Expr& left, const Expr& right) {
  const Integer a = *IntegerOf(left);
  const Integer b = *IntegerOf(right);
  std::optional<Integer> out;
  if (op.Is("+")) {
    out = a.Add(b);
  } else if (op.Is("-")) {
    out = a.Subtract(b);
  } else if (op.Is("*")) {
    out = a.Multiply(b);
  } else if (op.Is("**")) {
    if (b.negative())
      return FailWith(op.begin, "the exponent of '**' is negative; expected an integer >= 0");
    out = a.Power(b);
  } else {
    const auto bits = std::make_pair(a.ToInt64(), b.ToInt64());
    if (!bits.first || !bits.second) return FailWith(op.begin, "'|' is for integers of 64 bits");
    out = Integer(*bits.first | *bits.second);
  }
  if (!out) {
    return FailWith(op.begin,
                    fmt::format("this integer has more than {} digits", Integer::kMaxDigits));
  }
  Expr result = left;
  result.value = out->ToValue();
  return result;
}

Expr ExpressionParser::Repeat(const Token& op, Expr text, Expr times) {
  const auto* count = times.kind == Expr::Kind::kLiteral ? times.value.If<std::int64_t>() : nullptr;
  if (count == nullptr || *count < 0) {
    return FailWith(op.begin, "a string is repeated an integer number of times, 0 or more");
  }
  const auto* string = text.kind == Expr::Kind::kLiteral ? text.value.If<std::string>() : nullptr;
  const auto* bytes = text.kind == Expr::Kind::kLiteral ? text.value.If<Bytes>() : nullptr;
  // What is repeated at run time is a name: some 64 bytes.
  const std::size_t size = string != nullptr  ? string->size()
                           : bytes != nullptr ? bytes->data.size()
                                              : 64;
  if (size != 0 && static_cast<std::uint64_t>(*count) > kMaxText / size) {
    return FailWith(op.begin, fmt::format("this string would have more than {} bytes", kMaxText));
  }
  if (string != nullptr) {
    text.value = Value(Times(*string, *count));
  } else if (bytes != nullptr) {
    text.value = Value(Bytes{Times(bytes->data, *count)});
  } else {
    return Combined(Expr::Kind::kRepeat, std::move(text), std::move(times));
  }
  return text;
}

Expr ExpressionParser::ParsePrimary() {
  const Token& next = lexer_.Peek();
  switch (next.kind) {
    case Token::Kind::kInt:
    case Token::Kind::kFloat:
      return ParseNumber();
    case Token::Kind::kName:
      return ParseName();
    case Token::Kind::kString: {
      const Token token = lexer_.Take();
      return Literal(Value(token.data), token.begin);
    }
    case Token::Kind::kBytes: {
      const Token token = lexer_.Take();
      return Literal(Value(Bytes{token.data}), token.begin);
    }
    case Token::Kind::kBad:
      lexer_.Take();
      return Expr{};
    case Token::Kind::kEnd:
      break;
    case Token::Kind::kPunct:
      if (next.Is("(")) return ParseSequence(")");
      if (next.Is("[")) return ParseSequence("]");
      break;
  }
  return FailWith(lexer_.offset(), "expected a value, " + lexer_.Found());
}

Expr ExpressionParser::ParseNumber() {
  const Token token = lexer_.Take();
  if (token.kind == Token::Kind::kFloat) {
    return Literal(Value(std::strtod(std::string(token.text).c_str(), nullptr)), token.begin);
  }
  std::string_view digits = token.text;
  unsigned base = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    const char letter = static_cast<char>(digits[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    digits.remove_prefix(2);
  }
  const std::optional<Integer> integer = Integer::FromDigits(digits, base);
  if (!integer) {
    return FailWith(token.begin,
                    fmt::format("this integer has more than {} digits", Integer::kMaxDigits));
  }
  return Literal(integer->ToValue(), token.begin);
}

Expr ExpressionParser::ParseName() {
  const Token token = lexer_.Take();
  const std::string name(token.text);
  if (auto value = ValueWord(name)) return Literal(*std::move(value), token.begin);
  Expr out;
  out.position = lexer_.line().At(token.begin);
  if (IsFreshName(name)) {
    const std::string_view number = std::string_view(name).substr(4);
    if (!number.empty() && (number[0] == '0' || number == "1" || number.size() > 3)) {
      return FailWith(token.begin, fmt::format("'{1}' is no fresh name; expected {0}, {0}2, "
                                               "{0}3 ... {0}999",
                                               name.substr(0, 4), name));
    }
    out.kind = Expr::Kind::kFreshName;
    out.name = name;
    return out;
  }
  if (name == "SCRIPT") {
    out.kind = Expr::Kind::kScript;
    return out;
  }
  if (lexer_.Peek().Is("(")) {
    return FailWith(token.begin,
                    "a call cannot be an argument or an expected value; expected a value");
  }
  const bool dot = lexer_.Peek().Is(".");
  if (!dot && !IsFreeName(name)) {
    return FailWith(token.begin, fmt::format("'{}' is not a value", name));
  }
  out.kind = Expr::Kind::kVariable;
  out.name = name;
  bool attribute_follows = dot;
  if (dot && names_.actors.count(name) != 0) {
    if (names_.kept.count(name) != 0) {
      return FailWith(
          token.begin,
          fmt::format("'{0}' is an actor and an object; give one of them another name", name));
    }
    lexer_.Take();
    const Token of = lexer_.Take();
    if (of.kind != Token::Kind::kName) {
      return FailWith(of.begin,
                      fmt::format("expected an object or a value of '{}' after the dot", name));
    }
    out.actor = name;
    out.name = std::string(of.text);
    attribute_follows = lexer_.Peek().Is(".");
  }
  if (!attribute_follows) return out;
  lexer_.Take();
  const Token attribute = lexer_.Take();
  if (attribute.kind != Token::Kind::kName) {
    return FailWith(attribute.begin,
                    fmt::format("expected an attribute of '{}' after the dot", out.name));
  }
  Expr whole;
  whole.kind = Expr::Kind::kAttribute;
  whole.name = std::string(attribute.text);
  whole.position = out.position;
  whole.operands.push_back(std::move(out));
  return whole;
}

// `[a, b]`, `(a,)`, `(a, b)`, `()`; `(a)` is a alone.
Expr ExpressionParser::ParseSequence(std::string_view close) {
  const Token open = lexer_.Take();
  Expr out;
  out.kind = close == "]" ? Expr::Kind::kList : Expr::Kind::kTuple;
  out.position = lexer_.line().At(open.begin);
  bool comma = false;
  while (!lexer_.Peek().Is(close) && !lexer_.mistakes()->any()) {
    out.operands.push_back(ParseExpr());
    comma = lexer_.Accept(",");
    if (!comma) break;
  }
  if (!lexer_.Accept(close)) {
    return FailWith(lexer_.offset(),
                    fmt::format("expected ',' or '{}', {}", close, lexer_.Found()));
  }
  if (close == ")" && out.operands.size() == 1 && !comma) return std::move(out.operands.front());
  std::vector<Value> items;
  for (const Expr& item : out.operands) {
    if (item.kind != Expr::Kind::kLiteral) return out;
    items.push_back(item.value);
  }
  Value value = close == "]" ? Value(List{std::move(items)}) : Value(Tuple{std::move(items)});
  return Literal(std::move(value), open.begin);
}

}  // namespace lockstep::transcript
