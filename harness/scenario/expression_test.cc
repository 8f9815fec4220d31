// SPDX-License-Identifier: MIT
// Values in a transcript, through the parser.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <variant>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

Expr Parsed(const std::string& text) {
  const std::string before = "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np h = s.handle\n";
  Result<std::vector<Step>> steps = ParseSteps(before + "p eval(" + text + ")", "t.toml", 1);
  if (steps) return std::get<Do>(steps->back().what).call.args.at(0);
  ADD_FAILURE() << steps.error().Text();
  return Expr{};
}

Value ValueOf(const std::string& text) {
  const Expr expr = Parsed(text);
  EXPECT_EQ(expr.kind, Expr::Kind::kLiteral) << text;
  return expr.value;
}

TEST(Integers, HaveEveryBase) {
  EXPECT_EQ(ValueOf("0"), Value::Int(0));
  EXPECT_EQ(ValueOf("0o600"), Value::Int(384));
  EXPECT_EQ(ValueOf("0xFf"), Value::Int(255));
  EXPECT_EQ(ValueOf("0b101"), Value::Int(5));
}

TEST(Integers, AreOfAnySize) {
  EXPECT_EQ(ValueOf("2**63 - 1"), Value::Int(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(ValueOf("-2**63"), Value::Int(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(ValueOf("2**63"), Value(BigInt{"9223372036854775808"}));
  EXPECT_EQ(ValueOf("-2**64"), Value(BigInt{"-18446744073709551616"}));
  EXPECT_EQ(ValueOf("10**30"), Value(BigInt{"1000000000000000000000000000000"}));
  EXPECT_EQ(ValueOf("2**64 - 2**64 + 5"), Value::Int(5));
  EXPECT_EQ(ValueOf("10**18 - 1"), Value::Int(999999999999999999));
  EXPECT_EQ(ValueOf("1 - 10**18"), Value::Int(-999999999999999999));
  EXPECT_EQ(ValueOf("10**18 * 10**18 - 10**36 - 1"), Value::Int(-1));
  EXPECT_EQ(ValueOf("340282366920938463463374607431768211456"), ValueOf("2**128"));
  EXPECT_EQ(ValueOf("0x100000000000000000000"), ValueOf("2**80"));
}

TEST(Integers, HavePythonsPrecedence) {
  EXPECT_EQ(ValueOf("2 + 3 * 4"), Value::Int(14));
  EXPECT_EQ(ValueOf("(2 + 3) * 4"), Value::Int(20));
  EXPECT_EQ(ValueOf("-2**2"), Value::Int(-4));
  EXPECT_EQ(ValueOf("2**3**2"), Value::Int(512));
  EXPECT_EQ(ValueOf("1 | 2 + 4"), Value::Int(7));
  EXPECT_EQ(ValueOf("7 - 2 - 1"), Value::Int(4));
  EXPECT_EQ(ValueOf("--3"), Value::Int(3));
}

TEST(Integers, OfSmallBasesTakeAnyExponent) {
  EXPECT_EQ(ValueOf("1**10**20"), Value::Int(1));
  EXPECT_EQ(ValueOf("(-1)**(10**20 + 1)"), Value::Int(-1));
  EXPECT_EQ(ValueOf("(-1)**0"), Value::Int(1));
  EXPECT_EQ(ValueOf("0**0"), Value::Int(1));
  EXPECT_EQ(ValueOf("0**5"), Value::Int(0));
}

TEST(Constants, HaveThisMachinesValues) {
  EXPECT_EQ(ValueOf("RECURSIVE_MUTEX"), Value::Int(0));
  EXPECT_EQ(ValueOf("SEMAPHORE"), Value::Int(1));
  EXPECT_EQ(ValueOf("SEM_VALUE_MAX + 1"), Value::Int(2147483648));
  EXPECT_EQ(ValueOf("O_CREAT | O_EXCL | O_RDWR"), Value::Int(O_CREAT | O_EXCL | O_RDWR));
}

TEST(Floats, AreNoIntegers) {
  EXPECT_EQ(ValueOf("1.0"), Value(1.0));
  EXPECT_NE(ValueOf("1.0"), ValueOf("1"));
  EXPECT_EQ(ValueOf(".5"), Value(0.5));
  EXPECT_EQ(ValueOf("1e300"), Value(1e300));
  EXPECT_EQ(ValueOf("1e+3"), Value(1000.0));
  EXPECT_EQ(ValueOf("-0.0"), Value(-0.0));
}

TEST(Floats, MayBeNanAndInfinite) {
  EXPECT_TRUE(std::isnan(*ValueOf("nan").If<double>()));
  EXPECT_EQ(ValueOf("inf"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(ValueOf("-inf"), Value(-std::numeric_limits<double>::infinity()));
}

TEST(Words, AreNoNumbers) {
  EXPECT_EQ(ValueOf("True"), Value(true));
  EXPECT_NE(ValueOf("True"), ValueOf("1"));
  EXPECT_EQ(ValueOf("None"), Value(None{}));
}

TEST(Strings, HaveBothQuotesAndEscapes) {
  EXPECT_EQ(ValueOf("'it\\'s'"), Value(std::string("it's")));
  EXPECT_EQ(ValueOf("\"it's\""), Value(std::string("it's")));
  EXPECT_EQ(ValueOf(R"('\n\t\\\x41\101\u00e9\U0001f600')"),
            Value(std::string("\n\t\\AA\u00e9\U0001f600")));
  EXPECT_EQ(ValueOf("'a\\0b'"), Value(std::string("a\0b", 3)));
  EXPECT_EQ(ValueOf("'é'"), Value(std::string("é")));
}

TEST(Strings, AreJoinedAndRepeated) {
  EXPECT_EQ(ValueOf("'/' + 'ab' * 2"), Value(std::string("/abab")));
  EXPECT_EQ(ValueOf("3 * 'a'"), Value(std::string("aaa")));
  EXPECT_EQ(ValueOf("'a' * 0"), Value(std::string()));
}

TEST(BytesValues, AreNoStrings) {
  EXPECT_EQ(ValueOf(R"(b'a\xff\0')"), Value(Bytes{std::string("a\xff\0", 3)}));
  EXPECT_EQ(ValueOf("b'ab' * 2 + b'c'"), Value(Bytes{"ababc"}));
}

TEST(Sequences, AreFoldedWhenTheyAreConstant) {
  EXPECT_EQ(ValueOf("[1, 'a', None]"),
            Value(List{{Value::Int(1), Value(std::string("a")), Value(None{})}}));
  EXPECT_EQ(ValueOf("(1,)"), Value(Tuple{{Value::Int(1)}}));
  EXPECT_EQ(ValueOf("()"), Value(Tuple{}));
  EXPECT_EQ(ValueOf("(1)"), Value::Int(1));
  EXPECT_EQ(ValueOf("[(1, 2), []]"),
            Value(List{{Value(Tuple{{Value::Int(1), Value::Int(2)}}), Value(List{})}}));
}

TEST(Sequences, AreKeptWhenTheyAreNot) {
  const Expr expr = Parsed("[1, NAME]");
  EXPECT_EQ(expr.kind, Expr::Kind::kList);
  EXPECT_EQ(expr.operands.at(1).name, "NAME");
}

TEST(FreshNames, AreNumbered) {
  EXPECT_EQ(Parsed("NAME").name, "NAME");
  EXPECT_EQ(Parsed("BARE12").name, "BARE12");
  EXPECT_EQ(Parsed("BARE12").kind, Expr::Kind::kFreshName);
}

TEST(FreshNames, AreJoinedAtRunTime) {
  const Expr expr = Parsed("'/x' + NAME * 2");
  ASSERT_EQ(expr.kind, Expr::Kind::kConcat);
  EXPECT_EQ(expr.operands.at(0).value, Value(std::string("/x")));
  ASSERT_EQ(expr.operands.at(1).kind, Expr::Kind::kRepeat);
  EXPECT_EQ(expr.operands.at(1).operands.at(1).value, Value::Int(2));
}

TEST(Variables, AreOnesOwnOrAnothers) {
  EXPECT_EQ(Parsed("h").kind, Expr::Kind::kVariable);
  EXPECT_EQ(Parsed("h").actor, "");
  EXPECT_EQ(Parsed("p.h").actor, "p");
  EXPECT_EQ(Parsed("p.h").name, "h");
}

TEST(Attributes, AreOfAnyProcessesObjects) {
  const Expr own = Parsed("s.handle");
  ASSERT_EQ(own.kind, Expr::Kind::kAttribute);
  EXPECT_EQ(own.name, "handle");
  EXPECT_EQ(own.operands.at(0).name, "s");
  EXPECT_EQ(Parsed("p.s.handle").operands.at(0).actor, "p");
}

}  // namespace
}  // namespace lockstep
