// SPDX-License-Identifier: Apache-2.0
// C = A x B by one process for each core. All of them read A and B, which are frozen; each borrows
// some rows of C. One is killed half-way: its rows come back poisoned, and go to another worker.
//
//   matrix_product        starts the workers itself
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

constexpr std::size_t kSide = 1024;
constexpr std::uint64_t kRowBytes = kSide * sizeof(float);
constexpr std::uint64_t kMatrixBytes = kSide * kRowBytes;
static_assert(kRowBytes == 4096, "no page begins or ends inside of a row, nor does a region");

const Shape kShape{kSide, kSide};
const FixedTensor kA{{"a", DType::float32, kShape}, 0};
const FixedTensor kB{{"b", DType::float32, kShape}, kMatrixBytes};
const FixedTensor kC{{"c", DType::float32, kShape}, 2 * kMatrixBytes};

enum class Fate : std::uint8_t { lives, dies };

template <class T>
void must_be_refused(const std::string& what, const Result<T>& result, Errc code) {
  if (result || result.error().code != code) {
    throw std::runtime_error(what + " was not refused as it should be");
  }
  std::cout << what << ": " + result.error().message() + "\n" << std::flush;
}

void must_be(bool holds, const std::string& claim) {
  if (!holds) {
    throw std::runtime_error("not so: " + claim);
  }
  std::cout << claim + "\n" << std::flush;
}

void send(int peer, const std::string& message) {
  if (::send(peer, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    throw std::runtime_error("the peer is gone");
  }
}

// Empty: the peer has closed its end, or is dead.
std::string receive(int peer) {
  std::array<char, 256> text{};
  const ssize_t size = ::recv(peer, text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::string rows_of(const Region& region) {
  return "rows " + std::to_string((region.begin_bytes - kC.offset_bytes) / kRowBytes) + " to " +
         std::to_string((region.end_bytes - kC.offset_bytes) / kRowBytes);
}

// ---- a worker

// Some rows of C from the same rows of A: all of them use a part of B while it is in the cache.
void multiply(std::span<const float> a, std::span<const float> b, std::span<float> c) {
  constexpr std::size_t kPart = 64;
  std::ranges::fill(c, 0.0F);
  for (std::size_t part = 0; part < kSide; part += kPart) {
    for (std::size_t row = 0; row < c.size(); row += kSide) {
      for (std::size_t k = part; k < part + kPart; ++k) {
        const float factor = a[row + k];
        const auto from = b.subspan(k * kSide, kSide);
        const auto to = c.subspan(row, kSide);
        for (std::size_t column = 0; column < kSide; ++column) {
          to[column] += factor * from[column];
        }
      }
    }
  }
}

void compute(Borrow& block, std::span<const float> a, std::span<const float> b, Fate fate) {
  if (block.poisoned()) {
    or_throw(block.acknowledge());  // Nothing of it is read before it is written.
  }
  const Region region = block.region();
  const std::uint64_t size_bytes = or_throw(block.attach()).size();
  const Layout rows{DType::float32, {static_cast<std::int64_t>(size_bytes / kRowBytes), kSide}};
  const auto c = or_throw(or_throw(block.tensor(rows)).as<float>());
  const auto rows_of_a =
      a.subspan((region.begin_bytes - kC.offset_bytes) / sizeof(float), c.size());

  const std::size_t half = c.size() / kSide / 2 * kSide;
  multiply(rows_of_a.first(half), b, c.first(half));
  if (fate == Fate::dies) {
    ::raise(SIGKILL);
  }
  multiply(rows_of_a.subspan(half), b, c.subspan(half));
  or_throw(block.detach());
  or_throw(block.release());
}

int work(int boss, Fate fate) {
  Client client = or_throw(Client::connect({.name = "worker"}));
  Freeze a = or_throw(client.claim<Freeze>(receive(boss)));
  Freeze b = or_throw(client.claim<Freeze>(receive(boss)));
  or_throw(a.attach());
  or_throw(b.attach());
  // Shape and dtype came with the tickets.
  const auto all_a = or_throw(a.span<float>());
  const auto all_b = or_throw(b.span<float>());
  for (std::string ticket = receive(boss); !ticket.empty(); ticket = receive(boss)) {
    Borrow block = or_throw(client.claim<Borrow>(ticket));
    compute(block, all_a, all_b, fate);
    send(boss, "done");
  }
  return EXIT_SUCCESS;
}

// ---- the boss

struct Worker {
  pid_t pid;
  int socket;
};

Worker start_worker(const std::vector<Worker>& older, Fate fate) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw std::runtime_error("no socket pair");
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Only the boss keeps these ends: a worker ends when the boss closes its own.
    ::close(pair[0]);
    for (const Worker& worker : older) {
      ::close(worker.socket);
    }
    ::_exit(work(pair[1], fate));
  }
  ::close(pair[1]);
  return {.pid = pid, .socket = pair[0]};
}

// Before this process connects: a session is not inherited.
std::vector<Worker> start_workers() {
  const std::size_t count = std::clamp(std::thread::hardware_concurrency(), 2U, 64U);
  std::vector<Worker> workers;
  while (workers.size() < count) {
    workers.push_back(start_worker(workers, workers.size() + 1 < count ? Fate::lives : Fate::dies));
  }
  return workers;
}

int ended(const Worker& worker) {
  int status = 0;
  ::waitpid(worker.pid, &status, 0);
  return status;
}

// A whole number from -3 to 3: sums of products of them stay exact.
float entry(std::uint64_t index) {
  std::uint64_t mixed = index * 0x9e37'79b9'7f4a'7c15;
  mixed = (mixed ^ (mixed >> 32U)) * 0xd6e8'feb8'6659'fd93;
  return static_cast<float>((mixed >> 32U) % 7) - 3.0F;
}

std::span<float> matrix(const Borrow& root, const FixedTensor& tensor) {
  const Layout layout{tensor.spec.dtype, tensor.spec.shape, tensor.offset_bytes};
  return or_throw(or_throw(root.tensor(layout)).as<float>());
}

void fill(Borrow& root) {
  or_throw(root.attach());
  std::uint64_t index = 0;
  std::ranges::generate(matrix(root, kA), [&] { return entry(index++); });
  std::ranges::generate(matrix(root, kB), [&] { return entry(index++); });
  or_throw(root.detach());
}

void lend_to_read(Buffer& product, const FixedTensor& tensor, const Worker& worker) {
  Freeze input = or_throw(product.freeze(or_throw(product.region(tensor.spec.name)),
                                         {.layout = Layout{tensor.spec.dtype, tensor.spec.shape}}));
  send(worker.socket, or_throw(input.transfer()));
}

// The region of the worker that was killed.
Region compute_all_but_one(Borrow& c, const std::vector<Worker>& workers) {
  std::vector<Borrow> blocks = or_throw(c.split_even(workers.size()));
  const Region last = blocks.back().region();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    std::cout << "worker " + std::to_string(i) + " gets " + rows_of(blocks[i].region()) + "\n";
    send(workers[i].socket, or_throw(blocks[i].transfer()));
  }
  for (std::size_t i = 0; i + 1 < workers.size(); ++i) {
    must_be(!receive(workers[i].socket).empty(), "worker " + std::to_string(i) + " is done");
  }
  must_be(receive(workers.back().socket).empty() && WTERMSIG(ended(workers.back())) == SIGKILL,
          "the last worker was killed half-way");
  // The kernel tells the broker of the death, and the broker takes back what the dead one had.
  or_throw(c.wait_returned(10s));
  return last;
}

