#include "cli/session.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/check.h"
#include "cli/help.h"
#include "cli/session_commands.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

constexpr std::string_view kYesNoRetry =
    "Error: Please choose 'YES' or 'NO' first before pressing 'Enter'. [Y/N]:";
constexpr std::size_t kMaxHistory = 50;

const std::string& device_name(const Services& services) {
  const auto& sysname = services.datastore.running().sysname;
  return sysname.empty() ? services.host_name : sysname;
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool has_secret(const Match& match) {
  for (std::size_t i = 0; i < match.values.size(); ++i) {
    const auto type = match.command->leaves[i].type;
    if (match.values[i] && (type == config::LeafType::password || type == config::LeafType::hex_digits))
      return true;
  }
  return false;
}

/// "eth0", "acl4-basic-2000".
std::string place_in_prompt(View view, std::string_view thing) {
  if (view == View::acl4) return fmt::format("acl4-basic-{}", thing);
  if (view == View::acl6) return fmt::format("acl6-basic-{}", thing.substr(config::kIpv6Thing.size()));
  return std::string(thing);
}

/// Whether a line that was not understood may hold a password.
bool mentions_keys(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kWords{
      "authentication-mode", "cipher", "hex", "hmac-sha256", "md5", "aes-", "digest-"};
  constexpr std::size_t kShortest = 2;
  for (const auto& token : split(line))
    for (const auto word : kWords)
      if (token.unterminated || (token.text.size() >= kShortest && abbreviates(token.text, word)) ||
          (token.text.size() > word.size() && abbreviates(token.text.substr(0, word.size()), word)))
        return true;
  return false;
}

}  // namespace

Session::Session(const Services& services, SessionOptions options, SessionOutput output)
    : services_(services),
      options_(std::move(options)),
      output_(std::move(output)),
      candidate_(options_.author) {}

Session::~Session() { services_.datastore.end_session(options_.author.session); }

std::string Session::user_prompt(const Services& services) {
  return fmt::format("<{}>", device_name(services));
}

std::string Session::prompt() {
  if (view_ == View::user) return user_prompt(services_);
  const auto& host = device_name(services_);
  const char mark = services_.datastore.is_changed(candidate_) ? '*' : '~';
  if (view_ == View::system) return fmt::format("[{}{}]", mark, host);
  return fmt::format("[{}{}-{}]", mark, host, place_in_prompt(view_, thing_));
}

// ---- requests

Response Session::execute(std::string_view line) {
  if (question_) return answer(line);
  begin();
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (auto fine = check_line(line); !fine) {
    response_.keep_in_history = false;
    refuse(fine.error().message);
  } else {
    take_line(line);
  }
  tell_news();
  return finish();
}

Response Session::answer(std::optional<std::string_view> text) {
  begin();
  response_.keep_in_history = false;
  if (!question_) {
    refuse("There is no question to answer.");
    return finish();
  }
  // Who breaks off a question at a terminal keeps what he has.
  const auto word = without_blanks(text.value_or(question_->may_cancel && options_.interactive ? "c" : "n"));
  const auto is = [&](std::string_view letter, std::string_view in_full) {
    return same_keyword(word, letter) || same_keyword(word, in_full);
  };
  std::optional<Answer> chosen;
  if (is("y", "yes")) chosen = Answer::yes;
  if (is("n", "no")) chosen = Answer::no;
  if (is("c", "cancel") && question_->may_cancel) chosen = Answer::cancel;
  if (!chosen) {
    question_->text = question_->retry;
    return finish();
  }
  const auto act = std::move(question_->act);
  question_.reset();
  act(*chosen);
  tell_news();
  return finish();
}

Response Session::help(std::string_view line, std::size_t width) {
  begin();
  const auto at = prompt();
  if (auto fine = check_line(line); !fine)
    refuse(fine.error().message);
  else
    response_.output = help_text(
        {services_, services_.datastore.view(candidate_), view_, options_.privileged, at}, line, width);
  return finish();
}

Response Session::complete(std::string_view line) {
  begin();
  if (check_line(line))
    response_.completions =
        completions({services_, services_.datastore.view(candidate_), view_, options_.privileged, {}}, line);
  return finish();
}

void Session::interrupt() {
  if (operating_) operation_->interrupt();
}

bool Session::has_trial_to_lose() const {
  const auto& trial = services_.datastore.trial();
  return trial && trial->belongs_to(options_.author) && trial->ends_with_session();
}

void Session::tell_news() {
  if (!may_tell_ || operating_) return;
  const auto news = services_.datastore.take_news(options_.author.session);
  if (news.empty()) return;
  response_.output = news + '\n' + response_.output;
  // A script that meant to confirm its trial must not look as if it had.
  if (!options_.interactive && news.starts_with("Warning")) response_.refused = true;
}

void Session::begin() {
  response_ = {};
  may_tell_ = true;
  if (!operating_) operation_.reset();
}

Response Session::finish() {
  response_.prompt = prompt();
  response_.uncommitted = services_.datastore.is_changed(candidate_) || has_trial_to_lose();
  response_.screen_length = screen_length_;
  response_.pending = operating_;
  if (question_) response_.question = question_->text;
  if (response_.refused && !options_.interactive) script_refused_ = true;
  return std::move(response_);
}

// ---- what a line does

