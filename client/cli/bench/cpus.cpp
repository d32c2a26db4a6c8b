// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/cpus.hpp"

#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "proto/os/unique_fd.hpp"

namespace tenure::cli::bench {
namespace {

std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) {
        cpus.push_back(cpu);
      }
    }
  }
  return cpus;
}

// Package and core in one text; empty where the system does not say.
std::string core_of(int cpu) {
  const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
  std::string package;
  std::string core;
  std::getline(std::ifstream(folder + "physical_package_id"), package);
  std::getline(std::ifstream(folder + "core_id"), core);
  return package + ":" + core;
}

// Who listens on the socket, and 0 where that is hidden. Errors: broker_gone
Result<::pid_t> server_of(const std::string& socket) {
  const os::UniqueFd knocking(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ::ucred server{};
  ::socklen_t length = sizeof server;
  if (::connect(knocking.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) !=
          0 ||
      ::getsockopt(knocking.get(), SOL_SOCKET, SO_PEERCRED, &server, &length) != 0) {
    return Error{.code = Errc::broker_gone,
                 .sys_errno = errno,
                 .detail = socket + ": " + std::strerror(errno)};
  }
  return server.pid;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      const std::size_t start = line.find_first_not_of(": \t", line.find(':'));
      return start == std::string::npos ? "unknown cpu" : line.substr(start);
    }
  }
  return "unknown cpu";
}

}  // namespace

Result<CpuPair> choose_cpus() {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.size() < 2) {
    return Error{.code = Errc::unsupported,
                 .detail = "two processes at once need two cpus, this one may use " +
                           std::to_string(cpus.size())};
  }
  for (std::size_t i = 1; i < cpus.size(); ++i) {
    if (core_of(cpus[i]) != core_of(cpus[0])) {
      return CpuPair{.here = cpus[0], .there = cpus[i]};
    }
  }
  return CpuPair{.here = cpus[0], .there = cpus[1]};
}

std::vector<int> usable_cpus(CpuPair first) {
  std::vector<int> cpus{first.here, first.there};
  for (const int cpu : allowed_cpus()) {
    if (cpu != first.here && cpu != first.there) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

Result<void> pin_to(int cpu, ::pid_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(thread, sizeof(set), &set) != 0) {
    return Error{
        .code = Errc::denied,
        .sys_errno = errno,
        .detail = "cannot run on cpu " + std::to_string(cpu) + ": " + std::strerror(errno)};
  }
  return {};
}

Result<void> run_where_server_may(const std::string& socket) {
  const auto server = server_of(socket);
  if (!server) {
    return server.error();
  }
  cpu_set_t set;
  if (*server <= 0 || ::sched_getaffinity(*server, sizeof(set), &set) != 0) {
    return {};  // In another pid namespace: where this one is, then.
  }
  return ::sched_setaffinity(0, sizeof(set), &set) == 0
             ? Result<void>()
             : Error{.code = Errc::denied, .sys_errno = errno, .detail = std::strerror(errno)};
}

std::string describe_machine(CpuPair cpus) {
  utsname system{};
  ::uname(&system);
  return cpu_model() + ", " + std::to_string(allowed_cpus().size()) + " cpus, " + system.sysname +
         " " + system.release + ", measured on cpus " + std::to_string(cpus.here) + " and " +
         std::to_string(cpus.there);
}

}  // namespace tenure::cli::bench
