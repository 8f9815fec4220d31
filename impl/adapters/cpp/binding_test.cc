// SPDX-License-Identifier: MIT
//
// The messages are those that CPython 3.14 gives for the same calls.
#include "binding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "json.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kCreate{"SemLock",
                            "SemLock",
                            Convention::kKeywords,
                            5,
                            {"kind", "value", "maxvalue", "name", "unlink"}};
constexpr Signature kAcquire{
    "acquire", "SemLock.acquire", Convention::kKeywords, 0, {"block", "timeout"}};
constexpr Signature kRebuild{"_rebuild",
                             "SemLock._rebuild",
                             Convention::kPositional,
                             4,
                             {"handle", "kind", "maxvalue", "name"}};
constexpr Signature kRelease{"release", "SemLock.release", Convention::kNone, 0, {}};
constexpr Signature kExit{
    "__exit__", "SemLock.__exit__", Convention::kAtMost, 0, {"exc_type", "exc_value", "exc_tb"}};
constexpr Signature kSemUnlink{
    "sem_unlink", "_multiprocessing.sem_unlink", Convention::kOne, 1, {"name"}};
constexpr Signature kShared{"SharedMemory.__init__",
                            "SharedMemory.__init__",
                            Convention::kPython,
                            0,
                            {"name", "create", "size", "track"}};
constexpr Signature kFork{"fork", "fork", Convention::kAdapter, 1, {"channel"}};

// A request with these `args` and `kwargs`, both JSON.
Request With(const std::string& args, const std::string& kwargs = "{}") {
  return std::get<Request>(
      ParseMessage(R"({"id": 1, "op": "x", "args": )" + args + R"(, "kwargs": )" + kwargs + "}"));
}

std::string TypeErrorOf(const Signature& signature, const Request& request) {
  const Arguments arguments(signature, request);
  if (!arguments.failure()) return "";
  const auto* raised = std::get_if<Raised>(&*arguments.failure());
  if (raised == nullptr) return "not raised";
  EXPECT_EQ(raised->type, "TypeError");
  return raised->message;
}

TEST(Arguments, AreTakenByPositionAndByName) {
  const Request request = With("[1, 2]", R"({"unlink": true, "name": "/n", "maxvalue": 3})");
  Arguments arguments(kCreate, request);
  EXPECT_EQ(arguments.Int(0), 1);
  EXPECT_EQ(arguments.Int(1), 2);
  EXPECT_EQ(arguments.Int(2), 3);
  EXPECT_EQ(arguments.String(3), "/n");
  EXPECT_TRUE(arguments.Bool(4));
  EXPECT_FALSE(arguments.failure());
}

TEST(Arguments, HaveDefaultsWhereNoneWasGiven) {
  const Request request = With("[]");
  Arguments arguments(kAcquire, request);
  EXPECT_TRUE(arguments.Bool(0, true));
  EXPECT_EQ(arguments.Seconds(1), std::nullopt);
  EXPECT_FALSE(arguments.failure());
}

TEST(Arguments, RaiseTypeErrorWhenTheirNumberIsWrong) {
  EXPECT_EQ(TypeErrorOf(kCreate, With("[]")), "SemLock() missing required argument 'kind' (pos 1)");
  EXPECT_EQ(TypeErrorOf(kCreate, With(R"([1, 1, 1, "/a"])", R"({"foo": 5})")),
            "SemLock() missing required argument 'unlink' (pos 5)");
  EXPECT_EQ(TypeErrorOf(kCreate, With(R"([1, 1, 1, "/a", true, 5])")),
            "SemLock() takes at most 5 arguments (6 given)");
  EXPECT_EQ(TypeErrorOf(kAcquire, With("[]", R"({"block": 1, "timeout": 2, "foo": 3})")),
            "acquire() takes at most 2 keyword arguments (3 given)");
  EXPECT_EQ(TypeErrorOf(kRebuild, With("[1]")), "_rebuild() takes exactly 4 arguments (1 given)");
  EXPECT_EQ(TypeErrorOf(kRelease, With("[1]")), "SemLock.release() takes no arguments (1 given)");
  EXPECT_EQ(TypeErrorOf(kExit, With("[1, 2, 3, 4]")),
            "__exit__ expected at most 3 arguments, got 4");
  EXPECT_EQ(TypeErrorOf(kSemUnlink, With("[]")),
            "_multiprocessing.sem_unlink() takes exactly one argument (0 given)");
  EXPECT_EQ(TypeErrorOf(kShared, With("[1, 2, 3, 4, 5]")),
            "SharedMemory.__init__() takes from 1 to 5 positional arguments but 6 were given");
}

TEST(Arguments, RaiseTypeErrorWhenANameIsWrong) {
  EXPECT_EQ(TypeErrorOf(kAcquire, With("[]", R"({"foo": 1})")),
            "acquire() got an unexpected keyword argument 'foo'");
  EXPECT_EQ(TypeErrorOf(kAcquire, With("[1]", R"({"block": 1})")),
            "argument for acquire() given by name ('block') and position (1)");
  EXPECT_EQ(TypeErrorOf(kRebuild, With("[]", R"({"kind": 1})")),
            "SemLock._rebuild() takes no keyword arguments");
  EXPECT_EQ(TypeErrorOf(kRelease, With("[]", R"({"a": 1})")),
            "SemLock.release() takes no keyword arguments");
  EXPECT_EQ(TypeErrorOf(kShared, With("[]", R"({"foo": 1})")),
            "SharedMemory.__init__() got an unexpected keyword argument 'foo'");
  EXPECT_EQ(TypeErrorOf(kShared, With(R"(["a"])", R"({"name": "b"})")),
            "SharedMemory.__init__() got multiple values for argument 'name'");
}

