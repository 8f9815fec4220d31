// SPDX-License-Identifier: MIT
// A run as the badge of a README: two fields, "SemLock" and how many of the scenarios that were judged passed.
#ifndef LOCKSTEP_REPORTS_BADGE_H_
#define LOCKSTEP_REPORTS_BADGE_H_

#include <string>

#include "reports/summary.h"

namespace lockstep::reports {

struct Badge {
  std::string text;   // "1056 of 1056", "1370 of 1483, 113 known, 23 not judged", "withheld"
  std::string title;  // a sentence for those who do not see it: of what, and all counts
  const char* color;  // of the field on the right: "#2da44e"
};

// Of all implementations together but an oracle that nobody asked to be judged. Green: everything that was judged
// passed; olive: but for failures that are known; yellow: expectations are stale, or what was not
// judged is listed nowhere and the run was strict; red: something failed; orange: the
// harness did; grey: withheld, whatever the numbers say.
Badge BadgeOf(const Summary& summary);

// An SVG of its own: no font, script or image from elsewhere; text is stretched to the width that it is given, so
// that it fits in whatever font is there. Pure.
std::string BadgeSvg(const Badge& badge);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_BADGE_H_
