#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace noonmark::config {

/// Named texts that are replaced as a whole. A name is a file's, with at most one folder before it.
class Files {
 public:
  virtual ~Files() = default;
  /// None if there is no such file.
  virtual base::Result<std::optional<std::string>> read(const std::string& name) const = 0;
  /// Old or new content after a crash at any moment; the new one when this returns without an error.
  virtual base::Result<void> write(const std::string& name, std::string_view content) = 0;
  /// No error if there is none.
  virtual base::Result<void> remove(const std::string& name) = 0;
  /// The names of the files in a folder, in the order of the alphabet; none if there is no such folder.
  virtual base::Result<std::vector<std::string>> list(const std::string& folder) const = 0;
  /// What an operator is told to look at.
  virtual std::string path(const std::string& name) const = 0;
};

/// Files below a directory, for their owner's eyes only. Folders are made when they are needed.
class DiskFiles final : public Files {
 public:
  explicit DiskFiles(std::string directory) : directory_(std::move(directory)) {}
  base::Result<std::optional<std::string>> read(const std::string& name) const override;
  base::Result<void> write(const std::string& name, std::string_view content) override;
  base::Result<void> remove(const std::string& name) override;
  base::Result<std::vector<std::string>> list(const std::string& folder) const override;
  std::string path(const std::string& name) const override { return directory_ + '/' + name; }

 private:
  std::string directory_;
};

/// Files that go with the process (--config).
class MemoryFiles final : public Files {
 public:
  base::Result<std::optional<std::string>> read(const std::string& name) const override;
  base::Result<void> write(const std::string& name, std::string_view content) override;
  base::Result<void> remove(const std::string& name) override;
  base::Result<std::vector<std::string>> list(const std::string& folder) const override;
  std::string path(const std::string& name) const override { return name + " in memory"; }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace noonmark::config
