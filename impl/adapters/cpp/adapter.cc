// SPDX-License-Identifier: MIT
#include "adapter.h"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "actor.h"
#include "channel.h"
#include "environment.h"
#include "hello.h"
#include "process.h"
#include "rebuild.h"

namespace lockstep::adapter {
namespace {

constexpr int kNoChannel = 2;

}  // namespace

int RunAdapter(const AdapterInfo& info, Implementation& implementation) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  const char* path = getenv(kChannelVariable);
  std::string problem;
  std::string directory;
  std::shared_ptr<Channel> channel;
  if (path == nullptr) {
    channel = Channel::TakeStandardStreams(&problem);
  } else {
    const std::string_view text = path;
    directory = text.substr(0, text.find_last_of('/') + 1);
    if (directory.size() > 1) directory.pop_back();
    channel = Channel::OpenFifos(path, &problem);
  }
  if (channel == nullptr) {
    fmt::print(stderr, "lockstep adapter: no channel: {}\n", problem);
    return kNoChannel;
  }

  Process process(implementation, directory);
  process.AddChannel(channel);
  std::optional<Raised> raised;
  if (const char* objects = getenv(kObjectsVariable)) {
    raised = RebuildObjects(objects, process);
    unsetenv(kObjectsVariable);  // a second look would close descriptors that are others' by then
  }
  const int status = Actor(process, std::move(channel)).Run(FullHello(info, raised));
  if (process.live_threads() > 0) {  // they use what is on this stack
    std::fflush(nullptr);
    _exit(status);
  }
  return status;
}

}  // namespace lockstep::adapter
