// SPDX-License-Identifier: MIT
// The only file of the harness's lower layers that includes nlohmann/json: it costs seconds to compile, and its exceptions stop here.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kQuoteLimit = 120;  // characters of a bad line that an error quotes

// --- Values to text --------------------------------------------------------------------------------

void AppendValue(const Value& value, std::string& out);

void AppendString(const std::string& text, std::string& out) {
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AppendItems(const std::vector<Value>& items, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    AppendValue(items[i], out);
  }
  out += ']';
}

struct Appender {
  std::string& out;
  void operator()(const None&) const { out += "null"; }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(std::int64_t i) const { out += std::to_string(i); }
  void operator()(const BigInt& i) const { out += R"({"int":")" + i.digits + R"("})"; }
  void operator()(double d) const {
    const std::string text = Value(d).Repr();
    const bool plain = std::isfinite(d) && !(d == 0 && std::signbit(d));
    out += plain ? text : R"({"float":")" + text + R"("})";
  }
  void operator()(const std::string& s) const { AppendString(s, out); }
  void operator()(const Bytes& b) const {
    out += R"({"bytes":")";
    for (const char c : b.data) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    out += R"("})";
  }
  void operator()(const List& l) const { AppendItems(l.items, out); }
  void operator()(const Tuple& t) const {
    out += R"({"tuple":)";
    AppendItems(t.items, out);
    out += '}';
  }
  void operator()(const Object& o) const {
    out += R"({"object":)";
    AppendString(o.type, out);
    out += '}';
  }
  void operator()(const Ref& r) const {
    out += R"({"ref":)";
    AppendString(r.name, out);
    out += '}';
  }
};

void AppendValue(const Value& value, std::string& out) { std::visit(Appender{out}, value.variant()); }

void AppendRequest(const Request& request, std::string& out) {
  out += '{';
  if (request.id != 0) out += fmt::format(R"("id":{},)", request.id);
  out += R"("op":)";
  AppendString(request.operation, out);
  const auto field = [&](const char* key, const std::string& text) {
    if (text.empty()) return;
    out += fmt::format(",\"{}\":", key);
    AppendString(text, out);
  };
  field("on", request.on);
  field("as", request.as);
  if (!request.args.empty() || !request.handler_call.empty()) {
    out += R"(,"args":[)";
    for (std::size_t i = 0; i < request.args.size(); ++i) {
      if (i > 0) out += ',';
      AppendValue(request.args[i], out);
    }
    if (!request.handler_call.empty()) {
      out += ',';
      AppendRequest(request.handler_call.front(), out);
    }
    out += ']';
  }
  if (!request.kwargs.empty()) {
    out += R"(,"kwargs":{)";
    for (std::size_t i = 0; i < request.kwargs.size(); ++i) {
      if (i > 0) out += ',';
      AppendString(request.kwargs[i].first, out);
      out += ':';
      AppendValue(request.kwargs[i].second, out);
    }
    out += '}';
  }
  field("witness", request.witness);
  if (request.slot >= 0) out += fmt::format(R"(,"slot":{},"slots":{})", request.slot, request.slots);
  if (request.restart) out += R"(,"restart":true)";
  out += '}';
}

// --- Text to values --------------------------------------------------------------------------------

// Thrown within this file only, with what is wrong in a few words.
struct Wrong {
  std::string what;
};

// Parses, and refuses duplicate keys, which JSON readers otherwise resolve each in its own way.
Json Parse(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto callback = [&keys](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw Wrong{"has the key \"" + parsed.get<std::string>() + "\" twice"};
    }
    return true;
  };
  try {
    return Json::parse(text, callback);
  } catch (const Json::exception&) {
    throw Wrong{"is not JSON"};
  }
}

std::string StringOf(const Json& json, const char* what) {
  if (!json.is_string()) throw Wrong{fmt::format("has \"{}\" that is not a string", what)};
  return json.get<std::string>();
}

std::int64_t IntOf(const Json& json, const char* what) {
  if (!json.is_number_integer()) throw Wrong{fmt::format("has \"{}\" that is not an integer", what)};
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) {
    throw Wrong{fmt::format("has \"{}\" out of range", what)};
  }
  return json.get<std::int64_t>();
}

