#pragma once

#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shell/history.h"
#include "shell/keys.h"
#include "shell/line_reader.h"
#include "shell/output.h"
#include "shell/terminal.h"
#include "shell/text.h"

struct editline;  // libedit's

namespace noonmark::shell {

/// Lines typed at a terminal, edited by libedit. libedit keeps the line and draws what an edit changes; keys,
/// history, help and completion are ours, and so is every octet that the terminal gets while a line grows at
/// its end: exactly the characters typed, whatever the width. libedit never sees the terminal itself, only a
/// pseudo-terminal that stands for it. Reads no file of the user's. Needs a UTF-8 locale.
class LineEditor final : public LineReader {
 public:
  static constexpr std::size_t kMaxLine = 16 * 1024;  // characters; the daemon takes far fewer

  static base::Result<std::unique_ptr<LineEditor>> open(Terminal& terminal, Output& out);
  ~LineEditor() override;

  Line read(std::string_view prompt, Purpose purpose, Assistant& assistant) override;
  void remember(std::string_view line) override;
  void show(std::string_view lines) override;

 private:
  struct Edit {
    std::size_t before = 0;  // characters to be erased before the cursor
    std::size_t behind = 0;  // and behind it
    std::wstring insert;
  };
  /// The words that repeated Tab goes through.
  struct Cycle {
    std::vector<std::wstring> words;
    std::size_t next = 0;
    std::size_t shown = 0;  // characters of the word shown last
  };
  struct Current {
    std::wstring prompt;
    Purpose purpose;
    Assistant& assistant;
    Line::Status status = Line::Status::line;
    bool literal = false;     // the next key is a character
    bool fresh = true;        // prompt and line have to be written as a whole
    bool full_row = false;    // the last character filled its row, and the terminal's cursor still is upon it
    bool at_end = true;       // the cursor
    Place cursor = {};        // of the terminal, counted from the prompt
    Place end = {};           // of the line
    std::wstring shown = {};  // the line as the terminal shows it
    int row() const { return cursor.row - (full_row ? 1 : 0); }
    int rows_below() const { return end.row - cursor.row; }
  };

  LineEditor(Terminal& terminal, Output& out) : terminal_(terminal), out_(out) {}
  base::Result<void> start();
  void bind_keys();
  void resize();

  std::wstring_view line() const;
  std::size_t cursor() const;
  std::wstring_view typed() const { return line().substr(0, cursor()); }
  Place place_of(std::size_t cursor, int columns) const;

  wchar_t next_character();
  std::optional<wchar_t> act(const Key& key);
  std::optional<wchar_t> act_in_command(const Key& key);
  std::optional<wchar_t> insert(char32_t character);
  std::optional<wchar_t> finish(Line::Status status);
  std::optional<wchar_t> replace(Edit edit);
  std::optional<wchar_t> recall(const std::wstring* found);
  std::optional<wchar_t> complete();
  std::optional<wchar_t> beep();
  std::optional<Key> next_key();
  std::size_t word_before() const;
  std::optional<wchar_t> show_help();

  void settle();
  void append(std::wstring_view more);
  void show_anew();
  void draw();
  void redraw();
  void go_below();
  void go_up(int rows);
  void go_above(int rows);
  bool flush();
  void scrub();

  static int on_character(editline* editor, wchar_t* character);
  static unsigned char on_edit(editline* editor, wint_t character);
  static wchar_t* on_prompt(editline* editor);

  Terminal& terminal_;
  Output& out_;
  int stand_in_ = -1;  // the pseudo-terminal that libedit takes for the terminal
  int stand_in_master_ = -1;
  Terminal::Size size_;      // of the terminal, as libedit knows it
  FILE* drawing_ = nullptr;  // what libedit draws goes to drawn_
  std::string drawn_;
  std::string up_, right_,
      clear_;  // the terminal's strings, all empty if it lacks one: cursor, to the end of the screen
  editline* editor_ = nullptr;
  KeyDecoder decoder_;
  std::deque<Key> keys_;
  std::wstring ahead_;  // characters for libedit that come before the next key
  Edit edit_;           // to be made by on_edit()
  std::optional<Cycle> cycle_;
  History history_;
  std::string outgoing_;
  std::wstring drawn_prompt_;   // what libedit takes for the prompt
  Current* current_ = nullptr;  // while a line is being typed
};

}  // namespace noonmark::shell
