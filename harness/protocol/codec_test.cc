// SPDX-License-Identifier: MIT
// Messages read, and every way in which a line can be wrong, to the letter.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

template <class T>
T Decoded(const std::string& line) {
  const auto message = DecodeMessage(line);
  EXPECT_TRUE(message) << message.error().message;
  if (!message || !std::holds_alternative<T>(*message)) {
    ADD_FAILURE() << "another kind of message: " << line;
    return T{};
  }
  return std::get<T>(*message);
}

Value Returned(const std::string& json) {
  const Reply reply =
      Decoded<Reply>(R"({"id": 1, "begin": 1, "end": 2, "returned": )" + json + "}");
  return std::holds_alternative<Value>(reply.outcome) ? std::get<Value>(reply.outcome)
                                                      : Value(Object{"no value"});
}

TEST(DecodeMessage, ReadsAHello) {
  const auto hello = Decoded<Hello>(
      R"({"hello": {"protocol": 1, "implementation": "cpython", "version": "3.14.2", "language": "python", "like": "3.14",
          "capabilities": ["fork", "thread"], "build": {"libc": "glibc 2.41", "gil": true, "cores": 2, "debug": null},
          "pid": 4711, "tid": 4712, "waits": "process", "owner": "goroutine",
          "raised": {"type": "OSError", "message": "no", "errno": 2}}})");
  EXPECT_EQ(hello.protocol, 1);
  EXPECT_EQ(hello.implementation, "cpython");
  EXPECT_EQ(hello.version, "3.14.2");
  EXPECT_EQ(hello.language, "python");
  EXPECT_EQ(hello.like, "3.14");
  EXPECT_EQ(hello.capabilities, (std::set<std::string>{"fork", "thread"}));
  EXPECT_EQ(hello.build,
            (std::map<std::string, std::string>{
                {"libc", "glibc 2.41"}, {"gil", "true"}, {"cores", "2"}, {"debug", "null"}}));
  EXPECT_EQ(hello.pid, 4711);
  EXPECT_EQ(hello.tid, 4712);
  EXPECT_EQ(hello.waits, "process");
  EXPECT_EQ(hello.owner, "goroutine");
  EXPECT_EQ(hello.raised, (Raised{"OSError", "no", 2}));
}

TEST(DecodeMessage, ReadsTheShortestHello) {
  const auto hello = Decoded<Hello>(R"({"hello": {"protocol": 1, "pid": 5, "tid": 5}})");
  EXPECT_EQ(hello.waits, "thread");
  EXPECT_EQ(hello.owner, "thread");
  EXPECT_TRUE(hello.capabilities.empty());
  EXPECT_FALSE(hello.raised);
}

TEST(DecodeMessage, ReadsNotes) {
  const auto calling = Decoded<Calling>(R"({"calling": 7, "begin": 81200113355})");
  EXPECT_EQ(calling.id, 7);
  EXPECT_EQ(calling.begin_ns, 81200113355);
  EXPECT_EQ(Decoded<HandledSignal>(R"({"handled": "SIGUSR1"})").signal, "SIGUSR1");
}

TEST(DecodeMessage, ReadsAReplyThatReturned) {
  const auto reply = Decoded<Reply>(
      R"({"id": 7, "begin": 10, "end": 30, "returned": {"object": "SemLock"}, "handle": 140251004923904})");
  EXPECT_EQ(reply.id, 7);
  EXPECT_EQ(reply.begin_ns, 10);
  EXPECT_EQ(reply.end_ns, 30);
  EXPECT_EQ(std::get<Value>(reply.outcome), Value(Object{"SemLock"}));
  EXPECT_EQ(reply.handles, std::vector<std::uint64_t>{140251004923904u});
}

TEST(DecodeMessage, ReadsAReplyThatRaised) {
  const auto reply = Decoded<Reply>(
      R"({"id": 7, "begin": 1, "end": 1, "raised": {"type": "ValueError", "message": "too many", "errno": null}})");
  EXPECT_EQ(std::get<Raised>(reply.outcome), (Raised{"ValueError", "too many", std::nullopt}));
  EXPECT_TRUE(reply.handles.empty());
}

