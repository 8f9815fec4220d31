// SPDX-License-Identifier: MIT
//
// How a spawned process gets the objects of the one that spawned it: described in a text, rebuilt
// by their names.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REBUILD_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REBUILD_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "implementation.h"
#include "process.h"

namespace lockstep::adapter {

struct ObjectsDescription {
  std::string text;              // for RebuildObjects()
  std::vector<int> descriptors;  // which the other process must inherit under their numbers
  // Keeps the objects, and with them the descriptors, until the other process has them.
  std::vector<std::pair<std::string, Object>> objects;
};

// Describes every object that can be rebuilt. What has neither a name nor a descriptor, such as a
// semaphore that was unlinked at its creation, exists nowhere else and is left out, as are the
// types of sync.h.
ObjectsDescription DescribeObjects(Process& process);

// Makes the described objects in this process and closes the descriptors. What the first failure
// raised, if any; the others are rebuilt all the same. A text that DescribeObjects() did not make
// is such a failure.
std::optional<Raised> RebuildObjects(std::string_view text, Process& process);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REBUILD_H_
