// SPDX-License-Identifier: MIT
// What stands around the parts of any page: its head, what it may load (nothing), what is withheld, the way to its parts.
#ifndef LOCKSTEP_REPORTS_PAGE_FRAME_H_
#define LOCKSTEP_REPORTS_PAGE_FRAME_H_

#include <string>
#include <utility>
#include <vector>

#include "reports/page/html.h"

namespace lockstep::reports {

struct Frame {
  std::string title;    // "Lockstep"
  std::string subject;  // of what and when, a line
  std::vector<std::string> withheld;  // why it is no result; empty: nothing is the matter
  std::vector<std::pair<std::string, std::string>> parts;  // the ids of its sections, and what the way to each is called
};

// A whole page. Pure.
std::string Framed(const Frame& frame, const Html& body);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_FRAME_H_
