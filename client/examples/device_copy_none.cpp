// SPDX-License-Identifier: Apache-2.0
// What stands for cuda/device_copy.cpp in a build without CUDA: says so, and ends as skipped.
#include <iostream>

int main() {
  std::cout << "skipped: built without CUDA; configure with -DTENURE_CUDA=ON\n";
  return 77;
}
