// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_TEXT_FILE_H_
#define LOCKSTEP_HARNESS_OS_TEXT_FILE_H_

#include <string>
#include <string_view>

#include "harness/os/result.h"

namespace lockstep {

// The whole of a file. An Error names it; a folder is one: it opens, and then cannot be read.
Result<std::string> ReadTextFile(const std::string& path);

// Makes `text` the whole of a file, behind links to it, by way of one beside it: when it cannot be written (a full disk),
// what was there stays. In place where there can be none beside it: what is no regular file, is mounted by itself, or lies
// in a folder that takes no new file.
Result<void> ReplaceTextFile(const std::string& path, std::string_view text);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_TEXT_FILE_H_