Value IntFromDigits(const std::string& digits) {
  std::int64_t small = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, small);
  if (parsed.ec == std::errc() && parsed.ptr == end) return Value(small);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  if (digits.size() == first || digits.find_first_not_of("0123456789", first) != std::string::npos) {
    throw Wrong{"has an int that is not decimal digits"};
  }
  return Value(BigInt{digits});
}

Value FloatFromText(const std::string& text) {
  if (text == "nan") return Value(std::nan(""));
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  double d = 0;
  const auto parsed = std::from_chars(begin, text.data() + text.size(), d);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    throw Wrong{"has a float that is not a number"};
  }
  return Value(d);
}

Value BytesFromHex(const std::string& hex) {
  if (hex.size() % 2 != 0) throw Wrong{"has bytes with an odd number of digits"};
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto parsed = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (parsed.ec != std::errc() || parsed.ptr != hex.data() + i + 2) throw Wrong{"has bytes that are not hexadecimal"};
    bytes.data += static_cast<char>(byte);
  }
  return Value(bytes);
}

Value ValueOf(const Json& json);

std::vector<Value> ItemsOf(const Json& json) {
  if (!json.is_array()) throw Wrong{"has a tuple that is not an array"};
  std::vector<Value> items;
  for (const Json& item : json) items.push_back(ValueOf(item));
  return items;
}

Value ValueOf(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null: return Value(None{});
    case Json::value_t::boolean: return Value(json.get<bool>());
    case Json::value_t::number_integer: return Value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: return IntFromDigits(json.dump());
    case Json::value_t::number_float: return Value(json.get<double>());
    case Json::value_t::string: return Value(json.get<std::string>());
    case Json::value_t::array: return Value(List{ItemsOf(json)});
    case Json::value_t::object: break;
    default: throw Wrong{"has a value of no known kind"};
  }
  if (json.size() != 1) throw Wrong{"has a value that is an object of not exactly one key"};
  const std::string& kind = json.begin().key();
  const Json& content = json.begin().value();
  if (kind == "int") return IntFromDigits(StringOf(content, "int"));
  if (kind == "float") return FloatFromText(StringOf(content, "float"));
  if (kind == "bytes") return BytesFromHex(StringOf(content, "bytes"));
  if (kind == "tuple") return Value(Tuple{ItemsOf(content)});
  if (kind == "object") return Value(Object{StringOf(content, "object")});
  if (kind == "ref") return Value(Ref{StringOf(content, "ref")});
  throw Wrong{"has a value of unknown kind \"" + kind + "\""};
}

// --- Messages --------------------------------------------------------------------------------------

Raised RaisedOf(const Json& json) {
  if (!json.is_object() || !json.contains("type")) throw Wrong{"has \"raised\" without \"type\""};
  Raised raised;
  raised.type = StringOf(json["type"], "type");
  if (json.contains("message")) raised.message = StringOf(json["message"], "message");
  if (json.contains("errno") && !json["errno"].is_null()) {
    raised.errno_value = static_cast<int>(IntOf(json["errno"], "errno"));
  }
  return raised;
}

