// SPDX-License-Identifier: MIT
#include "harness/cli/options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "harness/os/affinity.h"
#include "harness/os/command.h"
#include "harness/scenario/parser.h"
#include "harness/text/source.h"
#include "harness/verdict/expectations.h"
#include "reports/json.h"
#include "reports/text.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kChannelsPrefix = "channels-";
constexpr const char* kLockName = ".lock";
constexpr std::size_t kWidestTerminal = 140;

// A filter that is some scenario's whole name means only that: the command that reruns one reruns
// no other.
bool Selected(const Scenario& scenario, const std::string& filter, bool is_a_name) {
  if (is_a_name) return scenario.name == filter;
  if (filter.find('*') != std::string::npos) return MatchesPattern(filter, scenario.name);
  return scenario.name.find(filter) != std::string::npos;
}

// The first of the words that the parser had no use for, less a value: it tells of them in a
// sentence, as "…: --fitler another".
std::string UnknownWord(const std::vector<std::string>& words, const CLI::ExtrasError& error) {
  const std::string sentence = error.what();
  const std::string after =
      ' ' + sentence.substr(std::min(sentence.size(), sentence.rfind(": ") + 1)) + ' ';
  for (const std::string& word : words) {
    if (after.find(' ' + word + ' ') != std::string::npos) return word.substr(0, word.find('='));
  }
  return sentence;
}

}  // namespace

void AddSelection(CLI::App& app, Selection* selection) {
  app.add_option("--filter", selection->filters,
                 "scenarios of this name, or whose name holds this; * matches any text")
      ->allow_extra_args(false);
  app.add_option("--tag", selection->tags, "scenarios with this tag")->allow_extra_args(false);
  app.add_option("--level", selection->level, "core: what every port needs first; full: all")
      ->check(CLI::IsMember({"core", "full"}));
  app.add_option("--scenarios", selection->scenarios,
                 "a scenario file or folder in place of the project's own");
  app.add_option("--shard", selection->shard, "I/N: the I-th of N parts");
}

void AddPythonArg(CLI::App& app, std::vector<std::string>* python_args) {
  app.add_option("--python-arg", *python_args,
                 "an argument for the interpreter of python:PATH")
      ->allow_extra_args(false);
}

void AddExecution(CLI::App& app, Execution* execution) {
  app.add_option("-j,--jobs", execution->jobs, "scenarios at once; default: two a CPU")
      ->check(CLI::Range(1, 256));
  app.add_option("--timeout-scale", execution->timeout_scale,
                 "multiplies every bound on waiting; default 1")
      ->check(Between(0.01, 1000.0));
  app.add_option("--max-time", execution->max_time_s, "seconds after which the rest is not run")
      ->check(Between(0.001, 1e6));
  app.add_option("--messages", execution->messages, "ignore: texts of errors are not judged")
      ->check(CLI::IsMember({"judge", "ignore"}));
  app.add_option("--out", execution->out, "folder for what the run writes; default: out");
  AddPythonArg(app, &execution->python_args);
}

std::optional<int> Parse(CLI::App& app, const std::vector<std::string>& words) {
  app.name("lockstep " + app.get_name());
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ExtrasError& error) {
    const std::string unknown = UnknownWord(words, error);
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    return Complain(Error{fmt::format("{} does not take '{}'{}", app.get_name(), unknown,
                                      DidYouMean(unknown, flags)),
                          app.get_name() + " --help tells what there is"});
  } catch (const CLI::ParseError& error) {
    return Complain(Error{error.what(), app.get_name() + " --help tells what there is"});
  }
  return std::nullopt;
}

CLI::Validator Between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool right = error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
        return right ? std::string() : fmt::format("'{}' is no number from {} to {}", text, least, most);
      },
      fmt::format("FLOAT in [{} - {}]", least, most));
}

