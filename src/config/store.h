#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/commit_point.h"
#include "config/files.h"

namespace noonmark::config {

/// The configurations that the daemon keeps. `content` is always a whole file: header lines that begin with
/// "#", then the text of system-view commands.
///   running.cfg        "# noonmark configuration 1", "# commit ID", text: the configuration of a restart
///   commits/ID.cfg     "# noonmark configuration 1", "# commit {...}", text: a rollback point
///   commits/last       the highest number ever given, where no file shows it any more
class Store {
 public:
  explicit Store(Files& files) : files_(files) {}

  struct Running {
    std::string content;
    std::string text;                  // without the header
    CommitId commit = CommitId::none;  // none: the file names no commit
  };
  base::Result<std::optional<Running>> read_running() const;
  base::Result<void> write_running(std::string_view text, CommitId commit);
  std::string running_path() const { return files_.path("running.cfg"); }

  struct Point {
    CommitPoint point;
    std::string text;
  };
  base::Result<void> write_point(const CommitPoint& point, std::string_view text);
  base::Result<Point> read_point(CommitId id) const;
  base::Result<void> remove_point(CommitId id);
  /// The numbers of all point files, rising.
  base::Result<std::vector<CommitId>> point_ids() const;

  CommitId read_mark() const;
  base::Result<void> write_mark(CommitId highest);

 private:
  Files& files_;
};

inline constexpr std::string_view kDefaultCopy = "saved.cfg";

/// The copies that `save` keeps, in saved/NAME.cfg; saved/last has the name of the newest one. A name ends in
/// ".cfg" and is no path.
class Copies {
 public:
  explicit Copies(Files& files) : files_(files) {}
  /// The path of the copy.
  base::Result<std::string> save(std::string_view name, std::string_view text);
  /// The whole file; the header may be missing, as in one that was written by hand.
  base::Result<std::string> read(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Of the copy that was saved last.
  std::string last_name() const;

 private:
  Files& files_;
};

}  // namespace noonmark::config
