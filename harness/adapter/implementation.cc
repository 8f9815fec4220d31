// SPDX-License-Identifier: MIT
#include "harness/adapter/implementation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "harness/os/syscall_names.h"
#include "harness/os/text_file.h"
#include "harness/text/toml_file.h"

extern char** environ;

namespace lockstep {
namespace {

std::string Filled(std::string text, const std::string& root, const std::string& build) {
  for (const auto& [placeholder, value] :
       {std::pair<std::string, std::string>{"{root}", root}, {"{build}", build}}) {
    for (std::size_t at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + value.size())) {
      text.replace(at, placeholder.size(), value);
    }
  }
  return text;
}

// What may be said in a line of text, and where it goes.
const std::vector<std::pair<std::string, std::string Implementation::*>>& Texts() {
  static const std::vector<std::pair<std::string, std::string Implementation::*>> kTexts = {
      {"name", &Implementation::name},   {"family", &Implementation::family},   {"directory", &Implementation::directory},
      {"like", &Implementation::like},   {"note", &Implementation::note},       {"expectations", &Implementation::expectations_file},
      {"crash", &Implementation::crash}, {"names", &Implementation::names}};
  return kTexts;
}

// The file's mistakes are left with it.
class Reader {
 public:
  explicit Reader(TomlFile* file) : file_(*file) {}

  Implementation Read() {
    CheckKeys();
    for (const auto& [key, member] : Texts()) {
      if (const toml::node* node = file_.root().get(key)) implementation_.*member = file_.Text(*node, key);
    }
    Strings("command", "as in command = [\"./adapter\"]", &implementation_.argv);
    Strings("blocking_calls", "as in blocking_calls = [\"select\"]", &implementation_.blocking_calls);
    ReadEnvironment();
    CheckBlockingCalls();
    CheckLevel("crash", {"C0", "C1", "C2", "C3"});
    CheckLevel("names", {"L0", "L1"});
    CheckLike();
    if (implementation_.name.empty()) file_.Report(Place("name"), "'name' is missing");
    if (implementation_.argv.empty())
      file_.Report(Place("command"), "'command' is missing: how the adapter is started, a list of texts in quotes");
    return std::move(implementation_);
  }

 private:
  void CheckKeys() {
    file_.CheckKeys(file_.root(), {"name", "family", "command", "directory", "env", "like", "expectations", "blocking_calls", "crash",
                                   "names", "note"});
  }

  // Of a key that is empty, or is not there: then the file's beginning.
  Position Place(const std::string& key) const {
    const toml::node* node = file_.root().get(key);
    return node == nullptr ? Position{1, 1} : PositionOf(*node);
  }

  void Strings(const std::string& key, const std::string& meaning, std::vector<std::string>* into) {
    const toml::node* node = file_.root().get(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return file_.Report(*node, fmt::format("'{}' is no list of texts in quotes; expected {}", key, meaning));
    for (const toml::node& item : *array) {
      const toml::value<std::string>* text = item.as_string();
      if (text == nullptr) return file_.Report(item, fmt::format("expected text in quotes in '{}'", key));
      into->push_back(text->get());
    }
  }

  void ReadEnvironment() {
    const toml::node* node = file_.root().get("env");
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return file_.Report(*node, "'env' is no table; expected as in env = { NAME = \"value\" }");
    for (const auto& [name, value] : *table)
      implementation_.environment.emplace_back(std::string(name.str()), file_.Text(value, std::string(name.str())));
  }

  // "3.14" or "3.14.2"; there are rules from 3.8 on.
  void CheckLike() {
    const std::string& like = implementation_.like;
    if (like.empty()) return;
    int minor = 0;
    const bool is_three = like.starts_with("3.") && like.find_first_not_of("0123456789.") == std::string::npos;
    if (is_three) std::from_chars(like.data() + 2, like.data() + like.size(), minor);
    if (minor < 8)
      file_.Report(*file_.root().get("like"),
                   fmt::format("'{}' is no version of CPython from 3.8 on; expected as in like = \"3.14\"", like));
  }

  void CheckBlockingCalls() {
    const std::vector<std::string>& calls = implementation_.blocking_calls;
    const auto bad = std::find_if_not(calls.begin(), calls.end(), WaitingSyscallNumber);
    if (bad == calls.end()) return;
    const auto index = static_cast<std::size_t>(bad - calls.begin());
    file_.Report(*(*file_.root().get_as<toml::array>("blocking_calls")).get(index),
                 fmt::format("'{}' is no system call that threads wait in", *bad),
                 "known: futex, select, pselect6, poll, ppoll, epoll_wait, epoll_pwait, nanosleep, clock_nanosleep, read …");
  }

  void CheckLevel(const std::string& key, const std::vector<std::string>& levels) {
    const toml::value<std::string>* level = file_.root().get_as<std::string>(key);
    if (level == nullptr || std::find(levels.begin(), levels.end(), level->get()) != levels.end()) return;
    file_.Report(*level, fmt::format("'{}' is no level of '{}'; expected {}", level->get(), key, JoinQuoted(levels, "or")));
  }

  TomlFile& file_;
  Implementation implementation_;
};

}  // namespace

std::vector<std::string> EnvironmentOf(const Implementation& implementation) {
  std::vector<std::string> environment;
  const auto overridden = [&](const std::string& entry) {
    return std::any_of(implementation.environment.begin(), implementation.environment.end(),
                       [&](const auto& added) { return entry.starts_with(added.first + "="); });
  };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!implementation.keep_python_environment && text.starts_with("PYTHON")) continue;
    if (text.starts_with("LOCKSTEP_") || overridden(text)) continue;
    environment.push_back(text);
  }
  for (const auto& [name, value] : implementation.environment)
    environment.push_back(name + "=" + value);
  return environment;
}

std::string Implementation::Identity() const {
  std::string identity;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    std::error_code error;
    const std::filesystem::path real = i == 0 ? std::filesystem::canonical(argv[0], error) : "";
    identity += i == 0 && !error ? real.string() : argv[i];
    identity += '\0';
  }
  if (keep_python_environment) identity += "own environment";
  return identity + (other == nullptr ? "" : other->Identity());
}

Result<Implementation> LoadImplementation(const std::string& path, const std::string& root,
                                          const std::string& build) {
  const auto text = ReadTextFile(path);
  if (!text) return tl::unexpected(text.error());
  TomlFile file(*text, path);
  Implementation implementation = Reader(&file).Read();
  if (file.any_mistake()) return tl::unexpected(file.error());
  implementation.run_as = {path};
  if (implementation.family.empty()) implementation.family = implementation.name;
  for (std::string& arg : implementation.argv) arg = Filled(arg, root, build);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!implementation.expectations_file.empty()) {
    implementation.expectations_file = (folder / implementation.expectations_file).string();
  }
  // A command with a slash is meant beside its file, wherever the harness is started.
  if (const std::string& command = implementation.argv[0];
      command.find('/') != std::string::npos && command[0] != '/') {
    implementation.argv[0] =
        std::filesystem::absolute(folder / command).lexically_normal().string();
  }
  return implementation;
}

}  // namespace lockstep
