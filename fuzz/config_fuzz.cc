// Any text is read as a configuration or refused line by line; what is read is written as a text that reads
// the same. So is what is known about a rollback point.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/configuration_diff.h"
#include "cli/configuration_text.h"
#include "config/commit_point.h"
#include "crypto/aead.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace noonmark;
  static base::SeededRandom random(1);
  static const config::KeyRing keyring(crypto::Secret(std::string_view("0123456789abcdef0123456789abcdef")),
                                       random);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto judgement : {cli::Judgement::stored, cli::Judgement::file}) {
    const auto loaded = cli::load_configuration(text, keyring, judgement);
    const auto rendered = cli::kTextCodec.render(loaded.configuration);
    const auto again = cli::load_configuration(rendered, keyring, cli::Judgement::stored);
    CHECK(again.refused.empty());
    CHECK(again.configuration == loaded.configuration);
  }
  if (const auto point = config::decode_commit_point(text))
    CHECK(config::decode_commit_point(config::encode(*point)) == point);
  const auto lines = cli::lines_of_text(text);
  CHECK(cli::changes(lines, lines).empty());
  (void)cli::render_changes(cli::changes({}, lines));
  return 0;
}
