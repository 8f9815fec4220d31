// SPDX-License-Identifier: MIT
#include "harness/faults/errors.h"

#include <algorithm>
#include <sstream>

namespace lockstep::faults {
namespace {

constexpr const char* kStats = "fstat newfstatat statx";

struct Page {
  const char* calls;   // that it is the page of
  const char* errors;  // in the page's order
};

constexpr Page kPages[] = {
    // open(2)
    {"open openat",
     "EACCES EBUSY EDQUOT EEXIST EINTR EINVAL EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV "
     "ENOENT ENOMEM"
     " ENOSPC ENOTDIR ENXIO EOVERFLOW EPERM EROFS ETXTBSY"},
    // truncate(2)
    {"ftruncate", "EFBIG EINTR EINVAL EIO EPERM EROFS ETXTBSY"},
    // write(2)
    {"write", "EDQUOT EFBIG EINTR EINVAL EIO ENOSPC EPERM"},
    // mmap(2)
    {"mmap", "EACCES EAGAIN EINVAL ENFILE ENODEV ENOMEM EOVERFLOW EPERM"},
    {"munmap", "EINVAL ENOMEM"},
    // link(2)
    {"link linkat",
     "EACCES EDQUOT EEXIST EIO ELOOP EMLINK ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOTDIR EPERM EROFS "
     "EXDEV"},
    // unlink(2)
    {"unlink unlinkat",
     "EACCES EBUSY EIO EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM EROFS"},
    // stat(2)
    {kStats, "EACCES ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW"},
    // close(2)
    {"close", "EDQUOT EINTR EIO ENOSPC"},
    // dup(2); fcntl(2) of F_DUPFD
    {"dup fcntl", "EMFILE"},
};

std::vector<std::string> WordsOf(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool IsOneOf(const char* words, const std::string& word) {
  const auto all = WordsOf(words);
  return std::find(all.begin(), all.end(), word) != all.end();
}

// The C library tells some errors by another number: sem_unlink() and shm_unlink() EPERM as EACCES,
// shm_open() EISDIR as EINVAL. sem_open() has mktemp() look for a free name, which gives back an
// empty one where it cannot look, and then open("") is ENOENT.
const char* AlsoToldAs(const std::string& call, const std::string& error) {
  if (IsOneOf("unlink unlinkat", call) && error == "EPERM") return "EACCES";
  if (IsOneOf("open openat", call) && error == "EISDIR") return "EINVAL";
  if (IsOneOf(kStats, call)) return "ENOENT";
  return nullptr;
}

}  // namespace

std::vector<std::string> ErrnosOf(const std::string& call, Subject::Futex futex) {
  // futex(2). With any other the C library aborts.
  if (call == "futex" && futex == Subject::Futex::kWaits) return {"EAGAIN", "EINTR"};
  if (call == "futex" && futex == Subject::Futex::kWakes) return {"EFAULT", "EINVAL"};
  for (const Page& page : kPages) {
    if (IsOneOf(page.calls, call)) return WordsOf(page.errors);
  }
  return {};
}

bool MayFailForEver(const std::string& call, const std::string& error) {
  // The C library takes a name that it cannot look at for one that is taken, and tries others.
  const bool of_a_taken_name = (error == "EEXIST" && IsOneOf("open openat", call)) ||
                               (error == "EOVERFLOW" && IsOneOf(kStats, call));
  const bool of_a_wait = call == "futex" && error == "EAGAIN";
  return error != "EINTR" && !of_a_taken_name && !of_a_wait;
}

std::string RaisedAs(const std::string& call, const std::string& error) {
  std::string text = "raises OSError " + error;
  if (const char* other = AlsoToldAs(call, error))
    text += std::string(" or raises OSError ") + other;
  if (error == "ENOMEM") text += " or raises MemoryError";
  return text;
}

}  // namespace lockstep::faults
