#include "config/store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>

#include "io/file.h"

namespace noonmark::config {
namespace {

constexpr std::string_view kVersionPrefix = "# noonmark configuration ";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kMaxSize = std::size_t{16} << 20;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

std::string with_version(std::string_view text) {
  return fmt::format("{}{}\n{}", kVersionPrefix, kVersion, text);
}

base::Result<std::string> without_version(std::string text, const std::string& path) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto first = std::string_view(text).substr(0, end);
  if (!first.starts_with(kVersionPrefix))
    return base::fail(
        fmt::format("{} is damaged: it does not begin with '{}{}'. Restore it from a backup or a saved "
                    "copy, or remove it to start without a configuration.",
                    path, kVersionPrefix, kVersion));
  const auto version = first.substr(kVersionPrefix.size());
  if (version != kVersion)
    return base::fail(
        fmt::format("{} has version {} of the configuration format, this program reads version {}; run "
                    "the program that wrote it.",
                    path, version, kVersion));
  return text.substr(std::min(end + 1, text.size()));
}

bool is_copy_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.size() > 4 && name.ends_with(".cfg") && name.front() != '.' &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

base::Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return base::fail(fmt::format("Cannot make the directory {}: {}.", path, std::strerror(errno)),
                    base::ErrorCode::io);
}

}  // namespace

base::Result<std::optional<std::string>> Store::read_running() const {
  auto content = io::read_file(running_path(), kMaxSize);
  if (!content && content.error().code == base::ErrorCode::unavailable) return std::optional<std::string>{};
  if (!content) return tl::unexpected(content.error());
  auto text = without_version(std::move(*content), running_path());
  if (!text) return tl::unexpected(text.error());
  return std::optional(std::move(*text));
}

base::Result<void> Store::write_running(std::string_view text) const {
  return io::write_file_atomically(running_path(), with_version(text), kFileMode);
}

base::Result<std::string> Store::save(std::string_view name, std::string_view text) const {
  if (!is_copy_name(name))
    return base::fail("The name of a copy consists of letters, digits, '.', '_' and '-', and ends in .cfg.");
  const auto directory = state_dir_ + "/saved";
  if (auto made = make_directory(directory); !made) return tl::unexpected(made.error());
  const auto path = fmt::format("{}/{}", directory, name);
  if (auto written = io::write_file_atomically(path, with_version(text), kFileMode); !written)
    return tl::unexpected(written.error());
  return path;
}

}  // namespace noonmark::config
