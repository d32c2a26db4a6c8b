// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/daemon.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <boost/asio/signal_set.hpp>
#include <spdlog/sinks/stdout_sinks.h>

#include "daemon/app/command_line.hpp"
#include "daemon/app/settings.hpp"
#include "daemon/io/server.hpp"
#include "daemon/shm/memory_limit.hpp"
#include "proto/os/kernel.hpp"

namespace tenure::app {
namespace {

constexpr int kCannotListen = 1;
constexpr int kBadSettings = 2;
constexpr std::uint64_t kSpareFds = 64;  // For what is neither session nor segment.

std::optional<std::string> environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

// No other process of this uid may reach into this one for its fds.
void protect() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::signal(SIGIO, SIG_IGN);    // Of a lease that somebody breaks.
  ::signal(SIGPIPE, SIG_IGN);  // Of a log that nobody reads.
}

std::uint64_t raise_fd_limit() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return kSpareFds;
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur > 2 * kSpareFds ? limit.rlim_cur - kSpareFds : limit.rlim_cur / 2;
}

std::shared_ptr<spdlog::logger> make_log(const std::string& level) {
  auto log = std::make_shared<spdlog::logger>("tenured",
                                              std::make_shared<spdlog::sinks::stderr_sink_st>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  log->set_level(spdlog::level::from_str(level == "error" ? "err" : level));
  log->flush_on(spdlog::level::debug);
  return log;
}

Result<Settings> find_settings(const CommandLine& command_line) {
  const shm::MemoryLimit memory = shm::memory_limit();
  return resolve(
      command_line.flags,
      command_line.config,
      {.environment = environment, .memory_bytes = memory.bytes, .memory_source = memory.source});
}

// The first signal drains, another one does not wait for that. Once it is over nothing is awaited:
// the io_context runs out of work.
void await_signal(io::asio::signal_set& signals,
                  io::Server& server,
                  const std::shared_ptr<spdlog::logger>& log) {
  signals.async_wait([&signals, &server, log](const boost::system::error_code& error, int signal) {
    if (error) {
      return;
    }
    await_signal(signals, server, log);
    if (server.is_draining()) {
      log->warn("hanging_up signal={}", signal);
      server.hang_up_all();
    } else {
      log->info("draining signal={}", signal);
      server.drain([&signals] { signals.cancel(); });
    }
  });
}

int serve(const Settings& settings) {
  const auto log = make_log(settings.log_level);
  core::Limits limits{.budget_bytes = settings.budget_bytes};
  limits.fds = raise_fd_limit();
  limits.page_bytes = os::page_bytes();
  io::asio::io_context context(1);
  // Before there is a socket: a signal that comes early waits for async_wait().
  io::asio::signal_set signals(context, SIGTERM, SIGINT);
  auto server = io::Server::start(context,
                                  {.socket = settings.socket,
                                   .admin_socket = settings.admin_socket,
                                   .limits = limits,
                                   .allow_unmapped_uid = settings.allow_unmapped_uid,
                                   .log = log});
  if (!server) {
    std::fprintf(stderr, "tenured: %s\n", server.error().detail.c_str());
    return kCannotListen;
  }
  await_signal(signals, **server, log);
  log->info("started release={} socket={} budget={} fds={}",
            TENURE_RELEASE,
            settings.socket,
            limits.budget_bytes,
            limits.fds);
  context.run();
  log->info("stopped");
  return EXIT_SUCCESS;
}

}  // namespace

int run(int argc, char** argv) {
  const CommandLine command_line = parse_command_line(argc, argv);
  if (command_line.exit_status) {
    return *command_line.exit_status;
  }
  const auto settings = find_settings(command_line);
  if (!settings) {
    std::fprintf(stderr, "tenured: %s\n", settings.error().detail.c_str());
    return kBadSettings;
  }
  protect();
  return serve(*settings);
}

}  // namespace tenure::app
