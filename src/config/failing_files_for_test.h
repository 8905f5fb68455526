#pragma once

#include "config/files.h"

namespace noonmark::config {

/// A disk that is full, or fails in other ways, at a certain write.
struct FailingFiles final : Files {
  enum class Failure { before, after };  // whether the content reaches the disk

  explicit FailingFiles(Files& to) : disk(to) {}
  Files& disk;
  int writes_left = -1;  // until one fails; negative: none fails
  bool lasting = false;  // all later ones fail too
  Failure failure = Failure::before;

  base::Result<std::optional<std::string>> read(const std::string& name) const override {
    return disk.read(name);
  }
  base::Result<void> write(const std::string& name, std::string_view content) override {
    const bool fails = writes_left == 0 || (lasting && writes_left < 0);
    if (writes_left >= 0) --writes_left;
    if (!fails) return disk.write(name, content);
    if (failure == Failure::after) (void)disk.write(name, content);
    return base::fail("cannot write " + path(name) + ": No space left on device", base::ErrorCode::io);
  }
  base::Result<void> remove(const std::string& name) override { return disk.remove(name); }
  base::Result<std::vector<std::string>> list(const std::string& folder) const override {
    return disk.list(folder);
  }
  std::string path(const std::string& name) const override { return disk.path(name); }
};

}  // namespace noonmark::config
