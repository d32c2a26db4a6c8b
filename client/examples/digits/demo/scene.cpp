// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/scene.hpp"

#include <csignal>
#include <utility>

#include "client/examples/digits/segments.hpp"

namespace digits {
namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

constexpr std::chrono::seconds kNearKill{1};
constexpr std::chrono::seconds kReclaim{5};

tenure::Client connect_and_declare(const std::string& socket) {
  tenure::Client client = or_throw(tenure::Client::connect({.socket = socket, .name = "demo"}));
  or_throw(client.create_queue(kBatchesQueue, batches_queue()));
  or_throw(client.create_topic(kWeightsTopic, weights_topic()));
  return client;
}

}  // namespace

Scene::Scene(const PlayOptions& options, const Screen& screen)
    : options_(options), screen_(screen), broker_(connect_and_declare(options.socket)) {
}

Worker Scene::start(const std::string& program, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"--socket", options_.socket});
  return Worker({.program = options_.folder / program, .arguments = std::move(arguments)});
}

void Scene::kill(Worker& victim, Kill& kill, const std::function<bool()>& is_reclaimed) {
  const Clock::time_point killed = Clock::now();
  victim.process().send(SIGKILL);
  while (!kill.reclaimed && Clock::now() < killed + kReclaim) {
    if (is_reclaimed()) {
      kill.reclaimed = Clock::now() - killed;
    }
  }
  kill.ending = victim.process().wait(kReclaim).value_or(examples::Ending{});
  killed_at_ = killed;
  evidence_.versions_after_kills = 0;
}

bool Scene::near_kill() const {
  return killed_at_ && Clock::now() < *killed_at_ + kNearKill;
}

}  // namespace digits
