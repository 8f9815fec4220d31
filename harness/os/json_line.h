// SPDX-License-Identifier: MIT
// One object of a file of JSON Lines, for the readers of such files. It includes nlohmann/json, which costs seconds
// a unit and throws: for the few .cc files alone that stop its exceptions. Pure, for any thread.
#ifndef LOCKSTEP_HARNESS_OS_JSON_LINE_H_
#define LOCKSTEP_HARNESS_OS_JSON_LINE_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// What is wrong with a line, for the person who wrote it. Thrown and caught within one reader.
struct JsonMistake {
  std::string what;
};

// The object on a line; a discarded value where the line is no JSON at all. Throws JsonMistake where it is something
// else than an object, or where an object has a key twice, which readers otherwise resolve each in its own way.
inline nlohmann::ordered_json ParseJsonLine(std::string_view line) {
  using Json = nlohmann::ordered_json;
  std::vector<std::set<std::string>> keys;
  const auto refuse_twice = [&keys](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      throw JsonMistake{"the key '" + parsed.get<std::string>() + "' is there twice"};
    return true;
  };
  Json json = Json::parse(line, refuse_twice, false);
  if (!json.is_discarded() && !json.is_object()) throw JsonMistake{"expected an object"};
  return json;
}

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_JSON_LINE_H_
