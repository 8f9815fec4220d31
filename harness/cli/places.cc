// SPDX-License-Identifier: MIT
#include "harness/cli/places.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "harness/os/command.h"
#include "reports/text.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "lockstep";

std::optional<Places> InstalledPlaces() {
  std::error_code error;
  // Links are followed: /usr/local/bin/lockstep may lead to an installation anywhere.
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return std::nullopt;
  const fs::path bin = program.parent_path();
  const fs::path share = (bin / LOCKSTEP_BIN_TO_SHARE).lexically_normal();
  if (!fs::is_directory(share / "scenarios", error)) return std::nullopt;
  Places places;
  places.root = share.string();
  places.build = (bin / LOCKSTEP_BIN_TO_LIBEXEC).lexically_normal().string();
  places.out = (fs::current_path(error) / "out").string();
  const std::string found = FindOnPath(kName);
  places.program =
      !found.empty() && fs::equivalent(found, program, error) ? kName : reports::ShellQuoted(program.string());
  return places;
}

Places PlacesOfTheTree() {
  const std::string root = LOCKSTEP_SOURCE_DIR;
  return {root, LOCKSTEP_BINARY_DIR, root + "/out", root + "/build/interpreters", "./lockstep"};
}

}  // namespace

const Places& ProjectPlaces() {
  static const Places places = InstalledPlaces().value_or(PlacesOfTheTree());
  return places;
}

}  // namespace lockstep
