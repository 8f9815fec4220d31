// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

TEST(EncodeRequest, WritesWhatThereIsAndNothingElse) {
  Request request;
  request.id = 7;
  request.operation = "nop";
  EXPECT_EQ(EncodeRequest(request), "{\"id\":7,\"op\":\"nop\"}\n");
}

TEST(EncodeRequest, WritesTheExampleOfTheProtocol) {
  Request request;
  request.id = 7;
  request.operation = "acquire";
  request.on = "s";
  request.args = {Value(true), Value(0.05)};
  EXPECT_EQ(EncodeRequest(request),
            "{\"id\":7,\"op\":\"acquire\",\"on\":\"s\",\"args\":[true,0.05]}\n");
}

TEST(EncodeRequest, WritesKeywordsInTheirOrder) {
  Request request;
  request.id = 1;
  request.operation = "SemLock";
  request.as = "s";
  request.kwargs = {{"value", Value::Int(1)}, {"kind", Value::Int(0)}};
  EXPECT_EQ(EncodeRequest(request),
            "{\"id\":1,\"op\":\"SemLock\",\"as\":\"s\",\"kwargs\":{\"value\":1,\"kind\":0}}\n");
}

TEST(EncodeRequest, EscapesWhatJsonMustEscape) {
  Request request;
  request.id = 1;
  request.operation = "eval";
  request.args = {Value("\"\\\n\x01ü"s)};
  EXPECT_EQ(EncodeRequest(request),
            "{\"id\":1,\"op\":\"eval\",\"args\":[\"\\\"\\\\\\n\\u0001ü\"]}\n");
}

TEST(EncodeRequest, ReplacesBytesThatAreNotUtf8) {
  Request request;
  request.id = 1;
  request.operation = "eval";
  request.args = {Value("a\xff"s)};
  EXPECT_EQ(EncodeRequest(request), "{\"id\":1,\"op\":\"eval\",\"args\":[\"a\xef\xbf\xbd\"]}\n");
}

TEST(EncodeRequest, WritesAHammersFields) {
  Request request;
  request.id = 9;
  request.operation = "hammer";
  request.on = "s";
  request.args = {Value::Int(1000)};
  request.witness = "/path";
  request.slot = 2;
  request.slots = 8;
  EXPECT_EQ(EncodeRequest(request),
            "{\"id\":9,\"op\":\"hammer\",\"on\":\"s\",\"args\":[1000],\"witness\":\"/"
            "path\",\"slot\":2,\"slots\":8}\n");
}

TEST(MustBeAnnounced, HoldsForWhatMaySleepOrTakeLong) {
  for (const char* operation : {"acquire", "__enter__", "hammer", "load", "measure", "wait"}) {
    Request request;
    request.operation = operation;
    EXPECT_TRUE(MustBeAnnounced(request)) << operation;
  }
  Request release;
  release.operation = "release";
  EXPECT_FALSE(MustBeAnnounced(release));
}

TEST(EncodeRequest, WritesAHandlersCallWithoutAnId) {
  Request call;
  call.operation = "release";
  call.on = "s";
  Request request;
  request.id = 3;
  request.operation = "on_signal";
  request.args = {Value("SIGUSR1"s), Value("call"s)};
  request.handler_call = {call};
  request.restart = true;
  EXPECT_EQ(EncodeRequest(request),
            "{\"id\":3,\"op\":\"on_signal\",\"args\":[\"SIGUSR1\",\"call\",{\"op\":\"release\","
            "\"on\":\"s\"}],\"restart\":true}\n");
}

TEST(EncodeWelcome, NamesTheProtocol) {
  EXPECT_EQ(EncodeWelcome(), "{\"welcome\":{\"protocol\":1}}\n");
}

TEST(EncodeGoodbye, GivesTheReason) {
  EXPECT_EQ(EncodeGoodbye("so \"long\""), "{\"goodbye\":\"so \\\"long\\\"\"}\n");
}

TEST(TimeoutArgument, IsTheKeywordOrTheSecondOfAnAcquire) {
  Request request;
  request.operation = "acquire";
  EXPECT_EQ(TimeoutArgument(request), nullptr);
  request.args = {Value(true)};
  EXPECT_EQ(TimeoutArgument(request), nullptr);
  request.args = {Value(true), Value(0.5)};
  EXPECT_EQ(*TimeoutArgument(request), Value(0.5));
  request.args.clear();
  request.kwargs = {{"block", Value(true)}, {"timeout", Value(None{})}};
  EXPECT_EQ(*TimeoutArgument(request), Value(None{}));
}

TEST(TimeoutArgument, IsNotTheSecondOfAnotherCall) {
  Request request;
  request.operation = "SemLock";
  request.args = {Value::Int(1), Value::Int(1)};
  EXPECT_EQ(TimeoutArgument(request), nullptr);
}

}  // namespace
}  // namespace lockstep
