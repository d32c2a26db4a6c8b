// SPDX-License-Identifier: Apache-2.0
// A log that loses nothing: the writer waits for the slowest reader instead of overwriting.
//
//   lossless_log write 1000      writes so many records, once a reader is there
//   lossless_log read 1000       reads so many, and checks that none is missing
//
// With Retention::overwrite (the default) a slow reader would skip, and learn how many.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

void write(Client& client, std::uint64_t count) {
  or_throw(client.create_topic(
      "log",
      {.schema = {{"record", DType::uint64, {1}}}, .slots = 8, .retention = Retention::lossless}));
  Publisher log = or_throw(client.publisher("log"));

  // Whoever comes later begins with what is still kept: wait for the reader first.
  or_throw(log.wait_for_subscribers(1, 60s));
  for (std::uint64_t n = 0; n < count; ++n) {
    // Eight slots: this waits where the reader is eight records behind.
    Draft draft = or_throw(log.draft(10s));
    or_throw(draft.span<std::uint64_t>("record"))[0] = n;
    or_throw(log.publish(std::move(draft)));
  }
}

void read(Client& client, std::uint64_t count) {
  Subscriber log = or_throw(client.subscriber("log", {.start = Start::oldest, .timeout = 60s}));
  for (std::uint64_t n = 0; n < count; ++n) {
    // next() gives one bundle after the other; latest() would give the newest.
    const View view = or_throw(log.next(10s));
    const std::uint64_t record = or_throw(view.span<std::uint64_t>("record"))[0];
    if (record != n) {
      throw Failure(
          {.code = Errc::corrupt,
           .detail = "record " + std::to_string(record) + " came instead of " + std::to_string(n)});
    }
  }
  std::cout << count << " records, none missing\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc == 3 ? argv[1] : "";
  if (role != "write" && role != "read") {
    std::cerr << "usage: lossless_log write|read COUNT\n";
    return 2;
  }
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  try {
    Client client = or_throw(Client::connect({.name = std::string(role)}));
    if (role == "write") {
      write(client, count);
    } else {
      read(client, count);
    }
  } catch (const Failure& failure) {
    std::cerr << "lossless_log: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}