CLI::Validator Unsigned() {
  return CLI::Validator(
      [](const std::string& text) {
        constexpr std::size_t kMostDigits = 18;
        const bool right = text.size() <= kMostDigits && text.find_first_not_of("0123456789") == std::string::npos;
        return right ? std::string() : fmt::format("'{}' is no whole number of 0 or more", text);
      },
      "UINT");
}

int Complain(const Error& error) {
  fmt::print(stderr, "lockstep: {}\n", error.Text());
  return kExitUsage;
}

Result<std::unique_ptr<Catalogue>> LoadCatalogue(const Selection& selection, const Places& places) {
  auto catalogue = std::make_unique<Catalogue>();
  auto loaded =
      LoadScenarios(selection.scenarios.empty() ? places.root + "/scenarios" : selection.scenarios);
  if (!loaded) return tl::unexpected(loaded.error());
  catalogue->all = std::move(*loaded);
  for (Scenario& scenario : catalogue->all) scenario.file = places.Called(scenario.file);
  std::pair<int, int> shard{1, 1};
  if (!selection.shard.empty()) {
    const auto parsed = reports::ParseShard(selection.shard);
    if (!parsed) return Fail(fmt::format("--shard {} is not I/N with 1 <= I <= N", selection.shard));
    shard = *parsed;
  }
  std::vector<std::string> names;
  for (const Scenario& scenario : catalogue->all) names.push_back(scenario.name);
  for (const std::string& filter : selection.filters) {
    const bool is_a_name = std::find(names.begin(), names.end(), filter) != names.end();
    const bool any = std::any_of(catalogue->all.begin(), catalogue->all.end(),
                                 [&](const Scenario& s) { return Selected(s, filter, is_a_name); });
    if (!any) {
      return Fail(
          fmt::format("no scenario matches '{}'{}", filter, DidYouMean(filter, names)),
          "lockstep list shows all names");
    }
  }
  int index = 0;
  for (const Scenario& scenario : catalogue->all) {
    const auto by_filter = [&](const std::string& filter) {
      return Selected(scenario, filter,
                      std::find(names.begin(), names.end(), filter) != names.end());
    };
    const bool wanted =
        (selection.filters.empty() ||
         std::any_of(selection.filters.begin(), selection.filters.end(), by_filter)) &&
        std::all_of(selection.tags.begin(), selection.tags.end(),
                    [&](const std::string& tag) { return scenario.tags.count(tag) != 0; }) &&
        (selection.level != "core" || scenario.level == Level::kCore);
    if (wanted && index++ % shard.second == shard.first - 1)
      catalogue->selected.push_back(&scenario);
  }
  if (catalogue->selected.empty())
    return Fail("nothing is selected", "lockstep list shows what there is");
  catalogue->whole =
      catalogue->selected.size() == catalogue->all.size() && selection.scenarios.empty();
  return catalogue;
}

Result<std::vector<Implementation>> ResolveAll(Discovery& discovery,
                                               const std::vector<std::string>& names,
                                               const std::vector<std::string>& command,
                                               const std::vector<std::string>& python_args) {
  std::vector<Implementation> implementations;
  for (const std::string& name : names) {
    auto implementation = discovery.Resolve(name, python_args);
    if (!implementation) return tl::unexpected(implementation.error());
    implementations.push_back(std::move(*implementation));
  }
  if (!command.empty()) {
    if (FindOnPath(command.front()).empty()) {
      return Fail(fmt::format("cannot run {}: there is no such executable file{}", command.front(),
                              command.front().find('/') == std::string::npos ? " on PATH" : ""));
    }
    implementations.push_back(discovery.FromCommand(command));
  }
  return implementations;
}

namespace {

// Removes the folders of channels that earlier runs left because they were killed: those whose lock nobody holds. Process ids
// tell nothing: in containers they are the same few again and again.
void RemoveAbandonedChannels(const std::string& out) {
  std::error_code error;
  std::vector<fs::path> abandoned;
  for (const auto& entry : fs::directory_iterator(out, error)) {
    if (!entry.path().filename().string().starts_with(kChannelsPrefix)) continue;
    const UniqueFd lock(::open((entry.path() / kLockName).c_str(), O_RDWR | O_CLOEXEC));
    if (lock.valid() && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) abandoned.push_back(entry.path());
  }
  for (const fs::path& folder : abandoned) fs::remove_all(folder, error);
}

}  // namespace