TEST(Arguments, AreAnErrorOfTheAdapterInItsOwnOperations) {
  const Request request = With("[]");
  const Arguments arguments(kFork, request);
  ASSERT_TRUE(arguments.failure());
  EXPECT_EQ(*arguments.failure(),
            Result(AdapterError{"fork() missing required argument 'channel' (pos 1)"}));
}

TEST(Arguments, TakeABoolForAnIntAndAnIntForABool) {
  const Request request = With(R"([true, false, 1, "/n", {"int": "18446744073709551616"}])");
  Arguments arguments(kCreate, request);
  EXPECT_EQ(arguments.Int(0), 1);
  EXPECT_EQ(arguments.Int(1), 0);
  EXPECT_TRUE(arguments.Bool(2));
  EXPECT_TRUE(arguments.Bool(4));
  EXPECT_FALSE(arguments.failure());
}

TEST(Arguments, RaiseOverflowErrorWhenACIntCannotHoldThem) {
  for (const char* args :
       {"[2147483648]", "[-2147483649]", R"([{"int": "99999999999999999999"}])"}) {
    const Request request = With(args);
    Arguments arguments(kSemUnlink, request);
    arguments.Int(0);
    ASSERT_TRUE(arguments.failure()) << args;
    EXPECT_EQ(*arguments.failure(),
              Result(Raised{"OverflowError", "Python int too large to convert to C int", {}}));
  }
  const Request request = With("[2147483647]");
  Arguments arguments(kSemUnlink, request);
  EXPECT_EQ(arguments.Int(0), 2147483647);
  EXPECT_FALSE(arguments.failure());
}

TEST(Arguments, WordTheOverflowOfAFormatUnitAsItDoes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[2147483648]", "signed integer is greater than maximum"},
      {"[-2147483649]", "signed integer is less than minimum"},
      {"[9223372036854775808]", "Python int too large to convert to C long"},
  };
  for (const auto& [args, message] : cases) {
    const Request request = With(args);
    Arguments arguments(kSemUnlink, request);
    arguments.FormatInt(0);
    ASSERT_TRUE(arguments.failure());
    EXPECT_EQ(*arguments.failure(), Result(Raised{"OverflowError", message, {}}));
  }
}

TEST(Arguments, TakeAnyNumberForSeconds) {
  const auto seconds = [](const std::string& value) {
    const Request request = With("[true, " + value + "]");
    Arguments arguments(kAcquire, request);
    const auto result = arguments.Seconds(1);
    EXPECT_FALSE(arguments.failure()) << value;
    return result;
  };
  EXPECT_EQ(seconds("null"), std::nullopt);
  EXPECT_EQ(seconds("0.25"), 0.25);
  EXPECT_EQ(seconds("3"), 3.0);
  EXPECT_EQ(seconds("true"), 1.0);
  EXPECT_EQ(seconds(R"({"float": "inf"})"), HUGE_VAL);
  EXPECT_EQ(seconds(R"({"int": "18446744073709551616"})"), 18446744073709551616.0);
  EXPECT_TRUE(std::isnan(seconds(R"({"float": "nan"})").value_or(0)));
}

TEST(Arguments, RaiseOverflowErrorWhenAnIntIsTooLargeForAFloat) {
  const Request request = With(R"([true, {"int": "1)" + std::string(309, '0') + R"("}])");
  Arguments arguments(kAcquire, request);
  arguments.Seconds(1);
  ASSERT_TRUE(arguments.failure());
  EXPECT_EQ(*arguments.failure(),
            Result(Raised{"OverflowError", "int too large to convert to float", {}}));
}

TEST(Arguments, AreUnsupportedWhenOnlyTheInterpreterConvertsThem) {
  for (const char* args : {R"(["1"])", "[1.0]", "[null]", "[[]]", R"([{"object": "object"}])"}) {
    const Request request = With(args);
    Arguments arguments(kSemUnlink, request);
    arguments.Int(0);
    ASSERT_TRUE(arguments.failure()) << args;
    EXPECT_TRUE(std::holds_alternative<Unsupported>(*arguments.failure())) << args;
  }
  const Request request = With("[5]");
  Arguments arguments(kSemUnlink, request);
  arguments.String(0);
  EXPECT_EQ(*arguments.failure(),
            Result(Unsupported{"'int' where a str is wanted: argument conversion is the "
                               "interpreter's"}));
}

TEST(Arguments, KeepTheFirstFailureInTheOrderOfTheParameters) {
  const Request request = With(R"([4294967296, "one", 1, 5, true])");
  Arguments arguments(kCreate, request);
  arguments.Int(0);
  EXPECT_EQ(arguments.Int(1), 0);
  EXPECT_EQ(arguments.String(3), "");
  EXPECT_TRUE(std::holds_alternative<Raised>(*arguments.failure()));
}

TEST(Arguments, TakeAPointerOfAnySizeUnchecked) {
  const Request request = With(R"([-1, 0, 1, null])");
  Arguments arguments(kRebuild, request);
  EXPECT_EQ(arguments.Pointer(0), ~std::uint64_t{0});
  EXPECT_EQ(arguments.OptionalString(3), std::nullopt);
  EXPECT_FALSE(arguments.failure());
}

}  // namespace
}  // namespace lockstep::adapter
