// SPDX-License-Identifier: MIT
#include "harness/faults/contract.h"

#include <fmt/format.h>

namespace lockstep::faults {
namespace {

constexpr int kHighestCrash = 3;
constexpr int kHighestNames = 1;

// Takes one word into `contract`; false: it is none.
bool TakeLevel(const std::string& word, Contract* contract) {
  if (word.size() != 2 || word[1] < '0' || word[1] > '9') return false;
  const int level = word[1] - '0';
  if (word[0] == 'C' && level <= kHighestCrash) {
    contract->crash = level;
  } else if (word[0] == 'L' && level <= kHighestNames) {
    contract->names = level;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Contract ContractOf(const Implementation& implementation) {
  Contract contract;
  TakeLevel(implementation.crash, &contract);
  TakeLevel(implementation.names, &contract);
  return contract;
}

Result<Contract> ParseContract(const std::string& text, Contract declared) {
  const std::size_t slash = text.find('/');
  const bool first = TakeLevel(text.substr(0, slash), &declared);
  const bool second = slash == std::string::npos || (text[0] == 'C' && text[slash + 1] == 'L' &&
                                                     TakeLevel(text.substr(slash + 1), &declared));
  if (first && second) return declared;
  return Fail(fmt::format("'{}' is no contract", text), "C0 to C3, L0 or L1, or both, as C2/L1");
}

}  // namespace lockstep::faults
