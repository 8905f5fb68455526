// Any datagram is taken apart or refused, and every query gets one message of bounded length, which is a
// response to it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "core/control.h"
#include "wire/control.h"

namespace {

using namespace noonmark;

std::vector<core::AssociationState> some_peers() {
  std::vector<core::AssociationState> peers(200);
  for (std::size_t i = 0; i < peers.size(); ++i) {
    peers[i].id = core::AssociationId{static_cast<std::uint32_t>(i + 1)};
    peers[i].answered = i % 2 == 0;
  }
  return peers;
}

core::ControlView view_of(const std::vector<core::AssociationState>& peers) {
  core::ControlView view{};
  for (const auto& peer : peers) view.associations.push_back(&peer);
  return view;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto peers = some_peers();
  static const auto view = view_of(peers);
  const auto query = wire::decode_control({data, size});
  if (!query) return 0;
  CHECK(wire::kControlHeaderSize + query->data.size() <= size);
  if (query->data.size() <= wire::kMaxControlData) {
    const auto again = wire::encode_control(*query);
    CHECK(wire::encode_control(*wire::decode_control(again)) == again);
  }
  const auto answer = core::answer_control(*query, view);
  CHECK(answer.size() <= wire::kMaxControlMessage && answer.size() % 4 == 0);
  const auto response = wire::decode_control(answer);
  CHECK(response && response->is_response && !response->has_more);
  CHECK(response->sequence == query->sequence && response->association == query->association);
  return 0;
}
