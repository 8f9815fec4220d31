// SPDX-License-Identifier: MIT
#include "harness/faults/leftovers.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace lockstep::faults {
namespace {

constexpr const char* kFolder = "/dev/shm";
constexpr std::size_t kRandomLetters = 6;

bool IsTemporary(const std::string& name) {
  return name.size() == 4 + kRandomLetters && name.starts_with("sem.") &&
         std::all_of(name.begin() + 4, name.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

// Whether a process that we can see has it open, as who makes it has until it is written.
bool IsOpen(const std::filesystem::path& path) {
  std::error_code error;
  for (std::filesystem::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    std::error_code denied;
    for (std::filesystem::directory_iterator fd(process->path() / "fd", denied), last;
         !denied && fd != last; fd.increment(denied)) {
      std::error_code closed;
      if (std::filesystem::read_symlink(fd->path(), closed) == path) return true;
    }
  }
  return false;
}

bool IsOurs(const std::filesystem::path& path, unsigned value) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return false;
  if (size == 0) return !IsOpen(path);
  std::ifstream in(path, std::ios::binary);
  unsigned found = 0;
  char bytes[sizeof(found)] = {};
  if (!in.read(bytes, sizeof(bytes))) return false;
  std::memcpy(&found, bytes, sizeof(found));
  return found == value || found == value - 1;  // One unit is taken to see that it is whole.
}

}  // namespace

Leftovers::Leftovers(unsigned value) : value_(value), before_(Names()) {}

std::set<std::string> Leftovers::Names() {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(kFolder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (IsTemporary(name)) names.insert(name);
  }
  return names;
}

std::vector<std::string> Leftovers::Remove() const {
  std::vector<std::string> removed;
  for (const std::string& name : Names()) {
    const std::filesystem::path path = std::filesystem::path(kFolder) / name;
    std::error_code error;
    if (before_.count(name) == 0 && IsOurs(path, value_) && std::filesystem::remove(path, error))
      removed.push_back(name);
  }
  return removed;
}

}  // namespace lockstep::faults
