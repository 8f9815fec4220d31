// SPDX-License-Identifier: MIT
#include "bench/history/testing_postgres.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include <csignal>
#include <pqxx/pqxx>
#include <vector>

#include "harness/os/command.h"
#include "harness/os/text_file.h"

namespace lockstep::bench {
namespace {

// The server refuses to be root's.
constexpr char kNobody[] = "65534";
// initdb writes some 1000 files.
constexpr std::chrono::seconds kInitPatience{60};

// Of the newest version that Debian's packages have put there; empty: of none.
std::string ServerFolder() {
  glob_t found{};
  std::string folder;
  if (::glob("/usr/lib/postgresql/*/bin/postgres", 0, nullptr, &found) == 0) folder = found.gl_pathv[found.gl_pathc - 1];
  ::globfree(&found);
  return folder.substr(0, folder.rfind('/'));
}

// The server ends with the test, whatever ends that: at once, as it does on SIGQUIT.
std::vector<std::string> AsNobody(const std::vector<std::string>& command) {
  std::vector<std::string> words = {FindOnPath("setpriv"), "--pdeathsig", "QUIT"};
  if (::geteuid() == 0) words.insert(words.end(), {"--reuid", kNobody, "--regid", kNobody, "--clear-groups"});
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

[[noreturn]] void Become(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = ::open("/dev/null", O_RDONLY);
  if (in < 0 || out < 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0) ::_exit(126);
  ::execv(words.front(), words.data());
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<TestPostgres>> TestPostgres::Start() {
  const std::string programs = ServerFolder();
  if (programs.empty()) return Fail("there is no /usr/lib/postgresql/*/bin/postgres: Debian's package postgresql has it");
  if (FindOnPath("setpriv").empty()) return Fail("there is no setpriv");
  std::unique_ptr<TestPostgres> postgres(new TestPostgres());
  const std::string& folder = postgres->folder_.path();
  if (::geteuid() == 0 && ::chown(folder.c_str(), 65534, 65534) != 0) return Fail("root may not give files away here");
  const std::string data = folder + "/data";
  const auto made = RunCommand(AsNobody({programs + "/initdb", "--pgdata", data, "--username", "lockstep", "--auth", "trust",
                                         "--encoding", "UTF8", "--locale", "C", "--no-sync"}), {"PATH=/usr/bin:/bin"}, kInitPatience);
  if (!made) return tl::unexpected(made.error());
  if (made->status != 0) return Fail("initdb failed: " + made->output);
  // The machine may lose power in a test: nobody wants its data then. Shared memory in files, so that a server that is
  // killed leaves no names in /dev/shm.
  std::vector<std::string> command = {programs + "/postgres", "-D", data, "-k", folder};
  for (const char* setting : {"listen_addresses=", "fsync=off", "dynamic_shared_memory_type=mmap", "max_connections=40"})
    command.insert(command.end(), {"-c", setting});
  command = AsNobody(command);
  postgres->server_ = std::make_unique<TestChild>([&]() -> int { Become(command, folder + "/log"); });
  if (!WaitUntil([&] { return postgres->Answers(); }))
    return Fail("the server does not answer:\n" + ReadTextFile(folder + "/log").value_or(""));
  return postgres;
}

TestPostgres::~TestPostgres() {
  if (server_ == nullptr) return;
  // Fast: it ends its connections, and itself.
  server_->Signal(SIGINT);
  server_->Wait();
}

std::string TestPostgres::Address(const std::string& database) const {
  return fmt::format("postgresql:///{}?host={}&user=lockstep", database, folder_.path());
}

bool TestPostgres::Answers() const {
  try {
    pqxx::connection connection(Address("postgres"));
    return true;
  } catch (const pqxx::failure&) {
    return false;
  }
}

std::string TestPostgres::NewDatabase() {
  const std::string name = fmt::format("test{}", ++databases_);
  pqxx::connection connection(Address("postgres"));
  pqxx::nontransaction(connection).exec("CREATE DATABASE " + name);
  return Address(name);
}

}  // namespace lockstep::bench
