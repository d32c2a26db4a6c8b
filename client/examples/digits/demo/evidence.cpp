// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/evidence.hpp"

#include <csignal>
#include <cstdint>
#include <string>

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

Finding batches(const Batches& seen) {
  return {.holds = seen.trained > 0 && seen.trained == seen.loaded && seen.trained == seen.pushed &&
                   seen.trained == seen.normalised && seen.trained == seen.passed_on,
          .subject = "batches",
          .statement = grouped(seen.pushed) + " pushed, " + grouped(seen.normalised) +
                       " normalised in place, " + grouped(seen.trained) + " trained on"};
}

Finding samples(const Attended& seen) {
  const bool once = seen.epochs > 0 && seen.epochs == seen.loaded_epochs && seen.missing == 0 &&
                    seen.twice == 0 && seen.wrong == 0;
  const bool agree = seen.checksum == seen.loaded_checksum;
  const std::string epochs = grouped(seen.loaded_epochs) + " epochs";
  const std::string found =
      once ? "each of " + grouped(kTraining) + " trained on exactly once in each of " + epochs
           : "in " + grouped(seen.epochs) + " of " + epochs + " " + grouped(seen.missing) +
                 " missing, " + grouped(seen.twice) + " twice, " + grouped(seen.wrong) +
                 " inputs wrong";
  return {.holds = once && agree,
          .subject = "every sample",
          .statement = found + (agree ? "; checksums agree" : "; checksums differ")};
}

Finding weights(const Evidence& seen) {
  return {.holds = seen.published_versions > 0 && seen.views > 0 && seen.torn == 0,
          .subject = "weights",
          .statement = grouped(seen.published_versions) + " versions published, " +
                       grouped(seen.views) + " judged; " + grouped(seen.torn) + " torn views"};
}

// "SIGKILL while it held v60".
std::string deed(const Kill& kill, const std::string& holding) {
  return std::string(kill.ending.signal == SIGKILL ? "SIGKILL" : "ended otherwise") + " while it " +
         (kill.confirmed ? "held " : "did not hold ") + holding;
}

bool was_undone(const Kill& kill) {
  return kill.held != 0 && kill.confirmed && kill.ending.signal == SIGKILL &&
         kill.reclaimed.has_value();
}

Finding killed_preprocessor(const Kill& kill, const Batches& seen) {
  const bool repeated = kill.reclaimed && seen.redelivered > 0 && seen.repeated > 0;
  Finding finding{.holds = was_undone(kill) && repeated,
                  .subject = "killed preprocessor",
                  .statement = "there was none: no batch was held"};
  if (kill.held != 0) {
    finding.statement =
        deed(kill, formatted("a batch of epoch %ju; ", std::uintmax_t{kill.held})) +
        (repeated ? formatted("delivered again %.1f ms later", kill.reclaimed->count())
                  : "that was not delivered again");
  }
  return finding;
}

Finding killed_evaluator(const Evidence& seen) {
  const Kill& kill = seen.evaluator;
  Finding finding{.holds = was_undone(kill),
                  .subject = "killed evaluator",
                  .statement = "there was none: no version was held"};
  if (kill.held != 0) {
    finding.statement =
        deed(kill, formatted("v%ju, ", std::uintmax_t{kill.held})) +
        grouped(seen.versions_while_held) + " behind; " +
        (kill.reclaimed ? formatted("its slot was free %.1f ms later", kill.reclaimed->count())
                        : "its slot is still held");
  }
  return finding;
}

Finding training(const Evidence& seen) {
  return {.holds = seen.versions_while_held > 0 && seen.versions_after_kills > 0,
          .subject = "training went on",
          .statement = formatted("longest gap of two steps %.1f ms around the kills, %.1f ms "
                                 "otherwise",
                                 seen.longest_near_kills_ms,
                                 seen.longest_elsewhere_ms)};
}

Finding memory(const Evidence& seen) {
  return {.holds = seen.written_bytes > 0 && seen.read_bytes > 0,
          .subject = "shared memory",
          .statement = megabytes(seen.written_bytes) + " of tensors written, " +
                       megabytes(seen.read_bytes) + " read in place"};
}

Finding socket(const Evidence& seen) {
  const std::uint64_t shared = seen.written_bytes + seen.read_bytes;
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
          batches(evidence.batches),
          samples(evidence.attended),
          weights(evidence),
          killed_preprocessor(evidence.preprocessor, evidence.batches),
          killed_evaluator(evidence),
          training(evidence),
          memory(evidence),
          socket(evidence),
          left_over(evidence.leftovers)};
}

}  // namespace digits
