#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace noonmark::config {

/// The daemon's files in its state directory: the running configuration, and the copies that `save` keeps.
/// Every write is atomic.
///   STATE_DIR/running.cfg       "# noonmark configuration 1", then the text of system-view commands
///   STATE_DIR/saved/NAME.cfg    the same
class Store {
 public:
  explicit Store(std::string state_dir) : state_dir_(std::move(state_dir)) {}

  /// The text of the last commit, without its version line; none before the first one.
  base::Result<std::optional<std::string>> read_running() const;
  base::Result<void> write_running(std::string_view text) const;
  /// The path of the copy. `name` is a file name that ends in ".cfg".
  base::Result<std::string> save(std::string_view name, std::string_view text) const;

  std::string running_path() const { return state_dir_ + "/running.cfg"; }

 private:
  std::string state_dir_;
};

}  // namespace noonmark::config