void compute_again(Borrow& c, const Region& lost, const Worker& worker) {
  must_be_refused("reading what it left", c.freeze(lost), Errc::poisoned);
  Borrow block = or_throw(c.borrow(lost));
  must_be(block.poisoned(), rows_of(lost) + " are poisoned");
  must_be_refused("writing there unasked", block.attach(), Errc::poisoned);
  // Who claims it is told, too: the worker acknowledges it before it overwrites it.
  send(worker.socket, or_throw(block.transfer()));
  must_be(!receive(worker.socket).empty(), "worker 0 has computed them, too");
}

void stop(const std::vector<Worker>& workers) {
  for (const Worker& worker : workers) {
    ::close(worker.socket);
  }
  for (std::size_t i = 0; i + 1 < workers.size(); ++i) {
    must_be(ended(workers[i]) == 0, "worker " + std::to_string(i) + " ended well");
  }
}

using Vector = std::vector<double>;

Vector times(std::span<const float> matrix, const Vector& vector) {
  Vector product(kSide);
  for (std::size_t row = 0; row < kSide; ++row) {
    const auto elements = matrix.subspan(row * kSide, kSide);
    product[row] = std::inner_product(elements.begin(), elements.end(), vector.begin(), 0.0);
  }
  return product;
}

// Not by computing C again: by its products with vectors, and by its diagonal.
void check(Borrow& root) {
  constexpr std::uint64_t kVectors = 16;
  or_throw(root.attach());
  const std::span<const float> a = matrix(root, kA);
  const std::span<const float> b = matrix(root, kB);
  const std::span<const float> c = matrix(root, kC);
  std::uint64_t index = a.size() + b.size();
  bool is_right = true;
  for (std::uint64_t i = 0; i < kVectors; ++i) {
    Vector x(kSide);
    std::ranges::generate(x, [&] { return entry(index++); });
    is_right = is_right && times(c, x) == times(a, times(b, x));
  }
  must_be(is_right, "C x = A (B x), exactly, for " + std::to_string(kVectors) + " vectors x");
  for (std::size_t i = 0; i < kSide; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < kSide; ++k) {
      sum += double{a[i * kSide + k]} * double{b[k * kSide + i]};
    }
    is_right = is_right && double{c[i * kSide + i]} == sum;
  }
  must_be(is_right, "the diagonal of C is right");
}

void run() {
  const std::vector<Worker> workers = start_workers();
  Client client = or_throw(Client::connect({.name = "boss"}));
  // No unit of protection has parts of two matrices.
  or_throw(client.create_buffer(
      "product",
      {.size_bytes = 3 * kMatrixBytes, .grain_bytes = kMatrixBytes / 4, .schema = {kA, kB, kC}}));
  Buffer product = or_throw(client.buffer("product"));
  Borrow root = or_throw(product.root());
  fill(root);
  for (const Worker& worker : workers) {
    lend_to_read(product, kA, worker);
    lend_to_read(product, kB, worker);
  }
  must_be_refused(
      "writing what all of them read", product.borrow(or_throw(product.region("a"))), Errc::held);
  Borrow c = or_throw(root.borrow(or_throw(product.region("c"))));
  const Region lost = compute_all_but_one(c, workers);
  compute_again(c, lost, workers.front());
  stop(workers);
  or_throw(c.release());
  or_throw(root.wait_returned(10s));
  check(root);
}

}  // namespace

int main() {
  try {
    run();
    return EXIT_SUCCESS;
  } catch (const std::exception& failure) {
    std::cerr << "matrix_product: " << failure.what() << "\n";
    return EXIT_FAILURE;
  }
}
