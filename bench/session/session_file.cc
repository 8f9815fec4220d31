// SPDX-License-Identifier: MIT
// nlohmann's exceptions stop here.
#include "bench/session/session_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "harness/os/json_line.h"

namespace lockstep::bench {
namespace {

using Json = nlohmann::ordered_json;
using Wrong = JsonMistake;

constexpr char kHint[] = "bench/session/FORMAT.md has the format";

// --- To text ---------------------------------------------------------------------------------------------------

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json JsonOf(const Histogram& samples) {
  Json json = Json::array();
  for (const auto& [lower, times] : samples.buckets()) json.push_back(Json::array({lower, times}));
  return json;
}

Json JsonOf(const std::map<std::string, std::string>& facts) {
  Json json = Json::object();
  for (const auto& [key, value] : facts) json[key] = value;
  return json;
}

Json JsonOf(const std::string& session, const Series& series) {
  return {{"kind", "series"},
          {"session", session},
          {"implementation", series.implementation},
          {"version", series.version},
          {"quantity", series.quantity},
          {"unit", series.unit},
          {"more_is_better", series.more_is_better},
          {"values", series.values},
          {"ratios", series.ratios},
          {"samples", JsonOf(series.samples)}};
}

Json JsonOf(const SessionRecord& session) {
  return {{"kind", "session"},
          {"format", kSessionFormat},
          {"id", session.id},
          {"started", session.started},
          {"lockstep", session.lockstep},
          {"command", session.command},
          {"label", session.label},
          {"machine", {{"fingerprint", session.machine.fingerprint}, {"facts", JsonOf(session.machine.facts)}}}};
}

// --- From text -------------------------------------------------------------------------------------------------

const Json& Member(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw Wrong{fmt::format("there is no '{}'", key)};
  return *found;
}

std::string TextOf(const Json& json, const std::string& what) {
  if (!json.is_string()) throw Wrong{fmt::format("'{}' has to be a string", what)};
  std::string text = json.get<std::string>();
  // PostgreSQL has no text that holds it.
  if (text.find('\0') != std::string::npos) throw Wrong{fmt::format("'{}' must not hold a NUL", what)};
  return text;
}

std::string Text(const Json& json, const char* key) { return TextOf(Member(json, key), key); }

// One that names something.
std::string Name(const Json& json, const char* key) {
  std::string name = Text(json, key);
  if (name.empty()) throw Wrong{fmt::format("'{}' must not be empty", key)};
  return name;
}

bool IsHexadecimal(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string Hexadecimal(const Json& json, const char* key, std::size_t digits) {
  std::string text = Text(json, key);
  if (!IsHexadecimal(text, digits))
    throw Wrong{fmt::format("'{}' is '{}': expected {} hexadecimal digits, in lower case", key, text, digits)};
  return text;
}

// "2026-11-23T02:27:08Z": sorted as text they are in order of time.
bool IsUtc(const std::string& text) {
  const std::string pattern = "dddd-dd-ddTdd:dd:ddZ";
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char p) { return p == 'd' ? c >= '0' && c <= '9' : c == p; });
}

std::string Utc(const Json& json, const char* key) {
  std::string text = Text(json, key);
  if (!IsUtc(text)) throw Wrong{fmt::format("'{}' is '{}': expected UTC to the second, as 2026-11-23T02:27:08Z", key, text)};
  return text;
}

std::uint64_t Count(const Json& json, const char* what) {
  if (!json.is_number_unsigned()) throw Wrong{fmt::format("{} has to be an integer of at least 0", what)};
  return json.get<std::uint64_t>();
}

std::vector<double> Numbers(const Json& json, const char* key) {
  if (!json.is_array()) throw Wrong{fmt::format("'{}' has to be an array of numbers", key)};
  std::vector<double> numbers;
  for (const Json& item : json) {
    if (!item.is_number()) throw Wrong{fmt::format("'{}' has to be an array of numbers: item {} is none", key, numbers.size())};
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

Histogram Samples(const Json& json) {
  if (!json.is_array()) throw Wrong{"'samples' has to be an array of [LOWER_NS, COUNT]"};
  Histogram samples;
  std::int64_t last = -1;
  for (const Json& item : json) {
    if (!item.is_array() || item.size() != 2) throw Wrong{"'samples' has to be an array of [LOWER_NS, COUNT]"};
    const std::uint64_t lower = Count(item[0], "the LOWER_NS of 'samples'");
    const std::uint64_t times = Count(item[1], "the COUNT of 'samples'");
    if (!std::in_range<std::int64_t>(lower) || std::cmp_less_equal(lower, last) || times == 0)
      throw Wrong{fmt::format("'samples' has to have rising LOWER_NS, and COUNT of at least 1: [{},{}] is out of order", lower, times)};
    if (times > std::numeric_limits<std::uint64_t>::max() - samples.count()) throw Wrong{"'samples' are more than 2**64"};
    last = static_cast<std::int64_t>(lower);
    samples.AddMany(last, times);
    if (!samples.buckets().contains(last)) throw Wrong{fmt::format("'samples' has {}, at which no bucket begins", lower)};
  }
  return samples;
}

std::map<std::string, std::string> Facts(const Json& json) {
  if (!json.is_object()) throw Wrong{"'facts' has to be an object of strings"};
  std::map<std::string, std::string> facts;
  for (const auto& item : json.items()) facts[item.key()] = TextOf(item.value(), "facts." + item.key());
  return facts;
}

SessionRecord SessionOf(const Json& json) {
  const Json& format = Member(json, "format");
  if (format != kSessionFormat)
    throw Wrong{fmt::format("the session is of format {}; expected {}", Dump(format), kSessionFormat)};
  SessionRecord session;
  session.id = Hexadecimal(json, "id", 32);
  session.started = Utc(json, "started");
  session.lockstep = Text(json, "lockstep");
  session.command = Text(json, "command");
  session.label = Text(json, "label");
  const Json& machine = Member(json, "machine");
  if (!machine.is_object()) throw Wrong{"'machine' has to be an object"};
  session.machine.fingerprint = Hexadecimal(machine, "fingerprint", 16);
  session.machine.facts = Facts(Member(machine, "facts"));
  return session;
}

Series SeriesOf(const Json& json) {
  Series series;
  series.implementation = Name(json, "implementation");
  series.version = Text(json, "version");
  series.quantity = Name(json, "quantity");
  series.unit = Text(json, "unit");
  const Json& more = Member(json, "more_is_better");
  if (!more.is_boolean()) throw Wrong{"'more_is_better' has to be true or false"};
  series.more_is_better = more.get<bool>();
  series.values = Numbers(Member(json, "values"), "values");
  series.ratios = Numbers(Member(json, "ratios"), "ratios");
  series.samples = Samples(Member(json, "samples"));
  return series;
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Result<std::vector<SessionRecord>> Read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      const bool is_cut = end == std::string_view::npos;
      const std::string_view content = text.substr(0, end);
      text.remove_prefix(is_cut ? text.size() : end + 1);
      if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      try {
        const Json json = ParseJsonLine(content);
        if (json.is_discarded() && is_cut) return WrongHere("the file is cut off: this line is no JSON object");
        if (json.is_discarded()) throw Wrong{"this is no JSON: expected an object a line"};
        Take(json);
      } catch (const Wrong& wrong) {
        return WrongHere(wrong.what);
      } catch (const nlohmann::json::exception& e) {
        return WrongHere(e.what());
      }
    }
    if (open_) return WrongHere(fmt::format("the file is cut off: the session {} has no end", open_->id));
    return std::move(sessions_);
  }

 private:
  tl::unexpected<Error> WrongHere(const std::string& what) const {
    return Fail(fmt::format("{}:{}: {}", file_, line_, what), kHint);
  }

  void Take(const Json& json) {
    const std::string kind = Text(json, "kind");
    if (kind == "session") {
      if (open_) throw Wrong{fmt::format("the session {} has no end before the next", open_->id)};
      open_ = SessionOf(json);
      return;
    }
    if (kind == "comparison" && !open_) return;  // for programs that ask for verdicts; the session has the values
    if (kind != "series" && kind != "end") throw Wrong{fmt::format("'kind' is '{}': expected session, series or end", kind)};
    if (!open_) throw Wrong{fmt::format("expected a line of kind session before one of kind {}", kind)};
    if (const std::string id = Text(json, "session"); id != open_->id)
      throw Wrong{fmt::format("'session' is '{}', amid the session {}", id, open_->id)};
    if (kind == "series") {
      TakeSeries(SeriesOf(json));
      return;
    }
    const std::uint64_t count = Count(Member(json, "series"), "'series'");
    if (count != open_->series.size())
      throw Wrong{fmt::format("the end counts {} series, and {} are there", count, open_->series.size())};
    sessions_.push_back(std::move(*open_));
    open_.reset();
  }

  void TakeSeries(Series series) {
    for (const Series& other : open_->series) {
      if (other.implementation == series.implementation && other.quantity == series.quantity)
        throw Wrong{fmt::format("the session has {} of {} twice", series.quantity, series.implementation)};
    }
    open_->series.push_back(std::move(series));
  }

  const std::string& file_;
  int line_ = 0;
  std::optional<SessionRecord> open_;
  std::vector<SessionRecord> sessions_;
};

template <class Reading>
auto FromJson(std::string_view text, const Reading& reading) -> Result<decltype(reading(Json()))> {
  try {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return Fail("this is no JSON");
    return reading(json);
  } catch (const Wrong& wrong) {
    return Fail(wrong.what);
  } catch (const nlohmann::json::exception& e) {
    return Fail(e.what());
  }
}

}  // namespace

