#include "cli/parser.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/check.h"
#include "cli/keywords.h"

namespace noonmark::cli {
namespace {

using Kind = Expression::Kind;

bool starts_with_digit(const Token& token) {
  return !token.quoted && !token.text.empty() && token.text.front() >= '0' && token.text.front() <= '9';
}

/// The column where a word behind the line would start; one blank at its end counts as the separator.
std::size_t end_of(std::string_view line) { return line.ends_with(' ') ? line.size() : line.size() + 1; }

}  // namespace

std::string_view to_string(SyntaxError::Kind kind) {
  switch (kind) {
    case SyntaxError::Kind::unrecognized: return "Unrecognized command";
    case SyntaxError::Kind::incomplete: return "Incomplete command";
    case SyntaxError::Kind::ambiguous: return "Ambiguous command";
    case SyntaxError::Kind::wrong_parameter: return "Wrong parameter";
    case SyntaxError::Kind::too_many: return "Too many parameters";
  }
  return "";
}

std::string render(const SyntaxError& error, std::string_view prompt) {
  return fmt::format("{:>{}}\nError: {} found at '^' position.\n", "^", prompt.size() + error.offset + 1,
                     to_string(error.kind));
}

/// One way to understand the words so far: a form, and the expression of what is left of it.
struct Parser::Thread {
  const Form* form;
  ExpressionPtr rest;
  config::Values values;
  Arguments arguments;

  Thread after(const Step& step, const std::string& value) const {
    Thread next{form, step.rest, values, arguments};
    const auto& terminal = *step.terminal;
    if (terminal.leaf != nullptr) next.values[terminal.leaf_index] = value;
    if (terminal.kind == Kind::keyword)
      next.arguments.add_keyword(terminal.text);
    else
      next.arguments.add_value(terminal.text, value);
    return next;
  }
};

/// Follows all forms at once, word by word.
class Parser::Matcher {
 public:
  Matcher(const Parser& parser, std::string_view line, View view, bool privileged = true) : line_(line) {
    for (const auto& form : parser.forms_)
      if (contains(form.command->views, view) && (privileged || !form.command->privileged))
        threads_.push_back({&form, form.expression, config::Values(form.command->leaves.size()), {}});
  }

  /// Takes tokens[at] and what belongs to it; gives the position of the next word.
  tl::expected<std::size_t, SyntaxError> take(const std::vector<Token>& tokens, std::size_t at) {
    const auto& token = tokens[at];
    if (token.unterminated) return error(SyntaxError::Kind::wrong_parameter, token);
    const auto branches = all_branches();
    if (branches.empty()) return error(SyntaxError::Kind::too_many, token);
    if (auto keywords = keyword_branches(branches, token, at + 1 < tokens.size()); !keywords.empty())
      return take_keyword(keywords) ? tl::expected<std::size_t, SyntaxError>(at + 1)
                                    : error(SyntaxError::Kind::ambiguous, token);
    const auto next = take_parameter(branches, tokens, at);
    if (next > at) return next;
    const bool parameter_expected = std::ranges::any_of(branches, &Branch::is_parameter);
    return error(parameter_expected ? SyntaxError::Kind::wrong_parameter : SyntaxError::Kind::unrecognized,
                 token);
  }

  /// The first form that may end here.
  const Thread* complete() const {
    const auto it = std::ranges::find_if(threads_, [](const Thread& t) { return nullable(*t.rest); });
    return it == threads_.end() ? nullptr : &*it;
  }

  Expectations expectations(std::string_view prefix) const {
    Expectations result;
    const auto add = [](auto& list, auto item) {
      if (std::ranges::find(list, item) == list.end()) list.push_back(std::move(item));
    };
    for (const auto& branch : all_branches()) {
      const auto& terminal = *branch.step.terminal;
      if (branch.is_parameter()) {
        add(result.parameters, terminal.leaf);
        if (prefix.empty())
          add(result.words,
              Expectation{config::placeholder(*terminal.leaf), terminal.leaf->help, false, terminal.leaf});
      } else if (prefix.empty() || abbreviates(prefix, terminal.text)) {
        add(result.words, Expectation{terminal.text, keyword_help(terminal.text)});
      }
    }
    const auto* thread = complete();
    result.complete = prefix.empty() && thread != nullptr;
    result.displays = result.complete && thread->form->command->is_display();
    return result;
  }

