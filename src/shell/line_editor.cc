#include "shell/line_editor.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cwchar>
#include <cwctype>
#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "shell/text.h"
#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

// Characters that libedit's keys are bound to.
constexpr wchar_t kHome = 0x01;
constexpr wchar_t kLeft = 0x02;
constexpr wchar_t kEraseRight = 0x04;
constexpr wchar_t kEnd = 0x05;
constexpr wchar_t kRight = 0x06;
constexpr wchar_t kEraseLeft = 0x08;
constexpr wchar_t kEnter = L'\n';
constexpr wchar_t kEdit = 0x1F;

constexpr wchar_t kEditName[] = L"noonmark-edit";

const wchar_t* function_of(int key) {
  switch (key) {
    case kHome: return L"ed-move-to-beg";
    case kLeft: return L"ed-prev-char";
    case kEraseRight: return L"ed-delete-next-char";
    case kEnd: return L"ed-move-to-end";
    case kRight: return L"ed-next-char";
    case kEraseLeft: return L"ed-delete-prev-char";
    case kEnter: return L"ed-newline";
    case kEdit: return kEditName;
    default: return key < 0x20 || (key >= 0x7F && key < 0xA0) ? L"ed-unassigned" : L"ed-insert";
  }
}

ssize_t append_drawing(void* text, const char* data, size_t size) {
  static_cast<std::string*>(text)->append(data, size);
  return static_cast<ssize_t>(size);
}

bool is_printable(std::wstring_view text) {
  return std::ranges::all_of(text, [](wchar_t c) { return iswprint(static_cast<wint_t>(c)) != 0; });
}

/// One of the terminal's control strings, empty if it has none of that name.
std::string capability(EditLine* editor, const char* name) {
  char* value = nullptr;
  return el_get(editor, EL_GETTC, name, &value) == 0 && value != nullptr ? value : "";
}

}  // namespace

base::Result<std::unique_ptr<LineEditor>> LineEditor::open(Terminal& terminal, Output& out) {
  std::unique_ptr<LineEditor> editor(new LineEditor(terminal, out));
  if (auto started = editor->start(); !started) return tl::unexpected(started.error());
  return editor;
}

LineEditor::~LineEditor() {
  if (editor_ != nullptr) el_end(editor_);
  if (drawing_ != nullptr) fclose(drawing_);
  if (stand_in_ >= 0) close(stand_in_);
  if (stand_in_master_ >= 0) close(stand_in_master_);
}

