// SPDX-License-Identifier: MIT
// A violation, for a person: what was in flight since all were idle last.
#ifndef LOCKSTEP_HARNESS_CHECK_PICTURE_H_
#define LOCKSTEP_HARNESS_CHECK_PICTURE_H_

#include <string>
#include <vector>

#include "harness/check/history.h"

namespace lockstep::check {

// The operations, by index and in the order of their calls, that were called after the last instant at
// which nobody was in a call, up to the return that nothing explains, and the four before them. Of more than
// `most` the last ones, and *left_out says how many there were before.
std::vector<std::size_t> WindowOf(const History& history, std::size_t violation, std::size_t most,
                                  std::size_t* left_out);

// A line an operation, as a transcript has it, and then a line an event with a lane an actor, as time goes
// down. Ends with a line end.
std::string ToPicture(const History& history, std::size_t violation, std::size_t most = 24);

}  // namespace lockstep::check

#endif  // LOCKSTEP_HARNESS_CHECK_PICTURE_H_