 private:
  struct Branch {
    const Thread* thread;
    Step step;
    bool is_parameter() const { return step.terminal->kind == Kind::parameter; }
    bool is_free_text() const { return is_parameter() && config::is_free_text(step.terminal->leaf->type); }
  };

  static tl::unexpected<SyntaxError> error(SyntaxError::Kind kind, const Token& token) {
    return tl::unexpected<SyntaxError>(SyntaxError{kind, token.offset});
  }

  std::vector<Branch> all_branches() const {
    std::vector<Branch> branches;
    for (const auto& thread : threads_)
      for (auto& step : steps(thread.rest)) branches.push_back({&thread, std::move(step)});
    return branches;
  }

  /// The keywords that the token may stand for. Where any word would do as a parameter, a keyword has to be
  /// spelled in full and be followed by what it asks for.
  static std::vector<Branch> keyword_branches(const std::vector<Branch>& branches, const Token& token,
                                              bool followed) {
    std::vector<Branch> found;
    if (token.quoted) return found;
    const bool competes = std::ranges::any_of(branches, [&](const Branch& b) {
      return b.is_free_text() && config::accepts(*b.step.terminal->leaf, token.text);
    });
    const bool in_full = competes || std::ranges::any_of(branches, [&](const Branch& b) {
                           return !b.is_parameter() && same_keyword(token.text, b.step.terminal->text);
                         });
    for (const auto& branch : branches) {
      if (branch.is_parameter()) continue;
      const auto& keyword = branch.step.terminal->text;
      if (!(in_full ? same_keyword(token.text, keyword) : abbreviates(token.text, keyword))) continue;
      if (competes && !followed && !nullable(*branch.step.rest)) continue;
      found.push_back(branch);
    }
    return found;
  }

  /// False if the branches are of several keywords.
  bool take_keyword(const std::vector<Branch>& branches) {
    std::set<std::string_view> meanings;
    for (const auto& branch : branches) meanings.insert(branch.step.terminal->text);
    if (meanings.size() > 1) return false;
    std::vector<Thread> next;
    for (const auto& b : branches) next.push_back(b.thread->after(b.step, b.step.terminal->text));
    threads_ = std::move(next);
    return true;
  }

  /// How many words the parameter consists of. An interface may be written TYPE NUMBER.
  static std::size_t words_of(const config::LeafInfo& leaf, const std::vector<Token>& tokens,
                              std::size_t at) {
    if (leaf.type == config::LeafType::rest_of_line) return tokens.size() - at;
    const bool two_words = leaf.type == config::LeafType::interface_name && at + 1 < tokens.size() &&
                           !tokens[at].quoted && starts_with_digit(tokens[at + 1]);
    return two_words ? 2 : 1;
  }

  std::string value_of(const config::LeafInfo& leaf, const std::vector<Token>& tokens, std::size_t at,
                       std::size_t words) const {
    if (words == 1) return tokens[at].text;
    if (leaf.type != config::LeafType::rest_of_line) return tokens[at].text + tokens[at + 1].text;
    return std::string(
        line_.substr(tokens[at].offset, line_.find_last_not_of(" \t") + 1 - tokens[at].offset));
  }

  /// The position behind the parameter, or `at` if the token is none.
  std::size_t take_parameter(const std::vector<Branch>& branches, const std::vector<Token>& tokens,
                             std::size_t at) {
    std::vector<Thread> next;
    std::size_t behind = at;
    for (const auto& branch : branches) {
      if (!branch.is_parameter()) continue;
      const auto& leaf = *branch.step.terminal->leaf;
      const auto words = words_of(leaf, tokens, at);
      const auto value = value_of(leaf, tokens, at, words);
      if (!config::accepts(leaf, value)) continue;
      next.push_back(branch.thread->after(branch.step, value));
      behind = at + words;
    }
    if (behind > at) threads_ = std::move(next);
    return behind;
  }

