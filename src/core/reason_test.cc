#include "core/reason.h"

#include <gtest/gtest.h>
#include <set>

namespace noonmark::core {
namespace {

TEST(UnsyncReason, EachHasVrpsWords) {
  std::set<std::string_view> texts;
  for (int i = 0; i < static_cast<int>(UnsyncReason::kCount); ++i)
    texts.insert(to_string(static_cast<UnsyncReason>(i)));
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(UnsyncReason::kCount));
  EXPECT_EQ(texts.count(""), 0u);
  EXPECT_EQ(to_string(UnsyncReason::vpn_change_detected), "VPN change detected");
  EXPECT_EQ(to_string(UnsyncReason::peer_clock_unsynchronized), "Peer clock unsynchronized/unselectable");
  EXPECT_EQ(to_string(UnsyncReason::source_interface_unavailable), "Source interface unavailable");
}

}  // namespace
}  // namespace noonmark::core
