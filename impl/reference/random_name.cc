// SPDX-License-Identifier: MIT
#include "random_name.h"

#include <sys/random.h>

#include <cerrno>

#include "errors.h"

namespace semlock::internal {

Result<std::string> RandomName(std::string_view prefix) {
  constexpr char kDigits[] = "0123456789abcdef";
  unsigned char random[4] = {};
  // Requests of up to 256 bytes are served whole and are not interrupted (getrandom(2)).
  if (getrandom(random, sizeof(random), 0) < 0) return OsError(errno);
  std::string name(prefix);
  for (const unsigned char byte : random) {
    name += kDigits[byte >> 4];
    name += kDigits[byte & 0xF];
  }
  return name;
}

}  // namespace semlock::internal
