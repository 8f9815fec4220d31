// SPDX-License-Identifier: MIT
#include "harness/protocol/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lockstep {
namespace {

using std::string_literals::operator""s;

TEST(Value, IsNoneByDefault) { EXPECT_EQ(Value(), Value(None{})); }

TEST(Value, IsEqualOnlyInTheSameType) {
  const std::vector<Value> different = {Value(None{}),
                                        Value(false),
                                        Value(true),
                                        Value::Int(0),
                                        Value::Int(1),
                                        Value(0.0),
                                        Value(1.0),
                                        Value(""s),
                                        Value(Bytes{""}),
                                        Value(List{}),
                                        Value(Tuple{}),
                                        Value(Object{""}),
                                        Value(Ref{""}),
                                        Value(BigInt{"1"}),
                                        Value("1"s),
                                        Value(Bytes{"1"}),
                                        Value(Object{"1"}),
                                        Value(List{{Value(1.0)}}),
                                        Value(Tuple{{Value(1.0)}})};
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t j = 0; j < different.size(); ++j) {
      EXPECT_EQ(different[i] == different[j], i == j)
          << different[i].Repr() << " and " << different[j].Repr();
    }
  }
}

TEST(Value, TakesNanForEqualToNanAndZeroNotToMinusZero) {
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
  EXPECT_FALSE(Value(0.0) == Value(-0.0));
  EXPECT_FALSE(Value(std::nan("")) == Value(0.0));
  EXPECT_EQ(Value(List{{Value(std::nan(""))}}), Value(List{{Value(std::nan(""))}}));
}

TEST(Value, IsShownAsPythonShowsIt) {
  EXPECT_EQ(Value(None{}).Repr(), "None");
  EXPECT_EQ(Value(true).Repr(), "True");
  EXPECT_EQ(Value(false).Repr(), "False");
  EXPECT_EQ(Value::Int(-7).Repr(), "-7");
  EXPECT_EQ(Value(BigInt{"18446744073709551616"}).Repr(), "18446744073709551616");
  EXPECT_EQ(Value("it's\n\t\r\\\x01ü"s).Repr(), R"('it\'s\n\t\r\\\x01ü')");
  EXPECT_EQ(Value(Bytes{"a\0\xff'"s}).Repr(), R"(b'a\x00\xff\'')");
  EXPECT_EQ(Value(List{{Value::Int(1), Value(None{})}}).Repr(), "[1, None]");
  EXPECT_EQ(Value(List{}).Repr(), "[]");
  EXPECT_EQ(Value(Tuple{}).Repr(), "()");
  EXPECT_EQ(Value(Tuple{{Value::Int(1)}}).Repr(), "(1,)");
  EXPECT_EQ(Value(Tuple{{Value::Int(1), Value(List{})}}).Repr(), "(1, [])");
  EXPECT_EQ(Value(Object{"SemLock"}).Repr(), "<SemLock>");
  EXPECT_EQ(Value(Ref{"s"}).Repr(), "s");
}

TEST(Value, ShowsFloatsAsPythonDoes) {
  EXPECT_EQ(Value(1.0).Repr(), "1.0");
  EXPECT_EQ(Value(-0.0).Repr(), "-0.0");
  EXPECT_EQ(Value(0.1).Repr(), "0.1");
  EXPECT_EQ(Value(1e16).Repr(), "1e+16");
  EXPECT_EQ(Value(1e-5).Repr(), "1e-05");
  EXPECT_EQ(Value(123456789.125).Repr(), "123456789.125");
  EXPECT_EQ(Value(std::numeric_limits<double>::infinity()).Repr(), "inf");
  EXPECT_EQ(Value(-std::numeric_limits<double>::infinity()).Repr(), "-inf");
  EXPECT_EQ(Value(std::nan("")).Repr(), "nan");
}

TEST(Value, IsSecondsWhenItIsANumberOnly) {
  EXPECT_EQ(Value(0.5).AsSeconds(), 0.5);
  EXPECT_EQ(Value::Int(2).AsSeconds(), 2.0);
  EXPECT_EQ(Value(true).AsSeconds(), std::nullopt);
  EXPECT_EQ(Value(None{}).AsSeconds(), std::nullopt);
  EXPECT_EQ(Value("1"s).AsSeconds(), std::nullopt);
}

}  // namespace
}  // namespace lockstep
