// SPDX-License-Identifier: Apache-2.0
/// The members of what messages are made of.
#pragma once

#include <concepts>
#include <type_traits>

#include "proto/wire/messages.hpp"

namespace tenure::wire {

/// M is the message T, const where it is being written.
template <class M, class T>
concept Of = std::same_as<std::remove_const_t<M>, T>;

template <class A, Of<TensorSpec> M>
void describe(A& archive, M& spec) {
  archive.required("name", spec.name);
  archive.required("dtype", spec.dtype);
  archive.required("shape", spec.shape);
}

template <class A, Of<Terms> M>
void describe(A& archive, M& terms) {
  archive.defaulted("lifetime", terms.lifetime);
  archive.defaulted("pages", terms.pages);
  archive.defaulted("mode", terms.mode);
  archive.optional("gid", terms.gid);
}

template <class A, Of<Peer> M>
void describe(A& archive, M& peer) {
  archive.required("session", peer.session);
  archive.required("uid", peer.uid);
  archive.required("pid", peer.pid);
  archive.required("name", peer.name);
}

template <class A, Of<Reader> M>
void describe(A& archive, M& reader) {
  archive.required("peer", reader.peer);
  archive.required("access", reader.access);
  archive.required("held", reader.held);
  archive.required("seen", reader.seen);
  archive.required("missed", reader.missed);
}

template <class A, Of<Lane> M>
void describe(A& archive, M& lane) {
  archive.required("depth", lane.depth);
  archive.required("again", lane.again);
  archive.required("taken", lane.taken);
  archive.required("queued", lane.queued);
  archive.required("redelivered", lane.redelivered);
  archive.required("popped", lane.popped);
  archive.optional("age_ms", lane.age);
  archive.required("sleepers", lane.sleepers);
  archive.required("pollers", lane.pollers);
}

template <class A, Of<Participant> M>
void describe(A& archive, M& participant) {
  archive.required("peer", participant.peer);
  archive.required("produces", participant.produces);
  archive.optional("lane", participant.lane);
  archive.required("filling", participant.filling);
  archive.required("taken", participant.taken);
}

template <class A, Of<SegmentInfo> M>
void describe(A& archive, M& info) {
  archive.required("name", info.name);
  archive.required("kind", info.kind);
  archive.required("id", info.id);
  archive.required("incarnation", info.incarnation);
  archive.required("size_bytes", info.size_bytes);
  archive.required("slots", info.slots);
  archive.required("uid", info.uid);
  describe(archive, info.terms);
  archive.required("schema", info.schema);
  archive.optional("publisher", info.publisher);
  archive.required("retention", info.retention);
  archive.required("users", info.users);
  archive.required("version", info.version);
  archive.optional("age_ms", info.age);
  archive.required("slots_held", info.slots_held);
  archive.required("readers", info.readers);
  archive.terse("grain_bytes", info.grain_bytes);
  archive.terse("handover", info.handover);
  archive.terse("tokens", info.tokens);
  archive.terse("offsets_bytes", info.offsets_bytes);
  archive.terse("consume", info.consume);
  archive.terse("when_full", info.when_full);
  archive.terse("max_deliveries", info.max_deliveries);
  archive.terse("finished", info.finished);
  archive.terse("lanes", info.lanes);
  archive.terse("parked", info.parked);
  archive.terse("poisoned", info.poisoned);
  archive.terse("participants", info.participants);
}

template <class A, Of<SegmentStat> M>
void describe(A& archive, M& stat) {
  archive.required("published", stat.published);
  archive.required("views", stat.views);
  archive.required("snapshots", stat.snapshots);
  archive.required("missed", stat.missed);
  archive.required("retries", stat.retries);
  archive.required("torn", stat.torn);
  archive.required("wakes", stat.wakes);
  archive.required("queued", stat.queued);
  archive.required("taken", stat.taken);
  archive.required("redelivered", stat.redelivered);
  archive.required("parked", stat.parked);
  archive.required("published_bytes", stat.published_bytes);
  archive.terse("borrowed", stat.borrowed);
  archive.terse("frozen", stat.frozen);
  archive.terse("claimed", stat.claimed);
  archive.terse("refused", stat.refused);
  archive.terse("poisoned", stat.poisoned);
  archive.terse("moved", stat.moved);
  archive.terse("acked", stat.acked);
  archive.terse("dropped", stat.dropped);
  archive.terse("discarded", stat.discarded);
  archive.terse("cancelled", stat.cancelled);
}

template <class A, Of<Grant> M>
void describe(A& archive, M& grant) {
  archive.required("memory", grant.memory);
  archive.required("fd", grant.fd);
  archive.required("offset_bytes", grant.offset_bytes);
  archive.required("length_bytes", grant.length_bytes);
  archive.required("right", grant.right);
}

}  // namespace tenure::wire
