// SPDX-License-Identifier: MIT
// The inside of a supervisor: what runs in its process. Only supervisor.cc includes this.
#ifndef LOCKSTEP_HARNESS_OS_SUPERVISOR_PROCESS_H_
#define LOCKSTEP_HARNESS_OS_SUPERVISOR_PROCESS_H_

#include <string>
#include <vector>

#include "harness/os/result.h"
#include "harness/os/supervisor.h"

namespace lockstep {

// What fills a full /dev/shm; no implementation's name.
inline constexpr const char* kFillerName = ".filler";

// A launch carries a whole environment; Linux lets a SEQPACKET message of this size through by
// default (wmem_default is 208 KiB).
constexpr std::size_t kMessageLimit = 128 * 1024;

// Messages on the control socket (SOCK_SEQPACKET, so one send is one message): a letter, then
// fields parted by NUL.
//   harness → supervisor   L cpu dir argc argv… env…   (launch; the output descriptor travels with
//   it)
//                          K   M options…   U
//   supervisor → harness   G pid (guardian: the supervisor's pid outside)   Y (ready; its /dev/shm
//   travels with it)
//                          + answer   - error text   R pid status (an orphan was reaped)
std::string JoinFields(const std::vector<std::string>& fields);
std::vector<std::string> SplitFields(const std::string& message);

// Sends one message, with a descriptor if fd >= 0. False when the other end is gone.
bool SendMessage(int socket, const std::string& message, int fd = -1);
// Receives one message and at most one descriptor. Nothing when the other end is gone.
struct ReceivedMessage {
  std::string text;
  UniqueFd fd;
};
std::optional<ReceivedMessage> ReceiveMessage(int socket);

// Makes the calling process, a single thread, a member of new namespaces; its next child is PID 1
// in them.
Result<void> EnterNamespaces(Isolation isolation);
// In PID 1: private mounts, and a /dev/shm of its own.
Result<void> MountOwnShm();

// Serves until the control socket closes. Never returns to the caller's code: ends the process.
[[noreturn]] void ServeAsSupervisor(int control_socket, Isolation isolation,
                                    const std::string& name_prefix);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_SUPERVISOR_PROCESS_H_
