// SPDX-License-Identifier: Apache-2.0
#include "client/lib/bundle_schema.hpp"

#include <string>
#include <utility>

namespace tenure::detail {
namespace {

constexpr std::size_t kLinearSearch = 8;  // Comparing so few names is quicker than hashing one.

}  // namespace

Result<std::shared_ptr<const BundleSchema>> BundleSchema::make(std::vector<TensorSpec> tensors,
                                                               std::uint32_t attribute_bytes) {
  auto schema = std::make_shared<BundleSchema>();
  schema->tensors = std::move(tensors);
  schema->attribute_bytes = attribute_bytes;
  auto plan = layout::plan_slot(schema->tensors, attribute_bytes);
  if (!plan) {
    return Error{.code = Errc::corrupt, .detail = "the broker's schema: " + plan.error().detail};
  }
  schema->plan = *std::move(plan);
  if (schema->tensors.size() > kLinearSearch) {
    for (std::size_t i = 0; i < schema->tensors.size(); ++i) {
      schema->index.emplace(schema->tensors[i].name, i);
    }
  }
  return std::shared_ptr<const BundleSchema>(std::move(schema));
}

std::optional<std::size_t> BundleSchema::find(std::string_view name) const noexcept {
  if (!index.empty()) {
    const auto found = index.find(name);
    return found == index.end() ? std::nullopt : std::optional(found->second);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

Error no_such_tensor(std::string_view name) {
  return {.code = Errc::not_found,
          .detail = "no tensor is called " + std::string(name),
          .hint = "schema() lists the names"};
}

Error several_tensors(std::size_t count) {
  return {.code = Errc::bad_request,
          .detail = "the schema has " + std::to_string(count) + " tensors",
          .hint = "say which one: tensor(name)"};
}

}  // namespace tenure::detail
