#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/daemon.h"
#include "shell/keyboard.h"
#include "shell/line_reader.h"
#include "shell/output.h"

namespace noonmark::shell {

/// For tests: answers from a list and remembers what it was asked ("> line", "? answer", "? -" for none,
/// "help: line", "complete: line", "interrupt"). Lost at the end of the list.
struct FakeDaemon final : Daemon {
  std::deque<Response> responses;
  std::vector<std::string> asked;
  std::vector<Message> messages;  // come before the next response
  bool lost_while_idle = false;

  explicit FakeDaemon(std::deque<Response> list) : responses(std::move(list)) {}
  base::Result<Response> execute(std::string_view line) override { return respond("> " + std::string(line)); }
  base::Result<Response> answer(std::optional<std::string_view> text) override {
    return respond("? " + std::string(text.value_or("-")));
  }
  base::Result<Response> help(std::string_view line, int) override {
    return respond("help: " + std::string(line));
  }
  base::Result<Response> complete(std::string_view line) override {
    return respond("complete: " + std::string(line));
  }
  void interrupt() override { asked.emplace_back("interrupt"); }
  int descriptor() const override { return -1; }
  base::Result<void> receive() override {
    if (lost_while_idle) return base::fail("lost while idle", base::ErrorCode::io);
    return {};
  }

 private:
  base::Result<Response> respond(std::string request) {
    asked.push_back(std::move(request));
    for (const auto& message : std::exchange(messages, {})) listener_->on_message(message);
    if (!listener_->wait_for(-1)) return base::fail("given up", base::ErrorCode::io);
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

/// What somebody types, line by line. The prompts go to `out`.
struct FakeReader final : LineReader {
  explicit FakeReader(Output& output) : out(output) {}
  Output& out;
  std::deque<Line> lines;
  std::vector<std::string> kept;
  /// Called before each line, with the assistant.
  std::function<void(Assistant&)> before;

  Line read(std::string_view prompt, Purpose, Assistant& assistant) override {
    out.write(prompt);
    if (before) before(assistant);
    if (lines.empty()) return {};
    auto line = lines.front();
    lines.pop_front();
    return line;
  }
  void remember(std::string_view line) override { kept.emplace_back(line); }
  void show(std::string_view text) override { out.write(text); }
};

struct FakeKeyboard final : Keyboard {
  std::deque<Key> keys;
  std::deque<Wait> waits;  // then: ready
  int pauses_left = 0;     // then: q
  int width = 80;
  int height = 0;
  int pieces_left = 1'000'000;  // then: Ctrl+C

  Key read_key() override {
    const auto key = keys.front();
    keys.pop_front();
    return key;
  }
  Wait wait_for(int) override {
    if (waits.empty()) return Wait::ready;
    const auto wait = waits.front();
    waits.pop_front();
    return wait;
  }
  bool is_interrupted() override { return pieces_left-- == 0; }
  bool pause(std::chrono::seconds) override { return pauses_left-- > 0; }
  int columns() override { return width; }
  int rows() override { return height; }
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
