// SPDX-License-Identifier: MIT
#include "json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace lockstep::adapter {
namespace {

// Deeper nesting than any message has; a bound, because trees are destroyed recursively.
constexpr std::size_t kMaxDepth = 32;

// JSON as it stands on the line, before it is known what it means.
struct Node {
  enum class Kind { kNull, kBool, kInt, kFloat, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool flag = false;
  double number = 0;
  std::string text = {};  // of a string; the digits of an int
  std::vector<Node> items = {};
  std::vector<std::pair<std::string, Node>> members = {};

  const Node* Member(std::string_view key) const {
    for (const auto& [name, node] : members) {
      if (name == key) return &node;
    }
    return nullptr;
  }
};

// Builds a Node and remembers what was wrong. A repeated key does not stop it: the id that follows
// is wanted for the reply.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  const Node& root() const { return root_; }
  const std::string& problem() const { return problem_; }

  bool null() override { return Add({}); }
  bool boolean(bool flag) override { return Add({.kind = Node::Kind::kBool, .flag = flag}); }
  bool number_integer(number_integer_t number) override { return AddInt(fmt::format_int(number)); }
  bool number_unsigned(number_unsigned_t number) override {
    return AddInt(fmt::format_int(number));
  }
  bool number_float(number_float_t number, const string_t& token) override {
    // An int that is too long for 64 bits comes here as well.
    if (token.find_first_of(".eE") == std::string::npos) {
      return Add({.kind = Node::Kind::kInt, .text = token});
    }
    return Add({.kind = Node::Kind::kFloat, .number = number});
  }
  bool string(string_t& text) override {
    return Add({.kind = Node::Kind::kString, .text = std::move(text)});
  }
  bool binary(binary_t& /*bytes*/) override { return false; }  // never in a text
  bool start_object(std::size_t /*size*/) override { return Open(Node::Kind::kObject); }
  bool start_array(std::size_t /*size*/) override { return Open(Node::Kind::kArray); }
  bool end_object() override { return CloseInnermost(); }
  bool end_array() override { return CloseInnermost(); }
  bool key(string_t& name) override {
    if (open_.back()->Member(name) != nullptr) Problem("the key '" + name + "' comes twice");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    Problem(fmt::format("not JSON at byte {}", position));
    return false;
  }

 private:
  bool AddInt(const fmt::format_int& digits) {
    return Add({.kind = Node::Kind::kInt, .text = std::string(digits.data(), digits.size())});
  }

  bool Add(Node node) {
    Place(std::move(node));
    return true;
  }

  Node* Place(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    Node* parent = open_.back();
    if (parent->kind == Node::Kind::kArray) {
      return &parent->items.emplace_back(std::move(node));
    }
    return &parent->members.emplace_back(std::move(key_), std::move(node)).second;
  }

  // A pointer into a vector stays good here: while a node is open its parent gets no other child.
  bool Open(Node::Kind kind) {
    if (open_.size() == kMaxDepth) {
      Problem(fmt::format("nested deeper than {}", kMaxDepth));
      return false;
    }
    open_.push_back(Place({.kind = kind}));
    return true;
  }

  bool CloseInnermost() {
    open_.pop_back();
    return true;
  }

  void Problem(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }

