// SPDX-License-Identifier: MIT
// Descriptors, memory, file sizes and room in /dev/shm: too little of each for each call that needs
// it, and after that enough.
#include <fmt/format.h>

#include <regex>

#include "harness/faults/cases.h"

namespace lockstep::faults {
namespace {

// A runtime has fewer than this open in a fresh adapter; each limit from 0 to here is tried.
constexpr int kMostDescriptors = 32;

struct Made {
  const char* name;
  const char* before;
  const char* call;
  const char* after;  // what shows that it is whole, and takes it away
  long bytes;         // that the file has
};

constexpr Made kMade[] = {
    {"create-and-unlink", "", "s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)",
     "p s.acquire(False) -> True\np sem_unlink(NAME) raises FileNotFoundError\n", 32},
    {"create", "", "s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)",
     "p s.acquire(False) -> True\np sem_unlink(NAME) -> None\n", 32},
    {"segment-create", "", "m = SharedMemory(BARE, create=True, size=64)",
     "p m.buf[0:4] = b'live'\np m.close() -> None\np m.unlink() -> None\np del m\n", 64},
    {"segment-attach", "p o = SharedMemory(BARE, create=True, size=64)\n", "m = SharedMemory(BARE)",
     "p m.buf[0:1] -> b'\\x00'\np m.close() -> None\np del m\np o.close() -> None\np o.unlink() -> "
     "None\n",
     0},
    {"shm_open", "", "fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)",
     "p close_fd(fd) -> None\np shm_unlink(NAME) -> None\n", 0},
};

// What happens under `limit`, and what once that is lifted: it works at once, or it does
// afterwards.
Case Under(const Made& made, const std::string& point, const std::string& limit,
           const std::string& lifted, const std::string& errors, bool may_succeed) {
  Case one{Sweep::kResources, made.name, point, {}, false, false};
  const std::string call = std::string("p ") + made.call;
  const std::string head = std::string(made.before) + limit;
  if (may_succeed) one.variants.push_back({head + call + "\n" + lifted + made.after});
  one.variants.push_back({head + call + " " + errors + "\n" + lifted + call + "\n" + made.after});
  if (std::string(made.name) == "segment-attach") {
    one.variants.push_back(
        {head + call + " " + errors + "\n" + lifted + call +
             " raises FileNotFoundError\np o.close() -> None\np del o\n",
         "an attach that fails unlinks what it did not make, as CPython's does"});
  }
  return one;
}

void AddLimits(const Made& made, std::vector<Case>* cases) {
  for (int limit = 0; limit <= kMostDescriptors; ++limit) {
    cases->push_back(Under(made, fmt::format("NOFILE {}", limit),
                           fmt::format("p rlimit('NOFILE', {}) -> None\n", limit),
                           "p rlimit('NOFILE', 256) -> None\n", "raises OSError EMFILE", true));
  }
  const bool maps = std::string(made.name) != "shm_open";
  if (maps) {
    cases->push_back(Under(made, "AS 4096", "p rlimit('AS', 4096) -> None\n",
                           "p rlimit('AS', -1) -> None\n",
                           "raises OSError ENOMEM or raises MemoryError", true));
  }
  if (made.bytes == 0) return;
  for (const long size : {0L, made.bytes - 1, made.bytes}) {
    Case one(Under(made, fmt::format("FSIZE {}", size),
                   fmt::format("p on SIGXFSZ ignore\np rlimit('FSIZE', {}) -> None\n", size),
                   "p rlimit('FSIZE', -1) -> None\n", "raises OSError EFBIG", size == made.bytes));
    // sem_open() takes a short write for an error, and errno is what it was.
    if (size > 0 && size < made.bytes) {
      one.variants.push_back(
          {std::regex_replace(one.variants.back().lines, std::regex("EFBIG"), "any"),
           "an OSError that does not tell EFBIG"});
    }
    cases->push_back(std::move(one));
  }
}

void AddMachines(const Made& made, std::vector<Case>* cases) {
  if (*made.before != '\0') return;
  const std::string call = std::string("p ") + made.call;
  struct Machine {
    const char* point;
    const char* line;
    const char* error;
  };
  for (const Machine& machine :
       {Machine{"/dev/shm read-only", "machine shm read-only\n", "raises OSError EROFS"},
        Machine{"/dev/shm without inodes", "machine shm size=64K inodes=1\n",
                "raises OSError ENOSPC"}}) {
    Case one{Sweep::kResources, made.name, machine.point, {}, false, false};
    one.variants.push_back(
        {machine.line + call + " " + machine.error + "\n" + call + " " + machine.error + "\n"});
    cases->push_back(std::move(one));
  }
  // Filled by a segment, whose room comes back.
  const bool writes = std::string(made.name).starts_with("create");
  if (!writes) return;
  Case full{Sweep::kResources, made.name, "/dev/shm full, then not", {}, false, false};
  full.variants.push_back(
      {"machine shm size=4K\np x = SharedMemory(BARE2, create=True, size=16)\np x.buf[0:1] = "
       "b'x'\n" +
       call + " raises OSError ENOSPC\np x.close() -> None\np x.unlink() -> None\n" + call + "\n" +
       made.after});
  cases->push_back(std::move(full));
}

}  // namespace

std::vector<Case> ResourceCases() {
  std::vector<Case> cases;
  for (const Made& made : kMade) {
    AddLimits(made, &cases);
    AddMachines(made, &cases);
  }
  return cases;
}

}  // namespace lockstep::faults
