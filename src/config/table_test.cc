#include "config/table.h"

#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

struct Row {
  int id = 0;
  int value = 0;
  int key() const { return id; }
  bool operator==(const Row&) const = default;
};

TEST(Table, RowsStandInTheOrderOfTheirKeysWhateverTheOrderOfEntry) {
  Table<Row> a, b;
  for (const int id : {3, 1, 2}) a.put({id, 0});
  for (const int id : {2, 3, 1}) b.put({id, 0});
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.begin()->id, 1);
}

TEST(Table, PutReplacesTheRowOfTheSameKey) {
  Table<Row> table;
  table.put({1, 10});
  table.put({1, 20});
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table.find(1)->value, 20);
}

TEST(Table, EraseTellsWhetherThereWasARow) {
  Table<Row> table;
  table.put({1, 10});
  EXPECT_FALSE(table.erase(2));
  EXPECT_TRUE(table.erase(1));
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.find(1), nullptr);
}

}  // namespace
}  // namespace noonmark::config
