// SPDX-License-Identifier: MIT
#include "json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep::adapter {
namespace {

std::string JsonOf(const Value& value) {
  std::string out;
  AppendValue(value, &out);
  return out;
}

Request Parsed(std::string_view line) {
  Message message = ParseMessage(line);
  if (const auto* malformed = std::get_if<Malformed>(&message)) {
    ADD_FAILURE() << malformed->why;
    return {};
  }
  return std::get<Request>(std::move(message));
}

Malformed Refused(std::string_view line) {
  Message message = ParseMessage(line);
  if (const auto* malformed = std::get_if<Malformed>(&message)) return *malformed;
  ADD_FAILURE() << "was taken: " << line;
  return {};
}

TEST(Value, HasOneJsonForEachType) {
  const std::vector<std::pair<Value, std::string>> cases = {
      {None{}, "null"},
      {true, "true"},
      {false, "false"},
      {0, "0"},
      {1, "1"},
      {-7, "-7"},
      {std::numeric_limits<std::int64_t>::max(), "9223372036854775807"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"},
      {BigInt{"340282366920938463463374607431768211456"},
       R"({"int": "340282366920938463463374607431768211456"})"},
      {1.0, "1.0"},
      {0.05, "0.05"},
      {-2.5, "-2.5"},
      {1e300, "1e+300"},
      {5e-324, "5e-324"},
      {0.0, "0.0"},
      {-0.0, R"({"float": "-0.0"})"},
      {std::numeric_limits<double>::infinity(), R"({"float": "inf"})"},
      {-std::numeric_limits<double>::infinity(), R"({"float": "-inf"})"},
      {"text", R"("text")"},
      {std::string("a\0\"\\\n\x7f", 6), "\"a\\u0000\\\"\\\\\\n\x7f\""},
      {"\u00e9", "\"\u00e9\""},
      {Bytes{std::string("\x00\xff", 2)}, R"({"bytes": "00ff"})"},
      {Tuple{{1, 2.0}}, R"({"tuple": [1, 2.0]})"},
      {Tuple{}, R"({"tuple": []})"},
      {List{{"a", None{}, List{}}}, R"(["a", null, []])"},
      {TypeName{"SemLock"}, R"({"object": "SemLock"})"},
      {Ref{"s"}, R"({"ref": "s"})"},
  };
  for (const auto& [value, json] : cases) {
    EXPECT_EQ(JsonOf(value), json);
    EXPECT_EQ(ParseValue(json), value) << json;
  }
}

TEST(Value, KeepsNanWhenItGoesRound) {
  const std::string json = JsonOf(std::nan(""));
  EXPECT_EQ(json, R"({"float": "nan"})");
  const auto value = ParseValue(json);
  ASSERT_TRUE(value.has_value());
  ASSERT_NE(value->As<double>(), nullptr);
  EXPECT_TRUE(std::isnan(*value->As<double>()));
}

TEST(Value, KeepsTheSignOfZeroWhenItGoesRound) {
  const auto value = ParseValue(JsonOf(-0.0));
  ASSERT_TRUE(value.has_value());
  EXPECT_TRUE(std::signbit(*value->As<double>()));
}

TEST(Value, TellsTheIntFromTheFloatWhenTheyAreEqual) {
  EXPECT_NE(ParseValue("1"), ParseValue("1.0"));
  EXPECT_NE(ParseValue("1"), ParseValue("true"));
  EXPECT_NE(ParseValue("1e0"), ParseValue("1"));
  EXPECT_EQ(ParseValue("1e0"), Value(1.0));
}

TEST(Value, TakesAnIntOfAnySizeInEitherForm) {
  EXPECT_EQ(ParseValue("18446744073709551616"), Value(BigInt{"18446744073709551616"}));
  EXPECT_EQ(ParseValue("9223372036854775808"), Value(BigInt{"9223372036854775808"}));
  EXPECT_EQ(ParseValue(R"({"int": "-18446744073709551616"})"),
            Value(BigInt{"-18446744073709551616"}));
  EXPECT_EQ(ParseValue(R"({"int": "007"})"), Value(7));
  EXPECT_EQ(ParseValue(R"({"int": "-0"})"), Value(0));
}

TEST(Value, ReplacesWhatIsNotUtf8WhenItIsWritten) {
  EXPECT_EQ(JsonOf(std::string("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(Value, RefusesWhatIsNone) {
  for (const char* json :
       {R"({"int": "1x"})", R"({"int": ""})", R"({"int": 5})", R"({"float": "zero"})",
        R"({"bytes": "0"})", R"({"bytes": "zz"})", R"({"tuple": 1})", R"({"what": "1"})", "{}",
        R"({"int": "1", "float": "1"})", R"([{"int": "x"}])", "", "nul", "1 2", "\"\xff\"", "{",
        R"({"int": "1", "int": "1"})"}) {
    EXPECT_EQ(ParseValue(json), std::nullopt) << json;
  }
}

TEST(IntModulo64, WrapsAsAnUncheckedConversionDoes) {
  EXPECT_EQ(IntModulo64(true), 1U);
  EXPECT_EQ(IntModulo64(-1), ~std::uint64_t{0});
  EXPECT_EQ(IntModulo64(*IntFromDigits("18446744073709551619")), 3U);
  EXPECT_EQ(IntModulo64(*IntFromDigits("-18446744073709551619")), ~std::uint64_t{2});
  EXPECT_EQ(IntModulo64(1.0), std::nullopt);
}

TEST(Request, HasTheFieldsOfItsLine) {
  const Request request = Parsed(
      R"({"id": 7, "op": "acquire", "on": "s", "as": "t", "args": [true, 0.05],)"
      R"( "kwargs": {"bytes": 1}, "witness": "/w", "slot": 2, "slots": 8, "restart": true})");
  EXPECT_EQ(request.id, 7);
  EXPECT_EQ(request.op, "acquire");
  EXPECT_EQ(request.on, "s");
  EXPECT_EQ(request.as, "t");
  EXPECT_EQ(request.args, (std::vector<Value>{true, 0.05}));
  ASSERT_EQ(request.kwargs.size(), 1U);
  EXPECT_EQ(request.kwargs[0].first, "bytes");
  EXPECT_EQ(request.kwargs[0].second, Value(1));
  EXPECT_EQ(request.witness, "/w");
  EXPECT_EQ(request.slot, 2);
  EXPECT_EQ(request.slots, 8);
  EXPECT_TRUE(request.restart);
}

TEST(Request, HasNoMoreThanItsLineSays) {
  const Request request = Parsed(R"({"id": 1, "op": "nop", "later": {"a": [1, {}]}})");
  EXPECT_FALSE(request.on || request.as || request.witness || request.slot || request.slots);
  EXPECT_TRUE(request.args.empty() && request.kwargs.empty());
  EXPECT_FALSE(request.restart);
}

TEST(Request, MayBeAnArgumentOfAnother) {
  const Request request = Parsed(
      R"({"id": 1, "op": "on_signal", "args": ["SIGUSR1", "call", {"op": "release", "on": "s"}]})");
  ASSERT_EQ(request.args.size(), 3U);
  const auto* nested = request.args[2].As<NestedRequest>();
  ASSERT_NE(nested, nullptr);
  EXPECT_EQ(nested->request->op, "release");
  EXPECT_EQ(nested->request->on, "s");
  EXPECT_EQ(nested->request->id, 0);
}

TEST(Request, IsRefusedWithItsIdWhenAKeyComesTwice) {
  const Malformed malformed = Refused(R"({"op": "nop", "op": "exit", "id": 4})");
  EXPECT_EQ(malformed.id, 4);
  EXPECT_EQ(malformed.why, "the key 'op' comes twice");
  EXPECT_EQ(Refused(R"({"id": 4, "op": "x", "kwargs": {"a": 1, "a": 2}})").why,
            "the key 'a' comes twice");
}

TEST(Request, IsRefusedWithItsIdWhenAFieldIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"id": 3})", "a request needs an 'op'"},
      {R"({"id": 3, "op": 1})", "'op' is not a string"},
      {R"({"id": 3, "op": "x", "on": 1})", "'on' is not a string"},
      {R"({"id": 3, "op": "x", "args": {}})", "'args' is not an array"},
      {R"({"id": 3, "op": "x", "kwargs": []})", "'kwargs' is not an object"},
      {R"({"id": 3, "op": "x", "slot": 1.5})", "'slot' is not a number of 64 bits"},
      {R"({"id": 3, "op": "x", "restart": 1})", "'restart' is not true or false"},
      {R"({"id": 3, "op": "x", "args": [{"a": 1}]})", "an object that is no value"},
      {R"({"id": 3, "op": )", "not JSON at byte 17"},
  };
  for (const auto& [line, why] : cases) {
    const Malformed malformed = Refused(line);
    EXPECT_EQ(malformed.id, 3) << line;
    EXPECT_EQ(malformed.why, why) << line;
  }
}

TEST(Request, IsRefusedWithoutAnIdWhenThereIsNone) {
  for (const char* line :
       {"garbage", "", "[]", "7", R"({"op": "nop"})", R"({"id": "1", "op": "nop"})",
        R"({"id": 1.0, "op": "nop"})", "{\"id\xff\": 1}"}) {
    EXPECT_EQ(Refused(line).id, std::nullopt) << line;
  }
  EXPECT_EQ(Refused(R"({"id": 0, "op": "nop"})").why, "a request needs an 'id' above 0");
}

TEST(Request, IsRefusedWhenItIsNestedTooDeeply) {
  const std::string deep(100'000, '[');
  const Malformed malformed = Refused(R"({"id": 5, "op": "x", "args": )" + deep);
  EXPECT_EQ(malformed.id, 5);
  EXPECT_EQ(malformed.why, "nested deeper than 32");
}

TEST(Message, IsAWelcomeOrAGoodbye) {
  EXPECT_TRUE(std::holds_alternative<Welcome>(ParseMessage(R"({"welcome": {"protocol": 1}})")));
  const Message message = ParseMessage(R"({"goodbye": "too old"})");
  ASSERT_TRUE(std::holds_alternative<Goodbye>(message));
  EXPECT_EQ(std::get<Goodbye>(message).reason, "too old");
}

}  // namespace
}  // namespace lockstep::adapter