Result<OutFolder> OutFolder::Make(const std::string& asked, const Places& places) {
  OutFolder folder;
  std::error_code error;
  folder.path_ =
      fs::absolute(asked.empty() ? places.out : asked, error).lexically_normal().string();
  constexpr const char* kAnother = "name another with --out DIR";
  if ((folder.path_ + "/").starts_with("/dev/shm/")) {
    return Fail("the folder " + folder.path_ + " is in /dev/shm, which adapters see one of their own of", kAnother);
  }
  fs::create_directories(folder.path_, error);
  if (error) return Fail(fmt::format("cannot make the folder {}: {}", folder.path_, error.message()), kAnother);
  RemoveAbandonedChannels(folder.path_);
  std::string channels = fmt::format("{}/{}XXXXXX", folder.path_, kChannelsPrefix);
  if (::mkdtemp(channels.data()) == nullptr) {
    return Fail(fmt::format("cannot write in the folder {}: {}", folder.path_, std::strerror(errno)), kAnother);
  }
  folder.channels_ = channels;
  folder.lock_.Reset(::open((channels + "/" + kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!folder.lock_.valid() || ::flock(folder.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return FailErrno("locking " + channels, errno);
  }
  return folder;
}

OutFolder::OutFolder(OutFolder&& other) noexcept
    : path_(std::move(other.path_)),
      channels_(std::exchange(other.channels_, "")),
      lock_(std::move(other.lock_)) {}

OutFolder::~OutFolder() {
  std::error_code ignored;
  if (!channels_.empty()) fs::remove_all(channels_, ignored);
}

Result<RunnerOptions> MakeRunnerOptions(const Execution& execution, const OutFolder& out) {
  RunnerOptions options;
  // Much of a run is waits under test, in which a CPU is free for another worker.
  constexpr int kWorkersACpu = 2;
  const int cpus = static_cast<int>(AllowedCpus().size());
  options.jobs = execution.jobs > 0 ? execution.jobs : kWorkersACpu * cpus;
  options.timeout_scale = execution.timeout_scale;
  options.messages = execution.messages == "ignore" ? Messages::kIgnore : Messages::kJudge;
  options.channel_dir = out.channels();
  if (execution.max_time_s > 0) {
    options.deadline =
        Deadline::After(nanoseconds(static_cast<std::int64_t>(execution.max_time_s * 1e9)));
  }
  return options;
}

Result<std::set<std::string>> SelectNames(const std::string& what, const std::vector<std::string>& filters,
                                          const std::set<std::string>& names) {
  if (filters.empty() || names.empty()) return names;
  std::set<std::string> selected;
  for (const std::string& filter : filters) {
    const auto matches = [&](const std::string& name) {
      if (names.contains(filter)) return name == filter;
      return filter.find('*') != std::string::npos ? MatchesPattern(filter, name) : name.find(filter) != std::string::npos;
    };
    const std::size_t before = selected.size();
    bool any = false;
    for (const std::string& name : names) {
      if (!matches(name)) continue;
      any = true;
      selected.insert(name);
    }
    if (!any && selected.size() == before) {
      return Fail(fmt::format("no {} matches '{}'{}", what, filter, DidYouMean(filter, {names.begin(), names.end()})),
                  fmt::format("there is {}", reports::Printable(fmt::format("{}", fmt::join(names, ", ")))));
    }
  }
  return selected;
}

std::size_t TerminalWidth(bool is_terminal, std::size_t otherwise) {
  winsize size{};
  if (!is_terminal || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return std::min<std::size_t>(size.ws_col, kWidestTerminal);
}

}  // namespace lockstep
