// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "client/cli/run.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return tenure::cli::run(arguments);
}
