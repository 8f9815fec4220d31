// SPDX-License-Identifier: MIT
// What an implementation promises of a process that is killed within an operation. Each level
// promises what those below it do.
#ifndef LOCKSTEP_HARNESS_FAULTS_CONTRACT_H_
#define LOCKSTEP_HARNESS_FAULTS_CONTRACT_H_

#include <string>

#include "harness/adapter/implementation.h"
#include "harness/os/result.h"

namespace lockstep::faults {

// crash: 0 nothing; 1 that a kill harms no more than that operation's own unit, wake-up and name;
// 2 that a waiter's death loses no wake-up; 3 that a holder's death gives the permit back.
// names: 0 names may stay; 1 none stays but one that the operation was to leave.
struct Contract {
  int crash = 1;
  int names = 0;
  std::string Text() const { return "C" + std::to_string(crash) + "/L" + std::to_string(names); }
};

// What its implementation.toml declares, or the defaults of that file.
Contract ContractOf(const Implementation& implementation);

// "C2", "L1" or "C2/L1": `declared`, with what the text says in place of it.
Result<Contract> ParseContract(const std::string& text, Contract declared);

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_CONTRACT_H_
