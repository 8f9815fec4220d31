// SPDX-License-Identifier: MIT
//
// The table of deliberate defects, and the one switch that turns one of them on.
#ifndef LOCKSTEP_IMPL_MUTANTS_DEFECT_H_
#define LOCKSTEP_IMPL_MUTANTS_DEFECT_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lockstep::mutants {

// Where a defect is made.
enum class Kind {
  kObject,     // around the reference's objects: checks, counts, owners, bounds
  kArguments,  // in a request, before its arguments are bound
  kLibc,       // in what the library calls of the C library
  kFutex,      // in a semaphore algorithm of our own, on the same 32 bytes
  kRace,       // in another one, and seen only when two meet or something fails
  kPort,       // a whole implementation
  kHidden,     // no defect at all: controls, for tests
};

struct Defect {
  std::string_view name;
  // Areas of the catalogue of which a scenario should fail, the likeliest first, parted by commas.
  std::string_view areas;
  Kind kind;
  std::string_view says;  // what it does, in one sentence
};

// All, the hidden ones included, in the order of the areas. Static.
std::span<const Defect> Defects();

namespace internal {
inline int active = -1;  // an index of Defects(); -1: none
// -1 where there is no such defect.
consteval int IndexOf(std::string_view name);
}  // namespace internal

// Turns one on, for the process and what it forks; "none" turns off what was on. False: there is no
// such name, and nothing changes. To be called before there is another thread.
bool Activate(std::string_view name);

// The active one, or nullptr.
const Defect* Active();

// A defect by its name; one that the table lacks does not compile.
struct Which {
  consteval Which(const char* name);  // NOLINT(google-explicit-constructor): Is("name")
  int index;
};

// Whether this one is on: a comparison of two numbers.
inline bool Is(Which which) { return internal::active == which.index; }

// Whether the active one is of this kind.
bool IsKind(Kind kind);

// The table as JSON Lines: name, areas (a list), says, kind.
std::string TableAsJsonLines();

}  // namespace lockstep::mutants

#include "defect_table.h"

#endif  // LOCKSTEP_IMPL_MUTANTS_DEFECT_H_
