// SPDX-License-Identifier: MIT
#include "harness/protocol/value.h"

#include <fmt/format.h>

#include <cmath>

namespace lockstep {
namespace {

// Python's repr of a float: the shortest digits that read back the same, always with a point or an
// exponent, two digits in the exponent at least.
std::string ReprFloat(double d) {
  if (std::isnan(d)) return "nan";
  if (std::isinf(d)) return d > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", d);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string Quoted(const std::string& text, bool bytes) {
  std::string out = bytes ? "b'" : "'";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      default:
        if (u < 0x20 || u == 0x7f || (bytes && u >= 0x80)) {
          out += fmt::format("\\x{:02x}", u);
        } else {
          out += c;
        }
    }
  }
  return out + "'";
}

std::string Joined(const std::vector<Value>& items) {
  std::string out;
  for (const Value& item : items) {
    if (!out.empty()) out += ", ";
    out += item.Repr();
  }
  return out;
}

struct Repr {
  std::string operator()(const None&) const { return "None"; }
  std::string operator()(bool b) const { return b ? "True" : "False"; }
  std::string operator()(std::int64_t i) const { return fmt::format("{}", i); }
  std::string operator()(const BigInt& i) const { return i.digits; }
  std::string operator()(double d) const { return ReprFloat(d); }
  std::string operator()(const std::string& s) const { return Quoted(s, false); }
  std::string operator()(const Bytes& b) const { return Quoted(b.data, true); }
  std::string operator()(const List& l) const { return "[" + Joined(l.items) + "]"; }
  std::string operator()(const Tuple& t) const {
    return "(" + Joined(t.items) + (t.items.size() == 1 ? ",)" : ")");
  }
  std::string operator()(const Object& o) const { return "<" + o.type + ">"; }
  std::string operator()(const Ref& r) const { return r.name; }
};

}  // namespace

bool List::operator==(const List& other) const { return items == other.items; }
bool Tuple::operator==(const Tuple& other) const { return items == other.items; }

std::string Value::Repr() const { return std::visit(lockstep::Repr{}, variant_); }

std::optional<double> Value::AsSeconds() const {
  if (const double* seconds = If<double>()) return *seconds;
  if (const std::int64_t* whole = If<std::int64_t>()) return static_cast<double>(*whole);
  return std::nullopt;
}

bool Value::operator==(const Value& other) const {
  const auto* a = If<double>();
  const auto* b = other.If<double>();
  if (a != nullptr && b != nullptr) {
    if (std::isnan(*a) || std::isnan(*b)) return std::isnan(*a) && std::isnan(*b);
    return *a == *b && std::signbit(*a) == std::signbit(*b);
  }
  return variant_ == other.variant_;
}

}  // namespace lockstep
