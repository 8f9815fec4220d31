// SPDX-License-Identifier: MIT
#include "harness/adapter/implementation.h"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "harness/os/syscall_names.h"

extern char** environ;

namespace lockstep {
namespace {

std::string PlaceOf(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}:{}", path, node.source().begin.line, node.source().begin.column);
}

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

Result<std::vector<std::string>> Strings(const std::string& path, const std::string& key,
                                         const toml::node& node) {
  std::vector<std::string> strings;
  const toml::array* array = node.as_array();
  if (array == nullptr)
    return Fail(fmt::format("{}: '{}' must be a list of strings", PlaceOf(path, node), key));
  for (const toml::node& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text)
      return Fail(fmt::format("{}: '{}' must hold strings only", PlaceOf(path, item), key));
    strings.push_back(*text);
  }
  return strings;
}

Result<void> Take(Implementation& implementation, const std::string& path, const std::string& key,
                  const toml::node& node) {
  if (key == "command" || key == "blocking_calls") {
    auto strings = Strings(path, key, node);
    if (!strings) return tl::unexpected(strings.error());
    (key == "command" ? implementation.argv : implementation.blocking_calls) = std::move(*strings);
    for (const std::string& name : implementation.blocking_calls) {
      if (!WaitingSyscallNumber(name)) {
        return Fail(fmt::format("{}: '{}' is no system call that threads wait in",
                                PlaceOf(path, node), name),
                    "known: futex, select, pselect6, poll, ppoll, epoll_wait, epoll_pwait, "
                    "nanosleep, clock_nanosleep, read …");
      }
    }
    return {};
  }
  if (key == "env") {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      return Fail(fmt::format("{}: 'env' must be a table of strings", PlaceOf(path, node)));
    for (const auto& [name, value] : *table) {
      const auto text = value.value_exact<std::string>();
      if (!text)
        return Fail(fmt::format("{}: '{}' must be a string", PlaceOf(path, value), name.str()));
      implementation.environment.emplace_back(std::string(name.str()), *text);
    }
    return {};
  }
  const auto text = node.value_exact<std::string>();
  std::string* into = key == "name"           ? &implementation.name
                      : key == "family"       ? &implementation.family
                      : key == "like"         ? &implementation.like
                      : key == "directory"    ? &implementation.directory
                      : key == "expectations" ? &implementation.expectations_file
                      : key == "note"         ? &implementation.note
                      : key == "crash"        ? &implementation.crash
                      : key == "names"        ? &implementation.names
                                              : nullptr;
  if (into == nullptr) {
    return Fail(
        fmt::format("{}: unknown key '{}'", PlaceOf(path, node), key),
        "known: name, family, command, directory, env, like, expectations, blocking_calls, crash, names, note");
  }
  if (!text) return Fail(fmt::format("{}: '{}' must be a string", PlaceOf(path, node), key));
  for (const auto& [of, levels] : {std::pair<std::string, std::string>{"crash", "C0 C1 C2 C3"}, {"names", "L0 L1"}}) {
    if (key == of && (text->size() != 2 || levels.find(*text) == std::string::npos))
      return Fail(fmt::format("{}: '{}' is no level of '{}'", PlaceOf(path, node), *text, key), "one of " + levels);
  }
  *into = *text;
  return {};
}

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
  Implementation implementation;
  if (::access(path.c_str(), R_OK) != 0) return FailErrno(path, errno);
  try {
    const toml::table table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      if (const auto taken = Take(implementation, path, std::string(key.str()), node); !taken) {
        return tl::unexpected(taken.error());
      }
    }
  } catch (const toml::parse_error& error) {
    return Fail(fmt::format("{}:{}:{}: {}", path, error.source().begin.line,
                            error.source().begin.column, std::string(error.description())));
  }
  if (implementation.name.empty()) return Fail(path + ": 'name' is missing");
  if (implementation.argv.empty())
    return Fail(path + ": 'command' is missing: how the adapter is started, a list of strings");
  if (implementation.like.find_first_not_of("0123456789.") != std::string::npos) {
    return Fail(fmt::format("{}: 'like' is no version: '{}'", path, implementation.like),
                "for example like = \"3.14\"");
  }
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
