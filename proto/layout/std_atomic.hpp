// SPDX-License-Identifier: Apache-2.0
/// The atomic that mapped structs are made of. A header of its own so that a build for tests can
/// put another one in its place (tests/support/steps), which acts between any two stores.
#pragma once

#include <atomic>

namespace tenure::layout {

template <class T>
using StdAtomic = std::atomic<T>;

}  // namespace tenure::layout
