// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/evidence.hpp"

#include <csignal>

#include "client/examples/digits/dataset.hpp"

namespace digits {
namespace {

constexpr double kRequiredAccuracy = 0.95;
// Tensor bytes shared for each control byte: far fewer would mean that tensors cross the socket.
constexpr std::uint64_t kRequiredShare = 20;

Finding accuracy(const Evidence& seen) {
  return {
      .holds = seen.accuracy >= kRequiredAccuracy && seen.judged_version == seen.published_versions,
      .subject = "accuracy",
      .statement = formatted("%.1f %% of %zu images it never trained on (%.0f %% required)",
                             seen.accuracy * 100,
                             kHeldOut,
                             kRequiredAccuracy * 100)};
}

Finding batches(const Evidence& seen) {
  return {.holds = seen.trained_batches > 0 && seen.missed_batches == 0 &&
                   seen.trained_batches == seen.loaded_batches &&
                   seen.trained_batches == seen.published_batches,
          .subject = "batches",
          .statement = grouped(seen.published_batches) + " published, " +
                       grouped(seen.trained_batches) + " trained on, " +
                       grouped(seen.missed_batches) + " missed"};
}

Finding weights(const Evidence& seen) {
  return {.holds = seen.published_versions > 0 && seen.views > 0 && seen.torn == 0,
          .subject = "weights",
          .statement = grouped(seen.published_versions) + " versions published, " +
                       grouped(seen.views) + " judged; " + grouped(seen.torn) + " torn views"};
}

Finding kill(const Kill& kill) {
  Finding finding{.holds = kill.held && kill.ending.signal == SIGKILL && kill.reclaimed.has_value(),
                  .subject = "killed evaluator",
                  .statement = "there was none: no version was held"};
  if (kill.version != 0) {
    finding.statement = formatted("%s while it %s v%ju, %ju behind; ",
                                  kill.ending.signal == SIGKILL ? "SIGKILL" : "ended otherwise",
                                  kill.held ? "held" : "did not hold",
                                  std::uintmax_t{kill.version},
                                  std::uintmax_t{kill.behind});
    finding.statement += kill.reclaimed
                             ? formatted("its slot was free %.1f ms later", kill.reclaimed->count())
                             : "its slot is still held";
  }
  return finding;
}

Finding training(const Evidence& seen) {
  return {.holds = seen.kill.behind > 0 && seen.versions_after_kill > 0,
          .subject = "training went on",
          .statement = formatted("longest gap of two steps %.1f ms around the kill, %.1f ms "
                                 "otherwise",
                                 seen.longest_near_kill_ms,
                                 seen.longest_elsewhere_ms)};
}

Finding memory(const Evidence& seen) {
  return {.holds = seen.published_bytes > 0 && seen.viewed_bytes > 0,
          .subject = "shared memory",
          .statement = megabytes(seen.published_bytes) + " of tensors published, " +
                       megabytes(seen.viewed_bytes) + " read in place"};
}

Finding socket(const Evidence& seen) {
  const std::uint64_t shared = seen.published_bytes + seen.viewed_bytes;
  const std::uint64_t share = seen.control_bytes == 0 ? 0 : shared / seen.control_bytes;
  return {.holds = share >= kRequiredShare,
          .subject = "socket",
          .statement = formatted("%.1f kB of control packets: 1 byte for ",
                                 static_cast<double>(seen.control_bytes) / 1e3) +
                       grouped(share) + " shared"};
}

std::string joined(const std::vector<std::string>& places) {
  std::string text;
  for (const std::string& place : places) {
    text += " " + place;
  }
  return text;
}

Finding left_over(const Leftovers& left) {
  std::string statement;
  const auto add = [&](bool there, const std::string& what) {
    if (there) {
      statement += (statement.empty() ? "" : "; ") + what;
    }
  };
  add(left.a_child, "a child process");
  add(!left.in_the_directory.empty(), left.in_the_directory);
  add(left.the_directory, "the temporary directory");
  add(left.memfds == 0, "unknown: no shared memory was seen");
  add(!left.places.empty(), "shared memory at" + joined(left.places));
  add(!left.tenured, "tenured, which did not end");
  add(left.tenured && left.tenured->exit_code != 0,
      "tenured ended with " + (left.tenured ? left.tenured->text() : ""));
  const bool nothing = statement.empty();
  return {.holds = nothing,
          .subject = "left over",
          .statement =
              nothing ? formatted("nothing: no process, no file, none of %zu memfds", left.memfds)
                      : statement};
}

}  // namespace

std::vector<Finding> findings(const Evidence& evidence) {
  return {accuracy(evidence),
          batches(evidence),
          weights(evidence),
          kill(evidence.kill),
          training(evidence),
          memory(evidence),
          socket(evidence),
          left_over(evidence.leftovers)};
}

}  // namespace digits
