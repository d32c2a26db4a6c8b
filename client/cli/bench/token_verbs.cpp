// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/token_verbs.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/bench/echo_server.hpp"
#include "client/cli/bench/token_holders.hpp"
#include "proto/os/kernel.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

// Samples of each kind in one round.
constexpr std::uint32_t kCalls = 64;
constexpr std::uint32_t kAttaches = 16;
constexpr std::uint32_t kWindows = 4;

constexpr std::uint32_t kMostTokens = 100'000;
constexpr std::uint32_t kMostTokensOfOneUid = 60'000;  // Brokers allow 65,536.
constexpr std::uint64_t kTokensPerRound = 5'000;       // A short run does not set up much.
constexpr std::uint64_t kGrainsPerHolder = 4;

// Every call is timed alone.
template <class Call>
auto timed(Samples& samples, Call&& call) {
  const auto begun = sync::monotonic_now();
  auto result = call();
  if (result) {
    samples.add(sync::monotonic_now() - begun);
  }
  return result;
}

// A buffer for as many tokens, and the verbs on its pages that nobody holds.
class Bench {
 public:
  Bench(EchoServer echo, Client client, Buffer buffer, std::uint64_t half_bytes)
      : echo_(std::move(echo)),
        client_(std::move(client)),
        buffer_(std::move(buffer)),
        half_bytes_(half_bytes) {}

  // Each holder gets half of it, and with it whole grains; the end of the first half is free.
  static Result<Bench> make(EchoServer echo,
                            Client client,
                            const std::string& name,
                            std::uint64_t tokens) {
    const std::uint64_t pages = tokens / 2 + kWindow;
    const std::uint64_t grain_bytes =
        (pages + kGrainsPerHolder - 1) / kGrainsPerHolder * os::page_bytes();
    const std::uint64_t half_bytes = kGrainsPerHolder * grain_bytes;
    auto created = client.create_buffer(name,
                                        {.size_bytes = 2 * half_bytes,
                                         .grain_bytes = grain_bytes,
                                         .root = Root::broker,
                                         .terms = {.pages = Pages::small, .mode = 0777}});
    auto buffer = created ? client.buffer(name) : std::move(created).error();
    if (!buffer) {
      return std::move(buffer).error();
    }
    return Bench(std::move(echo), std::move(client), *std::move(buffer), half_bytes);
  }

  [[nodiscard]] std::uint64_t half_bytes() const noexcept { return half_bytes_; }

  Result<void> run_round(TokenVerbs& out) {
    Samples echo;
    auto done = echo_.measure(kCalls, echo);
    for (Pair* pair : {&out.borrow, &out.freeze, &out.release}) {
      pair->limit.add(echo);
    }
    done = done ? run_verbs(out.borrow.ours, out.freeze.ours, out.release.ours) : std::move(done);
    done = done ? echo_.measure_mapping(kAttaches, out.attach.limit) : std::move(done);
    done = done ? run_attaches(out.attach.ours) : std::move(done);
    done = done ? echo_.measure_window(2 * kWindows, out.window.limit) : std::move(done);
    return done ? run_windows(out.window.ours) : std::move(done);
  }

  Result<void> run_verbs(Samples& borrow, Samples& freeze, Samples& release) {
    Result<void> done;
    for (std::uint32_t i = 0; i < kCalls && done; ++i) {
      auto borrowed = timed(borrow, [&] { return buffer_.borrow(page(0)); });
      done = borrowed ? timed(release, [&] { return borrowed->release(); })
                      : std::move(borrowed).error();
    }
    for (std::uint32_t i = 0; i < kCalls && done; ++i) {
      auto frozen = timed(freeze, [&] { return buffer_.freeze(page(0)); });
      done = frozen ? frozen->release() : std::move(frozen).error();
    }
    return done;
  }

  // Until all that others held is back.
  Result<void> await_empty() { return buffer_.wait_returned(10s); }

 private:
  // Of those that no holder has.
  [[nodiscard]] Region page(std::uint64_t index) const {
    const std::uint64_t end = half_bytes_ - index * os::page_bytes();
    return {.begin_bytes = end - os::page_bytes(), .end_bytes = end};
  }

  Result<void> run_attaches(Samples& samples) {
    Result<void> done;
    for (std::uint32_t i = 0; i < kAttaches && done; ++i) {
      auto borrowed = buffer_.borrow(page(0));
      if (!borrowed) {
        return std::move(borrowed).error();
      }
      auto attached = timed(samples, [&] { return borrowed->attach(); });
      done = attached ? borrowed->detach() : std::move(attached).error();
      done = done ? borrowed->release() : std::move(done);
    }
    return done;
  }

