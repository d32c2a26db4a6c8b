// SPDX-License-Identifier: Apache-2.0
// A build without CUDA.
#include "client/cli/bench/to_device.hpp"

namespace tenure::cli::bench {

Result<Pair> measure_to_device(Client& /*client*/,
                               const std::string& /*name*/,
                               std::uint64_t /*rounds*/) {
  return Error{.code = Errc::unsupported, .detail = "this program was built without CUDA"};
}

}  // namespace tenure::cli::bench
