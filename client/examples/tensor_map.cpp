// SPDX-License-Identifier: Apache-2.0
// A map from names to tensors that lies in shared memory, next to the tensors. Boost.Interprocess
// builds it inside a borrowed region; another process freezes the region and looks names up in
// place, without a copy, a lock or a write.
//
//   tensor_map write      writes tensors and a map of them
//   tensor_map read       waits for that, and finds every tensor by its name
//
// Boost follows the offsets that it finds in the region, unchecked: the reader has to trust the
// writer. What the map says of a tensor is checked by Freeze::tensor().
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

namespace ipc = boost::interprocess;

// Its pointers are offsets from where they lie, so it can be read at any address. Its mutexes are
// empty: the borrow keeps others out, and in a frozen region no lock could be taken.
using Segment = ipc::managed_external_buffer;
template <class T>
using Allocator = ipc::allocator<T, Segment::segment_manager>;
using Name = ipc::basic_string<char, std::char_traits<char>, Allocator<char>>;
// By less<>, a string_view can be looked up: to make a Name would allocate in the region.
using TensorMap = ipc::map<Name, Layout, std::less<>, Allocator<std::pair<const Name, Layout>>>;
static_assert(std::is_trivially_copyable_v<Layout>, "it means the same in any process");

constexpr std::string_view kBuffer = "model";
constexpr std::uint64_t kSize = 1U << 20U;
// The map lies at the region's begin, the tensors behind it.
constexpr Region kRegion{.begin_bytes = 256U << 10U, .end_bytes = 768U << 10U};
constexpr std::uint64_t kMapSize = 64U << 10U;

struct Planned {
  std::string_view name;
  std::int64_t rows;
  std::int64_t columns;
  float first;  // The elements count up from here.
};

// Small enough for float to be exact.
constexpr std::array kPlan{
    Planned{.name = "encoder.layers.0.attention.weight", .rows = 128, .columns = 64, .first = 0.0F},
    Planned{.name = "encoder.layers.0.attention.bias", .rows = 1, .columns = 64, .first = 1e5F},
    Planned{.name = "head.weight", .rows = 64, .columns = 10, .first = -320.5F},
};

template <class T>
void must_be_refused(const char* what, const Result<T>& result, Errc code) {
  if (result || result.error().code != code) {
    throw std::runtime_error(std::string(what) + " was not refused as it should be");
  }
  std::cout << what << ": " << result.error().message() << '\n';
}

// ---- write

void write_tensors(const Borrow& mine, TensorMap& map, const Allocator<char>& allocator) {
  std::uint64_t offset = mine.region().begin_bytes + kMapSize;
  for (const Planned& planned : kPlan) {
    const Layout layout{DType::float32, {planned.rows, planned.columns}, offset};
    const auto elements = or_throw(or_throw(mine.tensor(layout)).as<float>());
    std::iota(elements.begin(), elements.end(), planned.first);
    map.emplace(Name(planned.name, allocator), layout);
    std::cout << "writer: " << planned.name << ", " << elements.size() << " elements at byte "
              << offset << '\n';
    offset += elements.size_bytes();
  }
}

void write(Client& client) {
  // Persistent: it is still there if the reader comes late. Until the root borrow is back, nobody
  // else gets any of it.
  or_throw(client.create_buffer(
      kBuffer, {.size_bytes = kSize, .terms = {.lifetime = Lifetime::persistent}}));
  Buffer buffer = or_throw(client.buffer(kBuffer));
  Borrow root = or_throw(buffer.root());
  Borrow mine = or_throw(root.borrow(kRegion));

  const std::span<std::byte> memory = or_throw(mine.attach());
  Segment segment(ipc::create_only, memory.data(), kMapSize);
  const Allocator<char> allocator(segment.get_segment_manager());
  auto* map = segment.construct<TensorMap>("tensors")(std::less<>(), allocator);
  write_tensors(mine, *map, allocator);
  std::cout << "writer: the map lies at " << map << '\n';

  // The map stays where it is: nothing destroys it.
  or_throw(mine.detach());
  or_throw(mine.release());
  or_throw(root.release());
}

// ---- read

const TensorMap& open_map(std::span<const std::byte> memory) {
  // open_only takes a pointer to what can be written, and keeps it; find() only reads.
  Segment segment(ipc::open_only, const_cast<std::byte*>(memory.data()), kMapSize);
  const TensorMap* map = segment.find<TensorMap>("tensors").first;
  if (map == nullptr) {
    throw std::runtime_error("there is no map in the region");
  }
  return *map;
}

void check_tensor(const Freeze& input, const TensorMap& map, const Planned& planned) {
  const auto found = map.find(planned.name);
  if (found == map.end()) {
    throw std::runtime_error(std::string(planned.name) + " is not in the map");
  }
  const TensorView tensor = or_throw(input.tensor(found->second));
  const auto elements = or_throw(tensor.as<float>());
  std::vector<float> expected(static_cast<std::size_t>(planned.rows * planned.columns));
  std::iota(expected.begin(), expected.end(), planned.first);
  if (!std::ranges::equal(elements, expected)) {
    throw std::runtime_error(std::string(planned.name) + " has other values than were written");
  }
  std::cout << "reader: " << planned.name << ", " << elements.size() << " elements are right\n";
}

void check_map(const Freeze& input, const TensorMap& map) {
  std::cout << "reader: the map lies at " << &map << '\n';
  if (map.size() != kPlan.size() || map.contains(std::string_view("decoder.weight"))) {
    throw std::runtime_error("the map has other names than were written");
  }
  for (const Planned& planned : kPlan) {
    check_tensor(input, map, planned);
  }
}

// The spans are of const elements; and who casts that away gets no further.
void check_protection(std::span<const std::byte> memory) {
  void* const address = const_cast<std::byte*>(memory.data());
  if (::mprotect(address, memory.size(), PROT_READ | PROT_WRITE) == 0) {
    throw std::runtime_error("what is frozen could be made writable");
  }
  std::cout << "making it writable: " << std::strerror(errno) << '\n';
}

void read(Client& client) {
  Buffer buffer = or_throw(client.buffer(kBuffer, {.timeout = 20s}));
  Freeze input = or_throw(buffer.freeze(kRegion, {.timeout = 20s}));
  Freeze again = or_throw(buffer.freeze(kRegion));
  const std::span<const std::byte> memory = or_throw(input.attach());
  // A second map of the same pages: at least one of the two is not where the writer had it.
  const std::span<const std::byte> elsewhere = or_throw(again.attach());
  if (memory.data() == elsewhere.data()) {
    throw std::runtime_error("two tokens are attached at one address");
  }
  check_map(input, open_map(memory));
  check_map(again, open_map(elsewhere));
  check_protection(memory);
  must_be_refused("borrowing what is read", buffer.borrow(kRegion), Errc::held);
  or_throw(client.remove(kBuffer));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc == 2 ? argv[1] : "";
  if (role != "write" && role != "read") {
    std::cerr << "usage: tensor_map write|read\n";
    return 2;
  }
  try {
    Client client = or_throw(Client::connect({.name = std::string(role)}));
    if (role == "write") {
      write(client);
    } else {
      read(client);
    }
  } catch (const std::exception& failure) {
    std::cerr << "tensor_map: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
