// SPDX-License-Identifier: MIT
// What holds of the codec for any value and any line.
#include <gtest/gtest.h>
//
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

// Text in UTF-8, of characters that are plain, escaped, or of two to four bytes.
rc::Gen<std::string> AnyText() {
  const auto character = rc::gen::element<std::string>("a", "\"", "\\", "\n", std::string(1, '\0'),
                                                       "\x7f", "\x1f", "/", "ü", "€", "😀");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(character),
                      [](const std::vector<std::string>& characters) {
                        std::string text;
                        for (const std::string& c : characters) text += c;
                        return text;
                      });
}

rc::Gen<std::string> AnyDigits() {
  // More than the 19 digits that 64 bits hold.
  return rc::gen::map(
      rc::gen::pair(rc::gen::arbitrary<bool>(),
                    rc::gen::container<std::string>(20, rc::gen::inRange('0', ':'))),
      [](const std::pair<bool, std::string>& parts) {
        return (parts.first ? "-1" : "1") + parts.second;
      });
}

rc::Gen<Value> AnyLeaf() {
  return rc::gen::oneOf(
      rc::gen::just(Value(None{})),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t i) { return Value(i); }),
      rc::gen::map(rc::gen::element<std::int64_t>(0, -1, INT64_MAX, INT64_MIN),
                   [](std::int64_t i) { return Value(i); }),
      rc::gen::map(AnyDigits(), [](const std::string& digits) { return Value(BigInt{digits}); }),
      rc::gen::map(rc::gen::arbitrary<double>(), [](double d) { return Value(d); }),
      rc::gen::map(rc::gen::element(0.0, -0.0, 1e300, -1e-300, 5e-324, std::nan(""),
                                    std::numeric_limits<double>::infinity(),
                                    -std::numeric_limits<double>::infinity(), 0.1, 1e16,
                                    123456789012345680.0),
                   [](double d) { return Value(d); }),
      rc::gen::map(AnyText(), [](const std::string& text) { return Value(text); }),
      rc::gen::map(rc::gen::arbitrary<std::string>(),
                   [](const std::string& data) { return Value(Bytes{data}); }),
      rc::gen::map(AnyText(), [](const std::string& text) { return Value(Object{text}); }),
      rc::gen::map(AnyText(), [](const std::string& text) { return Value(Ref{text}); }));
}

rc::Gen<Value> AnyValue(int depth) {
  if (depth == 0) return AnyLeaf();
  const auto items = rc::gen::scale(0.2, rc::gen::container<std::vector<Value>>(rc::gen::lazy(
                                             [depth] { return AnyValue(depth - 1); })));
  return rc::gen::weightedOneOf<Value>(
      {{2, AnyLeaf()},
       {1, rc::gen::map(items, [](std::vector<Value> v) { return Value(List{std::move(v)}); })},
       {1, rc::gen::map(items, [](std::vector<Value> v) { return Value(Tuple{std::move(v)}); })}});
}

RC_GTEST_PROP(Codec, ReadsBackEveryValueThatItWrote, ()) {
  const Value value = *AnyValue(4);
  const std::string text = EncodeValue(value);
  const auto back = DecodeValue(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == value);
  RC_ASSERT(text.find('\n') == std::string::npos);
}

RC_GTEST_PROP(Codec, ReadsBackAValueThroughAReply, ()) {
  const Value value = *AnyValue(2);
  const auto message =
      DecodeMessage("{\"id\":1,\"begin\":1,\"end\":2,\"returned\":" + EncodeValue(value) + "}");
  RC_ASSERT(message.has_value());
  RC_ASSERT(std::get<Value>(std::get<Reply>(*message).outcome) == value);
}

RC_GTEST_PROP(Codec, TellsEveryTwoDifferentValuesApart, ()) {
  const Value a = *AnyValue(1);
  const Value b = *AnyValue(1);
  RC_ASSERT((EncodeValue(a) == EncodeValue(b)) == (a == b));
}

RC_GTEST_PROP(Codec, RefusesAnyTextOrReadsItButNeverBreaks, (const std::string& text)) {
  const auto message = DecodeMessage(text);
  RC_ASSERT(message.has_value() || !message.error().message.empty());
}

// A line is changed in a few places, as a broken adapter might.
std::string Mutated(std::string line, std::mt19937& random) {
  const std::string material = "{}[]\":,0123456789-+.eEtrufalsn\\ \x01\xff\x80\xc3";
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  for (std::size_t changes = 1 + below(4); changes > 0 && !line.empty(); --changes) {
    const std::size_t at = below(line.size());
    switch (below(5)) {
      case 0:
        line[at] = material[below(material.size())];
        break;
      case 1:
        line.erase(at, 1 + below(8));
        break;
      case 2:
        line.insert(at, 1, material[below(material.size())]);
        break;
      case 3:
        line.insert(at, line.substr(below(line.size()), 1 + below(30)));
        break;
      default:
        line.resize(at);
        break;
    }
  }
  return line;
}

TEST(Codec, SurvivesRandomChangesOfValidLines) {
  const std::vector<std::string> lines = {
      R"({"hello":{"protocol":1,"implementation":"x","version":"1","capabilities":["fork"],)"
      R"("build":{"gil":true},"pid":4,"tid":4}})",
      R"({"calling":7,"begin":81200113355})",
      R"({"handled":"SIGUSR1"})",
      R"({"id":7,"begin":1,"end":2,"returned":{"tuple":[1,{"int":"340282366920938463463374607431768211456"},)"
      R"({"float":"nan"},{"bytes":"00ff"}]},"handle":99})",
      R"({"id":8,"begin":1,"end":2,"raised":{"type":"OSError","message":"No such \u00fc","errno":2}})",
      R"({"id":9,"unsupported":"why"})"};
  std::mt19937 random(20240607);  // the same lines in every run
  int refused = 0;
  constexpr int kRounds = 40'000;
  for (int i = 0; i < kRounds; ++i) {
    const std::string line = Mutated(lines[static_cast<std::size_t>(i) % lines.size()], random);
    const auto message = DecodeMessage(line);
    if (message) continue;
    ++refused;
    // What is quoted must itself be fit for a report.
    EXPECT_TRUE(DecodeValue(EncodeValue(Value(message.error().message))) ==
                Value(message.error().message))
        << message.error().message;
  }
  EXPECT_GT(refused, kRounds / 4);
  EXPECT_LT(refused, kRounds);
}

}  // namespace
}  // namespace lockstep
