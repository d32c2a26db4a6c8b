// SPDX-License-Identifier: Apache-2.0
/// The members of the messages of queues, named once for both directions.
#pragma once

#include "proto/wire/describe_parts.hpp"

namespace tenure::wire {

template <class A, Of<CreateQueue> M>
void describe(A& archive, M& create) {
  auto& options = create.options;
  archive.required("name", create.name);
  archive.constant("kind", "queue");
  archive.either("schema", options.schema, "schema_in_fd", create.schema_in_fd);
  archive.defaulted("slots", options.slots);
  archive.defaulted("lanes", options.lanes);
  archive.defaulted("max_deliveries", options.max_deliveries);
  archive.defaulted("attribute_bytes", options.attribute_bytes);
  archive.defaulted("when_full", options.when_full);
  archive.defaulted("consume", options.consume);
  archive.defaulted("stamp", options.stamp);
  describe(archive, options.terms);
}

template <class A, Of<OpenedQueue> M>
void describe(A& archive, M& opened) {
  archive.required("handle", opened.handle);
  archive.required("id", opened.id);
  archive.required("incarnation", opened.incarnation);
  archive.required("slots", opened.slots);
  archive.required("lanes", opened.lanes);
  archive.required("max_deliveries", opened.max_deliveries);
  archive.required("slot_stride_bytes", opened.slot_stride_bytes);
  archive.required("attribute_bytes", opened.attribute_bytes);
  archive.required("when_full", opened.when_full);
  archive.required("consume", opened.consume);
  archive.required("stamp", opened.stamp);
  archive.required("owner", opened.owner);
  archive.either("schema", opened.schema, "schema_fd", opened.schema_fd);
  archive.required("grants", opened.grants);
}

}  // namespace tenure::wire
