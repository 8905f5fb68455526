#include "cli/grammar.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"

namespace noonmark::cli {
namespace {

using Kind = Expression::Kind;
using config::LeafInfo;
using config::LeafRole;
using config::LeafType;

ExpressionPtr make(Expression expression) {
  return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr empty() { return make({}); }

ExpressionPtr sequence(ExpressionPtr head, ExpressionPtr tail) {
  if (head->kind == Kind::empty) return tail;
  if (tail->kind == Kind::empty) return head;
  return make({Kind::sequence, {}, nullptr, 0, {std::move(head), std::move(tail)}});
}

/// Reads a notation from left to right.
class NotationReader {
 public:
  NotationReader(std::string_view notation, std::span<const LeafInfo> leaves)
      : rest_(notation), leaves_(leaves) {}

  ExpressionPtr read_sequence() {
    std::vector<ExpressionPtr> items;
    while (!peek().empty() && peek() != "|" && peek() != "]" && peek() != "}") items.push_back(read_item());
    ExpressionPtr result = empty();
    for (auto item = items.rbegin(); item != items.rend(); ++item) result = sequence(*item, result);
    return result;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view peek() const { return rest_.substr(0, rest_.find(' ')); }
  std::string_view next() {
    const auto word = peek();
    rest_.remove_prefix(std::min(word.size() + 1, rest_.size()));
    return word;
  }

  ExpressionPtr read_item() {
    const auto word = next();
    if (word == "[" || word == "{") return read_alternatives(word == "[");
    return word.front() == '<' ? parameter(word) : keyword(word);
  }

  ExpressionPtr read_alternatives(bool optional) {
    std::vector<ExpressionPtr> alternatives{read_sequence()};
    while (peek() == "|") {
      next();
      alternatives.push_back(read_sequence());
    }
    CHECK(next() == (optional ? "]" : "}"));
    if (peek() == "*") {
      next();
      return optional ? subset(std::move(alternatives)) : at_least_one(alternatives);
    }
    if (optional) alternatives.push_back(empty());
    return make({Kind::choice, {}, nullptr, 0, std::move(alternatives)});
  }

  static ExpressionPtr subset(std::vector<ExpressionPtr> alternatives) {
    return make({Kind::subset, {}, nullptr, 0, std::move(alternatives)});
  }
  /// One of them, and any of the others.
  static ExpressionPtr at_least_one(const std::vector<ExpressionPtr>& alternatives) {
    Expression first{Kind::choice, {}, nullptr, 0, {}};
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
      auto others = alternatives;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      first.children.push_back(sequence(alternatives[i], subset(std::move(others))));
    }
    return make(std::move(first));
  }

  ExpressionPtr parameter(std::string_view word) const {
    const auto leaf = std::ranges::find(leaves_, word.substr(1, word.size() - 2), &LeafInfo::name);
    CHECK(leaf != leaves_.end());
    return terminal(Kind::parameter, word, &*leaf);
  }

  ExpressionPtr keyword(std::string_view word) const {
    const auto leaf = std::ranges::find_if(leaves_, [&](const LeafInfo& l) {
      return (l.type == LeafType::flag && l.name == word) ||
             (l.type == LeafType::choice && l.has_choice(word));
    });
    return terminal(Kind::keyword, word, leaf == leaves_.end() ? nullptr : &*leaf);
  }

  ExpressionPtr terminal(Kind kind, std::string_view word, const LeafInfo* leaf) const {
    const std::size_t index = leaf == nullptr ? 0 : static_cast<std::size_t>(leaf - leaves_.data());
    return make({kind, std::string(word), leaf, index, {}});
  }

  std::string_view rest_;
  std::span<const LeafInfo> leaves_;
};

void append_steps(const ExpressionPtr& e, std::vector<Step>& out);

/// [ a | b ] * : the step that takes one alternative leaves the others.
void append_subset_steps(const ExpressionPtr& e, std::vector<Step>& out) {
  for (std::size_t i = 0; i < e->children.size(); ++i) {
    const auto first = steps(e->children[i]);
    Expression others{Kind::subset, {}, nullptr, 0, e->children};
    others.children.erase(others.children.begin() + static_cast<std::ptrdiff_t>(i));
    const auto more = others.children.empty() ? empty() : make(std::move(others));
    for (const auto& s : first) out.push_back({s.terminal, sequence(s.rest, more)});
  }
}

void append_steps(const ExpressionPtr& e, std::vector<Step>& out) {
  switch (e->kind) {
    case Kind::empty: return;
    case Kind::keyword:
    case Kind::parameter: out.push_back({e.get(), empty()}); return;
    case Kind::choice:
      for (const auto& child : e->children) append_steps(child, out);
      return;
    case Kind::subset: append_subset_steps(e, out); return;
    case Kind::sequence:
      for (const auto& s : steps(e->children[0]))
        out.push_back({s.terminal, sequence(s.rest, e->children[1])});
      if (nullable(*e->children[0])) append_steps(e->children[1], out);
      return;
  }
}

template <class Predicate>
bool any_terminal(const Expression& e, Predicate predicate) {
  if (e.kind == Kind::keyword || e.kind == Kind::parameter) return predicate(e);
  return std::ranges::any_of(e.children, [&](const auto& child) { return any_terminal(*child, predicate); });
}

bool has_key(const Expression& e) {
  return any_terminal(e,
                      [](const Expression& t) { return t.leaf != nullptr && t.leaf->role == LeafRole::key; });
}

bool has_key_parameter(const Expression& e) {
  return any_terminal(
      e, [](const Expression& t) { return t.kind == Kind::parameter && t.leaf->role == LeafRole::key; });
}

std::vector<ExpressionPtr> flatten(ExpressionPtr e) {
  std::vector<ExpressionPtr> items;
  for (; e->kind == Kind::sequence; e = e->children[1]) items.push_back(e->children[0]);
  items.push_back(e);
  return items;
}

ExpressionPtr undo_item(const ExpressionPtr& item) {
  if (item->kind == Kind::keyword && item->leaf == nullptr) return item;
  if (!has_key(*item)) return empty();
  if (item->kind != Kind::choice && item->kind != Kind::subset) return item;
  Expression kept{item->kind, {}, nullptr, 0, {}};
  for (const auto& child : item->children)
    if (child->kind == Kind::empty || has_key(*child)) kept.children.push_back(undo_form(child));
  return make(std::move(kept));
}

/// The words of one sequence item by item; false if a parameter or keyword that has to be there has no value.
bool append_words(const Expression& e, const config::Values& values, std::vector<std::string>& words);

/// Appends the words of `e`, or nothing and false if a value is missing or `e` shows none.
bool append_if_given(const Expression& e, const config::Values& values, std::vector<std::string>& words) {
  const auto size = words.size();
  const bool shows_value = any_terminal(
      e, [&](const Expression& t) { return t.leaf != nullptr && values[t.leaf_index].has_value(); });
  if (shows_value && append_words(e, values, words)) return true;
  words.resize(size);
  return false;
}

bool append_terminal(const Expression& e, const config::Values& values, std::vector<std::string>& words) {
  if (e.leaf == nullptr) {
    words.push_back(e.text);
    return true;
  }
  const auto& value = values[e.leaf_index];
  if (!value || (e.leaf->type == LeafType::choice && *value != e.text)) return false;
  if (e.kind == Kind::keyword)
    words.push_back(e.text);
  else if (e.leaf->type == LeafType::rest_of_line && value->find_first_of("?|>") == std::string::npos)
    words.push_back(*value);  // blanks belong to it
  else
    words.push_back(quoted_if_needed(*value));
  return true;
}

bool append_words(const Expression& e, const config::Values& values, std::vector<std::string>& words) {
  switch (e.kind) {
    case Kind::empty: return true;
    case Kind::keyword:
    case Kind::parameter: return append_terminal(e, values, words);
    case Kind::sequence:
      return append_words(*e.children[0], values, words) && append_words(*e.children[1], values, words);
    case Kind::choice:
      for (const auto& child : e.children)
        if (append_if_given(*child, values, words)) return true;
      return nullable(e);
    case Kind::subset:
      for (const auto& child : e.children) append_if_given(*child, values, words);
      return true;
  }
  return false;
}

}  // namespace

ExpressionPtr read_notation(std::string_view notation, std::span<const LeafInfo> leaves) {
  NotationReader reader(notation, leaves);
  auto expression = reader.read_sequence();
  CHECK(reader.at_end());
  return expression;
}

bool nullable(const Expression& e) {
  switch (e.kind) {
    case Kind::empty:
    case Kind::subset: return true;
    case Kind::keyword:
    case Kind::parameter: return false;
    case Kind::sequence: return nullable(*e.children[0]) && nullable(*e.children[1]);
    case Kind::choice:
      return std::ranges::any_of(e.children, [](const auto& child) { return nullable(*child); });
  }
  return false;
}

std::vector<Step> steps(const ExpressionPtr& expression) {
  std::vector<Step> result;
  append_steps(expression, result);
  return result;
}

ExpressionPtr undo_form(const ExpressionPtr& expression) {
  auto items = flatten(expression);
  const auto last = std::ranges::find_if(items.rbegin(), items.rend(),
                                         [](const ExpressionPtr& item) { return has_key_parameter(*item); });
  if (last != items.rend()) items.erase(last.base(), items.end());
  ExpressionPtr result = empty();
  for (auto item = items.rbegin(); item != items.rend(); ++item) result = sequence(undo_item(*item), result);
  return result;
}

std::string notation_of(const Expression& e) {
  switch (e.kind) {
    case Kind::empty: return {};
    case Kind::keyword:
    case Kind::parameter: return e.text;
    case Kind::sequence:
      return fmt::format("{} {}", notation_of(*e.children[0]), notation_of(*e.children[1]));
    case Kind::choice:
    case Kind::subset: break;
  }
  std::vector<std::string> alternatives;
  for (const auto& child : e.children)
    if (child->kind != Kind::empty) alternatives.push_back(notation_of(*child));
  const bool optional = nullable(e);
  if (alternatives.size() == 1 && !optional) return alternatives.front();
  return fmt::format("{} {} {}{}", optional ? "[" : "{", fmt::join(alternatives, " | "), optional ? "]" : "}",
                     e.kind == Kind::subset && alternatives.size() > 1 ? " *" : "");
}

std::string render(const Expression& expression, const config::Values& values) {
  std::vector<std::string> words;
  CHECK(append_words(expression, values, words));
  std::string line;
  for (const auto& word : words) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  return line;
}

std::string quoted_if_needed(std::string_view text) {
  const bool plain =
      !text.empty() && text.find_first_of(" ?") == std::string_view::npos && text.front() != '"';
  return plain ? std::string(text) : '"' + std::string(text) + '"';
}

}  // namespace noonmark::cli
