// Any text is read as a configuration or refused line by line; what is read is written as a text that reads
// the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/configuration_text.h"
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
  return 0;
}
