// SPDX-License-Identifier: Apache-2.0
/// Relacy without relacy.hpp, whose macros replace `new`, `assert` and the names of the memory
/// orders in everything that comes after it.
#pragma once

#include <relacy/base.hpp>
// base.hpp first: the others expect it.
#include <relacy/atomic.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/dyn_thread.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/var.hpp>
