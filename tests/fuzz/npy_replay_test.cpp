// SPDX-License-Identifier: Apache-2.0
// Gives each file of the corpus to the fuzzer's own function, without a fuzzer.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

// A crash or an abort in there ends this program, with the file's name as the last line.
TEST(NpyCorpusReplay, AnswersEveryFile) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TENURE_CORPUS_DIR "/npy")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    ASSERT_FALSE(file.bad()) << entry.path();
    std::cout << entry.path().filename().string() << "\n" << std::flush;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++count;
  }
  EXPECT_GE(count, 20U) << "the corpus is not where it was";
}

}  // namespace
