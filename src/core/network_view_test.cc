#include "core/network_view.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

TEST(NetworkView, VrfsShareTheNamesOfThePublicInstanceAndNamespacesDoNot) {
  constexpr auto kVrf = static_cast<VpnId>(1), kNamespace = static_cast<VpnId>(2);
  NetworkView view;
  view.vpns = {{}, {kVrf, "red", Vpn::Kind::vrf}, {kNamespace, "blue", Vpn::Kind::network_namespace}};
  EXPECT_TRUE(view.share_namespace(VpnId::public_instance, kVrf));
  EXPECT_FALSE(view.share_namespace(VpnId::public_instance, kNamespace));
  EXPECT_TRUE(view.share_namespace(kNamespace, kNamespace));
}

}  // namespace
}  // namespace noonmark::core
