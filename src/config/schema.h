#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/leaf.h"
#include "config/leaf_text.h"
#include "config/model.h"

namespace noonmark::config {

/// A row of the configuration as texts. `negated`: the line is the undo form (`undo crypto weak-algorithm
/// disable`).
struct RowText {
  Values values;
  bool negated = false;
};

/// One kind of configuration line: its leaves, and how its rows are read from and written to a Configuration.
/// The functions come from the templates below; nothing else knows how text and model belong together.
struct Schema {
  std::span<const LeafInfo> leaves;
  /// Enters the row, or replaces the one with the same keys. The values have passed accepts(); an error names
  /// the one that still does not fit its type.
  base::Result<void> (*enter)(Configuration&, const Values&);
  /// The undo form. Only keys are looked at; false if there was nothing to undo.
  bool (*undo)(Configuration&, const Values&);
  std::vector<RowText> (*rows)(const Configuration&);
};

/// A leaf bound to a member of its row.
template <class Row>
struct Leaf {
  LeafInfo info;
  bool (*set)(Row&, std::string_view);
  std::optional<std::string> (*get)(const Row&);  // none: has its default
  void (*reset)(Row&);
};

template <auto Member>
struct MemberOf;
template <class Class, class Type, Type Class::* Member>
struct MemberOf<Member> {
  using Row = Class;
  using Value = Type;
};

/// The row that a line begins from: what it says nothing of.
template <class Row, auto Blank>
Row blank_row() {
  if constexpr (std::is_same_v<decltype(Blank), std::nullptr_t>)
    return {};
  else
    return Blank();
}

/// `Blank` makes the row whose values are the defaults.
template <auto Member, auto Blank = nullptr>
constexpr auto leaf(const LeafInfo& info) {
  using Row = typename MemberOf<Member>::Row;
  const auto set = [](Row& row, std::string_view text) { return from_text(text, row.*Member); };
  const auto get = [](const Row& row) -> std::optional<std::string> {
    if (row.*Member == blank_row<Row, Blank>().*Member) return std::nullopt;
    return to_text(row.*Member);
  };
  const auto get_always = [](const Row& row) -> std::optional<std::string> { return to_text(row.*Member); };
  const auto reset = [](Row& row) { row.*Member = blank_row<Row, Blank>().*Member; };
  const bool always =
      info.role == LeafRole::required || (info.role == LeafRole::key && info.type == LeafType::choice);
  if (always) return Leaf<Row>{info, set, get_always, reset};
  return Leaf<Row>{info, set, get, reset};
}

/// A word that is typed but never kept nor shown: the entry turns it into another leaf's value (a plaintext
/// password).
template <class Row>
constexpr Leaf<Row> typed_only(const LeafInfo& info) {
  return {info, [](Row&, std::string_view) { return true; },
          [](const Row&) -> std::optional<std::string> { return std::nullopt; }, [](Row&) {}};
}

/// A keyword that may be left out and is always shown.
template <class Row>
constexpr Leaf<Row> shown_only(const LeafInfo& info) {
  return {info, [](Row&, std::string_view) { return true; },
          [](const Row&) -> std::optional<std::string> { return ""; }, [](Row&) {}};
}

template <const auto& Leaves>
inline constexpr auto kInfos = [] {
  std::array<LeafInfo, Leaves.size()> infos{};
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = Leaves[i].info;
  return infos;
}();

template <const auto& Leaves, class Row>
base::Result<void> read_row(const Values& values, Row& row) {
  for (std::size_t i = 0; i < Leaves.size(); ++i)
    if (values[i] && !Leaves[i].set(row, *values[i]))
      return base::fail(std::string(Leaves[i].info.name) + " does not take the value " + *values[i]);
  return {};
}

template <const auto& Leaves, class Row>
RowText write_row(const Row& row) {
  RowText text{Values(Leaves.size())};
  for (std::size_t i = 0; i < Leaves.size(); ++i) text.values[i] = Leaves[i].get(row);
  return text;
}

template <auto Member>
using RowOf = std::decay_t<decltype(*(Configuration{}.*Member).begin())>;

/// Rows of a Table. `Shown` limits the lines of this schema to some of the rows; `Blank` makes the row that
/// they begin from.
template <auto Member, const auto& Leaves, auto Shown = nullptr, auto Blank = nullptr>
constexpr Schema table_schema() {
  using Row = RowOf<Member>;
  return {kInfos<Leaves>,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            Row row = blank_row<Row, Blank>();
            if (auto read = read_row<Leaves>(values, row); !read) return read;
            (c.*Member).put(std::move(row));
            return {};
          },
          [](Configuration& c, const Values& values) {
            Row row = blank_row<Row, Blank>();
            return read_row<Leaves>(values, row).has_value() && (c.*Member).erase(row.key());
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            for (const auto& row : c.*Member) {
              if constexpr (!std::is_same_v<decltype(Shown), std::nullptr_t>)
                if (!Shown(row)) continue;
              rows.push_back(write_row<Leaves>(row));
            }
            return rows;
          }};
}

