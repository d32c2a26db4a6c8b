// SPDX-License-Identifier: Apache-2.0
// `borrow` and `freeze`: a region for as long as a command runs.
#include <algorithm>
#include <type_traits>

#include <tenure/inherited_region.hpp>

#include "client/cli/command.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"
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

// The library says how a program waits; here it is an option.
[[noreturn]] void refuse(const Context& context, const LendOptions& options, Error error) {
  if (error.code == Errc::held && !context.remaining().waits()) {
    error.hint = "--timeout 10s waits; `tenure tokens " + options.name + "` shows who holds what";
  }
  if (error.code == Errc::poisoned) {
    error.hint = "`tenure borrow --acknowledge` takes it as it is, to overwrite or accept that";
  }
  throw Refusal(options.name, std::move(error));
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

template <class T>
int run_with(const Context& context, const LendOptions& options, const Wanted& wanted, T token) {
  auto region = InheritedRegion::attach(token);
  if (!region) {
    refuse(context, options, std::move(region).error());
  }
  Command command{.words = options.command,
                  .environment = {{"TENURE_REGION", region->text()}},
                  .prepare = [&] { return region->bequeath(); }};
  if (wanted.tensor != nullptr) {
    command.environment.emplace_back("TENURE_TENSOR", tensor_text(*wanted.tensor));
  }
  auto end = run_command(command, [&] { region->close(); });
  if (end && was_cut_short<T>(*end)) {
    context.report(
        Refusal(options.name,
                {.code = Errc::poisoned,
                 .detail = format_region(wanted.region) + ": signal " +
                           std::to_string(end->signal) + " ended the command, half-way perhaps",
                 .hint = "`tenure borrow --acknowledge` takes it as it is"}));
    return end->exit_status;
  }
  need(options.name, region->detach());
  need(options.name, token.release());
  return need(options.command.front(), std::move(end)).exit_status;
}

template <class T>
int lend_and_run(const Context& context, Buffer& buffer, const LendOptions& options) {
  const Wanted wanted = find_region(buffer, options);
  auto token = lend(buffer, wanted.region, context.remaining(), static_cast<T*>(nullptr));
  if (!token) {
    refuse(context, options, std::move(token).error());
  }
  if constexpr (std::is_same_v<T, Borrow>) {
    if (options.acknowledges) {
      need(options.name, token->acknowledge());
    }
  }
  return run_with(context, options, wanted, *std::move(token));
}

}  // namespace

int run_verb(const Context& context, const LendOptions& options) {
  Client client = context.connect(name_of_command(options));
  Buffer buffer = need_segment(
      client, options.name, client.buffer(options.name, {.timeout = context.remaining()}));
  return options.mode == TokenMode::borrow ? lend_and_run<Borrow>(context, buffer, options)
                                           : lend_and_run<Freeze>(context, buffer, options);
}

}  // namespace tenure::cli