void Session::take_line(std::string_view line) {
  const auto tokens = split(line);
  if (tokens.empty()) return;
  if (tokens.front().text.front() == '#' && !tokens.front().quoted) {
    // A shown configuration can be typed back: `#` ends the section of an interface.
    if (is_of_one_thing(view_)) enter(View::system);
    return;
  }
  const auto place = command_place(line, view_);
  const auto error = [&](SyntaxError syntax) {
    response_.refused = true;
    response_.keep_in_history = !mentions_keys(line);
    remember(line);
    syntax.offset += place.offset;
    response_.output += render(syntax, prompt());
  };
  const auto piped = split_pipeline(place.command);
  if (!piped) return error(piped.error());
  auto match = parser().parse(piped->command, place.view);
  if (!match && is_of_one_thing(place.view)) {
    // What the view of an interface does not know may be a command of the view above.
    auto upper = parser().parse(piped->command, View::system);
    if (upper && !upper->undo) enter(View::system);
    if (upper ? !upper->undo : upper.error().offset > match.error().offset) match = std::move(upper);
  }
  if (!match) return error(match.error());
  if (place.offset != 0 && (match->command->run == quit_view || match->command->run == enter_system_view)) {
    remember(line);
    return refuse("This command changes the view, so run cannot execute it from another one.");
  }
  if (!piped->pipeline.empty() && !match->command->is_display())
    return error({SyntaxError::Kind::too_many, piped->command.size()});
  response_.keep_in_history = !has_secret(*match);
  remember(line);
  dispatch(*match, piped->pipeline);
}

void Session::remember(std::string_view line) {
  if (!response_.keep_in_history || (!history_.empty() && history_.back() == line)) return;
  history_.emplace_back(line);
  if (history_.size() > kMaxHistory) history_.pop_front();
}

void Session::dispatch(const Match& match, const Pipeline& pipeline) {
  const auto& command = *match.command;
  if (command.privileged && !options_.privileged)
    return refuse("You do not have permission to run the command.");
  if (command.schema != nullptr) return enter_configuration(match);
  if (command.run != nullptr) return command.run(*this, match);
  display(match, pipeline);
}

void Session::enter_configuration(const Match& match) {
  const auto enter_now = [this, match] {
    auto line = match;
    auto& datastore = services_.datastore;
    auto& candidate = datastore.edit(candidate_);
    const EntryContext context{candidate, datastore.running(), datastore.keyring(), services_.network,
                               Judgement::shell};
    std::vector<std::string> notices;
    const auto entered = cli::enter(context, line, thing_, candidate, notices);
    if (!entered) return refuse(entered.error().message);
    for (const auto& notice : notices) say(notice);
    if (!line.undo && line.command->leads_to != View::user) enter(line.command->leads_to, thing_of(line));
  };
  const auto& command = *match.command;
  const auto question =
      command.question != nullptr && !match.undo ? command.question(match.values) : std::string{};
  if (question.empty())
    enter_now();
  else
    ask_yes_no(question, enter_now);
}

// ---- displays

void Session::display(const Match& match, const Pipeline& pipeline) {
  if (pipeline.refresh && (!options_.interactive || pipeline.redirection))
    return refuse("refresh shows a display again and again on a terminal; leave it out here.");
  const auto& command = *match.command;
  if (command.operate != nullptr) return operate(match, pipeline);
  show(
      command.show != nullptr ? command.show(*this, match) : command.display->run(services_, match.arguments),
      pipeline, 0);
}

void Session::operate(const Match& match, const Pipeline& pipeline) {
  auto operation = match.command->operate(*this, match);
  if (!operation) return refuse(operation.error().message);
  CHECK(output_.respond);
  operation_ = std::move(*operation);
  operating_ = true;
  auto shown = std::make_shared<std::size_t>(0);
  const bool streams = pipeline.filters.empty() && !pipeline.json && !pipeline.redirection && !options_.json;
  operation_->start({.progress =
                         [this, shown, streams](std::string_view lines) {
                           if (!streams) return;
                           *shown += lines.size();
                           output_.progress(lines);
                         },
                     .done =
                         [this, shown, pipeline](const base::Result<DisplayOutput>& output) {
                           operating_ = false;
                           response_ = {};
                           show(output, pipeline, *shown);
                           output_.respond(finish());
                         }});
}

base::Result<std::string> Session::rendered(const DisplayOutput& output, const Pipeline& pipeline) const {
  if (!options_.json && !pipeline.json) return apply_filters(pipeline.filters, output.text);
  if (!pipeline.filters.empty())
    return base::fail("Filters apply to text; run the display without JSON, or without a filter.");
  return output.json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// `shown`: so much of the text stands on the terminal already.
void Session::show(const base::Result<DisplayOutput>& output, const Pipeline& pipeline, std::size_t shown) {
  if (!output) return refuse(output.error().message);
  const auto text = rendered(*output, pipeline);
  if (!text) return refuse(text.error().message);
  may_tell_ = !options_.json && !pipeline.json && !pipeline.redirection;
  response_.display = !pipeline.no_more;
  response_.refused |= output->refused;
  response_.redirection = pipeline.redirection;
  if (pipeline.refresh) response_.refresh_seconds = kRefreshSeconds;
  response_.output += text->substr(std::min(shown, text->size()));
}

// ---- for the commands

void Session::enter(View view, std::string thing) {
  view_ = view;
  thing_ = std::move(thing);
}

void Session::monitor(bool on) {
  monitor_.reset();
  if (!on || services_.log == nullptr) return;
  monitor_.emplace(*services_.log, [this](base::LogLevel level, std::string_view line) {
    if (level <= base::LogLevel::info && output_.notice) output_.notice(fmt::format("{}\n", line));
  });
}

void Session::say(std::string_view line) {
  response_.output += line;
  response_.output += '\n';
}

void Session::refuse(std::string_view sentence) {
  response_.refused = true;
  response_.display = false;
  say(fmt::format("Error: {}", sentence));
}

void Session::ask_yes_no(std::string text, std::function<void()> yes) {
  ask({std::move(text), std::string(kYesNoRetry), false, [yes = std::move(yes)](Answer answer) {
         if (answer == Answer::yes) yes();
       }});
}

}  // namespace noonmark::cli
