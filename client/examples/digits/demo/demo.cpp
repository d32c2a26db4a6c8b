// SPDX-License-Identifier: Apache-2.0
// Trains a network to read digits in several processes that share memory, kills two of them in the
// middle, and says whether what Tenure promises came true. The exit code is 1 if it did not, and if
// Ctrl-C ended it before that was known.
#include <signal.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/examples/digits/demo/evidence.hpp"
#include "client/examples/digits/demo/screen.hpp"
#include "client/examples/digits/demo/stage.hpp"

namespace {

volatile std::sig_atomic_t interrupted = 0;

// The workers get a Ctrl-C from the terminal themselves; here it ends the wait for them.
void end_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ::sigaction(signal, &action, nullptr);
  }
}

// What lies beside this program, or where the build put it.
std::filesystem::path beside(const std::filesystem::path& folder,
                             const char* name,
                             const char* built) {
  return std::filesystem::exists(folder / name) ? folder / name : std::filesystem::path(built);
}

int perform(const digits::Installation& installation, const digits::PlayOptions& options) {
  digits::Screen screen;
  screen.title("Tenure: a network learns to read digits, in processes that share memory");
  const std::vector<digits::Finding> findings =
      digits::findings(digits::run_stage(installation, options, screen, interrupted));
  screen.box("What came true", findings);
  bool all_true = true;
  for (const digits::Finding& finding : findings) {
    if (!finding.holds) {
      std::cerr << "digits_demo: untrue: " << finding.subject << ": " << finding.statement << '\n';
      all_true = false;
    }
  }
  return all_true ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  digits::Installation installation;
  digits::PlayOptions options;
  std::error_code unknown;
  options.folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  installation.tenured = beside(options.folder, "tenured", TENURE_BUILT_TENURED);
  installation.tenure = beside(options.folder, "tenure", TENURE_BUILT_TENURE);
  CLI::App app("Trains a network on digits in several processes, and kills two in the middle.");
  app.add_option("--tenured", installation.tenured, "The broker to run")->check(CLI::ExistingFile);
  app.add_option("--tenure", installation.tenure, "The command to name in hints");
  app.add_option("--epochs", options.epochs, "Times that the network sees every image")
      ->check(CLI::PositiveNumber);
  app.add_option("--pace-ms", options.pace_ms, "Time from one batch to the next");
  app.add_option("--hold-at", options.hold_at, "Version of the weights at which an evaluator dies")
      ->check(CLI::PositiveNumber);
  app.add_option("--hold-epoch", options.hold_epoch, "Epoch in which a preprocessor dies")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  end_on_signals();
  try {
    return perform(installation, options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_demo: " << failure.what() << '\n';
    return 1;
  }
}
