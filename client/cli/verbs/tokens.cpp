// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/tokens/token_tree.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

struct Found {
  std::string name;
  TokenReport report;
};

// One that goes while the others are asked for is left out; one that was named is not.
std::vector<Found> read_reports(Client& client, const std::string& glob) {
  if (!is_glob(glob)) {
    return {{.name = glob, .report = need_segment(client, glob, client.tokens(glob))}};
  }
  std::vector<Found> found;
  for (const SegmentInfo& info : need(glob, client.list(glob))) {
    if (info.kind != Kind::buffer) {
      continue;
    }
    auto report = client.tokens(info.name);
    if (report) {
      found.push_back({.name = info.name, .report = *std::move(report)});
    } else if (report.error().code != Errc::not_found) {
      throw Refusal(info.name, report.error());
    }
  }
  return found;
}

std::string token_table(const TokenReport& report, const Style& style) {
  Table table({{"RANGE"},
               {"TOKEN"},
               {.title = "HOLDER", .shrinks_to = 8},
               {"AGE", Align::right},
               {"STATE"}});
  for (const TokenLeaf& leaf : grow_tree(report.tokens)) {
    const TokenInfo& token = *leaf.token;
    const bool is_sent = token.state == TokenInfo::State::ticket && token.expires_in;
    table.add({leaf.branch + format_region(token.region),
               std::string(name_of(token.mode)) + " " + std::to_string(token.id),
               is_sent ? "-" : describe_holder(token.holder),
               format_age(token.age),
               describe_state(leaf)});
  }
  return table.text(style);
}

std::string regions_text(const std::vector<Region>& regions) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(regions.size(), kShown); ++i) {
    text += (i == 0 ? "" : " ") + format_region(regions[i]);
  }
  return regions.size() > kShown ? text + " +" + std::to_string(regions.size() - kShown) : text;
}

std::string text_of(const TokenReport& report, const Style& style) {
  std::string text = report.tokens.empty() ? "no tokens\n" : token_table(report, style);
  for (const WaitingInfo& waiting : report.waiting) {
    const std::string what = waiting.regions.empty() ? "for what it lent to come back"
                                                     : std::string(name_of(waiting.mode)) + " " +
                                                           regions_text(waiting.regions);
    text += "waiting: " + describe_holder(waiting.who) + ", " + what + ", " +
            format_age(waiting.age) +
            (waiting.behind.empty() ? "" : ": " + printable(waiting.behind)) + "\n";
  }
  if (!report.poisoned.empty()) {
    text += "poisoned: " + regions_text(report.poisoned) + "\n";
  }
  return text;
}

}  // namespace

int run_verb(const Context& context, const TokensOptions& options) {
  Client client = context.connect();
  if (!is_glob(options.glob)) {
    context.await_name(client, options.glob);
  }
  const std::vector<Found> found = read_reports(client, options.glob);
  if (context.wants_json()) {
    nlohmann::json out = {{"buffers", nlohmann::json::array()}};
    for (const Found& buffer : found) {
      out["buffers"].push_back(to_json(buffer.report));
      out["buffers"].back()["name"] = buffer.name;
    }
    context.print_json(out);
    return 0;
  }
  if (found.empty()) {
    context.print("no buffers\n");
  }
  for (const Found& buffer : found) {
    const bool is_first = &buffer == &found.front();
    context.print(
        (is_glob(options.glob)
             ? (is_first ? "" : "\n") + context.style().heading(printable(buffer.name)) + "\n"
             : "") +
        text_of(buffer.report, context.style()));
  }
  return 0;
}

}  // namespace tenure::cli
