// SPDX-License-Identifier: MIT
// In place of postgres_database.cc, where libpqxx was not found.
#include <fmt/format.h>

#include "bench/history/database.h"

namespace lockstep::bench {

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& address) {
  return Fail(fmt::format("{}: this Lockstep was built without PostgreSQL", WithoutPassword(address)),
              "install libpqxx-dev of version 6, as Debian 12 has it, and build again");
}

}  // namespace lockstep::bench
