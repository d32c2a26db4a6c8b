// SPDX-License-Identifier: Apache-2.0
/// The members of the messages of buffers, named once for both directions.
#pragma once

#include "proto/wire/describe.hpp"

namespace tenure::wire {

// ---- parts of messages

template <class A, Of<FixedTensor> M>
void describe(A& archive, M& tensor) {
  describe(archive, tensor.spec);
  archive.defaulted("offset_bytes", tensor.offset_bytes);
}

template <class A, Of<Region> M>
void describe(A& archive, M& region) {
  archive.required("begin", region.begin_bytes);
  archive.required("end", region.end_bytes);
}

template <class A, Of<Layout> M>
void describe(A& archive, M& layout) {
  archive.required("dtype", layout.dtype);
  archive.required("shape", layout.shape);
  archive.optional("offset_bytes", layout.offset_bytes);
}

template <class A, Of<Granted> M>
void describe(A& archive, M& granted) {
  archive.required("token", granted.token);
  archive.required("poisoned", granted.is_poisoned);
}

template <class A, Of<Piece> M>
void describe(A& archive, M& piece) {
  archive.required("offset_bytes", piece.offset_bytes);
  archive.required("length_bytes", piece.length_bytes);
  archive.required("fd", piece.fd);
  archive.required("fd_offset_bytes", piece.fd_offset_bytes);
  archive.required("writable", piece.is_writable);
}

template <class A, Of<TokenInfo> M>
void describe(A& archive, M& token) {
  archive.required("token", token.id);
  archive.required("issuer", token.issuer);
  archive.required("mode", token.mode);
  archive.required("region", token.region);
  archive.required("holder", token.holder);
  archive.required("state", token.state);
  archive.required("age_ms", token.age);
  archive.optional("expires_in_ms", token.expires_in);
  archive.required("poisoned", token.is_poisoned);
}

template <class A, Of<WaitingInfo> M>
void describe(A& archive, M& waiting) {
  archive.required("who", waiting.who);
  archive.required("mode", waiting.mode);
  archive.required("regions", waiting.regions);
  archive.required("issuer", waiting.issuer);
  archive.required("age_ms", waiting.age);
  archive.terse("behind", waiting.behind);
}

// ---- requests

template <class A, Of<CreateBuffer> M>
void describe(A& archive, M& create) {
  auto& options = create.options;
  archive.required("name", create.name);
  archive.constant("kind", "buffer");
  archive.required("size_bytes", options.size_bytes);
  archive.defaulted("grain_bytes", options.grain_bytes);
  archive.either("schema", options.schema, "schema_in_fd", create.schema_in_fd);
  archive.defaulted("root", options.root);
  archive.defaulted("handover", options.handover);
  describe(archive, options.terms);
}

template <class A, Of<Lend> M>
void describe(A& archive, M& lend) {
  archive.defaulted("handle", lend.handle);
  archive.defaulted("issuer", lend.issuer);
  archive.required("mode", lend.mode);
  archive.required("regions", lend.regions);
  archive.terse("layout", lend.layout);
  archive.defaulted("timeout_ns", lend.timeout);
}

template <class A, class M>
  requires Of<M, Release> || Of<M, Detach> || Of<M, Acknowledge> || Of<M, Revoke>
void describe(A& archive, M& request) {
  archive.required("token", request.token);
}

template <class A, Of<Transfer> M>
void describe(A& archive, M& transfer) {
  archive.required("token", transfer.token);
  archive.defaulted("expires_in_ms", transfer.expires_in);
  archive.optional("to_uid", transfer.to_uid);
  archive.optional("to_session", transfer.to_session);
}

template <class A, Of<Claim> M>
void describe(A& archive, M& claim) {
  archive.required("ticket", claim.ticket);
  archive.optional("mode", claim.mode);
}

template <class A, Of<Attach> M>
void describe(A& archive, M& attach) {
  archive.required("token", attach.token);
  archive.defaulted("from_bytes", attach.from_bytes);
  archive.terse("again_to_bytes", attach.again_to_bytes);
}

template <class A, Of<WaitReturned> M>
void describe(A& archive, M& wait) {
  archive.defaulted("handle", wait.handle);
  archive.defaulted("token", wait.token);
  archive.defaulted("timeout_ns", wait.timeout);
}

template <class A, Of<ListTokens> M>
void describe(A& archive, M& list) {
  archive.required("name", list.name);
  archive.defaulted("after_token", list.after_token);
  archive.defaulted("after_turn", list.after_turn);
  archive.defaulted("after_poisoned_bytes", list.after_poisoned_bytes);
}

// ---- replies

template <class A, Of<OpenedBuffer> M>
void describe(A& archive, M& opened) {
  archive.required("handle", opened.handle);
  archive.required("id", opened.id);
  archive.required("incarnation", opened.incarnation);
  archive.required("size_bytes", opened.size_bytes);
  archive.required("grain_bytes", opened.grain_bytes);
  archive.required("page_bytes", opened.page_bytes);
  archive.terse("root", opened.root);
  archive.either("schema", opened.schema, "schema_fd", opened.schema_fd);
}

template <class A, Of<Lent> M>
void describe(A& archive, M& lent) {
  archive.required("tokens", lent.tokens);
}

template <class A, Of<Sent> M>
void describe(A& archive, M& sent) {
  archive.required("ticket", sent.ticket);
}

template <class A, Of<Claimed> M>
void describe(A& archive, M& claimed) {
  archive.required("token", claimed.token);
  archive.required("segment", claimed.segment);
  archive.required("mode", claimed.mode);
  archive.required("region", claimed.region);
  archive.required("page_bytes", claimed.page_bytes);
  archive.terse("layout", claimed.layout);
  archive.required("poisoned", claimed.is_poisoned);
}

template <class A, Of<Attached> M>
void describe(A& archive, M& attached) {
  archive.required("pieces", attached.pieces);
  archive.required("up_to_bytes", attached.up_to_bytes);
}

template <class A, Of<TokensListed> M>
void describe(A& archive, M& listed) {
  archive.required("tokens", listed.tokens);
  archive.required("waiting", listed.waiting);
  archive.required("poisoned", listed.poisoned);
  archive.required("more", listed.more);
  archive.required("last_turn", listed.last_turn);
}

}  // namespace tenure::wire
