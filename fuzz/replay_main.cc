// The main() of a fuzz target in ordinary builds: each file of a corpus as it is, then mutations of it. All
// is deterministic; the last line of output before a crash names the file, and a debugger the octets.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Octets = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr std::uint64_t kSeed = 20360207;
constexpr int kDefaultMutations = 2000;
constexpr int kMaxEdits = 4;
constexpr std::size_t kMaxChunk = 32;

std::vector<fs::path> sorted_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Octets read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t below(Random& random, std::size_t bound) { return static_cast<std::size_t>(random() % bound); }
std::uint8_t octet(Random& random) { return static_cast<std::uint8_t>(random()); }

/// One random change: a bit flipped, an octet set or added, a piece left out or repeated, the end cut off.
void edit(Octets& input, Random& random) {
  if (input.empty()) return input.push_back(octet(random));
  const std::size_t at = below(random, input.size());
  const auto position = input.begin() + static_cast<std::ptrdiff_t>(at);
  const std::size_t length = 1 + below(random, std::min(kMaxChunk, input.size() - at));
  const auto piece_end = position + static_cast<std::ptrdiff_t>(length);
  switch (below(random, 6)) {
    case 0: *position ^= static_cast<std::uint8_t>(1U << below(random, 8)); break;
    case 1: *position = octet(random); break;
    case 2: input.insert(position, octet(random)); break;
    case 3: input.erase(position, piece_end); break;
    case 4: {
      const Octets piece(position, piece_end);
      input.insert(position, piece.begin(), piece.end());
      break;
    }
    default: input.resize(at);
  }
}

Octets mutated(Octets input, Random& random) {
  const std::size_t edits = 1 + below(random, kMaxEdits);
  for (std::size_t i = 0; i < edits; ++i) edit(input, random);
  return input;
}

/// The target gets a copy of the exact size, so that address sanitizer sees a read past the end.
void run(std::span<const std::uint8_t> input) {
  const Octets exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS-FOLDER [MUTATIONS-PER-FILE=%d]\n", argv[0], kDefaultMutations);
    return 2;
  }
  const int mutations = argc == 3 ? std::atoi(argv[2]) : kDefaultMutations;
  const auto files = sorted_files(argv[1]);
  if (files.empty()) {
    std::fprintf(stderr, "%s: no corpus in %s\n", argv[0], argv[1]);
    return 1;
  }
  for (const auto& file : files) {
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);
    const Octets input = read_file(file);
    run(input);
    Random random(kSeed);
    for (int i = 0; i < mutations; ++i) run(mutated(input, random));
  }
  std::printf("%zu files, %d mutations of each\n", files.size(), mutations);
  return 0;
}
