// SPDX-License-Identifier: Apache-2.0
// `stranger write` publishes one bundle, `stranger read` prints it.
#include <cstdio>
#include <string_view>
#include <utility>

#include <tenure/dlpack.hpp>
#include <tenure/pin.hpp>
#include <tenure/tenure.hpp>

using namespace tenure;

namespace {

void write(Client& client) {
  or_throw(client.create_topic(
      "weather",
      {.schema = {{"celsius", DType::float32, {3}}}, .terms = {.lifetime = Lifetime::persistent}}));
  Publisher publisher = or_throw(client.publisher("weather"));
  Draft draft = or_throw(publisher.draft());
  const auto celsius = or_throw(draft.span<float>("celsius"));
  celsius[0] = -4.5F;
  celsius[1] = 0.0F;
  celsius[2] = 21.25F;
  const std::uint64_t version = or_throw(publisher.publish(std::move(draft)));
  std::printf("published v%llu\n", static_cast<unsigned long long>(version));
}

void read(Client& client) {
  Subscriber subscriber = or_throw(client.subscriber("weather"));
  const Result<Pin> pinned = pin(subscriber);  // Refused or not: reading goes on.
  View view = or_throw(subscriber.latest());
  {
    const DlpackTensor lent = or_throw(to_dlpack(view, "celsius"));
    if (or_throw(from_dlpack(*lent)).data() != or_throw(view.tensor()).data()) {
      throw Failure({.code = Errc::corrupt, .detail = "another tensor came back"});
    }
  }
  for (const float celsius : or_throw(view.span<float>("celsius"))) {
    std::printf("%.2f\n", static_cast<double>(celsius));
  }
  or_throw(view.release());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  try {
    Client client = or_throw(Client::connect({.name = "stranger"}));
    verb == "write" ? write(client) : read(client);
    return 0;
  } catch (const Failure& failure) {
    std::fprintf(stderr, "stranger: %s\n", failure.what());
    return 1;
  }
}
