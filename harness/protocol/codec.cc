// SPDX-License-Identifier: MIT
// The only file of the harness's lower layers that includes nlohmann/json: it costs seconds to
// compile, and its exceptions stop here.
#include <fmt/format.h>

#include <charconv>
#include <climits>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kQuoteLimit = 120;  // characters of a bad line that an error quotes

// --- Values to text
// --------------------------------------------------------------------------------

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

void AppendValue(const Value& value, std::string& out) {
  std::visit(Appender{out}, value.variant());
}

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
  if (request.at_ns > 0) out += fmt::format(R"(,"at":{})", request.at_ns);
  field("witness", request.witness);
  field("ring", request.ring);
  if (request.slot >= 0)
    out += fmt::format(R"(,"slot":{},"slots":{})", request.slot, request.slots);
  if (request.restart) out += R"(,"restart":true)";
  out += '}';
}

// --- Text to values
// --------------------------------------------------------------------------------

// Thrown within this file only, with what is wrong in a few words.
struct Wrong {
  std::string what;
};

// Builds a Json from a text, and refuses what JSON readers resolve each in its own way, or badly:
// duplicate keys, nesting that would exhaust the stack of whoever walks over it, and integers that
// a double would round.
class Builder : public Json::json_sax_t {
 public:
  Json Take() { return std::move(root_); }

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(Json::number_integer_t value) override { return Put(value); }
  bool number_unsigned(Json::number_unsigned_t value) override { return Put(value); }
  bool number_float(Json::number_float_t value, const std::string& text) override {
    if (text.find_first_of(".eE") != std::string::npos) return Put(value);
    return Put(Json{{"int", text}});  // an integer that 64 bits do not hold
  }
  bool string(std::string& value) override { return Put(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }  // JSON has none
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(std::string& name) override {
    if (open_.back()->contains(name)) throw Wrong{"has the key \"" + name + "\" twice"};
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    throw Wrong{"is not JSON"};
  }

 private:
  // Deeper than any value of a scenario, and far from what a stack bears.
  static constexpr std::size_t kDepthLimit = 64;

  bool Put(Json value) {
    Add(std::move(value));
    return true;
  }
  bool Open(Json container) {
    if (open_.size() >= kDepthLimit)
      throw Wrong{fmt::format("is nested deeper than {} levels", kDepthLimit)};
    open_.push_back(Add(std::move(container)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }
  // Where the value now is; it stays there while it is open.
  Json* Add(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back();
    if (parent.is_object()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  Json root_;
  std::vector<Json*> open_;
  std::string key_;
};

Json Parse(std::string_view text) {
  Builder builder;
  Json::sax_parse(text, &builder);
  return builder.Take();
}

std::string StringOf(const Json& json, const char* what) {
  if (!json.is_string()) throw Wrong{fmt::format("has \"{}\" that is not a string", what)};
  return json.get<std::string>();
}

std::int64_t IntOf(const Json& json, const char* what) {
  if (!json.is_number_integer())
    throw Wrong{fmt::format("has \"{}\" that is not an integer", what)};
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) {
    throw Wrong{fmt::format("has \"{}\" out of range", what)};
  }
  return json.get<std::int64_t>();
}

int SmallIntOf(const Json& json, const char* what) {
  const std::int64_t value = IntOf(json, what);
  if (value < INT_MIN || value > INT_MAX) throw Wrong{fmt::format("has \"{}\" out of range", what)};
  return static_cast<int>(value);
}

Value IntFromDigits(const std::string& digits) {
  std::int64_t small = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, small);
  if (parsed.ec == std::errc() && parsed.ptr == end) return Value(small);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  if (digits.size() == first ||
      digits.find_first_not_of("0123456789", first) != std::string::npos) {
    throw Wrong{"has an int that is not decimal digits"};
  }
  // 64 bits do not hold it, so there is a digit that is not 0.
  return Value(
      BigInt{digits.substr(0, first) + digits.substr(digits.find_first_not_of('0', first))});
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
    if (parsed.ec != std::errc() || parsed.ptr != hex.data() + i + 2)
      throw Wrong{"has bytes that are not hexadecimal"};
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
    case Json::value_t::null:
      return Value(None{});
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
      return Value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return IntFromDigits(json.dump());
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string:
      return Value(json.get<std::string>());
    case Json::value_t::array:
      return Value(List{ItemsOf(json)});
    case Json::value_t::object:
      break;
    default:
      throw Wrong{"has a value of no known kind"};
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

// --- Messages
// --------------------------------------------------------------------------------------

Raised RaisedOf(const Json& json) {
  if (!json.is_object() || !json.contains("type")) throw Wrong{"has \"raised\" without \"type\""};
  Raised raised;
  raised.type = StringOf(json["type"], "type");
  if (json.contains("message")) raised.message = StringOf(json["message"], "message");
  if (json.contains("errno") && !json["errno"].is_null()) {
    raised.errno_value = SmallIntOf(json["errno"], "errno");
  }
  return raised;
}

Hello HelloOf(const Json& json) {
  if (!json.is_object()) throw Wrong{"has \"hello\" that is not an object"};
  Hello hello;
  if (!json.contains("protocol")) throw Wrong{"has \"hello\" without \"protocol\""};
  hello.protocol = SmallIntOf(json["protocol"], "protocol");
  const auto text = [&](const char* key, std::string& into) {
    if (json.contains(key)) into = StringOf(json[key], key);
  };
  text("implementation", hello.implementation);
  text("version", hello.version);
  text("language", hello.language);
  text("like", hello.like);
  text("waits", hello.waits);
  text("owner", hello.owner);
  if (json.contains("pid")) hello.pid = SmallIntOf(json["pid"], "pid");
  if (json.contains("tid")) hello.tid = SmallIntOf(json["tid"], "tid");
  if (json.contains("capabilities")) {
    if (!json["capabilities"].is_array()) throw Wrong{"has \"capabilities\" that is not an array"};
    for (const Json& c : json["capabilities"])
      hello.capabilities.insert(StringOf(c, "capabilities"));
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
  if (json.contains("error"))
    ++outcomes, reply.outcome = AdapterError{StringOf(json["error"], "error")};
  if (outcomes == 0) throw Wrong{"has no outcome: returned, raised, unsupported or error"};
  if (outcomes > 1) throw Wrong{"has more than one outcome"};
  const bool called = json.contains("returned") || json.contains("raised");
  if (called || json.contains("begin")) {
    if (!json.contains("begin") || !json.contains("end"))
      throw Wrong{"has no \"begin\" and \"end\""};
    reply.begin_ns = IntOf(json["begin"], "begin");
    reply.end_ns = IntOf(json["end"], "end");
    if (reply.end_ns < reply.begin_ns) throw Wrong{"has \"end\" before \"begin\""};
  }
  if (json.contains("handle") && !json["handle"].is_null()) {
    const Json& handle = json["handle"];
    const auto add = [&](const Json& address) {
      if (!address.is_number_unsigned()) throw Wrong{"has \"handle\" that is not an address"};
      reply.handles.push_back(address.get<std::uint64_t>());
    };
    if (handle.is_array()) {
      for (const Json& address : handle) add(address);
    } else {
      add(handle);
    }
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
    if (!json.contains("begin")) throw Wrong{"has \"calling\" without \"begin\""};
    calling.begin_ns = IntOf(json["begin"], "begin");
    return calling;
  }
  if (json.contains("id")) return ReplyOf(json);
  throw Wrong{"is no message of the protocol"};
}

}  // namespace

std::string QuoteLine(std::string_view line) {
  std::string_view shown = line.substr(0, kQuoteLimit);
  // Not in the middle of a character.
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80;
  };
  while (shown.size() < line.size() && !shown.empty() && continues(shown.size()))
    shown.remove_suffix(1);
  std::string text = Value(std::string(shown)).Repr();
  try {
    static_cast<void>(Json(std::string(shown)).dump());  // throws where it is no UTF-8
  } catch (const Json::exception&) {
    text = Value(Bytes{std::string(shown)}).Repr();
  }
  if (shown.size() < line.size()) text += fmt::format("… ({} bytes)", line.size());
  return text;
}

Result<Message> DecodeMessage(std::string_view line) {
  try {
    return MessageOf(Parse(line));
  } catch (const Wrong& wrong) {
    return Fail(fmt::format("a line that {}: {}", wrong.what, QuoteLine(line)));
  } catch (const Json::exception& e) {
    return Fail(fmt::format("a line that cannot be read ({}): {}", e.what(), QuoteLine(line)));
  }
}

std::string EncodeRequest(const Request& request) {
  std::string out;
  AppendRequest(request, out);
  out += '\n';
  return out;
}

std::string EncodeWelcome() {
  return fmt::format("{{\"welcome\":{{\"protocol\":{}}}}}\n", kProtocolVersion);
}

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
    return Fail(fmt::format("a value that {}: {}", wrong.what, QuoteLine(json)));
  } catch (const Json::exception& e) {
    return Fail(fmt::format("a value that cannot be read ({}): {}", e.what(), QuoteLine(json)));
  }
}

}  // namespace lockstep
