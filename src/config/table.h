#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace noonmark::config {

/// Rows with unique keys, kept in the order of their keys. `Row::key()` gives the key, an ordered value.
template <class Row>
class Table {
 public:
  using Key = decltype(std::declval<const Row&>().key());

  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }
  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }

  const Row* find(const Key& key) const {
    const auto it = lower_bound(rows_, key);
    return it != rows_.end() && it->key() == key ? &*it : nullptr;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }

  /// Enters the row; one of the same key is replaced.
  void put(Row row) {
    const auto it = lower_bound(rows_, row.key());
    if (it != rows_.end() && it->key() == row.key())
      *it = std::move(row);
    else
      rows_.insert(it, std::move(row));
  }
  /// False if there was none.
  bool erase(const Key& key) {
    const auto it = lower_bound(rows_, key);
    if (it == rows_.end() || it->key() != key) return false;
    rows_.erase(it);
    return true;
  }

  bool operator==(const Table&) const = default;

 private:
  template <class Rows>
  static auto lower_bound(Rows& rows, const Key& key) {
    return std::lower_bound(rows.begin(), rows.end(), key,
                            [](const Row& row, const Key& wanted) { return row.key() < wanted; });
  }
  std::vector<Row> rows_;
};

}  // namespace noonmark::config
