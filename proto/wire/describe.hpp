// SPDX-License-Identifier: Apache-2.0
/// The members of every message, named once for both directions (JsonWriter, JsonReader).
#pragma once

#include "proto/wire/describe_parts.hpp"

namespace tenure::wire {

// ---- requests

template <class A, Of<Hello> M>
void describe(A& archive, M& hello) {
  archive.required("min_version", hello.min_version);
  archive.required("max_version", hello.max_version);
  archive.defaulted("client", hello.client);
}

template <class A, Of<Ping> M>
void describe(A& /*archive*/, M& /*ping*/) {
}

template <class A, Of<CreateTopic> M>
void describe(A& archive, M& create) {
  auto& options = create.options;
  archive.required("name", create.name);
  archive.constant("kind", "topic");
  archive.either("schema", options.schema, "schema_in_fd", create.schema_in_fd);
  archive.defaulted("slots", options.slots);
  archive.defaulted("subscribers", options.subscribers);
  archive.defaulted("attribute_bytes", options.attribute_bytes);
  archive.defaulted("retention", options.retention);
  archive.optional("lag_limit_ms", options.lag_limit);
  archive.defaulted("stamp", options.stamp);
  describe(archive, options.terms);
}

template <class A, Of<Open> M>
void describe(A& archive, M& open) {
  archive.required("name", open.name);
  archive.required("as", open.as);
  archive.defaulted("timeout_ns", open.timeout);
  archive.optional("lane", open.lane);
}

template <class A, class M>
  requires Of<M, Close> || Of<M, Holders>
void describe(A& archive, M& request) {
  archive.required("handle", request.handle);
}

template <class A, class M>
  requires Of<M, Remove> || Of<M, Stat>
void describe(A& archive, M& request) {
  archive.required("name", request.name);
}

template <class A, Of<List> M>
void describe(A& archive, M& list) {
  archive.defaulted("glob", list.glob);
  archive.defaulted("after", list.after);
}

template <class A, Of<Inspect> M>
void describe(A& archive, M& inspect) {
  archive.required("name", inspect.name);
  archive.defaulted("after_handle", inspect.after_handle);
}

template <class A, Of<Cancel> M>
void describe(A& archive, M& cancel) {
  archive.required("request", cancel.id);
}

// ---- replies

template <class A, Of<Welcome> M>
void describe(A& archive, M& welcome) {
  archive.required("version", welcome.version);
  archive.required("session", welcome.session);
  archive.required("page_bytes", welcome.page_bytes);
  archive.required("broker", welcome.broker);
  archive.required("budget_bytes", welcome.budget_bytes);
  archive.required("used_bytes", welcome.used_bytes);
  archive.required("up_ns", welcome.up_ns);
  archive.required("control_bytes", welcome.control_bytes);
}

template <class A, Of<Done> M>
void describe(A& /*archive*/, M& /*done*/) {
}

template <class A, Of<Created> M>
void describe(A& archive, M& created) {
  archive.required("id", created.id);
  archive.required("incarnation", created.incarnation);
  archive.required("size_bytes", created.size_bytes);
  archive.required("slot_bytes", created.slot_bytes);
  archive.required("existed", created.existed);
}

template <class A, Of<Opened> M>
void describe(A& archive, M& opened) {
  archive.required("handle", opened.handle);
  archive.required("id", opened.id);
  archive.required("incarnation", opened.incarnation);
  archive.required("kind", opened.kind);
  archive.required("slots", opened.slots);
  archive.required("subscribers", opened.subscribers);
  archive.required("slot_stride_bytes", opened.slot_stride_bytes);
  archive.required("attribute_bytes", opened.attribute_bytes);
  archive.required("retention", opened.retention);
  archive.required("lag_limit_ms", opened.lag_limit_ms);
  archive.required("stamp", opened.stamp);
  archive.required("entry", opened.entry);
  archive.either("schema", opened.schema, "schema_fd", opened.schema_fd);
  archive.required("grants", opened.grants);
}

template <class A, Of<Listed> M>
void describe(A& archive, M& listed) {
  archive.required("segments", listed.segments);
  archive.required("tensor_counts", listed.tensor_counts);
  archive.required("more", listed.more);
  archive.required("total", listed.total);
  archive.required("used_bytes", listed.used_bytes);
  archive.required("budget_bytes", listed.budget_bytes);
}

template <class A, Of<Inspected> M>
void describe(A& archive, M& inspected) {
  archive.required("info", inspected.info);
  archive.optional("schema_fd", inspected.schema_fd);
  archive.required("more", inspected.more);
  archive.required("last_handle", inspected.last_handle);
}

template <class A, Of<Counted> M>
void describe(A& archive, M& counted) {
  archive.required("stat", counted.stat);
}
template <class A, Of<HeldBy> M>
void describe(A& archive, M& held_by) {
  archive.required("readers", held_by.readers);
  archive.terse("participants", held_by.participants);
}

// ---- events

template <class A, Of<Event> M>
void describe(A& archive, M& event) {
  archive.required("event", event.what);
  archive.required("segment", event.segment);
  archive.terse("ticket", event.ticket);
  archive.terse("token", event.token);
}

}  // namespace tenure::wire
