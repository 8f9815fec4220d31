// SPDX-License-Identifier: MIT
// nlohmann's exceptions stop here.
#include "harness/check/history_file.h"

#include "harness/check/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "harness/os/json_line.h"

namespace lockstep::check {
namespace {

using Json = nlohmann::ordered_json;

using Wrong = JsonMistake;

Json ParseLine(std::string_view line) {
  Json json = ParseJsonLine(line);
  if (json.is_discarded()) throw Wrong{"this is not JSON: expected an object a line"};
  return json;
}

void CheckKeys(const Json& json, const std::vector<std::string>& known) {
  for (const auto& item : json.items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end())
      throw Wrong{fmt::format("there is no key '{}': expected {}", item.key(), fmt::join(known, ", "))};
  }
}

std::string Text(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw Wrong{fmt::format("there is no '{}'", key)};
  if (!found->is_string() || found->get_ref<const std::string&>().empty())
    throw Wrong{fmt::format("'{}' has to be a string that is not empty", key)};
  return found->get<std::string>();
}

std::int64_t Integer(const Json& json, const char* key, std::int64_t least) {
  const auto found = json.find(key);
  if (found == json.end()) throw Wrong{fmt::format("there is no '{}'", key)};
  const bool fits = found->is_number_unsigned() ? std::in_range<std::int64_t>(found->get<std::uint64_t>())
                                                : found->is_number_integer();
  // What is added to these has to fit as well.
  constexpr std::int64_t kMost = std::int64_t{1} << 61;
  if (!fits || found->get<std::int64_t>() < least || found->get<std::int64_t>() > kMost)
    throw Wrong{fmt::format("'{}' has to be an integer{}, and at most 2**61", key, least < 0 ? "" : fmt::format(" of at least {}", least))};
  return found->get<std::int64_t>();
}

// What an operation did, and whether it says anything of the semaphore.
bool TakeOutcome(const Json& json, const std::string& op, Operation* one) {
  const auto returned = json.find("returned");
  const bool is_back = returned != json.end();
  const auto is = [&](bool right, const char* what) {
    if (is_back && !right) throw Wrong{fmt::format("'returned' of {} has to be {}", op, what)};
  };
  if (op == "release") {
    is(is_back && returned->is_null(), "null");
    one->kind = Kind::kRelease;
  } else if (op == "acquire") {
    is(is_back && returned->is_boolean(), "true or false");
    one->kind = is_back && !returned->get<bool>() ? Kind::kFailedAcquire : Kind::kAcquire;
  } else if (op == "_get_value") {
    if (is_back) one->value = Integer(json, "returned", 0);
    one->kind = Kind::kGetValue;
  } else if (op == "_is_zero") {
    is(is_back && returned->is_boolean(), "true or false");
    one->kind = Kind::kIsZero;
    one->value = is_back && returned->get<bool>() ? 1 : 0;
  } else {
    throw Wrong{fmt::format("'op' is '{}': expected acquire, release, _get_value or _is_zero", op)};
  }
  if (json.find("raised") == json.end()) return true;
  const std::string type = Text(json, "raised");
  // What raises has done nothing and, but for this one, has seen nothing.
  if (op != "release" || type != "ValueError") return false;
  one->kind = Kind::kRefusedRelease;
  one->value = Integer(json, "maxvalue", 0);
  return true;
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  Result<std::vector<RecordedHistory>> Parse(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      const std::string_view content = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      try {
        Take(ParseLine(content));
      } catch (const Wrong& wrong) {
        const bool is_cut = end == std::string_view::npos && wrong.what.find("not JSON") != std::string::npos;
        return Fail(fmt::format("{}:{}: {}", file_, line_, is_cut ? "the last line is cut off" : wrong.what),
                    is_cut ? "without it the rest can be judged: it is an operation that nobody saw return"
                           : "harness/check/HISTORY.md has the format");
      } catch (const nlohmann::json::exception& e) {
        return Fail(fmt::format("{}:{}: {}", file_, line_, e.what()), "harness/check/HISTORY.md has the format");
      }
    }
    try {
      CheckActors();
    } catch (const Wrong& wrong) {
      return Fail(fmt::format("{}:{}: {}", file_, line_, wrong.what), "harness/check/HISTORY.md has the format");
    }
    if (histories_.empty())
      return Fail(fmt::format("{}:1: expected a line {{\"semaphore\": NAME, \"initial\": N}}, and there is none", file_),
                  "harness/check/HISTORY.md has the format");
    return std::move(histories_);
  }