TEST(DecodeMessage, ReadsARepliesOtherOutcomesWithoutStamps) {
  EXPECT_EQ(std::get<Unsupported>(Decoded<Reply>(R"({"id": 1, "unsupported": "no"})").outcome).why,
            "no");
  EXPECT_EQ(std::get<AdapterError>(Decoded<Reply>(R"({"id": 1, "error": "mine"})").outcome).why,
            "mine");
}

TEST(DecodeMessage, IgnoresKeysThatItDoesNotKnow) {
  EXPECT_EQ(Decoded<Reply>(
                R"({"id": 1, "begin": 1, "end": 2, "returned": null, "comment": [1, {"a": {}}]})")
                .id,
            1);
}

TEST(DecodeMessage, ReadsEveryKindOfValue) {
  EXPECT_EQ(Returned("null"), Value(None{}));
  EXPECT_EQ(Returned("true"), Value(true));
  EXPECT_EQ(Returned("false"), Value(false));
  EXPECT_EQ(Returned("1"), Value::Int(1));
  EXPECT_EQ(Returned("-1"), Value::Int(-1));
  EXPECT_EQ(Returned("1.0"), Value(1.0));
  EXPECT_EQ(Returned("1e0"), Value(1.0));
  EXPECT_EQ(Returned("-0.0"), Value(-0.0));
  EXPECT_EQ(Returned(R"("text")"), Value("text"s));
  EXPECT_EQ(Returned(R"([1, [2], []])"),
            Value(List{{Value::Int(1), Value(List{{Value::Int(2)}}), Value(List{})}}));
  EXPECT_EQ(Returned(R"({"tuple": [1, {"tuple": []}]})"),
            Value(Tuple{{Value::Int(1), Value(Tuple{})}}));
  EXPECT_EQ(Returned(R"({"bytes": "00fF"})"), Value(Bytes{"\x00\xff"s}));
  EXPECT_EQ(Returned(R"({"object": "SemLock"})"), Value(Object{"SemLock"}));
  EXPECT_EQ(Returned(R"({"ref": "s"})"), Value(Ref{"s"}));
  EXPECT_EQ(Returned(R"({"float": "nan"})"), Value(std::nan("")));
  EXPECT_EQ(Returned(R"({"float": "inf"})"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(Returned(R"({"float": "-inf"})"), Value(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(Returned(R"({"float": "-0.0"})"), Value(-0.0));
  EXPECT_EQ(Returned(R"({"float": "2.5"})"), Value(2.5));
}

TEST(DecodeMessage, ReadsIntegersOfAnySize) {
  EXPECT_EQ(Returned("9223372036854775807"), Value::Int(INT64_MAX));
  EXPECT_EQ(Returned("-9223372036854775808"), Value::Int(INT64_MIN));
  EXPECT_EQ(Returned("9223372036854775808"), Value(BigInt{"9223372036854775808"}));
  EXPECT_EQ(Returned(R"({"int": "7"})"), Value::Int(7));
  EXPECT_EQ(Returned(R"({"int": "-9223372036854775809"})"), Value(BigInt{"-9223372036854775809"}));
  EXPECT_EQ(Returned(R"({"int": "340282366920938463463374607431768211456"})"),
            Value(BigInt{"340282366920938463463374607431768211456"}));
}

TEST(DecodeMessage, DoesNotRoundAnIntegerThatIsWrittenPlainly) {
  EXPECT_EQ(Returned("18446744073709551616"), Value(BigInt{"18446744073709551616"}));
  EXPECT_EQ(Returned("[-9223372036854775809]"),
            Value(List{{Value(BigInt{"-9223372036854775809"})}}));
}

TEST(DecodeMessage, TakesLeadingZerosFromIntegersInText) {
  EXPECT_EQ(Returned(R"({"int": "0007"})"), Value::Int(7));
  EXPECT_EQ(Returned(R"({"int": "-00018446744073709551616"})"),
            Value(BigInt{"-18446744073709551616"}));
}

// --- What is wrong
// ----------------------------------------------------------------------------------------

struct Malformed {
  const char* line;
  const char* what;
};

void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.line; }

class MalformedMessageTest : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedMessageTest, IsToldToTheLetter) {
  const auto message = DecodeMessage(GetParam().line);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().message,
            "a line that "s + GetParam().what + ": " + Value(std::string(GetParam().line)).Repr());
}

INSTANTIATE_TEST_SUITE_P(
    Lines, MalformedMessageTest,
    testing::Values(
        Malformed{"", "is not JSON"}, Malformed{"hello", "is not JSON"},
        Malformed{"{", "is not JSON"}, Malformed{"{\"id\": 1", "is not JSON"},
        Malformed{"{} {}", "is not JSON"}, Malformed{"{\"id\": 1,}", "is not JSON"},
        Malformed{"{\"id\": 01}", "is not JSON"}, Malformed{"{\"id\": NaN}", "is not JSON"},
        Malformed{"{\"id\": 1e999}", "is not JSON"},
        Malformed{"{\"a\": \"\\ud800\"}", "is not JSON"}, Malformed{"[]", "is not a JSON object"},
        Malformed{"7", "is not a JSON object"}, Malformed{"null", "is not a JSON object"},
        Malformed{"{}", "is no message of the protocol"},
        Malformed{"{\"welcome\": 1}", "is no message of the protocol"},
        Malformed{"{\"id\": 1, \"id\": 2}", "has the key \"id\" twice"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"1\", \"int\": \"2\"}}",
                  "has the key \"int\" twice"},
        Malformed{"{\"id\": 1, \"returned\": [{\"a\": 1}, {\"a\": 1, \"b\": {}, \"a\": 2}]}",
                  "has the key \"a\" twice"}));

INSTANTIATE_TEST_SUITE_P(
    Hellos, MalformedMessageTest,
    testing::Values(
        Malformed{"{\"hello\": 1}", "has \"hello\" that is not an object"},
        Malformed{"{\"hello\": {}}", "has \"hello\" without \"protocol\""},
        Malformed{"{\"hello\": {\"protocol\": \"1\"}}", "has \"protocol\" that is not an integer"},
        Malformed{"{\"hello\": {\"protocol\": 1.0}}", "has \"protocol\" that is not an integer"},
        Malformed{"{\"hello\": {\"protocol\": 4294967297}}", "has \"protocol\" out of range"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"version\": 3}}",
                  "has \"version\" that is not a string"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"waits\": null}}",
                  "has \"waits\" that is not a string"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"pid\": \"5\"}}",
                  "has \"pid\" that is not an integer"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"tid\": 4294967297}}",
                  "has \"tid\" out of range"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"capabilities\": \"fork\"}}",
                  "has \"capabilities\" that is not an array"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"capabilities\": [1]}}",
                  "has \"capabilities\" that is not a string"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"build\": []}}",
                  "has \"build\" that is not an object"},
        Malformed{"{\"hello\": {\"protocol\": 1, \"raised\": {}}}",
                  "has \"raised\" without \"type\""}));

INSTANTIATE_TEST_SUITE_P(
    Notes, MalformedMessageTest,
    testing::Values(
        Malformed{"{\"calling\": \"7\"}", "has \"calling\" that is not an integer"},
        Malformed{"{\"calling\": 7, \"begin\": 1.5}", "has \"begin\" that is not an integer"},
        Malformed{"{\"calling\": 18446744073709551615}", "has \"calling\" out of range"},
        Malformed{"{\"handled\": 10}", "has \"handled\" that is not a string"}));

INSTANTIATE_TEST_SUITE_P(
    Replies, MalformedMessageTest,
    testing::Values(
        Malformed{"{\"id\": \"1\", \"returned\": 1}", "has \"id\" that is not an integer"},
        Malformed{"{\"id\": true, \"returned\": 1}", "has \"id\" that is not an integer"},
        Malformed{"{\"id\": 9223372036854775808, \"returned\": 1}", "has \"id\" out of range"},
        Malformed{"{\"id\": 18446744073709551616, \"returned\": 1}",
                  "has \"id\" that is not an integer"},
        Malformed{"{\"id\": 1}", "has no outcome: returned, raised, unsupported or error"},
        Malformed{"{\"id\": 1, \"returned\": 1, \"error\": \"e\"}", "has more than one outcome"},
        Malformed{"{\"id\": 1, \"returned\": 1}", "has no \"begin\" and \"end\""},
        Malformed{"{\"id\": 1, \"returned\": 1, \"begin\": 1}", "has no \"begin\" and \"end\""},
        Malformed{"{\"id\": 1, \"unsupported\": \"u\", \"begin\": 1}",
                  "has no \"begin\" and \"end\""},
        Malformed{"{\"id\": 1, \"returned\": 1, \"begin\": 2, \"end\": 1}",
                  "has \"end\" before \"begin\""},
        Malformed{"{\"id\": 1, \"returned\": 1, \"begin\": \"2\", \"end\": 1}",
                  "has \"begin\" that is not an integer"},
        Malformed{"{\"id\": 1, \"raised\": \"OSError\"}", "has \"raised\" without \"type\""},
        Malformed{"{\"id\": 1, \"raised\": {\"type\": 1}}", "has \"type\" that is not a string"},
        Malformed{"{\"id\": 1, \"raised\": {\"type\": \"E\", \"message\": null}}",
                  "has \"message\" that is not a string"},
        Malformed{"{\"id\": 1, \"raised\": {\"type\": \"E\", \"errno\": \"2\"}}",
                  "has \"errno\" that is not an integer"},
        Malformed{"{\"id\": 1, \"raised\": {\"type\": \"E\", \"errno\": 4294967298}}",
                  "has \"errno\" out of range"},
        Malformed{"{\"id\": 1, \"unsupported\": 1}", "has \"unsupported\" that is not a string"},
        Malformed{"{\"id\": 1, \"error\": {}}", "has \"error\" that is not a string"},
        Malformed{"{\"id\": 1, \"returned\": 1, \"begin\": 1, \"end\": 1, \"handle\": \"x\"}",
                  "has \"handle\" that is not an address"},
        Malformed{"{\"id\": 1, \"returned\": 1, \"begin\": 1, \"end\": 1, \"handle\": -1}",
                  "has \"handle\" that is not an address"}));

INSTANTIATE_TEST_SUITE_P(
    Values, MalformedMessageTest,
    testing::Values(
        Malformed{"{\"id\": 1, \"returned\": {}}",
                  "has a value that is an object of not exactly one key"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"1\", \"ref\": \"s\"}}",
                  "has a value that is an object of not exactly one key"},
        Malformed{"{\"id\": 1, \"returned\": {\"complex\": \"1j\"}}",
                  "has a value of unknown kind \"complex\""},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": 1}}", "has \"int\" that is not a string"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"\"}}",
                  "has an int that is not decimal digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"-\"}}",
                  "has an int that is not decimal digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"1.0\"}}",
                  "has an int that is not decimal digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"0x10\"}}",
                  "has an int that is not decimal digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"int\": \"99999999999999999999x\"}}",
                  "has an int that is not decimal digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"float\": 1.5}}",
                  "has \"float\" that is not a string"},
        Malformed{"{\"id\": 1, \"returned\": {\"float\": \"\"}}",
                  "has a float that is not a number"},
        Malformed{"{\"id\": 1, \"returned\": {\"float\": \"one\"}}",
                  "has a float that is not a number"},
        Malformed{"{\"id\": 1, \"returned\": {\"float\": \"1.5 \"}}",
                  "has a float that is not a number"},
        Malformed{"{\"id\": 1, \"returned\": {\"bytes\": \"abc\"}}",
                  "has bytes with an odd number of digits"},
        Malformed{"{\"id\": 1, \"returned\": {\"bytes\": \"zz\"}}",
                  "has bytes that are not hexadecimal"},
        Malformed{"{\"id\": 1, \"returned\": {\"bytes\": \"-1\"}}",
                  "has bytes that are not hexadecimal"},
        Malformed{"{\"id\": 1, \"returned\": {\"bytes\": 0}}",
                  "has \"bytes\" that is not a string"},
        Malformed{"{\"id\": 1, \"returned\": {\"tuple\": 1}}", "has a tuple that is not an array"},
        Malformed{"{\"id\": 1, \"returned\": {\"object\": null}}",
                  "has \"object\" that is not a string"},
        Malformed{"{\"id\": 1, \"returned\": {\"ref\": []}}", "has \"ref\" that is not a string"}));