std::string WriteSessions(const std::vector<SessionRecord>& sessions) {
  std::string text;
  for (const SessionRecord& session : sessions) {
    text += Dump(JsonOf(session)) + "\n";
    for (const Series& series : session.series) text += Dump(JsonOf(session.id, series)) + "\n";
    text += Dump({{"kind", "end"}, {"session", session.id}, {"series", session.series.size()}}) + "\n";
  }
  return text;
}

Result<std::vector<SessionRecord>> ReadSessions(std::string_view text, const std::string& file) {
  return Reader(file).Read(text);
}

// What is not finite is written as null, which the reader refuses like all else.
Result<SessionRecord> AsRead(const SessionRecord& session) {
  auto read = ReadSessions(WriteSessions({session}), "the session");
  if (!read) return tl::unexpected(read.error());
  return std::move(read->front());
}

std::string NumbersToJson(const std::vector<double>& numbers) { return Dump(numbers); }
std::string SamplesToJson(const Histogram& samples) { return Dump(JsonOf(samples)); }
std::string FactsToJson(const std::map<std::string, std::string>& facts) { return Dump(JsonOf(facts)); }

Result<std::vector<double>> NumbersFromJson(std::string_view text) {
  return FromJson(text, [](const Json& json) { return Numbers(json, "numbers"); });
}
Result<Histogram> SamplesFromJson(std::string_view text) {
  return FromJson(text, [](const Json& json) { return Samples(json); });
}
Result<std::map<std::string, std::string>> FactsFromJson(std::string_view text) {
  return FromJson(text, [](const Json& json) { return Facts(json); });
}

}  // namespace lockstep::bench
