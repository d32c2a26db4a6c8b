// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "daemon/core/registry.hpp"
#include "daemon/io/asio.hpp"
#include "daemon/io/outgoing.hpp"
#include "daemon/io/slow_thread.hpp"
#include "daemon/io/live_grains.hpp"
#include "daemon/shm/buffer_memory.hpp"
#include "daemon/shm/part.hpp"
#include "daemon/shm/queue_memory.hpp"
#include "daemon/shm/topic_memory.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::io {

/// Does what requests ask: decides by the registry, then carries it out on memory.
///
/// It knows sessions by number and sockets not at all. Threads: the io_context's.
class Service {
 public:
  /// Where answers and events go. A session that is gone is ignored.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    virtual void send(std::uint32_t session, Outgoing packet) = 0;
    /// Whether few enough packets with file descriptors wait to be sent to it.
    [[nodiscard]] virtual bool takes_fds(std::uint32_t session) const = 0;
    /// Bytes of all packets, in and out.
    [[nodiscard]] virtual std::uint64_t control_bytes() const noexcept = 0;
    /// Whether it reads what it gets: few enough packets of any kind wait.
    [[nodiscard]] virtual bool takes_events(std::uint32_t session) const = 0;
    /// Whether it came by the administrators' socket.
    [[nodiscard]] virtual bool is_administrator(std::uint32_t session) const = 0;
    /// The last job of the slow thread has reported.
    virtual void on_idle() = 0;
  };

  Service(asio::io_context& context,
          Outlet& outlet,
          const core::Limits& limits,
          std::shared_ptr<spdlog::logger> log);

  // ---- sessions

  /// Errors: quota, too_many
  [[nodiscard]] Result<std::uint32_t> admit(core::Identity identity);
  void welcome(std::uint32_t session, std::uint64_t request);
  /// What was read from the file descriptor that came with a request, if one did.
  using SentSchema = std::optional<Result<std::vector<FixedTensor>>>;
  /// Answers what `request` asks, now or later. Only a create may have a schema beside it.
  void execute(std::uint32_t session, wire::Request request, SentSchema schema);
  void refuse(std::uint32_t session, std::uint64_t request, Error error);
  /// The socket is gone. Holding nothing, the session ends; else its process decides.
  /// Returns whether it has ended.
  bool hang_up(std::uint32_t session);
  /// takes_fds() may have become true.
  void go_on(std::uint32_t session);
  /// The process still lives after the grace: what it holds stays its own.
  void set_disconnected(std::uint32_t session);
  /// The process is dead.
  void end(std::uint32_t session);

  [[nodiscard]] bool is_idle() const noexcept { return slow_.job_count() == 0; }
  /// No more timers: what waits will not be decided.
  void stop();

 private:
  struct Live {
    std::shared_ptr<shm::TopicMemory> memory = {};   // Of a topic,
    std::shared_ptr<shm::QueueMemory> queue = {};    // of a queue,
    std::shared_ptr<shm::BufferMemory> buffer = {};  // or of a buffer.
    std::unique_ptr<LiveGrains> grains = {};
    std::set<std::uint32_t> writers = {};  // Sessions that were granted it since the last check.
    std::size_t most_writers = 16;         // With more, the dead among them are forgotten.
    std::uint32_t writer_uid = 0;          // Of the last of them.

    [[nodiscard]] const shm::SharedFd& schema() const;
  };
  struct Grave {
    core::MemoryId id;
    std::shared_ptr<shm::SegmentMemory> memory;
    std::set<std::uint32_t> writers;           // As above.
    std::optional<std::uint32_t> keeper = {};  // Who pays for what is kept, if not who did before.
    shm::Writers left = shm::Writers::unknown;
  };
  // Until grains have moved to fresh memory.
  struct WaitingAttach {
    core::Asker asker;
    wire::Attach request;
  };

  // service.cpp
  void reply(std::uint32_t session,
             std::uint64_t request,
             wire::ReplyBody body,
             std::vector<shm::SharedFd> fds = {});
  /// The detail begins with the name that was asked for.
  void refuse_named(core::Asker asker, const std::string& name, Error error);
  void carry_out();
  void repair(const std::vector<core::Handle>& ended);
  void repair(const core::Handle& ended);
  void notify(const core::Notice& notice);
  void settle(const core::Outcome& outcome);
  void arm_deadline();
  // service_segments.cpp
  void create(core::Asker asker, core::Declaration declaration, SentSchema schema);
  void make_memory(const core::Segment& segment);
  void finish_create(std::uint64_t segment, Result<Live> made);
  void remove(core::Asker asker, const wire::Remove& request);
  void release(const core::Released& released);
  [[nodiscard]] bool is_free(Grave& grave);
  void charge_keeper(Grave& grave);
  void visit_graves();
  void visit_graves_later();
  void retire(Grave grave);
  // service_roles.cpp
  void open(core::Asker asker, const wire::Open& request);
  void close(core::Asker asker, const wire::Close& request);
  void cancel(core::Asker asker, const wire::Cancel& request);
  void grant(const core::Handle& handle);
  void grant_unchecked(const core::Handle& handle, int tries);
  void grant_later(std::uint64_t handle, int tries);
  void drop_held_back(std::uint32_t session);
  [[nodiscard]] Result<Outgoing> opened(const core::Handle& handle,
                                        const core::Segment& segment,
                                        Live& live);
  void withdraw(const core::Handle& handle, Error error);
  void keep_for_readers(const core::Handle& handle, const std::vector<shm::Part>& parts);
  void note_writer(const core::Handle& handle, Live& live);
  void forget_dead(std::set<std::uint32_t>& sessions) const;
  void set_limits(const core::Segment& segment, const core::Handle& publisher, Live& live);
  [[nodiscard]] bool is_limited(const core::Segment& segment, std::uint32_t reader_uid) const;
  void fence(const core::Handle& publisher);
  void finish_fence(core::MemoryId old, Result<std::shared_ptr<shm::TopicMemory>> made);
  // service_queues.cpp
  [[nodiscard]] Result<Outgoing> opened_queue(const core::Handle& handle, Live& live);
  void repair_queue(shm::QueueMemory& memory, std::vector<std::uint16_t> owners);
  [[nodiscard]] Participant describe_participant(
      const core::Handle& handle, const std::vector<sync::HolderStatus>& holders) const;
  [[nodiscard]] wire::HeldBy holders_of(const core::Segment& segment,
                                        const shm::QueueMemory& memory) const;
  // service_tokens.cpp
  void open_buffer(const core::Handle& handle);
  void lend(core::Asker asker, const wire::Lend& request);
  void grant_tokens(core::Asker asker, const std::vector<std::uint64_t>& tokens);
  void settle(const core::Effects::Decided& decided);
  void release(core::Asker asker, const wire::Release& request);
  void transfer(core::Asker asker, const wire::Transfer& request);
  void claim(core::Asker asker, const wire::Claim& request);
  void acknowledge(core::Asker asker, const wire::Acknowledge& request);
  void wait_returned(core::Asker asker, const wire::WaitReturned& request);
  void revoke(core::Asker asker, const wire::Revoke& request);
  void answer(core::Asker asker, const std::string& name, const Result<void>& done);
  /// The name is that of the token's buffer, which is looked for only to refuse: it is there still.
  void answer(core::Asker asker, std::uint64_t token, const Result<void>& done);
  [[nodiscard]] std::string name_of_token(core::Asker asker, std::uint64_t token);
  [[nodiscard]] std::string name_of_lender(core::Asker asker, const wire::Lend& request);
  // service_grains.cpp
  struct AttachPlan;
  void attach(core::Asker asker, const wire::Attach& request);
  void detach(core::Asker asker, const wire::Detach& request);
  [[nodiscard]] Result<AttachPlan> plan_attach(std::uint32_t session, const wire::Attach& request);
  [[nodiscard]] Result<bool> move_grains(const AttachPlan& plan);
  [[nodiscard]] Result<void> move_grain(core::Segment& segment, std::uint64_t grain);
  void finish_move(core::MemoryId buffer,
                   std::uint64_t grain,
                   core::MemoryId left,
                   Result<std::shared_ptr<shm::Grain>> made);
  [[nodiscard]] Result<Outgoing> attached(core::Asker asker, const AttachPlan& plan);
  void wait_to_attach(std::uint64_t segment, core::Asker asker, const wire::Attach& request);
  void retry_attaches(std::uint64_t segment);
  // service_queries.cpp
  void list_tokens(core::Asker asker, const wire::ListTokens& request);
  void list(core::Asker asker, const wire::List& request);
  void inspect(core::Asker asker, const wire::Inspect& request);
  void stat(core::Asker asker, const wire::Stat& request);
  void holders(core::Asker asker, const wire::Holders& request);
  [[nodiscard]] SegmentInfo describe(const core::Segment& segment) const;
  [[nodiscard]] Reader describe_reader(const core::Handle& handle) const;
  [[nodiscard]] std::vector<const core::Handle*> users_after(const core::Segment& segment,
                                                             std::uint64_t handle) const;
  void put_users(SegmentInfo& info,
                 const core::Segment& segment,
                 std::span<const core::Handle* const> users) const;
  [[nodiscard]] wire::HeldBy holders_of(const core::Segment& segment,
                                        core::MemoryId id,
                                        const shm::TopicMemory& memory) const;

  template <class Work, class Done>
  void run_slowly(Work work, Done done) {
    slow_.run(std::move(work), [this, done = std::move(done)](auto result) mutable {
      done(std::move(result));
      if (is_idle()) {
        outlet_.on_idle();
      }
    });
  }

  Outlet& outlet_;
  std::shared_ptr<spdlog::logger> log_;
  core::Registry registry_;
  core::Time started_;
  std::map<core::MemoryId, Live> memories_;
  std::map<std::uint64_t, std::vector<shm::SharedFd>> reader_fds_;  // Kept while the role is open.
  // Roles that are to be granted once their session has read what it got.
  std::map<std::uint32_t, std::deque<std::uint64_t>> held_back_;
  std::vector<Grave> graves_;
  asio::steady_timer next_visit_;
  std::chrono::milliseconds visit_pause_;                                 // Before the next one.
  std::map<std::uint64_t, std::vector<WaitingAttach>> waiting_attaches_;  // By segment.
  std::set<std::pair<std::uint64_t, std::uint64_t>> moving_;  // Grains: segment and index.
  asio::steady_timer deadline_;
  std::optional<core::Time> armed_;  // What deadline_ is set to.
  SlowThread slow_;                  // Last: its jobs report to the rest.
};

}  // namespace tenure::io
