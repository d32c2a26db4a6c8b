// SPDX-License-Identifier: Apache-2.0
// `borrow` and `freeze`: a region for as long as a command runs.
#include <algorithm>
#include <type_traits>

#include <tenure/inherited_region.hpp>

#include "client/cli/command.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/verbs/buffer_parts.hpp"
#include "client/cli/verbs/verbs.hpp"
#include "proto/wire/limits.hpp"
#include "proto/wire/utf8.hpp"

namespace tenure::cli {
namespace {

// What is asked for: a range, or the pages of a tensor.
struct Wanted {
  Region region = {};
  const FixedTensor* tensor = nullptr;  // Of the buffer's schema.
};

Wanted find_region(const Buffer& buffer, const LendOptions& options) {
  const auto schema = buffer.schema();
  const auto tensor = std::ranges::find_if(
      schema, [&](const FixedTensor& fixed) { return fixed.spec.name == options.region; });
  if (tensor != schema.end()) {
    return {.region = need(options.name, buffer.region(options.region)), .tensor = &*tensor};
  }
  const auto region = read_region(options.region);
  if (!region) {
    throw Refusal(options.name,
                  {.code = Errc::not_found,
                   .detail = "no tensor \"" + options.region + "\" in this buffer, and no range",
                   .hint = "a range is 0..64K or 4096..8192; `tenure inspect " + options.name +
                           "` shows the tensors"});
  }
  return {.region = *region};
}

// "float32:64x128:4096": what lies where in the buffer.
std::string tensor_text(const FixedTensor& fixed) {
  std::string text = to_string(fixed.spec.dtype) + ":";
  for (const std::int64_t extent : fixed.spec.shape.extents()) {
    text += (text.back() == ':' ? "" : "x") + std::to_string(extent);
  }
  return text + ":" + std::to_string(fixed.offset_bytes);
}

// What others see holds the region: the command.
std::string name_of_command(const LendOptions& options) {
  const std::string& program = options.command.front();
  const std::string name = program.substr(program.rfind('/') + 1);
  const bool can_be_told = !name.empty() && name.size() <= wire::kMaxClientNameBytes &&
                           wire::find_non_utf8(name) == std::string::npos;
  return can_be_told ? name : "tenure";
}

Result<Borrow> lend(Buffer& buffer, const Region& region, Timeout timeout, Borrow* /*what*/) {
  return buffer.borrow(region, {.timeout = timeout});
}
Result<Freeze> lend(Buffer& buffer, const Region& region, Timeout timeout, Freeze* /*what*/) {
  return buffer.freeze(region, {.timeout = timeout});
}

// Killed, the command may have been half-way. As with any holder that dies, the region is then left
// to the broker: it is not given back in good order.
template <class T>
bool was_cut_short(const CommandEnd& end) {
  return std::is_same_v<T, Borrow> && end.signal != 0;
}

Command command_for(const LendOptions& options,
                    const Wanted& wanted,
                    const InheritedRegion& region) {
  Command command{.words = options.command,
                  .environment = {{"TENURE_REGION", region.text()}, {"TENURE_TENSOR", {}}},
                  .prepare = [&region] { return region.bequeath(); }};
  if (wanted.tensor != nullptr) {
    command.environment.back().second = tensor_text(*wanted.tensor);
  }
  return command;
}

// Without a broker there is no token any more, and nothing to give back.
bool is_over(const Result<void>& done) {
  return done || done.error().code == Errc::broker_gone;
}

// The command's own failure is told first.
template <class T>
int give_back(const Context& context,
              const LendOptions& options,
              InheritedRegion& region,
              T& token,
              int exit_status) {
  Result<void> done = region.detach();
  done = done ? token.release() : std::move(done);
  if (is_over(done) || std::is_same_v<T, Freeze>) {
    return exit_status;
  }
  const Refusal refusal(options.name, std::move(done).error());
  const int status =
      exit_status == 0 ? static_cast<int>(exit_for(refusal.error().code)) : exit_status;
  context.report(refusal, status);
  return status;
}

template <class T>
int run_with(const Context& context, const LendOptions& options, const Wanted& wanted, T token) {
  auto region = need_region(context, options.name, InheritedRegion::attach(token));
  const auto end = run_command(command_for(options, wanted, region), [&] { region.close(); });
  if (!end) {
    give_back(context, options, region, token, static_cast<int>(exit_for(end.error().code)));
    throw Refusal(options.command.front(), end.error());
  }
  if (!was_cut_short<T>(*end)) {
    return give_back(context, options, region, token, end->exit_status);
  }
  context.report(
      Refusal(options.name,
              {.code = Errc::poisoned,
               .detail = format_region(wanted.region) + ": signal " + std::to_string(end->signal) +
                         " ended the command, half-way perhaps",
               .hint = "`tenure borrow --acknowledge` takes it as it is"}),
      end->exit_status);
  return end->exit_status;
}

template <class T>
int lend_and_run(const Context& context, Buffer& buffer, const LendOptions& options) {
  const Wanted wanted = find_region(buffer, options);
  auto token =
      need_region(context,
                  options.name,
                  lend(buffer, wanted.region, context.remaining(), static_cast<T*>(nullptr)));
  if constexpr (std::is_same_v<T, Borrow>) {
    if (options.acknowledges) {
      need(options.name, token.acknowledge());
    }
  }
  return run_with(context, options, wanted, std::move(token));
}

}  // namespace

int run_verb(const Context& context, const LendOptions& options) {
  const MoreDescriptors more;
  Client client = context.connect(name_of_command(options));
  Buffer buffer = need_segment(
      client, options.name, client.buffer(options.name, {.timeout = context.remaining()}));
  return options.mode == TokenMode::borrow ? lend_and_run<Borrow>(context, buffer, options)
                                           : lend_and_run<Freeze>(context, buffer, options);
}

}  // namespace tenure::cli
