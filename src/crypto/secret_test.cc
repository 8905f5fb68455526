#include "crypto/secret.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <sys/mman.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace noonmark::crypto {
namespace {

std::string text(const Secret& secret) { return {secret.octets().begin(), secret.octets().end()}; }

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// The VmFlags line of the mapping that holds `at`, from /proc/self/smaps.
std::string vm_flags(std::uintptr_t at) {
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) inside = from <= at && at < to;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

bool is_mapped(std::uintptr_t at) {
  const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(at / page_size * page_size), 1, &resident) == 0 || errno != ENOMEM;
}

TEST(Wipe, OverwritesAllAndAcceptsNothing) {
  std::array<std::uint8_t, 5> memory = {1, 2, 3, 4, 5};
  wipe(memory);
  EXPECT_EQ(memory, (std::array<std::uint8_t, 5>{}));
  wipe({});
}

TEST(ConstantTimeEqual, ComparesLengthAndContent) {
  const std::vector<std::uint8_t> a = {1, 2, 3};
  EXPECT_TRUE(constant_time_equal(a, std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_FALSE(constant_time_equal(a, std::vector<std::uint8_t>{1, 2, 4}));
  EXPECT_FALSE(constant_time_equal(a, std::vector<std::uint8_t>{0, 2, 3}));
  EXPECT_FALSE(constant_time_equal(a, std::vector<std::uint8_t>{1, 2}));
  EXPECT_FALSE(constant_time_equal(a, {}));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

TEST(Secret, KeepsItsOctetsThroughCopyAndMove) {
  const Secret original(std::string_view("ab\0c", 4));
  Secret copy = original;
  const Secret moved = std::move(copy);
  EXPECT_EQ(text(moved), std::string("ab\0c", 4));
  EXPECT_EQ(moved, original);
  EXPECT_EQ(copy.size(), 0u);  // NOLINT(bugprone-use-after-move): a moved-from secret is empty
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
}

TEST(Secret, DiffersByContentAndLength) {
  EXPECT_NE(Secret("abc"), Secret("abd"));
  EXPECT_NE(Secret("abc"), Secret("ab"));
  EXPECT_NE(Secret("abc"), Secret());
  EXPECT_EQ(Secret(""), Secret());
}

TEST(Secret, EveryPageOfItStaysOutOfCoreDumps) {
  const Secret small("short");
  std::vector<std::uint8_t> content(10'000);
  std::iota(content.begin(), content.end(), std::uint8_t{0});
  const Secret large(content);
  const Secret copy = large;
  for (const auto octets : {small.octets(), large.octets(), copy.octets()}) {
    for (const auto* at : {octets.data(), octets.data() + octets.size() - 1})
      EXPECT_NE(vm_flags(address(at)).find(" dd "), std::string::npos) << "VmFlags has no \"do not dump\"";
  }
  EXPECT_EQ(vm_flags(address(content.data())).find(" dd "), std::string::npos) << "the heap is dumped";
}

TEST(Secret, SharesNoPageWithOtherData) {
  const Secret a("a");
  const Secret b("b");
  const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(address(a.octets().data()) % page_size, 0u);
  EXPECT_NE(address(a.octets().data()) / page_size, address(b.octets().data()) / page_size);
}

TEST(Secret, ItsMemoryGoesWithTheLastCopy) {
  auto first = std::make_unique<Secret>("secret");
  auto second = std::make_unique<Secret>(*first);
  const auto at = address(first->octets().data());
  first.reset();
  EXPECT_TRUE(is_mapped(at));
  EXPECT_EQ(text(*second), "secret");
  second.reset();
  EXPECT_FALSE(is_mapped(at));
}

TEST(Secret, IsFilledInPlace) {
  const std::uint8_t* filled = nullptr;
  const auto secret = Secret::make(3, [&](std::span<std::uint8_t> out) {
    filled = out.data();
    out[1] = 7;
  });
  EXPECT_EQ(secret.octets().data(), filled);
  EXPECT_EQ(text(secret), std::string("\0\7\0", 3));
  EXPECT_EQ(Secret::make(0, [](auto out) { EXPECT_TRUE(out.empty()); }), Secret());
}

}  // namespace
}  // namespace noonmark::crypto