Hello HelloOf(const Json& json) {
  if (!json.is_object()) throw Wrong{"has \"hello\" that is not an object"};
  Hello hello;
  if (!json.contains("protocol")) throw Wrong{"has \"hello\" without \"protocol\""};
  hello.protocol = static_cast<int>(IntOf(json["protocol"], "protocol"));
  const auto text = [&](const char* key, std::string& into) {
    if (json.contains(key)) into = StringOf(json[key], key);
  };
  text("implementation", hello.implementation);
  text("version", hello.version);
  text("language", hello.language);
  text("like", hello.like);
  text("waits", hello.waits);
  text("owner", hello.owner);
  if (json.contains("pid")) hello.pid = static_cast<pid_t>(IntOf(json["pid"], "pid"));
  if (json.contains("tid")) hello.tid = static_cast<pid_t>(IntOf(json["tid"], "tid"));
  if (json.contains("capabilities")) {
    if (!json["capabilities"].is_array()) throw Wrong{"has \"capabilities\" that is not an array"};
    for (const Json& c : json["capabilities"]) hello.capabilities.insert(StringOf(c, "capabilities"));
  }
  if (json.contains("build")) {
    if (!json["build"].is_object()) throw Wrong{"has \"build\" that is not an object"};
    for (const auto& [key, value] : json["build"].items()) {
      hello.build[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  if (json.contains("raised")) hello.raised = RaisedOf(json["raised"]);
  return hello;
}

Reply ReplyOf(const Json& json) {
  Reply reply;
  reply.id = IntOf(json["id"], "id");
  int outcomes = 0;
  if (json.contains("returned")) ++outcomes, reply.outcome = ValueOf(json["returned"]);
  if (json.contains("raised")) ++outcomes, reply.outcome = RaisedOf(json["raised"]);
  if (json.contains("unsupported")) {
    ++outcomes, reply.outcome = Unsupported{StringOf(json["unsupported"], "unsupported")};
  }
  if (json.contains("error")) ++outcomes, reply.outcome = AdapterError{StringOf(json["error"], "error")};
  if (outcomes == 0) throw Wrong{"has no outcome: returned, raised, unsupported or error"};
  if (outcomes > 1) throw Wrong{"has more than one outcome"};
  const bool called = json.contains("returned") || json.contains("raised");
  if (called || json.contains("begin")) {
    if (!json.contains("begin") || !json.contains("end")) throw Wrong{"has no \"begin\" and \"end\""};
    reply.begin_ns = IntOf(json["begin"], "begin");
    reply.end_ns = IntOf(json["end"], "end");
    if (reply.end_ns < reply.begin_ns) throw Wrong{"has \"end\" before \"begin\""};
  }
  if (json.contains("handle") && !json["handle"].is_null()) {
    if (!json["handle"].is_number_integer()) throw Wrong{"has \"handle\" that is not an integer"};
    reply.handle = json["handle"].get<std::uint64_t>();
  }
  return reply;
}

Message MessageOf(const Json& json) {
  if (!json.is_object()) throw Wrong{"is not a JSON object"};
  if (json.contains("hello")) return HelloOf(json["hello"]);
  if (json.contains("handled")) return HandledSignal{StringOf(json["handled"], "handled")};
  if (json.contains("calling")) {
    Calling calling;
    calling.id = IntOf(json["calling"], "calling");
    if (json.contains("begin")) calling.begin_ns = IntOf(json["begin"], "begin");
    return calling;
  }
  if (json.contains("id")) return ReplyOf(json);
  throw Wrong{"is no message of the protocol"};
}

std::string Quote(std::string_view line) {
  std::string text = Value(std::string(line.substr(0, kQuoteLimit))).Repr();
  if (line.size() > kQuoteLimit) text += fmt::format("… ({} bytes)", line.size());
  return text;
}

}  // namespace

Result<Message> DecodeMessage(std::string_view line) {
  try {
    return MessageOf(Parse(line));
  } catch (const Wrong& wrong) {
    return Fail(fmt::format("a line that {}: {}", wrong.what, Quote(line)));
  } catch (const Json::exception& e) {
    return Fail(fmt::format("a line that cannot be read ({}): {}", e.what(), Quote(line)));
  }
}

std::string EncodeRequest(const Request& request) {
  std::string out;
  AppendRequest(request, out);
  out += '\n';
  return out;
}

std::string EncodeWelcome() { return fmt::format("{{\"welcome\":{{\"protocol\":{}}}}}\n", kProtocolVersion); }

std::string EncodeGoodbye(const std::string& reason) {
  std::string out = R"({"goodbye":)";
  AppendString(reason, out);
  return out + "}\n";
}

std::string EncodeValue(const Value& value) {
  std::string out;
  AppendValue(value, out);
  return out;
}

Result<Value> DecodeValue(std::string_view json) {
  try {
    return ValueOf(Parse(json));
  } catch (const Wrong& wrong) {
    return Fail(fmt::format("a value that {}: {}", wrong.what, Quote(json)));
  } catch (const Json::exception& e) {
    return Fail(fmt::format("a value that cannot be read ({}): {}", e.what(), Quote(json)));
  }
}

}  // namespace lockstep