/// One line whose leaf is a member of Configuration itself; with its default there is no line.
template <const auto& Leaves>
constexpr Schema value_schema() {
  static_assert(Leaves.size() == 1 && Leaves[0].info.role == LeafRole::option);
  return {kInfos<Leaves>, [](Configuration& c, const Values& values) { return read_row<Leaves>(values, c); },
          [](Configuration& c, const Values&) {
            const bool was_set = Leaves[0].get(c).has_value();
            Leaves[0].reset(c);
            return was_set;
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            if (Leaves[0].get(c)) rows.push_back(write_row<Leaves>(c));
            return rows;
          }};
}

/// One line of several leaves, members of a structure that is a member of Configuration; while all of them
/// have their defaults there is no line.
template <auto Member, const auto& Leaves>
constexpr Schema line_schema() {
  using Row = typename MemberOf<Member>::Value;
  return {kInfos<Leaves>,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            Row row;
            if (auto read = read_row<Leaves>(values, row); !read) return read;
            c.*Member = row;
            return {};
          },
          [](Configuration& c, const Values&) { return std::exchange(c.*Member, Row{}) != Row{}; },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            if (c.*Member != Row{}) rows.push_back(write_row<Leaves>(c.*Member));
            return rows;
          }};
}

/// A line without values that is there or not.
template <auto Member>
constexpr Schema switch_schema() {
  return {{},
          [](Configuration& c, const Values&) -> base::Result<void> {
            c.*Member = true;
            return {};
          },
          [](Configuration& c, const Values&) { return std::exchange(c.*Member, false); },
          [](const Configuration& c) { return std::vector<RowText>((c.*Member) ? 1 : 0); }};
}

/// A line of three states: not there, the line (`On`), and its undo form (`Off`), which is kept and shown as
/// such.
template <auto Member, auto On, auto Off>
constexpr Schema tristate_schema() {
  return {{},
          [](Configuration& c, const Values&) -> base::Result<void> {
            c.*Member = On;
            return {};
          },
          [](Configuration& c, const Values&) {
            c.*Member = Off;
            return true;
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            if (c.*Member == On || c.*Member == Off) rows.push_back({{}, c.*Member == Off});
            return rows;
          }};
}

inline constexpr std::array kFamilyLeaf{
    LeafInfo{"ipv6", LeafType::flag, LeafRole::key, "IPv6 instead of IPv4"},
};
inline std::size_t family_index(const Values& values) { return values[0] ? 1 : 0; }
inline Values family_values(std::size_t index) {
  return {index == 0 ? std::nullopt : std::optional<std::string>("")};
}

/// A line `[ ipv6 ]` that is there or not, for each family.
template <auto Member>
constexpr Schema family_switch_schema() {
  return {kFamilyLeaf,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            (c.*Member)[family_index(values)] = true;
            return {};
          },
          [](Configuration& c, const Values& values) {
            return std::exchange((c.*Member)[family_index(values)], false);
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            for (std::size_t i = 0; i < (c.*Member).size(); ++i)
              if ((c.*Member)[i]) rows.push_back({family_values(i)});
            return rows;
          }};
}

/// As tristate_schema(), for each family.
template <auto Member, auto On, auto Off>
constexpr Schema family_tristate_schema() {
  return {kFamilyLeaf,
          [](Configuration& c, const Values& values) -> base::Result<void> {
            (c.*Member)[family_index(values)] = On;
            return {};
          },
          [](Configuration& c, const Values& values) {
            (c.*Member)[family_index(values)] = Off;
            return true;
          },
          [](const Configuration& c) {
            std::vector<RowText> rows;
            for (std::size_t i = 0; i < (c.*Member).size(); ++i)
              if ((c.*Member)[i] == On || (c.*Member)[i] == Off)
                rows.push_back({family_values(i), (c.*Member)[i] == Off});
            return rows;
          }};
}

}  // namespace noonmark::config
