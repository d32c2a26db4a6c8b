// SPDX-License-Identifier: Apache-2.0
#include "client/lib/role_memory.hpp"

#include <string>
#include <utility>

#include "client/lib/fork_guard.hpp"
#include "client/lib/sealed_text.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::detail {

Error RoleMemory::corrupt(const char* what) {
  return {.code = Errc::corrupt, .detail = std::string("the broker's answer: ") + what};
}

Error RoleMemory::too_new(std::uint32_t layout_version) {
  return {.code = Errc::too_old,
          .detail = "memory layout " + std::to_string(layout_version) + "; this library knows " +
                    std::to_string(layout::kLayoutVersion),
          .hint = "upgrade the client library"};
}

RoleMemory::RoleMemory(std::shared_ptr<Session> session, std::uint64_t handle)
    : session_(std::move(session)), generation_(fork_generation()), handle_(handle) {
}

RoleMemory::~RoleMemory() {
  if (is_forked(generation_)) {
    // The writable ranges were not inherited and may be somebody else's by now: unmapping them
    // would unmap that. So the child keeps the three objects for ever.
    static_cast<void>(new Maps(std::move(maps_)));
    return;
  }
  maps_ = {};
  session_->send_close(handle_);
}

Result<void> RoleMemory::fill(SentSchema schema,
                              const std::vector<wire::Grant>& grants,
                              const std::vector<os::UniqueFd>& fds) {
  auto done = load_schema(std::move(schema), fds);
  done = done ? map_grants(grants, fds) : std::move(done);
  return done ? check() : std::move(done);
}

Result<void> RoleMemory::load_schema(SentSchema sent, const std::vector<os::UniqueFd>& fds) {
  if (sent.fd) {
    if (*sent.fd >= fds.size()) {
      return corrupt("a schema without its fd");
    }
    const auto text = read_text(fds[*sent.fd].get(), wire::kMaxSchemaBytes);
    if (!text) {
      return text.error();
    }
    auto decoded = wire::decode_schema(*text);
    if (!decoded) {
      return corrupt("a schema that cannot be read");
    }
    sent.tensors = *std::move(decoded);
  }
  auto schema = BundleSchema::make(std::move(sent.tensors), sent.attribute_bytes);
  if (!schema) {
    return std::move(schema).error();
  }
  schema_ = *std::move(schema);
  return {};
}

Result<void> RoleMemory::map_grants(const std::vector<wire::Grant>& grants,
                                    const std::vector<os::UniqueFd>& fds) {
  for (const wire::Grant& grant : grants) {
    if (grant.fd >= fds.size()) {
      return corrupt("a grant without its fd");
    }
    const bool is_writable = grant.right == wire::Right::write;
    auto mapping =
        os::Mapping::map(fds[grant.fd].get(),
                         grant.offset_bytes,
                         grant.length_bytes,
                         is_writable ? os::Protection::read_write : os::Protection::read);
    if (!mapping) {
      return std::move(mapping).error();
    }
    Part& part = grant.memory == wire::Memory::head   ? maps_.head
                 : grant.memory == wire::Memory::bell ? maps_.bell
                                                      : maps_.data;
    part = {.map = *std::move(mapping), .is_writable = is_writable};
  }
  return {};
}

}  // namespace tenure::detail
