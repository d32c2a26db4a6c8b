// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/stage.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "client/examples/digits/segments.hpp"
#include "client/examples/runner/private_tenured.hpp"

namespace digits {
namespace {

using namespace std::chrono_literals;

void show_commands(const Screen& screen,
                   const std::filesystem::path& tenure,
                   const std::string& socket) {
  std::error_code elsewhere;
  const std::string from_here = std::filesystem::proximate(tenure, elsewhere).string();
  const bool shorter = !elsewhere && from_here.size() < tenure.string().size();
  const std::string command =
      "    " + (shorter ? from_here : tenure.string()) + " --socket " + socket + " ";
  screen.line("  Watch it from another terminal:");
  screen.line(command + "ls");
  screen.line(command + "queue " + kBatchesQueue);
  screen.line(command + "stat " + kWeightsTopic + " --every 1s");
  screen.line(command + "watch " + kWeightsTopic);
}

// Anything but the log.
std::string other_files_in(const std::filesystem::path& directory) {
  std::string names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename() != "tenured.log") {
      names += (names.empty() ? "" : " ") + entry.path().string();
    }
  }
  return names;
}

}  // namespace

Evidence run_stage(const Installation& installation,
                   PlayOptions options,
                   Screen& screen,
                   const volatile std::sig_atomic_t& interrupted) {
  Evidence evidence;
  Leftovers left;
  Inodes memfds;
  std::filesystem::path directory;
  {
    examples::PrivateTenured broker(installation.tenured);
    directory = broker.directory();
    options.socket = broker.socket();
    show_commands(screen, installation.tenure, options.socket);
    screen.head();
    {
      Play play(options, screen, interrupted);
      play.run();
      evidence = play.evidence();
      memfds = play.memfds();
    }
    left.tenured = broker.stop(5s);
    left.in_the_directory = other_files_in(directory);
  }
  left.the_directory = std::filesystem::exists(directory);
  left.a_child = ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD;
  left.memfds = memfds.size();
  left.places = places_of(memfds);
  evidence.leftovers = std::move(left);
  return evidence;
}

}  // namespace digits
