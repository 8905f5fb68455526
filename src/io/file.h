#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"
#include "io/unique_fd.h"

namespace noonmark::io {

/// Replaces the file as a whole: after a crash at any moment it has its old or its new content, never a
/// mixture. When this returns without an error the new content is on the disk. `mode` is the file's, whatever
/// the umask.
base::Result<void> write_file_atomically(const std::string& path, std::string_view content, mode_t mode);

/// The same for a file that need not outlive the machine's run: readers see the old or the new content, but
/// nothing waits for a disk.
base::Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode);

/// The content of a file of at most `max_size` octets. ErrorCode::unavailable: there is no such file; io: the
/// rest.
base::Result<std::string> read_file(const std::string& path, std::size_t max_size);

/// Says that this process uses what the file stands for. The lock goes with the object, and with the process
/// however it ends; the file stays.
class LockFile {
 public:
  /// ErrorCode::conflict: another process has it; the message names its pid.
  static base::Result<LockFile> acquire(const std::string& path);

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace noonmark::io
