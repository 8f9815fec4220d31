// SPDX-License-Identifier: MIT
// What lies in page.css and page.js, put into the program when it is built.
#ifndef LOCKSTEP_REPORTS_PAGE_ASSETS_H_
#define LOCKSTEP_REPORTS_PAGE_ASSETS_H_

#include <string_view>

namespace lockstep::reports {

struct Asset {
  std::string_view text;
  std::string_view sha256;  // of the text, in hexadecimal
};
extern const Asset kPageStyle;
extern const Asset kPageScript;

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_ASSETS_H_
