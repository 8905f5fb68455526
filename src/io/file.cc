#include "io/file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "io/errno_text.h"

namespace noonmark::io {
namespace {

using base::ErrorCode;
using base::Result;

bool write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Reads at most `limit` octets; false with errno set when the system refuses.
bool read_up_to(int fd, std::size_t limit, std::string& out) {
  std::array<char, 16384> chunk;
  while (out.size() < limit) {
    const ssize_t got = ::read(fd, chunk.data(), std::min(chunk.size(), limit - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    out.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return true;
}

/// A rename is only on the disk when the directory is.
bool sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0;
}

enum class Durable : bool { no, yes };

Result<void> replace(const std::string& path, std::string_view content, mode_t mode, Durable durable) {
  // One fixed name: what a crash leaves behind is overwritten by the next write and does not pile up.
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0600));
  if (!fd) return system_failure("create", temporary);
  const bool written = write_all(fd.get(), content) && ::fchmod(fd.get(), mode) == 0 &&
                       (durable == Durable::no || ::fsync(fd.get()) == 0);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const auto failure = system_failure("write", path);
    ::unlink(temporary.c_str());
    return failure;
  }
  return {};
}

}  // namespace

Result<void> write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  if (auto replaced = replace(path, content, mode, Durable::yes); !replaced) return replaced;
  if (!sync_directory_of(path)) return system_failure("sync the directory of", path);
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  return replace(path, content, mode, Durable::no);
}

Result<std::string> read_file(const std::string& path, std::size_t max_size) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return base::fail(fmt::format("there is no file {}", path), ErrorCode::unavailable);
  if (!fd) return system_failure("open", path);
  std::string content;
  if (!read_up_to(fd.get(), max_size + 1, content)) return system_failure("read", path);
  if (content.size() > max_size)
    return base::fail(fmt::format("{} has more than {} octets", path, max_size), ErrorCode::io);
  return content;
}

Result<LockFile> LockFile::acquire(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return system_failure("open the lock file", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure("lock", path);
    std::string holder;
    if (!read_up_to(fd.get(), 20, holder)) holder.clear();
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return base::fail(fmt::format("{} is locked by process {}", path, holder.empty() ? "(unknown)" : holder),
                      ErrorCode::conflict);
  }
  if (::ftruncate(fd.get(), 0) != 0 || !write_all(fd.get(), fmt::format("{}\n", ::getpid())))
    return system_failure("write", path);
  return LockFile(std::move(fd));
}

}  // namespace noonmark::io