  Node root_;
  std::vector<Node*> open_;
  std::string key_;
  std::string problem_;
};

std::optional<std::int64_t> SmallInt(const Node& node) {
  if (node.kind != Node::Kind::kInt) return std::nullopt;
  std::int64_t number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

std::optional<Value> FloatFromText(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return Value(number);
}

// Reads what the messages are made of. The first thing that is wrong is kept, and everything after
// it is moot.
class Decoder {
 public:
  const std::string& problem() const { return problem_; }

  Value DecodeValue(const Node& node) {
    switch (node.kind) {
      case Node::Kind::kNull:
        return None{};
      case Node::Kind::kBool:
        return node.flag;
      case Node::Kind::kInt:
        return IntFromDigits(node.text).value_or(Value());
      case Node::Kind::kFloat:
        return node.number;
      case Node::Kind::kString:
        return node.text;
      case Node::Kind::kArray:
        return List{DecodeItems(node)};
      case Node::Kind::kObject:
        return DecodeTagged(node);
    }
    return {};
  }

  Request DecodeRequest(const Node& node, bool nested) {
    Request request;
    for (const auto& [name, field] : node.members) DecodeField(name, field, &request);
    if (request.op.empty()) Problem("a request needs an 'op'");
    if (!nested && request.id < 1) Problem("a request needs an 'id' above 0");
    return request;
  }

 private:
  void DecodeField(const std::string& name, const Node& field, Request* request) {
    if (name == "id") {
      request->id = Int(field, name);
    } else if (name == "op") {
      request->op = String(field, name);
    } else if (name == "on") {
      request->on = String(field, name);
    } else if (name == "as") {
      request->as = String(field, name);
    } else if (name == "args") {
      if (field.kind != Node::Kind::kArray) Problem("'args' is not an array");
      request->args = DecodeItems(field);
    } else if (name == "kwargs") {
      if (field.kind != Node::Kind::kObject) Problem("'kwargs' is not an object");
      for (const auto& [key, value] : field.members) {
        request->kwargs.emplace_back(key, DecodeValue(value));
      }
    } else if (name == "witness") {
      request->witness = String(field, name);
    } else if (name == "ring") {
      request->ring = String(field, name);
    } else if (name == "at") {
      request->at_ns = Int(field, name);
    } else if (name == "slot") {
      request->slot = Int(field, name);
    } else if (name == "slots") {
      request->slots = Int(field, name);
    } else if (name == "restart") {
      if (field.kind != Node::Kind::kBool) Problem("'restart' is not true or false");
      request->restart = field.flag;
    }
  }

  Value DecodeTagged(const Node& node) {
    if (node.Member("op") != nullptr) {
      return NestedRequest{std::make_shared<const Request>(DecodeRequest(node, true))};
    }
    if (node.members.size() != 1) return NoValue("an object that is no value");
    const auto& [tag, content] = node.members.front();
    if (tag == "tuple") {
      if (content.kind != Node::Kind::kArray) return NoValue("a tuple that is not an array");
      return Tuple{DecodeItems(content)};
    }
    if (content.kind != Node::Kind::kString) return NoValue("an object that is no value");
    if (tag == "int") return OrNoValue(IntFromDigits(content.text), "an int that is no number");
    if (tag == "float") return OrNoValue(FloatFromText(content.text), "a float that is no number");
    if (tag == "object") return TypeName{content.text};
    if (tag == "ref") return Ref{content.text};
    if (tag == "bytes") {
      auto data = BytesFromHex(content.text);
      if (!data) return NoValue("bytes that are not hexadecimal");
      return Bytes{*std::move(data)};
    }
    return NoValue("an object that is no value");
  }

  std::vector<Value> DecodeItems(const Node& node) {
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const Node& item : node.items) items.push_back(DecodeValue(item));
    return items;
  }

  std::string String(const Node& node, const std::string& name) {
    if (node.kind != Node::Kind::kString) Problem("'" + name + "' is not a string");
    return node.text;
  }

  std::int64_t Int(const Node& node, const std::string& name) {
    const auto number = SmallInt(node);
    if (!number) Problem("'" + name + "' is not a number of 64 bits");
    return number.value_or(0);
  }

  Value OrNoValue(std::optional<Value> value, const char* what) {
    return value ? *std::move(value) : NoValue(what);
  }

  Value NoValue(const char* what) {
    Problem(what);
    return {};
  }

  void Problem(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }

  std::string problem_;
};

// Strict UTF-8 and nothing after the message: both are the parser's own defaults.
void Build(std::string_view json, TreeBuilder* tree) {
  nlohmann::json::sax_parse(json.begin(), json.end(), tree);
}

bool IsPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void AppendFloat(double number, std::string* out) {
  if (std::isnan(number)) {
    *out += R"({"float": "nan"})";
  } else if (std::isinf(number)) {
    *out += number > 0 ? R"({"float": "inf"})" : R"({"float": "-inf"})";
  } else if (number == 0 && std::signbit(number)) {
    *out += R"({"float": "-0.0"})";
  } else {
    const std::string text = fmt::format("{}", number);  // the shortest that reads back the same
    *out += text;
    if (text.find_first_of(".e") == std::string::npos) *out += ".0";
  }
}

struct ValueWriter {
  std::string* out;

  void operator()(const None&) const { *out += "null"; }
  void operator()(bool flag) const { *out += flag ? "true" : "false"; }
  void operator()(std::int64_t number) const { AppendInt(number, out); }
  void operator()(const BigInt& number) const { Tagged("int", number.digits); }
  void operator()(double number) const { AppendFloat(number, out); }
  void operator()(const std::string& text) const { AppendString(text, out); }
  void operator()(const Bytes& bytes) const { Tagged("bytes", HexFromBytes(bytes.data)); }
  void operator()(const Tuple& tuple) const {
    *out += R"({"tuple": )";
    Items(tuple.items);
    *out += '}';
  }
  void operator()(const List& list) const { Items(list.items); }
  void operator()(const TypeName& type) const { Tagged("object", type.name); }
  void operator()(const Ref& ref) const { Tagged("ref", ref.name); }
  void operator()(const NestedRequest&) const { Tagged("object", "request"); }

  void Tagged(std::string_view tag, std::string_view text) const {
    *out += "{\"";
    *out += tag;
    *out += "\": ";
    AppendString(text, out);
    *out += '}';
  }

  void Items(const std::vector<Value>& items) const {
    *out += '[';
    bool first = true;
    for (const Value& item : items) {
      if (!first) *out += ", ";
      first = false;
      AppendValue(item, out);
    }
    *out += ']';
  }
};

}  // namespace

Message ParseMessage(std::string_view line) {
  TreeBuilder tree;
  Build(line, &tree);
  const Node& root = tree.root();
  const Node* id_field = root.Member("id");
  const auto id = id_field == nullptr ? std::nullopt : SmallInt(*id_field);
  if (!tree.problem().empty()) return Malformed{id, tree.problem()};
  if (root.kind != Node::Kind::kObject) return Malformed{{}, "not a JSON object"};
  if (root.Member("welcome") != nullptr) return Welcome{};
  if (const Node* reason = root.Member("goodbye")) return Goodbye{reason->text};
  Decoder decoder;
  Request request = decoder.DecodeRequest(root, false);
  if (!decoder.problem().empty()) return Malformed{id, decoder.problem()};
  return request;
}

std::optional<Value> ParseValue(std::string_view json) {
  TreeBuilder tree;
  Build(json, &tree);
  if (!tree.problem().empty()) return std::nullopt;
  Decoder decoder;
  Value value = decoder.DecodeValue(tree.root());
  if (!decoder.problem().empty()) return std::nullopt;
  return value;
}

void AppendValue(const Value& value, std::string* out) {
  std::visit(ValueWriter{out}, value.data());
}

void AppendString(std::string_view text, std::string* out) {
  if (std::all_of(text.begin(), text.end(), IsPlain)) {  // nearly always, and much faster
    *out += '"';
    *out += text;
    *out += '"';
    return;
  }
  *out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void AppendInt(std::int64_t number, std::string* out) {
  const fmt::format_int digits(number);
  out->append(digits.data(), digits.size());
}

}  // namespace lockstep::adapter
