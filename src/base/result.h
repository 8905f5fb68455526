#pragma once

#include <string>
#include <utility>
#include <tl/expected.hpp>

namespace noonmark::base {

enum class ErrorCode {
  invalid,      // the input is wrong: the message says what and what to do
  conflict,     // right in itself, but not together with something else
  unavailable,  // may work later: a port is busy, an address is gone
  io,           // the system refused: file, socket, clock
};

/// A failed operation that a person reads. `message` is one sentence without a trailing newline that says
/// what to do.
struct Error {
  ErrorCode code = ErrorCode::invalid;
  std::string message;
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string message, ErrorCode code = ErrorCode::invalid) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace noonmark::base
