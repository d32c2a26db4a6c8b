// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <tenure/tenure.hpp>

#include "tests/process/topic_fixture.hpp"

namespace tenure::test {

/// The same for queues of one number, `x`.
class QueueTest : public TopicTest {
 protected:
  static QueueOptions one_number(std::size_t slots = 4, std::size_t lanes = 1) {
    QueueOptions options;
    options.schema = {{"x", DType::int64, {1}}};
    options.slots = slots;
    options.lanes = lanes;
    options.terms.pages = Pages::small;
    return options;
  }

  static Result<void> push(Producer& producer, std::int64_t number, Timeout timeout = kNoWait) {
    auto draft = producer.draft(timeout);
    if (!draft) {
      return std::move(draft).error();
    }
    or_throw(draft->span<std::int64_t>("x"))[0] = number;
    return producer.push(*std::move(draft));
  }
  static std::int64_t number_of(const Bundle& bundle) {
    return or_throw(bundle.span<std::int64_t>("x"))[0];
  }
  /// Pops and acknowledges; -1: there was none.
  static std::int64_t take(Consumer& consumer, Timeout timeout = kNoWait) {
    auto item = consumer.pop(timeout);
    if (!item) {
      return -1;
    }
    const std::int64_t number = number_of(*item);
    or_throw(item->ack());
    return number;
  }
};

}  // namespace tenure::test