 private:
  void Take(const Json& json) {
    if (json.contains("semaphore")) {
      CheckKeys(json, {"semaphore", "initial", "most"});
      RecordedHistory one;
      one.semaphore = Text(json, "semaphore");
      one.history.initial = Integer(json, "initial", 0);
      if (json.contains("most")) one.history.most = Integer(json, "most", 0);
      if (one.history.initial > one.history.most)
        throw Wrong{fmt::format("'initial' is {}, and the value is never above {}: 'most' says otherwise", one.history.initial,
                                one.history.most)};
      if (!by_name_.emplace(one.semaphore, histories_.size()).second)
        throw Wrong{fmt::format("the semaphore '{}' is there twice", one.semaphore)};
      histories_.push_back(std::move(one));
      actors_.emplace_back();
      return;
    }
    CheckKeys(json, {"on", "actor", "op", "begin", "end", "returned", "raised", "maxvalue", "dead_by"});
    const std::size_t which = SemaphoreOf(json);
    History& history = histories_[which].history;
    Operation one;
    one.called = Integer(json, "begin", -(std::int64_t{1} << 61));
    const int outcomes = static_cast<int>(json.contains("returned")) + static_cast<int>(json.contains("raised"));
    const bool is_over = json.contains("end");
    if (outcomes > 1 || (outcomes == 1) != is_over)
      throw Wrong{fmt::format("an operation has an 'end' and one of 'returned' and 'raised', or none of them")};
    if (is_over) one.returned = Integer(json, "end", one.called);
    if (is_over && json.contains("dead_by")) throw Wrong{"'dead_by' is of an operation without 'end'"};
    if (json.contains("dead_by")) one.dead_by = Integer(json, "dead_by", one.called);
    const std::string actor = Text(json, "actor");
    const auto known = actors_[which].emplace(actor, static_cast<int>(actors_[which].size()));
    if (known.second) history.actors.push_back(actor);
    one.actor = known.first->second;
    calls_[actor].push_back({one.called, EndOf(one), line_});
    if (TakeOutcome(json, Text(json, "op"), &one)) history.operations.push_back(one);
  }

  // Whoever records two calls of one actor at once has taken two actors for one, or has no one clock.
  void CheckActors() {
    for (auto& [actor, calls] : calls_) {
      std::stable_sort(calls.begin(), calls.end(), [](const Made& a, const Made& b) { return a.called < b.called; });
      for (std::size_t i = 1; i < calls.size(); ++i) {
        if (calls[i].called >= calls[i - 1].end) continue;
        line_ = calls[i].line;
        throw Wrong{fmt::format("'{}' does one call at a time, and its call of line {} had not ended", actor, calls[i - 1].line)};
      }
    }
  }

  std::size_t SemaphoreOf(const Json& json) const {
    if (histories_.empty()) throw Wrong{"expected a line {\"semaphore\": NAME, \"initial\": N} before any operation"};
    if (!json.contains("on")) {
      if (histories_.size() > 1) throw Wrong{"there is no 'on', and more than one semaphore"};
      return 0;
    }
    const auto found = by_name_.find(Text(json, "on"));
    if (found == by_name_.end()) throw Wrong{fmt::format("no line presented the semaphore '{}'", Text(json, "on"))};
    return found->second;
  }

  struct Made {
    std::int64_t called;
    std::int64_t end;  // kNever: it has none
    int line;
  };

  const std::string& file_;
  int line_ = 0;
  std::map<std::string, std::vector<Made>> calls_;  // of each actor, on any semaphore
  std::vector<RecordedHistory> histories_;
  std::vector<std::map<std::string, int>> actors_;  // of each history
  std::map<std::string, std::size_t> by_name_;
};

Json OutcomeOf(const Operation& one, Json json) {
  switch (one.kind) {
    case Kind::kRelease:
      json["returned"] = nullptr;
      break;
    case Kind::kAcquire:
    case Kind::kFailedAcquire:
      json["returned"] = one.kind == Kind::kAcquire;
      break;
    case Kind::kGetValue:
      json["returned"] = one.value;
      break;
    case Kind::kIsZero:
      json["returned"] = one.value != 0;
      break;
    case Kind::kRefusedRelease:
      json["raised"] = "ValueError";
      json["maxvalue"] = one.value;
      break;
  }
  return json;
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kRelease:
    case Kind::kRefusedRelease:
      return "release";
    case Kind::kAcquire:
    case Kind::kFailedAcquire:
      return "acquire";
    case Kind::kGetValue:
      return "_get_value";
    case Kind::kIsZero:
      return "_is_zero";
  }
  return "";
}

}  // namespace

Result<std::vector<RecordedHistory>> ParseHistories(const std::string& text, const std::string& file) {
  return Parser(file).Parse(text);
}

std::string WriteHistories(const std::vector<RecordedHistory>& histories) {
  std::string text;
  const auto line = [&text](const Json& json) {
    text += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  for (const RecordedHistory& one : histories)
    line({{"semaphore", one.semaphore}, {"initial", one.history.initial}, {"most", one.history.most}});
  for (const RecordedHistory& one : histories) {
    for (const Operation& operation : one.history.operations) {
      Json json{{"on", one.semaphore},
                {"actor", check::NameOf(one.history, operation.actor)},
                {"op", NameOf(operation.kind)},
                {"begin", operation.called}};
      if (operation.returned != kNever) json["end"] = operation.returned;
      if (operation.returned == kNever && operation.dead_by != kNever) json["dead_by"] = operation.dead_by;
      line(operation.returned != kNever ? OutcomeOf(operation, std::move(json)) : json);
    }
  }
  return text;
}

}  // namespace lockstep::check
