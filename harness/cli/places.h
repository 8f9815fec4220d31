// SPDX-License-Identifier: MIT
// Where this program's own files are: those of the tree that it was built in, or of the place where it is installed.
#ifndef LOCKSTEP_HARNESS_CLI_PLACES_H_
#define LOCKSTEP_HARNESS_CLI_PLACES_H_

#include <string>

namespace lockstep {

struct Places {
  std::string root;   // scenarios/, impl/ …
  std::string build;  // adapters that are programs, in folders as in the tree
  std::string out;    // what runs write, unless told otherwise: out in the tree; if installed, in the folder where the user is
  std::string interpreters;  // the private ones; empty: an installed program has none
  // How a user starts it: "./lockstep" in the tree. If it is installed, "lockstep" where PATH leads to it, else its path, fit for a shell.
  std::string program;

  bool installed() const { return interpreters.empty(); }
  // What reports call a file: the project's own as its users do, wherever the project lies; any other as it is.
  std::string Called(const std::string& file) const { return file.starts_with(root + "/") ? file.substr(root.size() + 1) : file; }
};

// Looked up once. A program that has share/lockstep where an installation has it is installed, wherever that was moved to;
// any other belongs to the tree that it was built in, wherever it was copied to.
const Places& ProjectPlaces();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_PLACES_H_
