#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/daemon.h"
#include "shell/line_source.h"
#include "shell/output.h"
#include "shell/pager.h"

namespace noonmark::shell {

/// For tests: answers from a list and remembers what it was asked ("> line", "? answer", "? -" for none).
/// Lost at the end of the list.
struct FakeDaemon final : Daemon {
  std::deque<Response> responses;
  std::vector<std::string> asked;

  explicit FakeDaemon(std::deque<Response> list) : responses(std::move(list)) {}
  base::Result<Response> execute(std::string_view line) override { return respond("> " + std::string(line)); }
  base::Result<Response> answer(std::optional<std::string_view> text) override {
    return respond("? " + std::string(text.value_or("-")));
  }

 private:
  base::Result<Response> respond(std::string request) {
    asked.push_back(std::move(request));
    if (responses.empty()) return base::fail("lost", base::ErrorCode::io);
    auto response = responses.front();
    responses.pop_front();
    return response;
  }
};

struct FakeOutput final : Output {
  std::string text;
  int writes_left = 1'000'000;
  bool write(std::string_view more) override {
    if (writes_left-- <= 0) return false;
    text += more;
    return true;
  }
};

struct FakeLines final : LineSource {
  std::deque<Line> lines;
  Line next() override {
    if (lines.empty()) return {};
    auto line = lines.front();
    lines.pop_front();
    return line;
  }
};

struct FakeKeyboard final : Keyboard {
  std::deque<Key> keys;
  Key read_key() override {
    const auto key = keys.front();
    keys.pop_front();
    return key;
  }
};

inline Response ok(std::string output = "") {
  Response r;
  r.output = std::move(output);
  r.prompt = "<H>";
  return r;
}
inline Response refused(std::string output) {
  auto r = ok(std::move(output));
  r.refused = true;
  return r;
}
inline Response changed() {
  auto r = ok();
  r.uncommitted = true;
  return r;
}
inline Response question(std::string text, bool uncommitted = true) {
  auto r = ok();
  r.question = std::move(text);
  r.uncommitted = uncommitted;
  return r;
}
inline Response ended() {
  auto r = ok();
  r.end = true;
  return r;
}

}  // namespace noonmark::shell