TEST(DecodeMessage, RefusesInvalidUtf8AndQuotesItAsBytes) {
  const auto message = DecodeMessage("{\"id\": 1, \"error\": \"\xff\xc0\x80\"}");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().message,
            R"(a line that is not JSON: b'{"id": 1, "error": "\xff\xc0\x80"}')");
}

TEST(DecodeMessage, RefusesDeepNestingRatherThanRunOutOfStack) {
  constexpr std::size_t kDeep = 100'000;
  for (const std::string& line :
       {std::string(kDeep, '['), std::string(kDeep, '[') + std::string(kDeep, ']'),
        "{\"id\": 1, \"returned\": " + std::string(kDeep, '[') + std::string(kDeep, ']') + "}"}) {
    const auto message = DecodeMessage(line);
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().message,
              "a line that is nested deeper than 64 levels: " + QuoteLine(line));
  }
  std::string objects;
  for (std::size_t i = 0; i < kDeep; ++i) objects += "{\"tuple\":[";
  EXPECT_FALSE(DecodeMessage(objects));
  EXPECT_FALSE(DecodeValue(std::string(kDeep, '[') + std::string(kDeep, ']')));
}

TEST(DecodeMessage, ReadsNestingThatAValueMayHave) {
  Value expected(List{});
  for (int i = 0; i < 50; ++i) expected = Value(List{{expected}});
  EXPECT_EQ(Returned(std::string(51, '[') + std::string(51, ']')), expected);
}