  Result<void> run_windows(Samples& samples) {
    for (std::uint32_t i = 0; i < kWindows; ++i) {
      const auto begun = sync::monotonic_now();
      if (auto done = run_window(); !done) {
        return done;
      }
      samples.add(sync::monotonic_now() - begun, 2 * kWindow);
    }
    return {};
  }

  Result<void> run_window() {
    std::vector<Pending<Borrow>> asked;
    for (std::uint32_t i = 0; i < kWindow; ++i) {
      asked.push_back(buffer_.borrow_later(page(i)));
    }
    std::vector<Borrow> borrowed;
    for (Pending<Borrow>& one : asked) {
      auto granted = one.get();
      if (!granted) {
        return std::move(granted).error();
      }
      borrowed.push_back(*std::move(granted));
    }
    borrowed.clear();       // Gives them back without waiting for the answers,
    return client_.ping();  // which all come before this one's.
  }

  EchoServer echo_;
  Client client_;
  Buffer buffer_;
  std::uint64_t half_bytes_;
};

Error interrupted() {
  return {.code = Errc::cancelled, .detail = "interrupted"};
}

// `round` is called once for nothing, to warm up, then `rounds` times.
template <class Round>
Result<void> run_rounds(std::uint64_t rounds,
                        const std::function<bool()>& goes_on,
                        TokenVerbs& out,
                        Round&& round) {
  TokenVerbs warming;
  Result<void> done;
  for (std::uint64_t i = 0; i <= rounds && done; ++i) {
    done = goes_on() ? round(i == 0 ? warming : out) : interrupted();
  }
  return done;
}

// Of two users if this process can become another one, else all as this one.
Result<TokenHolders> start_holders(TokenHolders::Options options, TokenVerbs& out) {
  out.uids = 2;
  out.tokens = options.tokens;
  auto holders = TokenHolders::start(options);
  if (!holders && options.goes_on()) {
    out.uids = 1;
    out.tokens = std::min(out.tokens, kMostTokensOfOneUid);
    options.uids = out.uids;
    options.tokens = out.tokens;
    holders = TokenHolders::start(options);
  }
  return holders;
}

// Without the tokens of others, with them, and without them again: drift evens out.
Result<void> measure_crowded(Bench& bench,
                             const TokenHolders::Options& options,
                             std::uint64_t rounds,
                             TokenVerbs& out) {
  const auto run_empty = [&](TokenVerbs& to) {
    return bench.run_verbs(
        to.crowded_borrow.limit, to.crowded_freeze.limit, to.crowded_release.limit);
  };
  const auto run_crowded = [&](TokenVerbs& to) {
    return bench.run_verbs(to.crowded_borrow.ours, to.crowded_freeze.ours, to.crowded_release.ours);
  };
  auto done = run_rounds((rounds + 1) / 2, options.goes_on, out, run_empty);
  if (!done) {
    return done;
  }
  {
    const auto holders = start_holders(options, out);
    if (!holders) {
      return holders.error();
    }
    done = run_rounds(rounds, options.goes_on, out, run_crowded);
  }
  done = done ? bench.await_empty() : std::move(done);
  return done ? run_rounds((rounds + 1) / 2, options.goes_on, out, run_empty) : std::move(done);
}

}  // namespace

Result<TokenVerbs> measure_token_verbs(const TokenVerbsOptions& options) {
  auto echo = EchoServer::start(
      {.broker = options.socket, .cpu = options.cpus.there, .goes_on = options.goes_on});
  if (!echo) {
    return std::move(echo).error();
  }
  if (auto pinned = pin_to(options.cpus.here); !pinned) {
    return std::move(pinned).error();
  }
  auto client = Client::connect({.socket = options.socket, .name = "bench", .timeout = 10s});
  if (!client) {
    return std::move(client).error();
  }
  const std::string name = "bench-" + std::to_string(::getpid()) + "/tokens";
  const auto tokens = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(kMostTokens, options.rounds * kTokensPerRound));
  auto bench = Bench::make(*std::move(echo), *std::move(client), name, tokens);
  if (!bench) {
    return std::move(bench).error();
  }
  TokenVerbs out;
  auto done = run_rounds(
      options.rounds, options.goes_on, out, [&](TokenVerbs& to) { return bench->run_round(to); });
  done = done ? measure_crowded(*bench,
                                {.socket = options.socket,
                                 .buffer = name,
                                 .half_bytes = bench->half_bytes(),
                                 .tokens = tokens,
                                 .uids = 2,
                                 .cpu = options.cpus.there,
                                 .goes_on = options.goes_on},
                                options.rounds,
                                out)
              : std::move(done);
  return done ? Result<TokenVerbs>(std::move(out)) : std::move(done).error();
}

}  // namespace tenure::cli::bench