  std::string_view line_;
  std::vector<Thread> threads_;
};

Parser::Parser(std::span<const DisplayCommand> displays) {
  for (const auto& command : commands()) add(command);
  for (const auto& display : displays) {
    display_rows_.push_back({.grammar = display.grammar,
                             .help = display.help,
                             .views = View::user | View::system | View::interface | View::acl4 | View::acl6,
                             .leaves = common_leaves(),
                             .privileged = false,
                             .display = &display});
    add(display_rows_.back());
  }
}

void Parser::add(const Command& command) {
  const auto expression = read_notation(command.grammar, command.leaves);
  forms_.push_back({&command, expression, false, expression});
  if (command.schema == nullptr) return;
  const auto behind_undo = [](ExpressionPtr rest) {
    static const ExpressionPtr undo = read_notation("undo", {});
    return std::make_shared<const Expression>(
        Expression{Kind::sequence, {}, nullptr, 0, {undo, std::move(rest)}});
  };
  const auto shown = behind_undo(undo_form(expression));
  const auto typed =
      command.undo_grammar.empty() ? shown : behind_undo(read_notation(command.undo_grammar, command.leaves));
  forms_.push_back({&command, typed, true, shown});
}

tl::expected<Match, SyntaxError> Parser::parse(std::string_view line, View view) const {
  const auto tokens = split(line);
  Matcher matcher(*this, line, view);
  for (std::size_t at = 0; at < tokens.size();) {
    const auto next = matcher.take(tokens, at);
    if (!next) return tl::unexpected<SyntaxError>(next.error());
    at = *next;
  }
  const auto* thread = matcher.complete();
  if (thread == nullptr)
    return tl::unexpected<SyntaxError>(SyntaxError{SyntaxError::Kind::incomplete, end_of(line)});
  return Match{thread->form->command, thread->form->undo, thread->values, thread->arguments};
}

tl::expected<Expectations, SyntaxError> Parser::expected_next(std::string_view line, View view,
                                                              bool privileged) const {
  auto tokens = split(line);
  std::string partial;
  if (!tokens.empty() && !line.ends_with(' ')) {
    partial = tokens.back().text;
    tokens.pop_back();
  }
  Matcher matcher(*this, line, view, privileged);
  for (std::size_t at = 0; at < tokens.size();) {
    const auto next = matcher.take(tokens, at);
    if (!next) return tl::unexpected<SyntaxError>(next.error());
    at = *next;
  }
  return matcher.expectations(partial);
}

CommandPlace command_place(std::string_view line, View view) {
  const auto tokens = split(line.substr(0, std::min(line.size(), kMaxLine)));
  constexpr std::size_t kShortest = 2;  // "ru": "r" is `return` as well
  if (view == View::user || tokens.empty() || tokens.front().text.size() < kShortest ||
      !abbreviates(tokens.front().text, "run"))
    return {line, 0, view};
  const auto behind = tokens.front().offset + tokens.front().text.size() + 1;
  if (behind > line.size()) return {line, 0, view};
  return {line.substr(behind), behind, View::user};
}

const Parser::Form& Parser::form_of(const Command& command, bool undo) const {
  const auto form =
      std::ranges::find_if(forms_, [&](const Form& f) { return f.command == &command && f.undo == undo; });
  CHECK(form != forms_.end());
  return *form;
}

void Parser::for_each_command(const std::function<void(const Command&)>& visit) const {
  for (const auto& form : forms_)
    if (!form.undo) visit(*form.command);
}

std::string Parser::line_of(const Command& command, const config::RowText& row) const {
  return cli::render(*form_of(command, row.negated).shown, row.values);
}

std::string Parser::undo_line_of(const Command& command, const config::RowText& row) const {
  return cli::render(*form_of(command, true).shown, row.values);
}

const Parser& parser() {
  static const Parser instance(display_commands());
  return instance;
}

}  // namespace noonmark::cli
