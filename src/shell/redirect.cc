#include "shell/redirect.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

#include "shell/output.h"

namespace noonmark::shell {
namespace {

base::Error failed(const Redirect& redirect, int error) {
  return {base::ErrorCode::io,
          fmt::format("The output cannot be written to {}: {}.", redirect.file, strerrordesc_np(error))};
}

}  // namespace

base::Result<void> write_redirected(const Redirect& redirect, std::string_view text, Files files) {
  if (files == Files::none)
    return base::fail("This shell is restricted and opens no files; let the output go to the terminal.");
  // A pipe that nobody reads is an error instead of a wait.
  const int mode =
      O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (redirect.append ? O_APPEND : O_TRUNC);
  const int file = open(redirect.file.c_str(), mode, 0600);
  if (file < 0) return tl::unexpected(failed(redirect, errno));
  fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
  const bool written = DescriptorOutput(file).write(text);
  const int error = errno;
  if (const bool closed = close(file) == 0; written && closed) return {};
  return tl::unexpected(failed(redirect, written ? errno : error));
}

}  // namespace noonmark::shell