base::Result<void> LineEditor::start() {
  stand_in_master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (stand_in_master_ >= 0 && unlockpt(stand_in_master_) == 0)
    stand_in_ = ioctl(stand_in_master_, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (stand_in_ < 0)
    return base::fail(
        fmt::format("no pseudo-terminal for editing lines: {}; give the commands with -c or on a pipe",
                    strerrordesc_np(errno)),
        base::ErrorCode::io);
  drawing_ = fopencookie(&drawn_, "w",
                         {.read = nullptr, .write = append_drawing, .seek = nullptr, .close = nullptr});
  setvbuf(drawing_, nullptr, _IONBF, 0);
  resize();
  editor_ = el_init_fd("noonmark", drawing_, drawing_, drawing_, stand_in_, stand_in_, stand_in_);
  if (editor_ == nullptr)
    return base::fail("the line editor does not start: memory is short", base::ErrorCode::io);
  el_wset(editor_, EL_CLIENTDATA, this);
  el_wset(editor_, EL_GETCFN, on_character);
  el_wset(editor_, EL_PROMPT, on_prompt);
  // The terminal wraps, and does so when the next character comes: what settle() takes for granted.
  el_wset(editor_, EL_SETTC, L"am", L"yes", nullptr);
  el_wset(editor_, EL_SETTC, L"xn", L"yes", nullptr);
  bind_keys();
  up_ = capability(editor_, "up");
  right_ = capability(editor_, "nd");
  clear_ = capability(editor_, "cd");
  if (up_.empty() || right_.empty() || clear_.empty()) up_ = right_ = clear_ = {};
  return {};
}

void LineEditor::bind_keys() {
  el_wset(editor_, EL_EDITOR, L"emacs");
  el_wset(editor_, EL_ADDFN, kEditName, L"", on_edit);
  for (int key = 0; key < 256; ++key) {
    const wchar_t name[] = {L'\\', static_cast<wchar_t>(L'0' + key / 64),
                            static_cast<wchar_t>(L'0' + key / 8 % 8), static_cast<wchar_t>(L'0' + key % 8),
                            L'\0'};
    el_wset(editor_, EL_BIND, name, function_of(key), nullptr);
  }
}

int LineEditor::on_character(EditLine* editor, wchar_t* character) {
  LineEditor* self = nullptr;
  el_wget(editor, EL_CLIENTDATA, &self);
  *character = self->next_character();
  return 1;
}

unsigned char LineEditor::on_edit(EditLine* editor, wint_t) {
  LineEditor* self = nullptr;
  el_wget(editor, EL_CLIENTDATA, &self);
  auto& edit = self->edit_;
  el_cursor(editor, static_cast<int>(edit.behind));
  el_wdeletestr(editor, static_cast<int>(edit.before + edit.behind));
  if (!edit.insert.empty()) el_winsertstr(editor, edit.insert.c_str());
  wipe(edit.insert);
  return CC_REFRESH;
}

wchar_t* LineEditor::on_prompt(EditLine* editor) {
  LineEditor* self = nullptr;
  el_wget(editor, EL_CLIENTDATA, &self);
  return self->drawn_prompt_.data();
}

std::wstring_view LineEditor::line() const {
  const auto* info = el_wline(editor_);
  return {info->buffer, static_cast<std::size_t>(info->lastchar - info->buffer)};
}

std::size_t LineEditor::cursor() const {
  const auto* info = el_wline(editor_);
  return static_cast<std::size_t>(info->cursor - info->buffer);
}

Line LineEditor::read(std::string_view prompt, Purpose purpose, Assistant& assistant) {
  const auto last = prompt.rfind('\n') + 1;  // 0 if there is none
  outgoing_ += prompt.substr(0, last);
  Current current{wide_of(prompt.substr(last)), purpose, assistant, {}};
  current_ = &current;
  drawn_prompt_ = current.prompt;
  history_.rewind();
  cycle_.reset();
  resize();
  int count = 0;
  el_wgets(editor_, &count);
  go_below();
  flush();
  Line line{current.status, {}};
  if (line.status == Line::Status::line) line.text = utf8_of(this->line().substr(0, this->line().size() - 1));
  scrub();
  wipe(current.shown);
  current_ = nullptr;
  return line;
}

void LineEditor::remember(std::string_view line) {
  auto wide = wide_of(line);
  history_.add(wide);
  wipe(wide);
}

void LineEditor::show(std::string_view lines) {
  if (current_ == nullptr) {
    out_.write(lines);
    return;
  }
  settle();
  go_above(current_->row());
  outgoing_ += lines;
  redraw();
  flush();
}

/// A character for libedit: one of the keys that it edits by.
wchar_t LineEditor::next_character() {
  for (;;) {
    settle();
    if (!ahead_.empty()) {
      const auto character = ahead_.front();
      ahead_.erase(0, 1);
      return character;
    }
    const auto key = next_key();
    if (!key) return *finish(Line::Status::end);
    if (const auto character = act(*key)) return *character;
  }
}

/// None: the terminal is gone, or the assistant wants no more.
std::optional<Key> LineEditor::next_key() {
  while (keys_.empty()) {
    if (const auto octet = terminal_.take()) {
      decoder_.feed(*octet, keys_);
      continue;
    }
    if (!flush()) return std::nullopt;
    switch (terminal_.wait(current_->assistant.descriptor())) {
      case Terminal::Event::octets:
      case Terminal::Event::timeout: break;
      case Terminal::Event::other:
        if (!current_->assistant.on_readable()) return std::nullopt;
        break;
      case Terminal::Event::resized: resize(); break;
      case Terminal::Event::gone: return std::nullopt;
    }
  }
  const Key key = keys_.front();
  keys_.front() = {};
  keys_.pop_front();
  return key;
}

std::optional<wchar_t> LineEditor::act(const Key& key) {
  using Kind = Key::Kind;
  if (key.kind != Kind::tab) cycle_.reset();
  if (current_->literal) {
    current_->literal = false;
    return key.kind == Kind::character ? insert(key.character) : beep();
  }
  switch (key.kind) {
    case Kind::enter: return finish(Line::Status::line);
    case Kind::interrupt: return finish(Line::Status::interrupted);
    case Kind::end_of_input: return line().empty() ? finish(Line::Status::end) : kEraseRight;
    case Kind::left: return kLeft;
    case Kind::right: return kRight;
    case Kind::home: return kHome;
    case Kind::end: return kEnd;
    case Kind::erase_left: return kEraseLeft;
    case Kind::erase_right: return kEraseRight;
    case Kind::erase_word: return replace({.before = word_before(), .behind = 0, .insert = {}});
    case Kind::erase_before: return replace({.before = cursor(), .behind = 0, .insert = {}});
    case Kind::erase_behind: return replace({.before = 0, .behind = line().size() - cursor(), .insert = {}});
    case Kind::literal: current_->literal = true; return std::nullopt;
    case Kind::unknown: return beep();
    default: break;
  }
  if (current_->purpose == Purpose::command) return act_in_command(key);
  return key.kind == Kind::character ? insert(key.character) : beep();
}

std::optional<wchar_t> LineEditor::act_in_command(const Key& key) {
  using Kind = Key::Kind;
  switch (key.kind) {
    case Kind::character:
      if (key.character != U'?' || has_open_quote(typed())) return insert(key.character);
      return show_help();
    case Kind::tab: return complete();
    case Kind::up: return recall(history_.older(line()));
    case Kind::down: return recall(history_.newer());
    case Kind::return_view:
      if (current_->prompt.starts_with(L'<')) return beep();  // the user view already
      ahead_ = kEnter;
      return replace({.before = cursor(), .behind = line().size() - cursor(), .insert = L"return"});
    default: return beep();
  }
}

std::optional<wchar_t> LineEditor::insert(char32_t character) {
  if (line().size() >= kMaxLine) return beep();
  return static_cast<wchar_t>(character);
}

std::optional<wchar_t> LineEditor::finish(Line::Status status) {
  current_->status = status;
  return kEnter;
}

std::optional<wchar_t> LineEditor::replace(Edit edit) {
  edit_ = std::move(edit);
  return kEdit;
}

std::optional<wchar_t> LineEditor::recall(const std::wstring* found) {
  if (found == nullptr) return beep();
  return replace({.before = cursor(), .behind = line().size() - cursor(), .insert = *found});
}

std::optional<wchar_t> LineEditor::beep() {
  outgoing_ += '\a';
  return std::nullopt;
}

/// The characters of the word, with the blanks behind it, that ends at the cursor.
std::size_t LineEditor::word_before() const {
  const auto text = typed();
  const auto end = text.find_last_not_of(L' ');
  const auto blank = end == std::wstring_view::npos ? end : text.find_last_of(L' ', end);
  return text.size() - (blank == std::wstring_view::npos ? 0 : blank + 1);
}

std::optional<wchar_t> LineEditor::complete() {
  if (!cycle_) {
    auto text = utf8_of(typed());
    const auto words = current_->assistant.completions(text);
    wipe(text);
    if (!words) return finish(Line::Status::end);
    cycle_ = Cycle{{}, 0, typed().size() - (typed().find_last_of(L' ') + 1)};  // npos + 1 is 0
    for (const auto& word : *words) cycle_->words.push_back(wide_of(word));
  }
  auto& cycle = *cycle_;
  if (cycle.words.empty()) return std::nullopt;
  if (cycle.words.size() == 1) {
    Edit edit{.before = cycle.shown, .behind = 0, .insert = cycle.words.front() + L' '};
    cycle_.reset();
    return replace(std::move(edit));
  }
  const auto& word = cycle.words[cycle.next];
  Edit edit{.before = cycle.shown, .behind = 0, .insert = word};
  cycle.shown = word.size();
  cycle.next = (cycle.next + 1) % cycle.words.size();
  return replace(std::move(edit));
}

std::optional<wchar_t> LineEditor::show_help() {
  auto text = utf8_of(typed());
  const auto help = current_->assistant.help(text, size_.columns);
  wipe(text);
  if (!help) return finish(Line::Status::end);
  go_below();
  outgoing_ += *help;
  redraw();
  return std::nullopt;
}

/// A place of the line, counted from the beginning of the prompt.
Place LineEditor::place_of(std::size_t cursor, int columns) const {
  return place_behind(line().substr(0, cursor), columns, place_behind(current_->prompt, columns));
}

/// Hands on what the last key has changed.
void LineEditor::settle() {
  auto& now = *current_;
  const auto text = line();
  const bool at_end = cursor() == text.size();
  const bool grows = at_end && now.at_end && !now.fresh && text.size() > now.shown.size() &&
                     text.starts_with(now.shown) && is_printable(text.substr(now.shown.size()));
  now.at_end = at_end;
  if (grows) {
    append(text.substr(now.shown.size()));
  } else if (drawn_ == "\a") {
    outgoing_ += drawn_;
  } else if (now.fresh || !drawn_.empty()) {
    show_anew();
  }
  drawn_.clear();
  now.fresh = false;
  assign_wiping(now.shown, text);
}

/// A line that grows at its end is written as it is: libedit would add to a full row what makes the terminal
/// wrap at once.
void LineEditor::append(std::wstring_view more) {
  auto octets = utf8_of(more);
  outgoing_ += octets;
  wipe(octets);
  current_->end = place_behind(more, size_.columns, current_->end);
  current_->cursor = current_->end;
  current_->full_row = current_->end.row > 0 && current_->end.column == 0;
}

void LineEditor::show_anew() {
  auto& now = *current_;
  if (now.fresh && now.at_end) {
    now.end = {};
    append(now.prompt);
    return append(line());
  }
  const bool was_tall = now.end.row > 0;
  const int row = now.row();
  now.end = place_of(line().size(), size_.columns);
  now.cursor = place_of(cursor(), size_.columns);
  if (up_.empty() || !(was_tall || now.end.row > 0)) {
    if (now.full_row && !now.fresh) outgoing_ += " \b";
    outgoing_ += drawn_;
  } else {
    if (!now.fresh) go_up(row);
    draw();
  }
  now.full_row = false;
}

/// Prompt and line, from column 0 of their first row; then the cursor goes where it belongs.
void LineEditor::draw() {
  const auto& now = *current_;
  auto octets = utf8_of(line());
  outgoing_ += utf8_of(now.prompt) + octets;
  wipe(octets);
  if (now.end.column == 0) outgoing_ += " \b";  // makes it wrap
  outgoing_ += clear_;
  if (now.at_end) return;
  go_up(now.rows_below());
  for (int column = 0; column < now.cursor.column; ++column) outgoing_ += right_;
}

/// Prompt and line anew; the cursor is in column 0.
void LineEditor::redraw() {
  el_wset(editor_, EL_REFRESH);
  current_->fresh = true;
  settle();
}

void LineEditor::go_below() { outgoing_.append(static_cast<std::size_t>(current_->rows_below()) + 1, '\n'); }

/// To column 0 of the row so many rows above.
void LineEditor::go_up(int rows) {
  for (; rows > 0; --rows) outgoing_ += up_;
  outgoing_ += '\r';
}

/// To the beginning of the row so many rows above, and all cleared from there on; a terminal that cannot is
/// left below the line instead.
void LineEditor::go_above(int rows) {
  if (up_.empty()) return go_below();
  go_up(rows);
  outgoing_ += clear_;
}

/// The terminal's size for libedit. A line that takes more than one row is drawn anew; where it begins then,
/// only the terminal knows: no row of something else is cleared.
void LineEditor::resize() {
  const auto size = terminal_.size();
  const auto old = std::exchange(size_, size);
  const winsize window{static_cast<unsigned short>(size.rows), static_cast<unsigned short>(size.columns), 0,
                       0};
  ioctl(stand_in_, TIOCSWINSZ, &window);
  if (current_ == nullptr || old == size) return;
  el_resize(editor_);
  const auto end = line().size();
  if (place_of(end, old.columns).row == 0 && place_of(end, size.columns).row == 0) {
    el_wset(editor_, EL_REFRESH);
    drawn_.clear();
    return;
  }
  go_above(std::min(current_->row(), place_of(cursor(), size.columns).row));
  redraw();
}

bool LineEditor::flush() {
  const bool is_read = out_.write(outgoing_);
  outgoing_.clear();
  return is_read;
}

/// Leaves nothing of the line in memory that is ours or libedit's.
void LineEditor::scrub() {
  const auto text = line();
  wmemset(const_cast<wchar_t*>(text.data()), L'*', text.size());
  drawn_prompt_.assign(static_cast<std::size_t>(size_.rows) * static_cast<std::size_t>(size_.columns), L'*');
  el_wset(editor_, EL_REFRESH);
  wipe(drawn_);
  wipe(outgoing_);
}

}  // namespace noonmark::shell