TEST(QuoteLine, ShowsTheBeginningOfALongLineAndItsLength) {
  EXPECT_EQ(QuoteLine(std::string(120, 'x')), "'" + std::string(120, 'x') + "'");
  EXPECT_EQ(QuoteLine(std::string(121, 'x')), "'" + std::string(120, 'x') + "'… (121 bytes)");
}

TEST(QuoteLine, DoesNotCutACharacter) {
  EXPECT_EQ(QuoteLine(std::string(119, 'x') + "üy"),
            "'" + std::string(119, 'x') + "'… (122 bytes)");
  EXPECT_EQ(QuoteLine(std::string(118, 'x') + "üy"),
            "'" + std::string(118, 'x') + "ü'… (121 bytes)");
}

TEST(DecodeValue, SaysWhatIsWrong) {
  EXPECT_EQ(*DecodeValue(R"({"int": "7"})"), Value::Int(7));
  EXPECT_EQ(DecodeValue("nope").error().message, "a value that is not JSON: 'nope'");
  EXPECT_EQ(DecodeValue("{}").error().message,
            "a value that has a value that is an object of not exactly one key: '{}'");
}

TEST(EncodeValue, WritesEachKindAsTheProtocolDoes) {
  EXPECT_EQ(EncodeValue(Value(None{})), "null");
  EXPECT_EQ(EncodeValue(Value(true)), "true");
  EXPECT_EQ(EncodeValue(Value::Int(-1)), "-1");
  EXPECT_EQ(EncodeValue(Value(1.0)), "1.0");
  EXPECT_EQ(EncodeValue(Value(-0.0)), R"({"float":"-0.0"})");
  EXPECT_EQ(EncodeValue(Value(std::nan(""))), R"({"float":"nan"})");
  EXPECT_EQ(EncodeValue(Value(-std::numeric_limits<double>::infinity())), R"({"float":"-inf"})");
  EXPECT_EQ(EncodeValue(Value(BigInt{"-18446744073709551616"})),
            R"({"int":"-18446744073709551616"})");
  EXPECT_EQ(EncodeValue(Value(Bytes{"\x00\xff"s})), R"({"bytes":"00ff"})");
  EXPECT_EQ(EncodeValue(Value(List{{Value::Int(1), Value("a"s)}})), R"([1,"a"])");
  EXPECT_EQ(EncodeValue(Value(Tuple{{Value::Int(1)}})), R"({"tuple":[1]})");
  EXPECT_EQ(EncodeValue(Value(Object{"SemLock"})), R"({"object":"SemLock"})");
  EXPECT_EQ(EncodeValue(Value(Ref{"s"})), R"({"ref":"s"})");
}

}  // namespace
}  // namespace lockstep
