// SPDX-License-Identifier: Apache-2.0
#include "client/examples/runner/private_tenured.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include <tenure/client.hpp>

namespace examples {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kStartTimeout{10};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "tenure-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), name);
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // Whoever must know that it is gone looks.
  std::filesystem::remove_all(path_, ignored);
}

PrivateTenured::PrivateTenured(const std::filesystem::path& program) : child_(launch(program)) {
  const auto until = std::chrono::steady_clock::now() + kStartTimeout;
  tenure::Error refusal;
  while (child_.running() && std::chrono::steady_clock::now() < until) {
    auto client = tenure::Client::connect({.socket = socket(), .name = "runner", .timeout = 100ms});
    if (client) {
      return;
    }
    refusal = client.error();
    static_cast<void>(child_.wait(1ms));
  }
  throw std::runtime_error(program.string() + " does not answer: " + refusal.message() + "\n" +
                           log());
}

PrivateTenured::~PrivateTenured() {
  static_cast<void>(stop(5s));  // In time or not: the child is killed with its handle.
}

ChildProcess PrivateTenured::launch(const std::filesystem::path& program) const {
  const std::string path = (directory_.path() / "tenured.log").string();
  const tenure::os::UniqueFd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!log) {
    throw std::system_error(errno, std::generic_category(), path);
  }
  return ChildProcess::start({.program = program,
                              .arguments = {"--socket", socket()},
                              .standard_output = log.get(),
                              .standard_error = log.get()});
}

std::string PrivateTenured::log() const {
  std::ifstream file(directory_.path() / "tenured.log");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<Ending> PrivateTenured::stop(std::chrono::milliseconds timeout) {
  child_.send(SIGTERM);
  return child_.wait(timeout);
}

}  // namespace examples
