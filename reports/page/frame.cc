// SPDX-License-Identifier: MIT
#include "reports/page/frame.h"

#include "reports/page/assets.h"

namespace lockstep::reports {
namespace {

// What a page's policy names a style or script by that it may use.
std::string Base64OfHexadecimal(std::string_view digits) {
  constexpr std::string_view kSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char digit : digits) {
    bits = bits << 4U | static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    count += 4;
    if (count < 6) continue;
    count -= 6;
    out += kSigns[bits >> static_cast<unsigned>(count) & 63U];
  }
  if (count > 0) out += kSigns[bits << static_cast<unsigned>(6 - count) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

void AddHead(const Frame& frame, Html* html) {
  *html << "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<meta http-equiv=Content-Security-Policy content=\""
           "default-src 'none'; style-src 'sha256-"
        << Base64OfHexadecimal(kPageStyle.sha256) << "'; script-src 'sha256-" << Base64OfHexadecimal(kPageScript.sha256)
        << "'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
           "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=color-scheme content=\"light dark\">\n"
           "<meta name=referrer content=no-referrer>\n<link rel=icon href=\"data:,\">\n<title>";
  if (!frame.withheld.empty()) *html << "Withheld: ";
  *html << frame.title << ": " << frame.subject << "</title>\n<style>";
  html->Markup(kPageStyle.text) << "</style>\n</head>\n";
}

// Hatching, for whatever is drawn; of no size, and yet there.
constexpr char kPatterns[] =
    "<svg class=vh width=0 height=0 aria-hidden=true><pattern id=hatch width=6 height=6 patternUnits=userSpaceOnUse"
    " patternTransform=\"rotate(45)\"><rect width=6 height=6 class=h0 /><rect width=2 height=6 class=h1 /></pattern></svg>\n";

void AddTop(const Frame& frame, Html* html) {
  *html << "<body";
  if (!frame.withheld.empty()) *html << " class=wh";
  *html << ">\n<a class=skip href=#main>To the results</a>\n" << kPatterns << "<header>\n";
  if (!frame.withheld.empty()) {
    *html << "<div class=withheld role=note aria-label=Withheld><p><strong>Withheld:</strong> what follows is no result.</p><ul>";
    for (const std::string& why : frame.withheld) *html << "<li>" << why << "</li>";
    *html << "</ul></div>\n";
  }
  *html << "<h1>" << frame.title << "</h1>\n<p>" << frame.subject << "</p>\n<nav aria-label=\"Parts of this page\"><ul>";
  for (const auto& [id, name] : frame.parts) *html << "<li><a href=#" << id << ">" << name << "</a></li>";
  *html << "</ul></nav>\n</header>\n<main id=main tabindex=-1>\n";
}

}  // namespace

std::string Framed(const Frame& frame, const Html& body) {
  Html html;
  AddHead(frame, &html);
  AddTop(frame, &html);
  html << body << "</main>\n<footer><p>Made by lockstep report from stored results.</p></footer>\n<script>";
  html.Markup(kPageScript.text) << "</script>\n</body>\n</html>\n";
  return html.text();
}

}  // namespace lockstep::reports
