// SPDX-License-Identifier: Apache-2.0
// Prints the worked example of docs/memory-layout.md, computed by the code that lays slots out.
#include <cstdint>
#include <cstdio>
#include <vector>

#include <tenure/tenure.hpp>

#include "proto/layout/slot_plan.hpp"

namespace {

constexpr std::size_t kAttributeBytes = 256;

void print_row(const char* what, std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  std::printf("| %s | %llu | %llu |\n",
              what,
              static_cast<unsigned long long>(offset_bytes),
              static_cast<unsigned long long>(size_bytes));
}

void print_plan(const std::vector<tenure::TensorSpec>& schema,
                const tenure::layout::SlotPlan& plan) {
  std::puts("| part | offset | bytes |\n| --- | --- | --- |");
  print_row("record", 0, plan.descriptors_offset_bytes);
  print_row("descriptors",
            plan.descriptors_offset_bytes,
            plan.extensions_offset_bytes - plan.descriptors_offset_bytes);
  print_row("extensions",
            plan.extensions_offset_bytes,
            plan.attributes_offset_bytes - plan.extensions_offset_bytes);
  print_row("attributes", plan.attributes_offset_bytes, kAttributeBytes);
  for (std::size_t i = 0; i < schema.size(); ++i) {
    print_row(("`" + schema[i].name + "`").c_str(),
              plan.tensors[i].offset_bytes,
              plan.tensors[i].room_bytes);
  }
  print_row("next slot", plan.stride_bytes, plan.stride_bytes);
}

}  // namespace

int main() {
  using tenure::DType;
  const std::vector<tenure::TensorSpec> schema = {{"w1", DType::float32, {64, 128}},
                                                  {"b1", DType::float32, {128}},
                                                  {"w2", DType::float32, {128, 10}},
                                                  {"b2", DType::float32, {10}}};
  const auto plan = tenure::layout::plan_slot(schema, kAttributeBytes);
  if (!plan) {
    std::fprintf(stderr, "%s\n", plan.error().message().c_str());
    return 1;
  }
  print_plan(schema, *plan);
  return 0;
}
