// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/memfds.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/os/unique_fd.hpp"

namespace digits {
namespace {

// /proc shows nothing that could be faked: the memfd is a real one, of this process.
class MemfdsTest : public testing::Test {
 protected:
  MemfdsTest() : fd_(::memfd_create("memfds_test", MFD_CLOEXEC)) {
    EXPECT_EQ(::ftruncate(fd_.get(), 4096), 0);
    mapped_ = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd_.get(), 0);
    EXPECT_NE(mapped_, MAP_FAILED);
  }
  ~MemfdsTest() override { unmap(); }

  void unmap() {
    if (mapped_ != nullptr) {
      ::munmap(mapped_, 4096);
      mapped_ = nullptr;
    }
  }

  tenure::os::UniqueFd fd_;
  void* mapped_ = nullptr;
};

TEST_F(MemfdsTest, SeesWhatAProcessHasMapped) {
  EXPECT_EQ(memfds_mapped_by(::getpid()).size(), 1U);
  unmap();
  EXPECT_TRUE(memfds_mapped_by(::getpid()).empty());
}

TEST_F(MemfdsTest, NamesTheFdAndTheMapping) {
  const Inodes memfds = memfds_mapped_by(::getpid());
  const std::string self = "/proc/" + std::to_string(::getpid());
  EXPECT_THAT(
      places_of(memfds),
      testing::UnorderedElementsAre(self + "/fd/" + std::to_string(fd_.get()), self + "/maps"));
}

TEST_F(MemfdsTest, NamesNothingOnceItIsGone) {
  const Inodes memfds = memfds_mapped_by(::getpid());
  unmap();
  fd_.reset();
  EXPECT_THAT(places_of(memfds), testing::IsEmpty());
}

TEST_F(MemfdsTest, TakesAnotherMemfdForAnother) {
  const Inodes memfds = memfds_mapped_by(::getpid());
  unmap();
  fd_.reset();
  const tenure::os::UniqueFd other(::memfd_create("memfds_test", MFD_CLOEXEC));
  EXPECT_THAT(places_of(memfds), testing::IsEmpty());
}

}  // namespace
}  // namespace digits
