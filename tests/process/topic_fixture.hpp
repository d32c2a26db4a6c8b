// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>

#include <tenure/tenure.hpp>

#include "tests/support/private_broker.hpp"

namespace tenure::test {

/// One broker for all tests of a suite; each test has a client and a name of its own.
class TopicTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker_ = new support::PrivateBroker(); }
  static void TearDownTestSuite() { delete std::exchange(broker_, nullptr); }

  static Client connect(const std::string& name = "test") {
    return or_throw(Client::connect({.socket = broker_->socket(), .name = name}));
  }
  static const support::PrivateBroker& broker() { return *broker_; }
  static const std::string& socket() { return broker_->socket(); }
  // A name that no other test uses.
  static std::string unique_name() {
    return std::string("topic/") + testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  static TopicOptions one_tensor(DType dtype, const Shape& shape, std::size_t slots = 4) {
    TopicOptions options;
    options.schema = {{"x", dtype, shape}};
    options.slots = slots;
    options.terms.pages = Pages::small;
    return options;
  }

  Client client_ = connect();
  std::string name_ = unique_name();

 private:
  static inline support::PrivateBroker* broker_ = nullptr;
};

}  // namespace tenure::test
