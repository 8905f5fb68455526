#pragma once

#include <string_view>

namespace noonmark::shell {

class Output {
 public:
  virtual ~Output() = default;
  /// False once nobody reads it any more.
  virtual bool write(std::string_view text) = 0;
};

/// Unbuffered. SIGPIPE has to be ignored.
class DescriptorOutput final : public Output {
 public:
  explicit DescriptorOutput(int descriptor) : descriptor_(descriptor) {}  // stays the caller's
  bool write(std::string_view text) override;

 private:
  int descriptor_;
};

}  // namespace noonmark::shell
