// SPDX-License-Identifier: MIT
#include "signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace lockstep::adapter {
namespace {

// What the handler touches. Lock-free atomics are all that it may.
std::array<std::atomic<bool>, NSIG> g_arrived;
std::atomic<bool> g_pending{false};
std::atomic<int> g_wake_fd{-1};
std::atomic<bool> g_watched{false};  // a handler has been installed
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void Handle(int number) {
  const int saved_errno = errno;
  g_arrived[static_cast<std::size_t>(number)].store(true);
  g_pending.store(true);
  const std::uint64_t one = 1;
  // Cannot block, as the descriptor does not; if its counter is full it is readable already.
  if (write(g_wake_fd.load(), &one, sizeof one) < 0) errno = saved_errno;
  errno = saved_errno;
}

struct NamedSignal {
  std::string_view name;
  int number;
};

constexpr auto kSignals = std::to_array<NamedSignal>({
    {"SIGHUP", SIGHUP},   {"SIGINT", SIGINT},       {"SIGQUIT", SIGQUIT}, {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP}, {"SIGABRT", SIGABRT},     {"SIGBUS", SIGBUS},   {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL}, {"SIGUSR1", SIGUSR1},     {"SIGSEGV", SIGSEGV}, {"SIGUSR2", SIGUSR2},
    {"SIGPIPE", SIGPIPE}, {"SIGALRM", SIGALRM},     {"SIGTERM", SIGTERM}, {"SIGCHLD", SIGCHLD},
    {"SIGCONT", SIGCONT}, {"SIGSTOP", SIGSTOP},     {"SIGTSTP", SIGTSTP}, {"SIGTTIN", SIGTTIN},
    {"SIGTTOU", SIGTTOU}, {"SIGURG", SIGURG},       {"SIGXCPU", SIGXCPU}, {"SIGXFSZ", SIGXFSZ},
    {"SIGPROF", SIGPROF}, {"SIGVTALRM", SIGVTALRM}, {"SIGIO", SIGIO},     {"SIGWINCH", SIGWINCH},
    {"SIGPWR", SIGPWR},   {"SIGSYS", SIGSYS},
});

}  // namespace

std::optional<int> SignalNumber(std::string_view name) {
  for (const NamedSignal& signal : kSignals) {
    if (signal.name == name) return signal.number;
  }
  if (name == "SIGRTMAX") return SIGRTMAX;
  constexpr std::string_view kRealTime = "SIGRTMIN";
  if (!name.starts_with(kRealTime)) return std::nullopt;
  name.remove_prefix(kRealTime.size());
  if (name.empty()) return SIGRTMIN;
  unsigned offset = 0;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + 1, end, offset);
  if (name.front() != '+' || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  if (offset > static_cast<unsigned>(SIGRTMAX - SIGRTMIN)) return std::nullopt;
  return SIGRTMIN + static_cast<int>(offset);
}

void PrepareThreadForSignals() {
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer puts signals off until a blocking call, makes the place to keep them in at the
  // first such call of a thread, and loses a signal that arrives at that moment.
  poll(nullptr, 0, 0);
#endif
}

// From the start, so that a handler that is installed later opens nothing: descriptors that grow
// are held against an implementation.
SignalTable::SignalTable() { g_wake_fd.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

SignalTable::~SignalTable() {
  const int fd = g_wake_fd.exchange(-1);
  if (fd >= 0) close(fd);
}

int SignalTable::Install(int number, SignalAction action, bool restart) {
  const std::lock_guard lock(mutex_);
  auto& slot = actions_[static_cast<std::size_t>(number)];
  auto before = std::exchange(slot, std::move(action));  // in place before the first can arrive
  struct sigaction handler = {};
  handler.sa_handler = Handle;
  handler.sa_flags = restart ? SA_RESTART : 0;
  sigemptyset(&handler.sa_mask);
  g_watched.store(true);
  if (sigaction(number, &handler, nullptr) == 0) return 0;
  slot = std::move(before);
  return errno;
}

int SignalTable::Dispose(int number, void (*disposition)(int)) {
  const std::lock_guard lock(mutex_);
  struct sigaction handler = {};
  handler.sa_handler = disposition;
  sigemptyset(&handler.sa_mask);
  if (sigaction(number, &handler, nullptr) != 0) return errno;
  actions_[static_cast<std::size_t>(number)].reset();
  return 0;
}

bool SignalTable::pending() { return g_pending.load(); }

std::optional<SignalAction> SignalTable::TakeArrived() {
  if (!pending()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  // Lowered first: a signal that comes during the search raises it again and is found next time.
  g_pending.store(false);
  for (std::size_t number = 1; number < g_arrived.size(); ++number) {
    if (!g_arrived[number].exchange(false) || !actions_[number]) continue;
    g_pending.store(true);  // there may be more
    return actions_[number];
  }
  return std::nullopt;
}

int SignalTable::wake_fd() const { return g_watched.load() ? g_wake_fd.load() : -1; }

void SignalTable::ResetWake() {
  std::uint64_t count = 0;
  // It fails only if there is nothing to reset.
  [[maybe_unused]] const ssize_t got = read(g_wake_fd.load(), &count, sizeof count);
}

void SignalTable::AfterFork(const std::shared_ptr<Channel>& channel) {
  const int fd = g_wake_fd.load();
  if (fd >= 0) {  // the counter is shared with the parent: the child gets one of its own
    g_wake_fd.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    close(fd);
  }
  g_pending.store(false);
  for (auto& arrived : g_arrived) arrived.store(false);
  for (auto& action : actions_) {
    if (action) action->channel = channel;
  }
}

}  // namespace lockstep::adapter
