#include "config/files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "io/errno_text.h"
#include "io/file.h"

namespace noonmark::config {
namespace {

constexpr std::size_t kMaxSize = std::size_t{16} << 20;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

}  // namespace

base::Result<std::optional<std::string>> DiskFiles::read(const std::string& name) const {
  auto content = io::read_file(path(name), kMaxSize);
  if (!content && content.error().code == base::ErrorCode::unavailable) return std::optional<std::string>{};
  if (!content) return tl::unexpected(content.error());
  return std::optional(std::move(*content));
}

base::Result<void> DiskFiles::write(const std::string& name, std::string_view content) {
  if (const auto slash = name.find('/'); slash != std::string::npos) {
    const auto folder = path(name.substr(0, slash));
    if (::mkdir(folder.c_str(), kDirectoryMode) != 0 && errno != EEXIST)
      return io::system_failure("make the directory", folder);
  }
  return io::write_file_atomically(path(name), content, kFileMode);
}

base::Result<void> DiskFiles::remove(const std::string& name) {
  if (::unlink(path(name).c_str()) == 0 || errno == ENOENT) return {};
  return io::system_failure("remove", path(name));
}

base::Result<std::vector<std::string>> DiskFiles::list(const std::string& folder) const {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path(folder), error);
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error))
    names.push_back(entry->path().filename());
  if (error && error != std::errc::no_such_file_or_directory)
    return base::fail("cannot read the directory " + path(folder) + ": " + error.message(),
                      base::ErrorCode::io);
  std::ranges::sort(names);
  return names;
}

base::Result<std::optional<std::string>> MemoryFiles::read(const std::string& name) const {
  const auto file = files_.find(name);
  return file == files_.end() ? std::nullopt : std::optional(file->second);
}

base::Result<void> MemoryFiles::write(const std::string& name, std::string_view content) {
  files_[name] = content;
  return {};
}

base::Result<void> MemoryFiles::remove(const std::string& name) {
  files_.erase(name);
  return {};
}

base::Result<std::vector<std::string>> MemoryFiles::list(const std::string& folder) const {
  std::vector<std::string> names;
  for (const auto& [name, content] : files_)
    if (name.starts_with(folder + '/')) names.push_back(name.substr(folder.size() + 1));
  return names;
}

}  // namespace noonmark::config
