// SPDX-License-Identifier: MIT
#include "hello.h"

#include <unistd.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include <string_view>
#include <utility>
#include <vector>

#include "json.h"
#include "reply.h"

#if defined(__has_feature)
#define LOCKSTEP_HAS_FEATURE(name) __has_feature(name)
#else
#define LOCKSTEP_HAS_FEATURE(name) 0
#endif

namespace lockstep::adapter {
namespace {

constexpr std::int64_t kProtocol = 1;

// An object, one member at a time.
class Members {
 public:
  explicit Members(std::string* out) : out_(out) { *out_ += '{'; }
  ~Members() { *out_ += '}'; }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // Writes the name; the caller appends the value.
  std::string* Name(std::string_view name) {
    if (!first_) *out_ += ", ";
    first_ = false;
    AppendString(name, out_);
    *out_ += ": ";
    return out_;
  }

  void Add(std::string_view name, const Value& value) { AppendValue(value, Name(name)); }

 private:
  std::string* out_;
  bool first_ = true;
};

void AddIdentity(Members* members) {
  members->Add("protocol", kProtocol);
  members->Add("pid", std::int64_t{getpid()});
  members->Add("tid", std::int64_t{gettid()});
}

std::string LibcName() {
#ifdef __GLIBC__
  return std::string("glibc ") + gnu_get_libc_version();
#else
  return "unknown";
#endif
}

std::string CompilerName() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::optional<std::string> SanitizerName() {
#if defined(__SANITIZE_ADDRESS__) || LOCKSTEP_HAS_FEATURE(address_sanitizer)
  return "address";
#elif defined(__SANITIZE_THREAD__) || LOCKSTEP_HAS_FEATURE(thread_sanitizer)
  return "thread";
#else
  return std::nullopt;
#endif
}

}  // namespace

std::vector<std::pair<std::string, Value>> StandardBuildFacts() {
  std::vector<std::pair<std::string, Value>> facts;
  facts.emplace_back("libc", LibcName());
  facts.emplace_back("compiler", CompilerName());
  if (auto sanitizer = SanitizerName()) facts.emplace_back("sanitizer", *std::move(sanitizer));
#ifdef NDEBUG
  facts.emplace_back("debug", false);
#else
  facts.emplace_back("debug", true);
#endif
  return facts;
}

std::string FullHello(const AdapterInfo& info, const std::optional<Raised>& raised) {
  std::string line = R"({"hello": )";
  {
    Members hello(&line);
    AddIdentity(&hello);
    hello.Add("implementation", info.implementation);
    hello.Add("version", info.version);
    hello.Add("language", info.language);
    hello.Add("like", info.like);
    List capabilities;
    for (const std::string& capability : info.capabilities)
      capabilities.items.emplace_back(capability);
    hello.Add("capabilities", std::move(capabilities));
    if (info.owner) hello.Add("owner", *info.owner);
    {
      Members build(hello.Name("build"));
      for (const auto& [name, value] : info.build) build.Add(name, value);
      for (const auto& [name, value] : StandardBuildFacts()) build.Add(name, value);
    }
    if (raised) AppendRaised(*raised, hello.Name("raised"));
  }
  line += "}\n";
  return line;
}

std::string ShortHello() {
  std::string line = R"({"hello": )";
  {
    Members hello(&line);
    AddIdentity(&hello);
  }
  line += "}\n";
  return line;
}

}  // namespace lockstep::adapter
