// SPDX-License-Identifier: Apache-2.0
#include <tenure/broker.hpp>

#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include <spdlog/sinks/null_sink.h>

#include "daemon/io/server.hpp"
#include "daemon/shm/memory_limit.hpp"
#include "proto/os/kernel.hpp"

namespace tenure {
namespace {

// The host's signals stay the host's: threads that are made meanwhile take none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    ::sigset_t all{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  ::sigset_t before_{};
};

// A directory of our own (0700) that goes with everything in it.
class PrivateDirectory {
 public:
  PrivateDirectory() = default;
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory() {
    if (!path_.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(path_, ignored);
    }
  }

  static Result<PrivateDirectory> make() {
    std::error_code failed;
    std::string path = (std::filesystem::temp_directory_path(failed) / "tenure-XXXXXX").string();
    if (failed || ::mkdtemp(path.data()) == nullptr) {
      const int error = failed ? failed.value() : errno;
      return Error{.code = error == ENOSPC ? Errc::no_memory : Errc::denied,
                   .sys_errno = error,
                   .detail = path + ": mkdtemp: " + ::strerrordesc_np(error)};
    }
    PrivateDirectory made;
    made.path_ = std::move(path);
    return made;
  }

  [[nodiscard]] std::string socket() const { return path_ + "/control.sock"; }

 private:
  std::string path_;
};

Result<core::Limits> choose_limits(std::uint64_t budget_bytes) {
  const shm::MemoryLimit memory = shm::memory_limit();
  if (budget_bytes > memory.bytes) {
    return Error{.code = Errc::bad_request,
                 .detail = "budget_bytes: " + std::to_string(budget_bytes) + " is more than the " +
                           std::to_string(memory.bytes) + " that " + memory.source + " allows"};
  }
  core::Limits limits{.budget_bytes = budget_bytes == 0 ? memory.bytes / 2 : budget_bytes};
  ::rlimit fds{};
  ::getrlimit(RLIMIT_NOFILE, &fds);
  limits.fds = fds.rlim_cur / 2;  // The rest is the host's.
  limits.page_bytes = os::page_bytes();
  return limits;
}

}  // namespace

class Broker::Impl {
 public:
  explicit Impl(std::optional<PrivateDirectory> directory) : directory_(std::move(directory)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (thread_.joinable()) {
      io::asio::post(context_, [this] { server_->drain(); });
      thread_.join();
    }
  }

  Result<void> start(const std::string& socket, const core::Limits& limits) {
    const SignalsBlocked blocked;
    auto log =
        std::make_shared<spdlog::logger>("tenure", std::make_shared<spdlog::sinks::null_sink_mt>());
    auto started =
        io::Server::start(context_, {.socket = socket, .limits = limits, .log = std::move(log)});
    if (!started) {
      return started.error();
    }
    server_ = *std::move(started);
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  [[nodiscard]] const std::string& socket() const noexcept { return server_->socket(); }

 private:
  std::optional<PrivateDirectory> directory_;
  io::asio::io_context context_{1};
  std::unique_ptr<io::Server> server_;
  std::thread thread_;
};

Result<Broker> Broker::start(BrokerOptions options) {
  auto limits = choose_limits(options.budget_bytes);
  if (!limits) {
    return limits.error();
  }
  std::optional<PrivateDirectory> directory;
  if (options.socket.empty()) {
    auto made = PrivateDirectory::make();
    if (!made) {
      return made.error();
    }
    directory.emplace(*std::move(made));
    options.socket = directory->socket();
  }
  auto impl = std::make_unique<Impl>(std::move(directory));
  if (auto started = impl->start(options.socket, *limits); !started) {
    return started.error();
  }
  return Broker(std::move(impl));
}

Broker::Broker(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {
}
Broker::Broker(Broker&& other) noexcept = default;
Broker& Broker::operator=(Broker&& other) noexcept = default;
Broker::~Broker() = default;

const std::string& Broker::socket() const noexcept {
  return impl_->socket();
}

Result<Client> Broker::connect() {
  return Client::connect({.socket = impl_->socket()});
}

}  // namespace tenure
