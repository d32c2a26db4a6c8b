// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/daemon.hpp"

int main(int argc, char** argv) {
  return tenure::app::run(argc, argv);
}
