#include "config/merge.h"

#include <set>

namespace noonmark::config {
namespace {

/// False if both changed it, each in its own way.
template <class T>
bool merge_value(const T& base, const T& mine, const T& theirs, T& merged, T& contested) {
  merged = mine == base ? theirs : mine;
  if (mine == base || theirs == base || mine == theirs) return true;
  contested = theirs == T{} ? mine : theirs;
  return false;
}

template <class T>
bool merge_value(const PerFamily<T>& base, const PerFamily<T>& mine, const PerFamily<T>& theirs,
                 PerFamily<T>& merged, PerFamily<T>& contested) {
  bool clean = true;
  for (std::size_t i = 0; i < base.size(); ++i)
    clean &= merge_value(base[i], mine[i], theirs[i], merged[i], contested[i]);
  return clean;
}

template <class Row>
std::optional<Row> row_of(const Table<Row>& table, const typename Table<Row>::Key& key) {
  const auto* row = table.find(key);
  return row == nullptr ? std::nullopt : std::optional<Row>(*row);
}

template <class Row>
bool merge_value(const Table<Row>& base, const Table<Row>& mine, const Table<Row>& theirs, Table<Row>& merged,
                 Table<Row>& contested) {
  merged = mine == base ? theirs : mine;
  if (mine == base || theirs == base || mine == theirs) return true;
  std::set<typename Table<Row>::Key> keys;
  for (const auto* table : {&base, &mine, &theirs})
    for (const auto& row : *table) keys.insert(row.key());
  merged = {};
  bool clean = true;
  for (const auto& key : keys) {
    std::optional<Row> row, disputed;
    clean &= merge_value(row_of(base, key), row_of(mine, key), row_of(theirs, key), row, disputed);
    if (row) merged.put(std::move(*row));
    if (disputed) contested.put(std::move(*disputed));
  }
  return clean;
}

}  // namespace

Merge merge(const Configuration& base, const Configuration& mine, const Configuration& theirs) {
  Merge result;
  visit_members([&](auto member) {
    result.conflict |= !merge_value(base.*member, mine.*member, theirs.*member, result.merged.*member,
                                    result.contested.*member);
  });
  return result;
}

}  // namespace noonmark::config
