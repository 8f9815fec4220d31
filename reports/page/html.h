// SPDX-License-Identifier: MIT
// HTML, put together so that nothing of others' is taken for markup. Pure, for any thread.
#ifndef LOCKSTEP_REPORTS_PAGE_HTML_H_
#define LOCKSTEP_REPORTS_PAGE_HTML_H_

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace lockstep::reports {

// The longest text of others that a page shows of one thing, and of what a program printed, in bytes.
constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kLongestOutput = 8000;

// `text` between tags, or within a quoted attribute: printable, and none of it is markup. All that a page shows and that
// is no literal of this program goes through here.
std::string Escaped(std::string_view text);

// At most `most` bytes of a text: longer ones lose their middle, which is said. Characters stay whole.
std::string Shortened(std::string_view text, std::size_t most);

// What a page is written with. Literals of the program are markup; every other text is shortened and escaped.
class Html {
 public:
  template <std::size_t size>
  Html& operator<<(const char (&markup)[size]) {
    text_.append(markup, size - 1);
    return *this;
  }
  Html& operator<<(const std::string& text) { return *this << std::string_view(text); }
  Html& operator<<(std::string_view text) {
    text_ += Escaped(Shortened(text, kLongestText));
    return *this;
  }
  template <std::integral Number>
    requires(!std::same_as<Number, char> && !std::same_as<Number, bool>)
  Html& operator<<(Number number) {
    text_ += std::to_string(number);
    return *this;
  }
  Html& operator<<(const Html& other) {
    text_ += other.text_;
    return *this;
  }
  // What this program made and no other's text is in.
  Html& Markup(std::string_view markup) {
    text_ += markup;
    return *this;
  }
  // As `<<`, with more of it.
  Html& Output(std::string_view text) {
    text_ += Escaped(Shortened(text, kLongestOutput));
    return *this;
  }
  // A link, if it is one of the web's, else the text. Whoever follows it tells that place nothing of this page.
  Html& Link(const std::string& address);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_HTML_H_
