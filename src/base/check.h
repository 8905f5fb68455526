#pragma once

#include <cstdio>
#include <cstdlib>

namespace noonmark::base {
[[noreturn]] inline void check_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "<0>%s:%d: CHECK failed: %s\n", file, line, what);
  std::abort();
}
}  // namespace noonmark::base

/// A bug in this program, never bad input: ends it with file and line. Always on.
#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) ::noonmark::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
